//! What the tests of several modules need: a service in a temporary folder, a store that fails on purpose,
//! recipes that do what a test wants.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Extension;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use bytes::Bytes;
use futures::stream::BoxStream;
use http_body_util::BodyExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use xoay_format::{
    Direction, Frame, ImageFile, ImageFormat, ProgressEvent, Rendition, Row, SpinManifest, Stage,
    Text, Watch,
};

mod model;
mod provider;

pub(crate) use model::CAMERA;
use model::{model_folder, track};
pub(crate) use provider::{SigningKey, StandIn};

use crate::api::{self, App, Guard, Peer};
use crate::catalogue::{JobFailure, JobKind, JobQueue, Sqlite, UploadLimits};
use crate::jobs::{KindLimits, Newsroom, Places, Recipes, RunError, SPIN, Worker};
use crate::people::OidcConfig;
use crate::people::oidc::Provider;
use crate::store::Objects;

pub(crate) const LEASE: Duration = Duration::from_secs(30);

/// A JPEG's first bytes and something after them: uploads are looked at no further.
pub(crate) fn photo(number: u8) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01".to_vec();
    bytes.extend([number; 1000]);
    bytes
}

/// A GLB's header with a true length.
pub(crate) fn glb() -> Vec<u8> {
    let mut bytes = b"glTF\x02\0\0\0\x40\0\0\0".to_vec();
    bytes.resize(0x40, 0);
    bytes
}

/// Fails on command.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Puts that still succeed; below zero means all.
    puts_left: AtomicI64,
    armed: AtomicBool,
    full: AtomicBool,
    /// Every read fails.
    pub(crate) unreachable: AtomicBool,
}

impl Faults {
    /// Lets `good` more puts succeed, then fails the rest, as a full disk or for no stated reason.
    pub(crate) fn fail_after(&self, good: i64, full: bool) {
        self.puts_left.store(good, Ordering::SeqCst);
        self.full.store(full, Ordering::SeqCst);
        self.armed.store(true, Ordering::SeqCst);
    }

    pub(crate) fn heal(&self) {
        self.armed.store(false, Ordering::SeqCst);
    }

    fn put(&self) -> object_store::Result<()> {
        if self.armed.load(Ordering::SeqCst) && self.puts_left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            let kind = if self.full.load(Ordering::SeqCst) {
                std::io::ErrorKind::StorageFull
            } else {
                std::io::ErrorKind::Other
            };
            return Err(object_store::Error::Generic {
                store: "faulty",
                source: Box::new(std::io::Error::from(kind)),
            });
        }
        Ok(())
    }
}

#[derive(Debug)]
struct FaultyStore {
    inner: LocalFileSystem,
    faults: Arc<Faults>,
}

impl fmt::Display for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("faulty store")
    }
}

#[async_trait]
impl ObjectStore for FaultyStore {
    async fn put_opts(
        &self,
        location: &ObjectPath,
        payload: PutPayload,
        opts: PutOptions,
    ) -> object_store::Result<PutResult> {
        self.faults.put()?;
        self.inner.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(
        &self,
        location: &ObjectPath,
        opts: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.faults.put()?;
        self.inner.put_multipart_opts(location, opts).await
    }

    async fn get_opts(
        &self,
        location: &ObjectPath,
        options: GetOptions,
    ) -> object_store::Result<GetResult> {
        if self.faults.unreachable.load(Ordering::SeqCst) {
            return Err(object_store::Error::Generic {
                store: "faulty",
                source: "secret address unreachable".into(),
            });
        }
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<ObjectPath>>,
    ) -> BoxStream<'static, object_store::Result<ObjectPath>> {
        self.inner.delete_stream(locations)
    }

    fn list(
        &self,
        prefix: Option<&ObjectPath>,
    ) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(
        &self,
        prefix: Option<&ObjectPath>,
    ) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(
        &self,
        from: &ObjectPath,
        to: &ObjectPath,
        options: CopyOptions,
    ) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// What a test's recipe does.
#[derive(Clone, Debug)]
pub(crate) enum Plan {
    /// Makes a spin of two frames, or a model, whose bytes begin with this.
    Succeed(u8),
    /// Fails for good.
    Fail,
    /// Panics.
    Panic,
    /// Works until told to stop, then says so.
    UntilCancelled,
    /// Never looks at its watch.
    Deaf(Duration),
}

/// Recipes that follow a plan and count their runs.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) plan: Mutex<Plan>,
    pub(crate) runs: AtomicI64,
}

impl Planned {
    pub(crate) fn new(plan: Plan) -> Arc<Self> {
        Arc::new(Self {
            plan: Mutex::new(plan),
            runs: AtomicI64::new(0),
        })
    }
}

impl Recipes for Planned {
    fn run(
        &self,
        kind: JobKind,
        input: &Path,
        out: &Path,
        watch: Watch<'_>,
    ) -> Result<(), RunError> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        assert!(input.is_dir() || kind == JobKind::Model, "{input:?}");
        let plan = self.plan.lock().unwrap().clone();
        match plan {
            Plan::Succeed(tint) => {
                for done in 0..=2 {
                    watch.tell(ProgressEvent::Advanced {
                        stage: Stage::Encode,
                        done,
                        total: 2,
                    });
                }
                watch.warn(Text::new("ảnh hơi mờ", "a photo is blurred"));
                match kind {
                    JobKind::Spin => spin_folder(out, tint),
                    JobKind::Model => {
                        model_folder(out, tint);
                        track(&input.with_file_name(SPIN));
                    }
                }
                Ok(())
            }
            Plan::Fail => Err(RunError::Failed(JobFailure {
                code: "bad-input".into(),
                message: Text::new("ảnh hỏng", "a photo is broken"),
            })),
            Plan::Panic => panic!("on purpose"),
            Plan::UntilCancelled => {
                while !watch.cancelled() {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(RunError::Cancelled)
            }
            Plan::Deaf(duration) => {
                std::thread::sleep(duration);
                spin_folder(out, 1);
                Ok(())
            }
        }
    }
}

/// Writes a result folder as the pipeline does: two frames in two formats and a poster.
pub(crate) fn spin_folder(folder: &Path, tint: u8) {
    std::fs::create_dir_all(folder.join("frames")).unwrap();
    let write = |name: &str, number: u8| std::fs::write(folder.join(name), [tint, number]).unwrap();
    let rendition = |format: ImageFormat| Rendition {
        format,
        width: 400,
        height: 300,
        size_bytes: 4,
        urls: vec![format!("frames/1.{format}"), format!("frames/2.{format}")],
    };
    for (number, name) in [
        "frames/1.webp",
        "frames/2.webp",
        "frames/1.jpg",
        "frames/2.jpg",
    ]
    .iter()
    .enumerate()
    {
        write(name, number as u8);
    }
    write("poster.webp", 9);
    write("report.json", 10);
    let frame = |number: u32| Frame {
        azimuth_deg: f64::from(number) * 180.0,
        source: format!("{}.jpg", number + 1),
        projection: None,
    };
    let manifest = SpinManifest {
        kind: SpinManifest::KIND.into(),
        version: SpinManifest::VERSION,
        tiles: None,
        generator: "test".into(),
        width: 400,
        height: 300,
        background: "#ffffff".into(),
        direction: Direction::CounterClockwise,
        loops: true,
        start_frame: 0,
        rows: vec![Row {
            first_frame: 0,
            frame_count: 2,
            elevation_deg: None,
        }],
        frames: vec![frame(0), frame(1)],
        renditions: vec![rendition(ImageFormat::Webp), rendition(ImageFormat::Jpg)],
        sprite: None,
        posters: vec![ImageFile {
            url: "poster.webp".into(),
            format: ImageFormat::Webp,
            width: 400,
            height: 300,
            size_bytes: 2,
        }],
        alt: Text::default(),
    };
    let json = serde_json::to_vec(&manifest).unwrap();
    std::fs::write(folder.join("manifest.json"), json).unwrap();
}

/// A service without a listener: requests go straight to its routes.
pub(crate) struct Service {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) app: Arc<App>,
    pub(crate) catalogue: Arc<Sqlite>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) router: Router,
}

impl Service {
    pub(crate) async fn start() -> Self {
        Self::with_limits(UploadLimits::default()).await
    }

    pub(crate) async fn with_limits(limits: UploadLimits) -> Self {
        Self::built(limits, None).await
    }

    pub(crate) async fn with_provider(oidc: OidcConfig) -> Self {
        let provider = Provider::new(oidc).unwrap();
        Self::built(UploadLimits::default(), Some(provider)).await
    }

    async fn built(limits: UploadLimits, oidc: Option<Provider>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let catalogue = Arc::new(Sqlite::open(&folder.path().join("xoay.db")).await.unwrap());
        let faults = Arc::new(Faults::default());
        let objects = Objects::over(Arc::new(FaultyStore {
            inner: LocalFileSystem::new_with_prefix(folder.path()).unwrap(),
            faults: faults.clone(),
        }));
        for name in ["uploads", "jobs"] {
            std::fs::create_dir_all(folder.path().join("work").join(name)).unwrap();
        }
        let app = Arc::new(App {
            catalogue: catalogue.clone(),
            producers: catalogue.clone(),
            captures: catalogue.clone(),
            queue: catalogue.clone(),
            people: catalogue.clone(),
            has_users: AtomicBool::new(false),
            ledger: catalogue.clone(),
            dead: catalogue.clone(),
            turns: Arc::default(),
            objects,
            hot: api::hot_objects(1024 * 1024),
            newsroom: Arc::new(Newsroom::new()),
            metrics: Arc::default(),
            rate: Arc::new(api::RateLimit::new(0, 0)),
            limits,
            upload_lifetime: Duration::from_hours(24),
            uploads_dir: folder.path().join("work/uploads"),
            public_url: None,
            oidc,
            stop: CancellationToken::new(),
        });
        // As if every request came from this machine.
        let near = Peer(SocketAddr::from(([127, 0, 0, 1], 50_000)));
        let router = api::router(app.clone(), open_house()).layer(Extension(near));
        Self {
            folder,
            app,
            catalogue,
            faults,
            router,
        }
    }

    /// The guard of a service that nobody has an account on.
    #[expect(clippy::unused_self, reason = "tests ask the service for its guard")]
    pub(crate) fn guard(&self) -> Guard {
        open_house()
    }

    /// An upload in pieces under way to a product; its id.
    pub(crate) async fn open_upload(&self, product: &str) -> String {
        use crate::catalogue::{Captures, NewUpload, UploadKind, UploadLedger};

        let product_id = product.parse().unwrap();
        let capture = self.catalogue.current_capture(product_id).await.unwrap();
        let new = NewUpload {
            product_id,
            capture_id: Some(capture),
            kind: UploadKind::Photo,
            name: "9.jpg".into(),
            sha256: None,
            fingerprint: None,
            length_bytes: 10,
        };
        let (limits, lifetime) = (UploadLimits::default(), Duration::from_hours(1));
        let opened = self.catalogue.open_upload(&new, &limits, lifetime);
        opened.await.unwrap().id.to_string()
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        ask(&self.router, request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(request(Method::GET, path, Body::empty())).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let mut request = request(Method::POST, path, Body::from(body.to_string()));
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        self.ask(request).await
    }

    pub(crate) async fn put(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.ask(request(Method::PUT, path, body.into())).await
    }

    /// The id of a new product.
    pub(crate) async fn product(&self, name: &str) -> String {
        let body = serde_json::json!({ "name": { "vi": name } });
        let answer = self.post("/api/products", &body).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// The id of a new product with two photos.
    pub(crate) async fn product_with_photos(&self) -> String {
        let id = self.product("Mật ong").await;
        for number in 1..=2 {
            let path = format!("/api/products/{id}/photos/{number}.jpg");
            let answer = self.put(&path, photo(number)).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        }
        id
    }

    /// Starts a spin job and gives its id.
    pub(crate) async fn start_spin(&self, product: &str) -> String {
        self.start_job(product, JobKind::Spin).await
    }

    /// Starts a job and gives its id.
    pub(crate) async fn start_job(&self, product: &str, kind: JobKind) -> String {
        let path = format!("/api/products/{product}/jobs");
        let body = serde_json::json!({ "kind": kind });
        let answer = self.post(&path, &body).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn worker(&self, recipes: Arc<dyn Recipes>) -> Worker {
        Worker {
            catalogue: self.catalogue.clone(),
            queue: self.catalogue.clone(),
            objects: self.app.objects.clone(),
            recipes,
            newsroom: self.app.newsroom.clone(),
            work_dir: self.folder.path().join("work/jobs"),
            lease: LEASE,
            places: Places::new(KindLimits::default()),
            stop: self.app.stop.clone(),
        }
    }

    /// Claims the next job and works on it to its end.
    pub(crate) async fn work(&self, plan: Plan) {
        let claim = self.catalogue.claim(LEASE).await.unwrap().unwrap();
        self.worker(Planned::new(plan)).work(&claim).await;
    }

    /// Names of the files under the folder, relative to it.
    pub(crate) fn files_under(&self, folder: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![self.folder.path().join(folder)];
        while let Some(next) = open.pop() {
            let Ok(entries) = std::fs::read_dir(next) else {
                continue;
            };
            for entry in entries {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let relative = path.strip_prefix(self.folder.path()).unwrap();
                    found.push(relative.to_string_lossy().into_owned());
                }
            }
        }
        found.sort();
        found
    }
}

fn open_house() -> Guard {
    Guard {
        token: None,
        public_url: None,
        loopback_only: true,
    }
}

/// A request to the service's own name.
pub(crate) fn request(method: Method, path: &str, body: Body) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "127.0.0.1:8360")
        .body(body)
        .unwrap()
}

pub(crate) async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: body.collect().await.unwrap().to_bytes(),
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    /// Asserts a problem with this status and code.
    pub(crate) fn assert_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["code"], code);
        assert_eq!(problem["status"], status);
        assert!(!problem["detail"].as_str().unwrap().is_empty());
        assert_eq!(problem["requestId"], self.header("x-request-id"));
    }
}
