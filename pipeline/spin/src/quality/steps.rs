use super::distances::Distances;
use super::statistics::median;
use super::turn::Turn;

/// Steps of the turn that have no photo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gap {
    /// Where the photo before the gap stands in the turn.
    pub at: usize,
    /// How many steps are missing.
    pub missing: u32,
    /// The width of the gap in usual steps of the photos about it.
    pub width_steps: f64,
}

/// A gap is this far from one step towards two, as the photos about it show one and two.
const CERTAIN: f64 = 0.6;
/// The same where the number of photos, too, says that one is missing: 35 do not divide a turn, 36 do.
const LIKELY: f64 = 0.3;
/// The same where the file names skip a number there as well.
const SUPPORTED: f64 = 0.15;
/// And it is wider than the steps about it by this much.
const LEAST_WIDTH: f64 = 1.12;
/// The same without other evidence.
const CERTAIN_WIDTH: f64 = 1.35;
/// Rows of fewer photos take steps so large that some look like two: there other evidence is needed.
const CERTAIN_PHOTOS: usize = 20;

/// Finds the steps that are missing from a row in order. `numbers_skipped` tells how many numbers the file names leave
/// out between two places of the row.
pub(super) fn missing(turn: &Turn<'_>, numbers_skipped: &dyn Fn(usize, usize) -> u32) -> Vec<Gap> {
    let count = turn.len();
    if count < 8 {
        // Steps so large look new every time: one cannot be told from two.
        return Vec::new();
    }
    let closes = turn.closes();
    let mut gaps: Vec<(f64, Gap)> = (0..count)
        .filter(|at| closes || at + 1 < count)
        .filter_map(|at| candidate(turn, at, closes))
        .collect();
    gaps.sort_by(|a, b| b.0.total_cmp(&a.0));
    let wanted = if closes {
        missing_for_an_even_turn(count)
    } else {
        0
    };
    let mut found: Vec<Gap> = Vec::new();
    for (score, mut gap) in gaps {
        let so_far: u32 = found.iter().map(|gap| gap.missing).sum();
        let here = turn.place(gap.at as isize);
        let next = turn.place(gap.at as isize + 1);
        let skipped = numbers_skipped(here, next);
        let (least_score, least_width) = match (skipped, so_far < wanted) {
            (1..=3, _) => (SUPPORTED, LEAST_WIDTH),
            (_, true) => (LIKELY, LEAST_WIDTH),
            _ if count < CERTAIN_PHOTOS => (f64::INFINITY, f64::INFINITY),
            _ => (CERTAIN, CERTAIN_WIDTH),
        };
        if score >= least_score && gap.width_steps >= least_width {
            if skipped > 0 && skipped <= 3 && score < 1.5 {
                gap.missing = skipped;
            }
            found.push(gap);
        }
    }
    found.sort_by_key(|gap| gap.at);
    found
}

/// How much wider the step after `at` is than its surroundings lead one to expect, in units of one more step.
fn candidate(turn: &Turn<'_>, at: usize, closes: bool) -> Option<(f64, Gap)> {
    let scales = [Distances::fine, Distances::coarse];
    let last = turn.len() as isize - 1;
    let at = at as isize;
    let (mut score, mut width) = (0.0, 0.0);
    for distance in scales {
        // Nothing across the open ends of an arc.
        let seen = |a: isize, b: isize| {
            (closes || (a >= 0 && b <= last))
                .then(|| distance(turn.distances, turn.place(a), turn.place(b)))?
        };
        let here = seen(at, at + 1)?;
        let one = expected(
            [seen(at - 1, at), seen(at + 1, at + 2)],
            [seen(at - 2, at - 1), seen(at + 2, at + 3)],
        )?;
        let two = expected(
            [seen(at - 2, at), seen(at + 1, at + 3)],
            [seen(at - 3, at - 1), seen(at + 2, at + 4)],
        )?;
        let more = (two - one).max(one * 0.2);
        score += (here - one) / more / scales.len() as f64;
        width += here / one.max(f64::MIN_POSITIVE) / scales.len() as f64;
    }
    let missing = missing_steps(turn, at, closes);
    Some((
        score,
        Gap {
            at: at as usize,
            missing,
            width_steps: width,
        },
    ))
}

/// The mean of the nearest two and, with half their weight, of those one farther; either side serves alone.
fn expected(nearest: [Option<f64>; 2], farther: [Option<f64>; 2]) -> Option<f64> {
    let mean = |values: [Option<f64>; 2]| {
        let known: Vec<f64> = values.into_iter().flatten().collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    let near = mean(nearest)?;
    Some(mean(farther).map_or(near, |far| (2.0 * near + far) / 3.0))
}

/// How many steps fit best into the gap after `at`, by what photos two, three … apart about it differ.
fn missing_steps(turn: &Turn<'_>, at: isize, closes: bool) -> u32 {
    const MOST: isize = 6;
    let last = turn.len() as isize - 1;
    let Some(here) = turn.coarse(at, at + 1) else {
        return 1;
    };
    let far = |steps: isize| {
        let pairs = [(at - steps, at), (at + 1, at + 1 + steps)];
        let known = pairs
            .into_iter()
            .filter(|(a, b)| closes || (*a >= 0 && *b <= last))
            .filter_map(|(a, b)| turn.coarse(a, b));
        median(known)
    };
    let mut best = (f64::INFINITY, 1);
    for steps in 2..=MOST {
        let Some(distance) = far(steps) else { break };
        let off = (here - distance).abs();
        if off < best.0 {
            best = (off, steps as u32 - 1);
        }
    }
    best.1
}

/// How many photos a turn of `count` lacks to the next number that people divide a turn into; 0 where it lacks none
/// or many.
fn missing_for_an_even_turn(count: usize) -> u32 {
    const USUAL: [usize; 26] = [
        8, 10, 12, 16, 18, 20, 24, 30, 32, 36, 40, 45, 48, 50, 60, 64, 72, 80, 90, 96, 100, 120,
        144, 180, 200, 216,
    ];
    if count.is_multiple_of(36) || USUAL.contains(&count) {
        return 0;
    }
    let lacking = USUAL
        .iter()
        .find(|&&usual| usual > count)
        .map_or(0, |usual| usual - count);
    if lacking <= 2 { lacking as u32 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_turns_lack_nothing() {
        assert_eq!([36, 24, 72, 360].map(missing_for_an_even_turn), [0; 4]);
        assert_eq!(
            [35, 23, 70, 47, 37].map(missing_for_an_even_turn),
            [1, 1, 2, 1, 0]
        );
    }
}
