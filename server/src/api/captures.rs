//! The times that a product was photographed.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::products::fresh;
use super::{App, Path};
use crate::Error;
use crate::catalogue::{CaptureId, NewCapture, ProductId};

/// The capture that an address names; the product's current one where it names none.
#[derive(Deserialize)]
pub(super) struct CaptureQuery {
    pub(super) capture: Option<String>,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let product = app.product(&id).await?;
    Ok(fresh(Json(app.captures.captures(product.id).await?)))
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    body: Result<Json<NewCapture>, JsonRejection>,
) -> Result<Response, Error> {
    let Json(new) = body?;
    let product = app.product(&id).await?;
    let made = app
        .captures
        .create_capture(product.id, &new.checked()?)
        .await?;
    let location = format!("/api/products/{}/captures/{}", product.id, made.id);
    let location = [(header::LOCATION, location)];
    Ok((StatusCode::CREATED, location, fresh(Json(made))).into_response())
}

pub(super) async fn update(
    State(app): State<Arc<App>>,
    Path((id, capture)): Path<(String, String)>,
    body: Result<Json<NewCapture>, JsonRejection>,
) -> Result<Response, Error> {
    let Json(new) = body?;
    let product = app.product(&id).await?;
    let changed = app
        .captures
        .update_capture(product.id, parse(&capture)?, &new.checked()?)
        .await?;
    Ok(fresh(Json(changed.ok_or_else(|| missing(&capture))?)))
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Path((id, capture)): Path<(String, String)>,
) -> Result<StatusCode, Error> {
    let product = app.product(&id).await?;
    if app
        .captures
        .delete_capture(product.id, parse(&capture)?)
        .await?
    {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(missing(&capture))
    }
}

fn parse(id: &str) -> Result<CaptureId, Error> {
    id.parse().map_err(|_| missing(id))
}

fn missing(id: &str) -> Error {
    Error::NoSuchCapture {
        id: id.chars().take(80).collect(),
    }
}

impl App {
    /// The product's capture that is named, its current one where none is.
    pub(super) async fn capture(
        &self,
        product: ProductId,
        named: Option<&str>,
    ) -> Result<CaptureId, Error> {
        let Some(named) = named else {
            return self.captures.current_capture(product).await;
        };
        let id = parse(named)?;
        // A capture of another product is none of this one's, whoever may see it.
        let known = self.captures.captures(product).await?;
        if known.iter().any(|capture| capture.id == id) {
            Ok(id)
        } else {
            Err(missing(named))
        }
    }
}
