//! Jobs in the database, in the SQL that both databases speak. Compiled once for each.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::Row;
use xoay_format::Text;

use super::{CLAIM, Connection, Store, WAITING, audit, captures, lock_product, now_ms, rows};
use crate::Error;
use crate::catalogue::{
    Beat, CaptureId, Claim, Job, JobFailure, JobId, JobKind, JobQueue, LeaseToken, MadeSpin,
    Produced, ProductId, Progress,
};

/// How often a job is taken before a worker that dies of it is enough.
const MAX_ATTEMPTS: u32 = 3;
const LISTED: u32 = 50;

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

#[async_trait]
impl JobQueue for Store {
    async fn enqueue_from(
        &self,
        product: ProductId,
        kind: JobKind,
        capture: Option<CaptureId>,
    ) -> Result<Job, Error> {
        let mut tx = self.begin().await?;
        lock_product(&mut tx, product).await?;
        let capture = match (kind, capture) {
            // Without one it is made from the uploaded model.
            (JobKind::Model, named) => named,
            (JobKind::Spin, Some(named)) => Some(named),
            (JobKind::Spin, None) => Some(captures::current(&mut tx, product).await?),
        };
        let capture = capture.map(|id| id.to_string());
        let active = sqlx::query(
            "SELECT * FROM jobs WHERE product_id = $1 AND kind = $2 AND state IN ('queued', 'running')
             AND coalesce(capture_id, '') = coalesce($3, '')",
        )
        .bind(product.to_string())
        .bind(kind.name())
        .bind(&capture)
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(row) = active {
            return rows::job(&row);
        }
        let now_ms = now_ms();
        let row = sqlx::query(
            "INSERT INTO jobs (id, product_id, kind, state, run_after_ms, created_ms, capture_id)
             VALUES ($1, $2, $3, 'queued', $4, $5, $6) RETURNING *",
        )
        .bind(JobId::fresh().to_string())
        .bind(product.to_string())
        .bind(kind.name())
        .bind(now_ms)
        .bind(now_ms)
        .bind(&capture)
        .fetch_one(&mut *tx)
        .await?;
        let job = rows::job(&row)?;
        audit::note_of_product(&mut tx, "job.start", &product.to_string(), kind.name()).await?;
        tx.commit().await?;
        Ok(job)
    }

    async fn job(&self, id: JobId) -> Result<Option<Job>, Error> {
        sqlx::query("SELECT * FROM jobs WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(self.reader())
            .await?
            .as_ref()
            .map(rows::job)
            .transpose()
    }

    async fn jobs(&self, product: ProductId) -> Result<Vec<Job>, Error> {
        sqlx::query("SELECT * FROM jobs WHERE product_id = $1 ORDER BY id DESC LIMIT $2")
            .bind(product.to_string())
            .bind(i64::from(LISTED))
            .fetch_all(self.reader())
            .await?
            .iter()
            .map(rows::job)
            .collect()
    }

    async fn produced(&self, id: JobId) -> Result<Option<Produced>, Error> {
        let row = sqlx::query("SELECT result FROM jobs WHERE id = $1 AND state = 'done'")
            .bind(id.to_string())
            .fetch_optional(self.reader())
            .await?;
        row.map(|row| result(row.try_get("result")?)).transpose()
    }

    async fn latest_produced(
        &self,
        product: ProductId,
        kind: JobKind,
    ) -> Result<Option<Produced>, Error> {
        let row = sqlx::query(
            "SELECT result FROM jobs WHERE product_id = $1 AND kind = $2 AND state = 'done'
             ORDER BY finished_ms DESC, id DESC LIMIT 1",
        )
        .bind(product.to_string())
        .bind(kind.name())
        .fetch_optional(self.reader())
        .await?;
        row.map(|row| result(row.try_get("result")?)).transpose()
    }

    async fn latest_spin(&self, capture: CaptureId) -> Result<Option<MadeSpin>, Error> {
        let row = sqlx::query(
            "SELECT result FROM jobs WHERE capture_id = $1 AND kind = 'spin' AND state = 'done'
             ORDER BY finished_ms DESC, id DESC LIMIT 1",
        )
        .bind(capture.to_string())
        .fetch_optional(self.reader())
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(match result(row.try_get("result")?)? {
            Produced::Spin(spin) => Some(spin),
            Produced::Model(_) => None,
        })
    }

    async fn claim_kinds(
        &self,
        kinds: &[JobKind],
        lease: Duration,
    ) -> Result<Option<Claim>, Error> {
        let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        let kinds = format!(" {} ", kinds.join(" "));
        // An idle worker asks often: that must not take the write lock.
        let waiting = sqlx::query(WAITING)
            .bind(now_ms())
            .bind(&kinds)
            .fetch_optional(self.reader())
            .await?;
        if waiting.is_none() {
            return Ok(None);
        }
        let mut tx = self.begin().await?;
        bury(&mut tx).await?;
        let token = LeaseToken::fresh();
        let now_ms = now_ms();
        let row = sqlx::query(CLAIM)
            .bind(token.to_string())
            .bind(now_ms.saturating_add(ms(lease)))
            .bind(now_ms)
            .bind(&kinds)
            .fetch_optional(&mut *tx)
            .await?;
        let job = row.as_ref().map(rows::job).transpose()?;
        tx.commit().await?;
        Ok(job.map(|job| Claim { job, token }))
    }

    async fn beat(
        &self,
        claim: &Claim,
        progress: &Progress,
        lease: Duration,
    ) -> Result<Beat, Error> {
        let row = sqlx::query(
            "UPDATE jobs SET lease_until_ms = $1, progress = $2
             WHERE id = $3 AND lease_token = $4 AND state = 'running' RETURNING cancel_requested",
        )
        .bind(now_ms().saturating_add(ms(lease)))
        .bind(rows::json(progress)?)
        .bind(claim.job.id.to_string())
        .bind(claim.token.to_string())
        .fetch_optional(self.writer())
        .await?;
        Ok(match row {
            None => Beat::Lost,
            Some(row) if row.try_get::<bool, _>("cancel_requested")? => Beat::Cancelled,
            Some(_) => Beat::Held,
        })
    }

    async fn complete(&self, claim: &Claim, produced: &Produced) -> Result<bool, Error> {
        let done = sqlx::query(
            "UPDATE jobs SET state = 'done', result = $1, error = NULL, finished_ms = $2,
                 lease_token = NULL, lease_until_ms = NULL
             WHERE id = $3 AND lease_token = $4 AND state = 'running'",
        )
        .bind(rows::json(produced)?)
        .bind(now_ms())
        .bind(claim.job.id.to_string())
        .bind(claim.token.to_string())
        .execute(self.writer())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn fail(
        &self,
        claim: &Claim,
        failure: &JobFailure,
        retry_after: Option<Duration>,
    ) -> Result<bool, Error> {
        let now_ms = now_ms();
        let retry = retry_after.filter(|_| claim.job.attempts < MAX_ATTEMPTS);
        let done = sqlx::query(
            "UPDATE jobs SET
                 state = CASE WHEN cancel_requested THEN 'cancelled' WHEN $1 IS NULL THEN 'failed' ELSE 'queued' END,
                 run_after_ms = coalesce($1, run_after_ms), error = $2,
                 finished_ms = CASE WHEN cancel_requested OR $1 IS NULL THEN $3 END,
                 lease_token = NULL, lease_until_ms = NULL
             WHERE id = $4 AND lease_token = $5 AND state = 'running'",
        )
        .bind(retry.map(|wait| now_ms.saturating_add(ms(wait))))
        .bind(rows::json(failure)?)
        .bind(now_ms)
        .bind(claim.job.id.to_string())
        .bind(claim.token.to_string())
        .execute(self.writer())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn release(&self, claim: &Claim) -> Result<bool, Error> {
        let done = sqlx::query(
            "UPDATE jobs SET state = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'queued' END,
                 attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END, finished_ms = CASE WHEN cancel_requested THEN $1 END,
                 lease_token = NULL, lease_until_ms = NULL
             WHERE id = $2 AND lease_token = $3 AND state = 'running'",
        )
        .bind(now_ms())
        .bind(claim.job.id.to_string())
        .bind(claim.token.to_string())
        .execute(self.writer())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn cancel(&self, id: JobId) -> Result<Option<Job>, Error> {
        let mut tx = self.begin().await?;
        let changed = sqlx::query(
            "UPDATE jobs SET cancel_requested = TRUE,
                 state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END,
                 finished_ms = CASE state WHEN 'queued' THEN $1 END
             WHERE id = $2 AND state IN ('queued', 'running')",
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
            && changed.rows_affected() > 0
        {
            let id = job.product_id.to_string();
            audit::note_of_product(&mut tx, "job.cancel", &id, job.kind.name()).await?;
        }
        tx.commit().await?;
        Ok(job)
    }

    async fn holds(&self, id: JobId, token: LeaseToken) -> Result<bool, Error> {
        let row = sqlx::query(
            "SELECT 1 FROM jobs WHERE id = $1 AND lease_token = $2 AND lease_until_ms >= $3",
        )
        .bind(id.to_string())
        .bind(token.to_string())
        .bind(now_ms())
        .fetch_optional(self.reader())
        .await?;
        Ok(row.is_some())
    }
}

/// Ends the jobs whose worker vanished and that are not to be taken again: cancelled ones, and those that ended too many workers.
async fn bury(tx: &mut Connection) -> Result<(), Error> {
    let failure = JobFailure {
        code: "abandoned".into(),
        message: Text::new(
            format!(
                "tác vụ bị bỏ dở {MAX_ATTEMPTS} lần vì máy xử lý dừng giữa chừng; \
                 hãy xem nhật ký của máy chủ (có thể thiếu bộ nhớ) rồi chạy lại"
            ),
            format!(
                "the job was abandoned {MAX_ATTEMPTS} times because its worker stopped midway; \
                 look into the server's log (it may lack memory), then start it again"
            ),
        ),
    };
    sqlx::query(
        "UPDATE jobs SET state = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'failed' END,
             error = CASE WHEN cancel_requested THEN error ELSE $1 END,
             finished_ms = $2, lease_token = NULL, lease_until_ms = NULL
         WHERE state = 'running' AND lease_until_ms < $2 AND (cancel_requested OR attempts >= $3)",
    )
    .bind(rows::json(&failure)?)
    .bind(now_ms())
    .bind(i64::from(MAX_ATTEMPTS))
    .execute(tx)
    .await?;
    Ok(())
}

fn result(json: &str) -> Result<Produced, Error> {
    serde_json::from_str(json).map_err(|e| rows::corrupt("job result", e))
}
