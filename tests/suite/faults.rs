//! Nothing acknowledged is lost: processes killed at every point and at any moment, a full disk, stale leases.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use reqwest::blocking::Client;
use serde_json::{Value, json};
use xoay_tests::{Finished, Service, capture_cut, xoay};

/// A generator of numbers that are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

fn photo(seed: u64, size: usize) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01".to_vec();
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    while bytes.len() < size {
        bytes.extend_from_slice(&dice.roll(u64::MAX).to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// A client that believes what it was told, and afterwards asks for it.
struct Oracle {
    http: Client,
    /// Photos whose upload was acknowledged.
    photos: BTreeMap<String, Vec<u8>>,
    /// Offsets that were acknowledged, by the address of their upload.
    offsets: BTreeMap<String, u64>,
}

impl Oracle {
    fn new() -> Self {
        let http = Client::builder()
            .timeout(Duration::from_mins(1))
            .build()
            .unwrap();
        Self {
            http,
            photos: BTreeMap::new(),
            offsets: BTreeMap::new(),
        }
    }

    fn product(&self, service: &Service) -> String {
        let made = self
            .http
            .post(format!("{}/api/products", service.url))
            .json(&json!({ "name": { "vi": "Mật ong" } }))
            .send()
            .unwrap();
        made.json::<Value>().unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Sends every photo of a folder, each at once.
    fn put_all(&mut self, service: &Service, product: &str, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            self.put(service, product, &name, &fs::read(&path).unwrap())
                .unwrap();
        }
    }

    /// Sends a photo at once; `None` where the connection died.
    fn put(&mut self, service: &Service, product: &str, name: &str, bytes: &[u8]) -> Option<()> {
        let url = format!("{}/api/products/{product}/photos/{name}", service.url);
        let answer = self.http.put(url).body(bytes.to_vec()).send().ok()?;
        assert!(answer.status().is_success() || answer.status().is_server_error());
        answer.status().is_success().then(|| {
            self.photos.insert(name.to_owned(), bytes.to_vec());
        })
    }

    /// Sends a photo in pieces of `piece` bytes; `None` where the connection died.
    fn tus(
        &mut self,
        service: &Service,
        product: &str,
        name: &str,
        bytes: &[u8],
        piece: usize,
    ) -> Option<()> {
        let known = self
            .http
            .get(format!("{}/api/products/{product}/uploads", service.url))
            .send()
            .ok()?
            .json::<Value>()
            .ok()?;
        let known = known
            .as_array()
            .unwrap()
            .iter()
            .find(|upload| upload["name"] == name);
        let (path, mut offset) = if let Some(upload) = known {
            let path = format!("/api/uploads/{}", upload["id"].as_str().unwrap());
            let head = self
                .http
                .head(format!("{}{path}", service.url))
                .header("tus-resumable", "1.0.0")
                .send()
                .ok()?;
            let offset = number(head.headers().get("upload-offset")?);
            let acknowledged = self.offsets.get(&path).copied().unwrap_or(0);
            assert!(
                offset >= acknowledged,
                "{path}: {offset} of {acknowledged} acknowledged bytes"
            );
            (path, offset)
        } else {
            let created = self
                .http
                .post(format!("{}/api/products/{product}/uploads", service.url))
                .header("tus-resumable", "1.0.0")
                .header("upload-length", bytes.len())
                .header("upload-metadata", format!("filename {}", base64(name)))
                .send()
                .ok()?;
            assert_eq!(created.status().as_u16(), 201);
            (
                created.headers()["location"].to_str().unwrap().to_owned(),
                0,
            )
        };
        while offset < bytes.len() as u64 {
            let start = offset as usize;
            let end = (start + piece).min(bytes.len());
            let answer = self
                .http
                .patch(format!("{}{path}", service.url))
                .header("tus-resumable", "1.0.0")
                .header("upload-offset", offset)
                .header("content-type", "application/offset+octet-stream")
                .body(bytes[start..end].to_vec())
                .send()
                .ok()?;
            if !answer.status().is_success() {
                return None;
            }
            offset = number(answer.headers().get("upload-offset")?);
            self.offsets.insert(path.clone(), offset);
        }
        self.photos.insert(name.to_owned(), bytes.to_vec());
        Some(())
    }

    /// Every acknowledged byte is there, and the store is sound.
    fn check(&self, service: &Service, product: &str, data: &Path) {
        let listed: Value = self
            .http
            .get(format!("{}/api/products/{product}/photos", service.url))
            .send()
            .unwrap()
            .json()
            .unwrap();
        for (name, bytes) in &self.photos {
            let photo = listed
                .as_array()
                .unwrap()
                .iter()
                .find(|photo| photo["name"] == name.as_str());
            let photo = photo.unwrap_or_else(|| panic!("{name} was acknowledged and is gone"));
            let (head, tail) = photo["sha256"].as_str().unwrap().split_at(2);
            let file = data.join(format!("originals/{head}/{tail}.jpg"));
            assert!(fs::read(&file).unwrap() == *bytes, "{name} is another");
        }
        verify(data);
    }
}

fn number(value: &reqwest::header::HeaderValue) -> u64 {
    value.to_str().unwrap().parse().unwrap()
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for three in text.as_bytes().chunks(3) {
        let bits = three
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - three.len()));
        for digit in 0..4 {
            encoded.push(if digit <= three.len() {
                char::from(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize])
            } else {
                '='
            });
        }
    }
    encoded
}

/// `xoay verify` finds nothing wrong.
fn verify(data: &Path) {
    let result = Finished::of(xoay().args(["verify", "--json", "--data"]).arg(data)).succeeded();
    assert!(result.stdout.contains("\"done\""), "{}", result.stdout);
}

/// Starts a service that dies at `point`.
fn dying(data: &Path, arguments: &[&str], point: &str) -> Service {
    Service::start_with(data, arguments, |command| {
        command.env("XOAY_CRASH_AT", point);
    })
}

#[test]
fn a_process_that_dies_at_any_point_of_an_upload_loses_nothing_acknowledged() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let mut oracle = Oracle::new();
    let service = Service::start(&data, &["--workers", "0"]);
    let product = oracle.product(&service);
    drop(service);
    let points = [
        "upload-part-stored",
        "upload-advanced",
        "upload-joined",
        "upload-original-stored",
        "upload-row-written",
        "upload-finished",
        "put-original-stored",
    ];
    for (number, point) in points.iter().enumerate() {
        let name = format!("{point}.jpg");
        let bytes = photo(number as u64, 200_000);
        let service = dying(&data, &["--workers", "0"], point);
        let sent = if point.starts_with("put") {
            oracle.put(&service, &product, &name, &bytes)
        } else {
            oracle.tus(&service, &product, &name, &bytes, 90_000)
        };
        assert!(sent.is_none(), "it died at {point}");
        drop(service);
        let service = Service::start(&data, &["--workers", "0"]);
        oracle.check(&service, &product, &data);
        oracle
            .tus(&service, &product, &name, &bytes, 90_000)
            .expect("it goes on where it stopped");
        oracle.check(&service, &product, &data);
    }
    println!(
        "{} points of an upload, {} photos acknowledged and found",
        points.len(),
        oracle.photos.len()
    );
}

#[test]
fn a_worker_that_dies_at_any_point_of_a_job_leaves_a_job_that_gets_done() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let photos = root.path().join("photos");
    capture_cut(&photos, 18);
    let service = Service::start(&data, &["--workers", "0"]);
    let mut oracle = Oracle::new();
    let points = [
        "job-claimed",
        "job-input-copied",
        "job-made",
        "job-objects-stored",
        "job-durable",
        "job-completed",
    ];
    for point in points {
        let product = oracle.product(&service);
        oracle.photos.clear();
        oracle.put_all(&service, &product, &photos);
        let job = start(&oracle, &service, &product);
        let mut worker = worker(&data, Some(point));
        let status = worker.wait().unwrap();
        assert!(!status.success(), "it died at {point}");
        let mut second = self::worker(&data, None);
        let state = wait_for(&oracle, &service, &job, Duration::from_mins(10));
        assert_eq!(state["state"], "done", "{point}: {state}");
        stop(&mut second);
        oracle.check(&service, &product, &data);
    }
    println!("{} points of a job, each done in the end", points.len());
}

fn start(oracle: &Oracle, service: &Service, product: &str) -> String {
    let url = format!("{}/api/products/{product}/jobs", service.url);
    let started = oracle
        .http
        .post(url)
        .json(&json!({ "kind": "spin" }))
        .send()
        .unwrap();
    started.json::<Value>().unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn worker(data: &Path, dies_at: Option<&str>) -> Child {
    let mut command = xoay();
    command
        .arg("worker")
        .arg("--data")
        .arg(data)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if let Some(point) = dies_at {
        command.env("XOAY_CRASH_AT", point);
        return command.spawn().unwrap();
    }
    let mut child = command
        .arg("--json")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Only once it takes jobs does it know what to do when it is asked to stop. The pipe stays open.
    let mut ready = [0];
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut ready)
        .unwrap();
    child
}

/// Asks a process to stop and waits for its end.
fn stop(child: &mut Child) {
    let asked = Command::new("kill").arg(child.id().to_string()).status();
    assert!(asked.unwrap().success());
    assert!(
        child.wait().unwrap().success(),
        "asked to stop, it ends well"
    );
}

/// Waits until somebody works on a job; its address.
fn wait_until_running(oracle: &Oracle, service: &Service, job: &str) -> String {
    let url = format!("{}/api/jobs/{job}", service.url);
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let state: Value = oracle.http.get(&url).send().unwrap().json().unwrap();
        if state["state"] == "running" {
            return url;
        }
        assert!(Instant::now() < deadline, "{state}");
        sleep(Duration::from_millis(5));
    }
}

fn wait_for(oracle: &Oracle, service: &Service, job: &str, patience: Duration) -> Value {
    let deadline = Instant::now() + patience;
    loop {
        let url = format!("{}/api/jobs/{job}", service.url);
        let state: Value = oracle.http.get(url).send().unwrap().json().unwrap();
        if !matches!(state["state"].as_str(), Some("queued" | "running")) {
            return state;
        }
        assert!(Instant::now() < deadline, "{state}\n{}", service.log());
        sleep(Duration::from_millis(100));
    }
}

#[test]
fn kills_at_any_moment_lose_nothing_acknowledged() {
    const ROUNDS: u64 = 12;
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let mut dice = Dice(0x786f_6179);
    let mut oracle = Oracle::new();
    let mut service = Service::start(&data, &["--workers", "0"]);
    let product = oracle.product(&service);
    let mut cut_short = 0;
    for round in 0..ROUNDS {
        let name = format!("{round}.jpg");
        let bytes = photo(round + 100, 6_000_000 + dice.roll(1000) as usize);
        let kill_after = Duration::from_millis(dice.roll(250));
        let piece = 100_000 + dice.roll(3_000_000) as usize;
        let in_pieces = dice.roll(3) > 0;
        let sent = std::thread::scope(|scope| {
            let killer = {
                let id = service.process_id();
                scope.spawn(move || {
                    sleep(kill_after);
                    let killed = Command::new("kill").args(["-9", &id.to_string()]).status();
                    assert!(killed.unwrap().success());
                })
            };
            let sent = if in_pieces {
                oracle.tus(&service, &product, &name, &bytes, piece)
            } else {
                oracle.put(&service, &product, &name, &bytes)
            };
            killer.join().unwrap();
            sent
        });
        cut_short += u64::from(sent.is_none());
        service.kill();
        service = Service::start(&data, &["--workers", "0"]);
        oracle.check(&service, &product, &data);
        if sent.is_none() {
            oracle
                .tus(&service, &product, &name, &bytes, piece)
                .expect("it goes on where it stopped");
        }
    }
    oracle.check(&service, &product, &data);
    println!(
        "{ROUNDS} kills, {cut_short} uploads cut short, {} photos acknowledged and found",
        oracle.photos.len()
    );
}

#[test]
fn a_worker_with_a_stale_lease_writes_nothing_and_another_does_the_job() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let photos = root.path().join("photos");
    capture_cut(&photos, 9);
    let service = Service::start(&data, &["--workers", "0"]);
    let mut oracle = Oracle::new();
    let product = oracle.product(&service);
    oracle.put_all(&service, &product, &photos);
    let job = start(&oracle, &service, &product);
    let mut first = worker(&data, None);
    let url = wait_until_running(&oracle, &service, &job);
    // It sleeps through its lease, as a suspended machine does, while another does the job; then it wakes.
    let signal = |child: &Child, name: &str| {
        let sent = Command::new("kill")
            .args([name, &child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    };
    signal(&first, "-STOP");
    let mut second = worker(&data, None);
    let state = wait_for(&oracle, &service, &job, Duration::from_mins(10));
    assert_eq!(state["state"], "done", "{state}");
    assert_eq!(state["attempts"], 2);
    signal(&first, "-CONT");
    sleep(Duration::from_secs(3));
    let after: Value = oracle.http.get(&url).send().unwrap().json().unwrap();
    assert_eq!(after, state, "what came late changed nothing");
    stop(&mut first);
    stop(&mut second);
    verify(&data);
}

#[test]
fn a_worker_asked_to_stop_hands_its_job_to_the_next() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let photos = root.path().join("photos");
    capture_cut(&photos, 9);
    let service = Service::start(&data, &["--workers", "0"]);
    let mut oracle = Oracle::new();
    let product = oracle.product(&service);
    oracle.put_all(&service, &product, &photos);
    let job = start(&oracle, &service, &product);
    let mut first = worker(&data, None);
    let url = wait_until_running(&oracle, &service, &job);
    stop(&mut first);
    let back: Value = oracle.http.get(&url).send().unwrap().json().unwrap();
    assert_eq!(
        (&back["state"], &back["attempts"]),
        (&"queued".into(), &0.into()),
        "{back}"
    );
    let mut second = worker(&data, None);
    let state = wait_for(&oracle, &service, &job, Duration::from_mins(10));
    assert_eq!(state["state"], "done", "{state}");
    stop(&mut second);
}

#[test]
fn a_job_beyond_its_memory_ends_alone_and_says_so() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    // A photo of many pixels in few bytes, within what the pipeline takes.
    let folder = root.path().join("photos");
    fs::create_dir_all(&folder).unwrap();
    for number in 0..4_u8 {
        let picture = image::RgbImage::from_pixel(9000, 9000, image::Rgb([number; 3]));
        picture.save(folder.join(format!("{number}.png"))).unwrap();
    }
    let service = Service::start(&data, &["--job-memory", "64"]);
    let mut oracle = Oracle::new();
    let product = oracle.product(&service);
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        oracle
            .put(&service, &product, &name, &fs::read(&path).unwrap())
            .unwrap();
    }
    let job = start(&oracle, &service, &product);
    let state = wait_for(&oracle, &service, &job, Duration::from_mins(10));
    assert_eq!(state["state"], "failed", "{state}");
    assert!(
        matches!(state["error"]["code"].as_str(), Some("limit" | "bad-input")),
        "{state}"
    );
    // The service lives, and the dead job is kept with its reason.
    let dead: Value = oracle
        .http
        .get(format!("{}/api/jobs?state=failed", service.url))
        .send()
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(dead[0]["id"], job.as_str());
}

#[test]
fn a_full_disk_refuses_by_name_and_keeps_what_it_acknowledged() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("small");
    fs::create_dir_all(&data).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"])
        .arg(&data)
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("no rights to mount a small disk: not tried");
        return;
    }
    let unmount = Unmount(data.clone());
    let mut oracle = Oracle::new();
    let service = Service::start(&data, &["--workers", "0"]);
    let product = oracle.product(&service);
    let mut refused = 0;
    for number in 0..8 {
        let bytes = photo(number + 500, 5_000_000);
        let url = format!("{}/api/products/{product}/photos/{number}.jpg", service.url);
        let answer = oracle.http.put(url).body(bytes.clone()).send().unwrap();
        if answer.status().is_success() {
            oracle.photos.insert(format!("{number}.jpg"), bytes);
        } else {
            assert_eq!(answer.status().as_u16(), 507);
            refused += 1;
        }
    }
    assert!(refused > 0 && !oracle.photos.is_empty());
    oracle.check(&service, &product, &data);
    println!(
        "{} photos kept, {refused} refused for want of space",
        oracle.photos.len()
    );
    drop(service);
    drop(unmount);
}

/// Takes a small disk away again.
struct Unmount(std::path::PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        // What stays mounted goes with the machine.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
