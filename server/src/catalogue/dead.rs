use async_trait::async_trait;

use super::{Job, JobId, JobKind, JobState};
use crate::Error;

/// Jobs that ended without a result: kept with their reason, until somebody starts them again.
#[async_trait]
pub trait DeadJobs: Send + Sync {
    /// Failed jobs of all products, the latest failure first, at most `limit`.
    async fn dead_jobs(&self, limit: u32) -> Result<Vec<Job>, Error>;

    /// How many jobs there are of each kind and state.
    async fn job_counts(&self) -> Result<Vec<(JobKind, JobState, u64)>, Error>;

    /// Queues a failed or cancelled job again, its attempts forgotten. Where another of its kind and product is under
    /// way, that one is given; any other job is given as it is.
    async fn revive(&self, id: JobId) -> Result<Option<Job>, Error>;
}
