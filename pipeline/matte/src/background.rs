//! What stands behind the product: a backdrop and a disc that are smooth, or that were seen bare.

use crate::disc::Disc;
use crate::plane::{Mask, Plane};
use crate::temporal::{Temporal, luminance};
use crate::tone::{LogImage, quantile};

/// Where a pixel lies, for want of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Region {
    /// The backdrop and the table behind the disc.
    Backdrop,
    /// The disc's top.
    DiscTop,
    /// The disc's side, its shadow and the table before it. A product stands on the disc, not here.
    Below,
}

/// The scene without the product, in the row's common exposure.
pub(crate) struct Background {
    pub value: LogImage,
    /// How far off `value` may be, as a standard deviation of log light.
    pub spread: Plane<f32>,
    /// Where the bare background was seen.
    pub proven: Mask,
    pub regions: Plane<Region>,
    /// At the disc's rim, what lies outside it; there any mixture with `value` is background.
    pub beyond: Vec<(usize, [f32; 3])>,
}

/// Smooth surfaces may bend this much before they are taken for something else, in log light.
const LEAST_TOLERANCE: f32 = 0.04;
const MOST_TOLERANCE: f32 = 0.35;

impl Background {
    /// `bare`: the photo without the product, where there is one.
    pub(crate) fn of(temporal: &Temporal, bare: Option<&LogImage>, disc: Option<&Disc>) -> Self {
        let (width, height) = (temporal.median.width, temporal.median.height);
        let regions = Plane::from_fn(width, height, |x, y| {
            let (x, y) = (x as f32, y as f32);
            match disc {
                Some(disc) if disc.radius(x, y) <= 1.0 => Region::DiscTop,
                Some(disc) if disc.is_below(x, y) && y > disc.center_y + 0.3 * disc.half_height => {
                    Region::Below
                }
                _ => Region::Backdrop,
            }
        });
        let seen = bare.unwrap_or(&temporal.mode);
        let mut out = Self {
            value: seen.clone(),
            spread: Plane::new(width, height, 0.01),
            proven: Mask::new(width, height, true),
            regions,
            beyond: Vec::new(),
        };
        let disc_rim = |x: usize, y: usize| {
            disc.is_some_and(|disc| {
                (disc.radius(x as f32, y as f32) - 1.0).abs() * disc.half_height < 2.5
            })
        };
        if bare.is_none() {
            let band = (width.max(height) / 12).max(2);
            let inside = Mask::from_fn(width, height, |x, y| {
                out.regions.at(x, y) == Region::Backdrop && !disc_rim(x, y)
            });
            let seeds = Mask::from_fn(width, height, |x, y| {
                let side = x < band || x + band >= width;
                inside.at(x, y) && (y < band || (side && y < height - height / 5))
            });
            out.fit(temporal, seen, &inside, &seeds, Degree::Cubic);
        }
        if let Some(disc) = disc {
            // A printed disc looks otherwise on each photo, also on the bare one.
            let inside = Mask::from_fn(width, height, |x, y| {
                out.regions.at(x, y) == Region::DiscTop && !disc_rim(x, y)
            });
            let seeds = Mask::from_fn(width, height, |x, y| {
                let radius = disc.radius(x as f32, y as f32);
                inside.at(x, y)
                    && (bare.is_some()
                        || (radius > 0.6 && y as f32 > disc.center_y - 0.4 * disc.half_height))
            });
            out.fit(temporal, seen, &inside, &seeds, Degree::Square);
            out.mend_rim(disc, disc_rim);
        }
        out
    }

    /// The rim's pixels take the disc's colour from inside and the other side's from outside.
    fn mend_rim(&mut self, disc: &Disc, is_rim: impl Fn(usize, usize) -> bool) {
        let (width, height) = (self.value.width, self.value.height);
        let smooth = self.value.clone();
        for y in 0..height {
            for x in 0..width {
                if !is_rim(x, y) {
                    continue;
                }
                let radius = disc.radius(x as f32, y as f32);
                let beside = |by: f32| {
                    let factor = (1.0 + by / disc.half_height) / radius.max(1e-3);
                    let x = disc.center_x + (x as f32 - disc.center_x) * factor;
                    let y = disc.center_y + (y as f32 - disc.center_y) * factor;
                    let inside =
                        |c: f32, length: usize| (c + 0.5).clamp(0.0, length as f32 - 1.0) as usize;
                    smooth.at(inside(x, width), inside(y, height))
                };
                let at = y * width + x;
                let (inner, outer) = (beside(-4.0), beside(4.0));
                self.beyond.push((at, outer));
                self.value.data[at] = inner;
                self.spread.data[at] = 0.03;
            }
        }
    }

    /// The background at each pixel that comes nearest to `image`.
    pub(crate) fn nearest(&self, image: &LogImage) -> LogImage {
        let mut out = self.value.clone();
        for (at, outer) in &self.beyond {
            let inner = out.data[*at];
            let (mut along, mut length) = (0.0, 1e-9);
            for channel in 0..3 {
                let span = outer[channel] - inner[channel];
                along += (image.data[*at][channel] - inner[channel]) * span;
                length += span * span;
            }
            let share = (along / length).clamp(0.0, 1.0);
            out.data[*at] = std::array::from_fn(|c| inner[c] + (outer[c] - inner[c]) * share);
        }
        out
    }

    /// Grows a smooth surface from `seeds` over `inside` and keeps what was seen where it agrees.
    fn fit(
        &mut self,
        temporal: &Temporal,
        seen: &LogImage,
        inside: &Mask,
        seeds: &Mask,
        degree: Degree,
    ) {
        let (width, height) = (seen.width, seen.height);
        let noise = temporal.noise.least();
        let mut member = seeds.clone();
        let mut surface = None;
        let mut tolerance = LEAST_TOLERANCE;
        for _ in 0..6 {
            let Some(fitted) = Surface::fit(seen, &member, degree) else {
                break;
            };
            let off = |x: usize, y: usize| {
                largest_difference(seen.at(x, y), fitted.at(width, height, x, y))
            };
            let typical = quantile(each(&member).map(|(x, y)| off(x, y)).collect(), 0.6);
            tolerance = (3.0 * typical).clamp(LEAST_TOLERANCE.max(4.0 * noise), MOST_TOLERANCE);
            member = Mask::from_fn(width, height, |x, y| {
                inside.at(x, y) && off(x, y) < tolerance
            });
            surface = Some(fitted);
        }
        let Some(surface) = surface else {
            return;
        };
        // What the polynomial leaves over varies slowly: blur it over the members alone.
        let sigma = width.max(height) as f32 * 0.04;
        let weight = member.map(|m| f32::from(u8::from(*m))).blurred(sigma);
        let mut rest = Plane::new(width, height, [0.0_f32; 3]);
        for channel in 0..3 {
            let left = Plane::from_fn(width, height, |x, y| {
                if member.at(x, y) {
                    seen.at(x, y)[channel] - surface.at(width, height, x, y)[channel]
                } else {
                    0.0
                }
            });
            let left = left.blurred(sigma);
            for ((rest, left), weight) in rest.data.iter_mut().zip(left.data).zip(&weight.data) {
                // Far from any member the polynomial stands alone.
                rest[channel] = left / (weight + 0.02);
            }
        }
        let smooth = Plane::from_fn(width, height, |x, y| {
            let (s, r) = (surface.at(width, height, x, y), rest.at(x, y));
            [s[0] + r[0], s[1] + r[1], s[2] + r[2]]
        });
        let off = |x: usize, y: usize| largest_difference(seen.at(x, y), smooth.at(x, y));
        let typical = quantile(each(&member).map(|(x, y)| off(x, y)).collect(), 0.6);
        let near = (3.5 * typical).clamp(LEAST_TOLERANCE.max(4.0 * noise) * 0.75, tolerance);
        let distance = member.distance();
        for (x, y) in each(inside) {
            let at = y * width + x;
            let proven = off(x, y) < near;
            self.proven.data[at] = proven;
            if proven {
                self.value.data[at] = seen.at(x, y);
                self.spread.data[at] = 0.5 * noise;
            } else {
                self.value.data[at] = smooth.at(x, y);
                self.spread.data[at] = (typical + 0.0008 * distance.at(x, y)).min(0.15);
            }
        }
    }
}

fn each(mask: &Mask) -> impl Iterator<Item = (usize, usize)> {
    let width = mask.width;
    mask.data
        .iter()
        .enumerate()
        .filter(|(_, set)| **set)
        .map(move |(at, _)| (at % width, at / width))
}

pub(crate) fn largest_difference(a: [f32; 3], b: [f32; 3]) -> f32 {
    let [r, g, b] = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    let light = luminance([r, g, b]).abs();
    light.max((r - g).abs()).max((b - g).abs())
}

/// How a surface may bend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Degree {
    Square,
    Cubic,
}

/// A polynomial of the pixel's place for each channel.
struct Surface {
    terms: usize,
    factors: [[f64; 10]; 3],
}

impl Surface {
    /// Least squares with outliers weighed down (Tukey's biweight), over every member or a regular part of them.
    fn fit(seen: &LogImage, member: &Mask, degree: Degree) -> Option<Self> {
        let terms = match degree {
            Degree::Square => 6,
            Degree::Cubic => 10,
        };
        let points: Vec<(usize, usize)> = each(member).collect();
        if points.len() < 10 * terms {
            return None;
        }
        let points: Vec<_> = points
            .iter()
            .step_by((points.len() / 6000).max(1))
            .copied()
            .collect();
        let mut out = Self {
            terms,
            factors: [[0.0; 10]; 3],
        };
        let mut weights = vec![1.0_f64; points.len()];
        for round in 0..5 {
            for channel in 0..3 {
                out.factors[channel] = out.solve(seen, &points, &weights, channel)?;
            }
            if round == 4 {
                break;
            }
            let off: Vec<f32> = points
                .iter()
                .map(|&(x, y)| {
                    largest_difference(seen.at(x, y), out.at(seen.width, seen.height, x, y))
                })
                .collect();
            let scale = (1.4826 * quantile(off.clone(), 0.5)).max(0.004) * 4.0;
            for (weight, off) in weights.iter_mut().zip(off) {
                let u = f64::from((off / scale).min(1.0));
                *weight = (1.0 - u * u) * (1.0 - u * u);
            }
        }
        Some(out)
    }

    fn solve(
        &self,
        seen: &LogImage,
        points: &[(usize, usize)],
        weights: &[f64],
        channel: usize,
    ) -> Option<[f64; 10]> {
        let n = self.terms;
        let mut matrix = [[0.0_f64; 11]; 10];
        for (&(x, y), weight) in points.iter().zip(weights) {
            let terms = terms(seen.width, seen.height, x, y);
            let value = f64::from(seen.at(x, y)[channel]);
            for row in 0..n {
                for column in 0..n {
                    matrix[row][column] += weight * terms[row] * terms[column];
                }
                matrix[row][10] += weight * terms[row] * value;
            }
        }
        for column in 0..n {
            // A little ridge: a surface seen along one edge only must not run away.
            matrix[column][column] += 1e-6 * points.len() as f64
                + if column >= 3 {
                    1e-5 * points.len() as f64
                } else {
                    0.0
                };
            let pivot = (column..n).max_by(|a, b| {
                matrix[*a][column]
                    .abs()
                    .total_cmp(&matrix[*b][column].abs())
            })?;
            if matrix[pivot][column].abs() < 1e-12 {
                return None;
            }
            matrix.swap(column, pivot);
            for row in 0..n {
                if row != column {
                    let factor = matrix[row][column] / matrix[column][column];
                    let source = matrix[column];
                    for (value, source) in matrix[row].iter_mut().zip(source) {
                        *value -= factor * source;
                    }
                }
            }
        }
        let mut out = [0.0; 10];
        for row in 0..n {
            out[row] = matrix[row][10] / matrix[row][row];
        }
        Some(out)
    }

    fn at(&self, width: usize, height: usize, x: usize, y: usize) -> [f32; 3] {
        let terms = terms(width, height, x, y);
        self.factors.map(|factors| {
            terms[..self.terms]
                .iter()
                .zip(factors)
                .map(|(t, f)| t * f)
                .sum::<f64>() as f32
        })
    }
}

fn terms(width: usize, height: usize, x: usize, y: usize) -> [f64; 10] {
    let half = width.max(height) as f64 / 2.0;
    let x = (x as f64 - width as f64 / 2.0) / half;
    let y = (y as f64 - height as f64 / 2.0) / half;
    [
        1.0,
        x,
        y,
        x * x,
        x * y,
        y * y,
        x * x * x,
        x * x * y,
        x * y * y,
        y * y * y,
    ]
}
