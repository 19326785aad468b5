use crate::disc::Disc;

/// A pinhole camera that looks at a turntable, upright, in proxy pixels.
///
/// The table's frame: origin where the axis meets the disc's top, x to the right, y up, z towards the camera; the
/// unit is the disc's radius (or, without a disc, any).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Camera {
    /// Focal length in pixels.
    pub focal: f32,
    /// The picture's centre.
    pub center: [f32; 2],
    pub sin_tilt: f32,
    pub cos_tilt: f32,
    /// Of the origin, in the camera's frame: x right, y down, z forward.
    pub translation: [f32; 3],
}

impl Camera {
    /// Looks down by `tilt_rad`; the origin appears at `(x, y)`, `depth` away.
    pub(crate) fn looking_at(
        focal: f32,
        center: [f32; 2],
        tilt_rad: f32,
        (x, y): (f32, f32),
        depth: f32,
    ) -> Self {
        let (sin_tilt, cos_tilt) = tilt_rad.sin_cos();
        Self {
            focal,
            center,
            sin_tilt,
            cos_tilt,
            translation: [
                (x - center[0]) / focal * depth,
                (y - center[1]) / focal * depth,
                depth,
            ],
        }
    }

    /// The camera that sees the unit circle as `disc`.
    pub(crate) fn of_disc(disc: &Disc, focal: f32, center: [f32; 2]) -> Self {
        // Newton's method on (tilt, depth, x, y) against the outline's four extremes, from the far-away camera's answer.
        let mut state = [
            (disc.half_height / disc.half_width)
                .clamp(0.02, 0.98)
                .asin(),
            focal / disc.half_width,
            disc.center_x,
            disc.center_y,
        ];
        let goal = [
            disc.center_x - disc.half_width,
            disc.center_x + disc.half_width,
            disc.center_y - disc.half_height,
            disc.center_y + disc.half_height,
        ];
        let camera = |s: [f32; 4]| Self::looking_at(focal, center, s[0], (s[2], s[3]), s[1]);
        for _ in 0..12 {
            let now = camera(state).circle_extremes();
            let mut matrix = [[0.0_f32; 5]; 4];
            for (row, (goal, now)) in matrix.iter_mut().zip(goal.iter().zip(now)) {
                row[4] = goal - now;
            }
            let deltas = [1e-3, state[1] * 1e-3, 0.1, 0.1];
            for (column, delta) in deltas.into_iter().enumerate() {
                let mut moved = state;
                moved[column] += delta;
                let after = camera(moved).circle_extremes();
                for (row, (after, now)) in matrix.iter_mut().zip(after.iter().zip(now)) {
                    row[column] = (after - now) / delta;
                }
            }
            let Some(change) = solve(matrix) else { break };
            for (state, change) in state.iter_mut().zip(change) {
                *state += change;
            }
            state[0] = state[0].clamp(0.01, 1.55);
            state[1] = state[1].max(1.2);
        }
        camera(state)
    }

    /// Where a point of the table's frame appears, and its distance along the view.
    pub(crate) fn project(&self, [x, y, z]: [f32; 3]) -> (f32, f32, f32) {
        let across = x + self.translation[0];
        let down = z * self.sin_tilt - y * self.cos_tilt + self.translation[1];
        let depth = (self.translation[2] - z * self.cos_tilt - y * self.sin_tilt).max(1e-3);
        (
            self.center[0] + self.focal * across / depth,
            self.center[1] + self.focal * down / depth,
            depth,
        )
    }

    /// Left, right, upper and lower end of the unit circle's picture.
    fn circle_extremes(&self) -> [f32; 4] {
        let mut out = [f32::MAX, f32::MIN, f32::MAX, f32::MIN];
        for at in 0..360 {
            let (sin, cos) = (at as f32).to_radians().sin_cos();
            let (u, v, _) = self.project([cos, 0.0, sin]);
            out = [out[0].min(u), out[1].max(u), out[2].min(v), out[3].max(v)];
        }
        out
    }
}

/// Solves four linear equations by Gauss's elimination with pivots.
pub(crate) fn solve<const N: usize, const M: usize>(mut m: [[f32; M]; N]) -> Option<[f32; N]> {
    for column in 0..N {
        let pivot =
            (column..N).max_by(|a, b| m[*a][column].abs().total_cmp(&m[*b][column].abs()))?;
        if m[pivot][column].abs() < 1e-12 {
            return None;
        }
        m.swap(column, pivot);
        for row in 0..N {
            if row == column {
                continue;
            }
            let factor = m[row][column] / m[column][column];
            let source = m[column];
            for (value, source) in m[row].iter_mut().zip(source).skip(column) {
                *value -= factor * source;
            }
        }
    }
    let mut out = [0.0; N];
    for (at, out) in out.iter_mut().enumerate() {
        *out = m[at][N] / m[at][at];
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disc_gives_back_the_camera_that_saw_it() {
        for (tilt_deg, depth, at) in [
            (15.0_f32, 4.8, (240.0, 280.0)),
            (38.0, 8.0, (215.0, 256.0)),
            (60.0, 5.0, (240.0, 180.0)),
        ] {
            let true_camera =
                Camera::looking_at(832.0, [240.0, 180.0], tilt_deg.to_radians(), at, depth);
            let [left, right, top, bottom] = true_camera.circle_extremes();
            let disc = Disc {
                center_x: f32::midpoint(left, right),
                center_y: f32::midpoint(top, bottom),
                half_width: (right - left) / 2.0,
                half_height: (bottom - top) / 2.0,
            };
            let found = Camera::of_disc(&disc, 832.0, [240.0, 180.0]);
            assert!(
                (found.sin_tilt.asin().to_degrees() - tilt_deg).abs() < 0.3,
                "{found:?} {true_camera:?}"
            );
            assert!(
                (found.translation[2] / depth - 1.0).abs() < 0.02,
                "{found:?}"
            );
        }
    }
}
