use crate::disc::Disc;
use crate::plane::Mask;
use crate::tone::median;

/// The turntable's axis in the picture: a line that is nearly upright.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// Where it crosses half the picture's height, as a share of the width.
    pub x: f32,
    /// How far it leans to the right, in pixels for each pixel down.
    pub slope: f32,
    /// Whether anything told it; else it is the picture's middle.
    pub known: bool,
}

/// A lean beyond this is a camera that was turned on purpose, or no axis.
const MOST_SLOPE: f32 = 0.06;
/// A lean below a third of a degree is not seen, and sweeps are no more exact.
const LEAST_SLOPE: f32 = 0.006;

/// What a product sweeps in a full turn lies evenly about the axis; the disc does, too.
pub(crate) fn of(masks: &[Mask], disc: Option<&Disc>, full_turn: bool) -> Axis {
    let (width, height) = (masks[0].width as f32, masks[0].height as f32);
    let at_half = |x: f32, y: f32, slope: f32| x + slope * (height / 2.0 - y);
    let swept = if full_turn && masks.len() >= 8 {
        sweep(masks)
    } else {
        None
    };
    let (x, slope, known) = match (swept, disc) {
        // The disc stands nearer to the truth where they differ: a product's shadow does not move its middle.
        (Some(sweep), Some(disc))
            if (sweep.at(disc.center_y) - disc.center_x).abs() > 0.015 * width =>
        {
            (disc.center_x, 0.0, true)
        }
        (Some(sweep), _) => (at_half(sweep.x, sweep.y, sweep.slope), sweep.slope, true),
        (None, Some(disc)) => (disc.center_x, 0.0, true),
        (None, None) => ((width - 1.0) / 2.0, 0.0, false),
    };
    Axis {
        x: (x + 0.5) / width,
        slope,
        known,
    }
}

struct Sweep {
    x: f32,
    y: f32,
    slope: f32,
}

impl Sweep {
    fn at(&self, y: f32) -> f32 {
        self.x + self.slope * (y - self.y)
    }
}

/// The line through the middles of the swept rows, by Theil and Sen's medians.
fn sweep(masks: &[Mask]) -> Option<Sweep> {
    let (width, height) = (masks[0].width, masks[0].height);
    let mut middles = Vec::new();
    for y in 0..height {
        let (mut left, mut right) = (width, 0);
        for mask in masks {
            let row = &mask.data[y * width..(y + 1) * width];
            if let Some(first) = row.iter().position(|inside| *inside) {
                left = left.min(first);
                right = right.max(row.iter().rposition(|inside| *inside).unwrap_or(first));
            }
        }
        // Cut by the frame, a row has no middle.
        if right > left + 4 && left > 0 && right + 1 < width {
            middles.push((y as f32, (left + right) as f32 / 2.0));
        }
    }
    if middles.len() < 24 {
        return None;
    }
    let apart = middles.len() / 2;
    let slopes: Vec<f32> = middles
        .iter()
        .zip(&middles[apart..])
        .map(|(a, b)| (b.1 - a.1) / (b.0 - a.0))
        .collect();
    let mut slope = median(slopes);
    let y = median(middles.iter().map(|m| m.0).collect());
    let middle = |slope: f32| median(middles.iter().map(|m| m.1 - slope * (m.0 - y)).collect());
    let mut x = middle(slope);
    let off = median(
        middles
            .iter()
            .map(|m| (m.1 - x - slope * (m.0 - y)).abs())
            .collect(),
    );
    // Less than half a pixel over the whole height, or an uneven sweep, is no lean.
    if slope.abs() > MOST_SLOPE || off > 1.5 || slope.abs() < LEAST_SLOPE {
        slope = 0.0;
        x = middle(0.0);
    }
    Some(Sweep { x, y, slope })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaning_axis_is_found_from_the_sweep() {
        // A stick that circles a leaning axis.
        let masks: Vec<Mask> = (0..24)
            .map(|step| {
                let swing = 60.0 * (step as f32 * std::f32::consts::TAU / 24.0).sin();
                Mask::from_fn(480, 360, |x, y| {
                    let axis = 220.0 - 0.02 * (y as f32 - 180.0);
                    (60..300).contains(&y) && (x as f32 - axis - swing).abs() < 15.0
                })
            })
            .collect();
        let axis = of(&masks, None, true);
        assert!(
            (axis.slope + 0.02).abs() < 0.003 && (axis.x * 480.0 - 220.5).abs() < 1.0,
            "{axis:?}"
        );
        assert!(!of(&masks, None, false).known);
    }
}
