//! A stored spin laid out for a model of the same photos, and what comes back: the camera of each frame.

use std::path::Path;

use xoay_format::SpinManifest;

use super::folder::{REPORT, read};
use crate::Error;
use crate::store::{ObjectKey, Objects};

/// Writes the manifest of a stored spin, and the object that holds its report, into a new `folder`.
pub(crate) async fn lay_out(
    objects: &Objects,
    folder: &Path,
    manifest: &SpinManifest,
    report: &ObjectKey,
) -> Result<(), Error> {
    let writing = |e| Error::io(format!("writing {}", folder.display()), e);
    let json = serde_json::to_vec(manifest).map_err(|e| Error::Corrupt {
        what: "manifest",
        reason: e.to_string(),
    })?;
    tokio::fs::create_dir(folder).await.map_err(writing)?;
    tokio::fs::write(folder.join("manifest.json"), json)
        .await
        .map_err(writing)?;
    objects.copy_to_file(report, &folder.join(REPORT)).await
}

/// The spin that was laid out in `folder`, once a frame of it has a camera; `None` where none was.
pub(crate) async fn tracked(folder: &Path) -> Result<Option<SpinManifest>, Error> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let manifest: SpinManifest = read(folder).await?;
    let seen = manifest.frames.iter().any(|f| f.projection.is_some());
    Ok(seen.then_some(manifest))
}
