//! Uploads: streamed to a scratch file, hashed on the way, checked, stored, and only then acknowledged.

mod file_name;
mod receive;
pub(crate) mod tus;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use xoay_format::{Localize, Text};

use super::captures::CaptureQuery;
use super::products::fresh;
use super::{App, Path, Query};
use crate::Error;
use crate::catalogue::{CaptureId, Photo, Upload, UploadKind};
use file_name::photo_name;
use receive::receive;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhotoView {
    name: String,
    #[serde(flatten)]
    upload: UploadView,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UploadView {
    sha256: String,
    media_type: &'static str,
    size_bytes: u64,
}

impl From<&Photo> for PhotoView {
    fn from(photo: &Photo) -> Self {
        Self {
            name: photo.name.clone(),
            upload: UploadView::from(&photo.upload),
        }
    }
}

impl From<&Upload> for UploadView {
    fn from(upload: &Upload) -> Self {
        Self {
            sha256: upload.key.hash().into(),
            media_type: upload.key.media_type(),
            size_bytes: upload.size_bytes,
        }
    }
}

/// What became of the photos of one form.
#[derive(Serialize)]
struct Received {
    photos: Vec<PhotoView>,
    refused: Vec<Refused>,
}

#[derive(Serialize)]
struct Refused {
    name: String,
    reason: Text,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(CaptureQuery { capture }): Query<CaptureQuery>,
) -> Result<Response, Error> {
    let product = app.product(&id).await?;
    let capture = app.capture(product.id, capture.as_deref()).await?;
    let photos = app.catalogue.photos(capture).await?;
    let views: Vec<PhotoView> = photos.iter().map(PhotoView::from).collect();
    Ok(fresh(Json(views)))
}

pub(super) async fn put_photo(
    State(app): State<Arc<App>>,
    Path((id, name)): Path<(String, String)>,
    Query(CaptureQuery { capture }): Query<CaptureQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Error> {
    let product = app.product(&id).await?;
    let capture = app.capture(product.id, capture.as_deref()).await?;
    let name = photo_name(&name)?;
    let limit_bytes = app.limits.photo_bytes;
    check_length(&headers, &name, limit_bytes)?;
    let body = body.into_data_stream();
    let photo = store_photo(&app, capture, name, body).await?;
    Ok((StatusCode::CREATED, Json(PhotoView::from(&photo))).into_response())
}

/// A form with any number of photos. One that is refused does not stop the others.
pub(super) async fn post_many(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(CaptureQuery { capture }): Query<CaptureQuery>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, Error> {
    let product = app.product(&id).await?;
    let capture = app.capture(product.id, capture.as_deref()).await?;
    let malformed = |reason: String| Error::Malformed { reason };
    let mut form = form.map_err(|e| malformed(e.body_text()))?;
    let mut received = Received {
        photos: Vec::new(),
        refused: Vec::new(),
    };
    while let Some(field) = form
        .next_field()
        .await
        .map_err(|e| malformed(e.body_text()))?
    {
        let Some(given) = field.file_name().map(str::to_owned) else {
            continue; // a plain field of the form
        };
        let stored = match photo_name(&given) {
            Ok(name) => store_photo(&app, capture, name, field).await,
            Err(error) => Err(error),
        };
        match stored {
            Ok(photo) => received.photos.push(PhotoView::from(&photo)),
            Err(
                error @ (Error::PhotoName { .. }
                | Error::NotAPhoto { .. }
                | Error::FileTooLarge { .. }),
            ) if received.refused.len() < 100 => received.refused.push(Refused {
                name: given.chars().take(200).collect(),
                reason: error.text(),
            }),
            Err(error) => return Err(error),
        }
    }
    let status = if received.photos.is_empty() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::CREATED
    };
    Ok((status, Json(received)).into_response())
}

pub(super) async fn delete_photo(
    State(app): State<Arc<App>>,
    Path((id, name)): Path<(String, String)>,
    Query(CaptureQuery { capture }): Query<CaptureQuery>,
) -> Result<StatusCode, Error> {
    let product = app.product(&id).await?;
    let capture = app.capture(product.id, capture.as_deref()).await?;
    if app.catalogue.delete_photo(capture, &name).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Error::NoSuchPhoto {
            name: name.chars().take(200).collect(),
        })
    }
}

pub(super) async fn put_model(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Error> {
    let product = app.product(&id).await?;
    check_length(&headers, "model.glb", app.limits.model_bytes)?;
    let body = body.into_data_stream();
    let limit = app.limits.model_bytes;
    let upload = receive(&app, "model.glb", body, limit, UploadKind::Model).await?;
    app.catalogue.put_model(product.id, &upload).await?;
    Ok((StatusCode::CREATED, Json(UploadView::from(&upload))).into_response())
}

async fn store_photo<S, E>(
    app: &App,
    capture: CaptureId,
    name: String,
    body: S,
) -> Result<Photo, Error>
where
    S: futures::Stream<Item = Result<bytes::Bytes, E>>,
    E: std::fmt::Display,
{
    let upload = receive(app, &name, body, app.limits.photo_bytes, UploadKind::Photo).await?;
    let photo = Photo { name, upload };
    app.catalogue
        .put_photo(capture, &photo, &app.limits)
        .await?;
    Ok(photo)
}

/// Refuses early what says itself that it is too large.
fn check_length(headers: &HeaderMap, name: &str, limit_bytes: u64) -> Result<(), Error> {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limit_bytes) {
        return Err(Error::FileTooLarge {
            name: name.into(),
            limit_bytes,
        });
    }
    Ok(())
}
