//! A shop's server on loopback: pages, the viewers' files compressed as a shop would, the product's files.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A file as it goes over the wire.
#[derive(Clone)]
struct File {
    bytes: Arc<[u8]>,
    packed: bool,
    media_type: &'static str,
}

/// What the shop has, shared by all of its servers, so that each file is compressed once.
pub(super) struct Goods {
    pages: PathBuf,
    peers: PathBuf,
    /// Files by path, such as `/data/model.glb`.
    data: HashMap<String, Vec<u8>>,
    /// What pages write for the number of frames.
    frames: usize,
    cache: Mutex<HashMap<String, File>>,
}

impl Goods {
    pub(super) fn new(
        repository: &Path,
        data: HashMap<String, Vec<u8>>,
        frames: usize,
    ) -> Arc<Self> {
        Arc::new(Self {
            pages: repository.join("benches/peers/viewers/pages"),
            peers: repository.join("target/tools/viewers"),
            data,
            frames,
            cache: Mutex::default(),
        })
    }

    fn file(&self, path: &str) -> Option<File> {
        if let Some(bytes) = self.data.get(path) {
            return Some(File {
                bytes: bytes.clone().into(),
                packed: false,
                media_type: media_type(path),
            });
        }
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = cache.get(path) {
            return Some(file.clone());
        }
        let bytes = self.read(path)?;
        let mut packed = Vec::new();
        let parameters = brotli::enc::BrotliEncoderParams::default(); // quality 11
        brotli::BrotliCompress(&mut bytes.as_slice(), &mut packed, &parameters).ok()?;
        let file = File {
            bytes: packed.into(),
            packed: true,
            media_type: media_type(path),
        };
        cache.insert(path.to_owned(), file.clone());
        Some(file)
    }

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        if path.contains("..") {
            return None;
        }
        if let Some(name) = path.strip_prefix("/viewer/") {
            return Some(xoay_viewer_bundle::file(name)?.bytes.to_vec());
        }
        if let Some(name) = path.strip_prefix("/pages/") {
            let text = fs::read_to_string(self.pages.join(name)).ok()?;
            let count = self.frames.to_string();
            return Some(text.replace("FRAMES", &count).into_bytes());
        }
        if let Some(name) = path.strip_prefix("/bundle/") {
            return fs::read(self.peers.join("bundle").join(name)).ok();
        }
        let name = path.strip_prefix("/peers/")?;
        fs::read(self.peers.join("node_modules").join(name)).ok()
    }
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript",
        Some("css") => "text/css",
        Some("json") => "application/json",
        Some("wasm") => "application/wasm",
        Some("jpg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("glb") => "model/gltf-binary",
        _ => "application/octet-stream",
    }
}

/// A running server that knows what was asked of it.
pub(super) struct Shop {
    pub(super) origin: String,
    log: Arc<Log>,
    task: JoinHandle<()>,
}

struct Log {
    goods: Arc<Goods>,
    /// Paths and the bytes that went over the wire.
    sent: Mutex<Vec<(String, usize)>>,
}

impl Shop {
    pub(super) async fn open(goods: &Arc<Goods>) -> Result<Self> {
        let log = Arc::new(Log {
            goods: goods.clone(),
            sent: Mutex::default(),
        });
        let app = Router::new().fallback(answer).with_state(log.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let task = tokio::spawn(async move {
            // Ends with the task; an error of one connection is that connection's.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { origin, log, task })
    }

    /// Compressed bytes of program that the page asked for: scripts, styles and WebAssembly, but not the page itself.
    pub(super) fn program_bytes(&self) -> usize {
        let sent = self.log.sent.lock();
        let sent = sent.unwrap_or_else(PoisonError::into_inner);
        sent.iter()
            .filter(|(path, _)| !path.starts_with("/data/") && !path.starts_with("/pages/"))
            .map(|(_, bytes)| bytes)
            .sum()
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(log): State<Arc<Log>>, uri: Uri) -> Response {
    let path = uri.path().to_owned();
    let goods = log.goods.clone();
    let wanted = path.clone();
    let found = tokio::task::spawn_blocking(move || goods.file(&wanted)).await;
    let Some(file) = found.ok().flatten() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let sent = log.sent.lock();
    sent.unwrap_or_else(PoisonError::into_inner)
        .push((path, file.bytes.len()));
    let mut response = file.bytes.to_vec().into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static(file.media_type),
    );
    if file.packed {
        headers.insert(
            header::CONTENT_ENCODING,
            header::HeaderValue::from_static("br"),
        );
    }
    response
}

/// Bundles what a page with three.js needs, as a shop's build would.
pub(super) fn bundle(repository: &Path) -> Result<()> {
    let peers = repository.join("target/tools/viewers");
    let status = std::process::Command::new(peers.join("node_modules/.bin/esbuild"))
        .arg(repository.join("benches/peers/viewers/three.mjs"))
        .args([
            "--bundle",
            "--minify",
            "--format=esm",
            "--log-level=warning",
        ])
        .arg(format!(
            "--outfile={}",
            peers.join("bundle/three.js").display()
        ))
        .env("NODE_PATH", peers.join("node_modules"))
        .status()
        .context("the peers are not installed: `cargo xtask bench viewer` does it")?;
    anyhow::ensure!(status.success(), "esbuild failed");
    Ok(())
}
