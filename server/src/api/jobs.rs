use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::products::fresh;
use super::{App, Path, Query};
use crate::Error;
use crate::catalogue::{Job, JobId, JobKind, JobState, Produced};
use crate::jobs::News;
use crate::people::{Actor, Permission};
use crate::publishing::product_manifest;

/// How soon what another process did to a job is told.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Failed jobs that are listed at most.
const DEAD_LISTED: u32 = 200;
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// From a job's manifest to the objects.
const OBJECTS_FROM_JOB: &str = "../../../objects/";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewJob {
    kind: JobKind,
    /// What it is made from. Where it is absent, a spin is made from the product's current capture; a model from the one
    /// that was uploaded, or from the current capture where none was.
    #[serde(default)]
    capture: Option<String>,
}

pub(super) async fn start(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    body: Result<Json<NewJob>, JsonRejection>,
) -> Result<Response, Error> {
    let Json(NewJob { kind, capture }) = body?;
    let product = app.product(&id).await?;
    let of_capture = || async {
        let capture = app.capture(product.id, capture.as_deref()).await?;
        let photos = app.catalogue.photos(capture).await?;
        Ok::<_, Error>((!photos.is_empty(), Some(capture)))
    };
    let (ready, capture) = match kind {
        JobKind::Model if capture.is_none() && app.catalogue.model(product.id).await?.is_some() => {
            (true, None)
        }
        JobKind::Spin | JobKind::Model => of_capture().await?,
    };
    if !ready {
        return Err(Error::NothingToWorkOn { kind });
    }
    let job = app.queue.enqueue_from(product.id, kind, capture).await?;
    app.newsroom.job_queued();
    let location = [(header::LOCATION, format!("/api/jobs/{}", job.id))];
    Ok((StatusCode::ACCEPTED, location, Json(job)).into_response())
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    Ok(fresh(Json(find(&app, &id).await?)))
}

pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let missing = || Error::NoSuchJob { id: id.clone() };
    let parsed: JobId = id.parse().map_err(|_| missing())?;
    let job = app.queue.cancel(parsed).await?.ok_or_else(missing)?;
    app.newsroom.tell(parsed, News::Changed);
    Ok(fresh(Json(job)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dead {
    state: DeadState,
    limit: Option<u32>,
}

/// The one state that is listed over all products.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum DeadState {
    Failed,
}

/// Jobs that failed, with their reasons, over all products.
pub(super) async fn dead(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    Query(asked): Query<Dead>,
) -> Result<Response, Error> {
    let DeadState::Failed = asked.state;
    let limit = asked.limit.unwrap_or(DEAD_LISTED).min(DEAD_LISTED);
    let mut jobs = Vec::new();
    for job in app.dead.dead_jobs(DEAD_LISTED).await? {
        let product = app.catalogue.product(job.product_id).await?;
        if product.is_some_and(|product| actor.may(Permission::Read, product.organisation)) {
            jobs.push(job);
        }
    }
    jobs.truncate(limit as usize);
    Ok(fresh(Json(jobs)))
}

/// Queues a job again that failed or was cancelled.
pub(super) async fn retry(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let missing = || Error::NoSuchJob {
        id: id.chars().take(80).collect(),
    };
    let parsed: JobId = id.parse().map_err(|_| missing())?;
    let job = app.dead.revive(parsed).await?.ok_or_else(missing)?;
    app.newsroom.job_queued();
    app.newsroom.tell(job.id, News::Changed);
    Ok((StatusCode::ACCEPTED, fresh(Json(job))).into_response())
}

/// What the job made, as a product's manifest, before it is public.
pub(super) async fn manifest(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let job = find(&app, &id).await?;
    let product = app.product(&job.product_id.to_string()).await?;
    let produced = app.queue.produced(job.id).await?;
    let (spin, model) = match produced {
        Some(Produced::Spin(made)) => (Some(made.manifest), None),
        Some(Produced::Model(made)) => (None, Some(made.manifest)),
        None => {
            return Err(Error::NoResult {
                state: job.state.name(),
            });
        }
    };
    Ok(fresh(Json(product_manifest(
        &product,
        spin,
        model,
        OBJECTS_FROM_JOB,
    ))))
}

/// The job's news: its state first, then each event of the pipeline, and its last state under that state's name.
pub(super) async fn events(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    // Listening begins before the first look, so that nothing falls between the two.
    let news = app.newsroom.listen();
    let job = find(&app, &id).await?;
    let mut look = interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let follower = Follower {
        app,
        id: job.id,
        news,
        look,
        first: Some(job),
        last: None,
        number: 0,
    };
    let stream = futures::stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    let sse = Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    // A proxy that waits for more would hold the news back.
    Ok((
        [("x-accel-buffering", "no"), ("cache-control", "no-store")],
        sse,
    )
        .into_response())
}

struct Follower {
    app: Arc<App>,
    id: JobId,
    news: Receiver<(JobId, News)>,
    look: Interval,
    /// The job as it was when the listener came, until that is told.
    first: Option<Job>,
    /// What was told last.
    last: Option<Job>,
    number: u64,
}

impl Follower {
    async fn next(&mut self) -> Option<Event> {
        if let Some(job) = self.first.take() {
            return Some(self.state(job));
        }
        if self.last.as_ref().is_some_and(|job| job.state.is_final()) {
            return None;
        }
        loop {
            tokio::select! {
                () = self.app.stop.cancelled() => return None,
                news = self.news.recv() => match news {
                    Ok((id, _)) if id != self.id => continue,
                    Ok((_, News::Progress(event))) => {
                        let data = serde_json::to_string(&event).ok()?;
                        return Some(self.event("progress", data));
                    }
                    Ok((_, News::Changed)) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                },
                _ = self.look.tick() => {}
            }
            match self.app.queue.job(self.id).await {
                Ok(Some(job)) if self.last.as_ref() != Some(&job) => return Some(self.state(job)),
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(error) => tracing::warn!(job = %self.id, %error, "cannot follow the job"),
            }
        }
    }

    fn state(&mut self, job: Job) -> Event {
        let name = match job.state {
            JobState::Queued | JobState::Running => "state",
            ended => ended.name(),
        };
        let data = serde_json::to_string(&job).unwrap_or_default(); // strings and numbers always serialise
        self.last = Some(job);
        self.event(name, data)
    }

    fn event(&mut self, name: &str, data: String) -> Event {
        self.number += 1;
        Event::default()
            .id(self.number.to_string())
            .event(name)
            .data(data)
    }
}

async fn find(app: &App, id: &str) -> Result<Job, Error> {
    let missing = || Error::NoSuchJob {
        id: id.chars().take(80).collect(),
    };
    let parsed = id.parse().map_err(|_| missing())?;
    app.queue.job(parsed).await?.ok_or_else(missing)
}
