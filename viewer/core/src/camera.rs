//! Where the camera stands for an orbit around a model, and what it sees where.

use crate::math::{Mat4, Vec3, cross, normalize, sub};
use crate::orbit::Orbit;

const FOV_Y_RAD: f32 = 0.52;
/// Height from which the model is seen at first.
pub const START_ELEVATION_RAD: f64 = 0.26;
/// Room around the model, as a part of the view.
const MARGIN: f32 = 1.12;

/// The room that a model takes: what the camera has to hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Subject {
    /// Least corner, metres.
    pub min: Vec3,
    /// Greatest corner.
    pub max: Vec3,
    /// Radius around the vertical line through the middle that holds everything.
    pub radius: f32,
}

/// A camera at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// From the model's frame to GL's clip space.
    pub clip_from_world: Mat4,
    /// Where it stands, metres.
    pub eye: Vec3,
    /// Angle around the vertical.
    pub azimuth_rad: f32,
    /// Angle above the horizon.
    pub elevation_rad: f32,
    right: Vec3,
    up: Vec3,
    ahead: Vec3,
    slope: [f32; 2],
}

impl Camera {
    /// Stands so far off that the cylinder around the model, seen from the start's height, fits a view of this width over
    /// height; then as much nearer and to the side as the orbit says.
    #[must_use]
    pub fn new(orbit: &Orbit, subject: &Subject, aspect: f32) -> Self {
        let (azimuth_rad, elevation_rad) =
            (orbit.azimuth_rad() as f32, orbit.elevation_rad() as f32);
        let Subject { min, max, radius } = *subject;
        let height = (max[1] - min[1]).max(1e-9);
        let radius = radius.max(height * 1e-3);
        let (sin, cos) = (START_ELEVATION_RAD as f32).sin_cos();
        let slope = (FOV_Y_RAD / 2.0).tan();
        let tall = (height / 2.0 * cos + radius * sin) / slope;
        let wide = radius / (slope * aspect);
        let whole = tall.max(wide) * MARGIN + radius * cos;
        let distance = whole * orbit.distance() as f32;
        let (sin_up, cos_up) = elevation_rad.sin_cos();
        let (sin_round, cos_round) = azimuth_rad.sin_cos();
        let back = [cos_up * sin_round, sin_up, cos_up * cos_round];
        let right = normalize(cross([0.0, 1.0, 0.0], back));
        let up = cross(back, right);
        let [aside, above] = orbit.pan().map(|p| p as f32 * whole * slope);
        let target: Vec3 = core::array::from_fn(|k| {
            f32::midpoint(min[k], max[k]) + right[k] * aside + up[k] * above
        });
        let eye = core::array::from_fn(|k| target[k] + back[k] * distance);
        let reach = (radius.hypot(height) + aside.hypot(above)) * 1.3;
        let near = (distance - reach).max(distance * 0.02);
        let projection = Mat4::perspective(FOV_Y_RAD, aspect, near, distance + reach);
        Self {
            clip_from_world: projection.mul(&Mat4::look_at(eye, target)),
            eye,
            azimuth_rad,
            elevation_rad,
            right,
            up,
            ahead: back.map(|n| -n),
            slope: [slope * aspect, slope],
        }
    }

    /// Where a point is seen: −1..1 from left to right and from bottom to top; `None` behind the camera.
    #[must_use]
    pub fn project(&self, p: Vec3) -> Option<[f32; 2]> {
        let m = &self.clip_from_world.0;
        let w = m[3] * p[0] + m[7] * p[1] + m[11] * p[2] + m[15];
        let [x, y, _] = self.clip_from_world.point(p);
        (w > 0.0).then(|| [x / w, y / w])
    }

    /// The direction in which a place of the view, −1..1, lies from [`Camera::eye`]; not one long.
    #[must_use]
    pub fn direction(&self, [x, y]: [f32; 2]) -> Vec3 {
        core::array::from_fn(|k| {
            self.ahead[k] + self.right[k] * x * self.slope[0] + self.up[k] * y * self.slope[1]
        })
    }

    /// The way from the camera to a point.
    #[must_use]
    pub fn to(&self, p: Vec3) -> Vec3 {
        sub(p, self.eye)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::math::dot;

    const SUBJECT: Subject = Subject {
        min: [-0.1, 0.0, -0.1],
        max: [0.1, 0.3, 0.1],
        radius: 0.14,
    };

    proptest! {
        #[test]
        fn a_ray_through_where_a_point_is_seen_meets_the_point(
            azimuth in -3.0..3.0_f64, elevation in -0.2..1.4_f64, zoom in 1.0..2.5_f64,
            x in -0.1..0.1_f32, y in 0.0..0.3_f32, z in -0.1..0.1_f32, aspect in 0.4..2.5_f32,
        ) {
            let mut orbit = Orbit::new(azimuth, elevation);
            orbit.zoom_at(zoom, 0.3, -0.2);
            orbit.finish();
            let camera = Camera::new(&orbit, &SUBJECT, aspect);
            let way = normalize(camera.to([x, y, z]));
            let seen = camera.project([x, y, z]).unwrap();
            prop_assert!(dot(normalize(camera.direction(seen)), way) > 0.99999);
        }

        #[test]
        fn the_whole_model_is_in_view_from_every_side(azimuth in -3.2..3.2_f64, aspect in 0.3..3.0_f32, corner in 0..8_usize) {
            let camera = Camera::new(&Orbit::new(azimuth, START_ELEVATION_RAD), &SUBJECT, aspect);
            let pick = |k: usize| if corner >> k & 1 == 0 { SUBJECT.min[k] } else { SUBJECT.max[k] };
            let [x, y] = camera.project([pick(0), pick(1), pick(2)]).unwrap();
            prop_assert!(x.abs() <= 1.0 && y.abs() <= 1.0, "{x} {y}");
        }
    }

    #[test]
    fn what_is_behind_is_not_seen() {
        let camera = Camera::new(&Orbit::new(0.0, 0.0), &SUBJECT, 1.0);
        assert!(camera.project([0.0, 0.1, 9.0]).is_none());
        let [x, y] = camera.project([0.05, 0.15, 0.0]).unwrap();
        assert!(x > 0.0 && y.abs() < 1e-5, "+X is on the right");
    }
}
