use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::{Value, json};

use crate::fixtures::{Answer, Plan, Service, photo, request};

/// A product whose spin is public.
async fn published(service: &Service) -> String {
    let id = service.product_with_photos().await;
    service.start_spin(&id).await;
    service.work(Plan::Succeed(1)).await;
    let answer = service
        .post(&format!("/api/products/{id}/publish"), &json!({}))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["version"], 1);
    id
}

fn with(method: Method, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut asked = request(method, path, Body::empty());
    for (name, value) in headers {
        let name: header::HeaderName = name.parse().unwrap();
        asked.headers_mut().insert(name, value.parse().unwrap());
    }
    asked
}

/// Path of the public manifest's first frame.
async fn first_object(service: &Service, id: &str) -> String {
    let manifest = service
        .get(&format!("/products/{id}/manifest.json"))
        .await
        .json();
    let url = manifest["spin"]["renditions"][0]["urls"][0]
        .as_str()
        .unwrap();
    url.strip_prefix("../..").unwrap().to_owned()
}

#[tokio::test]
async fn a_manifest_leads_to_objects_and_is_revalidated() {
    let service = Service::start().await;
    let id = published(&service).await;
    let path = format!("/products/{id}/manifest.json");
    let manifest = service.get(&path).await;
    assert_eq!(manifest.header("content-type"), "application/json");
    assert_eq!(
        manifest.header("cache-control"),
        "public, max-age=30, must-revalidate"
    );
    let value = manifest.json();
    assert_eq!(value["kind"], "xoay-product");
    let mut objects = Vec::new();
    collect_urls(&value, &mut objects);
    assert_eq!(objects.len(), 5);
    for url in objects {
        let object = service.get(url.strip_prefix("../..").unwrap()).await;
        assert_eq!(
            (object.status.as_u16(), object.body.len()),
            (200, 2),
            "{url}"
        );
    }
    let etag = manifest.header("etag");
    let again = service
        .ask(with(Method::GET, &path, &[("if-none-match", etag)]))
        .await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), etag);
    let compressed = service
        .ask(with(Method::GET, &path, &[("accept-encoding", "br")]))
        .await;
    assert_eq!(compressed.header("content-encoding"), "br");
    assert!(compressed.body.len() < manifest.body.len());
    // Another publication has another tag.
    service.start_spin(&id).await;
    service.work(Plan::Succeed(2)).await;
    service
        .post(&format!("/api/products/{id}/publish"), &json!({}))
        .await;
    let changed = service
        .ask(with(Method::GET, &path, &[("if-none-match", etag)]))
        .await;
    assert_eq!(changed.status, 200);
}

fn collect_urls(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.values().for_each(|v| collect_urls(v, found)),
        Value::Array(list) => list.iter().for_each(|v| collect_urls(v, found)),
        Value::String(text) if text.starts_with("../../objects/") => found.push(text.clone()),
        _ => {}
    }
}

#[tokio::test]
async fn an_object_is_immutable_and_comes_whole_or_in_parts() {
    let service = Service::start().await;
    let id = published(&service).await;
    let path = first_object(&service, &id).await;
    // Twice: from the store and from memory.
    for _ in 0..2 {
        let whole = service.get(&path).await;
        assert_eq!(whole.status, 200);
        assert_eq!(whole.header("content-type"), "image/webp");
        assert_eq!(
            whole.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
        assert_eq!(whole.header("accept-ranges"), "bytes");
        assert_eq!(whole.header("content-length"), "2");
        assert_eq!(whole.header("x-content-type-options"), "nosniff");
        let etag = whole.header("etag").to_owned();
        assert!(path.contains(etag.trim_matches('"')), "{etag}");
        let ask =
            async |headers: &[(&str, &str)]| service.ask(with(Method::GET, &path, headers)).await;
        let part = ask(&[("range", "bytes=1-"), ("if-range", &etag)]).await;
        assert_eq!(
            (part.status.as_u16(), &part.body[..]),
            (206, &whole.body[1..])
        );
        assert_eq!(part.header("content-range"), "bytes 1-1/2");
        assert_eq!(part.header("etag"), etag);
        let changed = ask(&[("range", "bytes=1-"), ("if-range", "\"other\"")]).await;
        assert_eq!((changed.status.as_u16(), changed.body.len()), (200, 2));
        let beyond = ask(&[("range", "bytes=2-")]).await;
        assert_eq!(beyond.status, 416);
        assert_eq!(beyond.header("content-range"), "bytes */2");
        let known = ask(&[("if-none-match", &etag)]).await;
        assert_eq!((known.status.as_u16(), known.body.len()), (304, 0));
        let head = service
            .ask(with(Method::HEAD, &path, &[("range", "bytes=0-0")]))
            .await;
        assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), "2");
    }
}

#[tokio::test]
async fn a_large_object_streams_in_parts() {
    let service = Service::start().await;
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
    let file = service.folder.path().join("large");
    std::fs::write(&file, &bytes).unwrap();
    let key = crate::store::ObjectKey::new(crate::store::Class::Derived, [5; 32], "glb").unwrap();
    service.app.objects.put_file(&key, &file).await.unwrap();
    let path = format!("/objects/{}", key.file_name());
    let whole = service.get(&path).await;
    assert_eq!(whole.header("content-type"), "model/gltf-binary");
    assert!(whole.body == bytes);
    let part = service
        .ask(with(
            Method::GET,
            &path,
            &[("range", "bytes=1999990-2000009")],
        ))
        .await;
    assert_eq!(part.body[..], bytes[1_999_990..2_000_010]);
    assert_eq!(part.header("content-length"), "20");
    assert_eq!(service.app.hot.weighted_size(), 0, "too large for memory");
}

#[tokio::test]
async fn any_page_may_embed_and_read_ranges() {
    let service = Service::start().await;
    let id = published(&service).await;
    let object = first_object(&service, &id).await;
    let origin = [("origin", "https://shop.example")];
    for path in [
        object.as_str(),
        &format!("/products/{id}/manifest.json"),
        "/viewer/xoay-viewer.js",
    ] {
        let answer = service.ask(with(Method::GET, path, &origin)).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert!(
            answer
                .header("access-control-expose-headers")
                .contains("content-range")
        );
        let preflight = [
            origin[0],
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", "range"),
        ];
        let answer = service.ask(with(Method::OPTIONS, path, &preflight)).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(
            answer
                .header("access-control-allow-headers")
                .contains("range")
        );
    }
    // The API and the pages are for their own origin.
    for path in [
        "/api/products".to_owned(),
        format!("/products/{id}"),
        "/".into(),
    ] {
        let answer = service.ask(with(Method::GET, &path, &origin)).await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
    }
}

#[tokio::test]
async fn an_original_cannot_be_reached() {
    let service = Service::start().await;
    let id = service.product_with_photos().await;
    let photos = service
        .get(&format!("/api/products/{id}/photos"))
        .await
        .json();
    let hash = photos[0]["sha256"].as_str().unwrap();
    service
        .get(&format!("/objects/{hash}.jpg"))
        .await
        .assert_problem(404, "no-such-object");
    for name in [
        "..%2foriginals%2fx.jpg",
        "x",
        "%00",
        &format!("{hash}.html"),
    ] {
        service
            .get(&format!("/objects/{name}"))
            .await
            .assert_problem(404, "no-such-object");
    }
    service
        .get("/objects/../xoay.db")
        .await
        .assert_problem(404, "no-such-address");
    service
        .get("/viewer/..%2f..%2fCargo.toml")
        .await
        .assert_problem(404, "no-such-address");
}

#[tokio::test]
async fn nothing_is_public_before_it_is_published() {
    let service = Service::start().await;
    let id = service.product_with_photos().await;
    let hidden = async || {
        service
            .get(&format!("/products/{id}/manifest.json"))
            .await
            .assert_problem(404, "not-published");
        service
            .get(&format!("/products/{id}"))
            .await
            .assert_problem(404, "not-published");
        service
            .get(&format!("/embed/{id}"))
            .await
            .assert_problem(404, "not-published");
        assert!(!service.get("/kiosk").await.text().contains("Mật ong"));
    };
    let publish = || async {
        service
            .post(&format!("/api/products/{id}/publish"), &json!({}))
            .await
    };
    publish().await.assert_problem(409, "nothing-to-publish");
    hidden().await;
    // Whichever put fails, no job is done and nothing can be published.
    for good in 0..5 {
        let job = service.start_spin(&id).await;
        service.faults.fail_after(good, true);
        service.work(Plan::Succeed(10 + good as u8)).await;
        service.faults.heal();
        assert_eq!(
            service.get(&format!("/api/jobs/{job}")).await.json()["state"],
            "failed"
        );
        publish().await.assert_problem(409, "nothing-to-publish");
        hidden().await;
    }
    service.start_spin(&id).await;
    service.work(Plan::Succeed(1)).await;
    hidden().await;
    assert_eq!(publish().await.json()["version"], 1);
    assert!(service.get("/kiosk").await.text().contains("Mật ong"));
    // A failed job later leaves what is public as it is.
    let before = service
        .get(&format!("/products/{id}/manifest.json"))
        .await
        .text();
    service.start_spin(&id).await;
    service.faults.fail_after(1, true);
    service.work(Plan::Succeed(99)).await;
    service.faults.heal();
    assert_eq!(publish().await.json()["version"], 1);
    assert_eq!(
        service
            .get(&format!("/products/{id}/manifest.json"))
            .await
            .text(),
        before
    );
}

#[tokio::test]
async fn a_draft_can_be_looked_at_before_it_is_public() {
    let service = Service::start().await;
    let id = service.product_with_photos().await;
    let job = service.start_spin(&id).await;
    service.work(Plan::Succeed(1)).await;
    let draft = service.get(&format!("/api/jobs/{job}/manifest.json")).await;
    assert_eq!(draft.header("cache-control"), "no-store");
    let url = draft.json()["spin"]["posters"][0]["url"]
        .as_str()
        .unwrap()
        .to_owned();
    let object = service.get(url.strip_prefix("../../..").unwrap()).await;
    assert_eq!(object.status, 200);
}

#[tokio::test]
async fn a_failing_store_says_nothing_of_itself() {
    let service = Service::start().await;
    let id = published(&service).await;
    let path = first_object(&service, &id).await;
    service.faults.unreachable.store(true, Ordering::SeqCst);
    let failed: Answer = service.get(&path).await;
    failed.assert_problem(503, "unavailable");
    assert!(!failed.text().contains("secret"), "{}", failed.text());
    assert_eq!(service.get("/healthz").await.status, 200);
    let unready = service.get("/readyz").await;
    assert_eq!(unready.status, 503);
    assert!(!unready.text().contains("secret"));
    let put = service
        .put(&format!("/api/products/{id}/photos/9.jpg"), photo(9))
        .await;
    put.assert_problem(503, "unavailable");
    service.faults.unreachable.store(false, Ordering::SeqCst);
    assert_eq!(service.get("/readyz").await.status, 200);
    assert_eq!(service.get(&path).await.status, 200);
}

#[tokio::test]
async fn the_viewer_is_served_from_the_program() {
    let service = Service::start().await;
    for file in xoay_viewer_bundle::files() {
        let path = format!("/viewer/{}", file.path);
        let plain = service.get(&path).await;
        assert_eq!(plain.status, 200, "{path}");
        assert_eq!(plain.header("content-type"), file.media_type);
        assert!(plain.body == file.bytes, "{path}");
        assert_eq!(
            plain.header("cache-control").contains("immutable"),
            file.immutable
        );
        let etag = plain.header("etag");
        let again = service
            .ask(with(Method::GET, &path, &[("if-none-match", etag)]))
            .await;
        assert_eq!(again.status, 304);
        if let Some(brotli) = file.brotli {
            let small = service
                .ask(with(Method::GET, &path, &[("accept-encoding", "br")]))
                .await;
            assert_eq!(small.header("content-encoding"), "br");
            assert!(small.body == brotli, "{path}");
        }
    }
}

/// Every header but those that differ from request to request, and the length of nothing, which whoever writes the
/// answer to the network adds where it belongs.
fn lasting(answer: &header::HeaderMap) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = answer
        .iter()
        .filter(|(name, value)| {
            *name != "x-request-id" && (*name, value.as_bytes()) != (&header::CONTENT_LENGTH, b"0")
        })
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn an_object_from_memory_is_answered_as_its_route_would() {
    let service = Service::start().await;
    let id = published(&service).await;
    let path = first_object(&service, &id).await;
    let etag = service.get(&path).await.header("etag").to_owned();
    let front = crate::api::Front::new(service.app.clone(), service.guard());
    for (method, headers) in [
        (Method::GET, vec![]),
        (Method::GET, vec![("origin", "https://shop.example")]),
        (Method::GET, vec![("range", "bytes=0-0")]),
        (Method::GET, vec![("range", "bytes=9-")]),
        (Method::GET, vec![("if-none-match", etag.as_str())]),
        (Method::GET, vec![("host", "evil.example")]),
        (Method::HEAD, vec![]),
        (Method::POST, vec![]),
        (Method::OPTIONS, vec![("origin", "https://shop.example")]),
    ] {
        let asked = || with(method.clone(), &path, &headers);
        let near = |mut request: Request<Body>| {
            let peer = std::net::SocketAddr::from(([127, 0, 0, 1], 50_000));
            request.extensions_mut().insert(crate::api::Peer(peer));
            request
        };
        let Ok(direct) = front.clone().answer(near(asked())).await;
        let (status, held) = (direct.status(), lasting(direct.headers()));
        assert!(direct.headers().contains_key("x-request-id"));
        let body = axum::body::to_bytes(direct.into_body(), 1024)
            .await
            .unwrap();
        let routed = service.ask(asked()).await;
        assert_eq!(status, routed.status, "{method} {headers:?}");
        assert_eq!(held, lasting(&routed.headers), "{method} {headers:?}");
        if status.is_success() {
            assert_eq!(body, routed.body, "{method} {headers:?}");
        }
    }
}
