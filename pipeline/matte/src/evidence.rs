//! How much each pixel looks like the product rather than its background, as a logarithm of odds.

use crate::background::{Background, Region};
use crate::disc::Disc;
use crate::plane::Plane;
use crate::temporal::{Noise, luminance};
use crate::tone::{LogImage, quantile};

/// How a pixel differs from the background, in standard deviations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Difference {
    /// Darker (negative) or brighter.
    pub light: f32,
    /// Of hue and saturation.
    pub chroma: f32,
    /// Rougher than the background ever is, from 1.
    pub rough: f32,
}

impl Difference {
    /// Whether there is none that noise does not explain.
    pub(crate) fn is_bare(&self) -> bool {
        self.light.abs() < 3.0 && self.chroma < 3.0 && self.rough < 1.2
    }

    /// Whether it is the background with less light on it, as far as colour and texture tell.
    pub(crate) fn is_shade(&self) -> bool {
        self.light < -3.0 && self.chroma < 4.0 && self.rough < 1.3
    }
}

/// How the colours of a row's bare background vary.
#[derive(Clone, Debug)]
pub(crate) struct Scatter {
    chroma: f32,
    /// The roughness of the backdrop and of the disc that hardly any bare pixel reaches.
    rough: [f32; 2],
}

impl Scatter {
    /// From the pixels that were proved bare, in a few frames.
    pub(crate) fn of(
        samples: &[(LogImage, Plane<f32>)],
        background: &Background,
        noise: &Noise,
    ) -> Self {
        let mut chroma = Vec::new();
        let mut rough = [Vec::new(), Vec::new()];
        for (image, roughness) in samples {
            for at in (0..image.data.len()).step_by(3) {
                if !background.proven.data[at] || background.regions.data[at] == Region::Below {
                    continue;
                }
                let [light, c] = split(image.data[at], background.value.data[at]);
                if light.abs() > 4.0 * noise.at(luminance(image.data[at])) {
                    continue; // the product stands there now
                }
                chroma.push(c);
                let top = usize::from(background.regions.data[at] == Region::DiscTop);
                rough[top].push(roughness.data[at]);
            }
        }
        let chroma = (quantile(chroma, 0.7) / 1.2).clamp(0.006, 0.06);
        // The few roughest are edges that the noise test let through.
        let rough = rough.map(|r| {
            if r.len() < 100 {
                1.0
            } else {
                (1.35 * quantile(r, 0.85)).max(0.006)
            }
        });
        Self { chroma, rough }
    }
}

fn split(image: [f32; 3], background: [f32; 3]) -> [f32; 2] {
    let d = [
        image[0] - background[0],
        image[1] - background[1],
        image[2] - background[2],
    ];
    let (rg, bg) = (d[0] - d[1], d[2] - d[1]);
    [
        luminance(d),
        (rg * rg + bg * bg - 0.5 * rg * bg).max(0.0).sqrt(),
    ]
}

pub(crate) fn differences(
    image: &LogImage,
    roughness: &Plane<f32>,
    background: &Background,
    noise: &Noise,
    scatter: &Scatter,
) -> Plane<Difference> {
    let nearest = background.nearest(image);
    Plane::from_fn(image.width, image.height, |x, y| {
        let at = y * image.width + x;
        let behind = nearest.data[at];
        let spread = background.spread.data[at];
        let [light, chroma] = split(image.data[at], behind);
        let own = noise
            .at(luminance(image.data[at]))
            .max(noise.at(luminance(behind)));
        let top = usize::from(background.regions.data[at] == Region::DiscTop);
        Difference {
            light: light / (own * own + spread * spread).sqrt(),
            chroma: chroma
                / (scatter.chroma * scatter.chroma + own * own + 0.25 * spread * spread).sqrt(),
            // Light comes in grains: what is darker is noisier, relative to itself.
            rough: roughness.data[at] / scatter.rough[top] * (0.7 * light.min(0.0)).exp(),
        }
    })
}

/// Standard deviations at which a difference speaks for neither side.
const NEUTRAL: f32 = 4.0;
/// What is darkened without a change of hue may be a shadow: its light counts this much less.
const SHADOW_WEIGHT: f32 = 0.12;
/// The odds of what may be either.
const UNDECIDED: f32 = 0.05;
/// Edges that no shadow has, in log light.
const HIGH_WALL: f32 = 0.15;

/// The odds from differences alone.
pub(crate) fn odds(
    differences: &Plane<Difference>,
    walls: &Plane<f32>,
    background: &Background,
    disc: Option<&Disc>,
) -> Plane<f32> {
    Plane::from_fn(differences.width, differences.height, |x, y| {
        let d = differences.at(x, y);
        let at = y * differences.width + x;
        let region = background.regions.data[at];
        let shaded = match disc {
            Some(disc) => y as f32 > disc.center_y - 1.5 * disc.half_height,
            None => y * 2 > differences.height,
        };
        let light = if shaded && d.light < 0.0 {
            // Behind an edge it is no shadow, the less the higher the edge.
            let walled = (walls.data[at] / HIGH_WALL).min(1.0);
            d.light * (SHADOW_WEIGHT + (1.0 - SHADOW_WEIGHT) * walled)
        } else {
            d.light
        };
        let away = (light * light + d.chroma * d.chroma).sqrt();
        let away_at_most = (d.light * d.light + d.chroma * d.chroma).sqrt();
        let rough = (1.5 * (d.rough - 1.0)).clamp(0.0, 3.0);
        let mut odds = (0.7 * (away - NEUTRAL)).clamp(-2.0, 6.0);
        if away_at_most > NEUTRAL {
            // Shadow or product: let the edges decide.
            odds = odds.max(UNDECIDED);
        }
        odds += rough;
        match region {
            Region::Below => odds.min(0.0) - 6.0,
            _ => odds.min(7.0),
        }
    })
}
