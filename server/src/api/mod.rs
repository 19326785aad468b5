//! HTTP: routes, and what happens around every request.

mod access;
mod captures;
mod drafts;
mod front;
mod guard;
mod health;
mod jobs;
mod language;
pub(crate) mod metrics;
mod objects;
mod observe;
mod oembed;
mod oidc;
mod openapi;
mod people;
mod problem;
mod producers;
mod products;
mod public;
mod range;
mod rate;
mod session;
mod uploads;
mod viewer;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts};
use axum::http::{HeaderName, Method, header};
use axum::middleware;
use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any, CorsLayer};
use url::Url;

pub(crate) use access::{Access, Routes};
use access::{Gate, Row};
pub(crate) use front::Front;
pub(crate) use guard::{Guard, Peer, authority};
pub(crate) use language::preferred;
pub(crate) use metrics::Metrics;
use observe::Observer;
pub(crate) use public::{etag_matches, poster_of};
pub(crate) use rate::RateLimit;
pub(crate) use uploads::tus;

use crate::catalogue::{
    Captures, Catalogue, DeadJobs, JobQueue, Producers, UploadLedger, UploadLimits,
};
use crate::jobs::Newsroom;
use crate::people::People;
use crate::people::oidc::Provider;
use crate::store::{ObjectKey, Objects};
use crate::{Error, kiosk, studio};

/// Largest JSON body.
const JSON_LIMIT_BYTES: usize = 64 * 1024;
/// Objects up to this size are kept in memory whole.
pub(crate) const HOT_OBJECT_BYTES: u64 = 1024 * 1024;

const OBJECT_ROUTE: &str = "/objects/{name}";
/// The headers that scripts of other origins may read.
const EXPOSED_HEADERS: &str = "accept-ranges,content-length,content-range,etag,x-request-id";

/// What the handlers share.
pub(crate) struct App {
    pub(crate) catalogue: Arc<dyn Catalogue>,
    pub(crate) producers: Arc<dyn Producers>,
    pub(crate) captures: Arc<dyn Captures>,
    pub(crate) queue: Arc<dyn JobQueue>,
    pub(crate) people: Arc<dyn People>,
    /// Whether anybody has an account; accounts are never removed, so that once is for ever.
    pub(crate) has_users: AtomicBool,
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
    /// Whom people may be vouched for by.
    pub(crate) oidc: Option<Provider>,
    pub(crate) stop: CancellationToken,
}

impl App {
    /// Whether anybody has an account.
    pub(crate) async fn has_users(&self) -> Result<bool, Error> {
        if self.has_users.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let found = self.people.has_users().await?;
        self.has_users.store(found, Ordering::Relaxed);
        Ok(found)
    }

    /// Whether visitors come over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.public_url
            .as_ref()
            .is_some_and(|url| url.scheme() == "https")
    }
}

/// A cache for hot objects, weighted by their bytes.
pub(crate) fn hot_objects(cache_bytes: u64) -> moka::future::Cache<ObjectKey, Bytes> {
    moka::future::Cache::builder()
        .max_capacity(cache_bytes)
        .weigher(|_, bytes: &Bytes| u32::try_from(bytes.len()).unwrap_or(u32::MAX))
        .build()
}

/// All routes, each with what it asks of who calls it.
pub(crate) fn routes() -> Routes {
    use crate::people::Permission::{Administer, Digitize, Edit, Publish, Read};
    use Access::{
        Anyone, Organisation, Person, Producer, Product, Public, Service, SharedJob, Somewhere,
    };

    let photos = "/api/products/{id}/photos";
    let photo = "/api/products/{id}/photos/{name}";
    let uploads = Routes::new()
        .get(photos, Product(Read), uploads::list)
        .post(photos, Product(Digitize), uploads::post_many)
        .put(photo, Product(Digitize), uploads::put_photo)
        .delete(photo, Product(Digitize), uploads::delete_photo)
        .put(
            "/api/products/{id}/model",
            Product(Digitize),
            uploads::put_model,
        )
        .merge(tus::routes())
        // They stream and count for themselves.
        .within(|router| router.layer(DefaultBodyLimit::disable()));
    let captures = "/api/products/{id}/captures";
    let capture = "/api/products/{id}/captures/{capture}";
    let products = Routes::new()
        .get("/api/products", Somewhere(Read), products::list)
        .post("/api/products", Somewhere(Edit), products::create)
        .get("/api/products/{id}", Product(Read), products::show)
        .put("/api/products/{id}", Product(Edit), products::update)
        .get(captures, Product(Read), captures::list)
        .post(captures, Product(Digitize), captures::create)
        .put(capture, Product(Digitize), captures::update)
        .delete(capture, Product(Digitize), captures::delete)
        .get("/api/producers", Somewhere(Read), producers::list)
        .post("/api/producers", Somewhere(Edit), producers::create)
        .get("/api/producers/{id}", Producer(Read), producers::show)
        .put("/api/producers/{id}", Producer(Edit), producers::update)
        .delete("/api/producers/{id}", Producer(Edit), producers::delete)
        .post("/api/products/{id}/jobs", Product(Digitize), jobs::start)
        .post(
            "/api/products/{id}/publish",
            Product(Publish),
            products::publish,
        )
        .get("/api/jobs/{id}", Access::Job(Read), jobs::show)
        .delete("/api/jobs/{id}", Access::Job(Digitize), jobs::cancel)
        .get("/api/jobs/{id}/events", Access::Job(Read), jobs::events)
        .get("/api/jobs/{id}/manifest.json", SharedJob, jobs::manifest)
        .get("/api/jobs", Somewhere(Read), jobs::dead)
        .post("/api/jobs/{id}/retry", Access::Job(Digitize), jobs::retry)
        .post("/api/jobs/{id}/link", Access::Job(Publish), drafts::share);
    let keys = "/api/organisations/{id}/keys";
    let role = "/api/organisations/{id}/people/{user}";
    let account = "/api/users/{id}";
    let people = Routes::new()
        .get("/api/session", Anyone, session::show)
        .post("/api/session", Public, session::open)
        .get("/api/session/oidc", Public, oidc::begin)
        .get("/api/session/oidc/callback", Public, oidc::finish)
        .delete("/api/session", Person, session::close)
        .delete("/api/sessions", Person, session::close_all)
        .put("/api/session/password", Person, session::change_password)
        .get("/api/organisations", Somewhere(Read), people::organisations)
        .post("/api/organisations", Service, people::add_organisation)
        .put(role, Organisation(Administer), people::set_role)
        .delete(role, Organisation(Administer), people::take_role)
        .get(keys, Organisation(Administer), people::keys)
        .post(keys, Organisation(Administer), people::add_key)
        .delete(
            "/api/organisations/{id}/keys/{key}",
            Organisation(Administer),
            people::revoke_key,
        )
        .get("/api/users", Somewhere(Administer), people::users)
        .post("/api/users", Somewhere(Administer), people::add_user)
        .put(account, Service, people::enable_user)
        .delete(account, Service, people::disable_user)
        .put("/api/users/{id}/password", Service, people::reset_password)
        .get("/api/audit", Somewhere(Administer), people::audit);
    let api = products
        .merge(people)
        .within(|router| router.layer(DefaultBodyLimit::max(JSON_LIMIT_BYTES)));
    let pages = studio::routes()
        .merge(kiosk::routes())
        .get("/drafts/{id}", SharedJob, drafts::page)
        .within(|router| router.layer(CompressionLayer::new()));
    let embeddable = Routes::new()
        .get("/products/{id}/manifest.json", Public, public::manifest)
        .within(|router| router.layer(CompressionLayer::new()))
        .get("/oembed", Public, oembed::answer)
        .get(OBJECT_ROUTE, Public, objects::serve)
        .get("/viewer/{*path}", Public, viewer::serve)
        // Before the layer: a fallback that is set later would take the preflight's place.
        .within(|router| {
            router
                .method_not_allowed_fallback(refuse_method)
                .layer(cors())
        });
    uploads
        .merge(api)
        .merge(pages)
        .merge(embeddable)
        .get("/api/openapi.json", Public, openapi::serve)
        .get("/healthz", Public, health::alive)
        .get("/readyz", Public, health::ready)
}

/// All routes behind the gate that lets through only whom their table names.
pub(crate) fn router(app: Arc<App>, guard: impl Into<Arc<Guard>>) -> Router {
    let (router, table) = routes().into_parts();
    gated(router, &table, app, guard.into())
}

fn gated(router: Router<Arc<App>>, table: &[Row], app: Arc<App>, guard: Arc<Guard>) -> Router {
    let gate = Arc::new(Gate::new(app.clone(), guard, table));
    router
        .fallback(|| async { Error::NoSuchAddress })
        .method_not_allowed_fallback(refuse_method)
        .layer(middleware::from_fn_with_state(gate, access::check))
        .layer(middleware::from_fn_with_state(
            app.rate.clone(),
            rate::check,
        ))
        .layer(middleware::from_fn_with_state(
            Observer::of(&app),
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
        .expose_headers(
            EXPOSED_HEADERS
                .split(',')
                .map(HeaderName::from_static)
                .collect::<Vec<_>>(),
        )
        .max_age(Duration::from_hours(24))
}

#[cfg(test)]
mod tests;
