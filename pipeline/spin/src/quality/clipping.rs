use xoay_format::Text;

use super::finding::{Finding, FindingKind, Severity, Unit};
use super::row::Row;
use super::statistics::{median, spread};
use super::tones::CELLS;

/// Share of the turning part of the frame that may be blown out, and that may be black.
const MOST_BLOWN: f64 = 0.35;
/// How much more than in the row's other photos.
const MORE_THAN_OTHERS: f64 = 0.08;
const SPREADS: f64 = 6.0;
/// A photo whose lightest parts stay below this level of 255 is underexposed, whatever it shows.
const DARK_LEVEL: f64 = 64.0;
/// Cells whose brightness changes by less than this (natural logarithm) while the product turns show the backdrop, which may be
/// as white as it likes.
const TURNS: f64 = 0.03;

/// Photos that lost detail in white or in black.
pub(super) fn check(row: &Row<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let turning = turning_cells(row);
    let blown = shares(row, &turning, |at, cell| {
        f64::from(row.measures[at].tones.blown[cell])
    });
    let black = shares(row, &turning, |at, cell| {
        f64::from(row.measures[at].tones.black[cell])
    });
    findings.extend(beyond(row, &blown).map(|(photos, least)| overexposed(photos, least)));
    findings.extend(beyond(row, &black).map(|(photos, least)| underexposed(photos, least)));
    let all_blown = median(blown.iter().copied()).unwrap_or(0.0);
    if all_blown > MOST_BLOWN {
        let photos = row
            .in_order()
            .zip(&blown)
            .map(|((name, _), share)| (name.to_owned(), 100.0 * share));
        findings.push(overexposed(photos.collect(), 100.0 * MOST_BLOWN));
    }
    let dark: Vec<(String, f64)> = row
        .in_order()
        .map(|(name, photo)| (name.to_owned(), f64::from(photo.tones.brightest)))
        .filter(|(_, brightest)| *brightest < DARK_LEVEL)
        .map(|(name, brightest)| (name, 100.0 * brightest / 255.0))
        .collect();
    if !dark.is_empty() {
        findings.push(too_dark(dark));
    }
    findings
}

/// The mean share of a tone over the turning cells, photo by photo in the order of the turn.
fn shares(row: &Row<'_>, turning: &[usize], tone: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    row.order
        .iter()
        .map(|&at| {
            let sum: f64 = turning.iter().map(|&cell| tone(at, cell)).sum();
            sum / (255.0 * turning.len().max(1) as f64)
        })
        .collect()
}

/// Photos whose share exceeds the row's usual one, in percent, and the limit.
fn beyond(row: &Row<'_>, shares: &[f64]) -> Option<(Vec<(String, f64)>, f64)> {
    if shares.len() < 5 {
        return None;
    }
    let usual = median(shares.iter().copied())?;
    let least = usual + MORE_THAN_OTHERS.max(SPREADS * spread(shares, usual));
    let photos: Vec<_> = row
        .in_order()
        .zip(shares)
        .filter(|(_, share)| **share > least)
        .map(|((name, _), share)| (name.to_owned(), 100.0 * share))
        .collect();
    (!photos.is_empty()).then_some((photos, 100.0 * least))
}

/// The cells in which something changes while the product turns.
fn turning_cells(row: &Row<'_>) -> Vec<usize> {
    let brightness = |at: usize, cell: usize| {
        let thumbnail = &row.measures[at].thumbnail;
        let part = |cell: usize, whole: usize| {
            let start = cell * whole / CELLS;
            start..((cell + 1) * whole / CELLS).max(start + 1).min(whole)
        };
        let (mut sum, mut count) = (0.0, 0.0);
        for y in part(cell / CELLS, thumbnail.height) {
            for x in part(cell % CELLS, thumbnail.width) {
                sum += f64::from(thumbnail.pixels[y * thumbnail.width + x][1]);
                count += 1.0;
            }
        }
        (sum / f64::max(count, 1.0) + 8.0).ln()
    };
    (0..CELLS * CELLS)
        .filter(|&cell| {
            let values: Vec<f64> = row.order.iter().map(|&at| brightness(at, cell)).collect();
            let usual = median(values.iter().copied()).unwrap_or(0.0);
            spread(&values, usual) > TURNS
        })
        .collect()
}

fn overexposed(photos: Vec<(String, f64)>, least: f64) -> Finding {
    let finding = Finding::of_each(
        FindingKind::ClippedExposure,
        Severity::Severe,
        photos,
        least,
        Unit::Percent,
    );
    let (names, worst) = (finding.names(), finding.value);
    let message = Text::new(
        format!(
            "cháy sáng ở {}: đến {worst:.0}% phần có sản phẩm trắng xóa, ngưỡng {least:.0}%",
            names.vi
        ),
        format!(
            "blown out in {}: up to {worst:.0}% of the part with the product is pure white, {least:.0}% is the limit",
            names.en
        ),
    );
    finding.saying(
        message,
        Text::new(
            "giảm độ phơi sáng 0,7–1 EV rồi chụp lại; đặt tấm tản sáng trước đèn với hàng bóng",
            "lower the exposure by 0.7 to 1 EV and take them again; put a diffuser before the lamp for glossy goods",
        ),
    )
}

fn underexposed(photos: Vec<(String, f64)>, least: f64) -> Finding {
    let finding = Finding::of_each(
        FindingKind::ClippedExposure,
        Severity::Severe,
        photos,
        least,
        Unit::Percent,
    );
    let (names, worst) = (finding.names(), finding.value);
    let message = Text::new(
        format!(
            "quá tối ở {}: đến {worst:.0}% phần có sản phẩm đen đặc, ngưỡng {least:.0}%",
            names.vi
        ),
        format!(
            "too dark in {}: up to {worst:.0}% of the part with the product is pure black, {least:.0}% is the limit",
            names.en
        ),
    );
    finding.saying(message, more_light())
}

fn too_dark(photos: Vec<(String, f64)>) -> Finding {
    let least = 100.0 * DARK_LEVEL / 255.0;
    let finding = Finding::of_each(
        FindingKind::ClippedExposure,
        Severity::Severe,
        photos,
        least,
        Unit::Percent,
    );
    let (names, worst) = (finding.names(), finding.value);
    let message = Text::new(
        format!(
            "thiếu sáng ở {}: chỗ sáng nhất chỉ đạt {worst:.0}% thang sáng, cần ít nhất {least:.0}%",
            names.vi
        ),
        format!(
            "underexposed in {}: the lightest parts reach {worst:.0}% of the scale, {least:.0}% is the least",
            names.en
        ),
    );
    finding.saying(message, more_light())
}

fn more_light() -> Text {
    Text::new(
        "thêm ánh sáng hoặc tăng thời gian phơi sáng rồi chụp lại những ảnh này",
        "add light or lengthen the exposure and take these photos again",
    )
}
