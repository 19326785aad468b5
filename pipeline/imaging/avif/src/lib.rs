#![doc = include_str!("../README.md")]

#[cfg(feature = "aom")]
mod aom;
#[cfg(feature = "aom")]
mod container;
#[cfg(all(feature = "rav1e", not(feature = "aom")))]
#[path = "rav1e.rs"]
mod encoder;
#[cfg(not(any(feature = "aom", feature = "rav1e")))]
#[path = "absent.rs"]
mod encoder;
#[cfg(feature = "aom")]
mod planes;

#[cfg(feature = "aom")]
use aom as encoder;

/// Quality and effort.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// 1 to 100; brought inside.
    pub quality: u8,
    /// 1 (small) to 10 (fast); brought inside.
    pub speed: u8,
}

/// A decoded picture: 8-bit sRGB, rows from the top without padding, three bytes a pixel, four with alpha.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Whether each pixel has a fourth byte.
    pub has_alpha: bool,
    /// The bytes.
    pub pixels: Vec<u8>,
}

/// Whether this build encodes AVIF at all.
pub const ENCODES: bool = cfg!(any(feature = "aom", feature = "rav1e"));

/// Whether this build decodes AVIF.
pub const DECODES: bool = cfg!(feature = "aom");

fn fits(pixels: &[u8], width: usize, height: usize, channels: usize) -> Result<(), String> {
    let expected = width
        .checked_mul(height)
        .and_then(|count| count.checked_mul(channels));
    if expected == Some(pixels.len()) && !pixels.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "{} bytes do not make {width}×{height} pixels of {channels}",
            pixels.len()
        ))
    }
}

/// The file of 8-bit sRGB pixels, three bytes each.
///
/// # Errors
/// The encoder's words, or that the length does not fit the size.
#[inline(never)]
pub fn encode_rgb(
    pixels: &[u8],
    width: usize,
    height: usize,
    settings: Settings,
) -> Result<Vec<u8>, String> {
    fits(pixels, width, height, 3)?;
    encoder::encode_rgb(pixels, width, height, settings)
}

/// The file of 8-bit sRGB pixels, four bytes each; alpha is not multiplied in.
///
/// # Errors
/// The encoder's words, or that the length does not fit the size.
#[inline(never)]
pub fn encode_rgba(
    pixels: &[u8],
    width: usize,
    height: usize,
    settings: Settings,
) -> Result<Vec<u8>, String> {
    fits(pixels, width, height, 4)?;
    encoder::encode_rgba(pixels, width, height, settings)
}

/// The picture of a file that [`encode_rgb`] or [`encode_rgba`] made, at most `max_pixels` pixels large.
///
/// It is meant for judging what was encoded: files by other programs may be grids, turned, or in other colours, and
/// are refused.
///
/// # Errors
/// What is wrong with the file, or that this build has no decoder.
#[inline(never)]
pub fn decode(file: &[u8], max_pixels: u64) -> Result<Picture, String> {
    encoder::decode(file, max_pixels)
}

#[cfg(all(test, any(feature = "aom", feature = "rav1e")))]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings {
        quality: 90,
        speed: 8,
    };

    #[test]
    fn pixels_must_fill_the_size() {
        assert!(encode_rgb(&[0; 12], 2, 2, SETTINGS).is_ok_and(|file| file[4..12] == *b"ftypavif"));
        assert!(encode_rgb(&[0; 11], 2, 2, SETTINGS).is_err());
        assert!(encode_rgba(&[], 0, 0, SETTINGS).is_err());
        assert!(encode_rgba(&[0; 4], usize::MAX, 2, SETTINGS).is_err());
    }

    #[cfg(feature = "aom")]
    #[test]
    fn colours_and_alpha_come_back_at_odd_sizes() {
        let color = |i: usize| {
            [
                (i % 37 * 3) as u8,
                (i / 37 * 5) as u8,
                90,
                (i % 37 * 6) as u8,
            ]
        };
        let pixels: Vec<u8> = (0..37 * 21).flat_map(color).collect();
        let back = decode(&encode_rgba(&pixels, 37, 21, SETTINGS).unwrap(), 10_000).unwrap();
        assert_eq!((back.width, back.height, back.has_alpha), (37, 21, true));
        let difference: u64 = back
            .pixels
            .iter()
            .zip(&pixels)
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        assert!(difference < 3 * pixels.len() as u64, "{difference}");
        let opaque: Vec<u8> = pixels.chunks(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
        let back = decode(&encode_rgb(&opaque, 37, 21, SETTINGS).unwrap(), 10_000).unwrap();
        assert_eq!((back.has_alpha, back.pixels.len()), (false, opaque.len()));
    }

    #[cfg(feature = "aom")]
    #[test]
    fn damaged_files_are_errors_and_large_ones_refused() {
        let file = encode_rgb(&[120; 64 * 48 * 3], 64, 48, SETTINGS).unwrap();
        assert!(decode(&file, 64 * 48).is_ok());
        assert!(decode(&file, 64 * 48 - 1).is_err());
        for length in 0..file.len() {
            assert!(decode(&file[..length], 10_000).is_err(), "{length}");
        }
        for at in 0..file.len() {
            let mut damaged = file.clone();
            damaged[at] ^= 0x55;
            // Some bits do not matter; none may do more than give an error or another picture.
            let _ = decode(&damaged, 10_000);
        }
    }
}
