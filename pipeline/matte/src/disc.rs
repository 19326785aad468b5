//! The turntable's disc: the largest ellipse of edges that stand still while the product turns.

use crate::parallel::map_indexed;
use crate::plane::{Mask, Plane};
use crate::tone::quantile;

/// The outline of a disc's top in proxy pixels. A camera that stands upright sees its axes level and upright.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Disc {
    pub center_x: f32,
    pub center_y: f32,
    /// Half the width.
    pub half_width: f32,
    /// Half the height.
    pub half_height: f32,
}

/// Edges stronger than this many times their noise count no more than this.
const STRONG_EDGE: f32 = 6.0;
/// No point of an outline counts more than this, so that a few strong edges make no disc.
const STRONG_CONTRAST: f32 = 2.0;
/// The mean contrast along a disc's outline. Outlines by chance stay below a half of it.
const MIN_SCORE: f32 = 0.7;
/// Every ellipse nearly as good as the best may be the disc; the largest is.
const NEARLY: f32 = 0.65;

impl Disc {
    /// Where (x, y) lies: below 1 inside, 1 on the outline.
    pub(crate) fn radius(&self, x: f32, y: f32) -> f32 {
        let dx = (x - self.center_x) / self.half_width;
        let dy = (y - self.center_y) / self.half_height;
        (dx * dx + dy * dy).sqrt()
    }

    /// Whether (x, y) lies lower than the near half of the outline: the disc's side, its shadow and the table.
    pub(crate) fn is_below(&self, x: f32, y: f32) -> bool {
        y > self.center_y && self.radius(x, y) > 1.0
    }

    fn scaled(&self, factor: f32) -> Self {
        Self {
            center_x: (self.center_x + 0.5) * factor - 0.5,
            center_y: (self.center_y + 0.5) * factor - 0.5,
            half_width: self.half_width * factor,
            half_height: self.half_height * factor,
        }
    }
}

/// The disc of a row, if its outline can be seen. `moving`: pixels that change as the product turns.
pub(crate) fn find(edges: &Plane<f32>, moving: &Mask, workers: usize) -> Option<Disc> {
    let coarse = shrunk(edges);
    let (width, height) = (coarse.width as f32, coarse.height as f32);
    let centers: Vec<f32> = steps(0.3 * width, 0.7 * width, 2.0).collect();
    let by_center = map_indexed(centers.len(), workers, |at| {
        let mut found: Vec<(f32, Disc)> = Vec::new();
        for half_width in steps(0.08 * width, 0.62 * width, 2.0) {
            for ratio in steps(0.08, 0.85, 0.03) {
                let half_height = half_width * ratio;
                for center_y in steps(0.3 * height, 1.05 * height, 1.5) {
                    let disc = Disc {
                        center_x: centers[at],
                        center_y,
                        half_width,
                        half_height,
                    };
                    let score = score(&coarse, &disc, &COARSE_ANGLES, 3.0);
                    if score > MIN_SCORE * 0.6 {
                        found.push((score, disc));
                    }
                }
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        found.truncate(40);
        found
    });
    let mut candidates: Vec<(f32, Disc)> = by_center.into_iter().flatten().collect();
    candidates.sort_by(|a, b| b.0.total_cmp(&a.0));
    let best = candidates.first()?.0;
    candidates.retain(|(score, _)| *score >= 0.7 * best);
    // Of many neighbours that are nearly the same ellipse one is enough.
    let mut distinct: Vec<Disc> = Vec::new();
    for (_, disc) in &candidates {
        let near = |other: &Disc| {
            (other.center_x - disc.center_x).abs() < 4.0
                && (other.center_y - disc.center_y).abs() < 3.0
                && (other.half_width - disc.half_width).abs() < 5.0
                && (other.half_height - disc.half_height).abs() < 3.0
        };
        if distinct.len() < 60 && !distinct.iter().any(near) {
            distinct.push(*disc);
        }
    }
    let mut refined = map_indexed(distinct.len(), workers, |at| {
        refine(edges, distinct[at].scaled(2.0))
    });
    let product = Extent::of(moving);
    refined.retain(|(_, disc)| {
        product.is_none_or(|product| product.may_stand_on(disc)) && is_quiet_below(disc, moving)
    });
    let best = refined.iter().map(|(score, _)| *score).fold(0.0, f32::max);
    if best < MIN_SCORE {
        return None;
    }
    refined
        .into_iter()
        .filter(|(score, _)| *score >= NEARLY * best && *score >= MIN_SCORE)
        // The lower rim is as wide as the upper one: of two that wide, the upper shows more of its far half.
        .max_by(|a, b| (a.1.half_width * a.0.sqrt()).total_cmp(&(b.1.half_width * b.0.sqrt())))
        .map(|(_, disc)| disc)
}

/// Where most of what moves lies.
#[derive(Clone, Copy)]
struct Extent {
    half_width: f32,
    middle: f32,
}

impl Extent {
    fn of(moving: &Mask) -> Option<Self> {
        let places = || {
            moving
                .data
                .iter()
                .enumerate()
                .filter(|(_, set)| **set)
                .map(|(at, _)| at)
        };
        if places().count() * 200 < moving.data.len() {
            return None; // a plain product of revolution does not seem to move
        }
        let xs: Vec<f32> = places().map(|at| (at % moving.width) as f32).collect();
        let ys: Vec<f32> = places().map(|at| (at / moving.width) as f32).collect();
        Some(Self {
            half_width: (quantile(xs.clone(), 0.95) - quantile(xs, 0.05)) / 2.0,
            middle: quantile(ys, 0.5),
        })
    }

    /// A disc is hardly much narrower than its product, or nobody would see it, and lies low.
    fn may_stand_on(self, disc: &Disc) -> bool {
        disc.half_width > 0.8 * self.half_width
            && disc.center_y + 0.5 * disc.half_height > self.middle
    }
}

/// Whether nothing turns right below the outline, as a product's body does below its lid.
fn is_quiet_below(disc: &Disc, moving: &Mask) -> bool {
    let (mut below, mut turning) = (0, 0);
    for step in -8_i32..=8 {
        let across = step as f32 / 10.0;
        let x = disc.center_x + across * disc.half_width;
        let front = disc.center_y + disc.half_height * (1.0 - across * across).sqrt();
        for depth in 0..20 {
            let y = front + 4.0 + depth as f32 / 20.0 * disc.half_width;
            if x >= 0.0 && y >= 0.0 && (x as usize) < moving.width && (y as usize) < moving.height {
                below += 1;
                turning += usize::from(moving.at(x as usize, y as usize));
            }
        }
    }
    turning * 12 <= below
}

/// Climbs to the best ellipse nearby, one parameter at a time.
fn refine(edges: &Plane<f32>, start: Disc) -> (f32, Disc) {
    let soft = edges.box_filtered(1);
    let mut best = (score(&soft, &start, &FINE_ANGLES, 4.0), start);
    let mut step = 2.0;
    while step > 0.1 {
        let mut improved = false;
        for parameter in 0..4 {
            for sign in [-1.0, 1.0] {
                let mut disc = best.1;
                let field = match parameter {
                    0 => &mut disc.center_x,
                    1 => &mut disc.center_y,
                    2 => &mut disc.half_width,
                    _ => &mut disc.half_height,
                };
                *field += sign * step;
                if disc.half_height < 3.0 || disc.half_width < 8.0 {
                    continue;
                }
                let score = score(&soft, &disc, &FINE_ANGLES, 4.0);
                if score > best.0 {
                    best = (score, disc);
                    improved = true;
                }
            }
        }
        if !improved {
            step /= 2.0;
        }
    }
    best
}

/// Half the angles at which an outline is looked at: those of its right half, the left follows by symmetry. Far in
/// the middle the product hides it.
const COARSE_ANGLES: [f32; 14] = angles();
const FINE_ANGLES: [f32; 56] = angles();

/// From straight towards the camera (90°) around the side to the far half (−45°), in radians.
const fn angles<const N: usize>() -> [f32; N] {
    let mut out = [0.0; N];
    let mut at = 0;
    while at < N {
        let degrees = 90.0 - 135.0 * (at as f32 + 0.5) / N as f32;
        out[at] = degrees * std::f32::consts::PI / 180.0;
        at += 1;
    }
    out
}

/// How much stronger edges are on the outline than `aside` pixels inside and outside it, on average; 0 where too
/// little of it lies in the frame.
fn score(edges: &Plane<f32>, disc: &Disc, angles: &[f32], aside: f32) -> f32 {
    let at = |x: f32, y: f32| {
        let (x, y) = (x + 0.5, y + 0.5);
        (x >= 0.0 && y >= 0.0 && x < edges.width as f32 && y < edges.height as f32)
            .then(|| edges.at(x as usize, y as usize))
    };
    let mut sum = 0.0;
    let mut seen = 0;
    for angle in angles {
        let (sin, cos) = angle.sin_cos();
        for cos in [cos, -cos] {
            let place = |by: f32| {
                at(
                    disc.center_x + (disc.half_width + by) * cos,
                    disc.center_y + (disc.half_height + by) * sin,
                )
            };
            if let Some(on) = place(0.0) {
                let off = place(-aside)
                    .unwrap_or(0.0)
                    .max(place(aside).unwrap_or(0.0));
                sum += (on - off).clamp(-1.0, STRONG_CONTRAST);
                seen += 1;
            }
        }
    }
    // What lies outside the frame counts a little against it, or ellipses would flee there.
    let unseen = 2 * angles.len() - seen;
    if seen * 5 < angles.len() * 4 {
        return 0.0;
    }
    sum / (seen as f32 + 0.3 * unseen as f32)
}

/// Strength of the edges that stand still, in units of noise, from the row's median log luminance and how much each
/// pixel varies about it.
pub(crate) fn static_edges(median: &Plane<f32>, variation: &Plane<f32>, noise: f32) -> Plane<f32> {
    Plane::from_fn(median.width, median.height, |x, y| {
        let (left, right) = (x.saturating_sub(1), (x + 1).min(median.width - 1));
        let (up, down) = (y.saturating_sub(1), (y + 1).min(median.height - 1));
        let gx = median.at(right, y) - median.at(left, y);
        let gy = median.at(x, down) - median.at(x, up);
        ((gx * gx + gy * gy).sqrt() / (noise + 2.0 * variation.at(x, y))).min(STRONG_EDGE)
    })
}

/// At half the size: of four pixels the strongest, softened.
fn shrunk(edges: &Plane<f32>) -> Plane<f32> {
    let half = Plane::from_fn(
        (edges.width / 2).max(1),
        (edges.height / 2).max(1),
        |x, y| {
            let mut best = 0.0_f32;
            for yy in 2 * y..(2 * y + 2).min(edges.height) {
                for xx in 2 * x..(2 * x + 2).min(edges.width) {
                    best = best.max(edges.at(xx, yy));
                }
            }
            best
        },
    );
    half.box_filtered(1)
}

fn steps(from: f32, to: f32, step: f32) -> impl Iterator<Item = f32> {
    let count = ((to - from) / step).max(0.0) as usize + 1;
    (0..count).map(move |at| from + step * at as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chance(x: f32, y: f32) -> f32 {
        ((x * 12.989 + y * 78.233).sin() * 43_758.547).fract()
    }

    fn find_in(luminance: &Plane<f32>) -> Option<Disc> {
        let still = Plane::new(480, 360, 0.0);
        find(
            &static_edges(luminance, &still, 0.01),
            &Mask::new(480, 360, false),
            2,
        )
    }

    #[test]
    fn the_larger_of_two_still_ellipses_is_the_disc() {
        let disc = Disc {
            center_x: 250.0,
            center_y: 240.0,
            half_width: 150.0,
            half_height: 50.0,
        };
        let foot = Disc {
            half_width: 50.0,
            half_height: 17.0,
            ..disc
        };
        let luminance = Plane::from_fn(480, 360, |x, y| {
            let (x, y) = (x as f32, y as f32);
            let marks = (y - 240.0).atan2(x - 250.0);
            let light = if foot.radius(x, y) < 1.0
                || ((x - 250.0).abs() < 50.0 && y < 240.0 && y > 100.0)
            {
                -2.0
            } else if disc.radius(x, y) > 1.0 {
                -0.1
            } else if disc.radius(x, y) > 0.93 && (marks * 40.0).sin() > 0.6 {
                -1.0
            } else {
                0.0
            };
            light + 0.005 * chance(x, y)
        });
        let found = find_in(&luminance).unwrap();
        assert!(
            (found.center_x - 250.0).abs() < 1.5 && (found.center_y - 240.0).abs() < 1.5,
            "{found:?}"
        );
        assert!(
            (found.half_width - 150.0).abs() < 2.0 && (found.half_height - 50.0).abs() < 1.5,
            "{found:?}"
        );
    }

    #[test]
    fn noise_has_no_disc() {
        let luminance = Plane::from_fn(480, 360, |x, y| 0.02 * chance(x as f32, y as f32));
        assert_eq!(find_in(&luminance), None);
    }
}
