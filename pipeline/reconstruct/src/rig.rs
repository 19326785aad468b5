use crate::vector::{
    Mat3, Vec3, about_x, about_y, about_z, add, mul, mul_mat, mul_transposed, scale,
};
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

/// One camera of the rig: where it stood, and through which lens it looked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// The lens.
    pub intrinsics: Intrinsics,
    /// Rotation from the table's frame to the camera's (x right, y down, z forward), by rows.
    pub camera_from_table: [[f64; 3]; 3],
    /// What is added after the rotation, in the rig's unit.
    pub translation: [f64; 3],
}

impl Camera {
    /// A point of the table's frame in the camera's.
    #[must_use]
    pub fn camera_point(&self, point_table: [f64; 3]) -> [f64; 3] {
        add(mul(&self.camera_from_table, point_table), self.translation)
    }

    /// Where the camera sees a point of the table's frame; `None` behind it.
    #[must_use]
    pub fn project(&self, point_table: [f64; 3]) -> Option<Pixel> {
        self.intrinsics.project(self.camera_point(point_table))
    }

    /// The camera's centre in the table's frame.
    #[must_use]
    pub fn centre(&self) -> [f64; 3] {
        scale(
            mul_transposed(&self.camera_from_table, self.translation),
            -1.0,
        )
    }
}

impl TurntableRig {
    /// The camera of frame `frame` of row `row`; `None` where the rig has no such frame.
    #[must_use]
    pub fn camera(&self, row: usize, frame: usize) -> Option<Camera> {
        let row = self.rows.get(row)?;
        let azimuth_rad = *row.azimuths_rad.get(frame)?;
        let (camera_from_table, translation) = row.pose(azimuth_rad);
        Some(Camera {
            intrinsics: self.intrinsics,
            camera_from_table,
            translation,
        })
    }

    /// Where frame `frame` of row `row` sees a point of the turntable's frame (+Y up, origin on the axis
    /// at the disc's top); `None` behind the camera, or where the rig has no such frame.
    #[must_use]
    pub fn project(&self, row: usize, frame: usize, point_table: [f64; 3]) -> Option<Pixel> {
        self.camera(row, frame)?.project(point_table)
    }

    /// The same rig with the origin raised by `height`: what lay there lies at 0.
    #[must_use]
    pub fn with_origin_at(mut self, height: f64) -> Self {
        for row in &mut self.rows {
            row.height -= height;
        }
        self
    }

    /// The same rig in a unit of which `factor` make one of the old.
    #[must_use]
    pub fn scaled(mut self, factor: f64) -> Self {
        for row in &mut self.rows {
            row.height *= factor;
            row.distance *= factor;
        }
        self
    }
}

impl Row {
    /// A point of the turntable's frame, turned to `azimuth_rad`, in the camera's frame (x right, y down, z forward).
    #[must_use]
    pub fn camera_from_table(&self, azimuth_rad: f64, point_table: [f64; 3]) -> [f64; 3] {
        let (rotation, translation) = self.pose(azimuth_rad);
        add(mul(&rotation, point_table), translation)
    }

    /// Rotation and translation from the table's frame at `azimuth_rad` to the camera's.
    pub(crate) fn pose(&self, azimuth_rad: f64) -> (Mat3, Vec3) {
        const SWAP: Mat3 = [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]];
        let look = mul_mat(
            &about_z(self.roll_rad),
            &mul_mat(&about_x(self.tilt_rad), &about_y(self.pan_rad)),
        );
        let look = mul_mat(&look, &SWAP);
        let translation = mul(&look, [0.0, -self.height, -self.distance]);
        (mul_mat(&look, &about_y(azimuth_rad)), translation)
    }
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
