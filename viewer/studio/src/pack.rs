//! The cube map in few bytes.

use crate::prefilter::{FACE_PX, LEVELS, level};

/// Darkest light that is told from none, stops.
const LEAST_STOPS: f32 = -6.0;
/// Steps in a stop.
const STEPS: f32 = 64.0;

/// Every level: stops in whole steps, each as the difference from what its neighbours let expect, zigzag, in groups of
/// seven bits, the lowest first. Two bytes before them say the face's width and the number of levels.
#[must_use]
pub fn pack() -> Vec<u8> {
    let mut out = vec![FACE_PX as u8, LEVELS as u8];
    for l in 0..LEVELS {
        let size = FACE_PX >> l;
        for face in level(l).chunks_exact(size * size) {
            let step = |v: &f32| {
                ((v.max(1e-9).log2() - LEAST_STOPS) * STEPS)
                    .round()
                    .max(0.0) as i32
            };
            let steps: Vec<i32> = face.iter().map(step).collect();
            for (i, &value) in steps.iter().enumerate() {
                let (x, y) = (i % size, i / size);
                let guess = match (x, y) {
                    (0, 0) => 0,
                    (_, 0) => steps[i - 1],
                    (0, _) => steps[i - size],
                    _ => steps[i - 1] + steps[i - size] - steps[i - size - 1],
                };
                put(&mut out, value - guess);
            }
        }
    }
    out
}

fn put(out: &mut Vec<u8>, value: i32) {
    let mut rest = ((value << 1) ^ (value >> 31)).cast_unsigned();
    while rest > 127 {
        out.push(rest as u8 | 128);
        rest >>= 7;
    }
    out.push(rest as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use xoay_viewer_core::environment::unpack;

    #[test]
    fn what_is_packed_comes_back() {
        let packed = pack();
        let environment = unpack(&packed).unwrap();
        assert_eq!(
            (environment.face_px, environment.levels.len()),
            (FACE_PX, LEVELS)
        );
        for (l, got) in environment.levels.iter().enumerate() {
            for (got, wanted) in got.iter().zip(level(l)) {
                assert!(
                    (got / wanted.max(1.0 / 64.0) - 1.0).abs() < 0.006,
                    "{got} for {wanted}"
                );
            }
        }
        for end in (0..packed.len()).step_by(997) {
            assert!(unpack(&packed[..end]).is_none());
        }
        let mut small = Vec::new();
        let parameters = brotli::enc::BrotliEncoderParams::default();
        brotli::BrotliCompress(&mut &packed[..], &mut small, &parameters).unwrap();
        println!("packed {} bytes, brotli {}", packed.len(), small.len());
        assert!(small.len() < 8 * 1024);
    }
}
