//! Zoom and pan of a flat picture.

use crate::math::Within;

/// How a picture is magnified within its frame.
///
/// `scale` 1 shows it whole. `x` and `y` are the picture's point at the frame's centre, as parts of its width and height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zoom {
    /// Magnification, 1 or more.
    pub scale: f64,
    /// Picture point at the centre, `0.0..=1.0` from the left.
    pub x: f64,
    /// Picture point at the centre, `0.0..=1.0` from the top.
    pub y: f64,
    most: f64,
}

impl Zoom {
    /// The whole picture, magnified at most `most` times.
    #[must_use]
    pub fn new(most: f64) -> Self {
        Self {
            scale: 1.0,
            x: 0.5,
            y: 0.5,
            most: if most.is_finite() { most.max(1.0) } else { 1.0 },
        }
    }

    /// Whether a part of the picture is outside the frame.
    #[must_use]
    pub fn is_zoomed(&self) -> bool {
        self.scale > 1.001
    }

    /// Whether it cannot grow more.
    #[must_use]
    pub fn is_most(&self) -> bool {
        self.scale > self.most * 0.999
    }

    /// Magnifies by `factor` so that the picture point under (`at_x`, `at_y`), parts of the frame, stays there.
    pub fn by(&mut self, factor: f64, at_x: f64, at_y: f64) {
        if !(factor.is_finite() && at_x.is_finite() && at_y.is_finite()) {
            return;
        }
        let before = self.scale;
        self.scale = (before * factor).within(1.0, self.most);
        let kept = 1.0 / before - 1.0 / self.scale;
        self.x += (at_x - 0.5) * kept;
        self.y += (at_y - 0.5) * kept;
        self.keep_inside();
    }

    /// Moves the picture by (`dx`, `dy`), parts of the frame.
    pub fn pan(&mut self, dx: f64, dy: f64) {
        if dx.is_finite() && dy.is_finite() {
            self.x -= dx / self.scale;
            self.y -= dy / self.scale;
            self.keep_inside();
        }
    }

    /// Shows the whole picture again.
    pub fn reset(&mut self) {
        *self = Self::new(self.most);
    }

    fn keep_inside(&mut self) {
        let half = 0.5 / self.scale;
        self.x = self.x.within(half, 1.0 - half);
        self.y = self.y.within(half, 1.0 - half);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_frame_is_always_covered(
            moves in prop::collection::vec((0.2..5.0_f64, 0.0..1.0_f64, 0.0..1.0_f64, -1.0..1.0_f64), 1..50)
        ) {
            let mut zoom = Zoom::new(4.0);
            for (factor, x, y, pan) in moves {
                zoom.by(factor, x, y);
                zoom.pan(pan, -pan);
                let half = 0.5 / zoom.scale - 1e-12;
                prop_assert!((1.0..=4.0).contains(&zoom.scale));
                prop_assert!((half..=1.0 - half).contains(&zoom.x));
                prop_assert!((half..=1.0 - half).contains(&zoom.y));
            }
        }

        #[test]
        fn the_point_under_the_finger_stays(x in 0.0..1.0_f64, y in 0.0..1.0_f64) {
            let mut zoom = Zoom::new(8.0);
            zoom.by(2.0, 0.5, 0.5);
            let before = zoom.x + (x - 0.5) / zoom.scale;
            zoom.by(2.0, x, y);
            prop_assert!((zoom.x + (x - 0.5) / zoom.scale - before).abs() < 1e-9);
        }
    }
}
