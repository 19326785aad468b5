use crate::{Intrinsics, Pixel};

/// How one row of frames looks at the turntable.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Angle of the axis' tilt towards the camera: how far the camera looks down, radians.
    pub tilt_rad: f64,
    /// How far the camera looks past the axis, radians.
    pub pan_rad: f64,
    /// How far the camera is rolled about its own line of sight, radians.
    pub roll_rad: f64,
    /// The camera's centre above the disc, in the rig's unit.
    pub height: f64,
    /// The camera's centre from the axis, in the rig's unit.
    pub distance: f64,
    /// The table's angle in each frame, radians, counter-clockwise from above.
    pub azimuths_rad: Vec<f64>,
}

/// Where every camera of a capture stood, seen from the turning table.
#[derive(Clone, Debug, PartialEq)]
pub struct TurntableRig {
    /// The lens, the same for every frame.
    pub intrinsics: Intrinsics,
    /// Rows of frames, lowest camera first.
    pub rows: Vec<Row>,
}

impl TurntableRig {
    /// Where frame `frame` of row `row` sees a point of the turntable's frame (+Y up, origin on the axis
    /// at the disc's top); `None` behind the camera, or where the rig has no such frame.
    #[must_use]
    pub fn project(&self, row: usize, frame: usize, point_table: [f64; 3]) -> Option<Pixel> {
        let row = self.rows.get(row)?;
        let azimuth_rad = *row.azimuths_rad.get(frame)?;
        self.intrinsics
            .project(row.camera_from_table(azimuth_rad, point_table))
    }
}

impl Row {
    /// A point of the turntable's frame, turned to `azimuth_rad`, in the camera's frame (x right, y down, z forward).
    #[must_use]
    pub fn camera_from_table(&self, azimuth_rad: f64, point_table: [f64; 3]) -> [f64; 3] {
        let [x, y, z] = about_y(azimuth_rad, point_table);
        let seen = [x, -(y - self.height), -(z - self.distance)];
        about_z(
            self.roll_rad,
            about_x(self.tilt_rad, about_y(self.pan_rad, seen)),
        )
    }
}

fn about_x(angle_rad: f64, [x, y, z]: [f64; 3]) -> [f64; 3] {
    let (sin, cos) = angle_rad.sin_cos();
    [x, cos * y - sin * z, sin * y + cos * z]
}

fn about_y(angle_rad: f64, [x, y, z]: [f64; 3]) -> [f64; 3] {
    let (sin, cos) = angle_rad.sin_cos();
    [cos * x + sin * z, y, cos * z - sin * x]
}

fn about_z(angle_rad: f64, [x, y, z]: [f64; 3]) -> [f64; 3] {
    let (sin, cos) = angle_rad.sin_cos();
    [cos * x - sin * y, sin * x + cos * y, z]
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use proptest::prelude::*;

    use super::*;

    /// The rig of the bundled honey jar, from the program that rendered it.
    fn jar() -> TurntableRig {
        TurntableRig {
            intrinsics: Intrinsics {
                focal_px: [2080.925, 2080.925],
                centre: Pixel { x: 600.0, y: 450.0 },
                k1: 0.0,
            },
            rows: vec![Row {
                tilt_rad: 15_f64.to_radians(),
                pan_rad: 0.0,
                roll_rad: 0.0,
                height: 0.168_689,
                distance: 0.417_699,
                azimuths_rad: (0..36).map(|step| f64::from(step) * TAU / 36.0).collect(),
            }],
        }
    }

    #[test]
    fn the_pose_is_the_one_that_the_renderer_wrote_down() {
        // camera_from_table of the renderer at 0° and at 90°: rotation rows, then translation.
        let tilted = [
            [1.0, 0.0, 0.0],
            [0.0, -0.965_926, 0.258_819],
            [0.0, -0.258_819, -0.965_926],
        ];
        let turned = [
            [0.0, 0.0, 1.0],
            [-0.258_819, -0.965_926, 0.0],
            [0.965_926, -0.258_819, 0.0],
        ];
        let translation = [0.0, 0.054_834, 0.447_127];
        let point = [0.031, 0.074, -0.022];
        for (frame, rotation) in [(0, tilted), (9, turned)] {
            let rig = jar();
            let seen = rig.rows[0].camera_from_table(rig.rows[0].azimuths_rad[frame], point);
            for axis in 0..3 {
                let expected =
                    translation[axis] + (0..3).map(|k| rotation[axis][k] * point[k]).sum::<f64>();
                assert!(
                    (seen[axis] - expected).abs() < 2e-6,
                    "frame {frame}, axis {axis}"
                );
            }
        }
    }

    #[test]
    fn the_axis_stands_still_while_the_table_turns() {
        let rig = jar();
        let first = rig.project(0, 0, [0.0, 0.1, 0.0]).unwrap();
        for frame in 1..36 {
            let seen = rig.project(0, frame, [0.0, 0.1, 0.0]).unwrap();
            assert!((seen.x - first.x).abs() < 1e-9 && (seen.y - first.y).abs() < 1e-9);
        }
        assert!(
            (first.x - 600.0).abs() < 1e-9,
            "the axis is seen in the middle"
        );
    }

    #[test]
    fn counter_clockwise_moves_the_near_side_to_the_right() {
        let rig = jar();
        let near = [0.0, 0.0, 0.04];
        let before = rig.project(0, 0, near).unwrap();
        let after = rig.project(0, 1, near).unwrap();
        assert!(after.x > before.x + 1.0);
    }

    proptest! {
        #[test]
        fn a_pose_keeps_distances(
            tilt in -1.5_f64..1.5, pan in -1.0_f64..1.0, roll in -3.0_f64..3.0, azimuth in -10.0_f64..10.0,
            a in prop::array::uniform3(-1.0_f64..1.0), b in prop::array::uniform3(-1.0_f64..1.0),
        ) {
            let row = Row {
                tilt_rad: tilt, pan_rad: pan, roll_rad: roll, height: 0.3, distance: 1.0,
                azimuths_rad: Vec::new(),
            };
            let apart = |p: [f64; 3], q: [f64; 3]| {
                (0..3).map(|k| (p[k] - q[k]).powi(2)).sum::<f64>().sqrt()
            };
            let seen = apart(row.camera_from_table(azimuth, a), row.camera_from_table(azimuth, b));
            prop_assert!((seen - apart(a, b)).abs() < 1e-12);
        }
    }
}
