use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;

use super::range::{Wanted, wanted};
use super::{App, HOT_OBJECT_BYTES, Path, etag_matches};
use crate::Error;
use crate::store::{Class, ObjectKey};

const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// An object's bytes, as they are or as they lie in the store.
enum Content {
    Hot(Bytes),
    Cold { size_bytes: u64 },
}

impl Content {
    fn size_bytes(&self) -> u64 {
        match self {
            Self::Hot(bytes) => bytes.len() as u64,
            Self::Cold { size_bytes } => *size_bytes,
        }
    }
}

pub(super) async fn serve(
    State(app): State<Arc<App>>,
    method: Method,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    let key = ObjectKey::parse(Class::Derived, &name).ok_or(Error::NoSuchObject)?;
    let content = find(&app, &key, method == Method::HEAD).await?;
    let etag = format!("\"{}\"", key.hash());
    let mut response = if etag_matches(&headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let size = content.size_bytes();
        // A range applies to GET alone.
        let wanted = match method {
            Method::GET => wanted(&headers, size, &etag),
            _ => Wanted::Whole,
        };
        let (status, part) = match wanted {
            Wanted::Whole => (StatusCode::OK, 0..size),
            Wanted::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
            Wanted::Unsatisfiable => {
                let total = format!("bytes */{size}");
                let headers = [(header::CONTENT_RANGE, total)];
                return Ok((StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response());
            }
        };
        let mut response = Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, key.media_type())
            .header(header::CONTENT_LENGTH, part.end - part.start);
        if status == StatusCode::PARTIAL_CONTENT {
            let range = format!("bytes {}-{}/{size}", part.start, part.end - 1);
            response = response.header(header::CONTENT_RANGE, range);
        }
        let body = match content {
            _ if method == Method::HEAD => Body::empty(),
            Content::Hot(bytes) => Body::from(bytes.slice(part.start as usize..part.end as usize)),
            Content::Cold { .. } => {
                let range = (status == StatusCode::PARTIAL_CONTENT).then_some(part);
                let opened = app.objects.get(&key, range).await?;
                Body::from_stream(opened.ok_or(Error::NoSuchObject)?)
            }
        };
        response
            .body(body)
            .map_err(|e| Error::io("building a response", std::io::Error::other(e)))?
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::ETAG, etag.as_str()),
        (header::CACHE_CONTROL, FOR_EVER),
        (header::ACCEPT_RANGES, "bytes"),
    ] {
        // Hexadecimal digits and constants are header values.
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    }
    Ok(response)
}

async fn find(app: &App, key: &ObjectKey, size_only: bool) -> Result<Content, Error> {
    if let Some(bytes) = app.hot.get(key).await {
        return Ok(Content::Hot(bytes));
    }
    let size_bytes = app
        .objects
        .size_bytes(key)
        .await?
        .ok_or(Error::NoSuchObject)?;
    if size_only || size_bytes > HOT_OBJECT_BYTES {
        return Ok(Content::Cold { size_bytes });
    }
    // Many visitors who want the same cold object read it once.
    let load = async {
        let mut body = app
            .objects
            .get(key, None)
            .await?
            .ok_or(Error::NoSuchObject)?;
        let mut bytes = BytesMut::with_capacity(size_bytes as usize);
        while let Some(chunk) = body.next().await {
            bytes.extend_from_slice(&chunk?);
        }
        Ok(bytes.freeze())
    };
    match app.hot.try_get_with_by_ref(key, load).await {
        Ok(bytes) => Ok(Content::Hot(bytes)),
        Err(error) => Err(match &*error {
            Error::NoSuchObject => Error::NoSuchObject,
            other => Error::io(
                "reading an object",
                std::io::Error::other(other.to_string()),
            ),
        }),
    }
}
