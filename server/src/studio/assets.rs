use std::sync::LazyLock;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::Error;
use crate::api::{Path, etag_matches};

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// The pages' own files: name, media type, content.
const FILES: [(&str, &str, &str); 22] = [
    ("xoay.css", CSS, include_str!("xoay.css")),
    ("xoay.svg", SVG, include_str!("xoay.svg")),
    ("element.js", JS, include_str!("element.js")),
    ("api.js", JS, include_str!("api.js")),
    ("upload.js", JS, include_str!("upload.js")),
    ("tus.js", JS, include_str!("tus.js")),
    ("job.js", JS, include_str!("job.js")),
    ("studio.js", JS, include_str!("studio.js")),
    ("sign-in.js", JS, include_str!("sign-in.js")),
    ("captures.js", JS, include_str!("captures.js")),
    ("producers.js", JS, include_str!("producers.js")),
    ("people.js", JS, include_str!("people.js")),
    ("standing.js", JS, include_str!("standing.js")),
    ("listing.js", JS, include_str!("listing.js")),
    ("fields.js", JS, include_str!("fields.js")),
    ("product.js", JS, include_str!("product.js")),
    ("kiosk.css", CSS, include_str!("../kiosk/kiosk.css")),
    ("kiosk.js", JS, include_str!("../kiosk/kiosk.js")),
    ("attract.js", JS, include_str!("../kiosk/attract.js")),
    ("idle.js", JS, include_str!("../kiosk/idle.js")),
    ("lock.js", JS, include_str!("../kiosk/lock.js")),
    ("offline.js", JS, include_str!("../kiosk/offline.js")),
];

/// One tag for all: they change together, with the program.
static TAG: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = Sha256::new();
    for (_, _, content) in FILES {
        hasher.update(content);
    }
    format!("W/\"{}\"", hex::encode(&hasher.finalize()[..8]))
});

pub(super) async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Error> {
    let (_, media_type, content) = FILES
        .into_iter()
        .find(|(known, _, _)| *known == name)
        .ok_or(Error::NoSuchAddress)?;
    let common = [
        (header::ETAG, TAG.as_str()),
        (header::CACHE_CONTROL, "public, max-age=60, must-revalidate"),
    ];
    if etag_matches(&headers, &TAG) {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    Ok((common, [(header::CONTENT_TYPE, media_type)], content).into_response())
}
