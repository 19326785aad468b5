use axum::body::Body;
use axum::http::{Method, header};
use serde_json::json;

use crate::fixtures::{Plan, Service, request};

async fn published(service: &Service) -> String {
    let body = json!({
        "name": { "vi": "Mật ong <b>\"hoa\"</b>", "en": "Honey" },
        "producer": { "vi": "HTX", "en": "Co-op" },
    });
    let id = service.post("/api/products", &body).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    service
        .put(
            &format!("/api/products/{id}/photos/1.jpg"),
            crate::fixtures::photo(1),
        )
        .await;
    service.start_spin(&id).await;
    service.work(Plan::Succeed(1)).await;
    service
        .post(&format!("/api/products/{id}/publish"), &json!({}))
        .await;
    id
}

#[tokio::test]
async fn pages_are_strict_and_speak_the_visitors_language() {
    let service = Service::start().await;
    let id = published(&service).await;
    for (path, frames) in [
        ("/".to_owned(), "frame-ancestors 'none'"),
        ("/kiosk".into(), "frame-ancestors 'none'"),
        (format!("/products/{id}"), "frame-ancestors 'none'"),
        (format!("/embed/{id}"), "frame-ancestors *"),
    ] {
        let page = service.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("default-src 'self'") && policy.contains(frames),
            "{policy}"
        );
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"),
            "{policy}"
        );
        // The policy forbids inline scripts and styles; there must be none.
        let html = page.text();
        assert!(
            !html.contains(" style=") && !html.contains("<style") && !html.contains("<script>"),
            "{path}"
        );
        assert!(!html.contains(" onclick="), "{path}");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert!(!page.header("referrer-policy").is_empty());
        assert!(html.contains("<html lang=\"en\">"), "{path}");
        let vietnamese = service.get(&format!("{path}?lang=vi")).await.text();
        assert!(vietnamese.contains("<html lang=\"vi\">"), "{path}");
        let mut asked = request(Method::GET, &path, Body::empty());
        asked
            .headers_mut()
            .insert(header::ACCEPT_LANGUAGE, "vi".parse().unwrap());
        assert!(
            service
                .ask(asked)
                .await
                .text()
                .contains("<html lang=\"vi\">"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_product_page_reserves_its_place_and_offers_its_snippet() {
    let service = Service::start().await;
    let id = published(&service).await;
    let page = service.get(&format!("/products/{id}?lang=vi")).await.text();
    assert!(
        page.contains("slot=\"poster\"") && page.contains("width=\"400\" height=\"300\""),
        "{page}"
    );
    assert!(
        !page.contains("<b>"),
        "names are text, never markup: {page}"
    );
    let snippet = format!("http://127.0.0.1:8360/products/{id}/manifest.json");
    assert!(page.contains(&snippet), "{page}");
    let poster = page
        .split("slot=\"poster\" src=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert_eq!(service.get(poster).await.status, 200);
    assert!(
        service
            .get(&format!("/products/{id}?lang=en"))
            .await
            .text()
            .contains("<h1>Honey</h1>")
    );
}

#[tokio::test]
async fn every_file_that_pages_name_is_there() {
    let service = Service::start().await;
    let id = published(&service).await;
    let mut seen = std::collections::BTreeSet::new();
    for path in [
        "/".to_owned(),
        "/kiosk".into(),
        format!("/products/{id}"),
        format!("/embed/{id}"),
    ] {
        let html = service.get(&path).await.text();
        for attribute in ["src=\"/", "href=\"/"] {
            for rest in html.split(attribute).skip(1) {
                let target = rest.split('"').next().unwrap();
                seen.insert(format!("/{target}"));
            }
        }
    }
    assert!(seen.len() > 5, "{seen:?}");
    for path in seen {
        assert_eq!(service.get(&path).await.status, 200, "{path}");
    }
    // And the modules that those import.
    for name in ["element.js", "api.js", "upload.js", "job.js", "studio.js"] {
        let module = service.get(&format!("/assets/{name}")).await;
        for import in module.text().split("from \"./").skip(1) {
            let target = import.split('"').next().unwrap();
            assert_eq!(
                service.get(&format!("/assets/{target}")).await.status,
                200,
                "{target}"
            );
        }
    }
    service
        .get("/assets/absent.js")
        .await
        .assert_problem(404, "no-such-address");
}
