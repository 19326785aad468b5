use serde_json::{Map, Value, json};
use xoay_format::ProductManifest;

use super::pages::{Card, object_path};

/// What a product's page tells search engines: a schema.org `Product` with its pictures and its 3D model.
///
/// `origin` is where the service is reached from outside. The text may stand in a `<script>` as it is.
pub(super) fn linked_data(card: &Card, manifest: &ProductManifest, origin: &str) -> String {
    let page = format!("{origin}/products/{}", card.id);
    let mut product = Map::new();
    product.insert("@context".into(), "https://schema.org".into());
    product.insert("@type".into(), "Product".into());
    product.insert("@id".into(), format!("{page}#product").into());
    product.insert("name".into(), card.name.clone().into());
    product.insert("url".into(), page.into());
    if !card.producer.is_empty() {
        let mut producer = json!({ "@type": "Organization", "name": card.producer });
        if !card.commune.is_empty() {
            producer["address"] =
                json!({ "@type": "PostalAddress", "addressLocality": card.commune });
        }
        product.insert("manufacturer".into(), producer);
    }
    if let Some(gtin) = &card.gtin {
        product.insert("gtin".into(), gtin.to_string().into());
    }
    if !card.story.is_empty() {
        product.insert("description".into(), card.story.clone().into());
    }
    if let Some(poster) = &card.poster {
        let picture = json!({
            "@type": "ImageObject",
            "contentUrl": format!("{origin}{}", poster.url),
            "width": poster.width,
            "height": poster.height,
            "encodingFormat": poster.media_type,
        });
        product.insert("image".into(), picture);
    }
    if let Some(model) = model(card, manifest, origin) {
        product.insert("subjectOf".into(), model);
    }
    if let Some(size) = manifest.dimensions_m {
        for (name, metres) in ["width", "height", "depth"].into_iter().zip(size) {
            // UN/CEFACT's code of the centimetre; millimetres are as fine as anybody measures.
            let value = (metres * 1000.0).round() / 10.0;
            let length = json!({ "@type": "QuantitativeValue", "value": value, "unitCode": "CMT" });
            product.insert(name.into(), length);
        }
    }
    // A text such as `</script>` must not end the element that it stands in.
    Value::Object(product).to_string().replace('<', "\\u003c")
}

fn model(card: &Card, manifest: &ProductManifest, origin: &str) -> Option<Value> {
    let model = manifest.model.as_ref()?;
    let file = |url: &str, media_type: &str| {
        json!({
            "@type": "MediaObject",
            "contentUrl": format!("{origin}{}", object_path(url)),
            "encodingFormat": media_type,
        })
    };
    let glb = model.plain_url.as_ref().unwrap_or(&model.url);
    let mut encoding = vec![file(glb, "model/gltf-binary")];
    if let Some(usdz) = &model.usdz {
        encoding.push(file(usdz, "model/vnd.usdz+zip"));
    }
    Some(json!({ "@type": "3DModel", "name": card.name, "encoding": encoding }))
}
