use super::statistics::medians_of_neighbours;
use super::turn::Turn;

/// A change that puts photos where they belong.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Move {
    /// The photos that it moves, as places within the row, in the order in which they lie.
    pub places: Vec<usize>,
    pub kind: MoveKind,
    /// The distances at the seams as they were, over those after the change: 1 where nothing is gained.
    pub gain: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MoveKind {
    /// The two outer photos of a run of two or three change places.
    Swap,
    /// A longer run is turned round.
    Turn,
    /// One photo goes to another place in the row.
    Relocate,
}

/// Seams must become this much shorter. Photos in order are made 1.2 to 1.9 times worse by any such change, and
/// swapped ones 1.5 to 1.9 times better: the goal lies in between, on the careful side.
pub(super) const LEAST_GAIN: f64 = 1.2;

/// And each seam must be longer than the steps about it by this much: a pattern that repeats, such as the marks of a
/// printed disc, can make photos far apart more alike than neighbours, without anything being out of order.
const LEAST_JUMP: f64 = 1.12;

/// Finds photos out of order, puts them in order within `turn`, and says what it did.
///
/// A row of photos in order is the shortest tour through them. The changes are those of local search for the
/// travelling salesman: turning a run round (2-opt, Croes 1958), moving one stop (Or 1976).
pub(super) fn put_in_order(turn: &mut Turn<'_>) -> Vec<Move> {
    /// Beyond that many changes the row is no turn in disorder, it is no turn.
    const MOST: usize = 24;
    let mut moves = Vec::new();
    while moves.len() < MOST {
        let Some(best) = best_change(turn) else {
            break;
        };
        moves.push(apply(turn, &best));
    }
    moves
}

#[derive(Clone, Copy)]
struct Change {
    saved: f64,
    gain: f64,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    Reverse { start: isize, length: isize },
    Relocate { from: isize, after: isize },
}

fn best_change(turn: &Turn<'_>) -> Option<Change> {
    let count = turn.len() as isize;
    if count < 5 {
        // Every order of four is the same tour up to a few; nothing can be told.
        return None;
    }
    let closes = turn.closes();
    let steps: Vec<f64> = (0..count)
        .map(|at| seam(turn, at, at + 1).unwrap_or(0.0))
        .collect();
    let usual = medians_of_neighbours(&steps, 4);
    // Whether the seams after these places are all longer than the steps about them. What follows a missing step is one
    // long seam, which is no disorder.
    let jump = &|seams: [isize; 2]| {
        seams.iter().all(|at| {
            let at = at.rem_euclid(count) as usize;
            let open_end = !closes && at as isize == count - 1;
            open_end || steps[at] >= LEAST_JUMP * usual[at]
        })
    };
    let reversals = (0..count).flat_map(|start| {
        let lengths = (2..=count / 2).filter(move |length| jump([start - 1, start + length - 1]));
        lengths.filter_map(move |length| reversal(turn, closes, start, length))
    });
    // A photo that leaves its place leaves a gap, so no repeating pattern makes that a gain.
    let relocations = (0..count)
        .flat_map(|from| (0..count).filter_map(move |after| relocation(turn, closes, from, after)));
    reversals
        .chain(relocations)
        .filter(|change| change.gain >= LEAST_GAIN)
        .max_by(|a, b| a.saved.total_cmp(&b.saved))
}

/// The seam between what stands at `a` and at `b`; nothing at the open end of an arc.
fn seam(turn: &Turn<'_>, a: isize, b: isize) -> Option<f64> {
    turn.between(a, b)
}

fn change(before: f64, after: f64, what: What) -> Change {
    Change {
        saved: before - after,
        gain: before / after.max(f64::MIN_POSITIVE),
        what,
    }
}

fn reversal(turn: &Turn<'_>, closes: bool, start: isize, length: isize) -> Option<Change> {
    let count = turn.len() as isize;
    let end = start + length - 1;
    let what = What::Reverse { start, length };
    let (before_start, after_end) = (start - 1, end + 1);
    if closes {
        let before = seam(turn, before_start, start)? + seam(turn, end, after_end)?;
        let after = seam(turn, before_start, end)? + seam(turn, start, after_end)?;
        return Some(change(before, after, what));
    }
    if end >= count {
        return None;
    }
    match (start == 0, after_end == count) {
        (true, _) => Some(change(
            seam(turn, end, after_end)?,
            seam(turn, start, after_end)?,
            what,
        )),
        (_, true) => Some(change(
            seam(turn, before_start, start)?,
            seam(turn, before_start, end)?,
            what,
        )),
        _ => reversal_inside(turn, start, end, what),
    }
}

fn reversal_inside(turn: &Turn<'_>, start: isize, end: isize, what: What) -> Option<Change> {
    let before = seam(turn, start - 1, start)? + seam(turn, end, end + 1)?;
    let after = seam(turn, start - 1, end)? + seam(turn, start, end + 1)?;
    Some(change(before, after, what))
}

fn relocation(turn: &Turn<'_>, closes: bool, from: isize, after: isize) -> Option<Change> {
    let count = turn.len() as isize;
    let apart = (after - from).rem_euclid(count);
    // Its own place, and those that a swap with a neighbour reaches.
    if apart <= 1 || apart >= count - 2 {
        return None;
    }
    let at_an_end = |at: isize| at <= 0 || at >= count - 1;
    if !closes && (at_an_end(from) || at_an_end(after)) {
        return None;
    }
    let before =
        seam(turn, from - 1, from)? + seam(turn, from, from + 1)? + seam(turn, after, after + 1)?;
    let gone =
        seam(turn, from - 1, from + 1)? + seam(turn, after, from)? + seam(turn, from, after + 1)?;
    Some(change(before, gone, What::Relocate { from, after }))
}

fn apply(turn: &mut Turn<'_>, change: &Change) -> Move {
    let (places, kind) = match change.what {
        What::Reverse { start, length } => {
            let count = turn.len();
            let run: Vec<usize> = (start..start + length).map(|at| turn.place(at)).collect();
            for (step, &place) in run.iter().rev().enumerate() {
                turn.order[(start as usize + step) % count] = place;
            }
            let outer = vec![run[0], run[run.len() - 1]];
            match length {
                2 | 3 => (outer, MoveKind::Swap),
                _ => (run, MoveKind::Turn),
            }
        }
        What::Relocate { from, after } => {
            let neighbour = turn.place(after);
            let place = turn.order.remove(from as usize);
            let after = turn.order.iter().position(|&p| p == neighbour).unwrap_or(0);
            turn.order.insert(after + 1, place);
            (vec![place], MoveKind::Relocate)
        }
    };
    Move {
        places,
        kind,
        gain: change.gain,
    }
}
