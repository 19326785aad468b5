use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Instrument, Span};
use uuid::Uuid;
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
    id: String,
    method: Method,
    path: String,
    route: String,
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
    pub(super) fn begin(&self, parts: &Parts, route: &str) -> Observation {
        // Our own id, never the client's: the log must be trustworthy.
        let id = Uuid::now_v7().simple().to_string();
        let path = parts.uri.path();
        let span = trace::request(&parts.method, route, path, &id);
        if self.behind_proxy {
            trace::continue_from(&span, &parts.headers);
        }
        Observation {
            started: Instant::now(),
            _open: self.metrics.begin(),
            id,
            method: parts.method.clone(),
            path: path.to_owned(),
            route: route.to_owned(),
            language: language::preferred(&parts.headers),
            span,
        }
    }

    /// Writes a problem's body in the client's language, adds the headers that every answer has, and logs.
    pub(super) fn end(&self, of: &Observation, response: Response) -> Response {
        let mut response = problem::write(response, of.language, &of.id);
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(&of.id) {
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
        let (id, method, path) = (&of.id, &of.method, &of.path);
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
    let route = parts.extensions.get().map_or("none", MatchedPath::as_str);
    let observation = observer.begin(&parts, route);
    let response = next
        .run(Request::from_parts(parts, body))
        .instrument(observation.span.clone())
        .await;
    observer.end(&observation, response)
}
