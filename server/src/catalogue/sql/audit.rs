//! The log of what was done. Compiled once for each database.

use sqlx::Row;

use super::{Connection, Store, now_ms, rows};
use crate::Error;
use crate::catalogue::{AuditId, OrganisationId, Reach};
use crate::people::{AuditEntry, current};

/// Notes a change in the transaction that makes it.
pub(super) async fn note(
    tx: &mut Connection,
    action: &'static str,
    subject: &str,
    organisation: Option<OrganisationId>,
    detail: &str,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO audit (id, at_ms, actor, action, subject, organisation_id, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(AuditId::fresh().to_string())
    .bind(now_ms())
    .bind(current())
    .bind(action)
    .bind(subject)
    .bind(organisation.map(|id| id.to_string()))
    .bind(detail)
    .execute(tx)
    .await?;
    Ok(())
}

/// The same for a change of a product, whose organisation is looked up.
pub(super) async fn note_of_product(
    tx: &mut Connection,
    action: &'static str,
    product: &str,
    detail: &str,
) -> Result<(), Error> {
    let row = sqlx::query("SELECT organisation_id FROM products WHERE id = $1")
        .bind(product)
        .fetch_optional(&mut *tx)
        .await?;
    let organisation = row
        .map(|row| rows::id(&row, "organisation_id"))
        .transpose()?;
    note(tx, action, product, organisation, detail).await
}

pub(super) async fn entries(
    store: &Store,
    reach: &Reach,
    before: Option<AuditId>,
    limit: u32,
) -> Result<Vec<AuditEntry>, Error> {
    sqlx::query(
        "SELECT * FROM audit WHERE ($1 IS NULL OR id < $1)
         AND ($2 IS NULL OR $2 LIKE '%' || organisation_id || '%') ORDER BY id DESC LIMIT $3",
    )
    .bind(before.map(|id| id.to_string()))
    .bind(rows::reach(reach))
    .bind(i64::from(limit))
    .fetch_all(store.reader())
    .await?
    .iter()
    .map(|row| {
        let organisation: Option<&str> = row.try_get("organisation_id")?;
        Ok(AuditEntry {
            id: rows::id(row, "id")?,
            at: rows::moment(row.try_get("at_ms")?)?,
            actor: row.try_get("actor")?,
            action: row.try_get("action")?,
            subject: row.try_get("subject")?,
            organisation: organisation
                .map(|_| rows::id(row, "organisation_id"))
                .transpose()?,
            detail: row.try_get("detail")?,
        })
    })
    .collect()
}
