//! A camera as one matrix, for those who draw marks on its photo.

use crate::rig::Camera;

impl Camera {
    /// Three rows of four numbers that take a point of the table's frame, and a 1 after it, to `u·w`, `v·w` and the depth
    /// `w`, where `u` and `v` are what `picture_from_photo` makes of the photo's pixel: two rows of three numbers.
    ///
    /// A matrix cannot bend: the lens' distortion is taken as linear about `about`, a point of the product, which over a
    /// product that fills a quarter of the view is right within `k1` · 0.02 of the photo's width. `None` where the
    /// camera does not see `about`.
    #[must_use]
    pub fn projection(
        &self,
        about: [f64; 3],
        picture_from_photo: [[f64; 3]; 2],
    ) -> Option<[f64; 12]> {
        let lens = &self.intrinsics;
        let point = self.camera_point(about);
        lens.project(point)?;
        let n = [point[0] / point[2], point[1] / point[2]];
        let square = n[0] * n[0] + n[1] * n[1];
        // The distortion's derivative, and what it leaves at `n` itself.
        let bend: [[f64; 2]; 2] = std::array::from_fn(|i| {
            std::array::from_fn(|j| {
                let same = if i == j { 1.0 + lens.k1 * square } else { 0.0 };
                same + 2.0 * lens.k1 * n[i] * n[j]
            })
        });
        let centre = [lens.centre.x, lens.centre.y];
        let photo_from_ray: [[f64; 3]; 2] = std::array::from_fn(|i| {
            let straight = bend[i][0] * n[0] + bend[i][1] * n[1];
            let offset = n[i] * (1.0 + lens.k1 * square) - straight;
            let f = lens.focal_px[i];
            [f * bend[i][0], f * bend[i][1], f * offset + centre[i]]
        });
        let rows: [[f64; 3]; 2] = std::array::from_fn(|i| {
            let to = picture_from_photo[i];
            std::array::from_fn(|j| {
                let whole = if j == 2 { to[2] } else { 0.0 };
                to[0] * photo_from_ray[0][j] + to[1] * photo_from_ray[1][j] + whole
            })
        });
        let [a, b] = rows;
        let mut out = [0.0; 12];
        for (line, ray) in out.chunks_exact_mut(4).zip([a, b, [0.0, 0.0, 1.0]]) {
            for (column, value) in line.iter_mut().enumerate() {
                *value = (0..3)
                    .map(|k| {
                        let from = if column < 3 {
                            self.camera_from_table[k][column]
                        } else {
                            self.translation[k]
                        };
                        ray[k] * from
                    })
                    .sum();
            }
        }
        out.iter().all(|v| v.is_finite()).then_some(out)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::rig::{Row, TurntableRig};
    use crate::{Intrinsics, Pixel};

    fn rig(k1: f64) -> TurntableRig {
        TurntableRig {
            intrinsics: Intrinsics {
                focal_px: [2080.9, 2080.9],
                centre: Pixel { x: 600.0, y: 450.0 },
                k1,
            },
            rows: vec![Row {
                tilt_rad: 0.3,
                pan_rad: 0.02,
                roll_rad: -0.01,
                height: 0.31,
                distance: 1.0,
                azimuths_rad: vec![0.0, 0.7, 3.0],
            }],
        }
    }

    /// A frame that is cut, turned a little and counted in shares of its 466 × 708 pixels.
    const FRAME: [[f64; 3]; 2] = [
        [0.9998 / 466.0, 0.02 / 466.0, -370.0 / 466.0],
        [-0.02 / 708.0, 0.9998 / 708.0, -80.0 / 708.0],
    ];

    proptest! {
        #[test]
        fn a_point_lands_on_its_pixel_of_the_frame(
            x in -0.1_f64..0.1, y in 0.0_f64..0.2, z in -0.1_f64..0.1, frame in 0_usize..3,
            k1 in prop::sample::select(vec![0.0, 0.03, -0.1]),
        ) {
            let camera = rig(k1).camera(0, frame).unwrap();
            let seen = camera.project([x, y, z]).unwrap();
            let m = camera.projection([0.0, 0.1, 0.0], FRAME).unwrap();
            let line = |at: usize| m[at] * x + m[at + 1] * y + m[at + 2] * z + m[at + 3];
            let w = line(8);
            prop_assert!((w - camera.camera_point([x, y, z])[2]).abs() < 1e-12);
            let allowed = if k1 == 0.0 { 1e-9 } else { 0.02 * k1.abs() * 1200.0 };
            for (axis, size) in [466.0, 708.0].into_iter().enumerate() {
                let wanted = FRAME[axis][0] * seen.x + FRAME[axis][1] * seen.y + FRAME[axis][2];
                let away = (line(4 * axis) / w - wanted) * size;
                prop_assert!(away.abs() < allowed, "{away} pixels");
            }
        }
    }

    #[test]
    fn a_camera_that_looks_away_has_none() {
        let camera = rig(0.0).camera(0, 0).unwrap();
        assert_eq!(camera.projection([0.0, 0.0, 5.0], FRAME), None);
    }
}
