//! The service's own description against the service: schemathesis asks what it allows, and more than that.

use std::process::Command;

use serde_json::{Value, json};
use xoay_tests::{Finished, Service, capture_cut, tool};

const TOKEN: &str = "the operator of this test";

#[test]
fn nothing_that_the_description_allows_or_forbids_breaks_the_service() {
    let root = tempfile::tempdir().unwrap();
    let (data, photos) = (root.path().join("data"), root.path().join("photos"));
    capture_cut(&photos, 18);
    let service = Service::start(&data, &["--workers", "0", "--token", TOKEN]);
    // Something is there to be found, so that not every address is one of nothing.
    let http = reqwest::blocking::Client::new();
    let product: Value = http
        .post(format!("{}/api/products", service.url))
        .bearer_auth(TOKEN)
        .json(&json!({ "name": { "vi": "Mật ong" }, "producer": { "vi": "HTX Hồng Nam" }, "slug": "mat-ong" }))
        .send()
        .unwrap()
        .json()
        .unwrap();
    for entry in std::fs::read_dir(&photos).unwrap() {
        let path = entry.unwrap().path();
        let (id, name) = (product["id"].as_str().unwrap(), path.file_name().unwrap());
        let url = format!(
            "{}/api/products/{id}/photos/{}",
            service.url,
            name.display()
        );
        let put = http.put(url).bearer_auth(TOKEN);
        let put = put.body(std::fs::read(&path).unwrap()).send();
        assert!(put.unwrap().status().is_success());
    }
    let finished = Finished::of(
        Command::new(tool("schemathesis/bin/schemathesis"))
            .current_dir(root.path())
            .arg("run")
            .arg(format!("{}/api/openapi.json", service.url))
            .args(["--header", &format!("Authorization: Bearer {TOKEN}")])
            .args(["--checks", "not_a_server_error,response_schema_conformance,content_type_conformance,status_code_conformance"])
            .args(["--phases", "examples,coverage,fuzzing"])
            .args(["--max-examples", "8", "--seed", "20261122", "--generation-deterministic"])
            // A stream that goes on until its job ends.
            .args(["--exclude-path", "/api/jobs/{id}/events"])
            // The specification of oEmbed asks for 501 where a format is not spoken.
            .args(["--exclude-path", "/oembed"])
            // It makes no bodies of this media type; the protocol's own client sends them in `uploads.rs`.
            .args(["--exclude-name", "PATCH /api/uploads/{id}"])
            .args(["--exclude-name", "POST /api/products/{id}/uploads"])
            .args(["--request-timeout", "30", "--suppress-health-check", "all"])
            .args(["--continue-on-failure", "--no-color"]),
    );
    assert!(
        finished.code == Some(0),
        "{}\n{}\n{}",
        finished.stdout,
        finished.stderr,
        service.log()
    );
    let summary: Vec<_> = finished.stdout.lines().rev().take(12).collect();
    println!(
        "{}",
        summary.into_iter().rev().collect::<Vec<_>>().join("\n")
    );
}
