use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};
use xoay_format::{Localize, ProgressEvent, Text, Watch};

use super::{News, Newsroom, Places, Recipes, RunError, SPIN};
use crate::Error;
use crate::catalogue::{
    Beat, CaptureId, Catalogue, Claim, JobFailure, JobId, JobKind, JobQueue, LeaseToken, MadeModel,
    MadeSpin, Photo, Produced, Progress,
};
use crate::crash;
use crate::publishing;
use crate::store::{Class, ObjectKey, Objects};
use crate::trace::{self, TRACES};

/// How long an idle worker waits before it asks again: other processes queue jobs too.
const POLL: Duration = Duration::from_secs(1);
/// How often changed progress is stored.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);
/// How soon a cancelled job learns of it.
const BEAT_EVERY: Duration = Duration::from_secs(2);
/// Wait before the second attempt; doubled for each further one.
const BACK_OFF: Duration = Duration::from_secs(5);
/// How many leases long a worker tries to tell a database that is away how its job ended. Another worker may take the job
/// once the lease has run out; until one does, the word counts.
const INSIST_LEASES: u32 = 4;

/// Works on jobs, one after the other.
pub(crate) struct Worker {
    pub(crate) catalogue: Arc<dyn Catalogue>,
    pub(crate) queue: Arc<dyn JobQueue>,
    pub(crate) objects: Objects,
    pub(crate) recipes: Arc<dyn Recipes>,
    pub(crate) newsroom: Arc<Newsroom>,
    /// Scratch space; each attempt has a folder of its own in it.
    pub(crate) work_dir: PathBuf,
    pub(crate) lease: Duration,
    /// How many jobs of each kind this process may work on.
    pub(crate) places: Arc<Places>,
    /// Ends the loop and hands the running job back.
    pub(crate) stop: CancellationToken,
}

/// Why the pipeline was told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StopReason {
    Cancelled,
    LeaseLost,
    Shutdown,
}

/// How an attempt ended, as the queue is told.
enum Verdict<'a> {
    Done(&'a Produced),
    HandedBack,
    Failed {
        failure: &'a JobFailure,
        retry: Option<Duration>,
    },
}

enum AttemptError {
    Stopped,
    Failed { failure: JobFailure, passing: bool },
}

impl Worker {
    /// Claims and works until told to stop.
    pub(crate) async fn run(self) {
        while !self.stop.is_cancelled() {
            let mut places = self.places.reserve();
            let wait = match self.queue.claim_kinds(&places.kinds(), self.lease).await {
                Ok(Some(claim)) => {
                    places.keep(claim.job.kind);
                    self.work(&claim).await;
                    continue;
                }
                Ok(None) => POLL,
                Err(error) => {
                    tracing::error!(%error, "cannot ask for jobs");
                    POLL * 5
                }
            };
            drop(places);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.newsroom.next_queued() => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    /// One attempt at one job, to its end.
    pub(crate) async fn work(&self, claim: &Claim) {
        let span = trace::attempt(claim);
        self.work_in(claim, &span).instrument(span.clone()).await;
    }

    async fn work_in(&self, claim: &Claim, span: &Span) {
        let (id, kind) = (claim.job.id, claim.job.kind.name());
        tracing::info!(job = %id, kind, attempt = claim.job.attempts, "job started");
        crash::point("job-claimed");
        self.newsroom.tell(id, News::Changed);
        let started = Instant::now();
        let shared = Arc::new(Shared::default());
        let mut attempt = std::pin::pin!(self.attempt(claim, &shared));
        let mut stopped_for = None;
        let mut last_beat = Instant::now();
        let mut tick = tokio::time::interval(PROGRESS_EVERY.min(self.lease / 4));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let outcome = loop {
            tokio::select! {
                outcome = &mut attempt => break outcome,
                () = self.stop.cancelled(), if stopped_for.is_none() => {
                    stopped_for = Some(StopReason::Shutdown);
                    shared.cancel.store(true, Ordering::Relaxed);
                }
                _ = tick.tick() => {
                    let due = last_beat.elapsed() >= BEAT_EVERY.min(self.lease / 4);
                    if stopped_for == Some(StopReason::LeaseLost) || !(due || shared.take_changed()) {
                        continue;
                    }
                    last_beat = Instant::now();
                    let reason = match self.queue.beat(claim, &shared.progress(), self.lease).await {
                        Ok(Beat::Held) => continue,
                        Ok(Beat::Cancelled) => StopReason::Cancelled,
                        Ok(Beat::Lost) => StopReason::LeaseLost,
                        Err(error) => {
                            tracing::warn!(job = %id, %error, "the heartbeat failed");
                            continue;
                        }
                    };
                    stopped_for = Some(reason);
                    shared.cancel.store(true, Ordering::Relaxed);
                }
            }
        };
        if stopped_for != Some(StopReason::LeaseLost)
            && let Err(error) = self.queue.beat(claim, &shared.progress(), self.lease).await
        {
            tracing::warn!(job = %id, %error, "the last heartbeat failed");
        }
        let word = self.settle(claim, outcome, stopped_for, started).await;
        span.record("xoay.job.outcome", word);
        self.newsroom.tell(id, News::Changed);
    }

    /// Tells the queue how the attempt ended, and gives a word for it.
    async fn settle(
        &self,
        claim: &Claim,
        outcome: Result<Produced, AttemptError>,
        stopped_for: Option<StopReason>,
        started: Instant,
    ) -> &'static str {
        let id = claim.job.id;
        let elapsed_ms = started.elapsed().as_millis() as u64;
        let (settled, word) = match outcome {
            _ if stopped_for == Some(StopReason::LeaseLost) => (Ok(false), "stopped"),
            Ok(produced) => {
                crash::point("job-durable");
                let completed = self.tell(claim, Verdict::Done(&produced)).await;
                crash::point("job-completed");
                (completed, "done")
            }
            Err(AttemptError::Stopped) => {
                (self.tell(claim, Verdict::HandedBack).await, "given back")
            }
            Err(AttemptError::Failed { failure, passing }) => {
                let doublings = claim.job.attempts.saturating_sub(1).min(10);
                let retry = passing.then(|| BACK_OFF * 2_u32.pow(doublings));
                Span::current()
                    .record("otel.status_code", "ERROR")
                    .record("otel.status_description", &failure.code);
                tracing::warn!(job = %id, code = failure.code, reason = failure.message.en, "job attempt failed");
                let failure = &failure;
                let verdict = Verdict::Failed { failure, retry };
                (self.tell(claim, verdict).await, "failed")
            }
        };
        match settled {
            Ok(true) => {
                tracing::info!(job = %id, elapsed_ms, "job {word}");
                word
            }
            Ok(false) => {
                tracing::warn!(job = %id, elapsed_ms, "job lost to another worker; nothing written");
                "lost"
            }
            Err(error) => {
                tracing::error!(job = %id, %error, "cannot end the job; its lease will run out");
                "not ended"
            }
        }
    }

    /// Tells the queue how the attempt ended, again and again while the database is away: what was made is not thrown
    /// away because the database starts again. Saying it twice does no harm, the token fences it.
    async fn tell(&self, claim: &Claim, verdict: Verdict<'_>) -> Result<bool, Error> {
        let give_up = Instant::now() + self.lease * INSIST_LEASES;
        loop {
            let told = match verdict {
                Verdict::Done(produced) => self.queue.complete(claim, produced).await,
                Verdict::HandedBack => self.queue.release(claim).await,
                Verdict::Failed { failure, retry } => self.queue.fail(claim, failure, retry).await,
            };
            match told {
                Err(error) if error.is_unreachable() && Instant::now() < give_up => {
                    tracing::warn!(job = %claim.job.id, %error, "cannot tell how the job ended; trying again");
                }
                told => return told,
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn attempt(&self, claim: &Claim, shared: &Arc<Shared>) -> Result<Produced, AttemptError> {
        let scratch = self
            .work_dir
            .join(format!("{}.{}", claim.job.id, claim.token));
        let result = self.attempt_in(&scratch, claim, shared).await;
        if let Err(error) = tokio::fs::remove_dir_all(&scratch).await
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(folder = %scratch.display(), %error, "cannot remove scratch space");
        }
        result
    }

    async fn attempt_in(
        &self,
        scratch: &Path,
        claim: &Claim,
        shared: &Arc<Shared>,
    ) -> Result<Produced, AttemptError> {
        let input = self.bring_input(scratch, claim, shared).await?;
        crash::point("job-input-copied");
        let out = scratch.join("out");
        self.run_recipe(claim, input, out.clone(), shared.clone())
            .await?;
        crash::point("job-made");
        Ok(match claim.job.kind {
            JobKind::Spin => Produced::Spin(MadeSpin {
                manifest: publishing::store_spin(&self.objects, &out).await?,
                report: publishing::store_report(&self.objects, &out).await?,
            }),
            JobKind::Model => Produced::Model(MadeModel {
                manifest: publishing::store_model(&self.objects, &out).await?,
                tracked: publishing::tracked(&scratch.join(SPIN))
                    .await?
                    .map(Box::new),
            }),
        })
    }

    /// Copies the uploads next to the recipe.
    #[tracing::instrument(name = "job.bring_input", target = TRACES, level = "debug", skip_all)]
    async fn bring_input(
        &self,
        scratch: &Path,
        claim: &Claim,
        shared: &Shared,
    ) -> Result<PathBuf, AttemptError> {
        let kind = claim.job.kind;
        let folder = scratch.join("photos");
        tokio::fs::create_dir_all(&folder)
            .await
            .map_err(|e| Error::io(format!("creating {}", folder.display()), e))?;
        let nothing = || AttemptError::from(Error::NothingToWorkOn { kind });
        if kind == JobKind::Model && claim.job.capture_id.is_none() {
            let model = self.catalogue.model(claim.job.product_id).await?;
            let file = scratch.join("model.glb");
            self.objects
                .copy_to_file(&model.ok_or_else(nothing)?.key, &file)
                .await?;
            return Ok(file);
        }
        let capture = claim.job.capture_id.ok_or_else(nothing)?;
        let photos = self.catalogue.photos(capture).await?;
        if photos.is_empty() {
            return Err(nothing());
        }
        for photo in &photos {
            if shared.cancel.load(Ordering::Relaxed) {
                return Err(AttemptError::Stopped);
            }
            self.objects
                .copy_to_file(&photo.upload.key, &folder.join(&photo.name))
                .await?;
        }
        if kind == JobKind::Model {
            self.bring_spin(&scratch.join(SPIN), capture, &photos)
                .await?;
        }
        Ok(folder)
    }

    /// Lays the latest spin of a capture where the recipe looks for it, if its frames are still among the photos.
    async fn bring_spin(
        &self,
        folder: &Path,
        capture: CaptureId,
        photos: &[Photo],
    ) -> Result<(), AttemptError> {
        let Some(spin) = self.queue.latest_spin(capture).await? else {
            return Ok(());
        };
        let there = |name: &str| photos.iter().any(|photo| photo.name == name);
        let report = spin
            .report
            .filter(|_| spin.manifest.frames.iter().all(|f| there(&f.source)))
            .and_then(|name| ObjectKey::parse(Class::Derived, &name));
        let Some(report) = report else { return Ok(()) };
        publishing::lay_out(&self.objects, folder, &spin.manifest, &report).await?;
        Ok(())
    }

    /// Runs the recipe on a thread of its own, so that a process told to end need not wait for it.
    #[tracing::instrument(name = "job.run_recipe", target = TRACES, level = "debug", skip_all)]
    async fn run_recipe(
        &self,
        claim: &Claim,
        input: PathBuf,
        out: PathBuf,
        shared: Arc<Shared>,
    ) -> Result<(), AttemptError> {
        let (sender, receiver) = oneshot::channel();
        let (recipes, newsroom) = (self.recipes.clone(), self.newsroom.clone());
        let (id, kind) = (claim.job.id, claim.job.kind);
        std::thread::Builder::new()
            .name("job".into())
            .spawn(move || {
                let listener = |event: ProgressEvent| {
                    shared.take_in(&event);
                    newsroom.tell(id, News::Progress(event));
                };
                let watch = Watch::new(&listener, &shared.cancel);
                let ran = std::panic::catch_unwind(AssertUnwindSafe(|| {
                    recipes.run(kind, &input, &out, watch)
                }));
                // The worker may have gone; then nobody waits for the result.
                let _ = sender.send(ran.unwrap_or_else(|_| Err(RunError::Failed(internal()))));
            })
            .map_err(|e| Error::io("starting a thread", e))?;
        match receiver.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(RunError::Cancelled)) => Err(AttemptError::Stopped),
            Ok(Err(RunError::Failed(failure))) => Err(AttemptError::Failed {
                failure,
                passing: false,
            }),
            Ok(Err(RunError::Passing(failure))) => Err(AttemptError::Failed {
                failure,
                passing: true,
            }),
            Err(_) => Err(AttemptError::Failed {
                failure: internal(),
                passing: false,
            }),
        }
    }
}

impl From<Error> for AttemptError {
    fn from(error: Error) -> Self {
        let passing = error.is_passing();
        let code = match &error {
            Error::NoSpace => "no-space",
            Error::NothingToWorkOn { .. } => "bad-input",
            _ => "internal",
        };
        let message = if passing {
            // What store and database say is for the log only.
            tracing::error!(%error, "the job's surroundings failed");
            internal().message
        } else {
            error.text()
        };
        Self::Failed {
            failure: JobFailure {
                code: code.into(),
                message,
            },
            passing,
        }
    }
}

fn internal() -> JobFailure {
    JobFailure {
        code: "internal".into(),
        message: Text::new(
            "máy chủ gặp lỗi khi chạy tác vụ; dữ liệu đã tải lên vẫn còn. Hãy chạy lại; nếu vẫn lỗi, xem nhật ký của máy chủ",
            "the server failed while it worked on the job; the uploads are safe. Start it again; if it fails again, look into the server's log",
        ),
    }
}

/// What the job's thread and its heartbeat share.
#[derive(Default)]
struct Shared {
    cancel: AtomicBool,
    changed: AtomicBool,
    progress: Mutex<Progress>,
}

impl Shared {
    fn take_in(&self, event: &ProgressEvent) {
        self.progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take_in(event);
        self.changed.store(true, Ordering::Release);
    }

    fn take_changed(&self) -> bool {
        self.changed.swap(false, Ordering::Acquire)
    }

    fn progress(&self) -> Progress {
        self.progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Removes scratch folders that no worker holds any more, as a killed process leaves them.
pub(crate) async fn sweep(work_dir: &Path, queue: &dyn JobQueue) -> Result<(), Error> {
    let reading = |e| Error::io(format!("reading {}", work_dir.display()), e);
    let mut entries = tokio::fs::read_dir(work_dir).await.map_err(reading)?;
    while let Some(entry) = entries.next_entry().await.map_err(reading)? {
        let name = entry.file_name();
        let ids = name
            .to_str()
            .and_then(|name| name.split_once('.'))
            .and_then(|(job, token)| {
                Some((
                    job.parse::<JobId>().ok()?,
                    token.parse::<LeaseToken>().ok()?,
                ))
            });
        let Some((job, token)) = ids else { continue };
        if queue.holds(job, token).await? {
            continue;
        }
        tokio::fs::remove_dir_all(entry.path())
            .await
            .map_err(|e| Error::io(format!("removing {}", entry.path().display()), e))?;
    }
    Ok(())
}
