//! Tells where in a sequence the camera was moved: from then on, what stands still looks different.

use std::cmp::Ordering;

use crate::Proxy;
use crate::parallel::map_indexed;
use crate::proxy::LogTable;
use crate::temporal::luminance;
use crate::tone;

/// Photos on each side that a place is judged by.
const WINDOW: usize = 6;
/// Every so many pixels, across and down, are looked at.
const STEP: usize = 2;
/// What differs less from its median on one side, in log light, stands still.
const STILL: f32 = 0.02;
/// What stands still on both sides and differs by more has moved.
const CHANGED: f32 = 0.08;
/// The share of the picture that a moved camera changes at least. A row raised from 12° to 38° before a plain backdrop
/// changed 0.107; within a row 36 photos of a box with two lamps changed 0.007 at the most.
const MOVED: f32 = 0.03;

/// The numbers of the photos before which the camera was moved, in rising order. Photos of another size than the first
/// end the search: they are another camera's.
#[must_use]
pub fn camera_moves(photos: &[&Proxy], workers: usize) -> Vec<usize> {
    let Some(first) = photos.first() else {
        return Vec::new();
    };
    let size = (first.width(), first.height());
    if photos.len() < 2 * WINDOW || photos.iter().any(|p| (p.width(), p.height()) != size) {
        return Vec::new();
    }
    let table = LogTable::new();
    let gains = tone::gains(photos, &tone::border(size.0, size.1), &table);
    let looks: Vec<Vec<f32>> = map_indexed(photos.len(), workers, |at| {
        let image = tone::log_image(photos[at], &table, gains[at]);
        let rows = (0..size.1).step_by(STEP);
        rows.flat_map(|y| (0..size.0).step_by(STEP).map(move |x| y * size.0 + x))
            .map(|pixel| luminance(image.data[pixel]))
            .collect()
    });
    let places = photos.len() - 2 * WINDOW + 1;
    let sides = |at: usize| {
        (
            &looks[at..at + WINDOW],
            &looks[at + WINDOW..at + 2 * WINDOW],
        )
    };
    let changed = map_indexed(places, workers, |at| share_changed(sides(at), WINDOW / 2));
    let is_peak = |at: &usize| {
        let around = at.saturating_sub(WINDOW)..(at + WINDOW + 1).min(places);
        let higher = |other: usize| match changed[other].total_cmp(&changed[*at]) {
            Ordering::Greater => true,
            Ordering::Equal => other < *at,
            Ordering::Less => false,
        };
        changed[*at] >= MOVED && !around.into_iter().any(higher)
    };
    // Half of a side may be from beyond the move: the exact place is where none is.
    let exact = |at: usize| {
        let near = at.saturating_sub(WINDOW / 2)..(at + WINDOW / 2 + 1).min(places);
        let strict = |at: &usize| share_changed(sides(*at), WINDOW - 1);
        near.max_by(|a, b| strict(a).total_cmp(&strict(b)))
            .unwrap_or(at)
    };
    (0..places)
        .filter(is_peak)
        .map(|at| exact(at) + WINDOW)
        .collect()
}

/// The share of the picture that stands still on both sides, by the deviation of this rank, and is not the same.
fn share_changed((before, after): (&[Vec<f32>], &[Vec<f32>]), rank: usize) -> f32 {
    let pixels = before[0].len();
    let count = (0..pixels)
        .filter(|&pixel| {
            let [(a, a_spread), (b, b_spread)] =
                [before, after].map(|side| middle(side, pixel, rank));
            a_spread < STILL && b_spread < STILL && (a - b).abs() > CHANGED
        })
        .count();
    count as f32 / pixels as f32
}

/// The median of a pixel, and of the deviations from it that of a rank.
fn middle(side: &[Vec<f32>], pixel: usize, rank: usize) -> (f32, f32) {
    let mut values: [f32; WINDOW] = std::array::from_fn(|at| side[at][pixel]);
    values.sort_by(f32::total_cmp);
    let median = f32::midpoint(values[WINDOW / 2 - 1], values[WINDOW / 2]);
    let mut deviations = values.map(|value| (value - median).abs());
    deviations.sort_by(f32::total_cmp);
    (median, deviations[rank])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disc before a wall whose edge lies at `horizon`, and a product that turns.
    fn photo(number: usize, horizon: usize) -> Proxy {
        let (width, height) = (120, 90);
        let pixels: Vec<u8> = (0..width * height)
            .flat_map(|at| {
                let (x, y) = (at % width, at / width);
                let ground = if y > horizon { 120 } else { 190 };
                let product = (50..70).contains(&x) && (30..70).contains(&y);
                let turned = (x * 5 + number * 17) % 100 + 40;
                let noise = ((at * 2_654_435_761 + number * 97) >> 9) & 1;
                [if product { turned } else { ground + noise } as u8; 3]
            })
            .collect();
        Proxy::of(width as u32, height as u32, &pixels)
    }

    fn moves(horizons: &[usize]) -> Vec<usize> {
        let photos: Vec<Proxy> = (0..).zip(horizons).map(|(n, h)| photo(n, *h)).collect();
        camera_moves(&photos.iter().collect::<Vec<_>>(), 2)
    }

    #[test]
    fn each_move_is_found_where_it_was() {
        let horizons = [vec![40; 12], vec![55; 9], vec![70; 20]].concat();
        assert_eq!(moves(&horizons), [12, 21]);
    }

    #[test]
    fn a_turning_product_and_a_single_jolt_are_no_move() {
        assert_eq!(moves(&[50; 36]), []);
        let mut jolted = [50; 36];
        jolted[17] = 58;
        assert_eq!(moves(&jolted), []);
        assert_eq!(moves(&[50; 5]), []);
        assert_eq!(moves(&[]), []);
    }
}
