//! A critically damped spring: what makes a number glide to its goal.

use crate::math::Within;

/// A number that follows a goal without ever passing it, the same at every frame rate.
///
/// The motion is the exact solution of `x'' = -2ωx' - ω²(x - goal)`, so two steps of 8 ms land where one of 16 ms does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Damper {
    value: f64,
    velocity_per_s: f64,
    goal: f64,
    settle_s: f64,
}

impl Damper {
    /// A damper at rest at `value` that covers 63% of a way in about `settle_s` seconds.
    #[must_use]
    pub fn new(value: f64, settle_s: f64) -> Self {
        Self {
            value,
            velocity_per_s: 0.0,
            goal: value,
            settle_s: settle_s.max(1e-3),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Where it goes.
    #[must_use]
    pub fn goal(&self) -> f64 {
        self.goal
    }

    /// Sends it to `goal`; ignored where that is no finite number.
    pub fn aim(&mut self, goal: f64) {
        if goal.is_finite() {
            self.goal = goal;
        }
    }

    /// Sends it to `goal` with a push of `velocity_per_s`.
    pub fn launch(&mut self, goal: f64, velocity_per_s: f64) {
        self.aim(goal);
        if velocity_per_s.is_finite() {
            self.velocity_per_s = velocity_per_s;
        }
    }

    /// Puts it at `value`, at rest.
    pub fn jump(&mut self, value: f64) {
        if value.is_finite() {
            self.value = value;
            self.goal = value;
        }
        self.velocity_per_s = 0.0;
    }

    /// Stops a swing at the ends of a range that holds the goal.
    pub fn keep_within(&mut self, least: f64, most: f64) {
        if !(least..=most).contains(&self.value) {
            self.value = self.value.within(least, most);
            self.velocity_per_s = 0.0;
        }
    }

    /// Moves the value and the goal together: what a wrap by whole turns needs.
    pub fn shift(&mut self, by: f64) {
        self.value += by;
        self.goal += by;
    }

    /// Advances by `dt_s` seconds; whether it is still moving afterwards. `rest` is the distance that counts as there.
    pub fn step(&mut self, dt_s: f64, rest: f64) -> bool {
        if dt_s.is_nan() || dt_s <= 0.0 {
            return self.moving();
        }
        let before = self.value - self.goal;
        let omega = 1.0 / self.settle_s;
        let decay = (-omega * dt_s).exp();
        let push = self.velocity_per_s + omega * before;
        let after = (before + push * dt_s) * decay;
        self.velocity_per_s = (self.velocity_per_s - omega * push * dt_s) * decay;
        // A push stronger than the spring would carry it through: it stops at the goal instead.
        let passed = after * before < 0.0;
        let there = after.abs() < rest && self.velocity_per_s.abs() * self.settle_s < rest;
        if passed || there {
            self.jump(self.goal);
        } else {
            self.value = self.goal + after;
        }
        self.moving()
    }

    /// Whether it is not at its goal.
    #[must_use]
    pub fn moving(&self) -> bool {
        self.value.to_bits() != self.goal.to_bits()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_never_passes_its_goal(
            start in -100.0..100.0_f64,
            goal in -100.0..100.0_f64,
            push in -1e4..1e4_f64,
            steps in prop::collection::vec(1e-4..0.2_f64, 1..200),
        ) {
            let mut damper = Damper::new(start, 0.12);
            // A push away from the goal is allowed to swing out, one towards it must not swing through.
            damper.launch(goal, push);
            let side = (start - goal).signum();
            for dt_s in steps {
                damper.step(dt_s, 1e-3);
                prop_assert!((damper.value() - goal) * side >= 0.0);
            }
        }

        #[test]
        fn it_arrives_and_rests(start in -100.0..100.0_f64, goal in -100.0..100.0_f64) {
            let mut damper = Damper::new(start, 0.1);
            damper.aim(goal);
            for _ in 0..600 {
                damper.step(1.0 / 60.0, 1e-3);
            }
            prop_assert!(!damper.moving());
            prop_assert!((damper.value() - goal).abs() < 1e-12);
        }

        #[test]
        fn the_frame_rate_does_not_matter(goal in 5.0..100.0_f64, push in -50.0..50.0_f64, n in 1..40_u32) {
            let mut coarse = Damper::new(0.0, 0.3);
            coarse.launch(goal, push);
            let mut fine = coarse;
            coarse.step(0.4, 1e-9);
            for _ in 0..n {
                fine.step(0.4 / f64::from(n), 1e-9);
            }
            prop_assert!((coarse.value() - fine.value()).abs() < 1e-6);
        }
    }

    #[test]
    fn nonsense_is_ignored() {
        let mut damper = Damper::new(1.0, 0.1);
        damper.aim(f64::NAN);
        damper.step(f64::NAN, 1e-3);
        damper.step(-1.0, 1e-3);
        assert!(!damper.moving() && damper.value() > 0.99);
    }
}
