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

/// How fast the distance and the pan follow.
const ZOOM_S: f64 = 0.09;

/// Azimuth, elevation, distance and pan, each gliding to its goal.
///
/// Distance is a multiple of the one at which the model fills the view. Pan moves the camera in its own plane, in halves
/// of the view's height at distance 1; there is only as much of it as the zoom gives room for.
#[derive(Clone, Debug)]
pub struct Orbit {
    azimuth_rad: Damper,
    elevation_rad: Damper,
    distance: Damper,
    pan: [Damper; 2],
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
            distance: Damper::new(1.0, ZOOM_S),
            pan: [Damper::new(0.0, ZOOM_S); 2],
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

    /// Stands at `elevation_rad` at once.
    pub fn set_elevation(&mut self, elevation_rad: f64) {
        self.elevation_rad
            .jump(elevation_rad.within(LOWEST_RAD, HIGHEST_RAD));
    }

    /// Turns by an angle at once; a glide goes on from there.
    pub fn shift_azimuth(&mut self, azimuth_rad: f64) {
        if azimuth_rad.is_finite() {
            self.azimuth_rad.shift(azimuth_rad);
            self.wrap();
        }
    }

    /// Glides to a view, the shorter way round, with nothing panned; `magnification` 1 shows the whole model.
    pub fn look(&mut self, azimuth_rad: f64, elevation_rad: f64, magnification: f64) {
        let turn = core::f64::consts::TAU;
        let way = (azimuth_rad - self.azimuth_rad.value()) / turn;
        self.azimuth_rad
            .aim(self.azimuth_rad.value() + (way - (way + 0.5).floor()) * turn);
        self.elevation_rad
            .aim(elevation_rad.within(LOWEST_RAD, HIGHEST_RAD));
        self.distance
            .aim((1.0 / magnification.max(1e-3)).within(NEAREST, FARTHEST));
        self.pan.iter_mut().for_each(|p| p.aim(0.0));
    }

    /// How far the camera is moved to its right and up.
    #[must_use]
    pub fn pan(&self) -> [f64; 2] {
        [self.pan[0].value(), self.pan[1].value()]
    }

    /// Moves the model by these parts of half the view's height, right and up, at once.
    pub fn pan_by(&mut self, right: f64, up: f64) {
        let distance = self.distance.goal();
        for (pan, by) in self.pan.iter_mut().zip([right, up]) {
            pan.jump(pan.value() - by * distance);
        }
        self.keep_in_view();
    }

    /// Comes `factor` times nearer.
    pub fn zoom_by(&mut self, factor: f64) {
        self.zoom_at(factor, 0.0, 0.0);
    }

    /// Comes `factor` times nearer to a point of the view that stays where it is: (0, 0) the centre, measured in halves of
    /// the view's height, right and up.
    pub fn zoom_at(&mut self, factor: f64, right: f64, up: f64) {
        let before = self.distance.goal();
        let goal = before / factor.max(1e-3);
        self.distance.aim(goal.within(NEAREST, FARTHEST));
        let kept = before - self.distance.goal();
        for (pan, at) in self.pan.iter_mut().zip([right, up]) {
            pan.aim(pan.goal() + at * kept);
        }
        self.keep_in_view();
    }

    /// What is panned shrinks with the room that there is.
    fn keep_in_view(&mut self) {
        let room = (1.0 - self.distance.goal()).max(0.0);
        for pan in &mut self.pan {
            if pan.goal().abs() > room {
                pan.aim(pan.goal().within(-room, room));
            }
        }
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
        self.pan.iter_mut().for_each(|p| p.aim(0.0));
    }

    /// Ends every glide where it is going.
    pub fn finish(&mut self) {
        let angles = [&mut self.azimuth_rad, &mut self.elevation_rad];
        let all = angles.into_iter().chain([&mut self.distance]);
        for damper in all.chain(&mut self.pan) {
            damper.jump(damper.goal());
        }
        self.wrap();
    }

    /// Advances by `dt_s`; whether anything still moves.
    pub fn step(&mut self, dt_s: f64) -> bool {
        let turning = self.azimuth_rad.step(dt_s, REST_RAD);
        let tilting = self.elevation_rad.step(dt_s, REST_RAD);
        let coming = self.distance.step(dt_s, REST_RAD);
        let [sideways, upwards] = [0, 1].map(|k| self.pan[k].step(dt_s, REST_RAD));
        self.elevation_rad.keep_within(LOWEST_RAD, HIGHEST_RAD);
        self.distance.keep_within(NEAREST, FARTHEST);
        self.wrap();
        turning || tilting || coming || sideways || upwards
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
    fn the_point_under_the_finger_stays_and_the_whole_is_never_panned() {
        let mut orbit = Orbit::new(0.0, 0.2);
        let seen = |orbit: &Orbit, at: f64| orbit.pan()[0] + at * orbit.distance();
        let before = seen(&orbit, 0.4);
        orbit.zoom_at(2.0, 0.4, 0.0);
        orbit.finish();
        assert!((seen(&orbit, 0.4) - before).abs() < 1e-9);
        assert!(orbit.pan()[0] > 0.1);
        orbit.pan_by(-9.0, 9.0);
        orbit.finish();
        assert!(orbit.pan().iter().all(|p| p.abs() <= 0.5 + 1e-9));
        orbit.zoom_by(0.1);
        orbit.finish();
        assert!(orbit.pan().iter().all(|p| p.abs() < 1e-12));
    }

    #[test]
    fn it_looks_the_shorter_way_round() {
        let mut orbit = Orbit::new(3.0, 0.2);
        orbit.look(-3.0, 0.5, 2.0);
        let mut most = 0.0_f64;
        while orbit.step(0.016) {
            most = most.max((orbit.azimuth_rad().abs() - core::f64::consts::PI).abs());
        }
        assert!(most < 0.2, "it went through the front");
        assert!((orbit.azimuth_rad() + 3.0).abs() < 1e-6);
        assert!((orbit.elevation_rad() - 0.5).abs() < 1e-6);
        assert!((orbit.magnification() - 2.0).abs() < 1e-6);
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
