use std::path::Path;

use xoay_format::Watch;
use xoay_spin::{CaptureOptions, SpinOptions, SpinOutcome};

use crate::{RecipeError, StagedFolder};

/// Makes a spin from a folder of photos and writes it to `out_dir`, whole or not at all:
/// `manifest.json`, `report.json`, the frames, the sprite and the posters.
///
/// # Errors
/// [`RecipeError`]; `out_dir` is then as it was before.
pub fn make_spin(
    photos: &Path,
    out_dir: &Path,
    capture_options: &CaptureOptions,
    options: &SpinOptions,
    watch: Watch<'_>,
) -> Result<SpinOutcome, RecipeError> {
    let capture = xoay_spin::read_capture(photos, capture_options, watch)?;
    let staged = StagedFolder::create(out_dir)?;
    let outcome = xoay_spin::make_spin(&capture, options, &staged, watch)?;
    staged.put_json("report.json", &outcome.report)?;
    staged.put_json("manifest.json", &outcome.manifest)?;
    if watch.cancelled() {
        return Err(RecipeError::Cancelled);
    }
    staged.commit()?;
    Ok(outcome)
}
