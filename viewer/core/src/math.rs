//! The little linear algebra that the viewer needs. Matrices are column-major, as in glTF and GL.

/// Keeping a number between two others.
///
/// The standard library's `clamp` of floats carries the text of its own panic, and with it 25 KB of number printing, into
/// WebAssembly.
pub trait Within {
    /// The nearest number in `least..=most`; `least` for what is no number.
    #[must_use]
    fn within(self, least: Self, most: Self) -> Self;
}

impl Within for f64 {
    #[allow(clippy::manual_clamp)] // see the trait
    fn within(self, least: f64, most: f64) -> f64 {
        self.max(least).min(most)
    }
}

impl Within for f32 {
    #[allow(clippy::manual_clamp)] // see the trait
    fn within(self, least: f32, most: f32) -> f32 {
        self.max(least).min(most)
    }
}

/// Three numbers.
pub type Vec3 = [f32; 3];

/// A 4×4 matrix: column `c`, row `r` is `m[4 * c + r]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mat4(pub [f32; 16]);

impl Mat4 {
    /// Changes nothing.
    pub const IDENTITY: Self = Self([
        1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0,
    ]);

    /// First `other`, then `self`.
    #[must_use]
    pub fn mul(&self, other: &Self) -> Self {
        let mut out = [0.0; 16];
        for (i, cell) in out.iter_mut().enumerate() {
            let (column, row) = (i / 4, i % 4);
            *cell = (0..4)
                .map(|k| self.0[4 * k + row] * other.0[4 * column + k])
                .sum();
        }
        Self(out)
    }

    /// Where a point comes to lie.
    #[must_use]
    pub fn point(&self, p: Vec3) -> Vec3 {
        let m = &self.0;
        [0, 1, 2].map(|r| m[r] * p[0] + m[4 + r] * p[1] + m[8 + r] * p[2] + m[12 + r])
    }

    /// Scale, then rotation by a unit quaternion (x, y, z, w), then translation.
    #[must_use]
    pub fn from_parts(translation: Vec3, rotation: [f32; 4], scale: Vec3) -> Self {
        let [x, y, z, w] = rotation;
        let columns = [
            [
                1.0 - 2.0 * (y * y + z * z),
                2.0 * (x * y + z * w),
                2.0 * (x * z - y * w),
            ],
            [
                2.0 * (x * y - z * w),
                1.0 - 2.0 * (x * x + z * z),
                2.0 * (y * z + x * w),
            ],
            [
                2.0 * (x * z + y * w),
                2.0 * (y * z - x * w),
                1.0 - 2.0 * (x * x + y * y),
            ],
        ];
        let mut m = Self::IDENTITY;
        for (c, column) in columns.iter().enumerate() {
            for (r, cell) in column.iter().enumerate() {
                m.0[4 * c + r] = cell * scale[c];
            }
            m.0[12 + c] = translation[c];
        }
        m
    }

    /// The determinant of the upper 3×3: negative where the matrix mirrors.
    #[must_use]
    pub fn det3(&self) -> f32 {
        let [x, y, z] = self.columns3();
        dot(cross(x, y), z)
    }

    /// What turns normals: the inverse transpose of the upper 3×3, times its determinant; column-major.
    #[must_use]
    pub fn normal_matrix(&self) -> [f32; 9] {
        let [x, y, z] = self.columns3();
        let sign = self.det3().signum();
        let [a, b, c] = [cross(y, z), cross(z, x), cross(x, y)].map(|v| v.map(|n| n * sign));
        [a[0], a[1], a[2], b[0], b[1], b[2], c[0], c[1], c[2]]
    }

    fn columns3(&self) -> [Vec3; 3] {
        let m = &self.0;
        [[m[0], m[1], m[2]], [m[4], m[5], m[6]], [m[8], m[9], m[10]]]
    }

    /// A perspective projection: vertical field of view, width over height, distances of the near and far planes.
    #[must_use]
    pub fn perspective(fov_y_rad: f32, aspect: f32, near: f32, far: f32) -> Self {
        let f = 1.0 / (fov_y_rad / 2.0).tan();
        let mut m = [0.0; 16];
        m[0] = f / aspect;
        m[5] = f;
        m[10] = (far + near) / (near - far);
        m[11] = -1.0;
        m[14] = 2.0 * far * near / (near - far);
        Self(m)
    }

    /// The view of a camera at `eye` that looks at `target`, +Y up.
    #[must_use]
    pub fn look_at(eye: Vec3, target: Vec3) -> Self {
        let back = normalize(sub(eye, target));
        let right = normalize(cross([0.0, 1.0, 0.0], back));
        let up = cross(back, right);
        let mut m = Self::IDENTITY;
        for (r, axis) in [right, up, back].into_iter().enumerate() {
            for (c, cell) in axis.iter().enumerate() {
                m.0[4 * c + r] = *cell;
            }
            m.0[12 + r] = -dot(axis, eye);
        }
        m
    }
}

/// a − b.
#[must_use]
pub fn sub(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// a · b.
#[must_use]
pub fn dot(a: Vec3, b: Vec3) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// a × b.
#[must_use]
pub fn cross(a: Vec3, b: Vec3) -> Vec3 {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

/// The same direction, one long; +X where there is none.
#[must_use]
pub fn normalize(v: Vec3) -> Vec3 {
    let length = dot(v, v).sqrt();
    if length > 0.0 && length.is_finite() {
        v.map(|n| n / length)
    } else {
        [1.0, 0.0, 0.0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: Vec3, b: Vec3) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
    }

    #[test]
    fn parts_scale_then_turn_then_move() {
        let half = core::f32::consts::FRAC_1_SQRT_2;
        let m = Mat4::from_parts([10.0, 0.0, 0.0], [0.0, half, 0.0, half], [2.0, 1.0, 1.0]);
        // A quarter turn about +Y takes +X to -Z.
        assert!(near(m.point([1.0, 0.0, 0.0]), [10.0, 0.0, -2.0]));
        let twice = m.mul(&m);
        assert!(near(
            twice.point([1.0, 2.0, 3.0]),
            m.point(m.point([1.0, 2.0, 3.0]))
        ));
    }

    #[test]
    fn normals_stay_upright_under_uneven_scale_and_mirrors() {
        for flip in [1.0, -1.0] {
            let m = Mat4::from_parts([0.0; 3], [0.0, 0.0, 0.0, 1.0], [flip * 4.0, 1.0, 1.0]);
            let n = m.normal_matrix();
            // The plane x + y = 0 has normal (1, 1, 0); its tangent (1, -1, 0) must stay at right angles.
            let normal = [n[0] + n[3], n[1] + n[4], n[2] + n[5]];
            let tangent = m.point([1.0, -1.0, 0.0]);
            assert!(dot(normal, tangent).abs() < 1e-5);
            assert!(normal[1] > 0.0);
        }
    }

    #[test]
    fn the_camera_sees_its_target_straight_ahead() {
        let view = Mat4::look_at([3.0, 4.0, 5.0], [1.0, 1.0, 1.0]);
        let seen = view.point([1.0, 1.0, 1.0]);
        assert!(seen[0].abs() < 1e-5 && seen[1].abs() < 1e-5 && seen[2] < 0.0);
    }
}
