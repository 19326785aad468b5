//! A focal length other than the one that photos state: cropped photos, a lens adapter, a telephone's zoom.

use xoay_format::Text;

use super::model::RigModel;
use super::silhouette::{self, Fit};
use crate::verdict::{Gate, Outcome, Verdict};

/// Focal lengths that are tried, in multiples of the one that was believed.
const FACTORS: [f64; 4] = [0.65, 0.85, 1.2, 1.5];
/// How firmly they are believed: standard deviation of the logarithm.
const SIGMA: f64 = 0.2;
/// Outlines must fit so many times better before what photos state is doubted.
const CLEARER: f64 = 3.0;
/// How firmly the one that was found is believed afterwards.
const FOUND_SIGMA: f64 = 0.03;

/// The rig under another focal length, where outlines that fit none under the stated one fit within `good_px` then.
pub(super) fn other_lens(
    model: &RigModel,
    hulls: &[Vec<[f64; 2]>],
    fit: &Fit,
    good_px: f64,
) -> Option<Fit> {
    let best = FACTORS
        .iter()
        .map(|factor| {
            let model = RigModel {
                focal_px: model.focal_px * factor,
                focal_sigma: SIGMA,
                ..model.clone()
            };
            silhouette::fit(&model, hulls, f64::INFINITY)
        })
        // A lens that the outlines do not tell explains nothing.
        .filter(|fit| fit.freedom.lens)
        .min_by(|a, b| a.rms_px.total_cmp(&b.rms_px))?;
    if best.rms_px > good_px || best.rms_px * CLEARER > fit.rms_px {
        return None;
    }
    let focal_px = best.numbers[0].exp();
    Some(Fit {
        model: RigModel {
            focal_px,
            focal_sigma: FOUND_SIGMA,
            ..best.model
        },
        ..best
    })
}

/// What is said where another focal length was found: lengths in pixels of photos whose long side is `long`.
pub(super) fn verdict(stated_px: Option<f64>, found_px: f64, long: f64) -> Verdict {
    let film = |px: f64| px / long * 36.0;
    let found = film(found_px);
    let message = match stated_px.map(film) {
        Some(stated) => Text::new(
            format!(
                "ảnh ghi tiêu cự {stated:.0} mm (phim 35 mm) nhưng đường viền chỉ khớp với {found:.0} mm: ảnh đã bị cắt hay phóng, hoặc thông tin ống kính sai; mô hình dùng {found:.0} mm, hãy kiểm tra tỉ lệ"
            ),
            format!(
                "photos state a focal length of {stated:.0} mm (35 mm film), but outlines fit {found:.0} mm only: photos were cropped or zoomed, or say a wrong lens; {found:.0} mm was used, check the proportions"
            ),
        ),
        None => Text::new(
            format!(
                "ảnh không ghi tiêu cự; tính từ đường viền là {found:.0} mm (phim 35 mm), hãy kiểm tra tỉ lệ"
            ),
            format!(
                "photos state no focal length; outlines tell {found:.0} mm (35 mm film), check the proportions"
            ),
        ),
    };
    Verdict {
        gate: Gate::FocalLength,
        outcome: Outcome::Doubtful,
        measured: found_px,
        wanted: stated_px.unwrap_or(found_px),
        photos: Vec::new(),
        message,
    }
}
