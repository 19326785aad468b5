use std::time::Duration;

use async_trait::async_trait;
use sqlx::{Row, SqliteConnection};
use xoay_format::Text;

use super::{Sqlite, now_ms, rows};
use crate::Error;
use crate::catalogue::{
    Beat, Claim, Job, JobFailure, JobId, JobKind, JobQueue, LeaseToken, Produced, ProductId,
    Progress,
};

/// How often a job is taken before a worker that dies of it is enough.
const MAX_ATTEMPTS: u32 = 3;
const LISTED: u32 = 50;

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

#[async_trait]
impl JobQueue for Sqlite {
    async fn enqueue(&self, product: ProductId, kind: JobKind) -> Result<Job, Error> {
        let mut tx = self.begin().await?;
        let active = sqlx::query(
            "SELECT * FROM jobs WHERE product_id = ? AND kind = ? AND state IN ('queued', 'running')",
        )
        .bind(product.to_string())
        .bind(kind.name())
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(row) = active {
            return rows::job(&row);
        }
        let now_ms = now_ms();
        let row = sqlx::query(
            "INSERT INTO jobs (id, product_id, kind, state, run_after_ms, created_ms)
             VALUES (?, ?, ?, 'queued', ?, ?) RETURNING *",
        )
        .bind(JobId::fresh().to_string())
        .bind(product.to_string())
        .bind(kind.name())
        .bind(now_ms)
        .bind(now_ms)
        .fetch_one(&mut *tx)
        .await?;
        let job = rows::job(&row)?;
        tx.commit().await?;
        Ok(job)
    }

    async fn job(&self, id: JobId) -> Result<Option<Job>, Error> {
        sqlx::query("SELECT * FROM jobs WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.readers)
            .await?
            .as_ref()
            .map(rows::job)
            .transpose()
    }

    async fn jobs(&self, product: ProductId) -> Result<Vec<Job>, Error> {
        sqlx::query("SELECT * FROM jobs WHERE product_id = ? ORDER BY id DESC LIMIT ?")
            .bind(product.to_string())
            .bind(LISTED)
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(rows::job)
            .collect()
    }

    async fn produced(&self, id: JobId) -> Result<Option<Produced>, Error> {
        let row = sqlx::query("SELECT result FROM jobs WHERE id = ? AND state = 'done'")
            .bind(id.to_string())
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| result(row.try_get("result")?)).transpose()
    }

    async fn latest_produced(
        &self,
        product: ProductId,
        kind: JobKind,
    ) -> Result<Option<Produced>, Error> {
        let row = sqlx::query(
            "SELECT result FROM jobs WHERE product_id = ? AND kind = ? AND state = 'done'
             ORDER BY finished_ms DESC, id DESC LIMIT 1",
        )
        .bind(product.to_string())
        .bind(kind.name())
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| result(row.try_get("result")?)).transpose()
    }

    async fn claim_kinds(
        &self,
        kinds: &[JobKind],
        lease: Duration,
    ) -> Result<Option<Claim>, Error> {
        let kinds = rows::json(&kinds)?;
        // An idle worker asks often: that must not take the write lock.
        let waiting = sqlx::query(
            "SELECT 1 FROM jobs WHERE ((state = 'queued' AND run_after_ms <= ?1)
             OR (state = 'running' AND lease_until_ms < ?1))
             AND kind IN (SELECT value FROM json_each(?2)) LIMIT 1",
        )
        .bind(now_ms())
        .bind(&kinds)
        .fetch_optional(&self.readers)
        .await?;
        if waiting.is_none() {
            return Ok(None);
        }
        let mut tx = self.begin().await?;
        bury(&mut tx).await?;
        let token = LeaseToken::fresh();
        let now_ms = now_ms();
        let row = sqlx::query(
            "UPDATE jobs SET state = 'running', lease_token = ?1, lease_until_ms = ?2, attempts = attempts + 1,
                 started_ms = coalesce(started_ms, ?3)
             WHERE id = (
                 SELECT id FROM jobs WHERE ((state = 'queued' AND run_after_ms <= ?3)
                 OR (state = 'running' AND lease_until_ms < ?3))
                 AND kind IN (SELECT value FROM json_each(?4)) ORDER BY run_after_ms, id LIMIT 1
             ) RETURNING *",
        )
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
            "UPDATE jobs SET lease_until_ms = ?, progress = ?
             WHERE id = ? AND lease_token = ? AND state = 'running' RETURNING cancel_requested",
        )
        .bind(now_ms().saturating_add(ms(lease)))
        .bind(rows::json(progress)?)
        .bind(claim.job.id.to_string())
        .bind(claim.token.to_string())
        .fetch_optional(&self.writer)
        .await?;
        Ok(match row {
            None => Beat::Lost,
            Some(row) if row.try_get::<bool, _>("cancel_requested")? => Beat::Cancelled,
            Some(_) => Beat::Held,
        })
    }

    async fn complete(&self, claim: &Claim, produced: &Produced) -> Result<bool, Error> {
        let done = sqlx::query(
            "UPDATE jobs SET state = 'done', result = ?, error = NULL, finished_ms = ?,
                 lease_token = NULL, lease_until_ms = NULL
             WHERE id = ? AND lease_token = ? AND state = 'running'",
        )
        .bind(rows::json(produced)?)
        .bind(now_ms())
        .bind(claim.job.id.to_string())
        .bind(claim.token.to_string())
        .execute(&self.writer)
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
                 state = CASE WHEN cancel_requested THEN 'cancelled' WHEN ?1 IS NULL THEN 'failed' ELSE 'queued' END,
                 run_after_ms = coalesce(?1, run_after_ms), error = ?2,
                 finished_ms = CASE WHEN cancel_requested OR ?1 IS NULL THEN ?3 END,
                 lease_token = NULL, lease_until_ms = NULL
             WHERE id = ?4 AND lease_token = ?5 AND state = 'running'",
        )
        .bind(retry.map(|wait| now_ms.saturating_add(ms(wait))))
        .bind(rows::json(failure)?)
        .bind(now_ms)
        .bind(claim.job.id.to_string())
        .bind(claim.token.to_string())
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn release(&self, claim: &Claim) -> Result<bool, Error> {
        let done = sqlx::query(
            "UPDATE jobs SET state = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'queued' END,
                 attempts = max(0, attempts - 1), finished_ms = CASE WHEN cancel_requested THEN ?1 END,
                 lease_token = NULL, lease_until_ms = NULL
             WHERE id = ?2 AND lease_token = ?3 AND state = 'running'",
        )
        .bind(now_ms())
        .bind(claim.job.id.to_string())
        .bind(claim.token.to_string())
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn cancel(&self, id: JobId) -> Result<Option<Job>, Error> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "UPDATE jobs SET cancel_requested = 1,
                 state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END,
                 finished_ms = CASE state WHEN 'queued' THEN ?1 END
             WHERE id = ?2 AND state IN ('queued', 'running')",
        )
        .bind(now_ms())
        .bind(id.to_string())
        .execute(&mut *tx)
        .await?;
        let row = sqlx::query("SELECT * FROM jobs WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        tx.commit().await?;
        row.as_ref().map(rows::job).transpose()
    }

    async fn holds(&self, id: JobId, token: LeaseToken) -> Result<bool, Error> {
        let row = sqlx::query(
            "SELECT 1 FROM jobs WHERE id = ? AND lease_token = ? AND lease_until_ms >= ?",
        )
        .bind(id.to_string())
        .bind(token.to_string())
        .bind(now_ms())
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.is_some())
    }
}

/// Ends the jobs whose worker vanished and that are not to be taken again: cancelled ones, and those that ended too many workers.
async fn bury(tx: &mut SqliteConnection) -> Result<(), Error> {
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
             error = CASE WHEN cancel_requested THEN error ELSE ?1 END,
             finished_ms = ?2, lease_token = NULL, lease_until_ms = NULL
         WHERE state = 'running' AND lease_until_ms < ?2 AND (cancel_requested OR attempts >= ?3)",
    )
    .bind(rows::json(&failure)?)
    .bind(now_ms())
    .bind(MAX_ATTEMPTS)
    .execute(tx)
    .await?;
    Ok(())
}

fn result(json: &str) -> Result<Produced, Error> {
    serde_json::from_str(json).map_err(|e| rows::corrupt("job result", e))
}
