//! HTTP: routes, and what happens around every request.

mod guard;
mod health;
mod jobs;
mod language;
pub(crate) mod metrics;
mod objects;
mod observe;
mod oembed;
mod openapi;
mod problem;
mod products;
mod public;
mod range;
mod rate;
mod uploads;
mod viewer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts};
use axum::http::{HeaderName, Method, header};
use axum::middleware;
use axum::routing::{delete, get, post, put};
use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any, CorsLayer};
use url::Url;

pub(crate) use guard::{Guard, authority};
pub(crate) use language::preferred;
pub(crate) use metrics::Metrics;
pub(crate) use public::{etag_matches, poster_of};
pub(crate) use rate::{Peer, RateLimit};
pub(crate) use uploads::tus;

use crate::catalogue::{Catalogue, DeadJobs, JobQueue, UploadLedger, UploadLimits};
use crate::jobs::Newsroom;
use crate::store::{ObjectKey, Objects};
use crate::{Error, kiosk, studio};

/// Largest JSON body.
const JSON_LIMIT_BYTES: usize = 64 * 1024;
/// Objects up to this size are kept in memory whole.
pub(crate) const HOT_OBJECT_BYTES: u64 = 1024 * 1024;

/// What the handlers share.
pub(crate) struct App {
    pub(crate) catalogue: Arc<dyn Catalogue>,
    pub(crate) queue: Arc<dyn JobQueue>,
    pub(crate) ledger: Arc<dyn UploadLedger>,
    pub(crate) dead: Arc<dyn DeadJobs>,
    pub(crate) turns: Arc<tus::Turns>,
    pub(crate) objects: Objects,
    pub(crate) hot: moka::future::Cache<ObjectKey, Bytes>,
    pub(crate) newsroom: Arc<Newsroom>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) rate: Arc<RateLimit>,
    pub(crate) limits: UploadLimits,
    /// How long an upload in pieces is kept after the last of them.
    pub(crate) upload_lifetime: Duration,
    /// Where uploads wait until they are whole.
    pub(crate) uploads_dir: PathBuf,
    pub(crate) public_url: Option<Url>,
    pub(crate) stop: CancellationToken,
}

/// A cache for hot objects, weighted by their bytes.
pub(crate) fn hot_objects(cache_bytes: u64) -> moka::future::Cache<ObjectKey, Bytes> {
    moka::future::Cache::builder()
        .max_capacity(cache_bytes)
        .weigher(|_, bytes: &Bytes| u32::try_from(bytes.len()).unwrap_or(u32::MAX))
        .build()
}

/// All routes.
pub(crate) fn router(app: Arc<App>, guard: Guard) -> Router {
    let uploads = Router::new()
        .route(
            "/api/products/{id}/photos",
            get(uploads::list).post(uploads::post_many),
        )
        .route(
            "/api/products/{id}/photos/{name}",
            put(uploads::put_photo).delete(uploads::delete_photo),
        )
        .route("/api/products/{id}/model", put(uploads::put_model))
        .merge(tus::routes())
        // They stream and count for themselves.
        .layer(DefaultBodyLimit::disable());
    let api = Router::new()
        .route("/api/products", get(products::list).post(products::create))
        .route("/api/products/{id}", get(products::show))
        .route("/api/products/{id}/jobs", post(jobs::start))
        .route("/api/products/{id}/publish", post(products::publish))
        .route(
            "/api/jobs/{id}",
            get(jobs::show).merge(delete(jobs::cancel)),
        )
        .route("/api/jobs", get(jobs::dead))
        .route("/api/jobs/{id}/retry", post(jobs::retry))
        .route("/api/jobs/{id}/events", get(jobs::events))
        .route("/api/jobs/{id}/manifest.json", get(jobs::manifest))
        .layer(DefaultBodyLimit::max(JSON_LIMIT_BYTES));
    let pages = Router::new()
        .merge(studio::routes())
        .merge(kiosk::routes())
        .layer(CompressionLayer::new());
    let embeddable = Router::new()
        .route("/products/{id}/manifest.json", get(public::manifest))
        .layer(CompressionLayer::new())
        .route("/oembed", get(oembed::answer))
        .route("/objects/{name}", get(objects::serve))
        .route("/viewer/{*path}", get(viewer::serve))
        // Before the layer: a fallback that is set later would take the preflight's place.
        .method_not_allowed_fallback(refuse_method)
        .layer(cors());
    Router::new()
        .merge(api)
        .merge(uploads)
        .merge(pages)
        .merge(embeddable)
        .route("/api/openapi.json", get(openapi::serve))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .fallback(|| async { Error::NoSuchAddress })
        .method_not_allowed_fallback(refuse_method)
        .layer(middleware::from_fn_with_state(
            Arc::new(guard),
            guard::check,
        ))
        .layer(middleware::from_fn_with_state(
            app.rate.clone(),
            rate::check,
        ))
        .layer(middleware::from_fn_with_state(
            app.metrics.clone(),
            observe::observe,
        ))
        .with_state(app)
}

async fn refuse_method(method: Method) -> Error {
    Error::Method {
        method: method.to_string(),
    }
}

/// A part of the address, whose refusal is a problem like all others.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Error))]
pub(crate) struct Path<T>(pub(crate) T);

/// The address's query, whose refusal is a problem like all others.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Error))]
pub(crate) struct Query<T>(pub(crate) T);

/// Any page may embed what is public, ranges and all.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD])
        .allow_headers([header::RANGE, header::IF_RANGE, header::IF_NONE_MATCH])
        .expose_headers([
            header::ACCEPT_RANGES,
            header::CONTENT_LENGTH,
            header::CONTENT_RANGE,
            header::ETAG,
            HeaderName::from_static("x-request-id"),
        ])
        .max_age(Duration::from_hours(24))
}

#[cfg(test)]
mod tests;
