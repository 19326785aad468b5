//! All that a store holds, and how it leaves the store.

use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use time::OffsetDateTime;

use super::{Body, Class, ObjectKey, Objects, parts};
use crate::Error;
use crate::catalogue::Stored;

/// Where objects wait that nothing names any more: `trash/<milliseconds>/<path>`.
const TRASH: &str = "trash";

/// Something in the store.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its whole path.
    pub path: String,
    /// What it is; nothing for a file that is not the service's.
    pub stored: Option<Stored>,
    /// Its size.
    pub size_bytes: u64,
    /// When it was written.
    pub written_ms: i64,
}

/// Something in the trash.
#[derive(Clone, Debug)]
pub struct Trashed {
    path: Path,
    original: Path,
    /// What it was.
    pub stored: Stored,
    /// When it came there.
    pub since_ms: i64,
}

impl Objects {
    /// Everything under the folders that objects lie in.
    pub fn list(&self) -> BoxStream<'_, Result<Listed, Error>> {
        let folders = [
            folder(Class::Original),
            folder(Class::Derived),
            parts::FOLDER,
        ];
        futures::stream::iter(folders)
            .flat_map(|folder| self.durable.list(Some(&Path::from(folder))))
            .map_err(Error::from)
            .map_ok(|meta| Listed {
                stored: stored_at(&meta.location),
                path: meta.location.to_string(),
                size_bytes: meta.size,
                written_ms: meta.last_modified.timestamp_millis(),
            })
            .boxed()
    }

    /// Opens what is stored; nothing where it is not there.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn get_stored(&self, stored: &Stored) -> Result<Option<Body>, Error> {
        match stored {
            Stored::Object(key) => self.get(key, None).await,
            Stored::Part(name) => self.get_part(name).await,
        }
    }

    /// Moves something to the trash, unless it was written after `before_ms`; false where it was.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn trash(&self, stored: &Stored, before_ms: i64) -> Result<bool, Error> {
        let path = path_of(stored);
        let meta = match self.durable.head(&path).await {
            Ok(meta) => meta,
            Err(object_store::Error::NotFound { .. }) => return Ok(false),
            Err(e) => return Err(e.into()),
        };
        if meta.last_modified.timestamp_millis() > before_ms {
            return Ok(false);
        }
        let now_ms = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
        let place = Path::from(format!("{TRASH}/{now_ms}/{path}"));
        self.durable.rename(&path, &place).await?;
        Ok(true)
    }

    /// What the trash holds.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn trashed(&self) -> Result<Vec<Trashed>, Error> {
        let listed: Vec<_> = self
            .durable
            .list(Some(&Path::from(TRASH)))
            .try_collect()
            .await?;
        let read = |path: &Path| {
            let rest = path.as_ref().strip_prefix(TRASH)?.strip_prefix('/')?;
            let (since, original) = rest.split_once('/')?;
            let original = Path::from(original);
            Some(Trashed {
                stored: stored_at(&original)?,
                since_ms: since.parse().ok()?,
                path: path.clone(),
                original,
            })
        };
        Ok(listed
            .iter()
            .filter_map(|meta| read(&meta.location))
            .collect())
    }

    /// Puts something back where it was.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn restore(&self, trashed: &Trashed) -> Result<(), Error> {
        self.durable
            .rename(&trashed.path, &trashed.original)
            .await?;
        Ok(())
    }

    /// Removes something from the trash for good.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn purge(&self, trashed: &Trashed) -> Result<(), Error> {
        self.durable.delete(&trashed.path).await?;
        Ok(())
    }
}

const fn folder(class: Class) -> &'static str {
    match class {
        Class::Original => "originals",
        Class::Derived => "objects",
    }
}

fn path_of(stored: &Stored) -> Path {
    match stored {
        Stored::Object(key) => key.path(),
        Stored::Part(name) => parts::part_path(name),
    }
}

/// What lies at this path, if that is one of the service's.
fn stored_at(path: &Path) -> Option<Stored> {
    let (top, rest) = path.as_ref().split_once('/')?;
    let class = match top {
        "originals" => Class::Original,
        "objects" => Class::Derived,
        parts::FOLDER => return Some(Stored::Part(rest.to_owned())),
        _ => return None,
    };
    let (head, tail) = rest.split_once('/')?;
    let key = ObjectKey::parse(class, &format!("{head}{tail}"))?;
    (key.path() == *path).then_some(Stored::Object(key))
}
