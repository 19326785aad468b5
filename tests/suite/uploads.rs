//! Uploads in pieces over a poor network: with the protocol's reference client, and with `xoay upload`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use xoay_tests::{Finished, PoorNetwork, Service, tool, xoay};

const CUT_EVERY: u64 = 5_000_000;

/// A file that begins as a JPEG and goes on without repeating itself, different for each seed.
fn photo(path: &Path, size: usize, seed: u64) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01".to_vec();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, &bytes).unwrap();
    bytes
}

fn new_product(service: &Service) -> String {
    let made: Value = reqwest::blocking::Client::new()
        .post(format!("{}/api/products", service.url))
        .json(&json!({ "name": { "vi": "Mật ong" } }))
        .send()
        .unwrap()
        .json()
        .unwrap();
    made["id"].as_str().unwrap().to_owned()
}

fn listed(service: &Service, product: &str, what: &str) -> Vec<Value> {
    reqwest::blocking::get(format!("{}/api/products/{product}/{what}", service.url))
        .unwrap()
        .json()
        .unwrap()
}

/// Whether the data folder has an original with exactly these bytes.
fn kept(data: &Path, photo: &Value, bytes: &[u8]) -> bool {
    let hash = photo["sha256"].as_str().unwrap();
    let (head, tail) = hash.split_at(2);
    let file = data.join(format!("originals/{head}/{tail}.jpg"));
    fs::read(file).unwrap() == bytes
}

#[test]
fn the_reference_client_loses_no_byte_to_cuts() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let service = Service::start(&data, &["--workers", "0"]);
    let product = new_product(&service);
    let file = root.path().join("photos/1.jpg");
    let bytes = photo(&file, 33_000_000, 1);
    let network = PoorNetwork::before(&service.url, CUT_EVERY);
    let endpoint = format!("{}/api/products/{product}/uploads", network.url);
    let _ = Finished::of(
        Command::new("node")
            .arg(tool("node/tus.mjs"))
            .arg(endpoint)
            .arg(&file),
    )
    .succeeded();
    assert!(network.cuts() >= 6, "{} cuts", network.cuts());
    let ratio = network.sent_bytes() as f64 / bytes.len() as f64;
    println!(
        "sent {ratio:.4} of the file's bytes over {} cuts",
        network.cuts()
    );
    assert!(ratio <= 1.05, "sent {ratio:.3} times the file's bytes");
    let photos = listed(&service, &product, "photos");
    assert!(kept(&data, &photos[0], &bytes));
}

#[test]
fn a_folder_arrives_whole_over_a_network_that_is_cut() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let service = Service::start(&data, &["--workers", "0"]);
    let product = new_product(&service);
    let folder = root.path().join("photos");
    let photos: Vec<_> = (0..4)
        .map(|n| {
            photo(
                &folder.join(format!("{n}.jpg")),
                7_000_000 + n,
                n as u64 + 2,
            )
        })
        .collect();
    fs::write(folder.join("notes.txt"), "not sent").unwrap();
    let network = PoorNetwork::before(&service.url, CUT_EVERY);
    let upload = |url: &str| {
        let mut command = xoay();
        command
            .arg("upload")
            .arg(&folder)
            .args(["--json", "--to", url, "--product", &product]);
        Finished::of(&mut command).succeeded().json_lines()
    };
    let result = upload(&network.url);
    assert_eq!(
        result.last().unwrap()["result"]["sent"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    let total: usize = photos.iter().map(Vec::len).sum();
    let ratio = network.sent_bytes() as f64 / total as f64;
    assert!(ratio <= 1.05, "sent {ratio:.3} times the files' bytes");
    for (photo, bytes) in listed(&service, &product, "photos").iter().zip(&photos) {
        assert!(kept(&data, photo, bytes));
    }
    // A second run finds all of it there.
    let before = network.sent_bytes();
    let result = upload(&network.url);
    assert_eq!(
        result.last().unwrap()["result"]["alreadyThere"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    assert!(network.sent_bytes() - before < 10_000);
}

#[test]
fn a_killed_client_and_a_killed_service_go_on_where_they_stopped() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let mut service = Service::start(&data, &["--workers", "0"]);
    let product = new_product(&service);
    let file = root.path().join("photos/1.jpg");
    let bytes = photo(&file, 60_000_000, 9);
    let command = |service: &Service| {
        let mut command = xoay();
        command.arg("upload").arg(&file).args([
            "--json",
            "--to",
            &service.url,
            "--product",
            &product,
        ]);
        command
    };
    // The client is killed in the middle of the file, then the service.
    let mut client = command(&service).stdout(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    let acknowledged = loop {
        assert!(Instant::now() < deadline, "{}", service.log());
        let uploads = listed(&service, &product, "uploads");
        let offset = uploads
            .first()
            .map_or(0, |upload| upload["offsetBytes"].as_u64().unwrap());
        if offset > 0 {
            break offset;
        }
        sleep(Duration::from_millis(10));
    };
    client.kill().unwrap();
    client.wait().unwrap();
    service.kill();
    let service = Service::start(&data, &["--workers", "0"]);
    let uploads = listed(&service, &product, "uploads");
    if let Some(upload) = uploads.first() {
        let now = upload["offsetBytes"].as_u64().unwrap();
        assert!(now >= acknowledged, "{now} < {acknowledged}");
        let network = PoorNetwork::before(&service.url, u64::MAX);
        let mut again = xoay()
            .arg("upload")
            .arg(&file)
            .args(["--json", "--to", &network.url, "--product", &product])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(again.stdout.take().unwrap()).lines();
        assert!(
            lines
                .map_while(Result::ok)
                .any(|line| line.contains("\"done\""))
        );
        again.wait().unwrap();
        let sent = network.sent_bytes();
        let rest = bytes.len() as u64 - now;
        assert!(
            sent < rest + 100_000,
            "{sent} bytes sent where {rest} were left"
        );
    }
    let photos = listed(&service, &product, "photos");
    assert!(kept(&data, &photos[0], &bytes));
}

#[test]
fn a_refused_file_is_named_and_the_others_arrive() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let service = Service::start(&data, &["--workers", "0"]);
    let product = new_product(&service);
    let folder = root.path().join("photos");
    photo(&folder.join("1.jpg"), 10_000, 1);
    fs::write(
        folder.join("2.jpg"),
        "this is a text, whatever its name says",
    )
    .unwrap();
    let mut command = xoay();
    command
        .arg("upload")
        .arg(&folder)
        .args(["--to", &service.url, "--product", &product]);
    let finished = Finished::of(&mut command);
    assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    assert!(finished.stderr.contains("2.jpg"), "{}", finished.stderr);
    assert_eq!(listed(&service, &product, "photos").len(), 1);
    let mut command = xoay();
    command
        .arg("upload")
        .arg(&folder)
        .args(["--to", &service.url, "--product", "absent"]);
    let finished = Finished::of(&mut command);
    assert_eq!(finished.code, Some(6), "{}", finished.stderr);
}
