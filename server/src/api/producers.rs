//! Who makes products.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::products::{asked, fresh, owner};
use super::{App, Path, Query};
use crate::Error;
use crate::catalogue::{NewProducer, Producer, ProducerId, WantedProducers};
use crate::people::{Actor, Permission};

/// Producers in one answer.
const PAGE: u32 = 100;

/// What a list is asked for. An empty value asks for nothing, as a form sends it.
#[derive(Deserialize)]
pub(super) struct PageQuery {
    #[serde(default)]
    q: String,
    #[serde(default)]
    organisation: String,
    before: Option<String>,
    limit: Option<u32>,
}

#[derive(Serialize)]
struct ProducerPage {
    producers: Vec<Producer>,
    /// What to give as `before` for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<ProducerId>,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Error> {
    let before = query.before.as_deref().map(parse).transpose()?;
    let wanted = WantedProducers {
        reach: actor.reach(Permission::Read),
        words: query.q,
        organisation: asked(&query.organisation, "organisation", |text| {
            text.parse().ok()
        })?,
        before,
        limit: query.limit.unwrap_or(PAGE).clamp(1, PAGE),
    };
    let page = app.producers.producers(&wanted).await?;
    Ok(fresh(Json(ProducerPage {
        producers: page.producers,
        next: page.next,
    })))
}

/// Adds a producer to the organisation that is named, else to the first one where the caller may.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    body: Result<Json<NewProducer>, JsonRejection>,
) -> Result<Response, Error> {
    let Json(mut new) = body?;
    new.organisation = Some(owner(&app, &actor, new.organisation).await?);
    let made = app.producers.create_producer(&new.checked()?).await?;
    let location = [(header::LOCATION, format!("/api/producers/{}", made.id))];
    Ok((StatusCode::CREATED, location, fresh(Json(made))).into_response())
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    Ok(fresh(Json(app.producer(&id).await?)))
}

pub(super) async fn update(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    body: Result<Json<NewProducer>, JsonRejection>,
) -> Result<Response, Error> {
    let Json(new) = body?;
    let changed = app
        .producers
        .update_producer(parse(&id)?, &new.checked()?)
        .await?;
    Ok(fresh(Json(changed)))
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    if app.producers.delete_producer(parse(&id)?).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(missing(&id))
    }
}

fn parse(id: &str) -> Result<ProducerId, Error> {
    id.parse().map_err(|_| missing(id))
}

fn missing(id: &str) -> Error {
    Error::NoSuchProducer {
        id: id.chars().take(80).collect(),
    }
}

impl App {
    /// The producer with this id.
    pub(super) async fn producer(&self, id: &str) -> Result<Producer, Error> {
        let found = self.producers.producer(parse(id)?).await?;
        found.ok_or_else(|| missing(id))
    }
}
