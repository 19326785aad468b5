//! What others read of a product's page: oEmbed, linked data, the kiosk's worker.

use serde_json::{Value, json};

use crate::fixtures::{Answer, Plan, Service};

/// Where a request without a `Host` of its own is answered.
fn origin(page: &str) -> &str {
    let link = page.split("rel=\"canonical\" href=\"").nth(1).unwrap();
    &link[..link.find("/products/").unwrap()]
}

async fn published(service: &Service) -> String {
    let body = json!({
        "slug": "honey",
        "name": { "vi": "Mật ong </script><b>\"hoa\"", "en": "Honey" },
        "producer": { "vi": "HTX", "en": "Co-op" },
        "commune": { "vi": "Hồng Nam", "en": "Hong Nam" },
    });
    let id = service.post("/api/products", &body).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let photo = format!("/api/products/{id}/photos/1.jpg");
    service.put(&photo, crate::fixtures::photo(1)).await;
    service.start_spin(&id).await;
    service.work(Plan::Succeed(1)).await;
    let publish = format!("/api/products/{id}/publish");
    assert_eq!(service.post(&publish, &json!({})).await.status, 200);
    id
}

async fn asked(service: &Service, url: &str, more: &str) -> Answer {
    let url: String = url::form_urlencoded::byte_serialize(url.as_bytes()).collect();
    service.get(&format!("/oembed?url={url}{more}")).await
}

#[tokio::test]
async fn oembed_gives_the_frame_that_the_page_names() {
    let service = Service::start().await;
    let id = published(&service).await;
    let page = service.get(&format!("/products/{id}?lang=vi")).await.text();
    let here = origin(&page);
    // The address that the page itself names, as a consumer finds it.
    let link = page
        .split("type=\"application/json+oembed\" href=\"")
        .nth(1)
        .unwrap();
    let link = link.split('"').next().unwrap().replace("&#38;", "&");
    let found = service.get(link.strip_prefix(here).unwrap()).await;
    assert_eq!(found.status, 200, "{link}: {}", found.text());
    assert_eq!(found.header("access-control-allow-origin"), "*");
    let rich = found.json();
    assert_eq!(
        (&rich["version"], &rich["type"], &rich["author_name"]),
        (&json!("1.0"), &json!("rich"), &json!("HTX"))
    );
    assert_eq!(
        (&rich["width"], &rich["height"]),
        (&json!(640), &json!(480))
    );
    let html = rich["html"].as_str().unwrap();
    assert!(
        html.contains(&format!("{here}/embed/{id}?lang=vi")),
        "{html}"
    );
    assert!(
        html.contains("&lt;/script>") && !html.contains("</script>"),
        "{html}"
    );
    let thumbnail = rich["thumbnail_url"].as_str().unwrap();
    let picture = service.get(thumbnail.strip_prefix(here).unwrap()).await;
    assert_eq!(picture.header("content-type"), "image/webp");

    let small = asked(
        &service,
        &format!("{here}/products/honey"),
        "&maxwidth=400&maxheight=150",
    )
    .await;
    let small = small.json();
    assert!(small["width"].as_u64().unwrap() <= 400 && small["height"].as_u64().unwrap() <= 150);
    asked(&service, &format!("{here}/products/{id}"), "&format=xml")
        .await
        .assert_problem(501, "no-such-format");
    asked(&service, "https://elsewhere.example/products/honey", "")
        .await
        .assert_problem(404, "no-such-address");
    asked(&service, &format!("{here}/products/absent"), "")
        .await
        .assert_problem(404, "no-such-product");
    service
        .get("/oembed")
        .await
        .assert_problem(400, "malformed");
}

#[tokio::test]
async fn a_page_describes_its_product_to_machines() {
    let service = Service::start().await;
    let id = published(&service).await;
    let page = service.get(&format!("/products/{id}?lang=vi")).await.text();
    let data = page
        .split("<script type=\"application/ld+json\">")
        .nth(1)
        .unwrap();
    let data: Value = serde_json::from_str(data.split("</script>").next().unwrap()).unwrap();
    assert_eq!(data["@type"], "Product");
    assert_eq!(data["name"], "Mật ong </script><b>\"hoa\"");
    assert_eq!(data["manufacturer"]["name"], "HTX");
    assert_eq!(
        data["manufacturer"]["address"]["addressLocality"],
        "Hồng Nam"
    );
    let picture = &data["image"];
    assert_eq!(
        (
            &picture["@type"],
            &picture["width"],
            &picture["encodingFormat"]
        ),
        (&json!("ImageObject"), &json!(400), &json!("image/webp"))
    );
    let at = picture["contentUrl"].as_str().unwrap();
    let at = at.strip_prefix(origin(&page)).unwrap();
    assert_eq!(service.get(at).await.status, 200, "{at}");
    assert_eq!(data["subjectOf"], json!(null), "there is no model");
}

#[tokio::test]
async fn the_kiosks_worker_may_act_for_the_kiosk() {
    let service = Service::start().await;
    let worker = service.get("/kiosk/worker.js").await;
    assert_eq!(
        worker.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(worker.header("service-worker-allowed"), "/kiosk");
    assert_eq!(worker.header("cache-control"), "no-cache");
    for name in [
        "kiosk.js",
        "kiosk.css",
        "attract.js",
        "idle.js",
        "lock.js",
        "offline.js",
    ] {
        assert_eq!(
            service.get(&format!("/assets/{name}")).await.status,
            200,
            "{name}"
        );
    }
}
