//! Where the cameras stood.

mod bundle;
mod label;
mod model;
mod silhouette;

use xoay_format::{Text, Watch};

use self::label::LabelFit;
use self::model::RigModel;
use self::silhouette::Fit;
use crate::camera::Pixel;
use crate::distance::DistanceField;
use crate::error::ReconstructError;
use crate::observation::Capture;
use crate::outline::{convex_hull, crossings};
use crate::rig::{Camera, TurntableRig};
use crate::verdict::{Gate, Outcome, Verdict, listed};

/// Fewest photos of a row.
pub const LEAST_PHOTOS: usize = 12;
/// Tangency residuals up to this are as good as outlines get, pixels of a photo of 1600.
const GOOD_RMS: f64 = 0.6;
/// Beyond this something is wrong, pixels of a photo of 1600.
const BAD_RMS: f64 = 3.0;
/// Above this the steps of the turn are freed, pixels of a photo of 1600.
const FREE_ANGLES_RMS: f64 = 1.5;
/// A wrong sense of turning has at least so many times the residual.
const CLEAR_DIRECTION: f64 = 2.0;
/// The largest standard deviation of the tilt that leaves the shape alone.
const GOOD_TILT_SIGMA_DEG: f64 = 0.3;
/// Below this ratio of eigenvalues the product looks alike from all sides.
const ROUND_RATIO: f64 = 1e-2;
/// Outlines as alike as this are those of a round product, however the cut wavers.
const ROUND_LIKENESS: f64 = 0.96;
/// So many clean points tell the camera's tilt well.
const GOOD_TRACKS: usize = 50;
/// So many clean points are better than outlines.
const SHARPENING_TRACKS: usize = 150;
/// The wrong sense of turning fits features worse by this factor.
const CLEAR_FEATURE_DIRECTION: f64 = 1.2;
/// What the focal length is taken for where photos state none: 50 mm before 36 mm.
const USUAL_FOCAL: f64 = 50.0 / 36.0;

/// How a rig was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// From the outlines.
    Outlines,
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
    let hulls = outlines(capture);
    let long = f64::from(capture.width.max(capture.height));
    let model = RigModel {
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
    };
    let unit = long / 1600.0;
    let fit = silhouette::fit(&model, &hulls, FREE_ANGLES_RMS * unit);
    if watch.cancelled() {
        return Err(ReconstructError::Cancelled);
    }
    let fields = DistanceField::of_all(&capture.observations);
    let round = fit.eigenvalue_ratio < ROUND_RATIO || likeness(capture) > ROUND_LIKENESS;
    let tracks = label::find_tracks(capture, &fields, &fit.model);
    let labelled = label::fit(&fit, round, &tracks, &fields);
    if watch.cancelled() {
        return Err(ReconstructError::Cancelled);
    }
    let (mut outline_verdicts, tilt) = judged(&fit, round, capture, unit);
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
        features: labelled.as_ref().map_or(0, |label| label.tracks),
        verdicts,
    })
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

/// Where features show that the rig holds, outlines that do not fit it were badly cut out; the hull's own gate says
/// whether they still make a body.
fn spared(verdict: &mut Verdict) {
    if verdict.gate == Gate::Residual && verdict.outcome == Outcome::Refused {
        let (pixels, names) = (verdict.measured, listed(&verdict.photos));
        verdict.outcome = Outcome::Doubtful;
        verdict.message = Text::new(
            format!(
                "hoa văn khớp với bàn xoay nhưng đường viền lệch {pixels:.1} điểm ảnh ({}): việc tách nền chưa tốt; hãy dùng phông khác màu sản phẩm",
                names.vi
            ),
            format!(
                "features fit the turntable but outlines are {pixels:.1} pixels off ({}): the product was not cut out well; use a backdrop unlike it",
                names.en
            ),
        );
    }
}

fn features_verdict(label: &LabelFit, round: bool) -> Verdict {
    let sigma = label
        .tilt_sigma_rad
        .iter()
        .copied()
        .fold(0.0, f64::max)
        .to_degrees();
    let clear = !round || label.direction_contrast > CLEAR_FEATURE_DIRECTION;
    let good = label.tracks >= GOOD_TRACKS && sigma <= GOOD_TILT_SIGMA_DEG && clear;
    let count = label.tracks;
    Verdict {
        gate: Gate::Features,
        outcome: if good {
            Outcome::Good
        } else {
            Outcome::Doubtful
        },
        measured: count as f64,
        wanted: GOOD_TRACKS as f64,
        photos: Vec::new(),
        message: if good {
            Text::new(
                format!("{count} điểm hoa văn trên sản phẩm cho biết vị trí máy ảnh"),
                format!("{count} points of the product's surface tell where the cameras stood"),
            )
        } else {
            Text::new(
                format!(
                    "chỉ {count} điểm hoa văn khớp nhau; độ nghiêng máy ảnh chỉ biết đến ±{sigma:.2}°: ảnh nét hơn hoặc nhãn nhiều chi tiết hơn sẽ tốt hơn"
                ),
                format!(
                    "only {count} points of the surface agree; the camera's tilt is known to ±{sigma:.2}°: sharper photos or more detail on the label would help"
                ),
            )
        },
    }
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

fn within_frame(capture: &Capture) -> Verdict {
    let cut: Vec<String> = capture
        .observations
        .iter()
        .filter(|o| o.window.touches(capture.width, capture.height))
        .map(|o| o.name.clone())
        .collect();
    let names = listed(&cut);
    let good = cut.is_empty();
    Verdict {
        gate: Gate::WithinFrame,
        outcome: if good {
            Outcome::Good
        } else {
            Outcome::Refused
        },
        measured: cut.len() as f64,
        wanted: 0.0,
        message: if good {
            Text::new(
                "sản phẩm nằm trọn trong mọi ảnh",
                "the product lies wholly within every photo",
            )
        } else {
            Text::new(
                format!(
                    "sản phẩm chạm mép ảnh ở {}: hãy lùi máy hoặc thu nhỏ, rồi chụp lại cả vòng",
                    names.vi
                ),
                format!(
                    "the product touches the frame in {}: step back or zoom out, and take the whole turn again",
                    names.en
                ),
            )
        },
        photos: cut,
    }
}

/// The verdicts on what outlines tell, and, apart, that on the tilt.
fn judged(fit: &Fit, round: bool, capture: &Capture, unit: f64) -> (Vec<Verdict>, Verdict) {
    let grade = |good: bool, refused: bool| match (good, refused) {
        (true, _) => Outcome::Good,
        (false, true) => Outcome::Refused,
        (false, false) => Outcome::Doubtful,
    };
    let rms = fit.rms_px / unit;
    let mut worst: Vec<usize> = (0..fit.frame_rms_px.len()).collect();
    worst.sort_by(|a, b| fit.frame_rms_px[*b].total_cmp(&fit.frame_rms_px[*a]));
    let photos: Vec<String> = worst
        .iter()
        .filter(|at| fit.frame_rms_px[**at] / unit > BAD_RMS.min(2.0 * rms))
        .take(8)
        .map(|at| capture.observations[*at].name.clone())
        .collect();
    let names = listed(&photos);
    let outcome = grade(rms <= GOOD_RMS, rms > BAD_RMS);
    let mut verdicts = vec![Verdict {
        gate: Gate::Residual,
        outcome,
        measured: fit.rms_px,
        wanted: GOOD_RMS * unit,
        message: match outcome {
            Outcome::Good => Text::new(
                "đường viền khớp với bàn xoay",
                "the outlines fit the turntable",
            ),
            Outcome::Doubtful => Text::new(
                format!(
                    "đường viền lệch {:.2} điểm ảnh so với bàn xoay; hình khối có thể kém chính xác",
                    fit.rms_px
                ),
                format!(
                    "the outlines are {:.2} pixels off the turntable; the shape may be less exact",
                    fit.rms_px
                ),
            ),
            Outcome::Refused => Text::new(
                format!(
                    "đường viền không khớp với một vòng xoay đều (lệch {:.1} điểm ảnh; {}): máy ảnh đã xê dịch, ảnh bị cắt, phóng hay sai thứ tự; hãy cố định máy và chụp lại",
                    fit.rms_px, names.vi
                ),
                format!(
                    "the outlines do not fit an even turn ({:.1} pixels off; {}): the camera moved, or photos were cropped, zoomed or out of order; fix the camera and take the turn again",
                    fit.rms_px, names.en
                ),
            ),
        },
        photos: if outcome == Outcome::Good {
            Vec::new()
        } else {
            photos
        },
    }];
    let contrast = fit.other_way_rms_px / fit.rms_px.max(0.05);
    if !round {
        verdicts.push(Verdict {
            gate: Gate::Direction,
            outcome: grade(contrast >= CLEAR_DIRECTION, false),
            measured: contrast,
            wanted: CLEAR_DIRECTION,
            photos: Vec::new(),
            message: if contrast >= CLEAR_DIRECTION {
                Text::new("chiều quay rõ ràng", "the sense of turning is clear")
            } else {
                Text::new(
                    "đường viền không cho biết chắc chiều quay; mô hình có thể bị lật gương",
                    "the outlines do not tell the sense of turning for certain; the model may be mirrored",
                )
            },
        });
    }
    let sigma = fit
        .tilt_sigma_rad
        .iter()
        .copied()
        .fold(0.0, f64::max)
        .to_degrees();
    let outcome = grade(!round && sigma <= GOOD_TILT_SIGMA_DEG, round);
    let tilt = Verdict {
        gate: Gate::Tilt,
        outcome,
        measured: if sigma.is_finite() { sigma } else { 90.0 },
        wanted: GOOD_TILT_SIGMA_DEG,
        photos: Vec::new(),
        message: match outcome {
            Outcome::Good => Text::new(
                "độ nghiêng máy ảnh xác định được",
                "the camera's tilt is determined",
            ),
            Outcome::Doubtful => Text::new(
                format!("độ nghiêng máy ảnh chỉ biết đến ±{sigma:.2}°; tỉ lệ cao thấp có thể sai"),
                format!("the camera's tilt is known to ±{sigma:.2}° only; heights may be off"),
            ),
            Outcome::Refused => Text::new(
                "sản phẩm tròn đều trông giống nhau từ mọi phía nên không tính được độ nghiêng máy ảnh: hãy đặt lệch tâm bàn xoay, hoặc dán thêm nhãn có hình",
                "a round product looks alike from all sides and leaves the camera's tilt open: place it off the turntable's centre, or put something printed on it",
            ),
        },
    };
    (verdicts, tilt)
}
