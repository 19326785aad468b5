//! The filters that follow the attribute codec.

use crate::math::Within;

/// How decoded attributes are turned into their final form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// As they are.
    #[default]
    None,
    /// Unit vectors folded onto an octahedron; stride 4 (bytes) or 8 (16-bit words).
    Octahedral,
    /// Unit quaternions without their largest part; stride 8.
    Quaternion,
    /// Floats as a 24-bit mantissa and an 8-bit exponent; stride a multiple of 4.
    Exponential,
    /// Colours as luma and two chroma differences; stride 4 or 8.
    Color,
}

impl Filter {
    /// The filter of this name in glTF; `None` for an unknown one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "NONE" => Self::None,
            "OCTAHEDRAL" => Self::Octahedral,
            "QUATERNION" => Self::Quaternion,
            "EXPONENTIAL" => Self::Exponential,
            "COLOR" => Self::Color,
            _ => return None,
        })
    }

    pub(super) fn allows(self, stride: usize) -> bool {
        match self {
            Self::None | Self::Exponential => true,
            Self::Octahedral | Self::Color => matches!(stride, 4 | 8),
            Self::Quaternion => stride == 8,
        }
    }

    pub(super) fn apply(self, data: &mut [u8], stride: usize) {
        match (self, stride) {
            (Self::None, _) => {}
            (Self::Octahedral, 4) => each_bytes(data, |v| {
                let n = octahedral(v.map(|b| f32::from(b.cast_signed())), 127.0);
                [n[0] as i8 as u8, n[1] as i8 as u8, n[2] as i8 as u8, v[3]]
            }),
            (Self::Octahedral, _) => each_words(data, |v| {
                let n = octahedral(v.map(f32::from), 32767.0);
                [n[0] as i16, n[1] as i16, n[2] as i16, v[3]]
            }),
            (Self::Quaternion, _) => each_words(data, quaternion),
            (Self::Exponential, _) => {
                for word in data.chunks_exact_mut(4) {
                    let coded = i32::from_le_bytes([word[0], word[1], word[2], word[3]]);
                    let mantissa = ((coded << 8) >> 8) as f32;
                    // The biased exponent is built as bits; beyond the range it wraps, as the specification's own code does.
                    let scale = f32::from_bits((((coded >> 24) + 127) as u32) << 23);
                    word.copy_from_slice(&(mantissa * scale).to_le_bytes());
                }
            }
            (Self::Color, 4) => each_bytes(data, |v| {
                let chroma = [v[1], v[2]].map(|b| i32::from(b.cast_signed()));
                color(
                    [i32::from(v[0]), chroma[0], chroma[1], i32::from(v[3])],
                    255.0,
                )
                .map(|c| c as u8)
            }),
            (Self::Color, _) => each_words(data, |v| {
                let luma = i32::from(v[0].cast_unsigned());
                let alpha = i32::from(v[3].cast_unsigned());
                color([luma, i32::from(v[1]), i32::from(v[2]), alpha], 65535.0)
                    .map(|c| (c as u16).cast_signed())
            }),
        }
    }
}

fn each_bytes(data: &mut [u8], change: impl Fn([u8; 4]) -> [u8; 4]) {
    for v in data.chunks_exact_mut(4) {
        let changed = change([v[0], v[1], v[2], v[3]]);
        v.copy_from_slice(&changed);
    }
}

fn each_words(data: &mut [u8], change: impl Fn([i16; 4]) -> [i16; 4]) {
    for v in data.chunks_exact_mut(8) {
        let word = |i: usize| i16::from_le_bytes([v[2 * i], v[2 * i + 1]]);
        let changed = change([word(0), word(1), word(2), word(3)]);
        for (slot, word) in v.chunks_exact_mut(2).zip(changed) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
    }
}

fn round(value: f32) -> f32 {
    (value + 0.5_f32.copysign(value)).trunc()
}

/// `v[2]` is one at the vectors' own scale.
fn octahedral(v: [f32; 4], most: f32) -> [f32; 3] {
    let z = v[2] - v[0].abs() - v[1].abs();
    // Below the equator the corners are folded back.
    let fold = z.min(0.0);
    let [x, y] = [v[0], v[1]].map(|n| if n >= 0.0 { n + fold } else { n - fold });
    let scale = most / (x * x + y * y + z * z).sqrt();
    [x, y, z].map(|n| round(n * scale))
}

/// The last word holds the scale and, in its low two bits, which part was left out.
fn quaternion(v: [i16; 4]) -> [i16; 4] {
    let unit = f32::from(v[3] | 3);
    let [x, y, z] = [v[0], v[1], v[2]].map(f32::from);
    let scale = 32767.0 / core::f32::consts::SQRT_2 / unit;
    let w = (2.0 * unit * unit - x * x - y * y - z * z).max(0.0).sqrt();
    let left_out = (v[3] & 3) as usize;
    let mut out = [0; 4];
    for (i, part) in [w, x, y, z].into_iter().enumerate() {
        out[(left_out + i) & 3] = round(part * scale) as i16;
    }
    out
}

/// The alpha's highest bit marks the scale of all four.
fn color([luma, orange, green, alpha]: [i32; 4], most: f32) -> [f32; 4] {
    let mut unit = alpha;
    for shift in [1, 2, 4, 8] {
        unit |= unit >> shift;
    }
    let whole_alpha = ((alpha << 1) & unit) | (alpha & 1);
    let scale = most / unit as f32;
    [
        luma + orange - green,
        luma + green,
        luma - orange - green,
        whole_alpha,
    ]
    .map(|c| (c as f32 * scale + 0.5).within(0.0, most))
}
