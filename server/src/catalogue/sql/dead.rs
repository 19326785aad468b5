use async_trait::async_trait;
use sqlx::Row;

use super::{Store, audit, now_ms, rows};
use crate::Error;
use crate::catalogue::{DeadJobs, Job, JobId, JobKind, JobState};

#[async_trait]
impl DeadJobs for Store {
    async fn dead_jobs(&self, limit: u32) -> Result<Vec<Job>, Error> {
        sqlx::query(
            "SELECT * FROM jobs WHERE state = 'failed' ORDER BY finished_ms DESC, id DESC LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.reader())
        .await?
        .iter()
        .map(rows::job)
        .collect()
    }

    async fn job_counts(&self) -> Result<Vec<(JobKind, JobState, u64)>, Error> {
        sqlx::query("SELECT kind, state, count(*) AS jobs FROM jobs GROUP BY kind, state")
            .fetch_all(self.reader())
            .await?
            .iter()
            .map(|row| {
                Ok((
                    rows::kind_named(row.try_get("kind")?)?,
                    rows::state_named(row.try_get("state")?)?,
                    rows::count(row, "jobs")?,
                ))
            })
            .collect()
    }

    async fn revive(&self, id: JobId) -> Result<Option<Job>, Error> {
        let mut tx = self.begin().await?;
        let active = sqlx::query(
            "SELECT other.* FROM jobs dead JOIN jobs other
             ON other.product_id = dead.product_id AND other.kind = dead.kind
                 AND coalesce(other.capture_id, '') = coalesce(dead.capture_id, '') AND other.state IN ('queued', 'running')
             WHERE dead.id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(row) = active {
            return rows::job(&row).map(Some);
        }
        let revived = sqlx::query(
            "UPDATE jobs SET state = 'queued', attempts = 0, cancel_requested = FALSE, progress = '{}',
                 run_after_ms = $1, started_ms = NULL, finished_ms = NULL
             WHERE id = $2 AND state IN ('failed', 'cancelled')",
        )
        .bind(now_ms())
        .bind(id.to_string())
        .execute(&mut *tx)
        .await?;
        let row = sqlx::query("SELECT * FROM jobs WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        let job = row.as_ref().map(rows::job).transpose()?;
        if let Some(job) = &job
            && revived.rows_affected() > 0
        {
            let id = job.product_id.to_string();
            audit::note_of_product(&mut tx, "job.retry", &id, job.kind.name()).await?;
        }
        tx.commit().await?;
        Ok(job)
    }
}
