use std::time::Duration;

use async_trait::async_trait;
use sqlx::Row;

use super::rows::{corrupt, count, id, moment, optional_id};
use super::{Connection, EngineRow, Store, now_ms};
use crate::Error;
use crate::catalogue::{
    NewUpload, PendingUpload, ProductId, UploadId, UploadKind, UploadLedger, UploadLimits,
    UploadPart,
};

fn until(lifetime: Duration) -> i64 {
    now_ms().saturating_add(i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX / 4))
}

#[async_trait]
impl UploadLedger for Store {
    async fn open_upload(
        &self,
        new: &NewUpload,
        limits: &UploadLimits,
        lifetime: Duration,
    ) -> Result<PendingUpload, Error> {
        let mut tx = self.begin().await?;
        match new.kind {
            UploadKind::Photo => check_quota(&mut tx, new, limits).await?,
            UploadKind::Model => supersede(&mut tx, new).await?,
        }
        let row = sqlx::query(
            "INSERT INTO uploads (id, product_id, kind, name, sha256, fingerprint, length_bytes, created_ms, expires_ms,
             capture_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING *",
        )
        .bind(UploadId::fresh().to_string())
        .bind(new.product_id.to_string())
        .bind(new.kind.name())
        .bind(&new.name)
        .bind(&new.sha256)
        .bind(&new.fingerprint)
        .bind(new.length_bytes as i64)
        .bind(now_ms())
        .bind(until(lifetime))
        .bind(new.capture_id.map(|id| id.to_string()))
        .fetch_one(&mut *tx)
        .await?;
        let opened = read(&row)?;
        tx.commit().await?;
        Ok(opened)
    }

    async fn upload(&self, id: UploadId) -> Result<Option<PendingUpload>, Error> {
        sqlx::query("SELECT * FROM uploads WHERE id = $1 AND expires_ms > $2")
            .bind(id.to_string())
            .bind(now_ms())
            .fetch_optional(self.reader())
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    async fn uploads(&self, product: ProductId) -> Result<Vec<PendingUpload>, Error> {
        sqlx::query(
            "SELECT * FROM uploads WHERE product_id = $1 AND finished = FALSE AND expires_ms > $2 ORDER BY id",
        )
        .bind(product.to_string())
        .bind(now_ms())
        .fetch_all(self.reader())
        .await?
        .iter()
        .map(read)
        .collect()
    }

    async fn advance(
        &self,
        id: UploadId,
        from_bytes: u64,
        parts: &[UploadPart],
        lifetime: Duration,
    ) -> Result<bool, Error> {
        let added: u64 = parts.iter().map(|part| part.size_bytes).sum();
        let mut tx = self.begin().await?;
        let moved = sqlx::query(
            "UPDATE uploads SET offset_bytes = offset_bytes + $1, expires_ms = $2
             WHERE id = $3 AND offset_bytes = $4 AND finished = FALSE",
        )
        .bind(added as i64)
        .bind(until(lifetime))
        .bind(id.to_string())
        .bind(from_bytes as i64)
        .execute(&mut *tx)
        .await?;
        if moved.rows_affected() == 0 {
            return Ok(false);
        }
        for part in parts {
            sqlx::query(
                "INSERT INTO upload_parts (upload_id, offset_bytes, size_bytes, object) VALUES ($1, $2, $3, $4)",
            )
            .bind(id.to_string())
            .bind(part.offset_bytes as i64)
            .bind(part.size_bytes as i64)
            .bind(&part.object)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn parts(&self, id: UploadId) -> Result<Vec<UploadPart>, Error> {
        sqlx::query("SELECT * FROM upload_parts WHERE upload_id = $1 ORDER BY offset_bytes")
            .bind(id.to_string())
            .fetch_all(self.reader())
            .await?
            .iter()
            .map(|row| {
                Ok(UploadPart {
                    offset_bytes: count(row, "offset_bytes")?,
                    size_bytes: count(row, "size_bytes")?,
                    object: row.try_get("object")?,
                })
            })
            .collect()
    }

    async fn finish(&self, id: UploadId) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "UPDATE uploads SET finished = TRUE WHERE id = $1 AND offset_bytes = length_bytes",
        )
        .bind(id.to_string())
        .execute(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM upload_parts WHERE upload_id = $1")
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn close_upload(&self, id: UploadId) -> Result<bool, Error> {
        let done = sqlx::query("DELETE FROM uploads WHERE id = $1")
            .bind(id.to_string())
            .execute(self.writer())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn expired_uploads(&self, limit: u32) -> Result<Vec<UploadId>, Error> {
        sqlx::query("SELECT id FROM uploads WHERE expires_ms <= $1 ORDER BY expires_ms LIMIT $2")
            .bind(now_ms())
            .bind(i64::from(limit))
            .fetch_all(self.reader())
            .await?
            .iter()
            .map(|row| id(row, "id"))
            .collect()
    }
}

/// Counts what the product has and what is on its way to it; a photo of the same name will be replaced.
async fn check_quota(
    tx: &mut Connection,
    new: &NewUpload,
    limits: &UploadLimits,
) -> Result<(), Error> {
    let capture = new.capture_id.map_or_else(String::new, |id| id.to_string());
    let row = sqlx::query(
        "WITH coming AS (
             SELECT coalesce(capture_id, '') || '/' || name AS place, length_bytes AS bytes FROM uploads
             WHERE product_id = $1 AND kind = 'photo' AND finished = FALSE AND expires_ms > $3
         ), there AS (
             SELECT capture_id || '/' || photos.name AS place, size_bytes AS bytes
             FROM captures JOIN photos ON capture_id = captures.id
             WHERE product_id = $1 AND capture_id || '/' || photos.name <> $2
         )
         SELECT (SELECT count(*) FROM coming) AS coming,
             (SELECT count(DISTINCT place) FROM (SELECT place FROM coming UNION SELECT place FROM there) AS named WHERE place <> $2) AS photos,
             CAST((SELECT coalesce(sum(bytes), 0) FROM coming) + (SELECT coalesce(sum(bytes), 0) FROM there) AS BIGINT) AS bytes",
    )
    .bind(new.product_id.to_string())
    .bind(format!("{capture}/{}", new.name))
    .bind(now_ms())
    .fetch_one(tx)
    .await?;
    if count::<u32>(&row, "photos")?.max(count(&row, "coming")?) >= limits.photos {
        return Err(Error::TooManyPhotos {
            limit: limits.photos,
        });
    }
    let bytes: u64 = count(&row, "bytes")?;
    if bytes.saturating_add(new.length_bytes) > limits.capture_bytes {
        return Err(Error::CaptureTooLarge {
            limit_bytes: limits.capture_bytes,
        });
    }
    Ok(())
}

/// A product has one model: a new upload of one takes the place of those under way, which so cannot pile up.
async fn supersede(tx: &mut Connection, new: &NewUpload) -> Result<(), Error> {
    sqlx::query(
        "DELETE FROM uploads WHERE product_id = $1 AND kind = 'model' AND finished = FALSE",
    )
    .bind(new.product_id.to_string())
    .execute(tx)
    .await?;
    Ok(())
}

fn read(row: &EngineRow) -> Result<PendingUpload, Error> {
    let kind: &str = row.try_get("kind")?;
    Ok(PendingUpload {
        id: id(row, "id")?,
        file: NewUpload {
            product_id: id(row, "product_id")?,
            capture_id: optional_id(row, "capture_id")?,
            kind: UploadKind::ALL
                .into_iter()
                .find(|known| known.name() == kind)
                .ok_or_else(|| corrupt("upload kind", kind))?,
            name: row.try_get("name")?,
            sha256: row.try_get("sha256")?,
            fingerprint: row.try_get("fingerprint")?,
            length_bytes: count(row, "length_bytes")?,
        },
        offset_bytes: count(row, "offset_bytes")?,
        finished: row.try_get("finished")?,
        expires_at: moment(row.try_get("expires_ms")?)?,
    })
}
