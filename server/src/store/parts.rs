//! Pieces of uploads: small objects that live until their upload is whole or forgotten.

use bytes::Bytes;
use futures::StreamExt;
use object_store::path::Path;
use object_store::{GetOptions, ObjectStoreExt, PutPayload};
use uuid::Uuid;

use super::{Body, Objects};
use crate::Error;
use crate::catalogue::UploadId;

/// The folder of all pieces.
pub(super) const FOLDER: &str = "uploads";

impl Objects {
    /// Stores a piece; it survives a power cut once this returns. The name is fresh: two requests that race for the
    /// same place in an upload cannot write over each other, and no store has to promise anything for that.
    ///
    /// # Errors
    /// [`Error::NoSpace`], [`Error::Store`].
    pub async fn put_part(&self, upload: UploadId, bytes: Bytes) -> Result<String, Error> {
        let name = format!("{upload}/{}", Uuid::now_v7());
        self.durable
            .put(&part_path(&name), PutPayload::from(bytes))
            .await?;
        Ok(name)
    }

    /// Opens a piece; nothing where there is none.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn get_part(&self, name: &str) -> Result<Option<Body>, Error> {
        self.opened(&self.durable, part_path(name), GetOptions::default())
            .await
    }

    /// Removes every piece of an upload, whether or not the database knows it.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn remove_parts(&self, upload: UploadId) -> Result<(), Error> {
        let folder = Path::from_iter([FOLDER, &upload.to_string()]);
        let mut listed = self.durable.list(Some(&folder));
        while let Some(found) = listed.next().await {
            match self.durable.delete(&found?.location).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }
}

pub(super) fn part_path(name: &str) -> Path {
    [FOLDER].into_iter().chain(name.split('/')).collect()
}
