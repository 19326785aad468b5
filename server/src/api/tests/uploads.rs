//! Uploads in pieces, request by request.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt;
use sha1::Digest as _;

use crate::catalogue::{UploadLedger, UploadLimits};
use crate::fixtures::{Answer, Service, glb, photo, request};

type Headers<'a> = &'a [(&'static str, String)];

async fn tus(
    service: &Service,
    method: Method,
    path: &str,
    more: Headers<'_>,
    body: Body,
) -> Answer {
    let mut request = request(method, path, body);
    let headers = request.headers_mut();
    headers.insert("tus-resumable", "1.0.0".parse().unwrap());
    for (name, value) in more {
        headers.insert(*name, value.parse().unwrap());
    }
    service.ask(request).await
}

fn described(name: &str, length: usize) -> Vec<(&'static str, String)> {
    vec![
        ("upload-length", length.to_string()),
        (
            "upload-metadata",
            format!("filename {}", STANDARD.encode(name)),
        ),
    ]
}

/// The address of a new upload.
async fn created(service: &Service, product: &str, name: &str, length: usize) -> String {
    let path = format!("/api/products/{product}/uploads");
    let answer = tus(
        service,
        Method::POST,
        &path,
        &described(name, length),
        Body::empty(),
    )
    .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    assert_eq!(answer.header("upload-offset"), "0");
    assert!(answer.header("upload-expires").ends_with(" GMT"));
    answer.header("location").to_owned()
}

async fn patch(service: &Service, upload: &str, offset: usize, body: impl Into<Body>) -> Answer {
    let headers = [
        ("upload-offset", offset.to_string()),
        ("content-type", "application/offset+octet-stream".to_owned()),
    ];
    tus(service, Method::PATCH, upload, &headers, body.into()).await
}

async fn offset(service: &Service, upload: &str) -> String {
    let answer = tus(service, Method::HEAD, upload, &[], Body::empty()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.header("upload-offset").to_owned()
}

#[tokio::test]
async fn a_photo_in_pieces_is_the_photo_that_was_sent() {
    let service = Service::start().await;
    let product = service.product("Trà").await;
    // More than a part that is made durable at once.
    let mut bytes = photo(1);
    bytes.resize(5 * 1024 * 1024, 7);
    let upload = created(&service, &product, "1.jpg", bytes.len()).await;
    let cut = 4_500_000;
    let first = patch(&service, &upload, 0, bytes[..cut].to_vec()).await;
    assert_eq!(first.status, StatusCode::NO_CONTENT, "{}", first.text());
    assert_eq!(first.header("upload-offset"), cut.to_string());
    assert_eq!(first.header("tus-resumable"), "1.0.0");
    assert_eq!(offset(&service, &upload).await, cut.to_string());
    let listed = service
        .get(&format!("/api/products/{product}/uploads"))
        .await
        .json();
    assert_eq!(listed[0]["offsetBytes"], cut);
    assert_eq!(listed[0]["name"], "1.jpg");
    let last = patch(&service, &upload, cut, bytes[cut..].to_vec()).await;
    assert_eq!(last.header("upload-offset"), bytes.len().to_string());
    assert_eq!(offset(&service, &upload).await, bytes.len().to_string());
    let path = format!("/api/products/{product}/photos");
    let photos = service.get(&path).await.json();
    assert_eq!(photos[0]["sizeBytes"], bytes.len());
    // By PUT the same bytes are the same object: stored once.
    let put = service.put(&format!("{path}/2.jpg"), bytes).await;
    assert_eq!(put.json()["sha256"], photos[0]["sha256"]);
    assert_eq!(service.files_under("originals").len(), 1);
    assert!(service.files_under("uploads").is_empty());
    assert!(service.files_under("work").is_empty());
}

#[tokio::test]
async fn what_arrived_before_a_cut_is_kept() {
    let service = Service::start().await;
    let product = service.product("Trà").await;
    let bytes = photo(1);
    let upload = created(&service, &product, "1.jpg", bytes.len()).await;
    let part = bytes[..300].to_vec();
    let broken = futures::stream::iter([Ok(part), Err(std::io::Error::other("cut"))]);
    let answer = patch(&service, &upload, 0, Body::from_stream(broken)).await;
    answer.assert_problem(400, "upload-cut");
    assert_eq!(offset(&service, &upload).await, "300");
    let done = patch(&service, &upload, 300, bytes[300..].to_vec()).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_client_that_comes_back_takes_over_from_its_dead_connection() {
    let service = std::sync::Arc::new(Service::start().await);
    let product = service.product("Trà").await;
    let bytes = photo(1);
    let upload = created(&service, &product, "1.jpg", bytes.len()).await;
    // It sends 200 bytes and then neither more nor an end.
    let first = futures::stream::iter([Ok::<_, std::io::Error>(bytes[..200].to_vec())]);
    let hanging = Body::from_stream(first.chain(futures::stream::pending()));
    let (other, path) = (service.clone(), upload.clone());
    let dead = tokio::spawn(async move { patch(&other, &path, 0, hanging).await });
    while !service.app.turns.is_taken() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(offset(&service, &upload).await, "200");
    dead.await.unwrap().assert_problem(423, "upload-busy");
    let done = patch(&service, &upload, 200, bytes[200..].to_vec()).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_creation_may_carry_the_first_bytes() {
    let service = Service::start().await;
    let product = service.product("Trà").await;
    let bytes = photo(1);
    let mut headers = described("1.jpg", bytes.len());
    headers.push(("content-type", "application/offset+octet-stream".into()));
    let path = format!("/api/products/{product}/uploads");
    let answer = tus(
        &service,
        Method::POST,
        &path,
        &headers,
        bytes.clone().into(),
    )
    .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    assert_eq!(answer.header("upload-offset"), bytes.len().to_string());
    let photos = service
        .get(&format!("/api/products/{product}/photos"))
        .await;
    assert_eq!(photos.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_piece_with_a_wrong_sum_counts_for_nothing() {
    let service = Service::start().await;
    let product = service.product("Trà").await;
    let bytes = photo(1);
    let upload = created(&service, &product, "1.jpg", bytes.len()).await;
    let send = async |sum: String| {
        let headers = [
            ("upload-offset", "0".to_owned()),
            ("content-type", "application/offset+octet-stream".to_owned()),
            ("upload-checksum", sum),
        ];
        tus(
            &service,
            Method::PATCH,
            &upload,
            &headers,
            bytes.clone().into(),
        )
        .await
    };
    let right = STANDARD.encode(sha1::Sha1::digest(&bytes));
    let wrong = STANDARD.encode(sha1::Sha1::digest(b"other"));
    send(format!("sha1 {wrong}"))
        .await
        .assert_problem(460, "upload-checksum");
    assert_eq!(offset(&service, &upload).await, "0");
    assert_eq!(
        send(format!("sha1 {right}")).await.status,
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn the_whole_must_be_what_was_announced() {
    let service = Service::start().await;
    let product = service.product("Trà").await;
    let bytes = photo(1);
    let mut headers = described("1.jpg", bytes.len());
    let sum = STANDARD.encode("00".repeat(32));
    let described = &mut headers[1].1;
    *described = format!("{described},sha256 {sum}");
    let path = format!("/api/products/{product}/uploads");
    let answer = tus(&service, Method::POST, &path, &headers, Body::empty()).await;
    let upload = answer.header("location").to_owned();
    let refused = patch(&service, &upload, 0, bytes).await;
    refused.assert_problem(460, "upload-damaged");
    let gone = tus(&service, Method::HEAD, &upload, &[], Body::empty()).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(
        service.files_under("uploads").is_empty() && service.files_under("originals").is_empty()
    );
}

#[tokio::test]
async fn what_is_no_photo_is_refused_at_its_first_bytes() {
    let service = Service::start().await;
    let product = service.product("Trà").await;
    let upload = created(&service, &product, "1.jpg", 5000).await;
    let refused = patch(&service, &upload, 0, "this is a text, no photo").await;
    refused.assert_problem(415, "not-a-photo");
    patch(&service, &upload, 0, photo(1))
        .await
        .assert_problem(404, "no-such-upload");
    let model = created(&service, &product, "jar.glb", 0x40).await;
    assert_eq!(
        patch(&service, &model, 0, glb()).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        service
            .get(&format!("/api/products/{product}"))
            .await
            .json()["model"]["sizeBytes"],
        0x40
    );
}

#[tokio::test]
async fn the_protocols_rules_are_kept() {
    let service = Service::start().await;
    let product = service.product("Trà").await;
    let bytes = photo(1);
    let path = format!("/api/products/{product}/uploads");
    let upload = created(&service, &product, "1.jpg", bytes.len()).await;

    let options = service
        .ask(request(Method::OPTIONS, &upload, Body::empty()))
        .await;
    assert_eq!(options.header("tus-version"), "1.0.0");
    for extension in [
        "creation",
        "creation-with-upload",
        "checksum",
        "termination",
        "expiration",
    ] {
        assert!(
            options
                .header("tus-extension")
                .split(',')
                .any(|e| e == extension)
        );
    }
    let plain = service
        .ask(request(Method::HEAD, &upload, Body::empty()))
        .await;
    assert_eq!(
        (plain.status.as_u16(), plain.header("tus-version")),
        (412, "1.0.0")
    );

    patch(&service, &upload, 5, "x")
        .await
        .assert_problem(409, "upload-offset");
    let mut long = bytes.clone();
    long.push(0);
    patch(&service, &upload, 0, long)
        .await
        .assert_problem(413, "request-too-large");
    let headers = [("upload-offset", "0".to_owned())];
    let untyped = tus(&service, Method::PATCH, &upload, &headers, Body::empty()).await;
    untyped.assert_problem(415, "upload-header");

    let refused = async |headers: Headers<'_>, status, code| {
        tus(&service, Method::POST, &path, headers, Body::empty())
            .await
            .assert_problem(status, code);
    };
    refused(&[], 400, "upload-header").await;
    refused(&described("1.jpg", 0), 400, "upload-header").await;
    refused(&[("upload-defer-length", "1".into())], 400, "upload-header").await;
    refused(&described("../1.jpg", 10), 422, "invalid-photo-name").await;
    refused(&described("1.jpg", usize::MAX / 2), 413, "file-too-large").await;

    let ended = tus(&service, Method::DELETE, &upload, &[], Body::empty()).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    patch(&service, &upload, 0, bytes)
        .await
        .assert_problem(404, "no-such-upload");
    let again = tus(&service, Method::DELETE, &upload, &[], Body::empty()).await;
    again.assert_problem(404, "no-such-upload");
}

#[tokio::test]
async fn a_process_killed_between_two_steps_leaves_what_the_next_request_completes() {
    let service = Service::start().await;
    let product = service.product("Trà").await;
    let bytes = photo(1);
    let upload = created(&service, &product, "1.jpg", bytes.len()).await;
    // The pieces are stored and acknowledged; of the original nothing is.
    service.faults.fail_after(1, false);
    let failed = patch(&service, &upload, 0, bytes.clone()).await;
    failed.assert_problem(503, "unavailable");
    assert!(service.files_under("originals").is_empty());
    service.faults.heal();
    assert_eq!(offset(&service, &upload).await, bytes.len().to_string());
    assert_eq!(service.files_under("originals").len(), 1);
    assert!(service.files_under("uploads").is_empty());
}

#[tokio::test]
async fn a_full_disk_is_said_and_the_upload_goes_on_afterwards() {
    let service = Service::start().await;
    let product = service.product("Trà").await;
    let bytes = photo(1);
    let upload = created(&service, &product, "1.jpg", bytes.len()).await;
    service.faults.fail_after(0, true);
    patch(&service, &upload, 0, bytes.clone())
        .await
        .assert_problem(507, "no-space");
    service.faults.heal();
    assert_eq!(offset(&service, &upload).await, "0");
    assert_eq!(
        patch(&service, &upload, 0, bytes).await.status,
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn a_product_takes_no_more_than_it_may() {
    let limits = UploadLimits {
        photos: 1,
        ..UploadLimits::default()
    };
    let service = Service::with_limits(limits).await;
    let product = service.product("Trà").await;
    created(&service, &product, "1.jpg", 100).await;
    let path = format!("/api/products/{product}/uploads");
    let second = tus(
        &service,
        Method::POST,
        &path,
        &described("2.jpg", 100),
        Body::empty(),
    )
    .await;
    second.assert_problem(409, "too-many-photos");
}

#[tokio::test]
async fn expired_uploads_are_forgotten_with_their_pieces() {
    let service = Service::start().await;
    let product = service.product("Trà").await;
    let upload = created(&service, &product, "1.jpg", 1000).await;
    patch(&service, &upload, 0, photo(1)[..100].to_vec()).await;
    assert_eq!(service.files_under("uploads").len(), 1);
    let id = upload.rsplit('/').next().unwrap().parse().unwrap();
    // Renewed for no time at all.
    let parts = [crate::catalogue::UploadPart {
        offset_bytes: 100,
        size_bytes: 1,
        object: "absent".into(),
    }];
    let moved = service
        .catalogue
        .advance(id, 100, &parts, std::time::Duration::ZERO)
        .await;
    assert!(moved.unwrap());
    assert_eq!(crate::api::tus::sweep(&service.app).await.unwrap(), 1);
    assert!(service.files_under("uploads").is_empty());
}
