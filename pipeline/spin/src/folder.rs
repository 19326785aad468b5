use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use xoay_format::Text;

use crate::{SpinError, natural_order};

/// The photos of a folder by name, before any is opened.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Paths within the folder, `/`-separated, in natural order; no row is empty.
    pub rows: Vec<Vec<String>>,
    pub clean_plates: Vec<String>,
    pub warnings: Vec<Text>,
}

/// Names of which endings claim to be an image. Camera raw is not among them: cameras write it beside the JPEG.
const IMAGE_ENDINGS: [&str; 14] = [
    "jpg", "jpeg", "jpe", "jfif", "png", "webp", "tif", "tiff", "heic", "heif", "avif", "gif",
    "bmp", "jxl",
];

pub(crate) fn list(dir: &Path, max_photos: usize) -> Result<Listing, SpinError> {
    let unreadable = |source| SpinError::Unreadable {
        path: dir.into(),
        source,
    };
    if !dir.is_dir() {
        return Err(SpinError::NotAFolder { path: dir.into() });
    }
    let root = dir.canonicalize().map_err(unreadable)?;
    let mut walk = Walk {
        root,
        max_photos,
        photos: 0,
        ignored: Names::default(),
        strayed: Names::default(),
    };
    let (photos, folders) = walk.scan(dir, "")?;
    let mut rows = Vec::new();
    let mut passed_over = Names::default();
    for folder in folders {
        let (photos_below, _) = walk.scan(&dir.join(&folder), &format!("{folder}/"))?;
        if photos.is_empty() {
            rows.push(photos_below);
        } else if !photos_below.is_empty() {
            passed_over.add(folder);
        }
    }
    rows.push(photos);
    let mut listing = Listing::default();
    separate_clean_plates(rows, &mut listing);
    listing.warnings.extend(walk.ignored.warning(
        "bỏ qua các tệp không phải ảnh",
        "files that are no photos were left out",
    ));
    listing.warnings.extend(walk.strayed.warning(
        "bỏ qua các liên kết trỏ ra ngoài thư mục, liên kết hỏng hoặc liên kết đến thư mục",
        "links that leave the folder, lead nowhere or lead to folders were left out",
    ));
    listing.warnings.extend(passed_over.warning(
        "bỏ qua các thư mục con vì thư mục chính đã có ảnh",
        "subfolders were left out, since the folder itself holds photos",
    ));
    Ok(listing)
}

struct Walk {
    root: PathBuf,
    max_photos: usize,
    photos: usize,
    ignored: Names,
    strayed: Names,
}

impl Walk {
    /// Photos and subfolders directly in `dir`, each in natural order. Photos bear `prefix`.
    fn scan(&mut self, dir: &Path, prefix: &str) -> Result<(Vec<String>, Vec<String>), SpinError> {
        let unreadable = |source| SpinError::Unreadable {
            path: dir.into(),
            source,
        };
        let (mut photos, mut folders) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(dir).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let shown = format!("{prefix}{name}");
            match self.kind(&entry, &name).map_err(unreadable)? {
                Kind::Photo => {
                    self.photos += 1;
                    photos.push(shown);
                }
                Kind::Folder => folders.push(name),
                Kind::Hidden => {}
                Kind::Other => self.ignored.add(shown),
                Kind::Stray => self.strayed.add(shown),
            }
            if self.photos > self.max_photos || folders.len() > self.max_photos {
                return Err(SpinError::TooManyPhotos {
                    limit: self.max_photos,
                });
            }
        }
        photos.sort_by(|a, b| natural_order(a, b));
        folders.sort_by(|a, b| natural_order(a, b));
        Ok((photos, folders))
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
            return Ok(Kind::Folder);
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

fn has_image_ending(name: &str) -> bool {
    let ending = Path::new(name)
        .extension()
        .and_then(|e| e.to_str())
        .unwrap_or_default();
    IMAGE_ENDINGS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(ending))
}

fn separate_clean_plates(rows: Vec<Vec<String>>, listing: &mut Listing) {
    let photos: usize = rows.iter().map(Vec::len).sum();
    let plates: usize = rows
        .iter()
        .flatten()
        .filter(|name| is_clean_plate(name))
        .count();
    // A product that is itself a plate: nobody takes so many photos of an empty turntable.
    let believable = plates * 4 <= photos;
    for row in rows {
        let (plates, frames): (Vec<_>, Vec<_>) = row
            .into_iter()
            .partition(|name| believable && is_clean_plate(name));
        listing.clean_plates.extend(plates);
        if !frames.is_empty() {
            listing.rows.push(frames);
        }
    }
    if !listing.clean_plates.is_empty() {
        let names = listing.clean_plates.join(", ");
        listing.warnings.push(Text::new(
            format!("được coi là ảnh bàn xoay trống, không đưa vào vòng xoay: {names}"),
            format!("taken as photos of the empty turntable and left out of the turn: {names}"),
        ));
    }
}

/// Whether the name says that the photo shows the empty turntable.
fn is_clean_plate(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let file = file.replace(['_', '-', ' '], "");
    file.starts_with("plate") || file.contains("cleanplate") || file.contains("background")
}

/// Names for a warning: the first few, and how many there were.
#[derive(Debug, Default)]
struct Names {
    first: Vec<String>,
    count: usize,
}

impl Names {
    fn add(&mut self, name: String) {
        const SHOWN: usize = 10;
        self.count += 1;
        if self.first.len() < SHOWN {
            self.first.push(name);
        }
    }

    fn warning(mut self, vi: &str, en: &str) -> Option<Text> {
        if self.count == 0 {
            return None;
        }
        self.first.sort_by(|a, b| natural_order(a, b));
        let names = self.first.join(", ");
        let more = self.count - self.first.len();
        let (more_vi, more_en) = match more {
            0 => (String::new(), String::new()),
            _ => (format!(" và {more} mục khác"), format!(" and {more} more")),
        };
        Some(Text::new(
            format!("{vi}: {names}{more_vi}"),
            format!("{en}: {names}{more_en}"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_clean_plates() {
        for name in [
            "plate_row0.jpg",
            "row1/PLATE.jpg",
            "set_clean-plate 2.png",
            "Background.jpg",
        ] {
            assert!(is_clean_plate(name), "{name}");
        }
        for name in ["DSC02101.jpg", "plates/1.jpg", "template.jpg"] {
            assert!(!is_clean_plate(name), "{name}");
        }
    }

    #[test]
    fn a_product_named_plate_keeps_its_photos() {
        let row: Vec<String> = (1..=8).map(|n| format!("plate_{n}.jpg")).collect();
        let mut listing = Listing::default();
        separate_clean_plates(vec![row], &mut listing);
        assert_eq!((listing.rows[0].len(), listing.clean_plates.len()), (8, 0));
    }
}
