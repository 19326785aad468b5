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

/// Database and store answer.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    let both = async { tokio::join!(app.catalogue.ping(), app.objects.ping()) };
    if app.stop.is_cancelled() {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "shutting down\n");
    }
    match tokio::time::timeout(ANSWER_WITHIN, both).await {
        Ok((Ok(()), Ok(()))) => plain(StatusCode::OK, "ok\n"),
        Ok((database, store)) => {
            let failed = if database.is_err() {
                "database"
            } else {
                "store"
            };
            tracing::warn!(?database, ?store, "not ready");
            plain(
                StatusCode::SERVICE_UNAVAILABLE,
                match failed {
                    "database" => "the database does not answer\n",
                    _ => "the store does not answer\n",
                },
            )
        }
        Err(_) => plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "database or store answers too slowly\n",
        ),
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}
