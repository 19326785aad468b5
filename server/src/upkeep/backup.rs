use std::path::{Path, PathBuf};

use futures::{StreamExt, TryStreamExt};
use tokio::io::AsyncWriteExt;

use super::Kept;
use crate::Error;
use crate::catalogue::References;
use crate::store::{Listed, Objects};

/// What was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackedUp {
    /// Objects written into the backup.
    pub copied: u64,
    /// Their bytes.
    pub copied_bytes: u64,
    /// Objects that an earlier backup in the same folder has.
    pub there: u64,
}

/// Copies database and objects into `to`, which then is a data folder itself: to restore it is to serve it.
///
/// The database is copied first, in one moment of its life; the objects that it names never change and are not
/// removed while younger than the grace time of [`super::collect`], so they are all there afterwards. A second backup into the
/// same folder copies only what is new.
///
/// # Errors
/// A database or store that cannot be opened or read, a folder that cannot be written.
pub async fn backup(kept: Kept<'_>, to: &Path) -> anyhow::Result<BackedUp> {
    let (catalogue, objects) = kept.open().await?;
    Ok(backup_with(&*catalogue, &objects, to).await?)
}

pub(super) async fn backup_with(
    catalogue: &dyn References,
    objects: &Objects,
    to: &Path,
) -> Result<BackedUp, Error> {
    let failed = |what: &'static str, path: &Path| {
        let path = path.display().to_string();
        move |e| Error::io(format!("{what} {path}"), e)
    };
    tokio::fs::create_dir_all(to)
        .await
        .map_err(failed("creating", to))?;
    let fresh = to.join("xoay.db.new");
    if fresh.exists() {
        // Of a backup that was cut off.
        tokio::fs::remove_file(&fresh)
            .await
            .map_err(failed("removing", &fresh))?;
    }
    catalogue.copy_to(&fresh).await?;
    let mut done = BackedUp::default();
    let mut listed = objects.list();
    while let Some(found) = listed.try_next().await? {
        if found.stored.is_none() {
            continue;
        }
        let target = to.join(&found.path);
        let there = tokio::fs::metadata(&target).await;
        if there.is_ok_and(|metadata| metadata.len() == found.size_bytes) {
            done.there += 1;
        } else if copy(objects, &found, &target).await? {
            done.copied += 1;
            done.copied_bytes += found.size_bytes;
        }
    }
    drop(listed);
    // Last, and by renaming: until now the folder holds the backup before this one, whole.
    let database = to.join("xoay.db");
    sync(&fresh).await?;
    tokio::fs::rename(&fresh, &database)
        .await
        .map_err(failed("writing", &database))?;
    sync(to).await?;
    Ok(done)
}

/// Copies an object to a file that appears whole; false where it has gone meanwhile.
async fn copy(objects: &Objects, found: &Listed, target: &Path) -> Result<bool, Error> {
    let Some(stored) = &found.stored else {
        return Ok(false);
    };
    let Some(mut body) = objects.get_stored(stored).await? else {
        return Ok(false);
    };
    let writing = |e| Error::io(format!("writing {}", target.display()), e);
    let folder = target.parent().map(PathBuf::from).unwrap_or_default();
    tokio::fs::create_dir_all(&folder).await.map_err(writing)?;
    let partial = target.with_extension("partial");
    let mut file = tokio::fs::File::create(&partial).await.map_err(writing)?;
    while let Some(bytes) = body.next().await {
        file.write_all(&bytes?).await.map_err(writing)?;
    }
    file.flush().await.map_err(writing)?;
    file.sync_all().await.map_err(writing)?;
    tokio::fs::rename(&partial, target).await.map_err(writing)?;
    sync(&folder).await?;
    Ok(true)
}

async fn sync(path: &Path) -> Result<(), Error> {
    let syncing = |e| Error::io(format!("syncing {}", path.display()), e);
    let file = tokio::fs::File::open(path).await.map_err(syncing)?;
    file.sync_all().await.map_err(syncing)
}
