use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::response::Builder;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;

use super::range::{Wanted, wanted};
use super::{App, HOT_OBJECT_BYTES, Path, etag_matches};
use crate::Error;
use crate::store::{Class, ObjectKey, Read};

const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// An object's bytes, as they are or as they lie in the store.
enum Content {
    Hot(Bytes),
    Cold { size_bytes: u64 },
}

/// What is asked of an object.
struct Asked<'a> {
    method: &'a Method,
    headers: &'a HeaderMap,
    key: &'a ObjectKey,
}

pub(super) async fn serve(
    State(app): State<Arc<App>>,
    method: Method,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    let key = ObjectKey::parse(Class::Derived, &name).ok_or(Error::NoSuchObject)?;
    let asked = Asked {
        method: &method,
        headers: &headers,
        key: &key,
    };
    match find(&app, &key, method == Method::HEAD).await? {
        Content::Hot(bytes) => asked.answer_from(&bytes),
        Content::Cold { size_bytes } => {
            let (head, part) = asked.head(size_bytes)?;
            let range = (head.status() == StatusCode::PARTIAL_CONTENT).then_some(part);
            if !has_body(&method, &head) {
                return Ok(head.map(|()| Body::empty()));
            }
            let opened = app.objects.get(&key, range).await?;
            let body = Body::from_stream(opened.ok_or(Error::NoSuchObject)?);
            Ok(head.map(|()| body))
        }
    }
}

/// An object that is held in memory.
pub(super) struct Held {
    key: ObjectKey,
    bytes: Bytes,
}

/// The object that `GET /objects/{name}` asks for, where it is held in memory; nothing where the routes must look further.
pub(super) async fn held(app: &App, parts: &Parts) -> Option<Held> {
    if parts.method != Method::GET {
        return None;
    }
    let name = parts.uri.path().strip_prefix("/objects/")?;
    let key = ObjectKey::parse(Class::Derived, name)?;
    let bytes = app.hot.get(&key).await?;
    Some(Held { key, bytes })
}

impl Held {
    pub(super) fn answer(&self, parts: &Parts) -> Result<Response, Error> {
        let asked = Asked {
            method: &parts.method,
            headers: &parts.headers,
            key: &self.key,
        };
        asked.answer_from(&self.bytes)
    }
}

impl Asked<'_> {
    fn answer_from(&self, bytes: &Bytes) -> Result<Response, Error> {
        let (head, part) = self.head(bytes.len() as u64)?;
        let body = if has_body(self.method, &head) {
            Body::from(bytes.slice(part.start as usize..part.end as usize))
        } else {
            Body::empty()
        };
        Ok(head.map(|()| body))
    }

    /// Status and headers, and which bytes of the object they announce.
    fn head(&self, size_bytes: u64) -> Result<(Response<()>, Range<u64>), Error> {
        let etag = format!("\"{}\"", self.key.hash());
        let builder = Response::builder()
            .header(header::ETAG, &etag)
            .header(header::CACHE_CONTROL, FOR_EVER)
            .header(header::ACCEPT_RANGES, "bytes");
        // A range applies to GET alone.
        let wanted = match *self.method {
            _ if etag_matches(self.headers, &etag) => None,
            Method::GET => Some(wanted(self.headers, size_bytes, &etag)),
            _ => Some(Wanted::Whole),
        };
        let typed = |builder: Builder, part: Range<u64>| {
            let builder = builder
                .header(header::CONTENT_TYPE, self.key.media_type())
                .header(header::CONTENT_LENGTH, part.end - part.start);
            (builder, part)
        };
        let (builder, part) = match wanted {
            None => (builder.status(StatusCode::NOT_MODIFIED), 0..0),
            Some(Wanted::Whole) => typed(builder, 0..size_bytes),
            Some(Wanted::Part(part)) => {
                let range = format!("bytes {}-{}/{size_bytes}", part.start, part.end - 1);
                let builder = builder
                    .status(StatusCode::PARTIAL_CONTENT)
                    .header(header::CONTENT_RANGE, range);
                typed(builder, part)
            }
            Some(Wanted::Unsatisfiable) => {
                let builder = Response::builder()
                    .status(StatusCode::RANGE_NOT_SATISFIABLE)
                    .header(header::CONTENT_RANGE, format!("bytes */{size_bytes}"));
                (builder, 0..0)
            }
        };
        let head = builder
            .body(())
            .map_err(|e| Error::io("building a response", std::io::Error::other(e)))?;
        Ok((head, part))
    }
}

fn has_body(method: &Method, head: &Response<()>) -> bool {
    *method != Method::HEAD && head.status().is_success()
}

async fn find(app: &App, key: &ObjectKey, size_only: bool) -> Result<Content, Error> {
    if let Some(bytes) = app.hot.get(key).await {
        return Ok(Content::Hot(bytes));
    }
    if size_only {
        let size_bytes = app.objects.size_bytes(key).await?;
        let size_bytes = size_bytes.ok_or(Error::NoSuchObject)?;
        return Ok(Content::Cold { size_bytes });
    }
    // Many visitors who want the same cold object read it once.
    let load = async {
        match app.objects.read(key, HOT_OBJECT_BYTES).await {
            Ok(Some(Read::Whole(bytes))) => Ok(bytes),
            Ok(Some(Read::Larger { size_bytes })) => Err(NotHeld::Larger { size_bytes }),
            Ok(None) => Err(NotHeld::Absent),
            Err(error) => Err(NotHeld::Unreadable(error)),
        }
    };
    match app.hot.try_get_with_by_ref(key, load).await {
        Ok(bytes) => Ok(Content::Hot(bytes)),
        Err(not_held) => match &*not_held {
            NotHeld::Larger { size_bytes } => Ok(Content::Cold {
                size_bytes: *size_bytes,
            }),
            NotHeld::Absent => Err(Error::NoSuchObject),
            // Others may be told the same.
            NotHeld::Unreadable(error) if error.is_unreachable() => {
                Err(Error::Store(object_store::Error::Generic {
                    store: "objects",
                    source: error.to_string().into(),
                }))
            }
            NotHeld::Unreadable(error) => Err(Error::io(
                "reading an object",
                std::io::Error::other(error.to_string()),
            )),
        },
    }
}

/// Why an object is not held in memory.
enum NotHeld {
    Larger { size_bytes: u64 },
    Absent,
    Unreadable(Error),
}
