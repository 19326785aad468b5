//! The camera's orbit around a model.

use crate::damper::Damper;
use crate::math::Within;

const GLIDE_S: f64 = 0.22;
const LOWEST_RAD: f64 = -0.2;
const HIGHEST_RAD: f64 = 1.45;
const NEAREST: f64 = 0.35;
const FARTHEST: f64 = 1.6;
const REST_RAD: f64 = 5e-4;
/// Fastest flick.
const FASTEST_RAD_PER_S: f64 = 12.0;

/// Azimuth, elevation and distance, each gliding to its goal.
///
/// Distance is a multiple of the one at which the model fills the view.
#[derive(Clone, Debug)]
pub struct Orbit {
    azimuth_rad: Damper,
    elevation_rad: Damper,
    distance: Damper,
    home: [f64; 2],
}

impl Orbit {
    /// An orbit that starts, and comes home, at these angles.
    #[must_use]
    pub fn new(azimuth_rad: f64, elevation_rad: f64) -> Self {
        let elevation_rad = elevation_rad.within(LOWEST_RAD, HIGHEST_RAD);
        Self {
            azimuth_rad: Damper::new(azimuth_rad, GLIDE_S),
            elevation_rad: Damper::new(elevation_rad, GLIDE_S),
            distance: Damper::new(1.0, 0.09),
            home: [azimuth_rad, elevation_rad],
        }
    }

    /// Angle around the vertical; 0 looks at the model's front (+Z), rising to its right (+X).
    #[must_use]
    pub fn azimuth_rad(&self) -> f64 {
        self.azimuth_rad.value()
    }

    /// Angle above the horizon.
    #[must_use]
    pub fn elevation_rad(&self) -> f64 {
        self.elevation_rad.value()
    }

    /// Multiple of the distance at which the model fills the view.
    #[must_use]
    pub fn distance(&self) -> f64 {
        self.distance.value()
    }

    /// Follows the finger: the model's near side moves with it, half a turn for `size` pixels.
    pub fn drag(&mut self, dx: f64, dy: f64, size: f64) {
        let rad_per_px = core::f64::consts::PI / size.max(1.0);
        self.azimuth_rad
            .jump(self.azimuth_rad.value() - dx * rad_per_px);
        let elevation = self.elevation_rad.value() + dy * rad_per_px;
        self.elevation_rad
            .jump(elevation.within(LOWEST_RAD, HIGHEST_RAD));
        self.wrap();
    }

    /// Lets go at these pixels a second.
    pub fn release(&mut self, vx: f64, vy: f64, size: f64) {
        let rad_per_px = core::f64::consts::PI / size.max(1.0);
        let limit = |v: f64| {
            let speed = (v * rad_per_px).within(-FASTEST_RAD_PER_S, FASTEST_RAD_PER_S);
            if speed.is_finite() { speed } else { 0.0 }
        };
        let (spin, tilt) = (limit(-vx), limit(vy));
        self.azimuth_rad
            .launch(self.azimuth_rad.value() + spin * GLIDE_S, spin);
        let goal = self.elevation_rad.value() + tilt * GLIDE_S;
        self.elevation_rad
            .launch(goal.within(LOWEST_RAD, HIGHEST_RAD), tilt);
    }

    /// Glides by these angles from where it is going.
    pub fn turn_by(&mut self, azimuth_rad: f64, elevation_rad: f64) {
        self.azimuth_rad.aim(self.azimuth_rad.goal() + azimuth_rad);
        let goal = self.elevation_rad.goal() + elevation_rad;
        self.elevation_rad.aim(goal.within(LOWEST_RAD, HIGHEST_RAD));
    }

    /// Stands at `azimuth_rad` at once.
    pub fn set_azimuth(&mut self, azimuth_rad: f64) {
        self.azimuth_rad.jump(azimuth_rad);
        self.wrap();
    }

    /// Comes `factor` times nearer.
    pub fn zoom_by(&mut self, factor: f64) {
        let goal = self.distance.goal() / factor.max(1e-3);
        self.distance.aim(goal.within(NEAREST, FARTHEST));
    }

    /// How much nearer than the whole view it is going to be.
    #[must_use]
    pub fn magnification(&self) -> f64 {
        1.0 / self.distance.goal()
    }

    /// Glides back to the start.
    pub fn go_home(&mut self) {
        self.azimuth_rad.aim(self.home[0]);
        self.elevation_rad.aim(self.home[1]);
        self.distance.aim(1.0);
    }

    /// Ends every glide where it is going.
    pub fn finish(&mut self) {
        for damper in [
            &mut self.azimuth_rad,
            &mut self.elevation_rad,
            &mut self.distance,
        ] {
            damper.jump(damper.goal());
        }
    }

    /// Advances by `dt_s`; whether anything still moves.
    pub fn step(&mut self, dt_s: f64) -> bool {
        let turning = self.azimuth_rad.step(dt_s, REST_RAD);
        let tilting = self.elevation_rad.step(dt_s, REST_RAD);
        let coming = self.distance.step(dt_s, REST_RAD);
        self.elevation_rad.keep_within(LOWEST_RAD, HIGHEST_RAD);
        self.distance.keep_within(NEAREST, FARTHEST);
        self.wrap();
        turning || tilting || coming
    }

    fn wrap(&mut self) {
        let turn = core::f64::consts::TAU;
        let turns = (self.azimuth_rad.value() / turn + 0.5).floor();
        if turns.abs() >= 1.0 {
            self.azimuth_rad.shift(-turns * turn);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_camera_never_leaves_its_limits(
            drags in prop::collection::vec((-3000.0..3000.0_f64, -3000.0..3000.0_f64, 0.1..9.0_f64), 1..30)
        ) {
            let mut orbit = Orbit::new(0.3, 0.2);
            for (dx, dy, factor) in drags {
                orbit.drag(dx, dy, 400.0);
                orbit.zoom_by(factor);
                orbit.release(dx * 10.0, dy * 10.0, 400.0);
                for _ in 0..400 {
                    orbit.step(0.016);
                    prop_assert!((LOWEST_RAD..=HIGHEST_RAD).contains(&orbit.elevation_rad()));
                    prop_assert!((NEAREST..=FARTHEST).contains(&orbit.distance()));
                }
                prop_assert!(!orbit.step(0.016), "it must come to rest");
                prop_assert!(orbit.azimuth_rad().abs() <= core::f64::consts::PI + 1e-9);
            }
        }
    }

    #[test]
    fn home_is_where_it_started() {
        let mut orbit = Orbit::new(0.3, 0.2);
        orbit.drag(123.0, 45.0, 400.0);
        orbit.zoom_by(2.0);
        orbit.go_home();
        orbit.finish();
        assert!((orbit.azimuth_rad() - 0.3).abs() < 1e-9);
        assert!((orbit.elevation_rad() - 0.2).abs() < 1e-9);
        assert!((orbit.distance() - 1.0).abs() < 1e-9);
    }
}
