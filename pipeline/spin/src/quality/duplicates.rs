use super::measures::PhotoMeasures;
use super::turn::Turn;

/// A photo that repeats another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Duplicate {
    /// Place within the row of the one to drop.
    pub dropped: usize,
    /// Place of the one that stays.
    pub kept: usize,
    /// How much they differ, as a share of a usual step.
    pub difference: f64,
}

/// Two photos that differ by less than this share of the steps around them show the same step.
pub(super) const SAME_STEP: f64 = 0.35;

/// Takes photos that repeat another out of `turn`: copies wherever they lie, and a step that was shot twice in a row.
pub(super) fn take_out(turn: &mut Turn<'_>, row: &[&PhotoMeasures]) -> Vec<Duplicate> {
    let mut found = Vec::new();
    while let Some(pair) = copy(turn, row).or_else(|| same_step(turn, row)) {
        turn.order.retain(|&place| place != pair.dropped);
        found.push(pair);
    }
    found
}

/// Two files with the very same picture. The one that fits its neighbours worse is dropped.
fn copy(turn: &Turn<'_>, row: &[&PhotoMeasures]) -> Option<Duplicate> {
    let mut seen = std::collections::HashMap::new();
    for (at, &place) in turn.order.iter().enumerate() {
        if let Some(earlier) = seen.insert(row[place].fingerprint, at) {
            let (earlier, at) = (earlier as isize, at as isize);
            let later_fits_better = misfit(turn, at) < misfit(turn, earlier);
            let (dropped, kept) = if later_fits_better {
                (earlier, at)
            } else {
                (at, earlier)
            };
            return Some(Duplicate {
                dropped: turn.place(dropped),
                kept: turn.place(kept),
                difference: 0.0,
            });
        }
    }
    None
}

/// How much the tour shortens when the photo that stands `at` is left out.
fn misfit(turn: &Turn<'_>, at: isize) -> f64 {
    let distance = |a, b| turn.between(a, b).unwrap_or(0.0);
    distance(at - 1, at) + distance(at, at + 1) - distance(at - 1, at + 1)
}

fn same_step(turn: &Turn<'_>, row: &[&PhotoMeasures]) -> Option<Duplicate> {
    let count = turn.len() as isize;
    if count < 5 {
        return None;
    }
    (0..count)
        .filter_map(|at| {
            let around = [at - 1, at + 1].map(|at| turn.between(at, at + 1));
            let step = around[0]?.min(around[1]?);
            let difference = turn.between(at, at + 1)? / step.max(f64::MIN_POSITIVE);
            (difference < SAME_STEP).then_some((at, difference))
        })
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(at, difference)| {
            let (a, b) = (turn.place(at), turn.place(at + 1));
            let (dropped, kept) = if sharper(row[b], row[a]) {
                (a, b)
            } else {
                (b, a)
            };
            Duplicate {
                dropped,
                kept,
                difference,
            }
        })
}

/// Whether `a` shows clearly more detail than `b`.
fn sharper(a: &PhotoMeasures, b: &PhotoMeasures) -> bool {
    const CLEARLY: f64 = 0.2;
    let detail = |photo: &PhotoMeasures| {
        let along = photo.sharpness.along.iter();
        along.map(|detail| detail.energy_ln).sum::<f64>() / 4.0
    };
    detail(a) > detail(b) + CLEARLY
}
