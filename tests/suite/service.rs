//! `xoay serve` over HTTP: the demo's path from photos to published objects, on disk and on an S3 server.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use reqwest::blocking::{Client, Response};
use serde_json::{Value, json};
use xoay_tests::{S3Server, Service, capture_cut, model};

/// A client of one service, for one product.
struct Visitor {
    http: Client,
    url: String,
    product: String,
}

impl Visitor {
    fn with_new_product(service: &Service) -> Self {
        let http = Client::builder()
            .timeout(Duration::from_mins(2))
            .build()
            .unwrap();
        let made = http
            .post(format!("{}/api/products", service.url))
            .json(&json!({
                "name": { "vi": "Mật ong hoa nhãn", "en": "Longan blossom honey" },
                "producer": { "vi": "Hợp tác xã minh họa" },
                "commune": { "vi": "Hồng Nam" },
            }))
            .send()
            .unwrap();
        assert_eq!(made.status(), StatusCode::CREATED);
        assert!(made.headers().contains_key("location"));
        let product = made.json::<Value>().unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        Self {
            http,
            url: service.url.clone(),
            product,
        }
    }

    fn product_url(&self, rest: &str) -> String {
        format!("{}/api/products/{}{rest}", self.url, self.product)
    }

    fn send_photos(&self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let sent = self
                .http
                .put(self.product_url(&format!("/photos/{name}")))
                .body(fs::read(&path).unwrap())
                .send()
                .unwrap();
            assert!(
                sent.status().is_success(),
                "{name}: {} {}",
                sent.status(),
                sent.text().unwrap()
            );
        }
    }

    fn send_model(&self, path: &Path) {
        let sent = self
            .http
            .put(self.product_url("/model"))
            .body(fs::read(path).unwrap())
            .send()
            .unwrap();
        assert!(sent.status().is_success(), "{}", sent.text().unwrap());
    }

    fn start_job(&self, kind: &str) -> String {
        let accepted = self
            .http
            .post(self.product_url("/jobs"))
            .json(&json!({ "kind": kind }))
            .send()
            .unwrap();
        assert_eq!(accepted.status(), StatusCode::ACCEPTED);
        accepted.json::<Value>().unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Follows the job's events to their end and gives the job as it then is.
    fn follow(&self, job: &str) -> (Vec<String>, Value) {
        let stream = self
            .http
            .get(format!("{}/api/jobs/{job}/events", self.url))
            .send()
            .unwrap();
        assert_eq!(stream.headers()["content-type"], "text/event-stream");
        let lines: Vec<String> = BufReader::new(stream)
            .lines()
            .map_while(Result::ok)
            .collect();
        let job = self
            .http
            .get(format!("{}/api/jobs/{job}", self.url))
            .send()
            .unwrap()
            .json()
            .unwrap();
        (lines, job)
    }

    fn publish(&self) -> Response {
        self.http.post(self.product_url("/publish")).send().unwrap()
    }

    fn manifest(&self) -> Response {
        self.http
            .get(format!(
                "{}/products/{}/manifest.json",
                self.url, self.product
            ))
            .send()
            .unwrap()
    }

    /// Absolute addresses of everything that the manifest names.
    fn objects(&self, manifest: &Value) -> Vec<String> {
        let base = reqwest::Url::parse(&format!(
            "{}/products/{}/manifest.json",
            self.url, self.product
        ))
        .unwrap();
        let mut found = Vec::new();
        collect_urls(manifest, &mut found);
        found
            .iter()
            .map(|url| base.join(url).unwrap().to_string())
            .collect()
    }
}

fn collect_urls(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(url) if name == "url" => found.push(url.clone()),
                    Value::Array(urls) if name == "urls" => {
                        found.extend(urls.iter().map(|url| url.as_str().unwrap().to_owned()));
                    }
                    other => collect_urls(other, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_urls(item, found)),
        _ => {}
    }
}

/// The demo's path: photos and a model in at `entry`; jobs followed, published, the page and every object fetched at
/// `exit`, which may be another process over the same database and store.
pub(crate) fn walk(entry: &Service, exit: &Service, photos: &Path) {
    let visitor = Visitor::with_new_product(entry);
    assert_eq!(visitor.manifest().status(), StatusCode::NOT_FOUND);
    visitor.send_photos(photos);
    visitor.send_model(&model());
    let visitor = Visitor {
        url: exit.url.clone(),
        ..visitor
    };
    for kind in ["spin", "model"] {
        let (events, job) = visitor.follow(&visitor.start_job(kind));
        assert_eq!(job["state"], "done", "{kind}: {job}");
        assert!(
            events.iter().any(|line| line.contains("\"total\"")),
            "{kind} told of its progress: {events:?}"
        );
    }
    assert_eq!(
        visitor.manifest().status(),
        StatusCode::NOT_FOUND,
        "nothing is public before it is published"
    );
    let published = visitor.publish();
    assert!(
        published.status().is_success(),
        "{}",
        published.text().unwrap()
    );

    let answer = visitor.manifest();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    let tag = answer.headers()["etag"].clone();
    let manifest: Value = answer.json().unwrap();
    assert_eq!(manifest["kind"], "xoay-product");
    assert_eq!(manifest["spin"]["frames"].as_array().unwrap().len(), 4);
    let again = visitor
        .http
        .get(format!(
            "{}/products/{}/manifest.json",
            visitor.url, visitor.product
        ))
        .header("if-none-match", tag)
        .send()
        .unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);

    let page = format!("{}/products/{}", visitor.url, visitor.product);
    let page = visitor.http.get(page).send().unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.text().unwrap().contains("<xoay-viewer"));

    let objects = visitor.objects(&manifest);
    assert!(objects.len() > 12, "{objects:?}");
    for url in &objects {
        assert_object(&visitor.http, url);
    }
}

/// An object is whole, immutable, open to other origins, and can be fetched in parts.
fn assert_object(http: &Client, url: &str) {
    let whole = http
        .get(url)
        .header("origin", "https://shop.example")
        .send()
        .unwrap();
    assert_eq!(whole.status(), StatusCode::OK, "{url}");
    let header =
        |answer: &Response, name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert!(
        header(&whole, "cache-control").contains("immutable"),
        "{url}"
    );
    assert_eq!(header(&whole, "access-control-allow-origin"), "*");
    assert_eq!(header(&whole, "x-content-type-options"), "nosniff");
    let kind = header(&whole, "content-type");
    assert!(
        kind.starts_with("image/") || kind == "model/gltf-binary",
        "{url} is {kind}"
    );
    let tag = header(&whole, "etag");
    let bytes = whole.bytes().unwrap();
    assert!(bytes.len() > 100, "{url}");

    let part = http.get(url).header("range", "bytes=10-19").send().unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(
        header(&part, "content-range"),
        format!("bytes 10-19/{}", bytes.len())
    );
    assert_eq!(part.bytes().unwrap(), bytes[10..20]);
    let beyond = http
        .get(url)
        .header("range", format!("bytes={}-", bytes.len()))
        .send()
        .unwrap();
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    let known = http.get(url).header("if-none-match", tag).send().unwrap();
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
}

#[test]
fn photos_and_a_model_become_a_published_product_on_the_local_disk() {
    let root = tempfile::tempdir().unwrap();
    let photos = root.path().join("photos");
    capture_cut(&photos, 9);
    let mut service = Service::start(&root.path().join("data"), &[]);
    walk(&service, &service, &photos);
    assert!(
        service.terminate().success(),
        "asked to stop, it ends well: {}",
        service.log()
    );
}

#[test]
fn photos_and_a_model_become_a_published_product_on_an_s3_server() {
    let root = tempfile::tempdir().unwrap();
    let photos = root.path().join("photos");
    capture_cut(&photos, 9);
    let s3 = S3Server::start("products");
    let service = Service::start_with(
        &root.path().join("data"),
        &["--store", "s3://products/xoay"],
        |command| {
            s3.describe_to(command);
        },
    );
    walk(&service, &service, &photos);
    assert!(
        s3.object_count("products") > 12,
        "the objects are in the bucket"
    );
}

#[test]
fn a_bad_photo_fails_the_job_by_name_and_nothing_gets_published() {
    let root = tempfile::tempdir().unwrap();
    let photos = root.path().join("photos");
    capture_cut(&photos, 9);
    let whole = fs::read(photos.join("DSC02101.jpg")).unwrap();
    fs::write(photos.join("DSC02199.jpg"), &whole[..whole.len() / 2]).unwrap();
    let service = Service::start(&root.path().join("data"), &[]);
    let visitor = Visitor::with_new_product(&service);
    let text = visitor
        .http
        .put(visitor.product_url("/photos/note.jpg"))
        .body("no photo at all")
        .send()
        .unwrap();
    assert_eq!(
        text.status(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "what is no photo is refused at the door"
    );
    visitor.send_photos(&photos);
    let (_, job) = visitor.follow(&visitor.start_job("spin"));
    assert_eq!(job["state"], "failed", "{job}");
    assert!(job.to_string().contains("DSC02199.jpg"), "{job}");
    let refused = visitor.publish();
    assert!(refused.status().is_client_error());
    assert_eq!(
        refused.headers()["content-type"],
        "application/problem+json"
    );
    assert_eq!(visitor.manifest().status(), StatusCode::NOT_FOUND);

    // Nothing is lost: without the bad photo the same product goes through.
    let removed = visitor
        .http
        .delete(visitor.product_url("/photos/DSC02199.jpg"))
        .send()
        .unwrap();
    assert!(removed.status().is_success());
    let (_, job) = visitor.follow(&visitor.start_job("spin"));
    assert_eq!(job["state"], "done", "{job}");
    assert!(visitor.publish().status().is_success());
}

#[test]
fn a_job_survives_the_death_of_the_service() {
    let root = tempfile::tempdir().unwrap();
    let photos = root.path().join("photos");
    capture_cut(&photos, 9);
    let data = root.path().join("data");
    let mut service = Service::start(&data, &[]);
    let visitor = Visitor::with_new_product(&service);
    visitor.send_photos(&photos);
    let job = visitor.start_job("spin");
    let running = Instant::now() + Duration::from_secs(20);
    while Instant::now() < running {
        let state: Value = visitor
            .http
            .get(format!("{}/api/jobs/{job}", visitor.url))
            .send()
            .unwrap()
            .json()
            .unwrap();
        if state["state"] != "queued" {
            break;
        }
        sleep(Duration::from_millis(5));
    }
    service.kill();

    let service = Service::start(&data, &[]);
    let visitor = Visitor {
        url: service.url.clone(),
        ..visitor
    };
    let deadline = Instant::now() + Duration::from_mins(2);
    loop {
        let state: Value = visitor
            .http
            .get(format!("{}/api/jobs/{job}", visitor.url))
            .send()
            .unwrap()
            .json()
            .unwrap();
        match state["state"].as_str().unwrap() {
            "done" => break,
            "queued" | "running" => {
                assert!(Instant::now() < deadline, "{state}\n{}", service.log());
            }
            other => panic!("the job is {other}: {state}"),
        }
        sleep(Duration::from_millis(200));
    }
    assert!(visitor.publish().status().is_success());
}
