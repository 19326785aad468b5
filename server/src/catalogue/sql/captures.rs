//! Captures in the database, in the SQL that both databases speak. Compiled once for each.

use async_trait::async_trait;
use sqlx::Row;

use super::{Connection, EngineRow, Store, audit, lock_product, now_ms, rows};
use crate::Error;
use crate::catalogue::{Capture, CaptureId, Captures, NewCapture, ProductId};

/// Captures of one product: some a year over its life.
const MOST: u32 = 100;

#[async_trait]
impl Captures for Store {
    async fn captures(&self, product: ProductId) -> Result<Vec<Capture>, Error> {
        sqlx::query(
            "SELECT c.*, (SELECT count(*) FROM photos WHERE capture_id = c.id) AS photo_count
             FROM captures c WHERE product_id = $1 ORDER BY number DESC",
        )
        .bind(product.to_string())
        .fetch_all(self.reader())
        .await?
        .iter()
        .map(capture)
        .collect()
    }

    async fn current_capture(&self, product: ProductId) -> Result<CaptureId, Error> {
        current(&mut *self.reader().acquire().await?, product).await
    }

    async fn create_capture(&self, product: ProductId, new: &NewCapture) -> Result<Capture, Error> {
        let mut tx = self.begin().await?;
        lock_product(&mut tx, product).await?;
        let row = sqlx::query(
            "SELECT count(*) AS captures, coalesce(max(number), 0) AS number FROM captures WHERE product_id = $1",
        )
        .bind(product.to_string())
        .fetch_one(&mut *tx)
        .await?;
        let there: u32 = rows::count(&row, "captures")?;
        if there == 0 {
            return Err(Error::NoSuchProduct {
                id: product.to_string(),
            });
        }
        if there >= MOST {
            return Err(Error::TooManyCaptures { limit: MOST });
        }
        let number: u32 = rows::count(&row, "number")?;
        let made = insert(&mut tx, product, number + 1, new).await?;
        let (id, what) = (product.to_string(), format!("capture {}", made.number));
        audit::note_of_product(&mut tx, "capture.create", &id, &what).await?;
        tx.commit().await?;
        Ok(made)
    }

    async fn update_capture(
        &self,
        product: ProductId,
        capture_id: CaptureId,
        new: &NewCapture,
    ) -> Result<Option<Capture>, Error> {
        let mut tx = self.begin().await?;
        let row = sqlx::query(
            "UPDATE captures SET taken_on = $1, note = $2 WHERE id = $3 AND product_id = $4
             RETURNING *, (SELECT count(*) FROM photos WHERE capture_id = $3) AS photo_count",
        )
        .bind(&new.taken_on)
        .bind(&new.note)
        .bind(capture_id.to_string())
        .bind(product.to_string())
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let changed = capture(&row)?;
        let (id, what) = (product.to_string(), format!("capture {}", changed.number));
        audit::note_of_product(&mut tx, "capture.update", &id, &what).await?;
        tx.commit().await?;
        Ok(Some(changed))
    }

    async fn delete_capture(
        &self,
        product: ProductId,
        capture_id: CaptureId,
    ) -> Result<bool, Error> {
        let mut tx = self.begin().await?;
        lock_product(&mut tx, product).await?;
        let row = sqlx::query(
            "SELECT c.number,
                 (SELECT count(*) FROM captures WHERE product_id = $2) AS captures,
                 (SELECT count(*) FROM photos WHERE capture_id = $1)
                 + (SELECT count(*) FROM uploads WHERE capture_id = $1 AND finished = FALSE)
                 + (SELECT count(*) FROM jobs WHERE capture_id = $1 AND state IN ('queued', 'running')) AS held
             FROM captures c WHERE id = $1 AND product_id = $2",
        )
        .bind(capture_id.to_string())
        .bind(product.to_string())
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(false) };
        let (captures, held): (u64, u64) =
            (rows::count(&row, "captures")?, rows::count(&row, "held")?);
        if captures < 2 || held > 0 {
            return Err(Error::CaptureInUse);
        }
        sqlx::query("DELETE FROM captures WHERE id = $1")
            .bind(capture_id.to_string())
            .execute(&mut *tx)
            .await?;
        let number: u32 = rows::count(&row, "number")?;
        let (id, what) = (product.to_string(), format!("capture {number}"));
        audit::note_of_product(&mut tx, "capture.delete", &id, &what).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// The capture that counts where none is named.
pub(super) async fn current(
    connection: &mut Connection,
    product: ProductId,
) -> Result<CaptureId, Error> {
    let row =
        sqlx::query("SELECT id FROM captures WHERE product_id = $1 ORDER BY number DESC LIMIT 1")
            .bind(product.to_string())
            .fetch_optional(connection)
            .await?;
    let row = row.ok_or_else(|| Error::NoSuchProduct {
        id: product.to_string(),
    })?;
    rows::id(&row, "id")
}

/// The product whose capture this is.
pub(super) async fn product_of(
    connection: &mut Connection,
    capture: CaptureId,
) -> Result<ProductId, Error> {
    let row = sqlx::query("SELECT product_id FROM captures WHERE id = $1")
        .bind(capture.to_string())
        .fetch_optional(connection)
        .await?;
    let row = row.ok_or_else(|| Error::NoSuchCapture {
        id: capture.to_string(),
    })?;
    rows::id(&row, "product_id")
}

pub(super) async fn insert(
    tx: &mut Connection,
    product: ProductId,
    number: u32,
    new: &NewCapture,
) -> Result<Capture, Error> {
    let row = sqlx::query(
        "INSERT INTO captures (id, product_id, number, taken_on, note, created_ms)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING *, CAST(0 AS BIGINT) AS photo_count",
    )
    .bind(CaptureId::fresh().to_string())
    .bind(product.to_string())
    .bind(i64::from(number))
    .bind(&new.taken_on)
    .bind(&new.note)
    .bind(now_ms())
    .fetch_one(tx)
    .await?;
    capture(&row)
}

fn capture(row: &EngineRow) -> Result<Capture, Error> {
    Ok(Capture {
        id: rows::id(row, "id")?,
        number: rows::count(row, "number")?,
        taken_on: row.try_get("taken_on")?,
        note: row.try_get("note")?,
        photo_count: rows::count(row, "photo_count")?,
        created_at: rows::moment(row.try_get("created_ms")?)?,
    })
}
