use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::catalogue;
use crate::config::{self, WorkConfig};
use crate::jobs::{Crew, Newsroom, Workplace, recipes};
use crate::upkeep::Kept;

/// Works on jobs without serving anything, until `shutdown` completes; then jobs in work are handed back within the
/// configured grace. Any number of such processes share a database and a store.
///
/// `on_ready` is called once jobs are asked for.
///
/// # Errors
/// A database or store that cannot be opened, a job's process that does not start.
pub async fn work(
    kept: Kept<'_>,
    config: WorkConfig,
    shutdown: impl Future<Output = ()>,
    on_ready: impl FnOnce(),
) -> anyhow::Result<()> {
    let catalogue = catalogue::open(kept.data_dir, kept.database_url).await?;
    let objects = config::open_objects(kept.data_dir, kept.store_url)?;
    objects.probe().await?;
    let jobs_dir = kept.data_dir.join("work").join("jobs");
    let recipes = recipes(&config, &jobs_dir).await?;
    let stop = CancellationToken::new();
    let place = Workplace {
        catalogue: catalogue.clone(),
        queue: catalogue,
        objects,
        newsroom: Arc::new(Newsroom::new()),
        jobs_dir,
        stop: stop.clone(),
    };
    let mut crew = Crew::start(&place, recipes, &config).await?;
    tracing::info!(workers = config.workers, "working");
    on_ready();
    shutdown.await;
    tracing::info!("shutting down");
    stop.cancel();
    if tokio::time::timeout(config.grace, crew.ended())
        .await
        .is_err()
    {
        tracing::warn!("some jobs did not end in time; leaving them");
        crew.abandon();
    }
    Ok(())
}
