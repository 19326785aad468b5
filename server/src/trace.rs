//! Spans of requests, jobs and the store, for whoever listens: names and attributes follow OpenTelemetry's semantic
//! conventions for HTTP servers, what is our own begins with `xoay.`.

use axum::http::{HeaderMap, HeaderName, Method};
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::catalogue::Claim;

/// The target of all spans. They are of level debug: a log of level info does not pay for them.
pub const TRACES: &str = "xoay::trace";

/// The span of one request.
pub(crate) fn request(method: &Method, route: &str, path: &str, id: &str) -> Span {
    tracing::debug_span!(
        target: TRACES,
        "request",
        otel.name = format_args!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = %method,
        http.route = route,
        http.response.status_code = Empty,
        url.path = path,
        xoay.request.id = id,
    )
}

/// Makes the request's span a part of the trace that a proxy began (W3C Trace Context, `traceparent`).
pub(crate) fn continue_from(span: &Span, headers: &HeaderMap) {
    if span.is_disabled() {
        return;
    }
    let parent = TraceContextPropagator::new().extract(&Headers(headers));
    // Where nobody listens there is nothing to continue.
    let _ = span.set_parent(parent);
}

/// Says in the request's span how it was answered.
pub(crate) fn answered(span: &Span, status: u16) {
    span.record("http.response.status_code", status);
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// The span of one attempt at a job.
pub(crate) fn attempt(claim: &Claim) -> Span {
    tracing::debug_span!(
        target: TRACES,
        "job",
        otel.name = format_args!("job {}", claim.job.kind.name()),
        otel.kind = "consumer",
        otel.status_code = Empty,
        otel.status_description = Empty,
        xoay.job.id = %claim.job.id,
        xoay.job.kind = claim.job.kind.name(),
        xoay.job.attempt = claim.job.attempts,
        xoay.job.outcome = Empty,
        xoay.product.id = %claim.job.product_id,
    )
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}
