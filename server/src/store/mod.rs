//! Where objects lie. Nothing outside this module knows whether that is a disk or an S3 service.

#[cfg(test)]
mod conformance;
mod key;
mod listing;
mod local;
mod open;
mod parts;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt};
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub use key::{Class, ObjectKey};
pub use listing::Listed;

use crate::Error;
use crate::trace::TRACES;

/// Bytes that a stored object is written in: the least part that S3 takes is 5 MiB.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// Bytes that are read from a local disk at once.
const READ_BYTES: u64 = 1024 * 1024;

/// What no row names is left alone for at least so long.
pub const MIN_GRACE: Duration = Duration::from_hours(24);

/// The objects of one service: immutable, named by their content's hash.
#[derive(Clone, Debug)]
pub struct Objects {
    /// Acknowledges a write only when it would survive a power cut.
    durable: Arc<dyn ObjectStore>,
    /// May acknowledge earlier; [`Objects::make_durable`] catches up.
    quick: Arc<dyn ObjectStore>,
    /// The folder behind `quick` where it is a local disk.
    local_root: Option<PathBuf>,
}

/// What reading an object up to a limit gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// All of its bytes.
    Whole(Bytes),
    /// It has more than the limit.
    Larger {
        /// So many.
        size_bytes: u64,
    },
}

/// An object's bytes, all of them or the asked range.
pub type Body = BoxStream<'static, Result<Bytes, object_store::Error>>;

impl Objects {
    /// Opens the store at `url`: `file:///…` or `s3://bucket/prefix`, the latter with the usual `AWS_*` variables.
    ///
    /// # Errors
    /// [`Error::Configuration`] for an address of neither kind, [`Error::StoreUnusable`] where it cannot be opened.
    pub fn open(url: &str) -> Result<Self, Error> {
        open::open(url)
    }

    /// A store over any implementation, as tests use it.
    #[cfg(test)]
    pub(crate) fn over(store: Arc<dyn ObjectStore>) -> Self {
        Self {
            durable: store.clone(),
            quick: store,
            local_root: None,
        }
    }

    /// Writes, reads and deletes a tiny object.
    ///
    /// # Errors
    /// [`Error::StoreUnusable`] saying which of the three failed.
    pub async fn probe(&self) -> Result<(), Error> {
        let path = object_store::path::Path::from(format!("probe/{}", uuid::Uuid::now_v7()));
        let unusable = |step: &str, e: object_store::Error| {
            if crate::error::is_no_space(&e) {
                return Error::NoSpace;
            }
            Error::StoreUnusable {
                url: self.durable.to_string(),
                reason: format!("{step} a small object: {e}"),
            }
        };
        let payload = Bytes::from_static(b"xoay");
        self.durable
            .put(&path, payload.clone().into())
            .await
            .map_err(|e| unusable("writing", e))?;
        let read = async { self.durable.get(&path).await?.bytes().await }
            .await
            .map_err(|e| unusable("reading", e))?;
        if read != payload {
            return Err(Error::StoreUnusable {
                url: self.durable.to_string(),
                reason: "a small object read back differs from what was written".into(),
            });
        }
        self.durable
            .delete(&path)
            .await
            .map_err(|e| unusable("deleting", e))
    }

    /// Whether the store answers at all: asks for an object that is not there.
    ///
    /// # Errors
    /// What the store said, other than that the object is not there.
    pub async fn ping(&self) -> Result<(), Error> {
        match self.durable.head(&"probe/absent".into()).await {
            Ok(_) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    /// Stores the file's bytes under `key`. An original survives a power cut once this returns;
    /// a derived object does after [`Objects::make_durable`].
    ///
    /// The object appears whole or not at all. One that is there already is not written again, unless it is so old that
    /// it may be about to be collected: it then is young once more.
    ///
    /// # Errors
    /// [`Error::NoSpace`], [`Error::Store`], or [`Error::Io`] where the file cannot be read.
    #[tracing::instrument(name = "store.put_file", target = TRACES, level = "debug", skip_all, fields(object = %key.path()), err(level = "debug"))]
    pub async fn put_file(&self, key: &ObjectKey, file: &Path) -> Result<(), Error> {
        let store = self.of(key.class());
        let path = key.path();
        let reading = |e| Error::io(format!("reading {}", file.display()), e);
        let mut source = tokio::fs::File::open(file).await.map_err(reading)?;
        let size_bytes = source.metadata().await.map_err(reading)?.len();
        match store.head(&path).await {
            Ok(meta) if meta.size == size_bytes && is_young(&meta) => return Ok(()),
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
            Err(e) => return Err(e.into()),
        }
        let mut part = read_part(&mut source).await.map_err(reading)?;
        if part.len() < PART_BYTES {
            store.put(&path, part.into()).await?;
            return Ok(());
        }
        let mut parts = store.put_multipart(&path).await?;
        let written = async {
            while !part.is_empty() {
                parts.put_part(part.into()).await?;
                part = read_part(&mut source).await.map_err(reading)?;
            }
            parts.complete().await?;
            Ok(())
        }
        .await;
        if written.is_err()
            && let Err(error) = parts.abort().await
        {
            // The first error is the one to tell; the parts that stay are the store's to expire.
            tracing::warn!(%path, %error, "cannot take back an upload in parts");
        }
        written
    }

    /// Returns once the derived objects under `keys` would survive a power cut: the one barrier before they are published.
    ///
    /// # Errors
    /// [`Error::Io`] where a file or its folder cannot be synced.
    #[tracing::instrument(name = "store.make_durable", target = TRACES, level = "debug", skip_all, fields(objects = keys.len()), err(level = "debug"))]
    pub async fn make_durable(&self, keys: &[ObjectKey]) -> Result<(), Error> {
        let Some(root) = self.local_root.clone() else {
            return Ok(()); // a remote store acknowledges only what it keeps
        };
        let paths: Vec<PathBuf> = keys
            .iter()
            .map(|key| root.join(key.path().as_ref()))
            .collect();
        tokio::task::spawn_blocking(move || {
            let mut folders = std::collections::BTreeSet::new();
            for path in &paths {
                sync(path)?;
                folders.extend(
                    path.ancestors()
                        .skip(1)
                        .take_while(|folder| folder.starts_with(&root))
                        .map(Path::to_path_buf),
                );
            }
            folders.iter().try_for_each(|folder| sync(folder))
        })
        .await
        .map_err(|e| Error::io("syncing objects", std::io::Error::other(e)))?
    }

    /// Size of the object in bytes, or nothing where there is none.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn size_bytes(&self, key: &ObjectKey) -> Result<Option<u64>, Error> {
        match self.of(key.class()).head(&key.path()).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// Reads the object whole where it has at most `limit_bytes`, else says how large it is; nothing where there is none.
    ///
    /// # Errors
    /// [`Error::Store`].
    #[tracing::instrument(name = "store.read", target = TRACES, level = "debug", skip_all, fields(object = %key.path()), err(level = "debug"))]
    pub async fn read(&self, key: &ObjectKey, limit_bytes: u64) -> Result<Option<Read>, Error> {
        if let Some(root) = &self.local_root {
            return local::read(root.join(key.path().as_ref()), limit_bytes).await;
        }
        let found = match self.of(key.class()).get(&key.path()).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(e) => return Err(e.into()),
        };
        let size_bytes = found.meta.size;
        if size_bytes > limit_bytes {
            return Ok(Some(Read::Larger { size_bytes }));
        }
        Ok(Some(Read::Whole(found.bytes().await?)))
    }

    /// Opens the object, whole or the bytes of `range` (which must lie within it); nothing where there is none.
    ///
    /// # Errors
    /// [`Error::Store`].
    #[tracing::instrument(name = "store.get", target = TRACES, level = "debug", skip_all, fields(object = %key.path()), err(level = "debug"))]
    pub async fn get(
        &self,
        key: &ObjectKey,
        range: Option<std::ops::Range<u64>>,
    ) -> Result<Option<Body>, Error> {
        let options = GetOptions {
            range: range.map(GetRange::Bounded),
            ..GetOptions::default()
        };
        self.opened(self.of(key.class()), key.path(), options).await
    }

    /// The bytes at `path`; from a local disk in pieces of a megabyte, since its own stream takes a trip to another
    /// thread for every 8 KiB.
    async fn opened(
        &self,
        store: &Arc<dyn ObjectStore>,
        path: object_store::path::Path,
        options: GetOptions,
    ) -> Result<Option<Body>, Error> {
        let found = match store.get_opts(&path, options).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(e) => return Err(e.into()),
        };
        if self.local_root.is_none() {
            return Ok(Some(found.into_stream()));
        }
        let (store, range) = (store.clone(), found.range);
        let pieces = futures::stream::try_unfold(range.start, move |at| {
            let (store, path) = (store.clone(), path.clone());
            async move {
                if at >= range.end {
                    return Ok(None);
                }
                let end = range.end.min(at + READ_BYTES);
                let bytes = store.get_range(&path, at..end).await?;
                Ok(Some((bytes, end)))
            }
        });
        Ok(Some(pieces.boxed()))
    }

    /// Writes the object's bytes to a new file.
    ///
    /// # Errors
    /// [`Error::NoSuchObject`], [`Error::Store`], [`Error::Io`], [`Error::NoSpace`].
    pub async fn copy_to_file(&self, key: &ObjectKey, file: &Path) -> Result<(), Error> {
        let mut body = self.get(key, None).await?.ok_or(Error::NoSuchObject)?;
        let writing = |e| Error::io(format!("writing {}", file.display()), e);
        let mut target = tokio::fs::File::create_new(file).await.map_err(writing)?;
        while let Some(bytes) = body.next().await {
            target.write_all(&bytes?).await.map_err(writing)?;
        }
        target.flush().await.map_err(writing)
    }

    fn of(&self, class: Class) -> &Arc<dyn ObjectStore> {
        match class {
            Class::Original => &self.durable,
            Class::Derived => &self.quick,
        }
    }
}

/// Whether an object cannot be collected before the row is written that will name it.
fn is_young(meta: &ObjectMeta) -> bool {
    let written_s = meta.last_modified.timestamp();
    let age_s = OffsetDateTime::now_utc()
        .unix_timestamp()
        .saturating_sub(written_s);
    u64::try_from(age_s).unwrap_or(0) < MIN_GRACE.as_secs() / 2
}

/// The next [`PART_BYTES`] bytes, fewer at the file's end.
async fn read_part(source: &mut tokio::fs::File) -> std::io::Result<Bytes> {
    let mut part = Vec::new();
    source
        .take(PART_BYTES as u64)
        .read_to_end(&mut part)
        .await?;
    Ok(part.into())
}

fn sync(path: &Path) -> Result<(), Error> {
    std::fs::File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|e| Error::io(format!("syncing {}", path.display()), e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_store_that_cannot_be_written_fails_its_probe() {
        let folder = tempfile::tempdir().unwrap();
        let url = url::Url::from_directory_path(folder.path()).unwrap();
        let objects = Objects::open(url.as_str()).unwrap();
        // A file where the probe's folder must be: it fails for root too, unlike a missing permission.
        std::fs::write(folder.path().join("probe"), b"").unwrap();
        let error = objects.probe().await.unwrap_err();
        assert!(matches!(error, Error::StoreUnusable { .. }), "{error}");
    }
}
