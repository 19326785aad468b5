//! The spin's turn: pixels dragged become frames, let go they glide on.

use xoay_format::Direction;

use crate::damper::Damper;
use crate::math::Within;

/// Seconds in which a flick loses 63% of its speed.
const GLIDE_S: f64 = 0.28;
/// Fastest flick, in whole turns a second.
const FASTEST_TURNS_PER_S: f64 = 2.5;
/// Fraction of a frame that counts as arrived.
const REST_FRAMES: f64 = 0.02;

/// One row's number and frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnRow {
    /// Number of the row's first frame.
    pub first_frame: u32,
    /// How many frames it has; at least 1.
    pub frame_count: u32,
}

/// Where a spin stands: a row and a place within its turn.
#[derive(Clone, Debug)]
pub struct Turn {
    rows: Vec<TurnRow>,
    loops: bool,
    /// +1 where a drag to the right raises the frame number.
    sign: f64,
    /// Fraction of the row's turn, so that a change of row keeps the angle.
    place: Damper,
    row: f64,
}

impl Turn {
    /// A turn over `rows` that starts at `start_frame`; rows without frames are left out.
    ///
    /// With `loops` the last frame of a row is followed by its first, else both ends stop.
    #[must_use]
    pub fn new(rows: &[TurnRow], loops: bool, direction: Direction, start_frame: u32) -> Self {
        let mut kept: Vec<_> = rows.iter().copied().filter(|r| r.frame_count > 0).collect();
        if kept.is_empty() {
            kept.push(TurnRow {
                first_frame: 0,
                frame_count: 1,
            });
        }
        let mut turn = Self {
            rows: kept,
            loops,
            sign: match direction {
                Direction::CounterClockwise => 1.0,
                Direction::Clockwise => -1.0,
            },
            place: Damper::new(0.0, GLIDE_S),
            row: 0.0,
        };
        turn.jump_to(start_frame);
        turn
    }

    /// The frame in view.
    #[must_use]
    pub fn frame(&self) -> u32 {
        let row = self.rows[self.row_index()];
        let place = self.place.value() * f64::from(row.frame_count);
        row.first_frame + self.bring_in(place.round(), row)
    }

    /// The row in view, the lowest camera first.
    #[must_use]
    pub fn row_index(&self) -> usize {
        (self.row.round().max(0.0) as usize).min(self.rows.len() - 1)
    }

    /// How many rows there are.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.rows.len()
    }

    /// The row in view.
    #[must_use]
    pub fn row(&self) -> TurnRow {
        self.rows[self.row_index()]
    }

    /// Follows the finger: `dx` of `width` pixels turn by the same part of a whole turn, `dy` of `height` changes rows.
    pub fn drag(&mut self, dx: f64, dy: f64, width: f64, height: f64) {
        let at = self.place.value() + self.sign * dx / width.max(1.0);
        self.place.jump(self.limit(at));
        let rows = (self.rows.len() - 1) as f64;
        let row = self.row + dy / height.max(1.0) * rows * 1.5;
        if row.is_finite() {
            self.row = row.within(0.0, rows);
        }
        self.wrap();
    }

    /// Lets go at `vx` pixels a second: the turn glides to a whole frame.
    pub fn release(&mut self, vx: f64, width: f64) {
        let speed =
            (self.sign * vx / width.max(1.0)).within(-FASTEST_TURNS_PER_S, FASTEST_TURNS_PER_S);
        let speed = if speed.is_finite() { speed } else { 0.0 };
        let count = f64::from(self.row().frame_count);
        let goal = ((self.place.value() + speed * GLIDE_S) * count).round() / count;
        self.place.launch(self.limit(goal), speed);
        self.row = self.row.round();
    }

    /// Glides by `frames` from where it is going.
    pub fn step_by(&mut self, frames: i32) {
        let count = f64::from(self.row().frame_count);
        let goal = ((self.place.goal() * count).round() + f64::from(frames)) / count;
        self.place.aim(self.limit(goal));
    }

    /// Turns on by a part of a whole turn, without a glide.
    pub fn turn_by(&mut self, part: f64) {
        let at = self.place.value() + part;
        if at.is_finite() {
            self.place.jump(self.limit(at));
            self.wrap();
        }
    }

    /// Changes the row by `rows`, keeping the angle.
    pub fn change_row(&mut self, rows: i32) {
        let last = (self.rows.len() - 1) as f64;
        self.row = (self.row.round() + f64::from(rows)).within(0.0, last);
    }

    /// Shows `frame` at once; beyond the last it shows the last.
    pub fn jump_to(&mut self, frame: u32) {
        let inside = |r: &TurnRow| frame >= r.first_frame && frame - r.first_frame < r.frame_count;
        let index = self.rows.iter().position(inside);
        let index = index.unwrap_or(self.rows.len() - 1);
        let row = self.rows[index];
        let within = frame
            .saturating_sub(row.first_frame)
            .min(row.frame_count - 1);
        self.row = index as f64;
        self.place
            .jump(f64::from(within) / f64::from(row.frame_count));
    }

    /// Ends any glide where it is going.
    pub fn finish(&mut self) {
        self.place.jump(self.place.goal());
        self.wrap();
    }

    /// Advances a glide by `dt_s`; whether it goes on.
    pub fn step(&mut self, dt_s: f64) -> bool {
        let count = f64::from(self.row().frame_count);
        let moving = self.place.step(dt_s, REST_FRAMES / count);
        self.wrap();
        moving
    }

    /// How far the frame in view is turned from the row's first, as a part of a turn `0.0..1.0`.
    #[must_use]
    pub fn part_of_turn(&self) -> f64 {
        let row = self.row();
        f64::from(self.frame() - row.first_frame) / f64::from(row.frame_count)
    }

    fn bring_in(&self, place: f64, row: TurnRow) -> u32 {
        let count = i64::from(row.frame_count);
        let place = place as i64;
        let within = if self.loops {
            place.rem_euclid(count)
        } else {
            place.clamp(0, count - 1)
        };
        within as u32
    }

    fn limit(&self, part: f64) -> f64 {
        if self.loops {
            part
        } else {
            let count = f64::from(self.row().frame_count);
            part.within(0.0, (count - 1.0) / count)
        }
    }

    fn wrap(&mut self) {
        let turns = self.place.value().floor();
        if self.loops && turns.abs() >= 1.0 {
            self.place.shift(-turns);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one_row(count: u32, loops: bool) -> Turn {
        let rows = [TurnRow {
            first_frame: 0,
            frame_count: count,
        }];
        Turn::new(&rows, loops, Direction::CounterClockwise, 0)
    }

    #[test]
    fn turning_on_goes_round_and_an_arc_has_ends() {
        let mut round = one_row(36, true);
        for _ in 0..10 {
            round.turn_by(0.11);
        }
        assert_eq!(round.frame(), 4);
        round.turn_by(-0.2);
        assert_eq!(round.frame(), 32);
        round.turn_by(f64::NAN);
        assert_eq!(round.frame(), 32);
        let mut arc = one_row(10, false);
        arc.turn_by(3.0);
        assert_eq!(arc.frame(), 9);
    }

    proptest! {
        #[test]
        fn the_frame_stays_in_range(
            count in 1..300_u32,
            loops: bool,
            drags in prop::collection::vec((-2000.0..2000.0_f64, -500.0..500.0_f64), 1..20),
            flick in -1e5..1e5_f64,
        ) {
            let rows = [
                TurnRow { first_frame: 0, frame_count: count },
                TurnRow { first_frame: count, frame_count: count },
            ];
            let mut turn = Turn::new(&rows, loops, Direction::Clockwise, 0);
            for (dx, dy) in drags {
                turn.drag(dx, dy, 390.0, 300.0);
                prop_assert!(turn.frame() < 2 * count);
            }
            turn.release(flick, 390.0);
            let mut steps = 0;
            while turn.step(1.0 / 60.0) {
                prop_assert!(turn.frame() < 2 * count);
                steps += 1;
                prop_assert!(steps < 1000, "it must come to rest");
            }
        }

        #[test]
        fn dragging_there_and_back_returns(dx in -3000.0..3000.0_f64) {
            let mut turn = one_row(36, true);
            turn.drag(dx, 0.0, 400.0, 300.0);
            turn.drag(-dx, 0.0, 400.0, 300.0);
            prop_assert_eq!(turn.frame(), 0);
        }
    }

    #[test]
    fn the_near_side_follows_the_finger() {
        let mut turn = one_row(36, true);
        turn.drag(100.0, 0.0, 400.0, 300.0);
        assert_eq!(turn.frame(), 9);
        let rows = [TurnRow {
            first_frame: 0,
            frame_count: 36,
        }];
        let mut turn = Turn::new(&rows, true, Direction::Clockwise, 0);
        turn.drag(100.0, 0.0, 400.0, 300.0);
        assert_eq!(turn.frame(), 27);
    }

    #[test]
    fn a_part_turn_stops_at_its_ends() {
        let mut turn = one_row(10, false);
        turn.drag(1e6, 0.0, 400.0, 300.0);
        assert_eq!(turn.frame(), 9);
        turn.step_by(1);
        turn.finish();
        assert_eq!(turn.frame(), 9);
        turn.drag(-1e7, 0.0, 400.0, 300.0);
        assert_eq!(turn.frame(), 0);
    }

    #[test]
    fn a_step_past_the_last_frame_shows_the_first() {
        let mut turn = one_row(36, true);
        turn.jump_to(35);
        turn.step_by(1);
        turn.finish();
        assert_eq!(turn.frame(), 0);
        turn.step_by(-1);
        turn.finish();
        assert_eq!(turn.frame(), 35);
    }

    #[test]
    fn a_change_of_row_keeps_the_angle() {
        let rows = [
            TurnRow {
                first_frame: 0,
                frame_count: 24,
            },
            TurnRow {
                first_frame: 24,
                frame_count: 12,
            },
        ];
        let mut turn = Turn::new(&rows, true, Direction::CounterClockwise, 6);
        turn.change_row(1);
        assert_eq!(turn.frame(), 24 + 3);
        turn.change_row(5);
        assert_eq!(turn.row_index(), 1);
    }

    #[test]
    fn odd_rows_are_survived() {
        let empty = Turn::new(&[], true, Direction::default(), 7);
        assert_eq!(empty.frame(), 0);
        let mut turn = one_row(36, true);
        turn.jump_to(u32::MAX);
        assert_eq!(turn.frame(), 35);
        turn.release(f64::NAN, f64::NAN);
        turn.drag(f64::NAN, f64::NAN, 0.0, 0.0);
        assert_eq!(turn.frame(), 35);
    }
}
