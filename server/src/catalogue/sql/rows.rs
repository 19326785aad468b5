//! From rows to values. A value that this version cannot read is an error that names it.

use std::str::FromStr;

use sqlx::Row;
use time::OffsetDateTime;
use xoay_format::Text;

use super::EngineRow;
use crate::Error;
use crate::catalogue::{
    Category, Gtin, Job, JobKind, JobState, Photo, Product, Progress, Province, Publication,
    Rating, Reach, Upload,
};
use crate::store::{Class, ObjectKey};

pub(super) fn corrupt(what: &'static str, reason: impl std::fmt::Display) -> Error {
    Error::Corrupt {
        what,
        reason: reason.to_string(),
    }
}

pub(super) fn id<T: FromStr>(row: &EngineRow, column: &'static str) -> Result<T, Error> {
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|_| corrupt(column, text))
}

/// The same where the column may hold nothing.
pub(super) fn optional_id<T: FromStr>(
    row: &EngineRow,
    column: &'static str,
) -> Result<Option<T>, Error> {
    known(row, column, |text| text.parse().ok())
}

pub(super) fn text(row: &EngineRow, vi: &str, en: &str) -> Result<Text, Error> {
    Ok(Text::new(
        row.try_get::<String, _>(vi)?,
        row.try_get::<String, _>(en)?,
    ))
}

/// Unix milliseconds.
pub(super) fn unix_ms(moment: OffsetDateTime) -> i64 {
    (moment.unix_timestamp_nanos() / 1_000_000) as i64
}

/// The ids of what may be seen as one text, in which an id of fixed length is looked for; nothing where all may be.
pub(super) fn reach(reach: &Reach) -> Option<String> {
    match reach {
        Reach::All => None,
        Reach::Of(ids) => Some(
            ids.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" "),
        ),
    }
}

pub(super) fn moment(ms: i64) -> Result<OffsetDateTime, Error> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .map_err(|e| corrupt("time", e))
}

pub(super) fn count<T: TryFrom<i64>>(row: &EngineRow, column: &'static str) -> Result<T, Error> {
    let value: i64 = row.try_get(column)?;
    T::try_from(value).map_err(|_| corrupt(column, value))
}

pub(super) fn optional_count(row: &EngineRow, column: &'static str) -> Result<Option<u32>, Error> {
    row.try_get::<Option<i64>, _>(column)?
        .map(|value| u32::try_from(value).map_err(|_| corrupt(column, value)))
        .transpose()
}

pub(super) fn product(row: &EngineRow) -> Result<Product, Error> {
    Ok(Product {
        id: id(row, "id")?,
        slug: row.try_get("slug")?,
        name: text(row, "name_vi", "name_en")?,
        producer_id: optional_id(row, "producer_id")?,
        producer: text(row, "producer_vi", "producer_en")?,
        commune: text(row, "commune_vi", "commune_en")?,
        organisation: id(row, "organisation_id")?,
        story: text(row, "story_vi", "story_en")?,
        gtin: known(row, "gtin", |text| text.parse::<Gtin>().ok())?,
        province: known(row, "province", Province::with_code)?,
        commune_code: row.try_get("commune_code")?,
        category: known(row, "category", Category::named)?,
        rating: rating(row)?,
        created_at: moment(row.try_get("created_ms")?)?,
        updated_at: moment(row.try_get("updated_ms")?)?,
    })
}

/// An optional text that must be one of those that `read` knows.
pub(super) fn known<T>(
    row: &EngineRow,
    column: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Error> {
    row.try_get::<Option<&str>, _>(column)?
        .map(|text| read(text).ok_or_else(|| corrupt(column, text)))
        .transpose()
}

fn rating(row: &EngineRow) -> Result<Option<Rating>, Error> {
    let Some(stars) = optional_count(row, "stars")? else {
        return Ok(None);
    };
    Ok(Some(Rating {
        stars: u8::try_from(stars).map_err(|_| corrupt("stars", stars))?,
        year: count(row, "rated_year")?,
    }))
}

pub(super) fn upload(row: &EngineRow) -> Result<Upload, Error> {
    let object: &str = row.try_get("object")?;
    Ok(Upload {
        key: ObjectKey::parse(Class::Original, object).ok_or_else(|| corrupt("object", object))?,
        size_bytes: count(row, "size_bytes")?,
    })
}

pub(super) fn photo(row: &EngineRow) -> Result<Photo, Error> {
    Ok(Photo {
        name: row.try_get("name")?,
        upload: upload(row)?,
    })
}

pub(super) fn publication(row: &EngineRow, created: &str) -> Result<Publication, Error> {
    Ok(Publication {
        version: count(row, "version")?,
        manifest: row.try_get("manifest")?,
        created_at: moment(row.try_get(created)?)?,
    })
}

pub(super) fn job(row: &EngineRow) -> Result<Job, Error> {
    let kind: &str = row.try_get("kind")?;
    let state: &str = row.try_get("state")?;
    let progress: &str = row.try_get("progress")?;
    let error: Option<&str> = row.try_get("error")?;
    Ok(Job {
        id: id(row, "id")?,
        product_id: id(row, "product_id")?,
        capture_id: optional_id(row, "capture_id")?,
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

pub(super) fn optional_moment(
    row: &EngineRow,
    column: &str,
) -> Result<Option<OffsetDateTime>, Error> {
    row.try_get::<Option<i64>, _>(column)?
        .map(moment)
        .transpose()
}

/// The JSON form of a value that serialises without fail: our own types with string keys only.
pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|e| corrupt("value to store", e))
}
