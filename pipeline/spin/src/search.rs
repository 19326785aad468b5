//! The lowest quality of each codec that still looks as good as was asked for.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use xoay_format::ImageFormat;
use xoay_imaging::{
    Encoding, ImagingError, Raster, Reference, Resizer, can_read_back, encode, read_back,
};

use crate::SpinError;
use crate::mosaic::{Mosaic, mosaic};

/// Most encodings that are tried for one size and format.
const MAX_TRIES: usize = 8;
/// A score this little above the target is not improved upon: no one sees it, and each try costs an encoding.
const CLOSE_ENOUGH: f64 = 0.3;

/// What the search aims at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// Mean SSIMULACRA2 of the samples, at least.
    pub score: f64,
    /// How far below it the worst sample may lie.
    pub worst_margin: f64,
}

impl Default for Target {
    /// 76, no sample below 71.
    ///
    /// 70 is where the metric's author puts "high quality", and 80 where most people see no difference when they
    /// compare two pictures at one size, one after the other. Photos of a turning product are looked at less closely
    /// than that, and JPEG 75 to 82, the custom of shops, scores 76 to 78 on the captures here. Above that every point
    /// costs 10% more bytes, most of them for the camera's noise.
    fn default() -> Self {
        Self {
            score: 76.0,
            worst_margin: 5.0,
        }
    }
}

/// The quality to encode all frames of one size and format with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoundQuality {
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// The format.
    pub format: ImageFormat,
    /// The quality on the codec's own scale.
    pub quality: u8,
    /// Mean score of the samples at that quality; below the target where the codec cannot reach it within reason.
    /// `None` where this build cannot read the format back, and the quality is the usual one.
    pub score: Option<f64>,
}

/// Finds for every size and lossy format the lowest quality at which `samples` meet `target`.
///
/// `samples` are some frames of the set (four, spread over the turn, are enough) at the largest size or above; `sizes`
/// are stepped down to one after the other, as the renditions are, so they must be in falling order. `encoding` says how
/// a format is encoded at a quality. What is found holds for the whole set, so that no frame looks different from its
/// neighbours.
///
/// A part of each large picture is judged. The result does not depend on `workers`. Formats come in
/// the order of `formats`, within it the sizes in theirs; lossless formats are left out.
///
/// # Errors
/// [`SpinError::Cancelled`], or [`SpinError::Encode`] where an encoder fails.
pub fn find_qualities(
    samples: Vec<Raster>,
    sizes: &[(u32, u32)],
    formats: &[ImageFormat],
    encoding: &(dyn Fn(ImageFormat, u8) -> Encoding + Sync),
    target: Target,
    workers: usize,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<FoundQuality>, SpinError> {
    let scales: Vec<(ImageFormat, Scale)> = formats
        .iter()
        .filter_map(|&format| Some((format, Scale::of(format)?)))
        .collect();
    if scales.is_empty() || samples.is_empty() {
        return Ok(Vec::new());
    }
    let mut pictures = samples;
    let mut by_size = Vec::with_capacity(sizes.len());
    // Size by size: of all at once the references alone took 160 MB.
    for &size in sizes {
        let views = views(&mut pictures, size, workers, cancelled)?;
        let search = |&(format, scale): &(ImageFormat, Scale)| {
            let found = |(quality, score)| FoundQuality {
                size,
                format,
                quality,
                score,
            };
            if !can_read_back(format) {
                return Ok(found((scale.usual, None)));
            }
            let measure = |quality| {
                if cancelled() {
                    return Err(SpinError::Cancelled);
                }
                judge(&views, encoding(format, quality), target)
                    .map_err(|source| failed(size, source))
            };
            let (quality, score) = lowest(scale, target.score, measure)?;
            Ok(found((quality, Some(score))))
        };
        by_size.push(each(&scales, workers, search)?);
    }
    let of_format = |at: usize| by_size.iter().map(move |found| found[at]);
    Ok((0..scales.len()).flat_map(of_format).collect())
}

fn failed((width, _): (u32, u32), source: ImagingError) -> SpinError {
    SpinError::Encode {
        path: format!("frames/{width}"),
        source,
    }
}

/// Calls `work` on every item from `workers` threads; results in the order of the items, or the first error.
fn each<I: Sync, T: Send>(
    items: &[I],
    workers: usize,
    work: impl Fn(&I) -> Result<T, SpinError> + Sync,
) -> Result<Vec<T>, SpinError> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    let run = || {
        while let Some((at, item)) = Some(next.fetch_add(1, Ordering::Relaxed))
            .and_then(|at| items.get(at).map(|item| (at, item)))
        {
            let result = work(item);
            let failed = result.is_err();
            done.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((at, result));
            if failed {
                next.store(items.len(), Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..workers.clamp(1, items.len().max(1)) {
            scope.spawn(run);
        }
        run();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// What of one sample is encoded, and what the result is compared with.
struct View {
    part: Mosaic,
    reference: Reference,
}

/// Steps every picture down to `size`, and makes its view.
fn views(
    pictures: &mut Vec<Raster>,
    size: (u32, u32),
    workers: usize,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<View>, SpinError> {
    let numbered: Vec<(usize, &Raster)> = pictures.iter().enumerate().collect();
    let make = |&(number, picture): &(usize, &Raster)| {
        if cancelled() {
            return Err(SpinError::Cancelled);
        }
        let make = || {
            let picture = Resizer::new().resize(picture, size.0, size.1)?;
            let part = mosaic(&picture, number)?;
            let reference = Reference::new(&part.picture)?;
            Ok((picture, View { part, reference }))
        };
        make().map_err(|source| failed(size, source))
    };
    let (smaller, views) = each(&numbered, workers, make)?.into_iter().unzip();
    *pictures = smaller;
    Ok(views)
}

/// The samples' score at one quality, such that it reaches the target's score where both of its conditions hold.
fn judge(views: &[View], encoding: Encoding, target: Target) -> Result<f64, ImagingError> {
    let mut sum = 0.0;
    let mut worst = f64::INFINITY;
    for view in views {
        let file = encode(&view.part.picture, encoding)?;
        let shown = read_back(&file, encoding.format())?;
        let score = view.reference.score(&shown)? - view.part.bonus;
        sum += score;
        worst = worst.min(score);
    }
    Ok((sum / views.len() as f64).min(worst + target.worst_margin))
}

/// Where to look for a codec's quality.
#[derive(Clone, Copy)]
struct Scale {
    lowest: u8,
    /// No more than this, whatever the target: beyond it files grow for nothing that people see.
    highest: u8,
    /// Where the search begins.
    usual: u8,
    /// Points of score for a step of quality, about.
    slope: f64,
}

impl Scale {
    const fn of(format: ImageFormat) -> Option<Self> {
        match format {
            ImageFormat::Avif => Some(Self {
                lowest: 30,
                highest: 88,
                usual: 66,
                slope: 0.3,
            }),
            ImageFormat::Webp => Some(Self {
                lowest: 40,
                highest: 92,
                usual: 80,
                slope: 0.45,
            }),
            // From 90 on colour is kept at full resolution, for three times the bytes.
            ImageFormat::Jpg => Some(Self {
                lowest: 40,
                highest: 89,
                usual: 76,
                slope: 0.35,
            }),
            ImageFormat::Png => None,
        }
    }
}

/// The lowest quality whose measure reaches `target`, nearly: by regula falsi in a shrinking bracket. `scale.highest`
/// where none does.
fn lowest(
    scale: Scale,
    target: f64,
    measure: impl Fn(u8) -> Result<f64, SpinError>,
) -> Result<(u8, f64), SpinError> {
    // Known to miss, known to reach, each with its score.
    let mut below: Option<(u8, f64)> = None;
    let mut above: Option<(u8, f64)> = None;
    let mut quality = scale.usual;
    let mut slope = scale.slope;
    let mut earlier: Option<(u8, f64)> = None;
    for _ in 0..MAX_TRIES {
        let score = measure(quality)?;
        if let Some((from, before)) = earlier.replace((quality, score)) {
            let measured = (score - before) / (f64::from(quality) - f64::from(from));
            if measured.is_finite() {
                slope = measured.clamp(scale.slope / 4.0, scale.slope * 8.0);
            }
        }
        if score >= target {
            above = Some((quality, score));
            if score < target + CLOSE_ENOUGH || quality == scale.lowest {
                break;
            }
        } else {
            below = Some((quality, score));
            if quality == scale.highest {
                break;
            }
        }
        let stepped = |(from, score): (u8, f64)| f64::from(from) + (target - score) / slope;
        let next = match (below, above) {
            (Some((low, low_score)), Some((high, high_score))) => {
                if high - low <= 1 {
                    break;
                }
                let share = (target - low_score) / (high_score - low_score).max(1e-6);
                let next = f64::from(low) + share * f64::from(high - low);
                next.ceil().clamp(f64::from(low + 1), f64::from(high - 1))
            }
            // A little farther than the slope says, to get the bracket's other end.
            (Some(low), None) => (stepped(low) + 1.0).ceil(),
            (None, Some(high)) => (stepped(high) - 1.0).floor(),
            (None, None) => break,
        };
        quality = next.clamp(f64::from(scale.lowest), f64::from(scale.highest)) as u8;
    }
    Ok(above.or(below).unwrap_or((scale.usual, 0.0)))
}

#[cfg(test)]
#[path = "search/tests.rs"]
mod tests;
