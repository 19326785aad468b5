//! Sessions, and the tries to open one. Compiled once for each database.

use sqlx::Row;

use super::people::{SEEN_EVERY_MS, memberships, user};
use super::{Connection, Store, audit, now_ms, rows};
use crate::Error;
use crate::catalogue::UserId;
use crate::people::{IDLE, LONGEST, Session, THROTTLE_OVER};

/// Tries that are older than this are of no use to anybody.
const TRIES_KEPT_MS: i64 = 24 * 60 * 60 * 1000;

pub(super) async fn open(store: &Store, user: UserId, token_hash: &str) -> Result<(), Error> {
    let now_ms = now_ms();
    let mut tx = store.begin().await?;
    sqlx::query("DELETE FROM sessions WHERE created_ms < $1 OR seen_ms < $2")
        .bind(now_ms - LONGEST.whole_milliseconds() as i64)
        .bind(now_ms - IDLE.whole_milliseconds() as i64)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "INSERT INTO sessions (token_hash, user_id, created_ms, seen_ms) VALUES ($1, $2, $3, $4)",
    )
    .bind(token_hash)
    .bind(user.to_string())
    .bind(now_ms)
    .bind(now_ms)
    .execute(&mut *tx)
    .await?;
    audit::note(&mut tx, "session.open", &user.to_string(), None, "").await?;
    tx.commit().await?;
    Ok(())
}

pub(super) async fn find(store: &Store, token_hash: &str) -> Result<Option<Session>, Error> {
    let now_ms = now_ms();
    let mut connection = store.reader().acquire().await?;
    let row = sqlx::query(
        "SELECT u.*, s.seen_ms FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.token_hash = $1 AND s.created_ms >= $2 AND s.seen_ms >= $3 AND u.disabled_ms IS NULL",
    )
    .bind(token_hash)
    .bind(now_ms - LONGEST.whole_milliseconds() as i64)
    .bind(now_ms - IDLE.whole_milliseconds() as i64)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let user = user(&row)?;
    let memberships = memberships(&mut connection, user.id).await?;
    drop(connection);
    if now_ms - row.try_get::<i64, _>("seen_ms")? > SEEN_EVERY_MS {
        sqlx::query("UPDATE sessions SET seen_ms = $1 WHERE token_hash = $2")
            .bind(now_ms)
            .bind(token_hash)
            .execute(store.writer())
            .await?;
    }
    Ok(Some(Session {
        user,
        memberships,
        token_hash: token_hash.to_owned(),
    }))
}

pub(super) async fn end(store: &Store, token_hash: &str) -> Result<(), Error> {
    let mut tx = store.begin().await?;
    let row = sqlx::query("DELETE FROM sessions WHERE token_hash = $1 RETURNING user_id")
        .bind(token_hash)
        .fetch_optional(&mut *tx)
        .await?;
    if let Some(row) = row {
        let user: String = row.try_get("user_id")?;
        audit::note(&mut tx, "session.end", &user, None, "").await?;
    }
    tx.commit().await?;
    Ok(())
}

pub(super) async fn end_all(tx: &mut Connection, user: UserId) -> Result<(), Error> {
    sqlx::query("DELETE FROM sessions WHERE user_id = $1")
        .bind(user.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// The try is counted before it is judged: those that come at once cannot all be below the limit.
pub(super) async fn count_tries(store: &Store, subjects: &[String]) -> Result<Vec<u64>, Error> {
    let now_ms = now_ms();
    let mut tx = store.begin().await?;
    sqlx::query("DELETE FROM sign_in_failures WHERE at_ms < $1")
        .bind(now_ms - TRIES_KEPT_MS)
        .execute(&mut *tx)
        .await?;
    let mut counts = Vec::with_capacity(subjects.len());
    for subject in subjects {
        sqlx::query("INSERT INTO sign_in_failures (subject, at_ms) VALUES ($1, $2)")
            .bind(subject)
            .bind(now_ms)
            .execute(&mut *tx)
            .await?;
        let row = sqlx::query(
            "SELECT count(*) AS tries FROM sign_in_failures WHERE subject = $1 AND at_ms > $2",
        )
        .bind(subject)
        .bind(now_ms - THROTTLE_OVER.whole_milliseconds() as i64)
        .fetch_one(&mut *tx)
        .await?;
        counts.push(rows::count(&row, "tries")?);
    }
    tx.commit().await?;
    Ok(counts)
}
