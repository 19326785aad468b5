use crate::RenderError;

/// Greatest side of a picture, pixels.
pub(crate) const MAX_SIDE: u32 = 4096;

/// What lies behind the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Background {
    /// White.
    #[default]
    White,
    /// Nothing: alpha 0.
    Transparent,
}

/// From where the model is seen, and how large the picture is.
///
/// The camera looks at the middle of the model's bounding box, from so far that the upright cylinder around it fits with
/// a little room, as the viewer's does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Width in pixels, 1 to 4096.
    pub width: u32,
    /// Height in pixels, 1 to 4096.
    pub height: u32,
    /// Where the camera stands around +Y: 0 at +Z, 90 at +X.
    pub azimuth_deg: f32,
    /// How far above the horizon it stands, −89 to 89.
    pub elevation_deg: f32,
    /// Vertical field of view, 1 to 120.
    pub fov_deg: f32,
    /// What lies behind the model.
    pub background: Background,
}

impl Default for View {
    /// 1024 × 1024 as the viewer first shows a model: from the front, 0.26 rad up, 0.52 rad of view, on white.
    fn default() -> Self {
        Self {
            width: 1024,
            height: 1024,
            azimuth_deg: 0.0,
            elevation_deg: 0.26_f32.to_degrees(),
            fov_deg: 0.52_f32.to_degrees(),
            background: Background::White,
        }
    }
}

/// The room that a model takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject {
    /// The bounding box, metres.
    pub min: [f64; 3],
    pub max: [f64; 3],
    /// Radius around the vertical line through its middle that holds everything.
    pub radius: f64,
}

/// A 4 × 4 matrix, column-major.
pub(crate) type Matrix = [[f32; 4]; 4];

/// The camera's place and its projection.
pub(crate) struct Camera {
    pub clip_from_world: Matrix,
    pub eye: [f32; 3],
    /// World from the frame of the lamps, which turn around +Y with the camera: cosine and sine of the azimuth.
    pub azimuth: [f32; 2],
    pub elevation_rad: f32,
}

impl View {
    pub(crate) fn check(&self) -> Result<(), RenderError> {
        let sides = 1..=MAX_SIDE;
        if !sides.contains(&self.width) || !sides.contains(&self.height) {
            return Err(RenderError::Size {
                width: self.width,
                height: self.height,
                max_side: MAX_SIDE,
            });
        }
        let bad = |name, value, expected| {
            Err(RenderError::View {
                name,
                value,
                expected,
            })
        };
        if !self.azimuth_deg.is_finite() {
            return bad("azimuth", self.azimuth_deg, "a finite number of degrees");
        }
        if !(-89.0..=89.0).contains(&self.elevation_deg) {
            return bad("elevation", self.elevation_deg, "-89 to 89 degrees");
        }
        if !(1.0..=120.0).contains(&self.fov_deg) {
            return bad("field of view", self.fov_deg, "1 to 120 degrees");
        }
        Ok(())
    }

    /// The camera that holds a subject.
    pub(crate) fn camera(&self, subject: Subject) -> Camera {
        /// Room around the model, as a part of the view.
        const MARGIN: f64 = 1.12;

        let (sin_a, cos_a) = f64::from(self.azimuth_deg).to_radians().sin_cos();
        let (sin_e, cos_e) = f64::from(self.elevation_deg).to_radians().sin_cos();
        let slope = (f64::from(self.fov_deg).to_radians() / 2.0).tan();
        let aspect = f64::from(self.width) / f64::from(self.height);
        let Subject { min, max, radius } = subject;
        let center = [0, 1, 2].map(|axis| f64::midpoint(min[axis], max[axis]));
        let height = (max[1] - min[1]).max(1e-9);
        let radius = radius.max(height * 1e-3);
        let tall = (height / 2.0 * cos_e + radius * sin_e.abs()) / slope;
        let wide = radius / (slope * aspect);
        // What is nearer than the middle looks larger.
        let distance = tall.max(wide) * MARGIN + radius * cos_e;
        // From the model towards the camera; with `right` and `up` the axes of the view.
        let back = [sin_a * cos_e, sin_e, cos_a * cos_e];
        let right = [cos_a, 0.0, -sin_a];
        let up = [-sin_a * sin_e, cos_e, -cos_a * sin_e];
        let eye = [0, 1, 2].map(|axis| center[axis] + back[axis] * distance);
        let reach = radius.hypot(height) * 1.3;
        let near = (distance - reach).max(distance * 0.02);
        let far = distance + reach;
        let (scale_x, scale_y) = (1.0 / (slope * aspect), 1.0 / slope);
        let (depth_a, depth_b) = (far / (near - far), near * far / (near - far));
        let dot = |a: [f64; 3], b: [f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        let mut clip_from_world = [[0.0; 4]; 4];
        for (column, out) in clip_from_world.iter_mut().enumerate() {
            let (x, y, z) = if column < 3 {
                (right[column], up[column], back[column])
            } else {
                (-dot(right, eye), -dot(up, eye), -dot(back, eye))
            };
            let depth = if column < 3 {
                depth_a * z
            } else {
                depth_a * z + depth_b
            };
            *out = [scale_x * x, scale_y * y, depth, -z].map(|value| value as f32);
        }
        Camera {
            clip_from_world,
            eye: eye.map(|value| value as f32),
            azimuth: [cos_a as f32, sin_a as f32],
            elevation_rad: self.elevation_deg.to_radians(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(camera: &Camera, p: [f32; 3]) -> [f32; 3] {
        let m = &camera.clip_from_world;
        let row = |r: usize| m[0][r] * p[0] + m[1][r] * p[1] + m[2][r] * p[2] + m[3][r];
        [0, 1, 2].map(|r| row(r) / row(3))
    }

    fn around(center: [f64; 3], half: f64) -> Subject {
        Subject {
            min: center.map(|value| value - half),
            max: center.map(|value| value + half),
            radius: half * std::f64::consts::SQRT_2,
        }
    }

    #[test]
    fn the_middle_is_in_the_middle_and_depth_grows_away() {
        let camera = View::default().camera(around([1.0, 2.0, 3.0], 0.4));
        let [x, y, middle] = project(&camera, [1.0, 2.0, 3.0]);
        assert!(x.abs() < 1e-5 && y.abs() < 1e-5);
        let front = project(&camera, [1.0, 2.0, 3.4])[2];
        assert!(0.0 < front && front < middle && middle < 1.0);
    }

    #[test]
    fn directions_are_as_documented() {
        let view = View {
            elevation_deg: 0.0,
            ..View::default()
        };
        assert!(view.camera(around([0.0; 3], 1.0)).eye[2] > 1.0);
        let side = View {
            azimuth_deg: 90.0,
            ..view
        }
        .camera(around([0.0; 3], 1.0));
        assert!(side.eye[0] > 1.0 && side.eye[2].abs() < 1e-5);
        // Seen from +X, −Z is to the right and +Y up.
        assert!(project(&side, [0.0, 0.0, -0.5])[0] > 0.0);
        assert!(project(&side, [0.0, 0.5, 0.0])[1] > 0.0);
    }

    #[test]
    fn the_model_fits_from_every_side_whatever_the_aspect() {
        for (width, height) in [(100, 100), (400, 100), (100, 400)] {
            for (azimuth_deg, elevation_deg) in [(0.0, 0.0), (45.0, 15.0), (200.0, -30.0)] {
                let camera = View {
                    width,
                    height,
                    azimuth_deg,
                    elevation_deg,
                    ..View::default()
                }
                .camera(around([0.0; 3], 1.0));
                for corner in 0..8 {
                    let side = |bit: i32| if corner >> bit & 1 == 0 { -1.0 } else { 1.0 };
                    let [x, y, z] = project(&camera, [side(0), side(1), side(2)]);
                    assert!(x.abs().max(y.abs()) <= 1.0, "{width}×{height}: {x} {y}");
                    assert!((0.0..=1.0).contains(&z), "{z}");
                }
            }
        }
    }

    #[test]
    fn impossible_views_are_refused() {
        for view in [
            View {
                width: 0,
                ..View::default()
            },
            View {
                height: 5000,
                ..View::default()
            },
            View {
                azimuth_deg: f32::NAN,
                ..View::default()
            },
            View {
                elevation_deg: 90.0,
                ..View::default()
            },
            View {
                fov_deg: 0.0,
                ..View::default()
            },
        ] {
            assert!(view.check().is_err(), "{view:?}");
        }
    }
}
