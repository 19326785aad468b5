use std::collections::HashSet;
use std::time::Duration;

use futures::TryStreamExt;
use time::OffsetDateTime;

use super::Kept;
use crate::Error;
use crate::catalogue::{References, Stored};
use crate::store::{MIN_GRACE, Objects};

/// What was collected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Collected {
    /// Objects moved to the trash: no row names them.
    pub trashed: u64,
    /// Their bytes.
    pub trashed_bytes: u64,
    /// Objects put back from the trash: a row names them again.
    pub restored: u64,
    /// Objects removed for good.
    pub purged: u64,
}

/// Moves what no row names, and was written longer ago than `grace`, to the trash, and removes what has been in the
/// trash for that long.
///
/// A service may run meanwhile. An upload that finds its bytes in the store writes them again where they are older than
/// half of the least grace time, so that they are young when we look; should the two meet all the same, the row is
/// seen after the move and the object put back.
///
/// # Errors
/// [`Error::Configuration`] for a grace time of less than a day; a database or store that cannot be opened or listed.
pub async fn collect(kept: Kept<'_>, grace: Duration) -> anyhow::Result<Collected> {
    if grace < MIN_GRACE {
        return Err(Error::Configuration {
            reason: xoay_format::Text::new(
                "thời gian chờ phải từ 24 giờ: việc tải lên và tác vụ đang chạy cần các tệp chưa được ghi tên",
                "the grace time must be 24 hours or more: running uploads and jobs need objects that no row names yet",
            ),
        }
        .into());
    }
    let (catalogue, objects) = kept.open().await?;
    Ok(collect_with(&*catalogue, &objects, grace).await?)
}

pub(super) async fn collect_with(
    catalogue: &dyn References,
    objects: &Objects,
    grace: Duration,
) -> Result<Collected, Error> {
    let now_ms = (OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000) as i64;
    let before_ms = now_ms.saturating_sub(i64::try_from(grace.as_millis()).unwrap_or(i64::MAX));
    let mut collected = Collected::default();
    let wanted = references(catalogue).await?;
    for trashed in objects.trashed().await? {
        if wanted.contains(&trashed.stored) {
            objects.restore(&trashed).await?;
            collected.restored += 1;
        } else if trashed.since_ms <= before_ms {
            objects.purge(&trashed).await?;
            collected.purged += 1;
        }
    }
    let mut listed = objects.list();
    while let Some(found) = listed.try_next().await? {
        let Some(stored) = found.stored else { continue };
        if wanted.contains(&stored) || found.written_ms > before_ms {
            continue;
        }
        if objects.trash(&stored, before_ms).await? {
            collected.trashed += 1;
            collected.trashed_bytes += found.size_bytes;
        }
    }
    drop(listed);
    if collected.trashed > 0 {
        // Rows that came while objects were moved.
        let wanted = references(catalogue).await?;
        for trashed in objects.trashed().await? {
            if wanted.contains(&trashed.stored) {
                objects.restore(&trashed).await?;
                collected.restored += 1;
            }
        }
    }
    Ok(collected)
}

async fn references(catalogue: &dyn References) -> Result<HashSet<Stored>, Error> {
    let mut wanted = HashSet::new();
    catalogue
        .each_reference(&mut |reference| {
            wanted.insert(reference.stored);
        })
        .await?;
    Ok(wanted)
}
