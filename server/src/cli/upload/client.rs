//! A client of tus 1.0 that goes on where it stopped, after a cut network and after its own death: it keeps nothing
//! but asks the service what is under way.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::TryStreamExt;
use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use reqwest::{Body, Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};
use tokio_util::io::ReaderStream;
use url::Url;
use xoay_format::{Language, Text};

use super::files::Found;
use crate::cli::args::UploadArguments;
use crate::cli::exit::{Code, Failure};

const CONNECT_WITHIN: Duration = Duration::from_secs(20);
/// A connection on which nothing moves for so long is given up.
const SILENCE: Duration = Duration::from_secs(45);
/// The first pause after a failure; each further one doubles, up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LAST_PAUSE: Duration = Duration::from_secs(20);
const READ_BYTES: usize = 256 * 1024;

/// What became of a file.
pub enum Outcome {
    /// The service has it now.
    Sent,
    /// The service had it before.
    There,
    /// The service does not want it.
    Refused(Text),
    /// The user stopped.
    Stopped,
}

/// Talks with one service about one product.
pub struct Client {
    http: reqwest::Client,
    base: Url,
    product: String,
    token: Option<String>,
    language: Language,
    patience: Duration,
    stop: Arc<AtomicBool>,
    /// Bytes of all files that need not be sent any more.
    done_bytes: Arc<AtomicU64>,
}

/// What the product has, and what is on its way to it.
pub struct Known {
    photos: Vec<KnownPhoto>,
    model: Option<KnownFile>,
    uploads: Vec<KnownUpload>,
}

#[derive(Deserialize)]
struct KnownPhoto {
    name: String,
    sha256: String,
}

#[derive(Deserialize)]
struct KnownFile {
    sha256: String,
}

#[derive(Deserialize)]
struct KnownProduct {
    model: Option<KnownFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KnownUpload {
    id: String,
    kind: String,
    name: String,
    sha256: Option<String>,
    length_bytes: u64,
}

/// Why a request came to nothing.
enum Trouble {
    /// Another try may do better.
    Passing(Text),
    /// The upload is not there any more: it has to begin again.
    Gone,
    /// No other try will do better.
    Final(Text),
}

impl Client {
    /// A client for what the command line names.
    pub fn new(
        arguments: &UploadArguments,
        language: Language,
        stop: Arc<AtomicBool>,
        done_bytes: Arc<AtomicU64>,
    ) -> Result<Self, Failure> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_WITHIN)
            .tcp_nodelay(true)
            .build()
            .map_err(|error| {
                Failure::internal(Text::new(
                    format!("không khởi động được trình khách HTTP: {error}"),
                    format!("cannot start the HTTP client: {error}"),
                ))
            })?;
        let mut base = arguments.to.clone();
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        Ok(Self {
            http,
            base,
            product: arguments.product.clone(),
            token: arguments.token.clone(),
            language,
            patience: Duration::from_secs(u64::from(arguments.patience)),
            stop,
            done_bytes,
        })
    }

    /// Whether the user wants it to end.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Asks what the product has and what is under way.
    pub async fn known(&self) -> Result<Known, Failure> {
        let product: KnownProduct = self.fetch("").await?;
        Ok(Known {
            photos: self.fetch("/photos").await?,
            model: product.model,
            uploads: self.fetch("/uploads").await?,
        })
    }

    async fn fetch<T: serde::de::DeserializeOwned>(&self, rest: &str) -> Result<T, Failure> {
        let mut patience = Patience::new(self.patience);
        loop {
            let asked = async {
                let answer = self.request(Method::GET, &self.product_path(rest));
                let answer = checked(answer.timeout(SILENCE).send().await).await?;
                answer
                    .json()
                    .await
                    .map_err(|error| Trouble::Passing(said(&error)))
            };
            let message = match asked.await {
                Ok(value) => return Ok(value),
                Err(Trouble::Passing(_)) if !self.stopped() && patience.pause().await => continue,
                Err(Trouble::Passing(message) | Trouble::Final(message)) => message,
                Err(Trouble::Gone) => Text::new(
                    format!("không có sản phẩm {:?} ở {}", self.product, self.base),
                    format!("no product {:?} at {}", self.product, self.base),
                ),
            };
            return Err(Failure {
                code: Code::Service,
                message,
            });
        }
    }

    /// Sends a file unless the service has it, for as long as there is progress.
    pub async fn send(&self, file: &Found, known: &Known) -> Result<Outcome, Failure> {
        let hash = hash_of(&file.path).await?;
        let there = if file.is_model {
            known
                .model
                .as_ref()
                .is_some_and(|model| model.sha256 == hash)
        } else {
            known
                .photos
                .iter()
                .any(|photo| photo.name == file.name && photo.sha256 == hash)
        };
        if there {
            self.done_bytes
                .fetch_add(file.size_bytes, Ordering::Relaxed);
            return Ok(Outcome::There);
        }
        let mut address = known
            .uploads
            .iter()
            .find(|upload| {
                let same_place = if file.is_model {
                    upload.kind == "model"
                } else {
                    upload.name == file.name
                };
                same_place
                    && upload.length_bytes == file.size_bytes
                    && upload.sha256.as_deref() == Some(hash.as_str())
            })
            .map(|upload| format!("api/uploads/{}", upload.id));
        let mut patience = Patience::new(self.patience);
        // What of this file the bar counts.
        let counted = Counted::new(&self.done_bytes);
        let mut furthest = 0;
        loop {
            if self.stopped() {
                return Ok(Outcome::Stopped);
            }
            let tried = self.go_on(file, &hash, &mut address, &counted).await;
            if counted.get() > furthest {
                furthest = counted.get();
                patience = Patience::new(self.patience);
            }
            match tried {
                Ok(()) => return Ok(Outcome::Sent),
                Err(Trouble::Gone) => address = None,
                Err(Trouble::Final(reason)) => {
                    counted.set(file.size_bytes);
                    return Ok(Outcome::Refused(reason));
                }
                Err(Trouble::Passing(message)) => {
                    if !patience.pause().await {
                        return Err(gave_up(&file.name, &message));
                    }
                }
            }
        }
    }

    /// Begins the upload where it has not begun, asks how far it is, and sends the rest.
    async fn go_on(
        &self,
        file: &Found,
        hash: &str,
        address: &mut Option<String>,
        counted: &Counted<'_>,
    ) -> Result<(), Trouble> {
        let (path, offset) = if let Some(path) = address {
            let answer = self.request(Method::HEAD, path).timeout(SILENCE);
            let answer = checked(answer.send().await).await?;
            (path.clone(), offset_of(&answer)?)
        } else {
            let path = self.create(file, hash).await?;
            (address.insert(path).clone(), 0)
        };
        counted.set(offset);
        if offset == file.size_bytes {
            return Ok(());
        }
        let answer = self.patch(file, &path, offset, counted).await?;
        let offset = offset_of(&answer)?;
        counted.set(offset);
        if offset == file.size_bytes {
            return Ok(());
        }
        Err(Trouble::Passing(Text::new(
            "máy chủ chưa nhận hết tệp",
            "the service did not take the whole file",
        )))
    }

    async fn create(&self, file: &Found, hash: &str) -> Result<String, Trouble> {
        let metadata = format!(
            "filename {},kind {},sha256 {}",
            STANDARD.encode(&file.name),
            STANDARD.encode(if file.is_model { "model" } else { "photo" }),
            STANDARD.encode(hash),
        );
        let asked = self
            .request(Method::POST, &self.product_path("/uploads"))
            .header("upload-length", file.size_bytes)
            .header("upload-metadata", metadata)
            .timeout(SILENCE)
            .send()
            .await;
        let answer = match checked(asked).await {
            // No upload is lost here: the product is.
            Err(Trouble::Gone) => Err(Trouble::Final(Text::new(
                "sản phẩm không còn nữa",
                "the product is not there any more",
            ))),
            other => other,
        }?;
        let location = answer.headers().get(LOCATION);
        location
            .and_then(|location| location.to_str().ok())
            .map(|path| path.trim_start_matches('/').to_owned())
            .ok_or_else(not_tus)
    }

    async fn patch(
        &self,
        file: &Found,
        path: &str,
        offset: u64,
        counted: &Counted<'_>,
    ) -> Result<Response, Trouble> {
        let reading = |error: std::io::Error| {
            Trouble::Final(Text::new(
                format!("không đọc được tệp: {error}"),
                format!("the file cannot be read: {error}"),
            ))
        };
        let mut source = tokio::fs::File::open(&file.path).await.map_err(reading)?;
        source
            .seek(SeekFrom::Start(offset))
            .await
            .map_err(reading)?;
        let left = file.size_bytes - offset;
        let moved = Arc::new(AtomicU64::new(0));
        let counter = moved.clone();
        let stream =
            ReaderStream::with_capacity(source.take(left), READ_BYTES).inspect_ok(move |bytes| {
                counter.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            });
        let sending = self
            .request(Method::PATCH, path)
            .header("upload-offset", offset)
            .header(CONTENT_TYPE, "application/offset+octet-stream")
            .header(CONTENT_LENGTH, left)
            .body(Body::wrap_stream(stream))
            .send();
        tokio::pin!(sending);
        let mut last = (0, Instant::now());
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        loop {
            tokio::select! {
                sent = &mut sending => return checked(sent).await,
                _ = tick.tick() => {
                    let bytes = moved.load(Ordering::Relaxed);
                    counted.set(offset + bytes);
                    if bytes != last.0 {
                        last = (bytes, Instant::now());
                    }
                    // The rest is the service's: it joins the pieces before it answers.
                    if last.1.elapsed() > SILENCE {
                        return Err(Trouble::Passing(Text::new("mạng im lặng quá lâu", "the network went silent")));
                    }
                    if self.stopped() {
                        return Err(Trouble::Passing(Text::new("đã dừng", "stopped")));
                    }
                }
            }
        }
    }

    fn product_path(&self, rest: &str) -> String {
        format!("api/products/{}{rest}", self.product)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", url.path()));
        let request = self
            .http
            .request(method, url)
            .header("tus-resumable", "1.0.0")
            // What the service refuses it says in the user's language.
            .header(ACCEPT_LANGUAGE, self.language.tag());
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

/// What of one file the bar counts: set, not added, for an offset may fall back after a cut.
struct Counted<'a> {
    all: &'a AtomicU64,
    own: AtomicU64,
}

impl<'a> Counted<'a> {
    fn new(all: &'a AtomicU64) -> Self {
        Self {
            all,
            own: AtomicU64::new(0),
        }
    }

    fn get(&self) -> u64 {
        self.own.load(Ordering::Relaxed)
    }

    fn set(&self, bytes: u64) {
        let before = self.own.swap(bytes, Ordering::Relaxed);
        if bytes >= before {
            self.all.fetch_add(bytes - before, Ordering::Relaxed);
        } else {
            self.all.fetch_sub(before - bytes, Ordering::Relaxed);
        }
    }
}

/// Pauses that grow, until it has lasted too long without progress.
struct Patience {
    until: Instant,
    pause: Duration,
}

impl Patience {
    fn new(patience: Duration) -> Self {
        Self {
            until: Instant::now() + patience,
            pause: FIRST_PAUSE,
        }
    }

    /// Waits before the next try; false where it has lasted too long.
    async fn pause(&mut self) -> bool {
        if Instant::now() + self.pause > self.until {
            return false;
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LAST_PAUSE);
        true
    }
}

/// The answer if it is a success.
async fn checked(answer: Result<Response, reqwest::Error>) -> Result<Response, Trouble> {
    let answer = answer.map_err(|error| Trouble::Passing(said(&error)))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let (reason, code) = refusal(answer).await;
    Err(match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => Trouble::Gone,
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::CONFLICT
        | StatusCode::LOCKED
        | StatusCode::TOO_MANY_REQUESTS => match code.as_str() {
            "too-many-photos" => Trouble::Final(reason),
            _ => Trouble::Passing(reason),
        },
        StatusCode::INSUFFICIENT_STORAGE => Trouble::Final(reason),
        status if status.is_server_error() || code == "upload-cut" => Trouble::Passing(reason),
        _ => Trouble::Final(reason),
    })
}

/// What the service said, and its word for programs.
async fn refusal(answer: Response) -> (Text, String) {
    #[derive(Deserialize)]
    struct Problem {
        detail: String,
        code: String,
    }
    let status = answer.status();
    match answer.json::<Problem>().await {
        Ok(problem) => (
            Text::new(problem.detail.clone(), problem.detail),
            problem.code,
        ),
        Err(_) => (
            Text::new(
                format!("máy chủ trả lời {status}"),
                format!("the service answered {status}"),
            ),
            String::new(),
        ),
    }
}

fn offset_of(answer: &Response) -> Result<u64, Trouble> {
    let offset = answer.headers().get("upload-offset");
    offset
        .and_then(|offset| offset.to_str().ok()?.parse().ok())
        .ok_or_else(not_tus)
}

fn not_tus() -> Trouble {
    Trouble::Final(Text::new(
        "máy chủ không trả lời theo giao thức tus; hãy kiểm tra địa chỉ --to",
        "the service does not answer in the tus protocol; check the address --to",
    ))
}

fn said(error: &reqwest::Error) -> Text {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    Text::new(
        format!("không kết nối được với máy chủ: {text}"),
        format!("the service cannot be reached: {text}"),
    )
}

fn gave_up(name: &str, reason: &Text) -> Failure {
    Failure {
        code: Code::Service,
        message: Text::new(
            format!(
                "{name}: {}; chạy lại lệnh này để gửi tiếp từ chỗ dừng",
                reason.vi
            ),
            format!("{name}: {}; the same command goes on from there", reason.en),
        ),
    }
}

async fn hash_of(path: &Path) -> Result<String, Failure> {
    let reading = |error: &dyn std::fmt::Display| Failure {
        code: Code::BadInput,
        message: Text::new(
            format!("không đọc được {}: {error}", path.display()),
            format!("cannot read {}: {error}", path.display()),
        ),
    };
    let mut file = tokio::fs::File::open(path).await.map_err(|e| reading(&e))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match file.read(&mut buffer).await.map_err(|e| reading(&e))? {
            0 => return Ok(hex::encode(hasher.finalize())),
            n => hasher.update(&buffer[..n]),
        }
    }
}
