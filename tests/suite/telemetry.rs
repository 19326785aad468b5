//! The traces that `xoay serve` and `xoay worker` send to an OpenTelemetry collector.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::blocking::Client;
use serde_json::{Value, json};
use xoay_tests::{Collector, Service, Worker};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";

fn client() -> Client {
    Client::builder()
        .timeout(Duration::from_mins(1))
        .build()
        .unwrap()
}

/// Adds a product, and gives its id.
fn product(http: &Client, url: &str) -> String {
    let answer = http
        .post(format!("{url}/api/products"))
        .json(&json!({ "name": { "vi": "Nước mắm" }, "producer": { "vi": "Hợp tác xã" } }))
        .send()
        .unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    let made: Value = answer.json().unwrap();
    made["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_collector_gets_the_spans_of_requests_and_of_jobs() {
    let collector = Collector::start();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut service = Service::start_with(&data, &["--workers", "0"], |command| {
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url);
    });
    let worker = Worker::start(&data, |command| {
        command
            .args(["--otlp-endpoint", &collector.url])
            .env("OTEL_SERVICE_NAME", "xoay-worker")
            .env("OTEL_BSP_SCHEDULE_DELAY", "100");
    });
    let http = client();
    let product = product(&http, &service.url);
    // One broken photo: the job fails when it looks at what it was given.
    let sent = http
        .put(format!(
            "{}/api/products/{product}/photos/1.jpg",
            service.url
        ))
        .body(b"\xff\xd8\xff\xe0 and no more".to_vec())
        .send()
        .unwrap();
    assert!(sent.status().is_success());
    let started = http
        .post(format!("{}/api/products/{product}/jobs", service.url))
        .header("traceparent", format!("00-{TRACE}-{SPAN}-01"))
        .json(&json!({ "kind": "spin" }))
        .send()
        .unwrap();
    assert_eq!(started.status(), StatusCode::ACCEPTED);
    let request_id = started.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let job: Value = started.json().unwrap();

    let attempt = collector.wait_for(|told| told.name == "job spin");
    assert!(attempt.failed);
    // The database's statements are events of the span that waits for them.
    assert!(attempt.events.len() > 1, "{:?}", attempt.events);
    assert!(attempt.events.contains(&"job attempt failed".to_owned()));
    assert_eq!(attempt.attributes["service.name"], "xoay-worker");
    assert_eq!(
        attempt.attributes["xoay.job.id"],
        job["id"].as_str().unwrap()
    );
    assert_eq!(attempt.attributes["xoay.job.outcome"], "failed");
    assert_eq!(attempt.attributes["xoay.product.id"], product);
    let within = |told: &xoay_tests::Told| told.parent == attempt.id && told.trace == attempt.trace;
    let recipe = collector.wait_for(|told| within(told) && told.name == "job.run_recipe");
    assert!(recipe.parent != recipe.id);
    drop(worker);

    // What is not sent yet is sent at the end.
    assert!(service.terminate().success());
    let asked =
        collector.wait_for(|told| told.attributes.get("xoay.request.id") == Some(&request_id));
    assert_eq!(asked.name, "POST /api/products/{id}/jobs");
    assert_eq!(asked.attributes["service.name"], "xoay");
    assert_eq!(asked.attributes["http.request.method"], "POST");
    assert_eq!(asked.attributes["http.response.status_code"], "202");
    assert!(!asked.failed);
    // No proxy is trusted here: anybody could have sent that header.
    assert_ne!(asked.trace, TRACE);
    let stored = collector.wait_for(|told| told.name == "store.put_file");
    let above = collector.wait_for(|told| told.id == stored.parent);
    assert_eq!(above.name, "PUT /api/products/{id}/photos/{name}");
}

#[test]
fn a_trusted_proxys_trace_goes_on_and_a_collector_that_is_away_delays_nothing() {
    let collector = Collector::start();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let token = ["--trusted-hops", "1", "--otlp-endpoint"];
    let arguments = [&token[..], &[&collector.url]].concat();
    let mut service = Service::start(&data, &arguments);
    let asked = client()
        .get(format!("{}/healthz", service.url))
        .header("traceparent", format!("00-{TRACE}-{SPAN}-01"))
        .send()
        .unwrap();
    assert!(asked.status().is_success());
    assert!(service.terminate().success());
    let told = collector.wait_for(|told| told.trace == TRACE);
    assert_eq!(
        (told.name.as_str(), told.parent.as_str()),
        ("GET /healthz", SPAN)
    );

    let gone = collector.url.clone();
    drop(collector);
    let mut service = Service::start(&data, &["--otlp-endpoint", &gone]);
    product(&client(), &service.url);
    assert!(service.terminate().success());
    let log = service.log();
    assert!(log.contains("HttpTracesClient.Export"), "{log}");
}
