use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use xoay_format::Text;

use crate::listing::{Folder, Found, Names, Scan, Tree, has_image_ending};
use crate::{PhotoSource, SpinError, natural_order};

/// A folder on disk.
pub(crate) struct FolderTree {
    /// Links must not lead out of it.
    root: PathBuf,
    max_photos: usize,
    photos: usize,
    ignored: Names,
    strayed: Names,
}

impl FolderTree {
    /// The folder at `dir`.
    pub(crate) fn open(dir: &Path, max_photos: usize) -> Result<Self, SpinError> {
        let root = dir.canonicalize().map_err(|source| SpinError::Unreadable {
            path: dir.into(),
            source,
        })?;
        Ok(Self {
            root,
            max_photos,
            photos: 0,
            ignored: Names::default(),
            strayed: Names::default(),
        })
    }

    fn kind(&self, entry: &DirEntry, name: &str) -> std::io::Result<Kind> {
        let file_type = entry.file_type()?;
        if name.starts_with('.') {
            // Every system leaves its own hidden files behind; only a hidden photo would surprise anyone.
            return Ok(if has_image_ending(name) {
                Kind::Other
            } else {
                Kind::Hidden
            });
        }
        if file_type.is_symlink() {
            let target = entry.path().canonicalize().ok();
            let stays =
                target.is_some_and(|target| target.starts_with(&self.root) && target.is_file());
            if !stays {
                return Ok(Kind::Stray);
            }
        } else if file_type.is_dir() {
            // Somebody expects a photo there.
            return Ok(if has_image_ending(name) {
                Kind::Other
            } else {
                Kind::Folder
            });
        } else if !file_type.is_file() {
            return Ok(Kind::Other);
        }
        Ok(if has_image_ending(name) {
            Kind::Photo
        } else {
            Kind::Other
        })
    }
}

enum Kind {
    Photo,
    Folder,
    Hidden,
    Other,
    Stray,
}

impl Tree for FolderTree {
    fn scan(&mut self, folder: &Folder) -> Result<Scan, SpinError> {
        let unreadable = |source| SpinError::Unreadable {
            path: folder.path.clone(),
            source,
        };
        let mut scan = Scan::default();
        for entry in fs::read_dir(&folder.path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = label(&entry.file_name());
            let shown = match folder.label.as_str() {
                "" => name.clone(),
                above => format!("{above}/{name}"),
            };
            match self.kind(&entry, &name).map_err(unreadable)? {
                Kind::Photo => {
                    self.photos += 1;
                    scan.photos.push(Found {
                        name: shown,
                        source: PhotoSource::File(entry.path()),
                    });
                }
                Kind::Folder => scan.folders.push(Folder::on_disk(shown, entry.path())),
                Kind::Hidden => {}
                Kind::Other => self.ignored.add(shown),
                Kind::Stray => self.strayed.add(shown),
            }
            if self.photos > self.max_photos || scan.folders.len() > self.max_photos {
                return Err(SpinError::TooManyPhotos {
                    limit: self.max_photos,
                });
            }
        }
        scan.photos.sort_by(|a, b| natural_order(&a.name, &b.name));
        scan.folders
            .sort_by(|a, b| natural_order(&a.label, &b.label));
        Ok(scan)
    }

    fn notes(&mut self) -> Vec<Text> {
        let ignored = std::mem::take(&mut self.ignored).warning(
            "bỏ qua các tệp không phải ảnh",
            "files that are no photos were left out",
        );
        let strayed = std::mem::take(&mut self.strayed).warning(
            "bỏ qua các liên kết trỏ ra ngoài thư mục, liên kết hỏng hoặc liên kết đến thư mục",
            "links that leave the folder, lead nowhere or lead to folders were left out",
        );
        [ignored, strayed].into_iter().flatten().collect()
    }
}

/// A file name fit to be shown and to name results after: bytes that are no text, and control characters, which could
/// take over a terminal, are written as `%1B`.
fn label(name: &OsStr) -> String {
    let mut label = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() {
                let mut bytes = [0; 4];
                c.encode_utf8(&mut bytes)
                    .bytes()
                    .for_each(|byte| escape(&mut label, byte));
            } else {
                label.push(c);
            }
        }
        chunk
            .invalid()
            .iter()
            .for_each(|&byte| escape(&mut label, byte));
    }
    label
}

fn escape(label: &mut String, byte: u8) {
    use std::fmt::Write as _;

    // Writing into a string does not fail.
    let _ = write!(label, "%{byte:02X}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn odd_bytes_in_names_can_be_shown() {
        use std::os::unix::ffi::OsStrExt;

        let name = OsStr::from_bytes(b"a\xff\x1b[2J\xc2\x85.jpg");
        assert_eq!(label(name), "a%FF%1B[2J%C2%85.jpg");
        assert_eq!(
            label(OsStr::new("lọ mật ong 100%.jpg")),
            "lọ mật ong 100%.jpg"
        );
    }
}
