//! Photos in no order, put in order by the mat.

use xoay_format::Watch;
use xoay_imaging::{DecodeOptions, Resizer, decode};
use xoay_reconstruct::{ReconstructError, SeenMarker, detect_markers, turn_of};
use xoay_spin::{BadPhoto, CaptureSet, Photo, PhotoProblem, SpinError};

use super::ReconstructOptions;
use crate::RecipeError;

/// Puts the photos of `set` in the order of their turn, row after row, by the markers that each shows.
///
/// # Errors
/// [`ReconstructError::NotPlaced`] naming photos that show too few, and what reading a photo may come to.
pub(super) fn put_in_order(
    set: &mut CaptureSet,
    options: &ReconstructOptions,
    watch: Watch<'_>,
) -> Result<(), RecipeError> {
    let long = set.width.max(set.height);
    let side = |side: u32| {
        let scaled = u64::from(side) * u64::from(options.long_side.min(long)) / u64::from(long);
        u32::try_from(scaled).unwrap_or(u32::MAX).max(1)
    };
    let size = [side(set.width), side(set.height)];
    let mut seen: Vec<Vec<SeenMarker>> = Vec::with_capacity(set.frames.len());
    let mut resizer = Resizer::new();
    for photo in &set.frames {
        if watch.cancelled() {
            return Err(RecipeError::Cancelled);
        }
        seen.push(markers(photo, size, options, &mut resizer)?);
    }
    let focal_px = set
        .frames
        .iter()
        .find_map(|photo| photo.header.camera.focal_length_35mm)
        .map(|mm| mm / 36.0 * f64::from(size[0].max(size[1])));
    let turn = turn_of(&seen, options.mat.as_ref(), focal_px, size);
    if !turn.unplaced.is_empty() || turn.rows.is_empty() {
        let names = turn.unplaced.iter().map(|at| set.frames[*at].name.clone());
        return Err(ReconstructError::NotPlaced {
            photos: names.collect(),
        }
        .into());
    }
    set.row_lengths = turn.rows.iter().map(|row| row.len() as u32).collect();
    // What names and folders said of rows holds no longer; a plate serves all rows, or none can tell which.
    set.row_elevations_deg = vec![None; turn.rows.len()];
    let plate = (set.clean_plates.len() == 1).then_some(0);
    set.row_plates = vec![plate.filter(|_| turn.rows.len() == 1); turn.rows.len()];
    set.frames = turn
        .rows
        .iter()
        .flatten()
        .map(|at| set.frames[*at].clone())
        .collect();
    Ok(())
}

fn markers(
    photo: &Photo,
    [width, height]: [u32; 2],
    options: &ReconstructOptions,
    resizer: &mut Resizer,
) -> Result<Vec<SeenMarker>, RecipeError> {
    let named = |problem| {
        let file = photo.name.clone();
        SpinError::BadPhotos(vec![BadPhoto { file, problem }])
    };
    let bytes = xoay_spin::photo_bytes(photo)?;
    let decode_options = DecodeOptions {
        limits: options.spin.limits,
        target: Some((width, height)),
    };
    let small = decode(&bytes, &decode_options)
        .and_then(|decoded| resizer.resize(&decoded.raster, width, height))
        .map_err(|error| named(PhotoProblem::Image(error)))?;
    Ok(detect_markers(
        small.pixels(),
        width as usize,
        height as usize,
        small.channels().count(),
    ))
}
