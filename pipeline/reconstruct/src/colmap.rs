//! The rig and the surface as COLMAP's text files, for those who go on with their own tools.
//!
//! The format is that of COLMAP 3 and 4 ("Output Format" of its documentation). Pixels have their origin at the upper left
//! corner there as here.

use std::fmt::Write as _;

use crate::observation::Capture;
use crate::rig::TurntableRig;
use crate::texture::TexturedMesh;
use crate::vector::Mat3;

/// COLMAP's three files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColmapText {
    /// `cameras.txt`: one camera, `SIMPLE_RADIAL`.
    pub cameras: String,
    /// `images.txt`: every photo by its name, without features.
    pub images: String,
    /// `points3D.txt`: points of the surface with their colours, without tracks.
    pub points: String,
}

/// Writes the cameras of `capture` for photos of `width` × `height` pixels, and at most `most_points` of the surface.
/// Lengths are in units of which `factor` make one of the rig's.
#[must_use]
pub fn colmap_text(
    capture: &Capture,
    rig: &TurntableRig,
    places: &[(usize, usize)],
    model: &TexturedMesh,
    [width, height]: [u32; 2],
    factor: f64,
    most_points: usize,
) -> ColmapText {
    let scale = f64::from(width) / f64::from(capture.width);
    let lens = &rig.intrinsics;
    let mut cameras =
        String::from("# CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]\n# Number of cameras: 1\n");
    let _ = writeln!(
        cameras,
        "1 SIMPLE_RADIAL {width} {height} {} {} {} {}",
        lens.focal_px[0] * scale,
        lens.centre.x * scale,
        lens.centre.y * scale,
        lens.k1
    );
    let rig = rig.clone().scaled(factor);
    let mut images = String::from(
        "# IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME\n# POINTS2D[] as (X, Y, POINT3D_ID)\n",
    );
    for (at, (observation, (row, frame))) in capture.observations.iter().zip(places).enumerate() {
        let Some(camera) = rig.camera(*row, *frame) else {
            continue;
        };
        let [w, x, y, z] = quaternion(&camera.camera_from_table);
        let [tx, ty, tz] = camera.translation;
        // The second line holds the photo's features: none.
        let _ = writeln!(
            images,
            "{} {w} {x} {y} {z} {tx} {ty} {tz} 1 {}\n",
            at + 1,
            observation.name
        );
    }
    let mut points =
        String::from("# POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[] as (IMAGE_ID, POINT2D_IDX)\n");
    let count = model.mesh.positions.len();
    let step = count.div_ceil(most_points.max(1)).max(1);
    for at in (0..count).step_by(step) {
        let [x, y, z] = model.mesh.positions[at].map(|v| v * factor);
        let [r, g, b] = texel(model, at);
        let _ = writeln!(points, "{} {x} {y} {z} {r} {g} {b} 0", at + 1);
    }
    ColmapText {
        cameras,
        images,
        points,
    }
}

fn texel(model: &TexturedMesh, vertex: usize) -> [u8; 3] {
    let atlas = &model.atlas;
    let (w, h) = (atlas.width as usize, atlas.height as usize);
    let [u, v] = model.coordinates[vertex];
    let x = ((u * w as f64) as usize).min(w.saturating_sub(1));
    let y = ((v * h as f64) as usize).min(h.saturating_sub(1));
    let at = (y * w + x) * 3;
    atlas
        .rgb
        .get(at..at + 3)
        .map_or([0; 3], |p| [p[0], p[1], p[2]])
}

/// The unit quaternion w, x, y, z of a rotation (Shepperd 1978).
fn quaternion(m: &Mat3) -> [f64; 4] {
    let trace = m[0][0] + m[1][1] + m[2][2];
    let squares = [
        1.0 + trace,
        1.0 + 2.0 * m[0][0] - trace,
        1.0 + 2.0 * m[1][1] - trace,
        1.0 + 2.0 * m[2][2] - trace,
    ];
    let largest = (0..4).fold(0, |a, b| if squares[b] > squares[a] { b } else { a });
    let s = 2.0 * squares[largest].max(0.0).sqrt();
    let (wx, wy, wz) = (m[2][1] - m[1][2], m[0][2] - m[2][0], m[1][0] - m[0][1]);
    let (xy, xz, yz) = (m[0][1] + m[1][0], m[0][2] + m[2][0], m[1][2] + m[2][1]);
    let products = match largest {
        0 => [s * s / 4.0, wx, wy, wz],
        1 => [wx, s * s / 4.0, xy, xz],
        2 => [wy, xy, s * s / 4.0, yz],
        _ => [wz, xz, yz, s * s / 4.0],
    };
    products.map(|v| v / s)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::vector::{about_x, about_y, about_z, mul, mul_mat};

    proptest! {
        #[test]
        fn a_quaternion_turns_as_its_matrix(
            a in -3.1_f64..3.1, b in -3.1_f64..3.1, c in -3.1_f64..3.1,
        ) {
            let m = mul_mat(&about_z(a), &mul_mat(&about_x(b), &about_y(c)));
            let [w, x, y, z] = quaternion(&m);
            prop_assert!((w * w + x * x + y * y + z * z - 1.0).abs() < 1e-9);
            let p = [0.3, -0.7, 1.1];
            // p + 2·q × (q × p + w·p)
            let cross = crate::vector::cross;
            let q = [x, y, z];
            let inner = crate::vector::add(cross(q, p), p.map(|v| v * w));
            let outer = cross(q, inner);
            let wanted = mul(&m, p);
            for k in 0..3 {
                prop_assert!((p[k] + 2.0 * outer[k] - wanted[k]).abs() < 1e-9);
            }
        }
    }
}
