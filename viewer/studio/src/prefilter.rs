//! The studio as surfaces of every roughness see it.

use core::f32::consts::{PI, TAU};

use crate::light::{Vec3, cross, radiance, unit};

/// Width and height of a face of the sharpest level, pixels.
pub const FACE_PX: usize = 64;
/// Levels, each half as wide; level `l` is for roughness `l / (LEVELS - 1)`.
pub const LEVELS: usize = 5;

/// The direction of a texel, GL's cube map faces in GL's order: +X, −X, +Y, −Y, +Z, −Z; rows run down.
#[must_use]
pub fn direction(face: usize, x: f32, y: f32) -> Vec3 {
    unit(match face {
        0 => [1.0, -y, -x],
        1 => [-1.0, -y, x],
        2 => [x, 1.0, y],
        3 => [x, -1.0, -y],
        4 => [x, -y, 1.0],
        _ => [-x, -y, -1.0],
    })
}

/// One level: six faces, row by row.
#[must_use]
pub fn level(level: usize) -> Vec<f32> {
    let size = FACE_PX >> level;
    let roughness = level as f32 / (LEVELS - 1) as f32;
    let at = |i: usize| (i as f32 + 0.5) / size as f32 * 2.0 - 1.0;
    let mut out = Vec::with_capacity(6 * size * size);
    for face in 0..6 {
        for y in 0..size {
            for x in 0..size {
                out.push(mirrored(direction(face, at(x), at(y)), roughness));
            }
        }
    }
    out
}

/// What a surface of this roughness mirrors from around a direction: the GGX lobe as seen straight on (Karis, "Real
/// shading in Unreal Engine 4", 2013).
fn mirrored(n: Vec3, roughness: f32) -> f32 {
    if roughness == 0.0 {
        return radiance(n, 0.0);
    }
    let alpha = roughness * roughness;
    let side = if n[1].abs() < 0.9 {
        [0.0, 1.0, 0.0]
    } else {
        [1.0, 0.0, 0.0]
    };
    let t = unit(cross(side, n));
    let b = cross(n, t);
    let samples = if roughness < 0.3 { 48 } else { 128_u32 };
    let (mut sum, mut weight) = (0.0, 0.0);
    for i in 0..samples {
        let u = (i as f32 + 0.5) / samples as f32;
        let v = i.reverse_bits() as f32 / 4_294_967_296.0;
        let cos_h = ((1.0 - u) / (1.0 + (alpha * alpha - 1.0) * u)).sqrt();
        let sin_h = (1.0 - cos_h * cos_h).max(0.0).sqrt();
        let (sin, cos) = (TAU * v).sin_cos();
        let cos_l = 2.0 * cos_h * cos_h - 1.0;
        if cos_l <= 0.0 {
            continue;
        }
        let [x, y, z] = [2.0 * cos_h * sin_h * cos, 2.0 * cos_h * sin_h * sin, cos_l];
        let l = core::array::from_fn(|k| t[k] * x + b[k] * y + n[k] * z);
        // Each sample stands for a part of the sphere: so wide may edges be.
        let root = 1.0 + (alpha * alpha - 1.0) * cos_h * cos_h;
        let density = alpha * alpha / (PI * root * root) / 4.0;
        let wide = (1.0 / (samples as f32 * density)).sqrt().min(0.5);
        sum += radiance(l, wide) * cos_l;
        weight += cos_l;
    }
    sum / weight
}

/// Light that falls on a matt surface, over π, as nine numbers: constant; y, z, x; xy, yz, 3z²−1, xz, x²−y² of its normal.
pub type Diffuse = [f32; 9];

/// The diffuse light of the whole studio.
///
/// Ramamoorthi and Hanrahan, "An efficient representation for irradiance environment maps", 2001; the cosine's and the
/// basis' constants are multiplied in.
#[must_use]
pub fn diffuse() -> Diffuse {
    let size = 48_usize;
    let at = |i: usize| (i as f32 + 0.5) / size as f32 * 2.0 - 1.0;
    let mut sums = [0.0_f32; 9];
    for face in 0..6 {
        for (x, y) in (0..size * size).map(|i| (at(i % size), at(i / size))) {
            let solid = 4.0 / (size * size) as f32 / (1.0 + x * x + y * y).powf(1.5);
            let d = direction(face, x, y);
            let light = radiance(d, 0.02) * solid;
            for (sum, basis) in sums.iter_mut().zip(basis(d)) {
                *sum += light * basis;
            }
        }
    }
    // (Basis constant)² × cosine's factor ÷ π, by band.
    let band = [
        0.282_095 * 0.282_095,
        0.488_603 * 0.488_603 * 2.0 / 3.0,
        1.092_548 * 1.092_548 / 4.0,
        0.315_392 * 0.315_392 / 4.0,
        0.546_274 * 0.546_274 / 4.0,
    ];
    let factors = [0, 1, 1, 1, 2, 2, 3, 2, 4].map(|i: usize| band[i]);
    core::array::from_fn(|i| sums[i] * factors[i])
}

/// The polynomials that [`Diffuse`]'s numbers multiply.
#[must_use]
pub fn basis([x, y, z]: Vec3) -> Diffuse {
    [
        1.0,
        y,
        z,
        x,
        x * y,
        y * z,
        3.0 * z * z - 1.0,
        x * z,
        x * x - y * y,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::light::dot;

    fn light_on(n: Vec3) -> f32 {
        diffuse().iter().zip(basis(n)).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn a_white_surface_that_faces_the_camera_comes_out_white() {
        let front = light_on([0.0, 0.0, 1.0]);
        let up = light_on([0.0, 1.0, 0.0]);
        println!(
            "front {front}, up {up}, left {}, right {}, down {}, back {}",
            light_on([-1.0, 0.0, 0.0]),
            light_on([1.0, 0.0, 0.0]),
            light_on([0.0, -1.0, 0.0]),
            light_on([0.0, 0.0, -1.0])
        );
        assert!((0.9..=1.1).contains(&front), "{front}");
        assert!(up > front, "the light comes from above");
        assert!(
            light_on([0.0, -1.0, 0.0]) > 0.3,
            "the floor throws light back"
        );
    }

    #[test]
    fn the_harmonics_agree_with_the_integral() {
        for n in [
            [0.0, 0.0, 1.0],
            [0.0, 1.0, 0.0],
            [-0.6, 0.0, 0.8],
            [0.0, -1.0, 0.0],
        ] {
            let n = unit(n);
            let (mut sum, count) = (0.0_f32, 20_000);
            for i in 0..count {
                // Points spread evenly over the sphere by the golden angle.
                let y = 1.0 - 2.0 * (i as f32 + 0.5) / count as f32;
                let (sin, cos) = (i as f32 * 2.399_963_2).sin_cos();
                let r = (1.0 - y * y).sqrt();
                let d = [r * cos, y, r * sin];
                sum += radiance(d, 0.02) * dot(d, n).max(0.0) * 4.0 / count as f32;
            }
            let got = light_on(n);
            assert!((got - sum).abs() < 0.12 * sum, "{n:?}: {got} for {sum}");
        }
    }

    #[test]
    fn rougher_levels_are_smoother_and_as_bright() {
        let mean = |v: &[f32]| v.iter().sum::<f32>() / v.len() as f32;
        let spread = |v: &[f32]| {
            let m = mean(v);
            (v.iter().map(|x| (x - m).powi(2)).sum::<f32>() / v.len() as f32).sqrt()
        };
        let levels: Vec<_> = (1..LEVELS).map(level).collect();
        for pair in levels.windows(2) {
            assert!(spread(&pair[1]) < spread(&pair[0]));
            assert!((mean(&pair[1]) / mean(&pair[0]) - 1.0).abs() < 0.1);
        }
    }
}
