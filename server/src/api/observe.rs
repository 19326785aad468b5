use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Instrument, Span};
use uuid::Uuid;
use uuid::fmt::Simple;
use xoay_format::Language;

use super::metrics::{Metrics, Open};
use super::{App, language, problem};
use crate::trace;

/// What requests are observed with.
#[derive(Clone)]
pub(super) struct Observer {
    metrics: Arc<Metrics>,
    /// Whether all requests pass a proxy that is trusted: only its word of a trace is believed.
    behind_proxy: bool,
}

/// One request from its head to its answer's.
pub(super) struct Observation {
    started: Instant,
    _open: Open,
    id: Simple,
    method: Method,
    uri: Uri,
    route: Cow<'static, str>,
    language: Language,
    pub(super) span: Span,
}

impl Observer {
    pub(super) fn of(app: &App) -> Self {
        Self {
            metrics: app.metrics.clone(),
            behind_proxy: app.rate.behind_proxy(),
        }
    }

    /// Names the request.
    pub(super) fn begin(&self, parts: &Parts, route: Cow<'static, str>) -> Observation {
        // Our own id, never the client's: the log must be trustworthy.
        let id = Uuid::now_v7().simple();
        let path = parts.uri.path();
        let span = trace::request(
            &parts.method,
            &route,
            path,
            id.encode_lower(&mut [0; Simple::LENGTH]),
        );
        if self.behind_proxy {
            trace::continue_from(&span, &parts.headers);
        }
        Observation {
            started: Instant::now(),
            _open: self.metrics.begin(),
            id,
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            route,
            language: language::preferred(&parts.headers),
            span,
        }
    }

    /// Writes a problem's body in the client's language, adds the headers that every answer has, and logs.
    pub(super) fn end(&self, of: &Observation, response: Response) -> Response {
        let mut id = [0; Simple::LENGTH];
        let id = &*of.id.encode_lower(&mut id);
        let mut response = problem::write(response, of.language, id);
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(id) {
            headers.insert(HeaderName::from_static("x-request-id"), value);
        }
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        headers
            .entry(header::REFERRER_POLICY)
            .or_insert(HeaderValue::from_static("strict-origin-when-cross-origin"));
        let elapsed = of.started.elapsed();
        let elapsed_us = elapsed.as_micros() as u64;
        let status = response.status().as_u16();
        trace::answered(&of.span, status);
        self.metrics
            .answered(&of.method, &of.route, status, elapsed);
        let (method, path) = (&of.method, of.uri.path());
        tracing::info!(target: "xoay::http", id, %method, path, status, elapsed_us);
        response
    }
}

/// Observes what the routes answer.
pub(super) async fn observe(
    State(observer): State<Observer>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let route: Option<&MatchedPath> = parts.extensions.get();
    let route = route.map_or("none".into(), |route| route.as_str().to_owned().into());
    let observation = observer.begin(&parts, route);
    let response = next
        .run(Request::from_parts(parts, body))
        .instrument(observation.span.clone())
        .await;
    observer.end(&observation, response)
}
