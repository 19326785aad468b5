//! Every photo looked at once, small, before any frame is made.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use xoay_format::{Stage, Watch};
use xoay_imaging::{DecodeOptions, Limits, Raster, decode};

use crate::crew::together;
use crate::error::{BadPhoto, PhotoProblem};
use crate::ingest::read_file;
use crate::progress::Progress;
use crate::{Photo, SpinError};

/// The smallest decoded long side that photos can be judged and cut out by, in pixels.
const LONG_SIDE: u32 = 1600;

/// How many photos are decoded at once: one a core, fewer where `memory_bytes` do not hold them.
pub(crate) fn workers(photos: &[Photo], asked: Option<NonZeroUsize>, memory_bytes: u64) -> usize {
    // The file, its pixels, their turned copy and what is measured of them.
    let photo_bytes = photos
        .iter()
        .map(|photo| photo.size_bytes + photo.header.pixels() * 8)
        .max()
        .unwrap_or(1);
    let fitting = usize::try_from(memory_bytes / photo_bytes.max(1)).unwrap_or(usize::MAX);
    let cores = asked
        .or_else(|| thread::available_parallelism().ok())
        .map_or(1, NonZeroUsize::get);
    cores.min(fitting).min(photos.len()).max(1)
}

/// What `look` makes of each photo, decoded as small as suffices. Of each photo only that stays.
///
/// # Errors
/// [`SpinError::BadPhotos`] with all photos that cannot be decoded; [`SpinError::Cancelled`].
pub(crate) fn survey<T: Send>(
    photos: &[Photo],
    workers: usize,
    limits: Limits,
    watch: Watch<'_>,
    look: impl Fn(&Raster) -> T + Sync,
) -> Result<Vec<T>, SpinError> {
    if photos.is_empty() {
        return Ok(Vec::new());
    }
    let progress = Progress::start(watch, Stage::Quality, photos.len());
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while !watch.cancelled() {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(photo) = photos.get(number) else {
                break;
            };
            done.push((number, small(photo, limits).map(|raster| look(&raster))));
            progress.step();
        }
        done
    };
    let seen = together(workers.min(photos.len()), work);
    if watch.cancelled() {
        return Err(SpinError::Cancelled);
    }
    let good = all_or_bad(seen, photos)?;
    progress.finish();
    Ok(good)
}

/// What came of all photos, or every photo that is bad.
pub(crate) fn all_or_bad<T>(
    all: Vec<Result<T, PhotoProblem>>,
    photos: &[Photo],
) -> Result<Vec<T>, SpinError> {
    let (mut good, mut bad) = (Vec::with_capacity(all.len()), Vec::new());
    for (photo, result) in photos.iter().zip(all) {
        match result {
            Ok(result) => good.push(result),
            Err(problem) => bad.push(BadPhoto {
                file: photo.name.clone(),
                problem,
            }),
        }
    }
    if bad.is_empty() {
        Ok(good)
    } else {
        Err(SpinError::BadPhotos(bad))
    }
}

fn small(photo: &Photo, limits: Limits) -> Result<Raster, PhotoProblem> {
    let bytes = read_file(photo)?;
    let decode_options = DecodeOptions {
        limits,
        target: Some(target(photo)),
    };
    let decoded = decode(&bytes, &decode_options).map_err(PhotoProblem::Image)?;
    if decoded.header != photo.header {
        return Err(PhotoProblem::Changed);
    }
    Ok(decoded.raster)
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
