//! What each pixel shows over the whole turn.

use crate::Proxy;
use crate::parallel::map_indexed;
use crate::plane::Plane;
use crate::proxy::{DARK, LogTable};
use crate::tone::{LogImage, quantile};

/// More frames than this say nothing new about the background.
const MAX_FRAMES: usize = 48;

/// The statistics of a row.
pub(crate) struct Temporal {
    /// Median log luminance.
    pub median: Plane<f32>,
    /// Median absolute deviation from it, scaled to a standard deviation.
    pub variation: Plane<f32>,
    /// The colour that is seen most often.
    pub mode: LogImage,
    pub noise: Noise,
}

impl Temporal {
    pub(crate) fn of(
        frames: &[&Proxy],
        gains: &[[f32; 3]],
        table: &LogTable,
        workers: usize,
    ) -> Self {
        let (width, height) = (frames[0].width(), frames[0].height());
        let every = frames.len().div_ceil(MAX_FRAMES);
        let used: Vec<(&Proxy, [f32; 3])> = frames
            .iter()
            .zip(gains)
            .step_by(every)
            .map(|(f, g)| (*f, *g))
            .collect();
        let rows = map_indexed(height, workers, |y| {
            let mut samples = Vec::with_capacity(used.len());
            let mut scratch = Vec::with_capacity(used.len());
            (0..width)
                .map(|x| {
                    samples.clear();
                    samples.extend(used.iter().map(|(frame, gain)| {
                        let p = &frame.rgb()[(y * width + x) * 3..][..3];
                        let [r, g, b] = table.rgb([p[0], p[1], p[2]]);
                        [r - gain[0], g - gain[1], b - gain[2]]
                    }));
                    pixel(&mut samples, &mut scratch)
                })
                .collect::<Vec<_>>()
        });
        let pixels: Vec<_> = rows.into_iter().flatten().collect();
        let plane = |data| Plane {
            width,
            height,
            data,
        };
        let median = plane(pixels.iter().map(|p| p.0).collect());
        let variation = plane(pixels.iter().map(|p| p.1).collect());
        let mode = Plane {
            width,
            height,
            data: pixels.iter().map(|p| p.2).collect(),
        };
        let noise = Noise::of(&median, &variation);
        Self {
            median,
            variation,
            mode,
            noise,
        }
    }
}

pub(crate) fn luminance([r, g, b]: [f32; 3]) -> f32 {
    0.25 * r + 0.65 * g + 0.1 * b
}

fn pixel(samples: &mut [[f32; 3]], scratch: &mut Vec<f32>) -> (f32, f32, [f32; 3]) {
    samples.sort_unstable_by(|a, b| luminance(*a).total_cmp(&luminance(*b)));
    let middle = samples.len() / 2;
    let median = luminance(samples[middle]);
    scratch.clear();
    scratch.extend(samples.iter().map(|s| (luminance(*s) - median).abs()));
    let variation = 1.4826 * *scratch.select_nth_unstable_by(middle, f32::total_cmp).1;
    (median, variation, mode(samples))
}

/// The centre of the densest part of samples in order of luminance: half of them are dropped, from the sparser side,
/// until few are left (Robertson and Cryer's half-sample mode).
fn mode(samples: &[[f32; 3]]) -> [f32; 3] {
    let mut part = samples;
    while part.len() > 4 {
        let half = part.len().div_ceil(2);
        let spread = |at: usize| luminance(part[at + half - 1]) - luminance(part[at]);
        let best = (0..=part.len() - half)
            .min_by(|a, b| spread(*a).total_cmp(&spread(*b)))
            .unwrap_or(0);
        part = &part[best..best + half];
    }
    let count = part.len() as f32;
    let mut sum = [0.0; 3];
    for sample in part {
        for (sum, value) in sum.iter_mut().zip(sample) {
            *sum += value / count;
        }
    }
    sum
}

/// The standard deviation of a still pixel's log luminance from photo to photo, by its brightness.
#[derive(Clone, Debug)]
pub(crate) struct Noise {
    bins: [f32; BINS],
}

const BINS: usize = 16;
/// No camera's photos are steadier, once they are JPEG.
const LEAST: f32 = 0.006;

impl Noise {
    fn of(median: &Plane<f32>, variation: &Plane<f32>) -> Self {
        let mut found: [Vec<f32>; BINS] = Default::default();
        for (level, variation) in median.data.iter().zip(&variation.data) {
            found[bin(*level)].push(*variation);
        }
        let mut bins = [f32::NAN; BINS];
        for (bin, found) in bins.iter_mut().zip(found) {
            if found.len() >= 60 {
                *bin = quantile(found, 0.25).clamp(LEAST, 0.2);
            }
        }
        // Levels that are not seen take their neighbour's; the darker, the noisier.
        let mut last = bins.iter().copied().find(|b| !b.is_nan()).unwrap_or(0.02);
        for bin in &mut bins {
            if bin.is_nan() {
                *bin = last;
            }
            last = *bin;
        }
        Self { bins }
    }

    pub(crate) fn at(&self, level: f32) -> f32 {
        self.bins[bin(level)]
    }

    /// The noise of bright pixels, the steadiest.
    pub(crate) fn least(&self) -> f32 {
        self.bins.iter().copied().fold(f32::MAX, f32::min)
    }
}

fn bin(level: f32) -> usize {
    let dark = DARK.ln();
    (((level - dark) / -dark * BINS as f32) as usize).min(BINS - 1)
}
