//! A small web site on loopback: the viewer's files, a folder of fixtures, and pages given as text.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A site that ends when it is dropped.
pub struct Site {
    /// Its address, such as `http://127.0.0.1:40123`.
    pub origin: String,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Content {
    fixtures: PathBuf,
    pages: HashMap<String, String>,
    policy: Option<String>,
}

impl Site {
    /// Serves `/viewer/…`, `/fixtures/…` from a folder of `tests/fixtures`, and `pages` by name under `/pages/…` with
    /// `policy` as their content security policy. Everything may be read from other origins.
    ///
    /// # Errors
    /// No free port.
    pub async fn start(
        fixtures: &str,
        pages: &[(&str, String)],
        policy: Option<String>,
    ) -> Result<Self> {
        let content = Arc::new(Content {
            fixtures: PathBuf::from(env!("CARGO_MANIFEST_DIR"))
                .join("fixtures")
                .join(fixtures),
            pages: pages
                .iter()
                .map(|(name, text)| ((*name).to_owned(), text.clone()))
                .collect(),
            policy,
        });
        let app = Router::new()
            .route("/viewer/{name}", get(viewer))
            .route("/fixtures/{*path}", get(fixture))
            .route("/pages/{name}", get(page))
            .with_state(content);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let task = tokio::spawn(async move {
            // Ends with the task; an error of one connection is that connection's.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { origin, task })
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

const ANY_ORIGIN: (HeaderName, &str) = (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");

async fn viewer(Path(name): Path<String>) -> Response {
    match xoay_viewer_bundle::file(&name) {
        Some(file) => (
            [ANY_ORIGIN, (header::CONTENT_TYPE, file.media_type)],
            file.bytes,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn fixture(State(content): State<Arc<Content>>, Path(path): Path<String>) -> Response {
    if path.contains("..") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let media_type = match path.rsplit('.').next() {
        Some("json") => "application/json",
        Some("jpg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("glb") => "model/gltf-binary",
        _ => "application/octet-stream",
    };
    match fs::read(content.fixtures.join(path)) {
        Ok(bytes) => ([ANY_ORIGIN, (header::CONTENT_TYPE, media_type)], bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn page(State(content): State<Arc<Content>>, Path(name): Path<String>) -> Response {
    let Some(text) = content.pages.get(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let media_type = match name.rsplit_once('.') {
        Some((_, "js")) => "text/javascript",
        Some((_, "css")) => "text/css",
        _ => "text/html; charset=utf-8",
    };
    let mut response = ([(header::CONTENT_TYPE, media_type)], text.clone()).into_response();
    if let Some(policy) = content.policy.as_deref().and_then(|p| p.parse().ok()) {
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
