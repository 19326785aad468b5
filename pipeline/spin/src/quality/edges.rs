use xoay_format::Text;

use super::finding::{Finding, FindingKind, Severity, Unit};
use super::row::Row;
use super::statistics::{median, quantile};
use super::thumbnail::Thumbnail;

/// Percent of an edge of the frame that something which is not backdrop may cover.
const MOST_COVERED: f64 = 4.0;
/// More than this is no product but another backdrop.
const ALL_COVERED: f64 = 80.0;
/// How far from the backdrop's brightness at the corners, as a natural logarithm of encoded values: about a third.
const NOT_BACKDROP: f64 = 0.3;
/// And how much it must change while the product turns. What stands still there is the room, not the product.
const TURNS: f64 = 0.08;
/// How deep behind the edge that may be, as a share of the frame: the neck of a bottle looks the same from all sides.
const DEPTH: f64 = 0.15;
/// Share of the frame's height from above in which the left and right edges are looked at: below it the disc and the
/// table may reach them.
const ABOVE_THE_DISC: f64 = 0.6;

/// Photos in which something that turns reaches over the upper, left or right edge of the frame. It serves where no
/// matte says what the product is, and sees only what differs from the backdrop.
pub(super) fn check(row: &Row<'_>) -> Vec<Finding> {
    if row.order.len() < 8 {
        return Vec::new();
    }
    [Side::Upper, Side::Left, Side::Right]
        .into_iter()
        .filter_map(|side| of_side(row, side))
        .collect()
}

#[derive(Clone, Copy)]
enum Side {
    Upper,
    Left,
    Right,
}

fn of_side(row: &Row<'_>, side: Side) -> Option<Finding> {
    let bands: Vec<Vec<Vec<f64>>> = row
        .in_order()
        .map(|(_, photo)| off_backdrop(&photo.thumbnail, side))
        .collect();
    let depth = bands.iter().map(Vec::len).min()?;
    let length = bands
        .iter()
        .map(|band| band.first().map_or(0, Vec::len))
        .min()?;
    let turns_at = |line: usize, at: usize| {
        let values = || bands.iter().map(|band| band[line][at]);
        let range = quantile(values(), 0.9).zip(quantile(values(), 0.1));
        range.is_some_and(|(high, low)| high - low > TURNS)
    };
    let turns: Vec<bool> = (0..length)
        .map(|at| (0..depth).any(|line| turns_at(line, at)))
        .collect();
    let cut: Vec<(String, f64)> = row
        .in_order()
        .zip(&bands)
        .map(|((name, _), band)| (name.to_owned(), 100.0 * covered(&band[0][..length], &turns)))
        .filter(|(_, covered)| (MOST_COVERED..ALL_COVERED).contains(covered))
        .collect();
    (!cut.is_empty()).then(|| finding(cut, side))
}

/// The share of an edge in the longest run that is not backdrop and that turns, at least in part; 0 for a run that
/// reaches a corner, which is more likely the room.
fn covered(line: &[f64], turns: &[bool]) -> f64 {
    let mut longest = 0;
    let mut start = 0;
    while start < line.len() {
        if line[start].abs() < NOT_BACKDROP {
            start += 1;
            continue;
        }
        let run = line[start..]
            .iter()
            .take_while(|value| value.abs() >= NOT_BACKDROP)
            .count();
        let end = start + run;
        // What turns may be the sides of a run alone: the corners of a box.
        let around = start.saturating_sub(2)..(end + 2).min(line.len());
        let turning = turns[around].iter().filter(|turns| **turns).count();
        if start > 0 && end < line.len() && turning * 4 >= run {
            longest = longest.max(run);
        }
        start = end;
    }
    longest as f64 / line.len().max(1) as f64
}

/// The brightness along an edge and along the lines behind it against that of the backdrop at the edge's upper corners,
/// as natural logarithms.
fn off_backdrop(thumbnail: &Thumbnail, side: Side) -> Vec<Vec<f64>> {
    let (width, height) = (thumbnail.width, thumbnail.height);
    let brightness = |x: usize, y: usize| {
        let [red, green, blue] = thumbnail.pixels[y * width + x].map(f64::from);
        (0.2126 * red + 0.7152 * green + 0.0722 * blue + 16.0).ln()
    };
    let part = |whole: usize, share: f64| ((whole as f64 * share) as usize).clamp(1, whole);
    let line = |depth: usize| -> Vec<f64> {
        let rows = 0..part(height, ABOVE_THE_DISC);
        match side {
            Side::Upper => (0..width).map(|x| brightness(x, depth)).collect(),
            Side::Left => rows.map(|y| brightness(depth, y)).collect(),
            Side::Right => rows.map(|y| brightness(width - 1 - depth, y)).collect(),
        }
    };
    let edge = line(0);
    let tenth = (edge.len() / 10).max(1);
    let corner = |values: &[f64]| median(values.iter().copied()).unwrap_or(0.0);
    let start = corner(&edge[..tenth]);
    let end = match side {
        Side::Upper => corner(&edge[edge.len() - tenth..]),
        Side::Left | Side::Right => start,
    };
    let steps = (edge.len().max(2) - 1) as f64;
    let across = if matches!(side, Side::Upper) {
        height
    } else {
        width
    };
    (0..part(across, DEPTH))
        .map(|depth| {
            let backdrop = (0..).map(|at| start + (end - start) * f64::from(at) / steps);
            let line = line(depth);
            line.into_iter()
                .zip(backdrop)
                .map(|(value, backdrop)| value - backdrop)
                .collect()
        })
        .collect()
}

fn finding(photos: Vec<(String, f64)>, side: Side) -> Finding {
    let (vi, en) = match side {
        Side::Upper => ("mép trên", "the upper edge"),
        Side::Left => ("mép trái", "the left edge"),
        Side::Right => ("mép phải", "the right edge"),
    };
    let finding = Finding::of_each(
        FindingKind::CutByFrame,
        Severity::Severe,
        photos,
        MOST_COVERED,
        Unit::Percent,
    );
    let (names, worst) = (finding.names(), finding.value);
    let message = Text::new(
        format!(
            "sản phẩm có vẻ bị {vi} khung hình cắt ở {}: che {worst:.0}% mép, ngưỡng {MOST_COVERED}%",
            names.vi
        ),
        format!(
            "{en} of the frame seems to cut the product in {}: it covers {worst:.0}% of that edge, {MOST_COVERED}% is the limit",
            names.en
        ),
    );
    finding.saying(message, super::framing::step_back())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_run_that_turns_and_reaches_no_corner_counts() {
        let line = [0.0, 0.0, 0.5, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.9];
        let turning = |at: &[usize]| -> Vec<bool> { (0..10).map(|i| at.contains(&i)).collect() };
        assert!((covered(&line, &turning(&[2])) - 0.3).abs() < 1e-9);
        assert!(
            covered(&line, &turning(&[9])).abs() < 1e-9,
            "still, or at the corner"
        );
    }
}
