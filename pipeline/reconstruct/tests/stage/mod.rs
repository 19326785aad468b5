//! The turntable that the rendered captures stand on.

use std::f64::consts::TAU;

use xoay_reconstruct::{Intrinsics, Pixel, Row, TurntableRig};

pub const WIDTH: u32 = 480;
pub const HEIGHT: u32 = 360;
pub const FOCAL_PX: f64 = 830.0;

/// One row of `frames` photos around the whole turn, 20° from above.
pub fn rig(frames: usize) -> TurntableRig {
    TurntableRig {
        intrinsics: Intrinsics {
            focal_px: [FOCAL_PX; 2],
            centre: Pixel { x: 240.0, y: 180.0 },
            k1: 0.0,
        },
        rows: vec![Row {
            tilt_rad: 20_f64.to_radians(),
            pan_rad: 0.01,
            roll_rad: -0.008,
            height: 0.44,
            distance: 1.0,
            azimuths_rad: (0..frames)
                .map(|k| TAU * k as f64 / frames as f64)
                .collect(),
        }],
    }
}
