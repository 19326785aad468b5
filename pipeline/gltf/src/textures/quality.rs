//! The smallest encoding of a texture that stays within a distance.

use xoay_imaging::{Encoding, ImagingError, Raster, encode, read_back};

use super::encode::{TextureFormat, TextureGoal};
use super::sample::Sample;
use crate::GltfError;

/// Tries for one size; with four the last lies within a step or two of the best.
const MOST_TRIES: u32 = 4;
/// Nearer to the wanted distance than this share of it is near enough.
const NEAR: f64 = 0.06;
/// Share of the wanted distance that a smaller size may use up before anything is encoded.
const SHARE_OF_SIZE: f64 = 0.6;
const LOWEST: u8 = 30;
/// Quarter of the sides: a sixteenth of the pixels.
const MOST_HALVINGS: u32 = 2;

/// How a texture is to be encoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    /// How often the sides are halved.
    pub halvings: u32,
    pub quality: u8,
    /// The sample's distance then; see [`Sample::distance`].
    pub distance: f64,
}

impl Found {
    /// Where this build cannot read the format back to judge it.
    pub const fn unsearched() -> Self {
        Self {
            halvings: 0,
            quality: 80,
            distance: 0.0,
        }
    }
}

/// The smallest size, and the lowest quality at it, that stay within the goal's error; `longest` and `least_side` are pixels.
///
/// A texture that a graphics card enlarges to what it was holds nothing that the larger file would show; it costs a
/// quarter of the bytes, memory and time.
pub(super) fn find(
    sample: &Sample,
    format: TextureFormat,
    goal: TextureGoal,
    longest: u32,
    least_side: u32,
) -> Result<Found, GltfError> {
    for halvings in (1..=MOST_HALVINGS).rev() {
        if longest >> halvings < least_side || !sample.can_halve(halvings) {
            continue;
        }
        let small = sample.halved(halvings)?;
        if sample.distance(&small, halvings)? > goal.error * SHARE_OF_SIZE {
            continue;
        }
        let found = lowest_quality(sample, &small, halvings, format, goal)?;
        if found.distance <= goal.error {
            return Ok(found);
        }
    }
    lowest_quality(sample, &sample.halved(0)?, 0, format, goal)
}

fn lowest_quality(
    sample: &Sample,
    picture: &Raster,
    halvings: u32,
    format: TextureFormat,
    goal: TextureGoal,
) -> Result<Found, GltfError> {
    let wanted = goal.error;
    let (lowest, highest) = (LOWEST.min(goal.highest_quality), goal.highest_quality);
    let measure = |quality: u8| {
        let shown = round_trip(picture, format.encoding(quality)).map_err(|e| failed(&e))?;
        sample.distance(&shown, halvings)
    };
    let mut best: Option<Found> = None;
    let (mut low, mut high) = (lowest, highest);
    // Noise does not get there at all; one try tells.
    let mut quality = highest;
    for _ in 0..MOST_TRIES {
        let distance = measure(quality)?;
        let found = Found {
            halvings,
            quality,
            distance,
        };
        // Of those that reach the wanted distance the lowest quality, else the least distance.
        let better = best.is_none_or(|best| {
            if best.distance <= wanted {
                distance <= wanted && quality < best.quality
            } else {
                distance < best.distance
            }
        });
        if better {
            best = Some(found);
        }
        if distance <= wanted {
            if distance > wanted * (1.0 - NEAR) {
                break;
            }
            high = quality;
        } else {
            low = quality;
        }
        if high - low <= 1 {
            break;
        }
        // Distances fall by about 3% a step of quality, on the captures and models here.
        let step = (distance / wanted).ln() / 0.03;
        let next = (f64::from(quality) + step).round();
        quality = next.clamp(f64::from(low), f64::from(high)) as u8;
        if quality == low || quality == high {
            let untried = quality == lowest || quality == highest;
            if !untried || best.is_some_and(|best| best.quality == quality) {
                quality = low.midpoint(high);
            }
        }
    }
    Ok(best.unwrap_or(Found::unsearched()))
}

fn round_trip(picture: &Raster, encoding: Encoding) -> Result<Raster, ImagingError> {
    read_back(&encode(picture, encoding)?, encoding.format())
}

fn failed(error: &ImagingError) -> GltfError {
    let text = xoay_format::Localize::text(error);
    GltfError::texture("texture", text.vi, text.en)
}
