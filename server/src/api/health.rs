use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::App;

const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// The process runs.
pub(super) async fn alive() -> Response {
    plain(StatusCode::OK, "ok\n")
}

/// Database and store answer; else says which of them does not.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    if app.stop.is_cancelled() {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "shutting down\n");
    }
    let database = tokio::time::timeout(ANSWER_WITHIN, app.catalogue.ping());
    let store = tokio::time::timeout(ANSWER_WITHIN, app.objects.ping());
    let (database, store) = tokio::join!(database, store);
    let text = match (&database, &store) {
        (Ok(Ok(())), Ok(Ok(()))) => return plain(StatusCode::OK, "ok\n"),
        (Ok(Ok(())), _) => "the store does not answer\n",
        (_, Ok(Ok(()))) => "the database does not answer\n",
        _ => "neither the database nor the store answers\n",
    };
    tracing::warn!(?database, ?store, "not ready");
    plain(StatusCode::SERVICE_UNAVAILABLE, text)
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}
