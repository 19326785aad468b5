//! Tells a shadow from a product of the same hue: a shadow fades into the bare surface, a product ends at an edge.

use crate::background::{Background, Region};
use crate::plane::{Mask, Plane};
use crate::temporal::{Noise, luminance};
use crate::tone::LogImage;

/// A shadow changes by less than this from pixel to pixel, in log light; what is beyond counts as an edge.
const SOFT_STEP: f32 = 0.02;
/// Costs are counted in this many steps a unit, up to [`FAR`] units.
const STEPS: f32 = 32.0;
/// Farther than this is all the same, in log light.
const FAR: f32 = 0.6;

/// The edges that the easiest path from bare background must cross to each pixel, in log light: near 0 in a shadow,
/// large inside a product.
pub(crate) fn walls(
    image: &LogImage,
    background: &Background,
    bare: impl Fn(usize) -> bool,
    noise: &Noise,
) -> Plane<f32> {
    let (width, height) = (image.width, image.height);
    let nearest = background.nearest(image);
    let ratio: Vec<f32> = (0..width * height)
        .map(|at| luminance(image.data[at]) - luminance(nearest.data[at]))
        .collect();
    let limit = (FAR * STEPS) as usize;
    let mut cost = vec![limit as u16; width * height];
    // At the disc's rim any mixture is background: no path may use it to slip into a product.
    let mut is_rim = vec![false; width * height];
    for (at, _) in &background.beyond {
        is_rim[*at] = true;
    }
    let mut queue: Vec<Vec<u32>> = vec![Vec::new(); limit + 1];
    // Bare by chance within a product are small areas; what matters is bare all around.
    let bare = Mask {
        width,
        height,
        data: (0..width * height)
            .map(|at| background.regions.data[at] == Region::Below || bare(at))
            .collect(),
    };
    let (labels, sizes) = bare.components();
    for (at, cost) in cost.iter_mut().enumerate() {
        let label = labels.data[at] as usize;
        if label > 0 && sizes[label - 1] * 50 > width * height && !is_rim[at] {
            *cost = 0;
            queue[0].push(at as u32);
        }
    }
    for level in 0..limit {
        let mut next = 0;
        while let Some(&at) = queue[level].get(next) {
            next += 1;
            let at = at as usize;
            if usize::from(cost[at]) != level {
                continue;
            }
            let (x, y) = (at % width, at / width);
            let mut visit = |other: usize| {
                if is_rim[other] {
                    return;
                }
                // Between regions the background itself has an edge.
                let soft = SOFT_STEP
                    + 2.0 * noise.at(luminance(image.data[other]))
                    + 0.5 * (background.spread.data[at] + background.spread.data[other]);
                let step = ((ratio[at] - ratio[other]).abs() - soft).max(0.0) * STEPS;
                let total = (level + step.round() as usize).min(limit);
                if total < usize::from(cost[other]) {
                    cost[other] = total as u16;
                    queue[total].push(other as u32);
                }
            };
            if x > 0 {
                visit(at - 1);
            }
            if x + 1 < width {
                visit(at + 1);
            }
            if y > 0 {
                visit(at - width);
            }
            if y + 1 < height {
                visit(at + width);
            }
        }
        queue[level] = Vec::new();
    }
    Plane {
        width,
        height,
        data: cost
            .into_iter()
            .zip(is_rim)
            .map(|(c, rim)| if rim { 0.0 } else { f32::from(c) / STEPS })
            .collect(),
    }
}
