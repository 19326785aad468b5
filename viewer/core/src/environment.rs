//! The studio's light, as `viewer/studio` packs it.

/// A cube map whose levels are blurred for rougher and rougher surfaces.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    /// Width and height of a face of the first level, pixels.
    pub face_px: usize,
    /// Levels, each half as wide: six faces in GL's order, row by row; grey radiance.
    pub levels: Vec<Vec<f32>>,
}

const LEAST_STOPS: f32 = -6.0;
const STEPS: f32 = 64.0;

/// Unpacks the studio; `None` of anything that is cut off or goes on too long.
#[must_use]
pub fn unpack(packed: &[u8]) -> Option<Environment> {
    let (&[face_px, count], mut rest) = packed.split_first_chunk()?;
    let face_px = usize::from(face_px);
    let mut levels = Vec::new();
    for level in 0..usize::from(count) {
        let size = face_px.checked_shr(level as u32).filter(|&s| s > 0)?;
        let mut out = Vec::with_capacity(6 * size * size);
        for _ in 0..6 {
            let mut steps: Vec<i32> = Vec::with_capacity(size * size);
            for i in 0..size * size {
                let guess = match (i % size, i / size) {
                    (0, 0) => 0,
                    (_, 0) => steps[i - 1],
                    (0, _) => steps[i - size],
                    _ => steps[i - 1]
                        .wrapping_add(steps[i - size])
                        .wrapping_sub(steps[i - size - 1]),
                };
                steps.push(guess.wrapping_add(take(&mut rest)?));
            }
            out.extend(
                steps
                    .iter()
                    .map(|&s| (s as f32 / STEPS + LEAST_STOPS).exp2()),
            );
        }
        levels.push(out);
    }
    rest.is_empty().then_some(Environment { face_px, levels })
}

/// A number in groups of seven bits, zigzag.
fn take(rest: &mut &[u8]) -> Option<i32> {
    let (mut value, mut shift) = (0_u32, 0);
    loop {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        value |= u32::from(byte & 127).checked_shl(shift)?;
        if byte < 128 {
            return Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
        }
        shift += 7;
    }
}
