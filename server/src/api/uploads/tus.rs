//! Uploads in pieces: [tus 1.0.0](https://tus.io/protocols/resumable-upload) with creation, creation-with-upload,
//! checksum, termination and expiration.
//!
//! Every acknowledged byte lies durable in the store, under an offset that the database has: whichever process the
//! client reaches next goes on from there.

mod finish;
mod headers;
mod pieces;
mod sweep;
mod turns;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{head, options, patch};
use axum::{Json, middleware};
use serde::Serialize;
use time::OffsetDateTime;
use time::macros::format_description;
use xoay_format::Text;

use super::file_name::photo_name;
use crate::Error;
use crate::api::captures::CaptureQuery;
use crate::api::products::fresh;
use crate::api::{Access, App, Path, Query, Routes};
use crate::catalogue::{CaptureId, NewUpload, PendingUpload, ProductId, UploadId, UploadKind};

#[cfg(test)]
pub(crate) use sweep::sweep;
pub(crate) use sweep::sweep_for_ever;
pub(crate) use turns::Turns;

const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
const EXTENSIONS: &str = "creation,creation-with-upload,checksum,termination,expiration";
/// The media type of a piece.
const PIECE: &str = "application/offset+octet-stream";

/// An upload's routes; the layer adds what every answer of the protocol carries.
pub(crate) fn routes() -> Routes {
    use crate::people::Permission::{Digitize, Read};

    let (product, upload) = ("/api/products/{id}/uploads", "/api/uploads/{id}");
    Routes::new()
        .get(product, Access::Product(Read), list)
        .post(product, Access::Product(Digitize), create)
        .on(Method::OPTIONS, product, Access::Public, options(abilities))
        .on(Method::HEAD, upload, Access::Upload(Digitize), head(offset))
        .on(
            Method::PATCH,
            upload,
            Access::Upload(Digitize),
            patch(append),
        )
        .delete(upload, Access::Upload(Digitize), terminate)
        .on(Method::OPTIONS, upload, Access::Public, options(abilities))
        .on(
            Method::OPTIONS,
            "/api/uploads",
            Access::Public,
            options(abilities),
        )
        .within(|router| router.layer(middleware::map_response(with_version)))
}

async fn with_version(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(HeaderName::from_static("tus-resumable"), VERSION);
    response
}

/// What this server can do, without a version asked for.
async fn abilities(State(app): State<Arc<App>>) -> Response {
    let most = app.limits.photo_bytes.max(app.limits.model_bytes);
    (
        StatusCode::NO_CONTENT,
        [
            ("tus-version", "1.0.0".to_owned()),
            ("tus-extension", EXTENSIONS.to_owned()),
            ("tus-checksum-algorithm", headers::ALGORITHMS.to_owned()),
            ("tus-max-size", most.to_string()),
        ],
    )
        .into_response()
}

/// An upload under way, as its product lists it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UploadUnderWay {
    id: UploadId,
    #[serde(skip_serializing_if = "Option::is_none")]
    capture_id: Option<CaptureId>,
    kind: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    length_bytes: u64,
    offset_bytes: u64,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

impl From<PendingUpload> for UploadUnderWay {
    fn from(upload: PendingUpload) -> Self {
        Self {
            id: upload.id,
            capture_id: upload.file.capture_id,
            kind: upload.file.kind.name(),
            name: upload.file.name,
            sha256: upload.file.sha256,
            fingerprint: upload.file.fingerprint,
            length_bytes: upload.file.length_bytes,
            offset_bytes: upload.offset_bytes,
            expires_at: upload.expires_at,
        }
    }
}

/// What is under way: with it a client that lost its memory finds its uploads again.
async fn list(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Response, Error> {
    let product = app.product(&id).await?;
    let uploads = app.ledger.uploads(product.id).await?;
    let views: Vec<UploadUnderWay> = uploads.into_iter().map(Into::into).collect();
    Ok(fresh(Json(views)))
}

async fn create(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(CaptureQuery { capture }): Query<CaptureQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Error> {
    speaks(&headers)?;
    let product = app.product(&id).await?;
    let capture = app.capture(product.id, capture.as_deref()).await?;
    let new = described(&app, product.id, capture, &headers)?;
    let carries = headers.contains_key(header::CONTENT_TYPE);
    if carries {
        is_piece(&headers)?;
    }
    let checksum = headers::checksum(&headers)?;
    let mut upload = app
        .ledger
        .open_upload(&new, &app.limits, app.upload_lifetime)
        .await?;
    if carries {
        upload = pieces::take(&app, upload.id, Some(0), body, checksum).await?;
    }
    let location = [(header::LOCATION, format!("/api/uploads/{}", upload.id))];
    Ok((StatusCode::CREATED, location, state(&upload)).into_response())
}

async fn offset(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    speaks(&headers)?;
    let upload = pieces::settled(&app, parse(&id)?).await?;
    let length = [("upload-length", upload.file.length_bytes.to_string())];
    let fresh = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::OK, fresh, length, state(&upload)).into_response())
}

async fn append(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Error> {
    speaks(&headers)?;
    is_piece(&headers)?;
    let from_bytes = headers::number(&headers, "upload-offset")?
        .ok_or_else(|| wrong("upload-offset", "cần có tiêu đề này", "it is missing"))?;
    let checksum = headers::checksum(&headers)?;
    let upload = pieces::take(&app, parse(&id)?, Some(from_bytes), body, checksum).await?;
    Ok((StatusCode::NO_CONTENT, state(&upload)).into_response())
}

async fn terminate(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    speaks(&headers)?;
    let id = parse(&id)?;
    let _turn = app.turns.take(id).await?;
    if !app.ledger.close_upload(id).await? {
        return Err(missing(id));
    }
    app.objects.remove_parts(id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Where the upload stands, in headers.
fn state(upload: &PendingUpload) -> [(&'static str, String); 2] {
    let http_date = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    [
        ("upload-offset", upload.offset_bytes.to_string()),
        (
            "upload-expires",
            // All its parts are there: formatting a whole moment does not fail.
            upload.expires_at.format(http_date).unwrap_or_default(),
        ),
    ]
}

/// What a new upload is to become, by its headers.
fn described(
    app: &App,
    product_id: ProductId,
    capture: CaptureId,
    headers: &HeaderMap,
) -> Result<NewUpload, Error> {
    if headers.contains_key("upload-defer-length") {
        return Err(wrong(
            "upload-defer-length",
            "phải báo trước độ dài bằng Upload-Length",
            "the length must be told beforehand with Upload-Length",
        ));
    }
    let length_bytes = headers::number(headers, "upload-length")?
        .filter(|length| *length > 0)
        .ok_or_else(|| {
            wrong(
                "upload-length",
                "cần độ dài tệp, lớn hơn 0",
                "the file's length is needed, more than 0",
            )
        })?;
    let said = headers::metadata(headers)?;
    let name = said
        .name
        .ok_or_else(|| wrong("upload-metadata", "cần filename", "filename is needed"))?;
    let is_model = || {
        let ending = name.rsplit_once('.').map(|(_, ending)| ending);
        ending.is_some_and(|ending| ending.eq_ignore_ascii_case("glb"))
    };
    let kind = said.kind.unwrap_or_else(|| {
        if is_model() {
            UploadKind::Model
        } else {
            UploadKind::Photo
        }
    });
    let (name, limit_bytes) = match kind {
        UploadKind::Photo => (photo_name(&name)?, app.limits.photo_bytes),
        UploadKind::Model => ("model.glb".to_owned(), app.limits.model_bytes),
    };
    if length_bytes > limit_bytes {
        return Err(Error::FileTooLarge { name, limit_bytes });
    }
    Ok(NewUpload {
        product_id,
        capture_id: (kind == UploadKind::Photo).then_some(capture),
        kind,
        name,
        sha256: said.sha256,
        fingerprint: said.fingerprint,
        length_bytes,
    })
}

fn speaks(headers: &HeaderMap) -> Result<(), Error> {
    match headers.get("tus-resumable") {
        Some(version) if *version == VERSION => Ok(()),
        _ => Err(Error::UploadVersion),
    }
}

fn is_piece(headers: &HeaderMap) -> Result<(), Error> {
    let media = headers.get(header::CONTENT_TYPE);
    if media.is_some_and(|media| media.as_bytes().eq_ignore_ascii_case(PIECE.as_bytes())) {
        return Ok(());
    }
    Err(wrong(
        "content-type",
        "cần application/offset+octet-stream",
        "application/offset+octet-stream is expected",
    ))
}

fn parse(id: &str) -> Result<UploadId, Error> {
    id.parse().map_err(|_| Error::NoSuchUpload {
        id: id.chars().take(80).collect(),
    })
}

fn missing(id: UploadId) -> Error {
    Error::NoSuchUpload { id: id.to_string() }
}

fn wrong(header: &'static str, vi: &str, en: &str) -> Error {
    Error::UploadHeader {
        header,
        rule: Text::new(vi, en),
    }
}
