//! The rig from points of the surface: bundle adjustment (Triggs and others 2000) with the turntable's few unknowns.

use rayon::prelude::*;

use super::model::RigModel;
use crate::features::Sighting;
use crate::rig::Camera;
use crate::solve::{Unknown, inverse_diagonal, solve_symmetric};
use crate::vector::{Vec3, cross, dot, mul_transposed, scale, sub, unit};

const MOST_STEPS: usize = 25;

/// A rig and the points that tell it.
#[derive(Clone, Debug)]
pub(crate) struct Bundle {
    pub numbers: Vec<f64>,
    pub points: Vec<Vec3>,
    /// Root mean square reprojection error of each track, pixels.
    pub track_rms: Vec<f64>,
    /// Standard deviation of each free number, in units of the residuals.
    pub sigma: Vec<f64>,
}

fn cameras(model: &RigModel, numbers: &[f64]) -> Vec<Camera> {
    (0..model.frames.len())
        .map(|frame| model.camera(numbers, frame))
        .collect()
}

/// The point nearest to all rays of a track; `None` where they are parallel or it lies behind a camera.
fn triangulate(cameras: &[Camera], track: &[Sighting]) -> Option<Vec3> {
    let mut a = vec![vec![0.0; 3]; 3];
    let mut b = [0.0; 3];
    for sighting in track {
        let camera = &cameras[sighting.frame];
        let ray = camera.intrinsics.unproject(crate::Pixel {
            x: sighting.place[0],
            y: sighting.place[1],
        })?;
        let ray = unit(mul_transposed(&camera.camera_from_table, ray));
        let centre = camera.centre();
        for row in 0..3 {
            for column in 0..3 {
                let v = f64::from(u8::from(row == column)) - ray[row] * ray[column];
                a[row][column] += v;
                b[row] += v * centre[column];
            }
        }
    }
    let point = solve_symmetric(a, &b)?;
    let point = [point[0], point[1], point[2]];
    track
        .iter()
        .all(|s| cameras[s.frame].camera_point(point)[2] > 1e-3)
        .then_some(point)
}

fn error(camera: &Camera, point: Vec3, place: [f64; 2]) -> [f64; 2] {
    match camera.project(point) {
        Some(at) => [at.x - place[0], at.y - place[1]],
        None => [1e3, 1e3],
    }
}

fn robust(e: [f64; 2], c: f64) -> f64 {
    c * c * (1.0 + (e[0] * e[0] + e[1] * e[1]) / (c * c)).ln()
}

/// How well a rig fits the tracks when each point is put where it fits best: the mean robust cost.
pub(crate) fn cost_of(model: &RigModel, numbers: &[f64], tracks: &[Vec<Sighting>], c: f64) -> f64 {
    let cameras = cameras(model, numbers);
    let sums: Vec<(f64, usize)> = tracks
        .par_iter()
        .map(|track| {
            let cost = match triangulate(&cameras, track) {
                Some(point) => track
                    .iter()
                    .map(|s| robust(error(&cameras[s.frame], point, s.place), c))
                    .sum(),
                None => track.len() as f64 * robust([1e3, 0.0], c),
            };
            (cost, track.len())
        })
        .collect();
    let (cost, count) = sums.iter().fold((0.0, 0), |(a, b), (c, n)| (a + c, b + n));
    cost / count.max(1) as f64
}

/// One track's part in the normal equations.
struct Part {
    /// Normal matrix of the rig's numbers, less what the point takes.
    reduced: Vec<Vec<f64>>,
    gradient: Vec<f64>,
    /// The point's inverse normal matrix, its gradient, and the mixed matrix: number by axis.
    inverse: [[f64; 3]; 3],
    point_gradient: Vec3,
    mixed: Vec<Vec3>,
}

/// Minimises `Σ c²·ln(1 + |e|²/c²)` over the free numbers and the points.
pub(crate) fn adjust(
    model: &RigModel,
    start: &[f64],
    unknowns: &[Unknown],
    tracks: &[Vec<Sighting>],
    c: f64,
) -> Bundle {
    let free: Vec<usize> = (0..start.len()).filter(|at| unknowns[*at].free).collect();
    let mut numbers = start.to_vec();
    let placed = |numbers: &[f64]| -> Vec<Vec3> {
        let cameras = cameras(model, numbers);
        tracks
            .par_iter()
            .map(|track| triangulate(&cameras, track).unwrap_or([0.0; 3]))
            .collect()
    };
    let mut points = placed(&numbers);
    let total = |numbers: &[f64], points: &[Vec3]| -> f64 {
        let cameras = cameras(model, numbers);
        let errors: Vec<f64> = tracks
            .par_iter()
            .zip(points)
            .map(|(track, point)| {
                let sum = |s: &Sighting| robust(error(&cameras[s.frame], *point, s.place), c);
                track.iter().map(sum).sum()
            })
            .collect();
        errors.iter().sum::<f64>() + held(numbers, unknowns)
    };
    let mut cost = total(&numbers, &points);
    let mut damping = 1e-4;
    let mut hessian = Vec::new();
    for _ in 0..MOST_STEPS {
        let (parts, reduced, gradient) = normal(
            model, &numbers, unknowns, &free, tracks, &points, c, damping,
        );
        hessian.clone_from(&reduced);
        let mut damped = reduced;
        for (at, row) in damped.iter_mut().enumerate() {
            row[at] *= 1.0 + damping;
        }
        let Some(step) = solve_symmetric(damped, &gradient) else {
            damping *= 10.0;
            continue;
        };
        let mut next = numbers.clone();
        for (at, step) in free.iter().zip(&step) {
            next[*at] -= step;
        }
        let next_points: Vec<Vec3> = points
            .iter()
            .zip(&parts)
            .map(|(point, part)| {
                let mut right = part.point_gradient;
                for (mixed, step) in part.mixed.iter().zip(&step) {
                    right = sub(right, scale(*mixed, *step));
                }
                sub(*point, crate::vector::mul(&part.inverse, right))
            })
            .collect();
        let next_cost = total(&next, &next_points);
        if next_cost < cost {
            let gain = (cost - next_cost) / cost;
            (numbers, points, cost) = (next, next_points, next_cost);
            damping = (damping / 5.0).max(1e-10);
            if gain < 1e-7 {
                break;
            }
        } else {
            damping *= 10.0;
            if damping > 1e8 {
                break;
            }
        }
    }
    let cameras = cameras(model, &numbers);
    let track_rms = tracks
        .iter()
        .zip(&points)
        .map(|(track, point)| rms(&cameras, track, *point))
        .collect();
    let mut sigma = vec![0.0; start.len()];
    if let Some(diagonal) = inverse_diagonal(&hessian) {
        for (at, value) in free.iter().zip(diagonal) {
            sigma[*at] = value.max(0.0).sqrt();
        }
    } else {
        for at in &free {
            sigma[*at] = f64::INFINITY;
        }
    }
    Bundle {
        numbers,
        points,
        track_rms,
        sigma,
    }
}

/// Root mean square reprojection error of a track.
fn rms(cameras: &[Camera], track: &[Sighting], point: Vec3) -> f64 {
    let square: f64 = track
        .iter()
        .map(|s| {
            let e = error(&cameras[s.frame], point, s.place);
            e[0] * e[0] + e[1] * e[1]
        })
        .sum();
    (square / track.len().max(1) as f64).sqrt()
}

fn held(numbers: &[f64], unknowns: &[Unknown]) -> f64 {
    numbers
        .iter()
        .zip(unknowns)
        .filter_map(|(p, unknown)| {
            let prior = unknown.prior.filter(|_| unknown.free)?;
            Some(((p - prior.mean) / prior.sigma).powi(2))
        })
        .sum()
}

#[expect(
    clippy::needless_range_loop,
    reason = "matrices are read by row and column"
)]
#[allow(
    clippy::too_many_arguments,
    reason = "the state of one step of the descent"
)]
fn normal(
    model: &RigModel,
    numbers: &[f64],
    unknowns: &[Unknown],
    free: &[usize],
    tracks: &[Vec<Sighting>],
    points: &[Vec3],
    c: f64,
    damping: f64,
) -> (Vec<Part>, Vec<Vec<f64>>, Vec<f64>) {
    let here = cameras(model, numbers);
    let moved: Vec<[Vec<Camera>; 2]> = free
        .iter()
        .map(|&at| {
            [1.0, -1.0].map(|sign| {
                let mut other = numbers.to_vec();
                other[at] += sign * unknowns[at].step;
                cameras(model, &other)
            })
        })
        .collect();
    let n = free.len();
    let parts: Vec<Part> = tracks
        .par_iter()
        .zip(points)
        .map(|(track, point)| {
            let mut part = Part {
                reduced: vec![vec![0.0; n]; n],
                gradient: vec![0.0; n],
                inverse: [[0.0; 3]; 3],
                point_gradient: [0.0; 3],
                mixed: vec![[0.0; 3]; n],
            };
            let mut own = [[0.0; 3]; 3];
            let mut by_number = vec![[0.0; 2]; n];
            for s in track {
                let e = error(&here[s.frame], *point, s.place);
                let weight = 1.0 / (1.0 + (e[0] * e[0] + e[1] * e[1]) / (c * c));
                let by_axis: [[f64; 2]; 3] = std::array::from_fn(|axis| {
                    const STEP: f64 = 1e-6;
                    let (mut high, mut low) = (*point, *point);
                    high[axis] += STEP;
                    low[axis] -= STEP;
                    let (a, b) = (
                        error(&here[s.frame], high, s.place),
                        error(&here[s.frame], low, s.place),
                    );
                    [(a[0] - b[0]) / (2.0 * STEP), (a[1] - b[1]) / (2.0 * STEP)]
                });
                for (k, [high, low]) in moved.iter().enumerate() {
                    let step = 2.0 * unknowns[free[k]].step;
                    let (a, b) = (
                        error(&high[s.frame], *point, s.place),
                        error(&low[s.frame], *point, s.place),
                    );
                    by_number[k] = [(a[0] - b[0]) / step, (a[1] - b[1]) / step];
                }
                let product = |a: [f64; 2], b: [f64; 2]| weight * (a[0] * b[0] + a[1] * b[1]);
                for axis in 0..3 {
                    part.point_gradient[axis] += product(by_axis[axis], e);
                    for other in 0..3 {
                        own[axis][other] += product(by_axis[axis], by_axis[other]);
                    }
                }
                for k in 0..n {
                    part.gradient[k] += product(by_number[k], e);
                    for axis in 0..3 {
                        part.mixed[k][axis] += product(by_number[k], by_axis[axis]);
                    }
                    for l in 0..=k {
                        part.reduced[k][l] += product(by_number[k], by_number[l]);
                    }
                }
            }
            for (axis, row) in own.iter_mut().enumerate() {
                row[axis] = row[axis] * (1.0 + damping) + 1e-9;
            }
            part.inverse = inverse(&own);
            for k in 0..n {
                let taken = crate::vector::mul(&part.inverse, part.mixed[k]);
                part.gradient[k] -= dot(taken, part.point_gradient);
                for l in 0..=k {
                    part.reduced[k][l] -= dot(taken, part.mixed[l]);
                }
            }
            part
        })
        .collect();
    let mut reduced = vec![vec![0.0; n]; n];
    let mut gradient = vec![0.0; n];
    for part in &parts {
        for k in 0..n {
            gradient[k] += part.gradient[k];
            for l in 0..=k {
                reduced[k][l] += part.reduced[k][l];
            }
        }
    }
    for k in 0..n {
        for l in 0..k {
            reduced[l][k] = reduced[k][l];
        }
        if let Some(prior) = unknowns[free[k]].prior {
            let weight = 1.0 / (prior.sigma * prior.sigma);
            reduced[k][k] += weight;
            gradient[k] += weight * (numbers[free[k]] - prior.mean);
        }
    }
    (parts, reduced, gradient)
}

fn inverse(m: &[[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let columns = [cross(m[1], m[2]), cross(m[2], m[0]), cross(m[0], m[1])];
    let determinant = dot(m[0], columns[0]);
    if determinant.abs() < 1e-300 {
        return [[0.0; 3]; 3];
    }
    std::array::from_fn(|row| std::array::from_fn(|column| columns[column][row] / determinant))
}
