//! What making a spin's pictures costs and weighs, beside `sharp` from npm and beside JPEG.

mod bytes;
mod job;
mod thumbs;

pub use job::enlarge;
pub use thumbs::{CHILD, as_child};

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xoay_imaging::{DecodeOptions, Raster, decode};

/// A line of the table.
struct Row {
    what: String,
    ours: String,
    theirs: String,
    measured: f64,
    goal: Goal,
}

/// What a ratio must be.
#[derive(Clone, Copy)]
enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Row {
    fn print(&self) {
        let (met, goal) = match self.goal {
            Goal::AtLeast(goal) => (self.measured >= goal, format!("≥ {goal}")),
            Goal::AtMost(goal) => (self.measured <= goal, format!("≤ {goal}")),
        };
        println!(
            "| {} | {} | {} | {:.2} | {goal} | {} |",
            self.what,
            self.ours,
            self.theirs,
            self.measured,
            if met { "met" } else { "**missed**" }
        );
    }
}

/// Measures with the photos of `folder`, or the bundled capture.
pub fn run(folder: Option<PathBuf>) -> Result<()> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let bundled = repository.join("assets/captures/honey-jar");
    let photos = photos(&folder.unwrap_or(bundled))?;
    println!(
        "{} photos, {} processors.",
        photos.len(),
        std::thread::available_parallelism()?
    );
    let mut rows = thumbs::rows(&photos[0], &repository)?;
    rows.extend(bytes::rows(&photos)?);
    rows.extend(job::rows(&photos)?);
    println!("\n| what | ours | peer | ratio | goal | |\n|---|---|---|---|---|---|");
    for row in &rows {
        row.print();
    }
    Ok(())
}

/// The JPEGs of `folder`, or of its `images` folder, in the order of their names; the empty turntable left out.
fn photos(folder: &Path) -> Result<Vec<PathBuf>> {
    let images = folder.join("images");
    let folder = if images.is_dir() { &images } else { folder };
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut photos = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        let is_jpeg = path.extension().is_some_and(|ending| {
            ending.eq_ignore_ascii_case("jpg") || ending.eq_ignore_ascii_case("jpeg")
        });
        if is_jpeg && !name.contains("plate") {
            photos.push(path);
        }
    }
    photos.sort();
    ensure!(!photos.is_empty(), "{} holds no JPEG", folder.display());
    Ok(photos)
}

fn open(photo: &Path) -> Result<Raster> {
    let bytes = fs::read(photo)?;
    let decoded = decode(&bytes, &DecodeOptions::default());
    Ok(decoded.with_context(|| photo.display().to_string())?.raster)
}
