use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use super::language::weighted;
use super::{Path, etag_matches};
use crate::Error;

/// The viewer's files, built into this program.
pub(super) async fn serve(Path(path): Path<String>, headers: HeaderMap) -> Result<Response, Error> {
    let file = xoay_viewer_bundle::file(&path).ok_or(Error::NoSuchAddress)?;
    let brotli = file.brotli.filter(|_| takes_brotli(&headers));
    let encoding = if brotli.is_some() { "br" } else { "identity" };
    let etag = format!("\"{}-{encoding}\"", xoay_viewer_bundle::version());
    let cache = if file.immutable {
        "public, max-age=31536000, immutable"
    } else {
        // The loader keeps its name, so that pages that embed it get improvements.
        "public, max-age=300, must-revalidate"
    };
    let common = [
        (header::ETAG, etag.as_str()),
        (header::CACHE_CONTROL, cache),
        (header::VARY, "accept-encoding"),
    ];
    if etag_matches(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let body = Bytes::from_static(brotli.unwrap_or(file.bytes));
    let media = [(header::CONTENT_TYPE, file.media_type)];
    if brotli.is_some() {
        let encoded = [(header::CONTENT_ENCODING, encoding)];
        return Ok((common, media, encoded, body).into_response());
    }
    Ok((common, media, body).into_response())
}

fn takes_brotli(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(weighted)
        .any(|(name, quality)| name.eq_ignore_ascii_case("br") && quality > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_only_for_those_who_take_it() {
        for (value, expected) in [
            ("gzip, deflate, br", true),
            ("br;q=0.5", true),
            ("br;q=0", false),
            ("gzip", false),
            ("", false),
            ("brotli", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, value.parse().unwrap());
            assert_eq!(takes_brotli(&headers), expected, "{value:?}");
        }
    }
}
