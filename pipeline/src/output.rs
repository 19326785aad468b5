use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;

use serde::Serialize;

use crate::RecipeError;

/// The file whose presence says that a folder is a recipe's finished result.
const MANIFEST: &str = "manifest.json";

/// A folder that appears whole or not at all.
///
/// Files go into a hidden sibling first; [`StagedFolder::commit`] renames it into place. Dropped before
/// that, it takes its files with it and leaves whatever stood at the destination as it was.
#[derive(Debug)]
pub struct StagedFolder {
    staging: PathBuf,
    destination: PathBuf,
}

impl StagedFolder {
    /// Opens a staging folder for `destination`, which may be absent, empty, or an earlier result.
    ///
    /// # Errors
    /// [`RecipeError::OutputTaken`] where `destination` holds something else, [`RecipeError::Output`]
    /// where the file system refuses.
    pub fn create(destination: &Path) -> Result<Self, RecipeError> {
        let destination = std::path::absolute(destination).map_err(output_error(destination))?;
        if !may_replace(&destination)? {
            return Err(RecipeError::OutputTaken { path: destination });
        }
        let staging = sibling(&destination, "new");
        remove_if_present(&staging).map_err(output_error(&staging))?;
        fs::create_dir_all(&staging).map_err(output_error(&staging))?;
        Ok(Self {
            staging,
            destination,
        })
    }

    /// Writes one file below the folder, with the folders that lead to it.
    ///
    /// # Errors
    /// The file system's, or `InvalidInput` for a path that would leave the folder.
    pub fn put(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let inside = path
            .split('/')
            .all(|part| !matches!(part, "" | "." | "..") && !part.contains(['\\', ':']));
        if !inside {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{path:?} is no path inside the output folder"),
            ));
        }
        let file = self.staging.join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, bytes)
    }

    /// [`StagedFolder::put`] with an error that names the file.
    ///
    /// # Errors
    /// [`RecipeError::Output`].
    pub fn put_named(&self, path: &str, bytes: &[u8]) -> Result<(), RecipeError> {
        self.put(path, bytes)
            .map_err(output_error(&self.destination.join(path)))
    }

    /// Writes `value` as indented JSON.
    ///
    /// # Errors
    /// [`RecipeError::Output`] naming the file.
    pub fn put_json(&self, path: &str, value: &impl Serialize) -> Result<(), RecipeError> {
        let mut json = serde_json::to_vec_pretty(value)
            .map_err(io::Error::from)
            .map_err(output_error(&self.destination.join(path)))?;
        json.push(b'\n');
        self.put_named(path, &json)
    }

    /// Makes the folder visible at its destination, in place of an earlier result.
    ///
    /// # Errors
    /// [`RecipeError::Output`]; the earlier result then stands as it was.
    pub fn commit(self) -> Result<(), RecipeError> {
        let retired = sibling(&self.destination, "old");
        remove_if_present(&retired).map_err(output_error(&retired))?;
        let had_earlier = self.destination.exists();
        if had_earlier {
            fs::rename(&self.destination, &retired).map_err(output_error(&self.destination))?;
        }
        if let Err(source) = fs::rename(&self.staging, &self.destination) {
            if had_earlier {
                fs::rename(&retired, &self.destination).map_err(output_error(&self.destination))?;
            }
            return Err(output_error(&self.destination)(source));
        }
        // The result stands; a leftover that cannot be removed is no reason to call the job failed.
        let _ = remove_if_present(&retired);
        Ok(())
    }
}

impl Drop for StagedFolder {
    fn drop(&mut self) {
        // After a commit nothing is there; after a failure nobody is left to tell.
        let _ = remove_if_present(&self.staging);
    }
}

impl xoay_spin::Sink for StagedFolder {
    fn put(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        Self::put(self, path, bytes)
    }
}

/// Writes one file so that it appears whole or not at all.
///
/// # Errors
/// [`RecipeError::Output`] naming `destination`.
pub fn write_whole(destination: &Path, bytes: &[u8]) -> Result<(), RecipeError> {
    let absolute = std::path::absolute(destination).map_err(output_error(destination))?;
    let staging = sibling(&absolute, "new");
    let written = absolute
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(&staging, bytes))
        .and_then(|()| fs::rename(&staging, &absolute));
    written.map_err(|source| {
        // The half-written file has no reader and no name that anyone knows.
        let _ = fs::remove_file(&staging);
        output_error(destination)(source)
    })
}

fn output_error(path: &Path) -> impl FnOnce(io::Error) -> RecipeError {
    let path = path.to_path_buf();
    move |source| RecipeError::Output { path, source }
}

/// `folder/name` gives `folder/.name.<purpose>-<process id>`: on the same file system, out of sight.
fn sibling(destination: &Path, purpose: &str) -> PathBuf {
    let name = destination
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    destination.with_file_name(format!(".{name}.{purpose}-{}", process::id()))
}

fn may_replace(destination: &Path) -> Result<bool, RecipeError> {
    match fs::read_dir(destination) {
        Ok(mut entries) => Ok(entries.next().is_none() || destination.join(MANIFEST).is_file()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
        Err(source) => Err(output_error(destination)(source)),
    }
}

fn remove_if_present(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_result_appears_whole_and_leaves_nothing_beside_it() {
        let root = tempfile::tempdir().unwrap();
        let out = root.path().join("out");
        let staged = StagedFolder::create(&out).unwrap();
        staged.put("frames/400/0001.jpg", b"photo").unwrap();
        assert!(!out.exists());
        staged.put(MANIFEST, b"{}").unwrap();
        staged.commit().unwrap();
        assert_eq!(names(root.path()), ["out"]);
        assert_eq!(names(&out), ["frames", MANIFEST]);
    }

    #[test]
    fn a_dropped_folder_leaves_the_earlier_result_as_it_was() {
        let root = tempfile::tempdir().unwrap();
        let out = root.path().join("out");
        fs::create_dir(&out).unwrap();
        fs::write(out.join(MANIFEST), "earlier").unwrap();
        let staged = StagedFolder::create(&out).unwrap();
        staged.put(MANIFEST, b"later").unwrap();
        drop(staged);
        assert_eq!(names(root.path()), ["out"]);
        assert_eq!(fs::read(out.join(MANIFEST)).unwrap(), b"earlier");
    }

    #[test]
    fn an_earlier_result_is_replaced_whole() {
        let root = tempfile::tempdir().unwrap();
        let out = root.path().join("out");
        for generation in ["first", "second"] {
            let staged = StagedFolder::create(&out).unwrap();
            staged.put(&format!("{generation}.jpg"), b"photo").unwrap();
            staged.put(MANIFEST, b"{}").unwrap();
            staged.commit().unwrap();
        }
        assert_eq!(names(&out), [MANIFEST, "second.jpg"]);
        assert_eq!(names(root.path()), ["out"]);
    }

    #[test]
    fn a_folder_of_photos_is_never_replaced() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("DSC1.jpg"), "photo").unwrap();
        let refused = StagedFolder::create(root.path()).unwrap_err();
        assert!(matches!(refused, RecipeError::OutputTaken { .. }));
        assert_eq!(names(root.path()), ["DSC1.jpg"]);
    }

    #[test]
    fn no_file_leaves_the_folder() {
        let root = tempfile::tempdir().unwrap();
        let staged = StagedFolder::create(&root.path().join("out")).unwrap();
        for path in ["../x", "/x", "a/../../x", "", "a//b", "a\\..\\x", "c:x"] {
            let refused = staged.put(path, b"").unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::InvalidInput, "{path:?}");
        }
    }
}
