use xoay_format::Text;

use super::border::LINEAR;
use super::finding::{Finding, FindingKind, Severity, Unit};
use super::row::Row;
use super::statistics::{median, spread};

/// Differences that an eye notices when photos follow each other, on a plain backdrop.
const EXPOSURE_EV: f64 = 0.04;
const WHITE_BALANCE_PERCENT: f64 = 2.0;
/// Beyond this the photo itself looks wrong, and equalising it lifts its noise.
const SEVERE_EV: f64 = 0.5;
const SEVERE_PERCENT: f64 = 12.0;
/// Standard errors of its own measurement that a difference must exceed.
const ERRORS: f64 = 4.0;
/// Fewer pieces of unclipped backdrop than this tell nothing.
const LEAST_PIECES: usize = 6;

/// How the light on the backdrop differs from the row's usual one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Drift {
    /// In exposure values; positive is brighter.
    pub exposure_ev: f64,
    /// Standard error of that.
    pub exposure_error_ev: f64,
    /// Red and blue against green, in percent; of both the larger.
    pub white_balance_percent: f64,
    pub white_balance_error_percent: f64,
}

/// Photos whose exposure or white balance differs from the row's.
pub(super) fn check(row: &Row<'_>) -> Vec<Finding> {
    let (mut exposures, mut balances) = (Vec::new(), Vec::new());
    for ((name, _), drift) in row.in_order().zip(drifts(row)) {
        let Some(drift) = drift else { continue };
        if drift.exposure_ev.abs() > EXPOSURE_EV.max(ERRORS * drift.exposure_error_ev) {
            exposures.push((name.to_owned(), drift.exposure_ev));
        }
        let error = ERRORS * drift.white_balance_error_percent;
        if drift.white_balance_percent > WHITE_BALANCE_PERCENT.max(error) {
            balances.push((name.to_owned(), drift.white_balance_percent));
        }
    }
    let mut findings = Vec::new();
    if !exposures.is_empty() {
        findings.push(exposure(exposures));
    }
    if !balances.is_empty() {
        findings.push(white_balance(balances));
    }
    findings
}

/// Of each photo in the order of the turn; `None` where too little of its backdrop can be measured.
pub(super) fn drifts(row: &Row<'_>) -> Vec<Option<Drift>> {
    let pieces = row
        .in_order()
        .map(|(_, photo)| photo.border.pieces.len())
        .min()
        .unwrap_or(0);
    let light_ln = |place: usize, piece: usize| {
        let light = row.measures[place].border.pieces[piece]?;
        Some(light.map(|light| f64::from(light).max(1e-4).ln()))
    };
    // The usual light on each piece: a product that hides it in some photos does not move the median.
    let usual: Vec<Option<[f64; 3]>> = (0..pieces)
        .map(|piece| {
            let seen: Vec<[f64; 3]> = row
                .order
                .iter()
                .filter_map(|&place| light_ln(place, piece))
                .collect();
            if seen.len() * 2 < row.order.len() {
                return None;
            }
            let channel = |channel: usize| median(seen.iter().map(|light| light[channel]));
            Some([channel(0)?, channel(1)?, channel(2)?])
        })
        .collect();
    row.order
        .iter()
        .map(|&place| {
            let gains: Vec<[f64; 3]> = usual
                .iter()
                .enumerate()
                .filter_map(|(piece, usual)| {
                    let (light, usual) = (light_ln(place, piece)?, (*usual)?);
                    Some([0, 1, 2].map(|channel: usize| light[channel] - usual[channel]))
                })
                .collect();
            drift(&gains, 1.0)
        })
        .enumerate()
        .map(|(at, drift)| drift.or_else(|| against_neighbours(row, at)))
        .collect()
}

/// The drift of a photo whose backdrop is blown out: against the photos beside it, wherever neither is clipped. The
/// product turns, but as many of its points grow lighter by that as darker.
fn against_neighbours(row: &Row<'_>, at: usize) -> Option<Drift> {
    const UNCLIPPED: std::ops::RangeInclusive<u8> = 8..=243;
    /// Points of a thumbnail that together tell as much as one alone: what is next to each other looks alike.
    const ALIKE: f64 = 16.0;
    let count = row.order.len();
    if count < 3 {
        return None;
    }
    let of = |at: usize| &row.measures[row.order[at % count]].thumbnail.pixels;
    let (here, before, after) = (of(at), of(at + count - 1), of(at + 1));
    let light_ln = |value: u8| f64::from(LINEAR[usize::from(value)]).ln();
    let gains: Vec<[f64; 3]> = here
        .iter()
        .zip(before.iter().zip(after))
        .filter(|(a, (b, c))| {
            [*a, *b, *c]
                .into_iter()
                .flatten()
                .all(|value| UNCLIPPED.contains(value))
        })
        .map(|(a, (b, c))| {
            [0, 1, 2].map(|channel: usize| {
                light_ln(a[channel]) - f64::midpoint(light_ln(b[channel]), light_ln(c[channel]))
            })
        })
        .collect();
    drift(&gains, ALIKE)
}

/// The median of all gains; `alike` of them tell as much as one.
fn drift(gains: &[[f64; 3]], alike: f64) -> Option<Drift> {
    if (gains.len() as f64) < LEAST_PIECES as f64 * alike {
        return None;
    }
    // The standard error of a median of normal values.
    let error = |spread: f64| 1.2533 * spread / (gains.len() as f64 / alike).sqrt();
    let summary = |value: &dyn Fn(&[f64; 3]) -> f64| {
        let values: Vec<f64> = gains.iter().map(value).collect();
        let middle = median(values.iter().copied()).unwrap_or(0.0);
        (middle, error(spread(&values, middle)))
    };
    let (brightness, brightness_error) =
        summary(&|gain| 0.2126 * gain[0] + 0.7152 * gain[1] + 0.0722 * gain[2]);
    let percent = |(value, error): (f64, f64)| (100.0 * (value.exp() - 1.0).abs(), 100.0 * error);
    let red = percent(summary(&|gain| gain[0] - gain[1]));
    let blue = percent(summary(&|gain| gain[2] - gain[1]));
    let (white_balance_percent, white_balance_error_percent) =
        if red.0 >= blue.0 { red } else { blue };
    let ev = std::f64::consts::LN_2;
    Some(Drift {
        exposure_ev: brightness / ev,
        exposure_error_ev: brightness_error / ev,
        white_balance_percent,
        white_balance_error_percent,
    })
}

fn exposure(photos: Vec<(String, f64)>) -> Finding {
    // The farthest first, darker ones too.
    let mut photos = photos;
    photos.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let worst = photos.first().map_or(0.0, |(_, ev)| *ev);
    let severity = if worst.abs() > SEVERE_EV {
        Severity::Severe
    } else {
        Severity::Warning
    };
    let (photos, values): (Vec<_>, Vec<_>) = photos.into_iter().unzip();
    let finding = Finding {
        values,
        ..Finding::of_all(
            FindingKind::ExposureDrift,
            severity,
            photos,
            worst,
            EXPOSURE_EV,
            Unit::Ev,
        )
    };
    let names = finding.names();
    let message = Text::new(
        format!(
            "độ sáng không đều ở {}: lệch đến {worst:+.2} EV so với cả hàng, ngưỡng {EXPOSURE_EV:.2} EV",
            names.vi
        ),
        format!(
            "uneven exposure in {}: up to {worst:+.2} EV off the row's, {EXPOSURE_EV:.2} EV is the limit",
            names.en
        ),
    );
    finding.saying(
        message,
        Text::new(
            "chụp ở chế độ M với ISO, khẩu độ, tốc độ cố định, tắt HDR và đèn nhấp nháy, che ánh sáng cửa sổ",
            "shoot in manual mode with fixed ISO, aperture and shutter speed, without HDR, under steady lamps, windows covered",
        ),
    )
}

fn white_balance(photos: Vec<(String, f64)>) -> Finding {
    let worst = photos
        .iter()
        .map(|(_, percent)| *percent)
        .fold(0.0, f64::max);
    let severity = if worst > SEVERE_PERCENT {
        Severity::Severe
    } else {
        Severity::Warning
    };
    let finding = Finding::of_each(
        FindingKind::WhiteBalanceDrift,
        severity,
        photos,
        WHITE_BALANCE_PERCENT,
        Unit::Percent,
    );
    let names = finding.names();
    let message = Text::new(
        format!(
            "màu không đều ở {}: cân bằng trắng lệch đến {worst:.1}% so với cả hàng, ngưỡng {WHITE_BALANCE_PERCENT:.0}%",
            names.vi
        ),
        format!(
            "uneven colour in {}: the white balance is up to {worst:.1}% off the row's, {WHITE_BALANCE_PERCENT:.0}% is the limit",
            names.en
        ),
    );
    finding.saying(
        message,
        Text::new(
            "đặt cân bằng trắng cố định (theo thẻ xám hoặc số Kelvin), dùng một loại đèn, che ánh sáng ban ngày",
            "set a fixed white balance (grey card or Kelvin), use one kind of lamp, keep daylight out",
        ),
    )
}
