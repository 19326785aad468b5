use std::path::{Path, PathBuf};

use xoay_format::Text;

use crate::plates;
use crate::rows::{self, RowName};
use crate::{PhotoSource, SpinError, natural_order};

/// Names of which endings claim to be an image. Camera raw is not among them: cameras write it beside the JPEG.
const IMAGE_ENDINGS: [&str; 14] = [
    "jpg", "jpeg", "jpe", "jfif", "png", "webp", "tif", "tiff", "heic", "heif", "avif", "gif",
    "bmp", "jxl",
];

/// A photo that was found, before it is opened.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Its path within the capture, `/`-separated, fit to be shown.
    pub name: String,
    pub source: PhotoSource,
}

/// A folder of a capture.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folder {
    /// Its path within the capture, fit to be shown; empty for the capture's own.
    pub label: String,
    /// Its path on disk, if it has one.
    pub path: PathBuf,
}

impl Folder {
    pub(crate) fn on_disk(label: String, path: PathBuf) -> Self {
        Self { label, path }
    }

    pub(crate) fn within_an_archive(label: String) -> Self {
        Self {
            label,
            path: PathBuf::new(),
        }
    }
}

/// What lies directly in a folder, each part in natural order.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub photos: Vec<Found>,
    pub folders: Vec<Folder>,
}

/// Folders of photos: on disk, or in an archive.
pub(crate) trait Tree {
    /// Looks into a folder; into each at most once.
    fn scan(&mut self, folder: &Folder) -> Result<Scan, SpinError>;

    /// What was left out on the way.
    fn notes(&mut self) -> Vec<Text>;
}

/// Photos of one camera height.
#[derive(Debug, Default)]
pub(crate) struct FoundRow {
    pub name: RowName,
    pub photos: Vec<Found>,
}

/// The photos of a capture by name, before any is opened.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// No row is empty.
    pub rows: Vec<FoundRow>,
    pub clean_plates: Vec<Found>,
    pub notes: Vec<Text>,
}

/// Sorts what lies in a tree into rows and photos of the empty turntable, of which `named` are some.
pub(crate) fn list(
    tree: &mut dyn Tree,
    root: &Folder,
    named: &[PathBuf],
) -> Result<Listing, SpinError> {
    let mut top = descend(tree, root)?;
    let mut passed_over = Names::default();
    let mut found = Vec::new();
    let mut plates_apart = Vec::new();
    if !top.folders.is_empty() && plates::are_all(&top.photos) {
        // Beside the rows, for all of them.
        plates_apart.append(&mut top.photos);
    }
    for folder in top.folders {
        let mut below = tree.scan(&folder)?;
        if plates::names_a_folder(&folder.label) {
            plates_apart.append(&mut below.photos);
        } else if below.photos.is_empty() {
            // What lies deeper belongs to something else.
        } else if top.photos.is_empty() {
            found.push(FoundRow {
                name: RowName::of_folder(&folder.label),
                photos: below.photos,
            });
        } else {
            passed_over.add(folder.label);
        }
    }
    if !top.photos.is_empty() {
        found.push(FoundRow {
            name: RowName::default(),
            photos: top.photos,
        });
    }
    let mut listing = Listing::default();
    plates::separate(found, plates_apart, &mut listing);
    plates::take_named(named, &mut listing)?;
    rows::split_by_name(&mut listing);
    rows::lowest_first(&mut listing.rows);
    listing.notes.extend(tree.notes());
    listing.notes.extend(passed_over.warning(
        "bỏ qua các thư mục con vì thư mục chính đã có ảnh",
        "subfolders were left out, since the folder itself holds photos",
    ));
    Ok(listing)
}

/// The folder in which the photos or the rows lie: people pack and copy folders that hold a single other one.
fn descend(tree: &mut dyn Tree, root: &Folder) -> Result<Scan, SpinError> {
    const MAX_LEVELS: usize = 4;

    let mut scan = tree.scan(root)?;
    for _ in 0..MAX_LEVELS {
        let [only] = scan.folders.as_slice() else {
            break;
        };
        if !scan.photos.is_empty() {
            break;
        }
        let only = only.clone();
        scan = tree.scan(&only)?;
    }
    Ok(scan)
}

pub(crate) fn has_image_ending(name: &str) -> bool {
    let ending = Path::new(name)
        .extension()
        .and_then(|e| e.to_str())
        .unwrap_or_default();
    IMAGE_ENDINGS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(ending))
}

/// Names for a warning: the first few, and how many there were.
#[derive(Debug, Default)]
pub(crate) struct Names {
    first: Vec<String>,
    count: usize,
}

impl Names {
    pub(crate) fn add(&mut self, name: String) {
        const SHOWN: usize = 10;
        self.count += 1;
        if self.first.len() < SHOWN {
            self.first.push(name);
        }
    }

    pub(crate) fn warning(mut self, vi: &str, en: &str) -> Option<Text> {
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
