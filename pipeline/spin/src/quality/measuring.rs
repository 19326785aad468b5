use std::num::NonZeroUsize;

use xoay_format::Watch;
use xoay_imaging::Limits;

use super::measures::PhotoMeasures;
use super::turn::TurnShape;
use crate::{CaptureSet, SpinError, survey};

/// How to look at the photos of a capture.
#[derive(Clone, Copy, Debug)]
pub struct InspectOptions {
    /// Photos worked on at once. `None`: as many as the machine has cores.
    pub workers: Option<NonZeroUsize>,
    /// Bytes that all workers together may hold. Fewer workers run where their photos are too large for it.
    pub memory_bytes: u64,
    /// What is refused of a single photo.
    pub limits: Limits,
    /// How far each row goes round.
    pub shape: TurnShape,
}

impl Default for InspectOptions {
    /// Full turns; one worker a core, at most 1 GiB.
    fn default() -> Self {
        Self {
            workers: None,
            memory_bytes: 1 << 30,
            limits: Limits::default(),
            shape: TurnShape::Full,
        }
    }
}

/// Decodes every frame of a capture, as small as suffices, and measures it. Of each photo only its measures stay.
///
/// # Errors
/// [`SpinError::BadPhotos`] with all photos that cannot be decoded; [`SpinError::Cancelled`].
pub fn measure(
    capture: &CaptureSet,
    options: &InspectOptions,
    watch: Watch<'_>,
) -> Result<Vec<PhotoMeasures>, SpinError> {
    let photos = &capture.frames;
    let workers = survey::workers(photos, options.workers, options.memory_bytes);
    survey::survey(photos, workers, options.limits, watch, PhotoMeasures::of)
}
