#![doc = include_str!("../README.md")]

use ravif::{Encoder, Img};
use rgb::FromSlice;

/// Quality and effort.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// 1 to 100; brought inside.
    pub quality: u8,
    /// 1 (small) to 10 (fast); brought inside.
    pub speed: u8,
}

fn encoder(settings: Settings) -> Encoder<'static> {
    let quality = f32::from(settings.quality.clamp(1, 100));
    Encoder::new()
        .with_quality(quality)
        .with_alpha_quality(quality)
        .with_speed(settings.speed.clamp(1, 10))
        .with_num_threads(Some(1))
}

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
    let encoded = encoder(settings).encode_rgb(Img::new(pixels.as_rgb(), width, height));
    encoded
        .map(|image| image.avif_file)
        .map_err(|error| error.to_string())
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
    let encoded = encoder(settings).encode_rgba(Img::new(pixels.as_rgba(), width, height));
    encoded
        .map(|image| image.avif_file)
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_must_fill_the_size() {
        let settings = Settings {
            quality: 50,
            speed: 10,
        };
        assert!(encode_rgb(&[0; 12], 2, 2, settings).is_ok_and(|file| file[4..12] == *b"ftypavif"));
        assert!(encode_rgb(&[0; 11], 2, 2, settings).is_err());
        assert!(encode_rgba(&[], 0, 0, settings).is_err());
        assert!(encode_rgba(&[0; 4], usize::MAX, 2, settings).is_err());
    }
}
