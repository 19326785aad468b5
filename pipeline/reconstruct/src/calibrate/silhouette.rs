//! The rig from outlines alone: planes through two cameras that touch the product touch both its outlines.
//!
//! The tangency constraint of Wong and Cipolla 2001, "Structure and motion from silhouettes", on convex hulls, with the
//! turntable's few unknowns in place of free poses.

use std::f64::consts::{PI, TAU};

use super::model::{Freedom, RigModel};
use crate::camera::Pixel;
use crate::solve::{Residuals, Solution, eigenvalues, inverse_diagonal, minimise};
use crate::vector::{Vec3, cross, mul, mul_transposed, sub};

/// Turns between the two views of a pair, as shares of a full one.
const OFFSETS: [f64; 4] = [1.0 / 9.0, 1.0 / 6.0, 1.0 / 4.0, 1.0 / 3.0];
/// Residuals beyond this count by their length only, pixels.
const SOFT_PX: f64 = 0.5;
/// Where descents start.
const STARTS_DEG: [f64; 3] = [10.0, 35.0, 60.0];
/// Rows may begin at other angles; so many starts about the turn.
const ROW_STARTS: usize = 12;
/// Tilts at which further rows are tried.
const ROW_TILTS_DEG: [f64; 5] = [5.0, 20.0, 35.0, 50.0, 70.0];
/// How many of the best starts go on.
const ROW_DESCENTS: usize = 3;

/// How many residuals err as one.
const NOISE_TOGETHER: f64 = 3.0;
/// The ratio of eigenvalues above which outlines tell the focal length.
const LENS_RATIO: f64 = 5e-2;

/// What the outlines say about the rig.
#[derive(Clone, Debug)]
pub(crate) struct Fit {
    pub model: RigModel,
    pub numbers: Vec<f64>,
    pub freedom: Freedom,
    /// Root mean square of the tangency residuals, pixels.
    pub rms_px: f64,
    /// The same with the table turning the other way.
    pub other_way_rms_px: f64,
    /// Standard deviation of each row's tilt.
    pub tilt_sigma_rad: Vec<f64>,
    /// The smallest eigenvalue of the Hessian of the first row's tilt, pan and roll over the next: near 0 the product
    /// looks alike from all sides and its tilt is open.
    pub eigenvalue_ratio: f64,
    /// Root mean square of each frame's residuals, pixels.
    pub frame_rms_px: Vec<f64>,
}

struct Tangency<'a> {
    model: &'a RigModel,
    hulls: &'a [Vec<[f64; 2]>],
    pairs: Vec<(usize, usize)>,
    /// For each frame the pairs that it is in.
    pairs_of: Vec<Vec<usize>>,
}

impl<'a> Tangency<'a> {
    fn new(model: &'a RigModel, hulls: &'a [Vec<[f64; 2]>]) -> Self {
        let mut pairs = Vec::new();
        let frames = &model.frames;
        for (i, (row, from)) in frames.iter().enumerate() {
            for other in 0..model.rows {
                for offset in OFFSETS {
                    let away = |j: usize| wrapped(frames[j].1 - from - offset * TAU).abs();
                    let nearest = (0..frames.len())
                        .filter(|j| frames[*j].0 == other && !hulls[*j].is_empty())
                        .min_by(|a, b| away(*a).total_cmp(&away(*b)));
                    let Some(j) = nearest.filter(|j| *j != i && away(*j) < 0.2) else {
                        continue;
                    };
                    if !hulls[i].is_empty() {
                        pairs.push((i, j));
                        if other == *row {
                            pairs.push((j, i));
                        }
                    }
                }
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        let mut pairs_of = vec![Vec::new(); frames.len()];
        for (at, (i, j)) in pairs.iter().enumerate() {
            pairs_of[*i].push(at);
            pairs_of[*j].push(at);
        }
        Self {
            model,
            hulls,
            pairs,
            pairs_of,
        }
    }

    /// The rays through a hull's corners.
    fn rays(&self, numbers: &[f64], frame: usize) -> Vec<Vec3> {
        let lens = self.model.intrinsics(numbers);
        let [focal, _] = lens.focal_px;
        let Pixel { x: cx, y: cy } = lens.centre;
        self.hulls[frame]
            .iter()
            .map(|[x, y]| {
                let bent = [(x - cx) / focal, (y - cy) / focal];
                let mut straight = bent;
                if lens.k1 != 0.0 {
                    for _ in 0..4 {
                        let square = straight[0].powi(2) + straight[1].powi(2);
                        straight = bent.map(|v| v / (1.0 + lens.k1 * square));
                    }
                }
                [straight[0], straight[1], 1.0]
            })
            .collect()
    }
}

fn wrapped(angle_rad: f64) -> f64 {
    (angle_rad + PI).rem_euclid(TAU) - PI
}

impl Residuals for Tangency<'_> {
    const PER_GROUP: usize = 2;

    fn groups(&self) -> usize {
        self.pairs.len()
    }

    fn evaluate(&self, numbers: &[f64], group: usize, out: &mut [f64]) {
        let (i, j) = self.pairs[group];
        let (from, to) = (self.model.camera(numbers, i), self.model.camera(numbers, j));
        let baseline = sub(to.centre(), from.centre());
        let epipole = mul(&from.camera_from_table, baseline);
        let (rays, others) = (self.rays(numbers, i), self.rays(numbers, j));
        let focal = from.intrinsics.focal_px[0];
        for (touching, out) in tangents(epipole, &rays).into_iter().zip(out) {
            let ray = mul_transposed(&from.camera_from_table, touching);
            let line = mul(&to.camera_from_table, cross(baseline, ray));
            let length = line[0].hypot(line[1]);
            let (mut low, mut high) = (f64::MAX, f64::MIN);
            for q in &others {
                let side = (line[0] * q[0] + line[1] * q[1] + line[2]) / length;
                (low, high) = (low.min(side), high.max(side));
            }
            // Half the width less the distance of the middle: 0 where the line touches either side.
            let miss = (high - low) / 2.0 - f64::midpoint(high, low).abs();
            *out = if miss.is_finite() { miss * focal } else { 1e3 };
        }
    }

    fn moved_by(&self, parameter: usize) -> Option<&[usize]> {
        let frame = parameter.checked_sub(self.model.angle(0))?;
        self.pairs_of.get(frame).map(Vec::as_slice)
    }
}

/// The two corners at which lines through `epipole` touch the hull. The epipole may lie at infinity, not in the hull.
fn tangents(epipole: Vec3, rays: &[Vec3]) -> [Vec3; 2] {
    let sign = if epipole[2] < 0.0 { -1.0 } else { 1.0 };
    let towards = |p: &Vec3| {
        [
            sign * (epipole[2] * p[0] - epipole[0]),
            sign * (epipole[2] * p[1] - epipole[1]),
        ]
    };
    let middle = rays.iter().map(towards).fold([0.0; 2], |sum, d| {
        let length = d[0].hypot(d[1]).max(1e-12);
        [sum[0] + d[0] / length, sum[1] + d[1] / length]
    });
    let mut ends = [(f64::MAX, [0.0; 3]), (f64::MIN, [0.0; 3])];
    for ray in rays {
        let d = towards(ray);
        let turn = (middle[0] * d[1] - middle[1] * d[0]).atan2(middle[0] * d[0] + middle[1] * d[1]);
        if turn < ends[0].0 {
            ends[0] = (turn, *ray);
        }
        if turn > ends[1].0 {
            ends[1] = (turn, *ray);
        }
    }
    [ends[0].1, ends[1].1]
}

/// Finds the rig whose epipolar tangents fit the hulls best. The angles are freed where residuals stay above
/// `angles_above_px` without.
pub(crate) fn fit(model: &RigModel, hulls: &[Vec<[f64; 2]>], angles_above_px: f64) -> Fit {
    let [there, back] = [1.0, -1.0].map(|sense| {
        let model = RigModel {
            sense,
            ..model.clone()
        };
        let solution = from_all_starts(&model, hulls);
        (model, solution)
    });
    let ((model, mut solution), (_, other)) = if there.1.cost <= back.1.cost {
        (there, back)
    } else {
        (back, there)
    };
    let tangency = Tangency::new(&model, hulls);
    let (_, ratio) = certainty(&model, &solution, &tangency);
    let mut freedom = Freedom::default();
    let free_more = |freedom: Freedom, solution: &mut Solution| {
        // Outlines err together, not each pixel by itself: priors weigh as much as the noise that is there.
        let unknowns = model.unknowns(freedom, (NOISE_TOGETHER * solution.rms).max(0.05));
        *solution = minimise(&tangency, &solution.parameters, &unknowns, SOFT_PX);
    };
    // A round product says nothing about the lens either.
    if ratio > LENS_RATIO {
        freedom.lens = true;
        free_more(freedom, &mut solution);
    }
    if solution.rms > angles_above_px {
        freedom.angles = true;
        free_more(freedom, &mut solution);
    }
    let frame_rms_px = frame_rms(&tangency, &solution.parameters);
    let (tilt_sigma_rad, eigenvalue_ratio) = certainty(&model, &solution, &tangency);
    drop(tangency);
    Fit {
        rms_px: solution.rms,
        other_way_rms_px: other.rms,
        numbers: solution.parameters,
        freedom,
        tilt_sigma_rad,
        eigenvalue_ratio,
        frame_rms_px,
        model,
    }
}

fn from_all_starts(model: &RigModel, hulls: &[Vec<[f64; 2]>]) -> Solution {
    // The first row alone, then the others one by one.
    let first = RigModel {
        rows: 1,
        frames: model.frames.iter().copied().filter(|f| f.0 == 0).collect(),
        ..model.clone()
    };
    let unknowns = first.unknowns(Freedom::default(), 1.0);
    let tangency = Tangency::new(&first, &hulls[..first.frames.len()]);
    let best = STARTS_DEG
        .iter()
        .map(|tilt| {
            minimise(
                &tangency,
                &first.start(tilt.to_radians()),
                &unknowns,
                SOFT_PX,
            )
        })
        .filter(|found| (0.0..PI / 2.0).contains(&found.parameters[RigModel::tilt(0)]))
        .min_by(|a, b| a.cost.total_cmp(&b.cost))
        .unwrap_or_else(|| minimise(&tangency, &first.start(0.35), &unknowns, SOFT_PX));
    if model.rows == 1 {
        return best;
    }
    let tangency = Tangency::new(model, hulls);
    let unknowns = model.unknowns(Freedom::default(), 1.0);
    let mut starts: Vec<(f64, Vec<f64>)> = (0..ROW_STARTS)
        .flat_map(|k| ROW_TILTS_DEG.map(|tilt| (k, tilt.to_radians())))
        .map(|(k, tilt)| {
            let mut start = model.start(tilt);
            start[..5].copy_from_slice(&best.parameters[..5]);
            for row in 1..model.rows {
                let at = RigModel::tilt(row);
                // A camera that looks at the same place from the same distance, at another height.
                let first = best.parameters[2];
                start[at + 3] = tilt.sin() - first.sin();
                start[at + 4] = (tilt.cos() / first.cos()).ln();
                start[at + 5] = TAU * k as f64 / ROW_STARTS as f64;
            }
            (total(&tangency, &start), start)
        })
        .collect();
    starts.sort_by(|a, b| a.0.total_cmp(&b.0));
    starts
        .iter()
        .take(ROW_DESCENTS)
        .map(|(_, start)| minimise(&tangency, start, &unknowns, SOFT_PX))
        .min_by(|a, b| a.cost.total_cmp(&b.cost))
        .unwrap_or(best)
}

/// The sum of all residuals' lengths.
fn total(tangency: &Tangency<'_>, numbers: &[f64]) -> f64 {
    let mut out = [0.0; 2];
    (0..tangency.groups())
        .map(|group| {
            tangency.evaluate(numbers, group, &mut out);
            out[0].abs() + out[1].abs()
        })
        .sum()
}

fn frame_rms(tangency: &Tangency<'_>, numbers: &[f64]) -> Vec<f64> {
    let mut out = [0.0; 2];
    tangency
        .pairs_of
        .iter()
        .map(|pairs| {
            let mut sum = 0.0;
            for pair in pairs {
                tangency.evaluate(numbers, *pair, &mut out);
                sum += out[0] * out[0] + out[1] * out[1];
            }
            (sum / (2 * pairs.len().max(1)) as f64).sqrt()
        })
        .collect()
}

fn certainty(model: &RigModel, solution: &Solution, tangency: &Tangency<'_>) -> (Vec<f64>, f64) {
    let noise = solution.rms.max(0.1);
    let diagonal = inverse_diagonal(&solution.hessian);
    let sigmas = (0..model.rows)
        .map(|row| {
            let at = solution.free.iter().position(|p| *p == RigModel::tilt(row));
            match (&diagonal, at) {
                (Some(diagonal), Some(at)) => diagonal[at].max(0.0).sqrt() * noise,
                _ => f64::INFINITY,
            }
        })
        .collect();
    // Tilt, pan and roll of the first row, whatever else is free.
    let mut unknowns = model.unknowns(Freedom::default(), 1.0);
    for (at, unknown) in unknowns.iter_mut().enumerate() {
        unknown.free = (RigModel::tilt(0)..RigModel::tilt(0) + 3).contains(&at);
    }
    let alone = minimise(tangency, &solution.parameters, &unknowns, SOFT_PX);
    let values = eigenvalues(alone.hessian);
    (
        sigmas,
        values[0].max(0.0) / values[1].max(f64::MIN_POSITIVE),
    )
}
