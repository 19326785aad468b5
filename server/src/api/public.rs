use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use xoay_format::{ImageFile, ImageFormat, ProductManifest};

use super::{App, Path};
use crate::Error;
use crate::catalogue::{Product, ProductId, Publication};

/// The public manifest: short-lived in caches, then asked for again with its tag.
pub(super) async fn manifest(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let product = app.product(&id).await?;
    let publication = app.catalogue.publication(product.id).await?;
    let publication = publication.ok_or(Error::NotPublished)?;
    let etag = tag(&publication);
    let common = [
        (header::ETAG, etag.as_str()),
        (header::CACHE_CONTROL, "public, max-age=30, must-revalidate"),
    ];
    if etag_matches(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let media = [(header::CONTENT_TYPE, "application/json")];
    Ok((common, media, publication.manifest).into_response())
}

/// Weak, for the answer may be compressed on its way.
fn tag(publication: &Publication) -> String {
    let moment = publication.created_at.unix_timestamp_nanos() / 1_000_000;
    format!("W/\"{}-{moment:x}\"", publication.version)
}

/// Whether `If-None-Match` names this tag; strength does not matter here (RFC 9110 §13.1.2).
pub(crate) fn etag_matches(headers: &HeaderMap, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|tag| tag.trim() == "*" || opaque(tag) == opaque(etag))
}

/// The picture of a product that pages show before its viewer runs: one that every browser reads.
pub(crate) fn poster_of(manifest: &ProductManifest) -> Option<&ImageFile> {
    let posters = manifest
        .spin
        .as_ref()
        .map(|spin| &spin.posters)
        .filter(|posters| !posters.is_empty())
        .or(manifest.model.as_ref().map(|model| &model.posters))?;
    [
        ImageFormat::Webp,
        ImageFormat::Jpg,
        ImageFormat::Png,
        ImageFormat::Avif,
    ]
    .into_iter()
    .find_map(|format| posters.iter().find(|poster| poster.format == format))
}

impl App {
    /// The product with this id or slug, as it stands in an address.
    pub(crate) async fn product(&self, id: &str) -> Result<Product, Error> {
        let missing = || Error::NoSuchProduct {
            id: id.chars().take(80).collect(),
        };
        let found = match id.parse::<ProductId>() {
            Ok(parsed) => self.catalogue.product(parsed).await?,
            Err(_) => self.catalogue.product_by_slug(id).await?,
        };
        found.ok_or_else(missing)
    }
}
