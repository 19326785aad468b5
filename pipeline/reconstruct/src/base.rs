//! Where the product stands and where its flat top lies: the hull alone goes on below and above, in the cones that no
//! camera looks into.

use std::f64::consts::TAU;

use crate::grid::Grid;
use crate::rig::Row;

/// Directions that are looked at.
const DIRECTIONS: usize = 36;
/// The share of a ray's slope from which a wall counts as the ray's own.
const RAY_SHARE: f64 = 0.88;
/// The same at the top, whose cone is so flat that it is but a few cells tall.
const TOP_RAY_SHARE: f64 = 0.5;
/// Cells at the tip of a cone that outlines which waver may blunt.
const BLUNT: usize = 4;
/// Of the heights that the directions tell, in order, the one that counts: the least but for stray ones.
const BASE_QUANTILE: f64 = 0.15;
/// A top is flat where the directions agree within this share of the product's height.
const FLAT_TOP: f64 = 0.04;

/// The ends of the product along the axis, in the grid's frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ends {
    pub base: Option<f64>,
    pub top: Option<f64>,
}

/// Finds them from how far the hull reaches in each direction at each height.
pub(crate) fn ends(grid: &Grid, rows: &[Row]) -> Ends {
    let reach = reaches(grid);
    let filled: Vec<usize> = (0..grid.size[1])
        .filter(|y| reach[*y].iter().any(|r| *r > f64::MIN))
        .collect();
    let (Some(&bottom), Some(&top)) = (filled.first(), filled.last()) else {
        return Ends {
            base: None,
            top: None,
        };
    };
    let tall = (top - bottom) as f64 * grid.cell;
    let bases = from_end(grid, &reach, bottom, top, 3, RAY_SHARE, |y, r| {
        // The ray that grazes the near rim: the lowest camera closes the cone fastest.
        rows.iter()
            .map(|row| (row.distance - r) / (row.height - y))
            .filter(|slope| *slope > 0.0)
            .fold(f64::NAN, f64::max)
    });
    let tops = from_end(grid, &reach, top, bottom, 1, TOP_RAY_SHARE, |y, r| {
        // The ray that grazes the far rim: the highest camera sees most of the top.
        rows.iter()
            .map(|row| (row.distance + r) / (row.height - y))
            .filter(|slope| *slope > 0.0)
            .fold(f64::NAN, f64::min)
    });
    let quantile = |sorted: &[f64], q: f64| sorted[((sorted.len() - 1) as f64 * q) as usize];
    let base = (bases.len() * 2 > DIRECTIONS).then(|| quantile(&bases, BASE_QUANTILE));
    let top = (tops.len() * 10 > DIRECTIONS * 9)
        .then(|| {
            (
                quantile(&tops, 0.1),
                quantile(&tops, 0.5),
                quantile(&tops, 0.9),
            )
        })
        .filter(|(low, _, high)| high - low < FLAT_TOP * tall)
        .map(|(_, middle, high)| f64::midpoint(middle, high));
    Ends { base, top }
}

/// For each height and direction, how far from the axis the hull reaches; `f64::MIN` where there is none.
fn reaches(grid: &Grid) -> Vec<[f64; DIRECTIONS]> {
    let directions: [[f64; 2]; DIRECTIONS] = std::array::from_fn(|k| {
        let (sin, cos) = (TAU * k as f64 / DIRECTIONS as f64).sin_cos();
        [cos, sin]
    });
    let mut out = vec![[f64::MIN; DIRECTIONS]; grid.size[1]];
    for (y, reach) in out.iter_mut().enumerate() {
        for z in 1..grid.size[2] - 1 {
            for x in 1..grid.size[0] - 1 {
                let here = grid.values[grid.index(x, y, z)];
                if here <= 0.0 {
                    continue;
                }
                let place = grid.place(x, y, z);
                for (nx, nz) in [(x - 1, z), (x + 1, z), (x, z - 1), (x, z + 1)] {
                    let next = grid.values[grid.index(nx, y, nz)];
                    if next > 0.0 {
                        continue;
                    }
                    let t = f64::from(here / (here - next)) * grid.cell;
                    let px = place[0] + (nx as f64 - x as f64) * t;
                    let pz = place[2] + (nz as f64 - z as f64) * t;
                    for (reach, n) in reach.iter_mut().zip(directions) {
                        *reach = reach.max(px * n[0] + pz * n[1]);
                    }
                }
            }
        }
    }
    out
}

/// From one end towards the other: for each direction the height at which the hull stops following the ray. Sorted.
#[expect(
    clippy::needless_range_loop,
    reason = "a direction is a column of the table"
)]
fn from_end(
    grid: &Grid,
    reach: &[[f64; DIRECTIONS]],
    from: usize,
    to: usize,
    span: usize,
    share_of_ray: f64,
    slope: impl Fn(f64, f64) -> f64,
) -> Vec<f64> {
    let step: isize = if from < to { 1 } else { -1 };
    let mut out = Vec::new();
    for direction in 0..DIRECTIONS {
        let at = |k: usize| (from as isize + step * k as isize) as usize;
        let count = from.abs_diff(to) * 2 / 3;
        let mut previous = None;
        for k in 1..count.saturating_sub(span) {
            let (here, ahead) = (reach[at(k)][direction], reach[at(k + span)][direction]);
            if here.min(ahead) <= f64::MIN {
                continue;
            }
            let ray = slope(grid.height(at(k)), here);
            let grows = (ahead - here) / (span as f64 * grid.cell);
            if ray.is_nan() {
                break;
            }
            let share = grows / ray;
            if share < share_of_ray && previous.is_none() && k < BLUNT {
                continue;
            }
            if share < share_of_ray {
                // A kink within the span lowers the slope in proportion to what lies beyond it.
                let past = (1.0 - share.clamp(0.0, 1.0)) * span as f64;
                if previous.is_some() {
                    let place = k as f64 + span as f64 - past;
                    out.push(grid.height(from) + step as f64 * place * grid.cell);
                }
                break;
            }
            previous = Some(share);
        }
    }
    out.sort_by(f64::total_cmp);
    out
}
