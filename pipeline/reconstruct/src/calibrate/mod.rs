//! Where the cameras stood.

mod bundle;
mod disturbed;
mod focal;
mod gates;
mod label;
mod mat;
mod metric;
mod model;
mod silhouette;

use xoay_format::Watch;

use self::gates::{BAD_RMS, features_verdict, judged, spared, within_frame};
pub(crate) use self::mat::{View, view};
use self::metric::ByMat;
use self::model::RigModel;
use crate::camera::Pixel;
use crate::distance::DistanceField;
use crate::error::ReconstructError;
use crate::observation::Capture;
use crate::outline::{convex_hull, crossings};
use crate::rig::{Camera, TurntableRig};
use crate::verdict::{Outcome, Verdict};

/// Fewest photos of a row.
pub const LEAST_PHOTOS: usize = 12;
/// Above this the steps of the turn are freed, pixels of a photo of 1600.
const FREE_ANGLES_RMS: f64 = 1.5;
/// Below this ratio of eigenvalues the product looks alike from all sides.
const ROUND_RATIO: f64 = 1e-2;
/// Outlines as alike as this are those of a round product, however the cut wavers.
const ROUND_LIKENESS: f64 = 0.96;
/// So many clean points are better than outlines.
const SHARPENING_TRACKS: usize = 150;
/// What the focal length is taken for where photos state none: 50 mm before 36 mm.
const USUAL_FOCAL: f64 = 50.0 / 36.0;

/// How a rig was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// From the outlines.
    Outlines,
    /// From the markers of a mat.
    Mat,
    /// From features on the surface: the product is round.
    Features,
}

/// A rig and what speaks for it.
#[derive(Clone, Debug)]
pub struct Calibration {
    /// The cameras. Its origin lies on the axis at the height of the first row's camera, whose distance is 1.
    pub rig: TurntableRig,
    /// Which row and which frame of it each photo is.
    pub places: Vec<(usize, usize)>,
    /// What told it.
    pub method: Method,
    /// Root mean square of the residuals, pixels.
    pub rms_px: f64,
    /// Root mean square of the outlines' tangency residuals, pixels.
    pub outline_rms_px: f64,
    /// The same for each photo.
    pub photo_rms_px: Vec<f64>,
    /// Standard deviation of each row's tilt, degrees.
    pub tilt_sigma_deg: Vec<f64>,
    /// The height of the disc in the rig's frame, where what is printed on it tells it.
    pub disc_height: Option<f64>,
    /// What one unit of the rig is long in metres, where a mat tells it.
    pub metres_per_unit: Option<f64>,
    /// How many features of the surface took part.
    pub features: usize,
    /// Every gate's word.
    pub verdicts: Vec<Verdict>,
}

impl Calibration {
    /// The camera of each photo.
    #[must_use]
    pub fn cameras(&self) -> Vec<Camera> {
        self.places
            .iter()
            .filter_map(|(row, frame)| self.rig.camera(*row, *frame))
            .collect()
    }
}

/// Finds the rig of a capture.
///
/// # Errors
/// [`ReconstructError::TooFewPhotos`], [`ReconstructError::Refused`], [`ReconstructError::Cancelled`].
pub fn calibrate(capture: &Capture, watch: Watch<'_>) -> Result<Calibration, ReconstructError> {
    let mut verdicts = vec![within_frame(capture)];
    let rows = capture.row_count();
    let fewest = (0..rows)
        .map(|row| capture.observations.iter().filter(|o| o.row == row).count())
        .min()
        .unwrap_or(0);
    if fewest < LEAST_PHOTOS {
        return Err(ReconstructError::TooFewPhotos {
            found: fewest,
            needed: LEAST_PHOTOS,
        });
    }
    refuse_if(&verdicts)?;
    let long = f64::from(capture.width.max(capture.height));
    let model = unknown_rig(capture, rows);
    let unit = long / 1600.0;
    match metric::calibrate(capture, &model, unit) {
        ByMat::Absent => {}
        ByMat::Doubted(verdict) => {
            verdicts.push(verdict);
            refuse_if(&verdicts)?;
        }
        ByMat::Found(mut found) => {
            found.verdicts.splice(0..0, verdicts);
            return Ok(*found);
        }
    }
    let hulls = outlines(capture);
    let mut fit = silhouette::fit(&model, &hulls, FREE_ANGLES_RMS * unit);
    if fit.rms_px > BAD_RMS * unit
        && let Some(other) = focal::other_lens(&model, &hulls, &fit, FREE_ANGLES_RMS * unit)
    {
        verdicts.push(focal::verdict(capture.focal_px, other.model.focal_px, long));
        fit = other;
    }
    if watch.cancelled() {
        return Err(ReconstructError::Cancelled);
    }
    let fields = DistanceField::of_all(&capture.observations);
    let round = fit.eigenvalue_ratio < ROUND_RATIO || looks_round(capture);
    let tracks = label::find_tracks(capture, &fields, &fit.model);
    let labelled = label::fit(&fit, round, &tracks, &fields);
    if watch.cancelled() {
        return Err(ReconstructError::Cancelled);
    }
    let (mut outline_verdicts, tilt) = judged(&fit, round, capture, &hulls, unit);
    let labelled = labelled.filter(|label| round || label.tracks >= SHARPENING_TRACKS);
    if labelled.is_some() {
        outline_verdicts.iter_mut().for_each(spared);
    }
    verdicts.extend(outline_verdicts);
    verdicts.push(match &labelled {
        Some(label) => features_verdict(label, round),
        None => tilt,
    });
    refuse_if(&verdicts)?;
    let mut count = vec![0; rows];
    let places = capture
        .observations
        .iter()
        .map(|o| {
            count[o.row] += 1;
            (o.row, count[o.row] - 1)
        })
        .collect();
    let (rig, tilt_sigma_rad) = match &labelled {
        Some(label) => (
            label.model.rig(&label.bundle.numbers),
            label.tilt_sigma_rad.clone(),
        ),
        None => (fit.model.rig(&fit.numbers), fit.tilt_sigma_rad.clone()),
    };
    Ok(Calibration {
        rig,
        places,
        method: if labelled.is_some() {
            Method::Features
        } else {
            Method::Outlines
        },
        rms_px: labelled.as_ref().map_or(fit.rms_px, |label| label.rms_px),
        outline_rms_px: fit.rms_px,
        photo_rms_px: fit.frame_rms_px,
        tilt_sigma_deg: tilt_sigma_rad.iter().map(|s| s.to_degrees()).collect(),
        disc_height: labelled.as_ref().and_then(|label| label.disc_height),
        metres_per_unit: None,
        features: labelled.as_ref().map_or(0, |label| label.tracks),
        verdicts,
    })
}

/// What is known before the search: the middle of the picture, the lens that photos state, rows and steps.
fn unknown_rig(capture: &Capture, rows: usize) -> RigModel {
    let long = f64::from(capture.width.max(capture.height));
    RigModel {
        centre: Pixel {
            x: f64::from(capture.width) / 2.0,
            y: f64::from(capture.height) / 2.0,
        },
        focal_px: capture.focal_px.unwrap_or(USUAL_FOCAL * long),
        // EXIF's focal length is a nominal one, in whole millimetres.
        focal_sigma: if capture.focal_px.is_some() {
            0.03
        } else {
            0.5
        },
        rows,
        frames: capture
            .observations
            .iter()
            .map(|o| (o.row, o.nominal_rad))
            .collect(),
        sense: 1.0,
    }
}

/// Whether the outlines of the first row are those of a round product on the axis.
pub(crate) fn looks_round(capture: &Capture) -> bool {
    likeness(capture) > ROUND_LIKENESS
}

/// How alike the outlines of the first row are: the mean intersection over union with what most of its photos cover.
fn likeness(capture: &Capture) -> f64 {
    let first: Vec<_> = capture.observations.iter().filter(|o| o.row == 0).collect();
    let (width, height) = (capture.width as usize, capture.height as usize);
    let mut counts = vec![0_u32; width * height];
    let covered = |window: &crate::observation::Window| {
        let (w, left, top) = (window.width, window.left, window.top);
        let places: Vec<usize> = window
            .rgba
            .chunks_exact(4)
            .enumerate()
            .filter(|(_, p)| p[3] >= 128)
            .map(|(at, _)| (top + at / w) * width + left + at % w)
            .collect();
        places
    };
    let all: Vec<Vec<usize>> = first.iter().map(|o| covered(&o.window)).collect();
    for place in all.iter().flatten() {
        counts[*place] += 1;
    }
    let most = |place: &usize| counts[*place] as usize * 2 > first.len();
    let size = (0..counts.len()).filter(most).count();
    let sum: f64 = all
        .iter()
        .map(|places| {
            let both = places.iter().filter(|place| most(place)).count();
            both as f64 / (size + places.len() - both).max(1) as f64
        })
        .sum();
    sum / all.len().max(1) as f64
}

/// The convex hull of each photo's outline.
pub(crate) fn outlines(capture: &Capture) -> Vec<Vec<[f64; 2]>> {
    capture
        .observations
        .iter()
        .map(|o| convex_hull(crossings(&o.window)))
        .collect()
}

fn refuse_if(verdicts: &[Verdict]) -> Result<(), ReconstructError> {
    let refused: Vec<Verdict> = verdicts
        .iter()
        .filter(|v| v.outcome == Outcome::Refused)
        .cloned()
        .collect();
    if refused.is_empty() {
        Ok(())
    } else {
        Err(ReconstructError::Refused(refused))
    }
}
