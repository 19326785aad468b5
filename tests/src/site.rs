//! A small web site on loopback: the viewer's files, a folder of fixtures, and pages given as text.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// A site that ends when it is dropped.
pub struct Site {
    /// Its address, such as `http://127.0.0.1:40123`.
    pub origin: String,
    content: Arc<Content>,
    // Its own, so that its end cuts every connection, as a lost network does.
    runtime: Option<Runtime>,
}

#[derive(Default)]
struct Content {
    fixtures: PathBuf,
    pages: HashMap<String, Vec<u8>>,
    policy: Option<String>,
    requests: Mutex<Vec<String>>,
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
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(fixtures);
        let pages = pages
            .iter()
            .map(|(name, text)| ((*name).to_owned(), text.clone().into_bytes()))
            .collect();
        Self::serve(folder, pages, policy).await
    }

    /// As [`Site::start`] with any folder, and pages that need not be text.
    ///
    /// # Errors
    /// No free port.
    pub async fn serve(
        fixtures: PathBuf,
        pages: HashMap<String, Vec<u8>>,
        policy: Option<String>,
    ) -> Result<Self> {
        let content = Arc::new(Content {
            fixtures,
            pages,
            policy,
            requests: Mutex::default(),
        });
        let app = Router::new()
            .route("/viewer/{name}", get(viewer))
            .route("/fixtures/{*path}", get(fixture))
            .route("/pages/{name}", get(page))
            .layer(from_fn_with_state(content.clone(), note))
            .with_state(content.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await?.into_std()?;
        let origin = format!("http://{}", listener.local_addr()?);
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener)?;
            axum::serve(listener, app).await
        });
        Ok(Self {
            origin,
            content,
            runtime: Some(runtime),
        })
    }

    /// The paths that were asked for, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        let requests = self.content.requests.lock();
        requests.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Goes away: what is open is cut, and nobody answers any more.
    pub fn stop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn note(State(content): State<Arc<Content>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    content
        .requests
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(path);
    next.run(request).await
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
        Some("js" | "mjs") => "text/javascript",
        Some("html") => "text/html; charset=utf-8",
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
        Some((_, "json")) => "application/json",
        Some((_, "jpg")) => "image/jpeg",
        Some((_, "glb")) => "model/gltf-binary",
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
