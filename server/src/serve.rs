use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::api::{self, App, Front, Guard, Peer};
use crate::catalogue::{self, Captures, Catalogue, DeadJobs, JobQueue, Producers, UploadLedger};
use crate::config::{self, ServeConfig};
use crate::jobs::{Crew, Newsroom, Recipes, Workplace};
use crate::people::People;
use crate::people::oidc::Provider;
use crate::{Error, jobs};

/// A client has so long to send its request's head.
const HEAD_WITHIN: Duration = Duration::from_secs(20);
const MAX_HEADERS: usize = 100;
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Connections at the same time; further ones wait in the listener's queue.
const MAX_CONNECTIONS: usize = 4096;
/// Scratch files of uploads that a killed process left are removed after this.
const STALE_UPLOAD: Duration = Duration::from_hours(24);

/// Serves until `shutdown` completes, then ends within the configured grace: listening stops, event streams end,
/// and a running job is handed back to the queue.
///
/// `on_ready` gets the address once requests are answered.
///
/// # Errors
/// A configuration that cannot be served, a database or store that cannot be opened, an address that is taken.
pub async fn serve(
    config: ServeConfig,
    shutdown: impl Future<Output = ()>,
    on_ready: impl FnOnce(SocketAddr),
) -> anyhow::Result<()> {
    let recipes = jobs::recipes(&config.work, &config.data_dir.join("work").join("jobs")).await?;
    serve_with(config, recipes, shutdown, on_ready).await?;
    Ok(())
}

/// [`serve`] with any recipes.
pub(crate) async fn serve_with(
    config: ServeConfig,
    recipes: Arc<dyn Recipes>,
    shutdown: impl Future<Output = ()>,
    on_ready: impl FnOnce(SocketAddr),
) -> Result<(), Error> {
    config.check()?;
    let catalogue = catalogue::open(&config.data_dir, config.database_url.as_deref()).await?;
    let has_users = catalogue.has_users().await?;
    config.check_access(has_users)?;
    let objects = config::open_objects(&config.data_dir, config.store_url.as_deref())?;
    objects.probe().await?;
    let work_dir = config.data_dir.join("work");
    let (uploads_dir, jobs_dir) = (work_dir.join("uploads"), work_dir.join("jobs"));
    tokio::fs::create_dir_all(&uploads_dir)
        .await
        .map_err(|e| Error::io(format!("creating {}", uploads_dir.display()), e))?;
    remove_stale(&uploads_dir).await?;

    let stop = CancellationToken::new();
    let newsroom = Arc::new(Newsroom::new());
    let app = Arc::new(App {
        catalogue: catalogue.clone() as Arc<dyn Catalogue>,
        producers: catalogue.clone() as Arc<dyn Producers>,
        captures: catalogue.clone() as Arc<dyn Captures>,
        queue: catalogue.clone() as Arc<dyn JobQueue>,
        people: catalogue.clone() as Arc<dyn People>,
        has_users: AtomicBool::new(has_users),
        ledger: catalogue.clone() as Arc<dyn UploadLedger>,
        dead: catalogue.clone() as Arc<dyn DeadJobs>,
        turns: Arc::default(),
        objects: objects.clone(),
        hot: api::hot_objects(config.cache_bytes),
        newsroom: newsroom.clone(),
        metrics: Arc::default(),
        rate: Arc::new(api::RateLimit::new(config.rate_limit, config.trusted_hops)),
        limits: config.limits,
        upload_lifetime: config.upload_lifetime,
        uploads_dir,
        public_url: config.public_url.clone(),
        oidc: config.oidc.clone().map(Provider::new).transpose()?,
        stop: stop.clone(),
    });
    tokio::spawn(api::tus::sweep_for_ever(app.clone()));
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|e| Error::io(format!("listening on {}", config.listen), e))?;
    if let Some(listen) = config.metrics_listen {
        serve_metrics(listen, app.clone()).await?;
    }
    let address = listener
        .local_addr()
        .map_err(|e| Error::io("reading the own address", e))?;
    let guard = Guard {
        token: config.token.clone(),
        public_url: config.public_url.clone(),
        loopback_only: address.ip().is_loopback(),
    };
    let place = Workplace {
        catalogue: catalogue.clone(),
        queue: catalogue,
        objects,
        newsroom,
        jobs_dir,
        stop: stop.clone(),
    };
    let mut crew = Crew::start(&place, recipes, &config.work).await?;
    tracing::info!(%address, workers = config.work.workers, "serving");
    on_ready(address);

    let graceful = GracefulShutdown::new();
    let accepting = accept(listener, Front::new(app, guard), &graceful);
    tokio::select! {
        () = accepting => {}
        () = shutdown => {}
    }
    tracing::info!("shutting down");
    stop.cancel();
    let ended = async { tokio::join!(graceful.shutdown(), crew.ended()) };
    if tokio::time::timeout(config.work.grace, ended)
        .await
        .is_err()
    {
        // A job that does not listen keeps its lease until that runs out; its scratch space is swept at the next start.
        tracing::warn!("some requests or jobs did not end in time; leaving them");
        crew.abandon();
    }
    Ok(())
}

/// Serves the figures on an address that only operators reach, until the service shuts down.
async fn serve_metrics(listen: SocketAddr, app: Arc<App>) -> Result<(), Error> {
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|e| Error::io(format!("listening on {listen} for metrics"), e))?;
    let stop = app.stop.clone();
    let serving = axum::serve(listener, api::metrics::router(app))
        .with_graceful_shutdown(async move { stop.cancelled().await });
    tokio::spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(%error, "metrics are served no more");
        }
    });
    Ok(())
}

/// Takes connections for ever.
async fn accept(listener: TcpListener, front: Front, graceful: &GracefulShutdown) {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(MAX_HEAD_BYTES as u32)
        .keep_alive_interval(HEAD_WITHIN)
        .max_concurrent_streams(100);
    loop {
        // The semaphore is never closed.
        let Ok(permit) = permits.clone().acquire_owned().await else {
            return;
        };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, say: wait for some to come free instead of spinning.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        let peer = Peer(peer);
        let front = front.clone();
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(peer);
            front.clone().answer(request)
        });
        let connection = builder
            .serve_connection(TokioIo::new(without_delay(stream)), service)
            .into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended badly");
            }
            drop(permit);
        });
    }
}

/// Small answers must not wait for the acknowledgement of earlier ones: 44 ms otherwise.
fn without_delay(stream: TcpStream) -> TcpStream {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    stream
}

async fn remove_stale(folder: &Path) -> Result<(), Error> {
    let reading = |e| Error::io(format!("reading {}", folder.display()), e);
    let mut entries = tokio::fs::read_dir(folder).await.map_err(reading)?;
    while let Some(entry) = entries.next_entry().await.map_err(reading)? {
        let age = entry
            .metadata()
            .await
            .ok()
            .and_then(|metadata| metadata.modified().ok()?.elapsed().ok());
        if age.is_some_and(|age| age > STALE_UPLOAD)
            && let Err(error) = tokio::fs::remove_file(entry.path()).await
        {
            tracing::warn!(file = %entry.path().display(), %error, "cannot remove a stale upload");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
