use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use xoay_format::{Stage, Watch};
use xoay_imaging::{DecodeOptions, Limits, decode};

use super::measures::PhotoMeasures;
use super::turn::TurnShape;
use crate::error::{BadPhoto, PhotoProblem};
use crate::ingest::read_file;
use crate::progress::Progress;
use crate::{CaptureSet, Photo, SpinError};

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

/// The smallest decoded long side that all measures can be taken from, in pixels.
const LONG_SIDE: u32 = 1600;

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
    let progress = Progress::start(watch, Stage::Quality, photos.len());
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while !watch.cancelled() {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(photo) = photos.get(number) else {
                break;
            };
            done.push((number, measure_photo(photo, options)));
            progress.step();
        }
        done
    };
    let mut measured: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers(photos, options))
            .map(|_| scope.spawn(work))
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    if watch.cancelled() {
        return Err(SpinError::Cancelled);
    }
    measured.sort_by_key(|(number, _)| *number);
    let (mut good, mut bad) = (Vec::with_capacity(photos.len()), Vec::new());
    for (number, measures) in measured {
        match measures {
            Ok(measures) => good.push(measures),
            Err(problem) => bad.push(BadPhoto {
                file: photos[number].name.clone(),
                problem,
            }),
        }
    }
    if !bad.is_empty() {
        return Err(SpinError::BadPhotos(bad));
    }
    progress.finish();
    Ok(good)
}

fn measure_photo(photo: &Photo, options: &InspectOptions) -> Result<PhotoMeasures, PhotoProblem> {
    let bytes = read_file(photo)?;
    let decoded = decode(
        &bytes,
        &DecodeOptions {
            limits: options.limits,
            target: Some(target(photo)),
        },
    )
    .map_err(PhotoProblem::Image)?;
    if decoded.header != photo.header {
        return Err(PhotoProblem::Changed);
    }
    Ok(PhotoMeasures::of(&decoded.raster))
}

/// Half of what must remain: a decoder never goes below twice its target.
fn target(photo: &Photo) -> (u32, u32) {
    let (width, height) = (photo.header.width(), photo.header.height());
    let long = u64::from(width.max(height));
    let side = |side: u32| {
        (u64::from(side) * u64::from(LONG_SIDE / 2))
            .div_ceil(long)
            .max(1) as u32
    };
    (side(width).min(width), side(height).min(height))
}

fn workers(photos: &[Photo], options: &InspectOptions) -> usize {
    // The file, its pixels, their turned copy and what is measured of them.
    let photo_bytes = photos
        .iter()
        .map(|photo| photo.size_bytes + photo.header.pixels() * 8)
        .max()
        .unwrap_or(1);
    let fitting = usize::try_from(options.memory_bytes / photo_bytes.max(1)).unwrap_or(usize::MAX);
    let cores = options
        .workers
        .or_else(|| thread::available_parallelism().ok())
        .map_or(1, NonZeroUsize::get);
    cores.min(fitting).min(photos.len()).max(1)
}
