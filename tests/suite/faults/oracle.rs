//! A client that believes what it was told, and what it needs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use reqwest::blocking::Client;
use serde_json::{Value, json};
use xoay_tests::{Finished, Service, xoay};

/// A generator of numbers that are the same for the same seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

pub(crate) fn photo(seed: u64, size: usize) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01".to_vec();
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    while bytes.len() < size {
        bytes.extend_from_slice(&dice.roll(u64::MAX).to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// A client that believes what it was told, and afterwards asks for it.
pub(crate) struct Oracle {
    pub(crate) http: Client,
    /// Photos whose upload was acknowledged.
    pub(crate) photos: BTreeMap<String, Vec<u8>>,
    /// Offsets that were acknowledged, by the address of their upload.
    offsets: BTreeMap<String, u64>,
}

impl Oracle {
    pub(crate) fn new() -> Self {
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

    pub(crate) fn product(&self, service: &Service) -> String {
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
    pub(crate) fn put_all(&mut self, service: &Service, product: &str, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            self.put(service, product, &name, &fs::read(&path).unwrap())
                .unwrap();
        }
    }

    /// Sends a photo at once; `None` where the connection died.
    pub(crate) fn put(
        &mut self,
        service: &Service,
        product: &str,
        name: &str,
        bytes: &[u8],
    ) -> Option<()> {
        let url = format!("{}/api/products/{product}/photos/{name}", service.url);
        let answer = self.http.put(url).body(bytes.to_vec()).send().ok()?;
        assert!(answer.status().is_success() || answer.status().is_server_error());
        answer.status().is_success().then(|| {
            self.photos.insert(name.to_owned(), bytes.to_vec());
        })
    }

    /// Sends a photo in pieces of `piece` bytes; `None` where the connection died.
    pub(crate) fn tus(
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

    /// Every acknowledged byte is in the data folder, and the store is sound.
    pub(crate) fn check(&self, service: &Service, product: &str, data: &Path) {
        self.each(service, product, |original, name, bytes| {
            let kept = fs::read(data.join(original)).unwrap();
            assert!(kept == *bytes, "{name} is another");
        });
        verify(data, |_| ());
    }

    /// Tells each acknowledged photo with where its bytes must lie in the store.
    pub(crate) fn each(
        &self,
        service: &Service,
        product: &str,
        mut tell: impl FnMut(&str, &str, &[u8]),
    ) {
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
            tell(&format!("originals/{head}/{tail}.jpg"), name, bytes);
        }
    }

    /// Asks for a job over the product's photos; its id.
    pub(crate) fn start(&self, service: &Service, product: &str) -> String {
        let url = format!("{}/api/products/{product}/jobs", service.url);
        let started = self
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

    /// Waits until somebody works on a job; its address.
    pub(crate) fn wait_until_running(&self, service: &Service, job: &str) -> String {
        let url = format!("{}/api/jobs/{job}", service.url);
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let state: Value = self.http.get(&url).send().unwrap().json().unwrap();
            if state["state"] == "running" {
                return url;
            }
            assert!(Instant::now() < deadline, "{state}");
            sleep(Duration::from_millis(5));
        }
    }

    /// Waits for a job's end, through what refusals a service without its database gives; the job as it then is.
    pub(crate) fn wait_for(&self, service: &Service, job: &str, patience: Duration) -> Value {
        let deadline = Instant::now() + patience;
        let url = format!("{}/api/jobs/{job}", service.url);
        loop {
            let answer = self.http.get(&url).send().unwrap();
            let settled = answer.status().is_success();
            let state: Value = answer.json().unwrap();
            if settled && !matches!(state["state"].as_str(), Some("queued" | "running")) {
                return state;
            }
            assert!(Instant::now() < deadline, "{state}\n{}", service.log());
            sleep(Duration::from_millis(100));
        }
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

/// `xoay verify` finds nothing wrong; `prepare` may say where else than in the folder things are.
pub(crate) fn verify(data: &Path, prepare: impl FnOnce(&mut Command)) {
    let mut command = xoay();
    command.args(["verify", "--json", "--data"]).arg(data);
    prepare(&mut command);
    let result = Finished::of(&mut command).succeeded();
    assert!(result.stdout.contains("\"done\""), "{}", result.stdout);
}
