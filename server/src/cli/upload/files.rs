//! Which files of a folder are sent, and under which names.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use xoay_format::Text;

use crate::cli::exit::{Code, Failure};

const PHOTOS: [&str; 6] = ["jpg", "jpeg", "png", "webp", "tif", "tiff"];
/// Rows of photos lie in folders of their own, one level down.
const DEPTH: usize = 2;
/// More than any product takes.
const LIMIT: usize = 10_000;

/// A file to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub path: PathBuf,
    /// What the service calls it.
    pub name: String,
    pub is_model: bool,
    pub size_bytes: u64,
}

/// The photos and models at `root`: a folder, its folders, or one file.
pub fn find(root: &Path) -> Result<Vec<Found>, Failure> {
    let mut paths = Vec::new();
    let metadata = fs::metadata(root).map_err(|error| unreadable(root, &error))?;
    if metadata.is_dir() {
        walk(root, DEPTH, &mut paths)?;
    } else {
        paths.push(root.to_path_buf());
    }
    paths.sort();
    let mut found = Vec::new();
    let mut models = 0;
    for path in paths {
        let Some(kind) = kind(&path) else { continue };
        models += usize::from(kind == Kind::Model);
        let size_bytes = fs::metadata(&path)
            .map_err(|error| unreadable(&path, &error))?
            .len();
        found.push(Found {
            name: file_name(&path),
            is_model: kind == Kind::Model,
            size_bytes,
            path,
        });
    }
    if found.is_empty() {
        return Err(Failure {
            code: Code::BadInput,
            message: Text::new(
                format!(
                    "{}: không có ảnh (.jpg, .png, .webp, .tif) hay mô hình .glb nào",
                    root.display()
                ),
                format!(
                    "{}: no photo (.jpg, .png, .webp, .tif) and no .glb model is in it",
                    root.display()
                ),
            ),
        });
    }
    if models > 1 || found.len() > LIMIT {
        return Err(Failure {
            code: Code::BadInput,
            message: Text::new(
                format!(
                    "{}: một sản phẩm có một mô hình và nhiều nhất {LIMIT} ảnh; hãy tách thư mục",
                    root.display()
                ),
                format!(
                    "{}: a product has one model and at most {LIMIT} photos; part the folder",
                    root.display()
                ),
            ),
        });
    }
    name_apart(&mut found);
    Ok(found)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Photo,
    Model,
}

fn kind(path: &Path) -> Option<Kind> {
    if file_name(path).starts_with('.') {
        return None;
    }
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    if ending == "glb" {
        return Some(Kind::Model);
    }
    PHOTOS.contains(&ending.as_str()).then_some(Kind::Photo)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn walk(folder: &Path, depth: usize, paths: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |error: &std::io::Error| unreadable(folder, error);
    for entry in fs::read_dir(folder).map_err(|error| failed(&error))? {
        let path = entry.map_err(|error| failed(&error))?.path();
        if !path.is_dir() {
            paths.push(path);
        } else if depth > 1 && !file_name(&path).starts_with('.') {
            walk(&path, depth - 1, paths)?;
        }
    }
    Ok(())
}

/// Rows in folders of their own repeat their names: those get the folder's name before theirs, as the studio does it.
fn name_apart(found: &mut [Found]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for file in found.iter() {
        *seen.entry(file.name.to_lowercase()).or_default() += 1;
    }
    for file in found.iter_mut() {
        if seen[&file.name.to_lowercase()] > 1
            && let Some(folder) = file.path.parent()
        {
            file.name = format!("{}-{}", file_name(folder), file.name);
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure {
        code: Code::BadInput,
        message: Text::new(
            format!("không đọc được {}: {error}", path.display()),
            format!("cannot read {}: {error}", path.display()),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_in_folders_get_names_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "low/1.jpg",
            "low/only.JPG",
            "high/1.jpg",
            "jar.glb",
            ".hidden.jpg",
            "notes.txt",
            "a/b/deep.jpg",
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        let found = find(folder.path()).unwrap();
        let names: Vec<_> = found.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["high-1.jpg", "jar.glb", "low-1.jpg", "only.JPG"]);
        assert!(found[1].is_model && !found[0].is_model);
        assert_eq!(found[1].size_bytes, 7);
    }

    #[test]
    fn a_folder_without_photos_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let failure = find(folder.path()).unwrap_err();
        assert_eq!(failure.code, Code::BadInput);
        assert!(failure.message.en.contains("no photo"));
        let absent = find(&folder.path().join("absent")).unwrap_err();
        assert!(absent.message.en.contains("absent"));
    }
}
