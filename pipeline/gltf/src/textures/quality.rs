//! The smallest encoding of a texture that stays within a distance.

use xoay_imaging::{Encoding, ImagingError, Raster, WebpTuning, encode, read_back};

use super::encode::{TextureFormat, TextureGoal};
use super::sample::Sample;
use crate::GltfError;

/// Tries for one size; with four the last lies within a step or two of the best.
const MOST_TRIES: u32 = 4;
/// Tries with other steps of the encoder, where the first is known.
const MORE_TRIES: u32 = 2;
/// Nearer to the wanted distance than this share of it is near enough.
const NEAR: f64 = 0.06;
/// Share of the wanted distance that a smaller size may use up before anything is encoded.
const SHARE_OF_SIZE: f64 = 0.6;
const LOWEST: u8 = 30;
/// Quarter of the sides: a sixteenth of the pixels.
const MOST_HALVINGS: u32 = 2;

/// The encoder's steps beside its own choice.
const TUNINGS: [WebpTuning; 3] = [
    WebpTuning {
        sharp_chroma: true,
        deblocking: 60,
    },
    WebpTuning {
        sharp_chroma: false,
        deblocking: 0,
    },
    WebpTuning {
        sharp_chroma: true,
        deblocking: 0,
    },
];
/// Part of the bytes at which other steps promise enough to look for their quality.
const WORTH_A_SEARCH: f64 = 0.97;
/// Steps of quality that other steps may take more, since each is a little cheaper.
const MORE_QUALITY: u8 = 10;

/// How a texture is to be encoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    /// How often the sides are halved.
    pub halvings: u32,
    pub quality: u8,
    /// The encoder's steps; AVIF has none to choose.
    pub tuning: WebpTuning,
    /// The sample's distance then; see [`Sample::distance`].
    pub distance: f64,
    /// The sample's bytes then.
    pub sample_bytes: usize,
}

impl Found {
    /// Where this build cannot read the format back to judge it.
    pub fn unsearched() -> Self {
        Self {
            halvings: 0,
            quality: 80,
            tuning: WebpTuning::default(),
            distance: 0.0,
            sample_bytes: 0,
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
        let search = Search {
            sample,
            picture: small,
            halvings,
            format,
        };
        let found = search.lowest_quality(goal, WebpTuning::default())?;
        if found.distance <= goal.error {
            return search.tuned(found);
        }
    }
    let search = Search {
        sample,
        picture: sample.halved(0)?,
        halvings: 0,
        format,
    };
    search.tuned(search.lowest_quality(goal, WebpTuning::default())?)
}

/// The search at one size.
struct Search<'a> {
    sample: &'a Sample,
    /// The sample at this size.
    picture: Raster,
    halvings: u32,
    format: TextureFormat,
}

impl Search<'_> {
    fn measure(&self, quality: u8, tuning: WebpTuning) -> Result<Found, GltfError> {
        let encoding = self.format.encoding(quality, tuning);
        let (sample_bytes, shown) = round_trip(&self.picture, encoding).map_err(|e| failed(&e))?;
        Ok(Found {
            halvings: self.halvings,
            quality,
            tuning,
            distance: self.sample.distance(&shown, self.halvings)?,
            sample_bytes,
        })
    }

    /// The same distance by those of the encoder's steps that make the fewest bytes of it.
    ///
    /// On twelve textures of models and captures the best of these four takes 0.69 to 1 of the bytes of the plain one at
    /// one score of SSIMULACRA2, and no one of them is the best for more than half: print gains by sharp colour, fine
    /// grain by no smoothing of blocks.
    fn tuned(&self, plain: Found) -> Result<Found, GltfError> {
        if self.format != TextureFormat::Webp || plain.distance <= 0.0 {
            return Ok(plain);
        }
        // Bytes grow about as the distance shrinks.
        let cost = |found: &Found| found.sample_bytes as f64 * found.distance;
        let mut best: Option<Found> = None;
        for tuning in TUNINGS {
            let found = self.measure(plain.quality, tuning)?;
            if cost(&found) < cost(&plain) * WORTH_A_SEARCH
                && best.is_none_or(|best| cost(&found) < cost(&best))
            {
                best = Some(found);
            }
        }
        let Some(first) = best else {
            return Ok(plain);
        };
        let goal = TextureGoal {
            error: plain.distance,
            highest_quality: plain.quality.saturating_add(MORE_QUALITY).min(100),
        };
        let found = self.refined(goal, first, MORE_TRIES)?;
        let better = found.distance <= plain.distance && found.sample_bytes < plain.sample_bytes;
        Ok(if better { found } else { plain })
    }

    fn lowest_quality(&self, goal: TextureGoal, tuning: WebpTuning) -> Result<Found, GltfError> {
        // Noise does not get there at all; one try tells.
        let first = self.measure(goal.highest_quality, tuning)?;
        self.refined(goal, first, MOST_TRIES - 1)
    }

    /// From a first try, the lowest quality that reaches the wanted distance, else the least distance.
    fn refined(&self, goal: TextureGoal, first: Found, tries: u32) -> Result<Found, GltfError> {
        let wanted = goal.error;
        let (lowest, highest) = (LOWEST.min(goal.highest_quality), goal.highest_quality);
        let (mut low, mut high) = (lowest, highest);
        let mut best = first;
        let mut last = first;
        for _ in 0..tries {
            if last.distance <= wanted {
                if last.distance > wanted * (1.0 - NEAR) {
                    break;
                }
                high = last.quality;
            } else {
                low = last.quality;
            }
            // Not even the highest gets there.
            if high <= low.saturating_add(1) || (low == highest && last.distance > wanted) {
                break;
            }
            // Distances fall by about 3% a step of quality, on the captures and models here.
            let step = (last.distance / wanted).ln() / 0.03;
            let next = (f64::from(last.quality) + step).round();
            let mut quality = next.clamp(f64::from(low), f64::from(high)) as u8;
            if quality == last.quality || (quality == low && low != lowest) {
                quality = low.midpoint(high);
            }
            if quality == high && high != highest {
                quality = low.midpoint(high);
            }
            last = self.measure(quality, first.tuning)?;
            let better = if best.distance <= wanted {
                last.distance <= wanted && last.quality < best.quality
            } else {
                last.distance < best.distance
            };
            if better {
                best = last;
            }
        }
        Ok(best)
    }
}

/// How many bytes a picture takes, and what comes back.
fn round_trip(picture: &Raster, encoding: Encoding) -> Result<(usize, Raster), ImagingError> {
    let bytes = encode(picture, encoding)?;
    Ok((bytes.len(), read_back(&bytes, encoding.format())?))
}

fn failed(error: &ImagingError) -> GltfError {
    let text = xoay_format::Localize::text(error);
    GltfError::texture("texture", text.vi, text.en)
}
