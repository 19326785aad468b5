//! Fingers and the mouse become drags, pinches and taps.

/// What a pointer did, as its DOM event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It touched down.
    Down,
    /// It moved while down.
    Move,
    /// It was lifted.
    Up,
    /// The browser took it over, for scrolling say.
    Cancel,
}

/// What the pointers mean together. Lengths are CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// Nothing to do.
    None,
    /// One pointer moved by this much.
    Drag {
        /// To the right.
        dx: f64,
        /// Down.
        dy: f64,
    },
    /// Two pointers spread by `factor` around a centre that moved by (`dx`, `dy`).
    Pinch {
        /// Above 1 when they move apart.
        factor: f64,
        /// Centre, from the left.
        x: f64,
        /// Centre, from the top.
        y: f64,
        /// The centre's way to the right.
        dx: f64,
        /// The centre's way down.
        dy: f64,
    },
    /// The last pointer was lifted at this speed.
    Release {
        /// Pixels a second to the right.
        vx: f64,
        /// Pixels a second down.
        vy: f64,
    },
    /// Two quick taps at one place.
    DoubleTap {
        /// From the left.
        x: f64,
        /// From the top.
        y: f64,
    },
}

#[derive(Clone, Copy, Debug)]
struct Pointer {
    id: i32,
    x: f64,
    y: f64,
}

/// Only movement of the last moments counts for the speed of a release.
const SPEED_WINDOW_MS: f64 = 90.0;
const TAP_MS: f64 = 280.0;
const TAP_PX: f64 = 12.0;
const DOUBLE_TAP_PX: f64 = 32.0;

/// Follows up to two pointers.
#[derive(Clone, Debug, Default)]
pub struct Gestures {
    pointers: Vec<Pointer>,
    trail: Vec<(f64, f64, f64)>,
    down: (f64, f64, f64),
    travelled_px: f64,
    pinched: bool,
    last_tap: Option<(f64, f64, f64)>,
}

impl Gestures {
    /// Takes one pointer event at (`x`, `y`) and `time_ms`; pointers beyond the second are ignored.
    pub fn pointer(&mut self, phase: Phase, id: i32, x: f64, y: f64, time_ms: f64) -> Action {
        let known = self.pointers.iter().position(|p| p.id == id);
        match (phase, known) {
            (Phase::Down, None) if self.pointers.len() < 2 => {
                self.press(id, x, y, time_ms);
                Action::None
            }
            (Phase::Move, Some(at)) => self.travel(at, x, y, time_ms),
            (Phase::Up | Phase::Cancel, Some(at)) => {
                self.pointers.remove(at);
                if !self.pointers.is_empty() {
                    self.trail.clear();
                    return Action::None;
                }
                self.lift(phase, x, y, time_ms)
            }
            _ => Action::None,
        }
    }

    /// Whether a pointer is down.
    #[must_use]
    pub fn active(&self) -> bool {
        !self.pointers.is_empty()
    }

    fn press(&mut self, id: i32, x: f64, y: f64, time_ms: f64) {
        if self.pointers.is_empty() {
            self.down = (x, y, time_ms);
            self.travelled_px = 0.0;
            self.pinched = false;
        } else {
            self.pinched = true;
        }
        self.trail.clear();
        self.trail.push((x, y, time_ms));
        self.pointers.push(Pointer { id, x, y });
    }

    fn travel(&mut self, at: usize, x: f64, y: f64, time_ms: f64) -> Action {
        let before = self.pointers.clone();
        self.pointers[at] = Pointer { x, y, ..before[at] };
        let (dx, dy) = (x - before[at].x, y - before[at].y);
        self.travelled_px += dx.abs() + dy.abs();
        if let ([a0, b0], [a1, b1]) = (&before[..], &self.pointers[..]) {
            let span = |a: &Pointer, b: &Pointer| length(a.x - b.x, a.y - b.y).max(1.0);
            return Action::Pinch {
                factor: span(a1, b1) / span(a0, b0),
                x: f64::midpoint(a1.x, b1.x),
                y: f64::midpoint(a1.y, b1.y),
                dx: dx / 2.0,
                dy: dy / 2.0,
            };
        }
        self.trail
            .retain(|&(_, _, t)| time_ms - t <= SPEED_WINDOW_MS);
        if self.trail.len() < 64 {
            self.trail.push((x, y, time_ms));
        }
        Action::Drag { dx, dy }
    }

    fn lift(&mut self, phase: Phase, x: f64, y: f64, time_ms: f64) -> Action {
        let (down_x, down_y, down_ms) = self.down;
        let tapped = phase == Phase::Up
            && !self.pinched
            && time_ms - down_ms < TAP_MS
            && self.travelled_px < TAP_PX;
        if tapped {
            let twice = self.last_tap.is_some_and(|(tx, ty, t)| {
                time_ms - t < 1.5 * TAP_MS && length(tx - x, ty - y) < DOUBLE_TAP_PX
            });
            self.last_tap = (!twice).then_some((down_x, down_y, time_ms));
            if twice {
                return Action::DoubleTap { x, y };
            }
        }
        self.trail
            .retain(|&(_, _, t)| time_ms - t <= SPEED_WINDOW_MS);
        let (mut vx, mut vy) = (0.0, 0.0);
        if let (Phase::Up, Some(&(x0, y0, t0))) = (phase, self.trail.first()) {
            let seconds = (time_ms - t0).max(8.0) / 1000.0;
            vx = (x - x0) / seconds;
            vy = (y - y0) / seconds;
        }
        Action::Release { vx, vy }
    }
}

/// Pixels neither vanish nor overflow when squared, so `hypot` would be wasted bytes.
fn length(dx: f64, dy: f64) -> f64 {
    (dx * dx + dy * dy).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drag_reports_its_way_and_its_speed() {
        let mut g = Gestures::default();
        assert_eq!(g.pointer(Phase::Down, 1, 10.0, 10.0, 0.0), Action::None);
        let moved = g.pointer(Phase::Move, 1, 20.0, 12.0, 16.0);
        assert_eq!(moved, Action::Drag { dx: 10.0, dy: 2.0 });
        g.pointer(Phase::Move, 1, 30.0, 14.0, 32.0);
        let Action::Release { vx, vy } = g.pointer(Phase::Up, 1, 30.0, 14.0, 33.0) else {
            panic!("expected a release");
        };
        assert!((vx - 20.0 / 0.033).abs() < 1.0 && (vy - 4.0 / 0.033).abs() < 1.0);
        assert!(!g.active());
    }

    #[test]
    fn a_pause_before_lifting_leaves_no_speed() {
        let mut g = Gestures::default();
        g.pointer(Phase::Down, 1, 0.0, 0.0, 0.0);
        g.pointer(Phase::Move, 1, 200.0, 0.0, 16.0);
        let up = g.pointer(Phase::Up, 1, 200.0, 0.0, 500.0);
        assert_eq!(up, Action::Release { vx: 0.0, vy: 0.0 });
    }

    #[test]
    fn two_fingers_pinch_and_a_third_is_ignored() {
        let mut g = Gestures::default();
        g.pointer(Phase::Down, 1, 0.0, 0.0, 0.0);
        g.pointer(Phase::Down, 2, 100.0, 0.0, 1.0);
        g.pointer(Phase::Down, 3, 500.0, 0.0, 2.0);
        let Action::Pinch { factor, x, dx, .. } = g.pointer(Phase::Move, 2, 200.0, 0.0, 20.0)
        else {
            panic!("expected a pinch");
        };
        assert!(
            (factor - 2.0).abs() < 1e-9 && (x - 100.0).abs() < 1e-9 && (dx - 50.0).abs() < 1e-9
        );
        assert_eq!(g.pointer(Phase::Move, 3, 0.0, 0.0, 21.0), Action::None);
    }

    #[test]
    fn two_taps_are_a_double_tap_and_a_third_starts_anew() {
        let mut g = Gestures::default();
        let mut tap = |t: f64| {
            g.pointer(Phase::Down, 1, 50.0, 50.0, t);
            g.pointer(Phase::Up, 1, 51.0, 50.0, t + 50.0)
        };
        assert!(matches!(tap(0.0), Action::Release { .. }));
        assert!(matches!(tap(200.0), Action::DoubleTap { .. }));
        assert!(matches!(tap(400.0), Action::Release { .. }));
    }

    #[test]
    fn a_scroll_that_the_browser_takes_over_leaves_no_speed() {
        let mut g = Gestures::default();
        g.pointer(Phase::Down, 1, 0.0, 0.0, 0.0);
        g.pointer(Phase::Move, 1, 90.0, 0.0, 10.0);
        let end = g.pointer(Phase::Cancel, 1, 90.0, 0.0, 12.0);
        assert_eq!(end, Action::Release { vx: 0.0, vy: 0.0 });
    }
}
