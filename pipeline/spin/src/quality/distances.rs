use std::collections::VecDeque;

use super::thumbnail::Thumbnail;

/// How much the photos of one row differ from each other, as far apart as is worth comparing.
///
/// Compared are the logarithms of thumbnails without their coarsest forms, so that exposure, white balance and an
/// uneven light do not count. The fine scale tells one step from two where the product has large plain faces, the
/// coarse one where its print is so small that it looks new at every step.
pub(super) struct Distances {
    count: usize,
    reach: usize,
    /// Of each photo to those `1..=reach` after it, round the turn.
    fine: Vec<f32>,
    coarse: Vec<f32>,
}

/// Photos farther apart than this are not compared in long rows: time and memory grow with it.
const REACH: usize = 64;

impl Distances {
    pub(super) fn of(thumbnails: &[&Thumbnail]) -> Self {
        let count = thumbnails.len();
        let reach = (count / 2).min(REACH);
        let width = thumbnails.iter().map(|t| t.width).min().unwrap_or(0);
        let height = thumbnails.iter().map(|t| t.height).min().unwrap_or(0);
        let features = |at: usize| Features::of(thumbnails[at % count], width, height);
        let first = if count == 0 { 0 } else { reach + 1 };
        let mut window: VecDeque<Features> = (0..first).map(features).collect();
        let mut distances = Self {
            count,
            reach,
            fine: Vec::with_capacity(count * reach),
            coarse: Vec::with_capacity(count * reach),
        };
        for at in 0..count {
            let Some(here) = window.pop_front() else {
                break;
            };
            for there in window.iter().take(reach) {
                distances.fine.push(difference(&here.fine, &there.fine));
                distances
                    .coarse
                    .push(difference(&here.coarse, &there.coarse));
            }
            window.push_back(features(at + reach + 1));
        }
        distances
    }

    /// How many photos the row has.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// Both scales together, or nothing for photos too far apart; the same photo gives 0.
    pub(super) fn between(&self, a: usize, b: usize) -> Option<f64> {
        Some(f64::midpoint(self.fine(a, b)?, self.coarse(a, b)?))
    }

    pub(super) fn fine(&self, a: usize, b: usize) -> Option<f64> {
        self.look_up(&self.fine, a, b)
    }

    pub(super) fn coarse(&self, a: usize, b: usize) -> Option<f64> {
        self.look_up(&self.coarse, a, b)
    }

    fn look_up(&self, table: &[f32], a: usize, b: usize) -> Option<f64> {
        if a == b {
            return Some(0.0);
        }
        let ahead = (b + self.count - a) % self.count;
        let (from, step) = if ahead <= self.count - ahead {
            (a, ahead)
        } else {
            (b, self.count - ahead)
        };
        (step <= self.reach).then(|| f64::from(table[from * self.reach + step - 1]))
    }
}

/// Root of the mean square difference.
fn difference(a: &[f32], b: &[f32]) -> f32 {
    let sum: f32 = a
        .chunks(64)
        .zip(b.chunks(64))
        .map(|(a, b)| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>())
        .sum();
    (sum / a.len().max(1) as f32).sqrt()
}

/// A thumbnail as it is compared.
struct Features {
    fine: Vec<f32>,
    coarse: Vec<f32>,
}

impl Features {
    fn of(thumbnail: &Thumbnail, width: usize, height: usize) -> Self {
        /// In pixels of the thumbnail: what is smoothed away, and the coarse form that is taken off.
        const FINE: (f32, f32) = (0.75, 5.0);
        const COARSE: (f32, f32) = (2.25, 10.0);
        let mut features = Self {
            fine: Vec::with_capacity(width * height * 3),
            coarse: Vec::with_capacity(width * height * 3),
        };
        for channel in 0..3 {
            let plane: Vec<f32> = (0..height)
                .flat_map(|y| &thumbnail.pixels[y * thumbnail.width..y * thumbnail.width + width])
                // Black is not infinitely far from nearly black.
                .map(|pixel| (f32::from(pixel[channel]) + 16.0).ln())
                .collect();
            let without_form = |(detail, form): (f32, f32)| {
                let form = coarse_form(&plane, width, form);
                let mut seen = blurred(&plane, width, detail);
                for (value, form) in seen.iter_mut().zip(form) {
                    *value -= form;
                }
                seen
            };
            features.fine.extend(without_form(FINE));
            features.coarse.extend(without_form(COARSE));
        }
        features
    }
}

/// `plane` under three running means that together come near to a Gaussian of `sigma` pixels: the time does not grow
/// with it. Beyond the edge it goes on as at the edge.
fn coarse_form(plane: &[f32], width: usize, sigma: f32) -> Vec<f32> {
    // Three boxes of n pixels have the variance (n² - 1) / 4.
    let reach = ((4.0 * sigma * sigma + 1.0).sqrt() / 2.0 - 0.5)
        .round()
        .max(1.0) as usize;
    let mut both = plane.to_vec();
    let mut line = Vec::new();
    for row in both.chunks_mut(width.max(1)) {
        for _ in 0..3 {
            running_mean(row, reach, &mut line);
        }
    }
    let mut column = Vec::new();
    for x in 0..width {
        column.clear();
        column.extend(both.iter().skip(x).step_by(width));
        for _ in 0..3 {
            running_mean(&mut column, reach, &mut line);
        }
        for (target, value) in both.iter_mut().skip(x).step_by(width).zip(&column) {
            *target = *value;
        }
    }
    both
}

/// Replaces each value by the mean of those up to `reach` away.
fn running_mean(values: &mut [f32], reach: usize, before: &mut Vec<f32>) {
    before.clear();
    before.extend_from_slice(values);
    let Some(last) = before.len().checked_sub(1) else {
        return;
    };
    let at = |place: usize| before[place.saturating_sub(reach).min(last)];
    let mut sum: f32 = (0..=2 * reach).map(at).sum();
    for (place, value) in values.iter_mut().enumerate() {
        *value = sum / (2 * reach + 1) as f32;
        sum += at(place + 2 * reach + 1) - at(place);
    }
}

/// `plane` under a Gaussian of `sigma` pixels, cut off at three; beyond the edge it goes on as at the edge.
fn blurred(plane: &[f32], width: usize, sigma: f32) -> Vec<f32> {
    let reach = (sigma * 3.0).ceil() as isize;
    let weights: Vec<f32> = (-reach..=reach)
        .map(|at| (-0.5 * (at as f32 / sigma).powi(2)).exp())
        .collect();
    let total: f32 = weights.iter().sum();
    let mix = |line: &[f32], out: &mut Vec<f32>| {
        let last = line.len() as isize - 1;
        out.clear();
        out.extend((0..=last).map(|at| {
            let around = weights.iter().zip(at - reach..);
            around
                .map(|(weight, place)| weight * line[place.clamp(0, last) as usize])
                .sum::<f32>()
                / total
        }));
    };
    let mut rows = Vec::with_capacity(plane.len());
    let mut line = Vec::new();
    for row in plane.chunks(width.max(1)) {
        mix(row, &mut line);
        rows.extend_from_slice(&line);
    }
    let mut both = vec![0.0; rows.len()];
    let mut column = Vec::new();
    for x in 0..width {
        column.clear();
        column.extend(rows.iter().skip(x).step_by(width));
        mix(&column, &mut line);
        for (target, value) in both.iter_mut().skip(x).step_by(width).zip(&line) {
            *target = *value;
        }
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_means_keep_what_is_flat_and_spread_what_is_not() {
        let mut line = Vec::new();
        let mut flat = [3.0_f32; 7];
        running_mean(&mut flat, 9, &mut line);
        assert!(flat.iter().all(|value| (value - 3.0).abs() < 1e-5));
        let mut peak = [0.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0];
        running_mean(&mut peak, 1, &mut line);
        let expected = [0.0, 0.0, 3.0, 3.0, 3.0, 0.0, 0.0];
        assert!(
            peak.iter()
                .zip(expected)
                .all(|(a, b): (&f32, f32)| (a - b).abs() < 1e-5),
            "{peak:?}"
        );
    }

    #[test]
    fn a_form_is_near_the_gaussian_it_stands_for() {
        let plane: Vec<f32> = (0..60 * 40)
            .map(|at| if at % 60 < 30 { 0.0 } else { 1.0 })
            .collect();
        for sigma in [5.0, 10.0] {
            let exact = blurred(&plane, 60, sigma);
            let quick = coarse_form(&plane, 60, sigma);
            let off = exact
                .iter()
                .zip(&quick)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(off < 0.06, "{sigma}: {off}");
        }
    }

    #[test]
    fn every_pair_within_reach_is_known_both_ways_round() {
        let thumbnail = |level: u8| Thumbnail {
            width: 8,
            height: 6,
            pixels: (0..48)
                .map(|at| [if at % 8 < 4 { 10 } else { level }; 3])
                .collect(),
        };
        let row: Vec<Thumbnail> = (0..7).map(|at| thumbnail(20 + at * 30)).collect();
        let distances = Distances::of(&row.iter().collect::<Vec<_>>());
        for a in 0..7 {
            for b in 0..7 {
                let there = distances.between(a, b).unwrap();
                assert_eq!(Some(there), distances.between(b, a));
                assert_eq!(a == b, there < 1e-9, "{a} {b}");
            }
        }
        assert!(distances.between(0, 3) > distances.between(0, 1));
    }
}
