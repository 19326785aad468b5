//! Which feature of one photo is which of another, and the tracks that follow.

use rayon::prelude::*;

use super::Feature;
use crate::pieces::Pieces;

/// How much nearer the best must be than the next best.
const RATIO: f32 = 0.8;
/// What stands still while the table turns is a highlight or a reflection, pixels.
const LEAST_MOTION: f64 = 3.0;
/// Fewest photos of a track.
const LEAST_SIGHTINGS: usize = 3;

/// A track's place in one photo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sighting {
    pub frame: usize,
    pub place: [f64; 2],
    /// Whether it lies on the product.
    pub on_product: bool,
}

/// Tracks over the pairs of photos that `pairs` names, each with the farthest that a feature may move up or down.
pub(crate) fn tracks(
    features: &[Vec<Feature>],
    pairs: &[(usize, usize)],
    most_rise_px: f64,
) -> Vec<Vec<Sighting>> {
    let matched: Vec<Vec<(usize, usize)>> = pairs
        .par_iter()
        .map(|(i, j)| matches(&features[*i], &features[*j], most_rise_px))
        .collect();
    let mut first = Vec::with_capacity(features.len());
    let mut count = 0;
    for list in features {
        first.push(count);
        count += list.len();
    }
    let mut pieces = Pieces::apart(count);
    for ((i, j), list) in pairs.iter().zip(&matched) {
        for (a, b) in list {
            pieces.join(first[*i] + a, first[*j] + b);
        }
    }
    let mut groups: Vec<Vec<Sighting>> = vec![Vec::new(); count];
    for (frame, list) in features.iter().enumerate() {
        for (at, feature) in list.iter().enumerate() {
            let group = pieces.of(first[frame] + at);
            groups[group].push(Sighting {
                frame,
                place: feature.place,
                on_product: feature.on_product,
            });
        }
    }
    // A track that has two places in one photo is two things.
    groups.retain(|track| {
        track.len() >= LEAST_SIGHTINGS
            && track.windows(2).all(|pair| pair[0].frame != pair[1].frame)
    });
    groups
}

fn matches(a: &[Feature], b: &[Feature], most_rise_px: f64) -> Vec<(usize, usize)> {
    let forward = nearest(a, b, most_rise_px);
    let backward = nearest(b, a, most_rise_px);
    forward
        .iter()
        .enumerate()
        .filter_map(|(at, to)| {
            let to = (*to)?;
            let moved = (a[at].place[0] - b[to].place[0]).hypot(a[at].place[1] - b[to].place[1]);
            (backward[to] == Some(at) && moved >= LEAST_MOTION).then_some((at, to))
        })
        .collect()
}

fn nearest(from: &[Feature], to: &[Feature], most_rise_px: f64) -> Vec<Option<usize>> {
    from.iter()
        .map(|feature| {
            let (mut best, mut next, mut at) = (i32::MAX, i32::MAX, None);
            for (number, other) in to.iter().enumerate() {
                let far = (feature.place[1] - other.place[1]).abs() > most_rise_px;
                if far || feature.on_product != other.on_product {
                    continue;
                }
                let mut apart = 0_i32;
                for (a, b) in feature.descriptor.iter().zip(&other.descriptor) {
                    let d = i32::from(*a) - i32::from(*b);
                    apart += d * d;
                }
                if apart < best {
                    (next, best, at) = (best, apart, Some(number));
                } else if apart < next {
                    next = apart;
                }
            }
            at.filter(|_| (best as f32) < RATIO * RATIO * next as f32)
        })
        .collect()
}
