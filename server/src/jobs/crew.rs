use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Newsroom, Pipeline, Places, Recipes, Worker, sweep};
use crate::Error;
use crate::catalogue::{Catalogue, JobQueue};
use crate::config::WorkConfig;
use crate::sandbox::Sandboxed;
use crate::store::Objects;

/// The workers of one process, whether it serves or not.
pub(crate) struct Crew {
    workers: JoinSet<()>,
}

/// What all workers of a process share.
pub(crate) struct Workplace {
    pub(crate) catalogue: Arc<dyn Catalogue>,
    pub(crate) queue: Arc<dyn JobQueue>,
    pub(crate) objects: Objects,
    pub(crate) newsroom: Arc<Newsroom>,
    /// Scratch space of the attempts.
    pub(crate) jobs_dir: PathBuf,
    pub(crate) stop: CancellationToken,
}

impl Crew {
    /// Starts the workers, after what killed processes left was swept.
    pub(crate) async fn start(
        place: &Workplace,
        recipes: Arc<dyn Recipes>,
        config: &WorkConfig,
    ) -> Result<Self, Error> {
        tokio::fs::create_dir_all(&place.jobs_dir)
            .await
            .map_err(|e| Error::io(format!("creating {}", place.jobs_dir.display()), e))?;
        sweep(&place.jobs_dir, &*place.queue).await?;
        let places = Places::new(config.kinds);
        let mut workers = JoinSet::new();
        for _ in 0..config.workers {
            let worker = Worker {
                catalogue: place.catalogue.clone(),
                queue: place.queue.clone(),
                objects: place.objects.clone(),
                recipes: recipes.clone(),
                newsroom: place.newsroom.clone(),
                work_dir: place.jobs_dir.clone(),
                lease: config.lease,
                places: places.clone(),
                stop: place.stop.clone(),
            };
            workers.spawn(worker.run());
        }
        Ok(Self { workers })
    }

    /// Waits until every worker has ended or handed its job back.
    pub(crate) async fn ended(&mut self) {
        while self.workers.join_next().await.is_some() {}
    }

    /// Leaves the workers that have not ended: their jobs keep their leases until those run out.
    pub(crate) fn abandon(&mut self) {
        self.workers.abort_all();
    }
}

/// The recipes as the configuration wants them run; what a kernel has to confine them is said in the log.
pub(crate) async fn recipes(
    config: &WorkConfig,
    work_dir: &Path,
) -> Result<Arc<dyn Recipes>, Error> {
    let Some(program) = config.sandbox.clone() else {
        tracing::warn!("jobs run in this process: a file that breaks a decoder ends it");
        return Ok(Arc::new(Pipeline));
    };
    let sandboxed = Sandboxed::new(
        program,
        vec![crate::SANDBOXED_JOB.to_owned()],
        config.job_limits,
    );
    if config.workers == 0 {
        return Ok(Arc::new(sandboxed));
    }
    tokio::fs::create_dir_all(work_dir)
        .await
        .map_err(|e| Error::io(format!("creating {}", work_dir.display()), e))?;
    let (asked, scratch) = (sandboxed.clone(), work_dir.to_path_buf());
    let probed = tokio::task::spawn_blocking(move || asked.probe(&scratch)).await;
    match probed.ok().flatten() {
        None => {
            return Err(Error::Configuration {
                reason: xoay_format::Text::new(
                    "không khởi động được tiến trình con cho tác vụ; hãy tăng --job-memory hoặc kiểm tra quyền chạy của chương trình",
                    "a job's child process does not start; raise --job-memory, or check that this program may execute itself",
                ),
            });
        }
        Some(confinement) if confinement.landlock && confinement.seccomp => {
            tracing::info!(%confinement, "jobs run in processes of their own");
        }
        Some(confinement) => {
            tracing::warn!(%confinement, "jobs run in processes of their own, which this kernel confines only in part");
        }
    }
    Ok(Arc::new(sandboxed))
}
