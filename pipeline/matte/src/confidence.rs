//! How far a cut can be trusted.

use crate::plane::Mask;
use crate::tone::LogImage;

/// Colours closer than this on both sides of an edge, in log light, do not tell where it is.
const WEAK: f32 = 0.06;
/// From the edge to where its two sides are looked at, in pixels.
const ASIDE: isize = 3;

/// From the share of the outline that shows no contrast and from how far the hull of all views agrees.
pub(crate) fn of(image: &LogImage, mask: &Mask, hull: Option<&Mask>) -> f32 {
    let (width, height) = (mask.width, mask.height);
    let covered = mask.count() as f32 / mask.data.len() as f32;
    if !(0.002..0.9).contains(&covered) {
        return 0.0;
    }
    let (mut edges, mut weak) = (0, 0);
    let pixel = |x: usize, y: usize, dx: isize, dy: isize| {
        let x = x.saturating_add_signed(dx).min(width - 1);
        let y = y.saturating_add_signed(dy).min(height - 1);
        image.at(x, y)
    };
    for y in 1..height - 1 {
        for x in 1..width - 1 {
            if !mask.at(x, y) {
                continue;
            }
            for (dx, dy) in [(1, 0), (-1, 0), (0, 1), (0, -1_isize)] {
                if mask.at(x.wrapping_add_signed(dx), y.wrapping_add_signed(dy)) {
                    continue;
                }
                let inner = pixel(x, y, -dx * ASIDE, -dy * ASIDE);
                let outer = pixel(x, y, dx * ASIDE, dy * ASIDE);
                edges += 1;
                let apart = inner
                    .iter()
                    .zip(outer)
                    .map(|(a, b)| (a - b).abs())
                    .fold(0.0, f32::max);
                weak += usize::from(apart < WEAK);
            }
        }
    }
    let contrast = 1.0 - weak as f32 / edges.max(1) as f32;
    let agreement = hull.map_or(1.0, |hull| {
        let (mut both, mut any) = (0, 0);
        for (a, b) in mask.data.iter().zip(&hull.data) {
            both += usize::from(*a && *b);
            any += usize::from(*a || *b);
        }
        both as f32 / any.max(1) as f32
    });
    // A hull of voxels is a pixel or two off everywhere: a tenth of disagreement is none.
    contrast * ((agreement - 0.5) / 0.4).clamp(0.0, 1.0)
}
