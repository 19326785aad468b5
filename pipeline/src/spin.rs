use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use xoay_format::{Text, Watch};
use xoay_spin::{CaptureOptions, Sink, SpinOptions, SpinOutcome};

use crate::output::write_whole;
use crate::{RecipeError, StagedFolder};

/// What else to write, beside the spin.
#[derive(Clone, Debug, Default)]
pub struct SpinExtras {
    /// A picture of all frames, in the format that its name tells.
    pub contact_sheet: Option<PathBuf>,
    /// A folder for the matte of each photo.
    pub mattes: Option<PathBuf>,
    /// A file for where each photo's pixels went.
    pub transforms: Option<PathBuf>,
}

/// Makes a spin from a folder or zip of photos and writes it to `out_dir`, whole or not at all:
/// `manifest.json`, `report.json`, the frames, the tiles, the sprite and the posters.
///
/// # Errors
/// [`RecipeError`]; `out_dir` is then as it was before.
pub fn make_spin(
    photos: &Path,
    out_dir: &Path,
    capture_options: &CaptureOptions,
    options: &SpinOptions,
    extras: &SpinExtras,
    watch: Watch<'_>,
) -> Result<SpinOutcome, RecipeError> {
    let capture = xoay_spin::read_capture(photos, capture_options, watch)?;
    let staged = StagedFolder::create(out_dir)?;
    let options = SpinOptions {
        mattes: extras.mattes.is_some(),
        ..options.clone()
    };
    let sink = SideSink {
        staged: &staged,
        mattes: extras.mattes.as_deref(),
    };
    let outcome = xoay_spin::make_spin(&capture, &options, &sink, watch)?;
    for finding in &outcome.report.quality.findings {
        let (message, remedy) = (&finding.message, &finding.remedy);
        watch.warn(Text::new(
            format!("{}. {}", message.vi, remedy.vi),
            format!("{}. {}", message.en, remedy.en),
        ));
    }
    staged.put_json("report.json", &outcome.report)?;
    staged.put_json("manifest.json", &outcome.manifest)?;
    if watch.cancelled() {
        return Err(RecipeError::Cancelled);
    }
    staged.commit()?;
    if let Some(path) = &extras.transforms {
        let mut json = serde_json::to_vec_pretty(&outcome.transforms).map_err(|error| {
            RecipeError::Output {
                path: path.clone(),
                source: io::Error::from(error),
            }
        })?;
        json.push(b'\n');
        write_whole(path, &json)?;
    }
    if let Some(path) = &extras.contact_sheet {
        write_whole(path, &xoay_spin::contact_sheet(&outcome.tiles, path)?)?;
    }
    Ok(outcome)
}

/// Sends the mattes to a folder of their own: they are no part of what is published.
struct SideSink<'a> {
    staged: &'a StagedFolder,
    mattes: Option<&'a Path>,
}

impl Sink for SideSink<'_> {
    fn put(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let Some((folder, inside)) = self.mattes.zip(path.strip_prefix("mattes/")) else {
            return self.staged.put(path, bytes);
        };
        // A zip's names are checked when it is read, a folder's come from the disk.
        let file = folder.join(inside);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(file, bytes)
    }
}
