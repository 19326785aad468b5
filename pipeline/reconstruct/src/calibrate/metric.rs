//! A calibration from a printed mat, and what its markers must show to be believed.

use xoay_format::Text;

use super::mat::{LEAST_MARKERS, MatFit, fit};
use super::model::RigModel;
use super::{Calibration, Method};
use crate::mat::{Mat, Paper};
use crate::observation::Capture;
use crate::verdict::{Gate, Outcome, Verdict, listed};

/// Corners that are off by less are good, pixels of a photo of 1600.
const GOOD_RMS: f64 = 1.0;
/// Beyond this the markers are not where the mat has them, pixels of a photo of 1600.
const BAD_RMS: f64 = 2.5;
/// The share of sightings that may contradict the others, for a good verdict and for any.
const STRAY: [f64; 2] = [0.05, 0.3];
/// The largest standard deviation of the tilt that leaves the shape alone, degrees.
const GOOD_TILT_SIGMA_DEG: f64 = 0.3;

/// What came of looking for a mat.
pub(super) enum ByMat {
    /// There is none, and nobody said there was.
    Absent,
    /// It is not to be believed; the verdict says why.
    Doubted(Verdict),
    /// It tells the rig.
    Found(Box<Calibration>),
}

pub(super) fn calibrate(capture: &Capture, model: &RigModel, unit: f64) -> ByMat {
    let asked = capture.mat.is_some();
    let Some(mat) = capture.mat.clone().or_else(|| seen_paper(capture)) else {
        return ByMat::Absent;
    };
    let Some(found) = fit(capture, &mat, model) else {
        return if asked {
            ByMat::Doubted(unseen(capture, &mat))
        } else {
            ByMat::Absent
        };
    };
    let verdict = judged(capture, &found, unit, asked);
    if verdict.outcome == Outcome::Refused || (!asked && verdict.outcome != Outcome::Good) {
        return ByMat::Doubted(verdict);
    }
    let mut count = vec![0; model.rows];
    let places = capture
        .observations
        .iter()
        .map(|o| {
            count[o.row] += 1;
            (o.row, count[o.row] - 1)
        })
        .collect();
    ByMat::Found(Box::new(Calibration {
        rig: found.rig,
        places,
        method: Method::Mat,
        rms_px: found.rms_px,
        outline_rms_px: 0.0,
        photo_rms_px: vec![found.rms_px; capture.observations.len()],
        tilt_sigma_deg: found
            .tilt_sigma_rad
            .iter()
            .map(|sigma| sigma.to_degrees())
            .collect(),
        disc_height: Some(found.height),
        metres_per_unit: Some(found.metres),
        features: found.sightings,
        verdicts: vec![verdict],
    }))
}

/// The mat of ours that at least half of the photos show.
fn seen_paper(capture: &Capture) -> Option<Mat> {
    [Paper::A4, Paper::A3]
        .into_iter()
        .map(Mat::printed)
        .find(|mat| 2 * showing(capture, mat) >= capture.observations.len())
}

/// How many photos show enough of the mat.
fn showing(capture: &Capture, mat: &Mat) -> usize {
    let enough = |markers: &[crate::mat::SeenMarker]| {
        let known = markers.iter().filter(|m| mat.corners_m(m.id).is_some());
        known.count() >= LEAST_MARKERS
    };
    capture
        .observations
        .iter()
        .filter(|o| enough(&o.markers))
        .count()
}

fn unseen(capture: &Capture, mat: &Mat) -> Verdict {
    let (count, all) = (showing(capture, mat), capture.observations.len());
    Verdict {
        gate: Gate::Mat,
        outcome: Outcome::Refused,
        measured: count as f64,
        wanted: all as f64,
        photos: Vec::new(),
        message: Text::new(
            format!(
                "chỉ {count} trong {all} ảnh thấy từ {LEAST_MARKERS} ô vuông của thảm trở lên: hãy nâng máy lên hoặc đừng để sản phẩm che thảm, hoặc dựng mô hình không dùng thảm"
            ),
            format!(
                "only {count} of {all} photos show {LEAST_MARKERS} squares of the mat or more: raise the camera or leave the mat uncovered, or make the model without it"
            ),
        ),
    }
}

fn judged(capture: &Capture, found: &MatFit, unit: f64, asked: bool) -> Verdict {
    let rms = found.rms_px / unit;
    let sigma = found
        .tilt_sigma_rad
        .iter()
        .copied()
        .fold(0.0, f64::max)
        .to_degrees();
    let photos: Vec<String> = found
        .unplaced
        .iter()
        .map(|at| capture.observations[*at].name.clone())
        .collect();
    let names = listed(&photos);
    let outcome = if !rms.is_finite() || rms > BAD_RMS || found.stray_share > STRAY[1] {
        Outcome::Refused
    } else if rms > GOOD_RMS
        || found.stray_share > STRAY[0]
        || sigma > GOOD_TILT_SIGMA_DEG
        || !photos.is_empty()
    {
        Outcome::Doubtful
    } else {
        Outcome::Good
    };
    let (off, stray) = (found.rms_px, found.stray_share * 100.0);
    let message = match outcome {
        Outcome::Good => Text::new(
            format!(
                "{} ô vuông của thảm cho biết vị trí máy ảnh và kích thước thật",
                found.sightings
            ),
            format!(
                "{} sightings of the mat's squares tell the cameras and the true size",
                found.sightings
            ),
        ),
        Outcome::Doubtful if !photos.is_empty() => Text::new(
            format!(
                "không thấy đủ ô vuông của thảm ở {}; góc của các ảnh đó được suy từ ảnh bên cạnh",
                names.vi
            ),
            format!(
                "too few squares of the mat are seen in {}; their angles come from the photos beside",
                names.en
            ),
        ),
        Outcome::Doubtful => Text::new(
            format!(
                "các ô vuông của thảm lệch {off:.1} điểm ảnh, {stray:.0}% không khớp; hãy dán thảm thật phẳng"
            ),
            format!(
                "the mat's squares are {off:.1} pixels off, {stray:.0}% do not agree; stick the mat down flat"
            ),
        ),
        Outcome::Refused if asked => Text::new(
            format!(
                "các ô vuông thấy được mâu thuẫn nhau ({off:.1} điểm ảnh, {stray:.0}% không khớp): thảm bị xê dịch, bị cong, hoặc không phải thảm đã chọn; hãy dán lại thảm và chụp lại, hoặc dựng mô hình không dùng thảm"
            ),
            format!(
                "the squares that are seen contradict each other ({off:.1} pixels, {stray:.0}% do not agree): the mat moved, is bent, or is not the one named; stick it down and take the turn again, or make the model without it"
            ),
        ),
        Outcome::Refused => Text::new(
            format!(
                "ảnh có ô vuông của thảm nhưng chúng mâu thuẫn nhau ({off:.1} điểm ảnh); thảm không được dùng"
            ),
            format!(
                "photos show squares of a mat that contradict each other ({off:.1} pixels); the mat was not used"
            ),
        ),
    };
    Verdict {
        gate: Gate::Mat,
        // Nobody asked for it: photos alone may do.
        outcome: if asked {
            outcome
        } else {
            outcome.min(Outcome::Doubtful)
        },
        measured: found.rms_px,
        wanted: GOOD_RMS * unit,
        photos,
        message,
    }
}
