//! From rows to values. A value that this version cannot read is an error that names it.

use std::str::FromStr;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use time::OffsetDateTime;
use xoay_format::Text;

use crate::Error;
use crate::catalogue::{Job, JobKind, JobState, Photo, Product, Progress, Publication, Upload};
use crate::store::{Class, ObjectKey};

pub(super) fn corrupt(what: &'static str, reason: impl std::fmt::Display) -> Error {
    Error::Corrupt {
        what,
        reason: reason.to_string(),
    }
}

pub(super) fn id<T: FromStr>(row: &SqliteRow, column: &'static str) -> Result<T, Error> {
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|_| corrupt(column, text))
}

fn text(row: &SqliteRow, vi: &str, en: &str) -> Result<Text, Error> {
    Ok(Text::new(
        row.try_get::<String, _>(vi)?,
        row.try_get::<String, _>(en)?,
    ))
}

pub(super) fn moment(ms: i64) -> Result<OffsetDateTime, Error> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .map_err(|e| corrupt("time", e))
}

pub(super) fn count<T: TryFrom<i64>>(row: &SqliteRow, column: &'static str) -> Result<T, Error> {
    let value: i64 = row.try_get(column)?;
    T::try_from(value).map_err(|_| corrupt(column, value))
}

pub(super) fn product(row: &SqliteRow) -> Result<Product, Error> {
    Ok(Product {
        id: id(row, "id")?,
        slug: row.try_get("slug")?,
        name: text(row, "name_vi", "name_en")?,
        producer: text(row, "producer_vi", "producer_en")?,
        commune: text(row, "commune_vi", "commune_en")?,
        created_at: moment(row.try_get("created_ms")?)?,
        updated_at: moment(row.try_get("updated_ms")?)?,
    })
}

pub(super) fn upload(row: &SqliteRow) -> Result<Upload, Error> {
    let object: &str = row.try_get("object")?;
    Ok(Upload {
        key: ObjectKey::parse(Class::Original, object).ok_or_else(|| corrupt("object", object))?,
        size_bytes: count(row, "size_bytes")?,
    })
}

pub(super) fn photo(row: &SqliteRow) -> Result<Photo, Error> {
    Ok(Photo {
        name: row.try_get("name")?,
        upload: upload(row)?,
    })
}

pub(super) fn publication(row: &SqliteRow, created: &str) -> Result<Publication, Error> {
    Ok(Publication {
        version: count(row, "version")?,
        manifest: row.try_get("manifest")?,
        created_at: moment(row.try_get(created)?)?,
    })
}

pub(super) fn job(row: &SqliteRow) -> Result<Job, Error> {
    let kind: &str = row.try_get("kind")?;
    let state: &str = row.try_get("state")?;
    let progress: &str = row.try_get("progress")?;
    let error: Option<&str> = row.try_get("error")?;
    Ok(Job {
        id: id(row, "id")?,
        product_id: id(row, "product_id")?,
        kind: kind_named(kind)?,
        state: state_named(state)?,
        attempts: count(row, "attempts")?,
        cancel_requested: row.try_get("cancel_requested")?,
        progress: serde_json::from_str::<Progress>(progress)
            .map_err(|e| corrupt("job progress", e))?,
        error: error
            .map(serde_json::from_str)
            .transpose()
            .map_err(|e| corrupt("job error", e))?,
        created_at: moment(row.try_get("created_ms")?)?,
        started_at: optional_moment(row, "started_ms")?,
        finished_at: optional_moment(row, "finished_ms")?,
    })
}

pub(super) fn state_named(name: &str) -> Result<JobState, Error> {
    JobState::ALL
        .into_iter()
        .find(|state| state.name() == name)
        .ok_or_else(|| corrupt("job state", name))
}

pub(super) fn kind_named(name: &str) -> Result<JobKind, Error> {
    JobKind::ALL
        .into_iter()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| corrupt("job kind", name))
}

fn optional_moment(row: &SqliteRow, column: &str) -> Result<Option<OffsetDateTime>, Error> {
    row.try_get::<Option<i64>, _>(column)?
        .map(moment)
        .transpose()
}

/// The JSON form of a value that serialises without fail: our own types with string keys only.
pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|e| corrupt("value to store", e))
}
