//! Tells a shadow from a product of the same hue: a shadow fades into the bare surface, a product ends at an edge.

use crate::background::{Background, Region};
use crate::evidence::Difference;
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

/// A path over lower edges than this, in log light, leads from bare background into a shadow.
const LOW_WALL: f32 = 0.05;
/// A frame loses at most so much more than three times what the row's frames usually lose, as a share of the product:
/// where more would go, the frame is blurred and shows no edges at all. Shadows of a shoe took 3 to 15%, two blurred photos
/// of a box would have lost 20 and 27%, its others 1%.
const UNUSUAL: f32 = 0.05;

/// Contact shadows are smaller than this share of a product: a row that would lose more shows a product of the
/// background's own hue. A shoe's loss was 4.5%; a grey
/// glazed vase before grey would have lost 8 and 23% of itself, seen from two heights.
const NO_SHADOW: f32 = 0.065;

/// Where a frame may show the background in a shadow: darker, of its hue and smoothness, and behind no edge.
pub(crate) fn shade(differences: &Plane<Difference>, walls: &Plane<f32>) -> Mask {
    Mask::from_fn(walls.width, walls.height, |x, y| {
        differences.at(x, y).is_shade() && walls.at(x, y) < LOW_WALL
    })
}

/// Takes away from each mask what of its shade touches the outside: contact shadows that colours learned from the cut
/// held on to.
///
/// A shoe's cut went from an intersection over union of 0.929 (worst frame 0.862) to 0.967 (0.953); a box, a jar and a
/// vase without such shadows changed by less than 0.003.
pub(crate) fn trim(masks: &mut [Mask], shades: &[&Mask]) {
    let trimmed: Vec<(Mask, f32)> = masks
        .iter()
        .zip(shades)
        .map(|(mask, shade)| trimmed(mask, shade))
        .collect();
    let mut lost: Vec<f32> = trimmed.iter().map(|(_, lost)| *lost).collect();
    lost.sort_by(f32::total_cmp);
    let usual = lost.get(lost.len() / 2).copied().unwrap_or(0.0);
    if usual > NO_SHADOW {
        return;
    }
    let most = 3.0 * usual + UNUSUAL;
    for (mask, (trimmed, lost)) in masks.iter_mut().zip(trimmed) {
        if lost <= most {
            *mask = trimmed;
        }
    }
}

/// The mask without the shade that is joined to its outside, and the share of it that went.
fn trimmed(mask: &Mask, shade: &Mask) -> (Mask, f32) {
    let (width, height) = (mask.width, mask.height);
    let mut out = mask.clone();
    let mut gone = 0;
    let mut open: Vec<usize> = (0..mask.data.len()).filter(|at| !mask.data[*at]).collect();
    while let Some(at) = open.pop() {
        let (x, y) = (at % width, at / width);
        let beside = [
            (x > 0).then(|| at - 1),
            (x + 1 < width).then_some(at + 1),
            (y > 0).then(|| at - width),
            (y + 1 < height).then_some(at + width),
        ];
        for other in beside.into_iter().flatten() {
            if out.data[other] && shade.data[other] {
                out.data[other] = false;
                gone += 1;
                open.push(other);
            }
        }
    }
    (out, gone as f32 / mask.count().max(1) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 40;

    fn block(from: usize, to: usize) -> Mask {
        Mask::from_fn(SIDE, SIDE, |x, y| {
            (from..to).contains(&x) && (5..30).contains(&y)
        })
    }

    #[test]
    fn only_shade_that_touches_the_outside_goes() {
        let mask = block(5, 30);
        let shade = Mask::from_fn(SIDE, SIDE, |x, y| {
            y >= 28 || ((15..18).contains(&x) && y == 15)
        });
        let (out, lost) = trimmed(&mask, &shade);
        assert!(!out.at(10, 28) && !out.at(10, 29) && out.at(10, 27));
        assert!(out.at(16, 15), "a dark spot within the product stays");
        assert!((lost - 2.0 / 25.0).abs() < 1e-6);
    }

    #[test]
    fn a_frame_that_would_lose_far_more_than_the_others_stays_as_it_is() {
        let mut masks = vec![block(5, 30); 9];
        let (little, all) = (block(29, 30), block(0, SIDE));
        let mut shades = vec![&little; 9];
        shades[4] = &all;
        trim(&mut masks, &shades);
        assert_eq!(masks[4].count(), 25 * 25);
        assert_eq!(masks[3].count(), 24 * 25);
    }

    #[test]
    fn where_all_frames_would_lose_much_none_does() {
        let mut masks = vec![block(5, 30); 9];
        let much = block(26, 30);
        trim(&mut masks, &[&much; 9]);
        assert!(masks.iter().all(|mask| mask.count() == 25 * 25));
    }
}
