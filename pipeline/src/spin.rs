use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use xoay_format::{Text, Watch};
use xoay_spin::{CaptureOptions, Sink, SpinError, SpinOptions, SpinOutcome};

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
    let sink = SpinSink {
        staged: &staged,
        mattes: extras.mattes.as_deref(),
        unfinished: unfinished_folder(out_dir),
    };
    let outcome = xoay_spin::make_spin(&capture, &options, &sink, watch).inspect_err(|error| {
        // Somebody who stops a run may go on with it; a full disk or a bad photo must not cost room.
        if !matches!(error, SpinError::Cancelled) {
            let _ = fs::remove_dir_all(&sink.unfinished);
        }
    })?;
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
    let unfinished = sink.unfinished;
    staged.commit()?;
    // What would have helped the next run is of no more use; a leftover is no reason to call the job failed.
    let _ = fs::remove_dir_all(&unfinished);
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

/// Where the frames of a run that did not end wait for the next one: a hidden sibling of the result.
fn unfinished_folder(out_dir: &Path) -> PathBuf {
    let name = out_dir
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    out_dir.with_file_name(format!(".{name}.unfinished"))
}

/// Stages what is published, sends the mattes to a folder of their own, and keeps finished frames until the run ends.
struct SpinSink<'a> {
    staged: &'a StagedFolder,
    mattes: Option<&'a Path>,
    unfinished: PathBuf,
}

impl Sink for SpinSink<'_> {
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

    fn recall(&self, key: &str) -> Option<Vec<u8>> {
        fs::read(self.unfinished.join(key)).ok()
    }

    fn remember(&self, key: &str, bytes: &[u8]) {
        // Written aside and renamed: what a killed run leaves is whole or not there. Without room for it the spin goes on.
        let staging = self.unfinished.join(format!("{key}.new"));
        let kept = fs::create_dir_all(&self.unfinished)
            .and_then(|()| fs::write(&staging, bytes))
            .and_then(|()| fs::rename(&staging, self.unfinished.join(key)));
        if kept.is_err() {
            let _ = fs::remove_file(&staging);
        }
    }

    fn remembers(&self) -> bool {
        true
    }
}
