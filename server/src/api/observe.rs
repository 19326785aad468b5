use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use uuid::Uuid;

use super::metrics::Metrics;
use super::{language, problem};

/// Names the request, writes problem bodies in the client's language, adds the headers that every answer has, and logs.
pub(super) async fn observe(
    State(metrics): State<Arc<Metrics>>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let _open = metrics.begin();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str)
        .to_owned();
    // Our own id, never the client's: the log must be trustworthy.
    let id = Uuid::now_v7().simple().to_string();
    let language = language::preferred(request.headers());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let mut response = problem::write(response, language, &id);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers
        .entry(header::REFERRER_POLICY)
        .or_insert(HeaderValue::from_static("strict-origin-when-cross-origin"));
    let elapsed = started.elapsed();
    let elapsed_us = elapsed.as_micros() as u64;
    let status = response.status().as_u16();
    metrics.answered(&method, &route, status, elapsed);
    tracing::info!(target: "xoay::http", id, %method, path, status, elapsed_us);
    response
}
