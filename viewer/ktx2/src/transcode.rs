use std::fmt;

use basisu::{DecodeFlags, SourceFormat, TargetFormat, Transcoder};

/// Sides beyond this no browser's GPU takes.
const LARGEST_PX: u32 = 16_384;
/// A texture that becomes more than this is refused: 512 MiB.
const LARGEST_BYTES: usize = 1 << 29;

/// Why a KTX 2 file cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ktx2Error {
    /// It is no KTX 2 file with a Basis Universal picture, or cut off.
    Malformed,
    /// It holds something that glTF's textures never are.
    Unsupported,
    /// It is larger than a GPU takes.
    TooLarge,
}

impl fmt::Display for Ktx2Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "a KTX 2 texture is malformed or cut off",
            Self::Unsupported => "a KTX 2 texture holds something other than one 8-bit picture",
            Self::TooLarge => "a KTX 2 texture is larger than a GPU takes",
        })
    }
}

impl std::error::Error for Ktx2Error {}

/// What ETC1S and UASTC become with the least loss, the best first.
const FROM_ETC1S: [u32; 3] = [3, 2, 1];
const FROM_UASTC: [u32; 3] = [1, 2, 3];

/// Transcodes a file to what [`crate::decode`] gives.
///
/// # Errors
/// A file that is cut off, malformed, too large, or that holds something else than one picture of 8 bits.
pub fn transcode(bytes: &[u8], formats: &[u32]) -> Result<Vec<u8>, Ktx2Error> {
    let texture = Transcoder::new(bytes).map_err(|_| Ktx2Error::Malformed)?;
    let wishes = match texture.source_format() {
        SourceFormat::Etc1s => FROM_ETC1S,
        SourceFormat::UastcLdr => FROM_UASTC,
        _ => return Err(Ktx2Error::Unsupported),
    };
    if texture.layer_count() > 1 || texture.face_count() > 1 || texture.is_video() {
        return Err(Ktx2Error::Unsupported);
    }
    let levels = texture.level_count().clamp(1, 16);
    let (width, height) = texture.base_dimensions();
    if !(1..=LARGEST_PX).contains(&width) || !(1..=LARGEST_PX).contains(&height) {
        return Err(Ktx2Error::TooLarge);
    }
    let whole_blocks = width % 4 == 0 && height % 4 == 0;
    let best = wishes
        .into_iter()
        .find(|wish| formats.contains(wish))
        .filter(|_| whole_blocks && levels > 1)
        .unwrap_or(0);
    let target = match best {
        1 => TargetFormat::Astc4x4Rgba,
        2 => TargetFormat::Bc7Rgba,
        3 => TargetFormat::Etc2Rgba,
        _ => TargetFormat::Rgba32,
    };
    let mut head = vec![best, levels];
    let mut body = Vec::new();
    for level in 0..levels {
        let size = texture.output_size(level, target);
        let size = size.map_err(|_| Ktx2Error::Malformed)?;
        if body.len().saturating_add(size) > LARGEST_BYTES {
            return Err(Ktx2Error::TooLarge);
        }
        let part = texture.transcode(level, target, DecodeFlags::NONE);
        let part = part.map_err(|_| Ktx2Error::Malformed)?;
        head.extend([
            (width >> level).max(1),
            (height >> level).max(1),
            part.len() as u32,
        ]);
        body.extend(part);
    }
    let mut out: Vec<u8> = head.iter().flat_map(|n| n.to_le_bytes()).collect();
    out.extend(body);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A UASTC block of one colour: mode 8, whose code is 23 in five bits, then red, green, blue and alpha.
    fn block(color: [u8; 4]) -> [u8; 16] {
        let bits = u128::from(23_u8) | u128::from(u32::from_le_bytes(color)) << 5;
        bits.to_le_bytes()
    }

    /// A KTX 2 file of 8×4 pixels, its left half and its right half of one colour each; `levels` of them, all the same in
    /// blocks, as the format allows from 8×4 to 4×4.
    fn file(left: [u8; 4], right: [u8; 4], levels: u32) -> Vec<u8> {
        let words = |out: &mut Vec<u8>, words: &[u32]| {
            out.extend(words.iter().flat_map(|w| w.to_le_bytes()));
        };
        let longs = |out: &mut Vec<u8>, longs: &[u64]| {
            out.extend(longs.iter().flat_map(|w| w.to_le_bytes()));
        };
        let blocks = [[block(left), block(right)].concat(), block(left).to_vec()];
        let descriptor_at = 80 + 24 * levels;
        let mut out = vec![
            0xab, b'K', b'T', b'X', b' ', b'2', b'0', 0xbb, 13, 10, 26, 10,
        ];
        words(&mut out, &[0, 1, 8, 4, 0, 0, 1, levels, 0]);
        words(&mut out, &[descriptor_at, 44, 0, 0]);
        longs(&mut out, &[0, 0]);
        let mut at = u64::from(descriptor_at + 44).next_multiple_of(16);
        // The smallest level lies first.
        let mut places = vec![0; levels as usize];
        for level in (0..levels as usize).rev() {
            places[level] = at;
            at += blocks[level].len() as u64;
        }
        for level in 0..levels as usize {
            let size = blocks[level].len() as u64;
            longs(&mut out, &[places[level], size, size]);
        }
        // Size; vendor and type; version and size; model 0xa6 (UASTC), primaries, sRGB, flags; block of 4×4; 16 bytes in
        // plane 0; one sample of RGBA over 128 bits.
        words(
            &mut out,
            &[
                44,
                0,
                2 | 0x28 << 16,
                0xa6 | 1 << 8 | 2 << 16,
                3 | 3 << 8,
                16,
                0,
            ],
        );
        words(&mut out, &[0x7f << 16 | 3 << 24, 0, 0, u32::MAX]);
        out.resize(out.len().next_multiple_of(16), 0);
        for level in (0..levels as usize).rev() {
            out.extend(&blocks[level]);
        }
        out
    }

    fn words(bytes: &[u8]) -> Vec<u32> {
        let word = |b: &[u8]| u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        bytes.chunks_exact(4).map(word).collect()
    }

    const RED: [u8; 4] = [200, 10, 20, 255];
    const BLUE: [u8; 4] = [5, 30, 240, 128];

    #[test]
    fn without_smaller_levels_it_becomes_plain_pixels() {
        let out = transcode(&file(RED, BLUE, 1), &[1, 2, 3]).unwrap();
        assert_eq!(words(&out)[..5], [0, 1, 8, 4, 128]);
        let row = &out[20..20 + 32];
        assert!(row[..16].chunks_exact(4).all(|p| p == RED), "{row:?}");
        assert!(row[16..].chunks_exact(4).all(|p| p == BLUE), "{row:?}");
    }

    #[test]
    fn the_best_format_that_the_gpu_reads_is_made() {
        let levels = file(RED, BLUE, 2);
        for (formats, chosen, bytes) in [
            (&[3, 2, 1][..], 1, [32, 16]),
            (&[3, 2], 2, [32, 16]),
            (&[3], 3, [32, 16]),
            (&[], 0, [128, 32]),
        ] {
            let out = transcode(&levels, formats).unwrap();
            let wanted = [chosen, 2, 8, 4, bytes[0], 4, 2, bytes[1]];
            assert_eq!(words(&out)[..8], wanted, "{formats:?}");
            assert_eq!(out.len() as u32, 32 + bytes[0] + bytes[1]);
        }
    }

    #[test]
    fn what_is_cut_off_or_changed_never_panics() {
        let whole = file(RED, BLUE, 2);
        for end in 0..whole.len() {
            assert!(transcode(&whole[..end], &[1]).is_err(), "{end}");
        }
        for at in 0..whole.len() {
            for flip in [1, 0x80, 0xff] {
                let mut changed = whole.clone();
                changed[at] ^= flip;
                let _ = transcode(&changed, &[2]);
            }
        }
    }
}
