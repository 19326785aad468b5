//! oEmbed 1.0 (<https://oembed.com>): what a blog or a newsroom asks when somebody pastes a product's address.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{App, Query};
use crate::Error;
use crate::studio::{Card, LanguageQuery, own_origin, page_language, public_product};

/// Width of the frame where the asker sets no limit, CSS pixels.
const USUAL_WIDTH: u32 = 640;
/// Height of the frame where the asker sets no limit: a tall product stays within a window.
const USUAL_HEIGHT: u32 = 720;
/// A viewer smaller than this cannot be used.
const LEAST_SIDE: u32 = 160;
/// How long an answer may be kept, seconds.
const CACHE_AGE_S: u32 = 3600;

#[derive(Deserialize)]
pub(super) struct Asked {
    url: String,
    #[serde(default)]
    format: Option<String>,
    #[serde(default)]
    maxwidth: Option<u32>,
    #[serde(default)]
    maxheight: Option<u32>,
}

/// The answer; its field names are those of the specification (§2.3.4, `rich`).
#[derive(Debug, Serialize)]
struct Rich {
    version: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    provider_name: &'static str,
    provider_url: String,
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    author_name: String,
    cache_age: u32,
    html: String,
    width: u32,
    height: u32,
    #[serde(flatten)]
    thumbnail: Option<Thumbnail>,
}

#[derive(Debug, Serialize)]
struct Thumbnail {
    #[serde(rename = "thumbnail_url")]
    url: String,
    #[serde(rename = "thumbnail_width")]
    width: u32,
    #[serde(rename = "thumbnail_height")]
    height: u32,
}

pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Error> {
    // The specification leaves XML to the provider.
    if asked
        .format
        .as_deref()
        .is_some_and(|format| format != "json")
    {
        return Err(Error::NoSuchFormat);
    }
    let origin = own_origin(&app, &uri, &headers);
    let (id, query) = product_at(&asked.url, &origin).ok_or(Error::NoSuchAddress)?;
    let language = page_language(&query, &headers);
    let (product, manifest) = public_product(&app, &id).await?;
    let card = Card::new(&product, &manifest, language);
    let shape = card
        .poster
        .as_ref()
        .map_or((4, 3), |poster| (poster.width.max(1), poster.height.max(1)));
    let (width, height) = fit(shape, asked.maxwidth, asked.maxheight);
    let rich = Rich {
        version: "1.0",
        kind: "rich",
        provider_name: "Xoay",
        provider_url: origin.clone(),
        title: card.name.clone(),
        author_name: card.producer.clone(),
        cache_age: CACHE_AGE_S,
        html: card.frame(&origin, language, width, height),
        width,
        height,
        thumbnail: card.poster.as_ref().map(|poster| Thumbnail {
            url: format!("{origin}{}", poster.url),
            width: poster.width,
            height: poster.height,
        }),
    };
    let cache = format!("public, max-age={CACHE_AGE_S}");
    let headers = [
        (header::CACHE_CONTROL, cache.as_str()),
        (header::VARY, "accept-language"),
    ];
    Ok((headers, Json(rich)).into_response())
}

/// The product that an address of ours shows, and the language that it asks for.
fn product_at(address: &str, origin: &str) -> Option<(String, LanguageQuery)> {
    let url = Url::parse(address).ok()?;
    if url.origin().ascii_serialization() != origin {
        return None;
    }
    let mut parts = url.path_segments()?;
    let (kind, id) = (parts.next()?, parts.next()?);
    let rest = parts.next().unwrap_or_default();
    if !matches!(kind, "products" | "embed") || id.is_empty() || !rest.is_empty() {
        return None;
    }
    let lang = url.query_pairs().find(|(name, _)| name == "lang");
    let lang = lang.map(|(_, tag)| tag.into_owned());
    Some((id.to_owned(), LanguageQuery::of(lang)))
}

/// The frame's size: the picture's shape, within what the asker permits.
fn fit((w, h): (u32, u32), most_width: Option<u32>, most_height: Option<u32>) -> (u32, u32) {
    let aspect = f64::from(h) / f64::from(w);
    let width = f64::from(most_width.unwrap_or(USUAL_WIDTH).min(2 * USUAL_WIDTH));
    let width = width.min(f64::from(most_height.unwrap_or(USUAL_HEIGHT)) / aspect);
    let side = |length: f64, most: Option<u32>| {
        let length = (length.round() as u32).max(LEAST_SIDE);
        most.map_or(length, |most| length.min(most))
    };
    (side(width, most_width), side(width * aspect, most_height))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "https://xoay.example";

    fn id(address: &str) -> Option<String> {
        product_at(address, HERE).map(|(id, _)| id)
    }

    #[test]
    fn the_frame_has_the_pictures_shape_within_the_askers_limits() {
        assert_eq!(fit((1600, 1200), None, None), (640, 480));
        assert_eq!(fit((1600, 1200), Some(320), None), (320, 240));
        assert_eq!(fit((1600, 1200), Some(4000), Some(300)), (400, 300));
        assert_eq!(fit((456, 708), None, None), (464, 720));
        // A limit is kept even where a viewer that small is of little use.
        assert_eq!(fit((1600, 1200), Some(100), Some(0)), (100, 0));
        assert_eq!(fit((1, 100_000), Some(300), None), (160, 720));
    }

    #[test]
    fn only_our_own_products_are_answered() {
        assert_eq!(
            id("https://xoay.example/products/jar").as_deref(),
            Some("jar")
        );
        assert_eq!(
            id("https://xoay.example/embed/jar/").as_deref(),
            Some("jar")
        );
        assert_eq!(
            id("https://xoay.example/products/jar?lang=vi#x").as_deref(),
            Some("jar")
        );
        for other in [
            "https://evil.example/products/jar",
            "http://xoay.example/products/jar",
            "https://xoay.example.evil/products/jar",
            "https://xoay.example:8443/products/jar",
            "https://xoay.example/products/",
            "https://xoay.example/products/jar/manifest.json",
            "https://xoay.example/objects/jar",
            "products/jar",
            "",
        ] {
            assert_eq!(id(other), None, "{other}");
        }
    }
}
