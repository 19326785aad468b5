//! Colours and textures of the product and of what lies around it, learned from a first cut of the same row.

use crate::plane::{Mask, Plane};
use crate::proxy::DARK;
use crate::temporal::luminance;
use crate::tone::LogImage;

const LIGHTS: usize = 20;
const HUES: usize = 14;
const ROUGHS: usize = 4;
const BINS: usize = LIGHTS * HUES * HUES * ROUGHS;

/// How often each kind of pixel is product and how often not.
pub(crate) struct Palette {
    odds: Vec<f32>,
}

/// Counts to learn from; counts of several frames add up.
#[derive(Clone)]
pub(crate) struct Counts {
    product: Vec<f32>,
    around: Vec<f32>,
}

/// Pixels this far outside a mask are what its edge must be told from.
const NEAR: f32 = 26.0;
/// Odds that count as a pixel's own.
const OWN_ODDS: f32 = 0.5;

impl Counts {
    pub(crate) fn new() -> Self {
        Self {
            product: vec![0.0; BINS],
            around: vec![0.0; BINS],
        }
    }

    /// Adds a frame: what lies well inside its mask and has odds of its own, and what lies near outside. What was
    /// taken in only because its surroundings were teaches nothing.
    pub(crate) fn add(
        &mut self,
        image: &LogImage,
        rough: &Plane<f32>,
        odds: &Plane<f32>,
        mask: &Mask,
    ) {
        let outside = mask.distance();
        let inside = mask.inverted().distance();
        for at in 0..image.data.len() {
            if inside.data[at] > 2.5 {
                if odds.data[at] < OWN_ODDS {
                    continue;
                }
                self.product[bin(image.data[at], rough.data[at])] += 1.0;
            } else if outside.data[at] > 2.5 && outside.data[at] < NEAR {
                self.around[bin(image.data[at], rough.data[at])] += 1.0;
            }
        }
    }

    pub(crate) fn merged(mut self, other: &Self) -> Self {
        for (sum, value) in self.product.iter_mut().zip(&other.product) {
            *sum += value;
        }
        for (sum, value) in self.around.iter_mut().zip(&other.around) {
            *sum += value;
        }
        self
    }
}

impl Palette {
    pub(crate) fn of(counts: &Counts) -> Self {
        let product = smoothed(&counts.product);
        let around = smoothed(&counts.around);
        // A kind seen a few times in tens of thousands of pixels says little.
        let product_sum: f32 = product.iter().sum::<f32>().max(1.0);
        let around_sum: f32 = around.iter().sum::<f32>().max(1.0);
        let doubt = 2e-5;
        let odds = product
            .iter()
            .zip(&around)
            .map(|(p, a)| {
                ((p / product_sum + doubt) / (a / around_sum + doubt))
                    .ln()
                    .clamp(-3.0, 3.0)
            })
            .collect();
        Self { odds }
    }

    pub(crate) fn odds(&self, pixel: [f32; 3], rough: f32) -> f32 {
        self.odds[bin(pixel, rough)]
    }
}

fn bin(pixel: [f32; 3], rough: f32) -> usize {
    let place = |value: f32, from: f32, to: f32, bins: usize| {
        (((value - from) / (to - from) * bins as f32).max(0.0) as usize).min(bins - 1)
    };
    // Finer steps where it is bright: most of what is hard to tell apart is white.
    let light = (luminance(pixel) / DARK.ln()).clamp(0.0, 1.0).sqrt();
    let light = place(light, 0.0, 1.0, LIGHTS);
    let hue = |d: f32| place(d.signum() * d.abs().sqrt(), -1.25, 1.25, HUES);
    let (rg, bg) = (hue(pixel[0] - pixel[1]), hue(pixel[2] - pixel[1]));
    let rough = match rough {
        r if r < 0.5 => 0,
        r if r < 1.0 => 1,
        r if r < 2.0 => 2,
        _ => 3,
    };
    ((light * HUES + rg) * HUES + bg) * ROUGHS + rough
}

/// Each bin with a share of its neighbours.
fn smoothed(counts: &[f32]) -> Vec<f32> {
    let mut out = counts.to_vec();
    for stride in [HUES * HUES * ROUGHS, HUES * ROUGHS, ROUGHS] {
        let before = out.clone();
        let length = if stride == HUES * HUES * ROUGHS {
            LIGHTS
        } else {
            HUES
        };
        for (at, value) in out.iter_mut().enumerate() {
            let place = at / stride % length;
            let low = if place > 0 { before[at - stride] } else { 0.0 };
            let high = if place + 1 < length {
                before[at + stride]
            } else {
                0.0
            };
            *value = 0.6 * before[at] + 0.2 * (low + high);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_inside_is_product_and_what_was_around_is_not() {
        let mask = Mask::from_fn(80, 60, |x, y| {
            (20..60).contains(&x) && (15..45).contains(&y)
        });
        let image = Plane::from_fn(80, 60, |x, y| {
            if mask.at(x, y) {
                [-2.0, -1.0, -3.0]
            } else {
                [-0.1, -0.1, -0.1]
            }
        });
        let smooth = Plane::new(80, 60, 0.1);
        let mut counts = Counts::new();
        counts.add(&image, &smooth, &Plane::new(80, 60, 1.0), &mask);
        let palette = Palette::of(&counts);
        assert!(palette.odds([-2.0, -1.0, -3.0], 0.1) > 2.0);
        assert!(palette.odds([-0.1, -0.1, -0.1], 0.1) < -2.0);
        assert!(palette.odds([-4.0, -1.0, -1.0], 0.1).abs() < 0.1);
    }
}
