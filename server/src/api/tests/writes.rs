use axum::body::Body;
use axum::http::{Method, header};
use bytes::Bytes;
use serde_json::json;

use crate::api;
use crate::api::Guard;
use crate::catalogue::UploadLimits;
use crate::fixtures::{Plan, Service, ask, glb, photo, request};

#[tokio::test]
async fn a_product_is_made_listed_and_shown() {
    let service = Service::start().await;
    let body = json!({
        "name": { "vi": "Mật ong", "en": "Honey" },
        "producer": { "vi": "HTX Ea Tu" },
        "commune": { "vi": "Xã Ea Tu" },
    });
    let made = service.post("/api/products", &body).await;
    assert_eq!(made.status, 201);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), format!("/api/products/{id}"));
    let shown = service.get(made.header("location")).await.json();
    assert_eq!(shown["slug"], "mat-ong");
    assert_eq!(shown["state"], "draft");
    assert_eq!(shown["producer"]["vi"], "HTX Ea Tu");
    assert_eq!(shown["photos"], json!([]));
    let listed = service.get("/api/products").await.json();
    assert_eq!(listed["products"][0]["id"], id.as_str());
    assert_eq!(listed["products"][0]["photoCount"], 0);
}

#[tokio::test]
async fn what_cannot_be_a_product_is_refused_in_the_clients_language() {
    let service = Service::start().await;
    let refused = service
        .post("/api/products", &json!({"name": {"vi": " "}}))
        .await;
    refused.assert_problem(422, "invalid-field");
    let mut asked = request(Method::POST, "/api/products", Body::from(r#"{"name":{}}"#));
    let headers = asked.headers_mut();
    headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    headers.insert(header::ACCEPT_LANGUAGE, "vi-VN,vi;q=0.9".parse().unwrap());
    let refused = service.ask(asked).await;
    refused.assert_problem(422, "invalid-field");
    assert_eq!(refused.header("content-language"), "vi");
    assert!(
        refused.text().contains("cần tên sản phẩm"),
        "{}",
        refused.text()
    );
    for body in [
        json!([]),
        json!({"name": 1}),
        json!({"name": {}, "unknown": 1}),
    ] {
        service
            .post("/api/products", &body)
            .await
            .assert_problem(400, "malformed");
    }
    let huge = json!({"name": {"vi": "x".repeat(100_000)}});
    service
        .post("/api/products", &huge)
        .await
        .assert_problem(413, "request-too-large");
    let untyped = request(Method::POST, "/api/products", Body::from("{}"));
    service.ask(untyped).await.assert_problem(400, "malformed");
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_problems_too() {
    let service = Service::start().await;
    service
        .get("/nothing")
        .await
        .assert_problem(404, "no-such-address");
    service
        .get("/api/products/nonsense")
        .await
        .assert_problem(404, "no-such-product");
    let absent = "/api/products/00000000-0000-7000-8000-000000000000";
    service
        .get(absent)
        .await
        .assert_problem(404, "no-such-product");
    let absent = "/api/jobs/00000000-0000-7000-8000-000000000000";
    service.get(absent).await.assert_problem(404, "no-such-job");
    service
        .get(&format!("{absent}/events"))
        .await
        .assert_problem(404, "no-such-job");
    let patch = request(Method::PATCH, "/api/products", Body::empty());
    let refused = service.ask(patch).await;
    refused.assert_problem(405, "method-not-allowed");
    assert!(
        refused.header("allow").contains("POST"),
        "{:?}",
        refused.headers
    );
}

#[tokio::test]
async fn photos_are_stored_replaced_listed_and_deleted() {
    let service = Service::start().await;
    let id = service.product_with_photos().await;
    let path = format!("/api/products/{id}/photos");
    let name = format!("{path}/h%C5%A9%20m%E1%BA%ADt%20ong.jpg");
    let put = service.put(&name, photo(3)).await;
    assert_eq!(put.status, 201);
    assert_eq!(put.json()["name"], "hũ mật ong.jpg");
    assert_eq!(put.json()["sizeBytes"], photo(3).len());
    assert_eq!(service.get(&path).await.json().as_array().unwrap().len(), 3);
    service.put(&name, photo(4)).await;
    assert_eq!(service.get(&path).await.json().as_array().unwrap().len(), 3);
    let delete = || service.ask(request(Method::DELETE, &name, Body::empty()));
    assert_eq!(delete().await.status, 204);
    delete().await.assert_problem(404, "no-such-photo");
    assert!(service.files_under("work").is_empty());
}

#[tokio::test]
async fn names_that_could_escape_are_refused_and_store_nothing() {
    let service = Service::start().await;
    let id = service.product("Mật ong").await;
    let long = format!("{}.jpg", "a".repeat(300));
    for name in [
        "..%2f..%2fevil.jpg",
        "%2fetc%2fevil.jpg",
        "%2e%2e%5cevil.jpg",
        "evil%00.jpg",
        "evil%0a.jpg",
        ".evil.jpg",
        "evil.html",
        "evil.svg",
        "C%3aevil.jpg",
        "%20",
        &long,
    ] {
        let refused = service
            .put(&format!("/api/products/{id}/photos/{name}"), photo(1))
            .await;
        refused.assert_problem(422, "invalid-photo-name");
    }
    // Not UTF-8, and a path of its own.
    service
        .put(&format!("/api/products/{id}/photos/%ff.jpg"), photo(1))
        .await
        .assert_problem(400, "malformed");
    service
        .put(&format!("/api/products/{id}/photos/../a.jpg"), photo(1))
        .await
        .assert_problem(404, "no-such-address");
    assert!(service.files_under("originals").is_empty());
    assert!(service.files_under("work").is_empty());
    assert_eq!(
        service
            .files_under("")
            .iter()
            .filter(|f| f.contains("evil"))
            .count(),
        0
    );
}

#[tokio::test]
async fn bytes_that_are_no_photo_or_model_are_refused_by_name() {
    let service = Service::start().await;
    let id = service.product("Mật ong").await;
    for body in [&b"this is a text file, not a photo"[..], b"", b"\xff\xd8"] {
        let refused = service
            .put(&format!("/api/products/{id}/photos/a.jpg"), body)
            .await;
        refused.assert_problem(415, "not-a-photo");
    }
    let model = format!("/api/products/{id}/model");
    let gltf = service
        .put(&model, &b"{\"asset\":{\"version\":\"2.0\"}}"[..])
        .await;
    gltf.assert_problem(415, "not-a-model");
    assert!(gltf.text().contains(".glb"));
    let whole = glb();
    for length in 0..whole.len() {
        let cut = service.put(&model, whole[..length].to_vec()).await;
        cut.assert_problem(415, "not-a-model");
    }
    assert_eq!(service.put(&model, whole).await.status, 201);
    assert_eq!(service.files_under("originals").len(), 1);
    assert!(service.files_under("work").is_empty());
}

#[tokio::test]
async fn limits_hold_for_one_photo_for_all_and_for_their_number() {
    let size = photo(1).len() as u64;
    let service = Service::with_limits(UploadLimits {
        photos: 3,
        photo_bytes: size,
        capture_bytes: 2 * size,
        model_bytes: 32,
    })
    .await;
    let id = service.product("Mật ong").await;
    let put = async |name: &str, body: Vec<u8>| {
        service
            .put(&format!("/api/products/{id}/photos/{name}"), body)
            .await
    };
    let mut large = photo(1);
    large.push(0);
    put("a.jpg", large.clone())
        .await
        .assert_problem(413, "file-too-large");
    // The same without a stated length.
    let chunks = large
        .chunks(100)
        .map(|c| Ok::<_, std::io::Error>(Bytes::copy_from_slice(c)))
        .collect::<Vec<_>>();
    let streamed = Body::from_stream(futures::stream::iter(chunks));
    service
        .put(&format!("/api/products/{id}/photos/a.jpg"), streamed)
        .await
        .assert_problem(413, "file-too-large");
    assert_eq!(put("a.jpg", photo(1)).await.status, 201);
    assert_eq!(put("b.jpg", photo(2)).await.status, 201);
    put("c.jpg", photo(3))
        .await
        .assert_problem(413, "capture-too-large");
    assert_eq!(put("a.jpg", photo(3)).await.status, 201, "a replacement");
    service
        .put(&format!("/api/products/{id}/model"), glb())
        .await
        .assert_problem(413, "file-too-large");
    assert!(service.files_under("work").is_empty());
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let service = Service::start().await;
    let id = service.product("Mật ong").await;
    let parts = [
        Ok(Bytes::from(photo(1))),
        Err(std::io::Error::other("gone")),
    ];
    let body = Body::from_stream(futures::stream::iter(parts));
    let broken = service
        .put(&format!("/api/products/{id}/photos/a.jpg"), body)
        .await;
    broken.assert_problem(400, "upload-broken");
    assert_eq!(
        service
            .get(&format!("/api/products/{id}/photos"))
            .await
            .json(),
        json!([])
    );
    assert!(service.files_under("work").is_empty());
    assert!(service.files_under("originals").is_empty());
}

#[tokio::test]
async fn a_full_disk_acknowledges_nothing() {
    let service = Service::start().await;
    let id = service.product("Mật ong").await;
    service.faults.fail_after(0, true);
    let path = format!("/api/products/{id}/photos/a.jpg");
    service
        .put(&path, photo(1))
        .await
        .assert_problem(507, "no-space");
    assert_eq!(
        service
            .get(&format!("/api/products/{id}/photos"))
            .await
            .json(),
        json!([])
    );
    assert!(service.files_under("originals").is_empty());
    service.faults.heal();
    assert_eq!(service.put(&path, photo(1)).await.status, 201);
}

#[tokio::test]
async fn a_form_stores_its_good_photos_and_names_the_others() {
    let service = Service::start().await;
    let id = service.product("Mật ong").await;
    let mut body = Vec::new();
    for (name, bytes) in [
        ("1.jpg", photo(1)),
        ("../2.jpg", photo(2)),
        ("3.jpg", b"text".to_vec()),
        ("4.jpg", photo(4)),
    ] {
        body.extend(format!("--x\r\ncontent-disposition: form-data; name=\"photos\"; filename=\"{name}\"\r\n\r\n").bytes());
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--x--\r\n");
    let post = |body: Vec<u8>| {
        let mut asked = request(
            Method::POST,
            &format!("/api/products/{id}/photos"),
            Body::from(body),
        );
        asked.headers_mut().insert(
            header::CONTENT_TYPE,
            "multipart/form-data; boundary=x".parse().unwrap(),
        );
        service.ask(asked)
    };
    let answer = post(body.clone()).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.json()["photos"].as_array().unwrap().len(), 2);
    assert_eq!(answer.json()["refused"][0]["name"], "../2.jpg");
    assert_eq!(answer.json()["refused"][1]["name"], "3.jpg");
    body.truncate(body.len() / 2);
    let cut = post(body).await;
    assert_eq!(cut.status, 400, "{}", cut.text());
    assert_eq!(
        service
            .get(&format!("/api/products/{id}/photos"))
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert!(service.files_under("work").is_empty());
}

#[tokio::test]
async fn jobs_need_something_to_work_on_and_end_when_told() {
    let service = Service::start().await;
    let id = service.product("Mật ong").await;
    let jobs = format!("/api/products/{id}/jobs");
    for kind in ["spin", "model"] {
        service
            .post(&jobs, &json!({"kind": kind}))
            .await
            .assert_problem(409, "nothing-to-work-on");
    }
    service
        .post(&jobs, &json!({"kind": "toast"}))
        .await
        .assert_problem(400, "malformed");
    service
        .put(&format!("/api/products/{id}/photos/1.jpg"), photo(1))
        .await;
    let job = service.start_spin(&id).await;
    assert_eq!(
        service.start_spin(&id).await,
        job,
        "a second request joins the first"
    );
    let cancelled = service
        .ask(request(
            Method::DELETE,
            &format!("/api/jobs/{job}"),
            Body::empty(),
        ))
        .await;
    assert_eq!(cancelled.json()["state"], "cancelled");
    let manifest = service.get(&format!("/api/jobs/{job}/manifest.json")).await;
    manifest.assert_problem(409, "no-result");
}

#[tokio::test]
async fn those_who_join_late_hear_how_the_job_ended() {
    let service = Service::start().await;
    let id = service.product_with_photos().await;
    let job = service.start_spin(&id).await;
    service.work(Plan::Fail).await;
    let events = service.get(&format!("/api/jobs/{job}/events")).await;
    assert_eq!(events.header("content-type"), "text/event-stream");
    let text = events.text();
    assert!(
        text.contains("event: failed") && text.contains("a photo is broken"),
        "{text}"
    );
    assert_eq!(text.matches("event:").count(), 1, "{text}");
}

#[tokio::test]
async fn those_who_listen_hear_every_step() {
    let service = Service::start().await;
    let id = service.product_with_photos().await;
    let job = service.start_spin(&id).await;
    let path = format!("/api/jobs/{job}/events");
    let (events, ()) = tokio::join!(service.get(&path), async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        service.work(Plan::Succeed(1)).await;
    });
    let text = events.text();
    assert!(text.contains("event: state"), "{text}");
    assert_eq!(text.matches("\"event\":\"advanced\"").count(), 3, "{text}");
    assert!(text.contains("\"event\":\"warning\""), "{text}");
    let last = text.trim_end().rsplit("\n\n").next().unwrap();
    assert!(last.contains("event: done"), "{last}");
}

#[tokio::test]
async fn writes_of_other_sites_and_without_the_token_are_refused() {
    let service = Service::start().await;
    let from_evil = || {
        let mut asked = request(
            Method::POST,
            "/api/products",
            Body::from(r#"{"name":{"vi":"a"}}"#),
        );
        asked
            .headers_mut()
            .insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        asked
    };
    let mut asked = from_evil();
    asked
        .headers_mut()
        .insert("sec-fetch-site", "cross-site".parse().unwrap());
    service.ask(asked).await.assert_problem(403, "cross-site");
    let mut asked = from_evil();
    asked
        .headers_mut()
        .insert(header::HOST, "rebound.example".parse().unwrap());
    service.ask(asked).await.assert_problem(421, "wrong-host");

    let guard = Guard {
        token: Some("0123456789abcdef".into()),
        public_url: None,
        loopback_only: false,
    };
    let router = api::router(service.app.clone(), guard);
    let refused = ask(&router, from_evil()).await;
    refused.assert_problem(401, "token-needed");
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    let mut asked = from_evil();
    asked.headers_mut().insert(
        header::AUTHORIZATION,
        "Bearer 0123456789abcdef".parse().unwrap(),
    );
    assert_eq!(ask(&router, asked).await.status, 201);
}
