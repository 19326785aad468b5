//! From odds to a mask: the minimum cut, then whole pieces.

use crate::maxflow::{GridCut, STEPS};
use crate::plane::{Mask, Plane};
use crate::tone::LogImage;

/// Capacities are whole numbers; this many to a unit of log odds.
const UNIT: f32 = 64.0;

/// How neighbours are tied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ties {
    /// Between pixels of one colour, in log odds.
    pub strength: f32,
    /// What remains of it across a strong edge.
    pub least: f32,
    /// The contrast of a usual edge in log light; edges far above it cut the tie.
    pub contrast: f32,
}

/// The cheapest mask under `odds`, of which edges follow those of `image`.
pub(crate) fn cut(odds: &Plane<f32>, image: &LogImage, ties: Ties) -> Mask {
    let (width, height) = (odds.width, odds.height);
    let mut grid = GridCut::new(
        width,
        height,
        odds.data.iter().map(|o| (o * UNIT) as i32).collect(),
    );
    let falloff = 1.0 / (2.0 * ties.contrast * ties.contrast);
    for y in 0..height {
        for x in 0..width {
            let here = image.at(x, y);
            for direction in [0, 2, 4, 6] {
                let (dx, dy) = STEPS[direction];
                let (Some(ox), Some(oy)) = (x.checked_add_signed(dx), y.checked_add_signed(dy))
                else {
                    continue;
                };
                if ox >= width || oy >= height {
                    continue;
                }
                let there = image.at(ox, oy);
                let square: f32 = here.iter().zip(there).map(|(a, b)| (a - b) * (a - b)).sum();
                let length = if direction < 4 {
                    1.0
                } else {
                    std::f32::consts::FRAC_1_SQRT_2
                };
                let weight = ties.least + (ties.strength - ties.least) * (-square * falloff).exp();
                grid.tie(y * width + x, direction, (weight * length * UNIT) as i32);
            }
        }
    }
    grid.solve()
}

/// Keeps the largest piece and others that matter beside it, and fills holes that do not look like background.
pub(crate) fn whole(mask: &Mask, odds: &Plane<f32>) -> Mask {
    let (labels, sizes) = mask.components();
    let Some(largest) = sizes.iter().copied().max() else {
        return mask.clone();
    };
    let mut out = Mask {
        data: labels
            .data
            .iter()
            .map(|l| *l > 0 && sizes[*l as usize - 1] * 20 >= largest)
            .collect(),
        ..*mask
    };
    let (labels, sizes) = out.inverted().components();
    let mut at_border = vec![false; sizes.len()];
    let mut sums = vec![0.0_f32; sizes.len()];
    for y in 0..out.height {
        for x in 0..out.width {
            let label = labels.at(x, y) as usize;
            if label > 0 {
                at_border[label - 1] |=
                    x == 0 || y == 0 || x + 1 == out.width || y + 1 == out.height;
                sums[label - 1] += odds.at(x, y);
            }
        }
    }
    for (inside, label) in out.data.iter_mut().zip(&labels.data) {
        if let Some(at) = (*label as usize).checked_sub(1)
            && !at_border[at]
        {
            // A handle's hole shows plain background; a gleam or a label hardly does.
            let plain = sums[at] / (sizes[at] as f32) < -1.2 && sizes[at] >= 12;
            *inside = *inside || !plain;
        }
    }
    out
}
