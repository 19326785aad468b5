//! What outlines and features must show to be believed, and what is said where they do not.

use xoay_format::Text;

use super::disturbed;
use super::label::LabelFit;
use super::silhouette::Fit;
use crate::observation::Capture;
use crate::verdict::{Gate, Outcome, Verdict, listed};

/// Tangency residuals up to this are as good as outlines get, pixels of a photo of 1600.
const GOOD_RMS: f64 = 0.6;
/// Beyond this something is wrong, pixels of a photo of 1600.
pub(super) const BAD_RMS: f64 = 3.0;
/// Photos that fit a rig within this were not disturbed, pixels of a photo of 1600.
const DISTURBED_RMS: f64 = 1.5;
/// A wrong sense of turning has at least so many times the residual.
const CLEAR_DIRECTION: f64 = 2.0;
/// The largest standard deviation of the tilt that leaves the shape alone.
const GOOD_TILT_SIGMA_DEG: f64 = 0.3;
/// So many clean points tell the camera's tilt well.
const GOOD_TRACKS: usize = 50;
/// The wrong sense of turning fits features worse by this factor.
const CLEAR_FEATURE_DIRECTION: f64 = 1.2;

/// Where features show that the rig holds, outlines that do not fit it were badly cut out; the hull's own gate says
/// whether they still make a body.
pub(super) fn spared(verdict: &mut Verdict) {
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

pub(super) fn features_verdict(label: &LabelFit, round: bool) -> Verdict {
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

pub(super) fn within_frame(capture: &Capture) -> Verdict {
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

fn grade(good: bool, refused: bool) -> Outcome {
    match (good, refused) {
        (true, _) => Outcome::Good,
        (false, true) => Outcome::Refused,
        (false, false) => Outcome::Doubtful,
    }
}

/// How well the outlines fit the turntable, and what was wrong where they do not.
fn residual_verdict(fit: &Fit, capture: &Capture, hulls: &[Vec<[f64; 2]>], unit: f64) -> Verdict {
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
    let mut verdict = Verdict {
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
    };
    if outcome == Outcome::Refused
        && let Some((message, photos)) = disturbed::cause(capture, hulls, fit, DISTURBED_RMS * unit)
    {
        verdict.message = message;
        verdict.photos = photos;
    }
    verdict
}

/// The verdicts on what outlines tell, and, apart, that on the tilt.
pub(super) fn judged(
    fit: &Fit,
    round: bool,
    capture: &Capture,
    hulls: &[Vec<[f64; 2]>],
    unit: f64,
) -> (Vec<Verdict>, Verdict) {
    let mut verdicts = vec![residual_verdict(fit, capture, hulls, unit)];
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
