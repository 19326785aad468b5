/// A place in an image: pixels from the top-left corner, x right, y down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pixel {
    /// Pixels from the left edge.
    pub x: f64,
    /// Pixels from the top edge.
    pub y: f64,
}

/// A pinhole camera with square or oblong pixels and one radial term.
///
/// The distortion is the first term of Brown's model (Brown 1966, "Decentering distortion of lenses"),
/// as OpenCV names it: `x_d = x_u · (1 + k1·r_u²)` on normalised coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Intrinsics {
    /// Focal length in pixels, horizontally and vertically.
    pub focal_px: [f64; 2],
    /// Principal point.
    pub centre: Pixel,
    /// First radial term, dimensionless.
    pub k1: f64,
}

impl Intrinsics {
    /// A camera without distortion whose principal point is the middle of a `width` × `height` image,
    /// from a focal length given for 35 mm film, whose frame is 36 mm wide.
    ///
    /// The focal length refers to the longer side, as the 35 mm equivalent of a portrait photo does.
    #[must_use]
    pub fn from_35mm_equivalent(focal_35mm: f64, width: u32, height: u32) -> Self {
        let focal_px = focal_35mm / 36.0 * f64::from(width.max(height));
        Self {
            focal_px: [focal_px, focal_px],
            centre: Pixel {
                x: f64::from(width) / 2.0,
                y: f64::from(height) / 2.0,
            },
            k1: 0.0,
        }
    }

    /// Where the camera sees `point_camera` (x right, y down, z forward); `None` behind the camera or at its centre.
    #[must_use]
    pub fn project(&self, point_camera: [f64; 3]) -> Option<Pixel> {
        let [x, y, z] = point_camera;
        // A NaN depth is no depth either.
        if z.is_nan() || z <= 0.0 {
            return None;
        }
        let (u, v) = (x / z, y / z);
        let scale = 1.0 + self.k1 * (u * u + v * v);
        let pixel = Pixel {
            x: self.focal_px[0] * u * scale + self.centre.x,
            y: self.focal_px[1] * v * scale + self.centre.y,
        };
        (pixel.x.is_finite() && pixel.y.is_finite()).then_some(pixel)
    }

    /// The direction, with depth 1, in which the camera sees `pixel`.
    ///
    /// Inverts the distortion by Newton's method on the radius. `None` where the model folds over,
    /// that is beyond the radius at which `r·(1 + k1·r²)` stops growing.
    #[must_use]
    pub fn unproject(&self, pixel: Pixel) -> Option<[f64; 3]> {
        let u = (pixel.x - self.centre.x) / self.focal_px[0];
        let v = (pixel.y - self.centre.y) / self.focal_px[1];
        let distorted = u.hypot(v);
        if !distorted.is_finite() {
            return None;
        }
        let mut radius = distorted;
        for _ in 0..32 {
            let slope = 1.0 + 3.0 * self.k1 * radius * radius;
            if slope <= 0.0 {
                return None;
            }
            let step = (radius * (1.0 + self.k1 * radius * radius) - distorted) / slope;
            radius -= step;
            if step.abs() <= 1e-14 * (1.0 + radius) {
                let scale = if distorted > 0.0 {
                    radius / distorted
                } else {
                    1.0
                };
                return Some([u * scale, v * scale, 1.0]);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn camera(k1: f64) -> Intrinsics {
        Intrinsics {
            focal_px: [2080.925, 2080.925],
            centre: Pixel { x: 600.0, y: 450.0 },
            k1,
        }
    }

    proptest! {
        #[test]
        fn unprojecting_undoes_projecting(
            u in -0.4_f64..0.4, v in -0.4_f64..0.4, depth in 0.01_f64..100.0, k1 in -0.3_f64..0.3,
        ) {
            let camera = camera(k1);
            let pixel = camera.project([u * depth, v * depth, depth]).unwrap();
            let [x, y, z] = camera.unproject(pixel).unwrap();
            prop_assert!((x - u).abs() < 1e-9 && (y - v).abs() < 1e-9);
            prop_assert!((z - 1.0).abs() < f64::EPSILON);
        }

        #[test]
        fn no_numbers_make_it_panic(
            x in any::<f64>(), y in any::<f64>(), z in any::<f64>(), k1 in any::<f64>(),
        ) {
            let camera = camera(k1);
            if let Some(pixel) = camera.project([x, y, z]) {
                prop_assert!(pixel.x.is_finite() && pixel.y.is_finite());
            }
            if let Some(ray) = camera.unproject(Pixel { x, y }) {
                prop_assert!(ray.iter().all(|value| value.is_finite()));
            }
        }
    }

    #[test]
    fn what_lies_behind_the_camera_is_not_seen() {
        assert_eq!(camera(0.0).project([0.1, 0.1, -1.0]), None);
        assert_eq!(camera(0.0).project([0.0, 0.0, 0.0]), None);
    }

    #[test]
    fn a_35mm_equivalent_gives_the_focal_length_in_pixels() {
        // A 30 mm lens before a 17.3 mm sensor of 1200 pixels.
        let equivalent = 30.0 / 17.3 * 36.0;
        let camera = Intrinsics::from_35mm_equivalent(equivalent, 1200, 900);
        assert!((camera.focal_px[0] - 2080.925).abs() < 1e-3);
        let portrait = Intrinsics::from_35mm_equivalent(equivalent, 900, 1200);
        assert!((portrait.focal_px[0] - camera.focal_px[0]).abs() < 1e-9);
    }
}
