//! Nothing acknowledged is lost: processes killed at every point and at any moment, a full disk, stale leases.

mod machines;
mod oracle;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use oracle::{Dice, Oracle, photo, verify};
use serde_json::Value;
use xoay_tests::{Service, Worker, capture_cut, xoay};

fn worker(data: &Path) -> Worker {
    Worker::start(data, |_| ())
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
        let job = oracle.start(&service, &product);
        let died = xoay()
            .args(["worker", "--data"])
            .arg(&data)
            .env("XOAY_CRASH_AT", point)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(!died.unwrap().success(), "it died at {point}");
        let second = worker(&data);
        let state = oracle.wait_for(&service, &job, Duration::from_mins(10));
        assert_eq!(state["state"], "done", "{point}: {state}");
        second.stop();
        oracle.check(&service, &product, &data);
    }
    println!("{} points of a job, each done in the end", points.len());
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
    let job = oracle.start(&service, &product);
    let first = worker(&data);
    let url = oracle.wait_until_running(&service, &job);
    // It sleeps through its lease, as a suspended machine does, while another does the job; then it wakes.
    first.signal("-STOP");
    let second = worker(&data);
    let state = oracle.wait_for(&service, &job, Duration::from_mins(10));
    assert_eq!(state["state"], "done", "{state}");
    assert_eq!(state["attempts"], 2);
    first.signal("-CONT");
    sleep(Duration::from_secs(3));
    let after: Value = oracle.http.get(&url).send().unwrap().json().unwrap();
    assert_eq!(after, state, "what came late changed nothing");
    first.stop();
    second.stop();
    verify(&data, |_| ());
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
    let job = oracle.start(&service, &product);
    let first = worker(&data);
    let url = oracle.wait_until_running(&service, &job);
    first.stop();
    let back: Value = oracle.http.get(&url).send().unwrap().json().unwrap();
    assert_eq!(
        (&back["state"], &back["attempts"]),
        (&"queued".into(), &0.into()),
        "{back}"
    );
    let second = worker(&data);
    let state = oracle.wait_for(&service, &job, Duration::from_mins(10));
    assert_eq!(state["state"], "done", "{state}");
    second.stop();
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
    let job = oracle.start(&service, &product);
    let state = oracle.wait_for(&service, &job, Duration::from_mins(10));
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
