use std::path::Path;

use serde::Serialize;
use xoay_format::Watch;
use xoay_spin::{CaptureOptions, InspectOptions, QualityReport, assess_as, measure, wrong_shape};

use crate::RecipeError;

/// What came of looking at a capture.
#[derive(Clone, Debug, Serialize)]
pub struct InspectOutcome {
    /// How many photos of the product were looked at.
    pub photos: usize,
    /// How many of them each row has.
    pub row_lengths: Vec<u32>,
    /// What is wrong with them.
    #[serde(flatten)]
    pub report: QualityReport,
}

/// Reads a folder of photos and says which to take again. Nothing is written.
///
/// Photos of different shape, which no spin can be made of, are a finding here; they are not decoded.
///
/// # Errors
/// [`RecipeError`] for photos that cannot be read at all, every one of them named.
pub fn inspect(
    photos: &Path,
    capture_options: &CaptureOptions,
    options: &InspectOptions,
    watch: Watch<'_>,
) -> Result<InspectOutcome, RecipeError> {
    let capture = match xoay_spin::read_capture(photos, capture_options, watch) {
        Ok(capture) => capture,
        Err(error) => {
            let finding = wrong_shape(&error).ok_or(error)?;
            return Ok(InspectOutcome {
                photos: 0,
                row_lengths: Vec::new(),
                report: QualityReport {
                    findings: vec![finding],
                    rows: Vec::new(),
                },
            });
        }
    };
    let measures = measure(&capture, options, watch)?;
    Ok(InspectOutcome {
        photos: capture.frames.len(),
        report: assess_as(options.shape, &capture, &measures, None),
        row_lengths: capture.row_lengths,
    })
}
