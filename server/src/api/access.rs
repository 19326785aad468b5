//! What each route asks of who calls it. A route stands in the service's table with its [`Access`], or it is not answered.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing;

use super::guard::Guard;
use super::{App, drafts};
use crate::Error;
use crate::catalogue::{JobId, OrganisationId, UploadId};
use crate::people::{Actor, Permission, acting};

/// What a route asks of who calls it. `{id}` is the first part of the address that varies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing; who calls is not even looked up.
    Public,
    /// Nothing; the handler learns who calls.
    Anyone,
    /// To be a person who signed in.
    Person,
    /// The permission in some organisation; the handler keeps to those.
    Somewhere(Permission),
    /// The permission in the organisation whose product `{id}` is.
    Product(Permission),
    /// The permission in the organisation whose producer `{id}` is.
    Producer(Permission),
    /// The permission in the organisation for whose product job `{id}` works.
    Job(Permission),
    /// The permission in the organisation to whose product upload `{id}` goes.
    Upload(Permission),
    /// The same as `Job(Read)`, or a signed address.
    SharedJob,
    /// The permission in organisation `{id}`.
    Organisation(Permission),
    /// To manage the whole service.
    Service,
}

/// A route's line in the table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) access: Access,
}

/// Routes, each with what it asks. There is no other way to add one that is answered.
pub(crate) struct Routes {
    router: Router<Arc<App>>,
    table: Vec<Row>,
}

impl Routes {
    pub(crate) fn new() -> Self {
        Self {
            router: Router::new(),
            table: Vec::new(),
        }
    }

    pub(crate) fn get<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.on(Method::GET, path, access, routing::get(handler))
    }

    pub(crate) fn post<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.on(Method::POST, path, access, routing::post(handler))
    }

    pub(crate) fn put<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.on(Method::PUT, path, access, routing::put(handler))
    }

    pub(crate) fn delete<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.on(Method::DELETE, path, access, routing::delete(handler))
    }

    /// Adds a route for any method that axum knows how to route.
    pub(crate) fn on(
        mut self,
        method: Method,
        path: &'static str,
        access: Access,
        route: routing::MethodRouter<Arc<App>>,
    ) -> Self {
        self.router = self.router.route(path, route);
        self.table.push(Row {
            method,
            path,
            access,
        });
        self
    }

    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.table.extend(other.table);
        self
    }

    /// Changes what is around the routes, such as their layers.
    pub(crate) fn within(
        mut self,
        change: impl FnOnce(Router<Arc<App>>) -> Router<Arc<App>>,
    ) -> Self {
        self.router = change(self.router);
        self
    }

    pub(crate) fn into_parts(self) -> (Router<Arc<App>>, Vec<Row>) {
        (self.router, self.table)
    }
}

/// What stands before every route.
pub(crate) struct Gate {
    app: Arc<App>,
    guard: Arc<Guard>,
    table: HashMap<&'static str, Vec<(Method, Access)>>,
}

impl Gate {
    pub(crate) fn new(app: Arc<App>, guard: Arc<Guard>, rows: &[Row]) -> Self {
        let mut table: HashMap<_, Vec<_>> = HashMap::new();
        for row in rows {
            let methods = table.entry(row.path).or_default();
            methods.push((row.method.clone(), row.access));
        }
        Self { app, guard, table }
    }

    /// What the route asks, or why there is none.
    fn access(&self, method: &Method, path: &str) -> Result<Access, Box<Response>> {
        let Some(methods) = self.table.get(path) else {
            tracing::error!(path, "this route is not in the table: it is not answered");
            return Err(Box::new(Error::NoSuchAddress.into_response()));
        };
        let row = |asked: &Method| methods.iter().find(|(known, _)| known == asked);
        let whole = || {
            (method == Method::HEAD)
                .then(|| row(&Method::GET))
                .flatten()
        };
        if let Some((_, access)) = row(method).or_else(whole) {
            return Ok(*access);
        }
        let refused = Error::Method {
            method: method.to_string(),
        };
        let mut allowed: Vec<_> = methods.iter().map(|(method, _)| method.as_str()).collect();
        if allowed.contains(&"GET") {
            allowed.push("HEAD");
        }
        let mut response = refused.into_response();
        if let Ok(allowed) = HeaderValue::from_str(&allowed.join(",")) {
            response.headers_mut().insert(header::ALLOW, allowed);
        }
        Err(Box::new(response))
    }
}

/// Lets a request through to its route, or answers in its place.
pub(super) async fn check(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    if let Err(error) = gate.guard.admit(&parts.method, &parts.uri, &parts.headers) {
        return error.into_response();
    }
    // Without a path there is no route: the fallback says so. A preflight carries no authority and changes nothing.
    let Some(path) = parts.extensions.get::<MatchedPath>().cloned() else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    if parts.method == Method::OPTIONS {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let access = match gate.access(&parts.method, path.as_str()) {
        Ok(access) => access,
        Err(response) => return *response,
    };
    if access == Access::Public {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let actor = match authorised(&gate, access, &mut parts).await {
        Ok(actor) => actor,
        Err(error) => return error.into_response(),
    };
    let name = actor.name();
    parts.extensions.insert(actor);
    acting(name, next.run(Request::from_parts(parts, body))).await
}

/// Who calls, if they may.
async fn authorised(gate: &Gate, access: Access, parts: &mut Parts) -> Result<Actor, Error> {
    let app = &gate.app;
    let actor = gate.guard.identify(app, parts).await?;
    if access == Access::Anyone {
        return Ok(actor);
    }
    let id = first_varying(parts).await?;
    if access == Access::SharedJob && drafts::is_signed(app, &id, &parts.uri).await? {
        return Ok(actor);
    }
    if matches!(actor, Actor::Anonymous) {
        return Err(gate.guard.who_are_you(app).await?);
    }
    let may = |may: bool| {
        if may {
            Ok(())
        } else {
            Err(Error::NotPermitted)
        }
    };
    match access {
        Access::Public | Access::Anyone => {}
        Access::Person => may(matches!(actor, Actor::Person(_)))?,
        Access::Service => may(actor.is_administrator())?,
        Access::Somewhere(permission) => may(actor.may_somewhere(permission))?,
        Access::Product(permission) => {
            let product = app.product(&id).await?;
            let unseen = Error::NoSuchProduct { id };
            within(&actor, product.organisation, permission, unseen)?;
        }
        Access::Producer(permission) => {
            let producer = app.producer(&id).await?;
            let unseen = Error::NoSuchProducer { id };
            within(&actor, producer.organisation, permission, unseen)?;
        }
        Access::Upload(permission) => {
            let unseen = || Error::NoSuchUpload {
                id: id.chars().take(80).collect(),
            };
            let upload: UploadId = id.parse().map_err(|_| unseen())?;
            let upload = app.ledger.upload(upload).await?.ok_or_else(unseen)?;
            let product = app.catalogue.product(upload.file.product_id).await?;
            let organisation = product.ok_or_else(unseen)?.organisation;
            within(&actor, organisation, permission, unseen())?;
        }
        Access::Job(_) | Access::SharedJob => {
            let permission = match access {
                Access::Job(permission) => permission,
                _ => Permission::Read,
            };
            let organisation = organisation_of_job(app, &id).await?;
            within(&actor, organisation, permission, Error::NoSuchJob { id })?;
        }
        Access::Organisation(permission) => {
            let unseen = || Error::NoSuchOrganisation {
                id: id.chars().take(80).collect(),
            };
            let organisation: OrganisationId = id.parse().map_err(|_| unseen())?;
            within(&actor, organisation, permission, unseen())?;
        }
    }
    Ok(actor)
}

/// What somebody may not even see is said to be absent: a refusal would tell that it is there.
fn within(
    actor: &Actor,
    organisation: OrganisationId,
    permission: Permission,
    unseen: Error,
) -> Result<(), Error> {
    if actor.may(permission, organisation) {
        Ok(())
    } else if actor.may(Permission::Read, organisation) {
        Err(Error::NotPermitted)
    } else {
        Err(unseen)
    }
}

async fn organisation_of_job(app: &App, id: &str) -> Result<OrganisationId, Error> {
    let missing = || Error::NoSuchJob {
        id: id.chars().take(80).collect(),
    };
    let job: JobId = id.parse().map_err(|_| missing())?;
    let job = app.queue.job(job).await?.ok_or_else(missing)?;
    let product = app.catalogue.product(job.product_id).await?;
    Ok(product.ok_or_else(missing)?.organisation)
}

/// The first part of the address that varies; empty where none does.
async fn first_varying(parts: &mut Parts) -> Result<String, Error> {
    let params = RawPathParams::from_request_parts(parts, &())
        .await
        .map_err(|e| Error::Malformed {
            reason: e.body_text(),
        })?;
    Ok(params
        .iter()
        .next()
        .map(|(_, value)| value.to_owned())
        .unwrap_or_default())
}
