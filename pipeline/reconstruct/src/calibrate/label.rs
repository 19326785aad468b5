//! The rig from what is printed on the product: for jars, bottles and vases, whose outlines leave the tilt open, and to
//! sharpen what outlines tell.

use std::f64::consts::TAU;

use rayon::prelude::*;

use super::bundle::{Bundle, adjust, cost_of};
use super::model::{Freedom, RigModel};
use super::silhouette::Fit;
use crate::camera::Pixel;
use crate::distance::DistanceField;
use crate::features::{Feature, Sighting, detect, tracks};
use crate::observation::Capture;
use crate::solve::Prior;

/// Photos farther apart than this show too different sides.
const PAIR_RAD: f64 = 0.8;
/// How far a feature may rise or fall between two photos, as a share of the product's height in them.
const MOST_RISE: f64 = 0.25;
/// Tilts that are tried, degrees.
const TILTS_DEG: [f64; 11] = [
    3.0, 8.0, 13.0, 18.0, 23.0, 28.0, 34.0, 40.0, 48.0, 56.0, 65.0,
];
/// The scale of the robust cost, round by round, pixels.
const SCALES_PX: [f64; 4] = [3.0, 1.0, 0.5, 0.5];
/// Tracks with larger errors are left out, round by round, pixels.
const TRACK_PX: [f64; 4] = [4.0, 2.0, 1.0, 0.8];
/// A point on a surface of revolution lies between these shares of the largest radius at its height.
const ON_SURFACE: std::ops::Range<f64> = 0.9..1.06;
/// Fewer clean tracks than this tell nothing.
pub(super) const LEAST_TRACKS: usize = 20;
/// Priors of pan and roll, which outlines tell of round products too.
const AXIS_SIGMA_RAD: f64 = 0.002;
/// The residual of outlines, pixels, up to which those priors hold.
const AXIS_NOISE_PX: f64 = 0.1;
/// How many sightings err as one.
const NOISE_TOGETHER: f64 = 5.0;
/// Points of the disc lie within this of one height, in distances of the camera.
const DISC_SPREAD: f64 = 0.004;
/// Fewer points do not tell the disc's height.
const LEAST_DISC_POINTS: usize = 15;
/// Most tracks that take part: the longest.
const MOST_TRACKS: usize = 3000;

/// What features say about the rig.
#[derive(Clone, Debug)]
pub(crate) struct LabelFit {
    pub model: RigModel,
    pub bundle: Bundle,
    /// Clean tracks.
    pub tracks: usize,
    /// Root mean square reprojection error, pixels.
    pub rms_px: f64,
    pub tilt_sigma_rad: Vec<f64>,
    /// The height of the disc, where enough points lie on it.
    pub disc_height: Option<f64>,
    /// Robust cost of the other sense of turning over that of this one.
    pub direction_contrast: f64,
}

/// All tracks of a capture.
pub(crate) fn find_tracks(
    capture: &Capture,
    fields: &[DistanceField],
    model: &RigModel,
) -> Vec<Vec<Sighting>> {
    let features: Vec<Vec<Feature>> = capture
        .observations
        .par_iter()
        .zip(fields)
        .map(|(o, field)| detect(&o.window, field))
        .collect();
    let mut pairs = Vec::new();
    for i in 0..model.frames.len() {
        for j in i + 1..model.frames.len() {
            let (a, b) = (model.frames[i], model.frames[j]);
            let apart = (b.1 - a.1 + TAU / 2.0).rem_euclid(TAU) - TAU / 2.0;
            if apart.abs() < PAIR_RAD && a.0.abs_diff(b.0) <= 1 {
                pairs.push((i, j));
            }
        }
    }
    let tall = capture
        .observations
        .iter()
        .map(|o| o.window.height)
        .max()
        .unwrap_or(0);
    // Photos of another height see the product at another place.
    let rise = if model.rows > 1 { 1.0 } else { MOST_RISE };
    let mut all = tracks(&features, &pairs, rise * tall as f64);
    all.sort_by_key(|track| std::cmp::Reverse(track.len()));
    all.truncate(MOST_TRACKS);
    all
}

/// Finds the rig that fits the tracks, from what the outlines tell; with `round` their tilt is not believed.
pub(crate) fn fit(
    outlines: &Fit,
    round: bool,
    all: &[Vec<Sighting>],
    fields: &[DistanceField],
) -> Option<LabelFit> {
    if all.len() < LEAST_TRACKS {
        return None;
    }
    let (start, freedom) = (outlines.numbers.as_slice(), outlines.freedom);
    let outline_rms_px = outlines.rms_px;
    let (mut model, mut numbers) = (outlines.model.clone(), start.to_vec());
    let mut contrast = f64::INFINITY;
    if round {
        let best = |sense: f64| {
            let model = RigModel {
                sense,
                ..model.clone()
            };
            TILTS_DEG
                .iter()
                .map(|tilt| {
                    let mut numbers = start.to_vec();
                    numbers[RigModel::tilt(0)] = tilt.to_radians();
                    // Further rows are found from the first's points afterwards.
                    let first: Vec<Vec<Sighting>> = of_first_row(&model, all);
                    (cost_of(&model, &numbers, &first, SCALES_PX[0]), numbers)
                })
                .min_by(|a, b| a.0.total_cmp(&b.0))
        };
        let (there, back) = (best(1.0)?, best(-1.0)?);
        let sense = if there.0 <= back.0 { 1.0 } else { -1.0 };
        contrast = there.0.max(back.0) / there.0.min(back.0).max(1e-9);
        model.sense = sense;
        numbers = if sense > 0.0 { there.1 } else { back.1 };
    }
    if model.rows > 1 && round {
        numbers = place_rows(&model, &numbers, all);
    }
    let mut kept: Vec<Vec<Sighting>> = all.to_vec();
    let mut bundle = None;
    for (round_at, (c, most_px)) in SCALES_PX.into_iter().zip(TRACK_PX).enumerate() {
        let noise = NOISE_TOGETHER * c.min(1.0);
        let mut unknowns = model.unknowns(
            Freedom {
                // The lens only once the tilt is about right.
                lens: round_at > 0,
                ..freedom
            },
            noise,
        );
        for row in 0..model.rows {
            for at in [RigModel::tilt(row) + 1, RigModel::tilt(row) + 2] {
                if row == 0 || !round {
                    unknowns[at].prior = Some(Prior {
                        mean: start[at],
                        sigma: AXIS_SIGMA_RAD * (outline_rms_px / AXIS_NOISE_PX).max(1.0) / noise,
                    });
                }
            }
        }
        let found = adjust(&model, &numbers, &unknowns, &kept, c);
        numbers.clone_from(&found.numbers);
        let keep: Vec<bool> = found
            .track_rms
            .iter()
            .zip(found.points.iter().zip(&kept))
            .map(|(rms, (point, track))| {
                let free = !round || !track[0].on_product;
                *rms < most_px && (free || on_surface(&model, &numbers, fields, *point))
            })
            .collect();
        let mut keeps = keep.iter();
        if round_at + 1 < SCALES_PX.len() {
            kept.retain(|_| keeps.next().copied().unwrap_or(false));
            if kept.len() < LEAST_TRACKS {
                return None;
            }
        }
        bundle = Some(found);
    }
    let bundle = bundle?;
    let sightings: usize = kept.iter().map(Vec::len).sum();
    let square: f64 = kept
        .iter()
        .zip(&bundle.track_rms)
        .map(|(track, rms)| track.len() as f64 * rms * rms)
        .sum();
    let rms_px = (square / sightings.max(1) as f64).sqrt();
    let tilt_sigma_rad = (0..model.rows)
        .map(|row| bundle.sigma[RigModel::tilt(row)] * rms_px * NOISE_TOGETHER)
        .collect();
    Some(LabelFit {
        tracks: kept.len(),
        disc_height: disc_height(&kept, &bundle.points, &bundle.track_rms),
        rms_px,
        tilt_sigma_rad,
        direction_contrast: contrast,
        bundle,
        model,
    })
}

/// The height at which the points beside the product lie: those that turn with it lie on the disc.
fn disc_height(kept: &[Vec<Sighting>], points: &[[f64; 3]], rms: &[f64]) -> Option<f64> {
    let mut heights: Vec<f64> = kept
        .iter()
        .zip(points.iter().zip(rms))
        .filter(|(track, (_, rms))| !track[0].on_product && **rms < TRACK_PX[3])
        .map(|(_, (point, _))| point[1])
        .collect();
    heights.sort_by(f64::total_cmp);
    let middle = *heights.get(heights.len() / 2)?;
    let near = heights
        .iter()
        .filter(|h| (*h - middle).abs() < DISC_SPREAD)
        .count();
    (near >= LEAST_DISC_POINTS && near * 2 > heights.len()).then_some(middle)
}

fn of_first_row(model: &RigModel, all: &[Vec<Sighting>]) -> Vec<Vec<Sighting>> {
    all.iter()
        .filter_map(|track| {
            let own: Vec<Sighting> = track
                .iter()
                .copied()
                .filter(|s| model.frames[s.frame].0 == 0)
                .collect();
            (own.len() >= 3).then_some(own)
        })
        .collect()
}

/// Where the cameras of further rows stand: of a set of guesses the one that fits the tracks which join the rows.
fn place_rows(model: &RigModel, numbers: &[f64], all: &[Vec<Sighting>]) -> Vec<f64> {
    let mut best = numbers.to_vec();
    let first = best[RigModel::tilt(0)];
    for row in 1..model.rows {
        let joined: Vec<Vec<Sighting>> = all
            .iter()
            .filter(|track| {
                let has = |row: usize| track.iter().any(|s| model.frames[s.frame].0 == row);
                has(0) && has(row)
            })
            .take(400)
            .cloned()
            .collect();
        let at = RigModel::tilt(row);
        let guesses = TILTS_DEG.iter().flat_map(|tilt| {
            [0.8_f64, 0.9, 1.0, 1.1, 1.25].map(|distance| (tilt.to_radians(), distance))
        });
        let found = guesses
            .map(|(tilt, distance)| {
                let mut guess = best.clone();
                guess[at] = tilt;
                guess[at + 1] = best[RigModel::tilt(0) + 1];
                guess[at + 2] = best[RigModel::tilt(0) + 2];
                // It looks at the place that the first row looks at.
                guess[at + 3] = distance * tilt.sin() - first.sin();
                guess[at + 4] = (distance * tilt.cos() / first.cos()).ln();
                (cost_of(model, &guess, &joined, 8.0), guess)
            })
            .min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, guess)) = found {
            best = guess;
        }
    }
    best
}

/// Whether a point lies where a surface of revolution with these outlines has its surface: drops reflections, and what
/// glass bends.
fn on_surface(
    model: &RigModel,
    numbers: &[f64],
    fields: &[DistanceField],
    point: [f64; 3],
) -> bool {
    let radius = point[0].hypot(point[2]);
    let frames = [0, model.frames.len() / 3, 2 * model.frames.len() / 3];
    let mut largest: Vec<f64> = frames
        .iter()
        .map(|frame| {
            let camera = model.camera(numbers, *frame);
            let inside = |r: f64| {
                (0..24).all(|k| {
                    let (sin, cos) = (TAU * f64::from(k) / 24.0).sin_cos();
                    let place = camera.project([r * cos, point[1], r * sin]);
                    place.is_some_and(|Pixel { x, y }| fields[*frame].at(Pixel { x, y }) > 0.0)
                })
            };
            let (mut low, mut high) = (0.0, 2.0 * radius + 0.01);
            for _ in 0..18 {
                let middle = f64::midpoint(low, high);
                if inside(middle) {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            low
        })
        .collect();
    largest.sort_by(f64::total_cmp);
    let largest = largest[1];
    largest > 0.0 && ON_SURFACE.contains(&(radius / largest))
}
