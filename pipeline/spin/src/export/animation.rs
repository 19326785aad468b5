use xoay_imaging::{Channels, Encoding, Resizer, encode};

use super::{ExportError, Exported, FinishedSpin};

/// How to make an animated WebP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnimationOptions {
    /// Row of frames, from 0.
    pub row: usize,
    /// How many frames, spread evenly over the row.
    pub frames: usize,
    /// Longest side in pixels; never enlarged.
    pub size: u32,
    /// Milliseconds that a whole turn takes.
    pub turn_ms: u32,
    /// libwebp's quality.
    pub quality: u8,
}

impl Default for AnimationOptions {
    /// 36 frames of 800 pixels in 6 seconds.
    fn default() -> Self {
        Self {
            row: 0,
            frames: 36,
            size: 800,
            turn_ms: 6000,
            quality: 75,
        }
    }
}

/// An animated WebP that turns without end; transparency is kept.
///
/// Each frame is a picture of its own, as in the WebP Container Specification: what changes from frame to frame of a
/// turning product is nearly everything, so differences would save little.
///
/// # Errors
/// What is wrong with the spin, or [`ExportError::Cancelled`].
pub fn animate(
    spin: &FinishedSpin,
    options: &AnimationOptions,
    cancelled: &dyn Fn() -> bool,
) -> Result<Exported, ExportError> {
    let numbers = spin.evenly(options.row, options.frames)?;
    let notes = super::finished::note_count(options.frames, numbers.len())
        .into_iter()
        .collect();
    let rendition = spin.rendition(options.size)?;
    let (width, height) = within((rendition.width, rendition.height), options.size);
    let mut resizer = Resizer::new();
    let mut any_alpha = false;
    let mut frames = Vec::new();
    let count = numbers.len() as u64;
    let begins_ms = |at: usize| at as u64 * u64::from(options.turn_ms) / count.max(1);
    for (at, &number) in numbers.iter().enumerate() {
        if cancelled() {
            return Err(ExportError::Cancelled);
        }
        let picture = spin.frame(rendition, number)?;
        let picture = resizer.resize(&picture, width, height)?;
        any_alpha |= picture.channels() == Channels::Rgba;
        let file = encode(
            &picture,
            Encoding::Webp {
                quality: options.quality.clamp(1, 100),
                method: 4,
            },
        )?;
        let duration_ms = (begins_ms(at + 1) - begins_ms(at)).max(1) as u32;
        frames.extend(frame(&file, (width, height), duration_ms));
    }
    Ok(Exported {
        bytes: container(&frames, (width, height), any_alpha),
        frames: numbers.len(),
        width,
        height,
        notes,
    })
}

/// `size` scaled so that its longer side is at most `longest`.
pub(super) fn within((width, height): (u32, u32), longest: u32) -> (u32, u32) {
    let side = width.max(height);
    if side <= longest {
        return (width, height);
    }
    let scaled = |pixels: u32| {
        let half = u64::from(side) / 2;
        ((u64::from(pixels) * u64::from(longest) + half) / u64::from(side)).max(1) as u32
    };
    (scaled(width), scaled(height))
}

/// `ANMF`: the frame's place, its duration, and the bitstream of `file`, a WebP of one picture.
fn frame(file: &[u8], (width, height): (u32, u32), duration_ms: u32) -> Vec<u8> {
    let mut body = Vec::with_capacity(file.len() + 16);
    body.extend([0; 6]); // at the top left
    body.extend(three_bytes(width - 1));
    body.extend(three_bytes(height - 1));
    body.extend(three_bytes(duration_ms));
    body.push(0b10); // replaces what was there, without blending
    let mut chunks = file.get(12..).unwrap_or_default();
    while let Some((head, rest)) = chunks.split_first_chunk::<8>() {
        let bytes = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let padded = (bytes + bytes % 2).min(rest.len());
        if matches!(&head[..4], b"ALPH" | b"VP8 " | b"VP8L") {
            body.extend(head);
            body.extend(&rest[..padded]);
        }
        chunks = &rest[padded..];
    }
    chunk(*b"ANMF", &body)
}

fn container(frames: &[u8], (width, height): (u32, u32), has_alpha: bool) -> Vec<u8> {
    const ANIMATION: u8 = 0b10;
    const ALPHA: u8 = 0b1_0000;
    let mut extended = vec![ANIMATION | if has_alpha { ALPHA } else { 0 }, 0, 0, 0];
    extended.extend(three_bytes(width - 1));
    extended.extend(three_bytes(height - 1));
    // Background white, and no end to the loops.
    let animation = [255, 255, 255, 255, 0, 0];
    let body = [
        b"WEBP".as_slice(),
        &chunk(*b"VP8X", &extended),
        &chunk(*b"ANIM", &animation),
        frames,
    ];
    chunk(*b"RIFF", &body.concat())
}

fn chunk(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
    let mut chunk = Vec::with_capacity(body.len() + 9);
    chunk.extend(kind);
    chunk.extend((body.len() as u32).to_le_bytes());
    chunk.extend(body);
    if body.len() % 2 == 1 {
        chunk.push(0);
    }
    chunk
}

const fn three_bytes(number: u32) -> [u8; 3] {
    let [a, b, c, _] = number.to_le_bytes();
    [a, b, c]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_shrink_to_their_longer_side_and_never_grow() {
        assert_eq!(within((1600, 1200), 800), (800, 600));
        assert_eq!(within((300, 900), 100), (33, 100));
        assert_eq!(within((400, 300), 800), (400, 300));
        assert_eq!(within((5000, 1), 10), (10, 1));
    }
}
