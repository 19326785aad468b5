//! Images of a model through `xoay-imaging`, by glTF's rules.

use xoay_format::{ImageFormat, Localize};
use xoay_imaging::{
    Channels, DecodeOptions, ImagingError, Orientation, Raster, Resizer, SourceFormat, read_back,
};

use crate::{GltfError, Limits};

const AVIF: &str = "image/avif";

/// A decoded image: RGBA, 8 bits a channel, rows from the top, alpha not multiplied in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// `width × height × 4` bytes.
    pub rgba: Vec<u8>,
}

/// The media type of an image file by its first bytes; `None` unless PNG, JPEG, WebP or AVIF.
#[must_use]
pub fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("image/webp"),
        [
            _,
            _,
            _,
            _,
            b'f',
            b't',
            b'y',
            b'p',
            b'a',
            b'v',
            b'i',
            b'f',
            ..,
        ] => Some(AVIF),
        _ => None,
    }
}

/// Width and height in pixels by the file's header; `None` where it cannot be read.
#[must_use]
pub fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    if media_type(bytes)? == AVIF {
        return avif_dimensions(bytes);
    }
    let limits = xoay_imaging::Limits {
        max_pixels: u64::MAX,
        ..xoay_imaging::Limits::default()
    };
    let header = xoay_imaging::probe(bytes, &limits).ok()?;
    Some((header.stored_width, header.stored_height))
}

/// From the first image's spatial extents (ISO/IEC 23008-12 §6.5.3), which stand near the beginning.
fn avif_dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let head = &bytes[..bytes.len().min(4096)];
    let at = head.windows(4).position(|four| four == b"ispe")?;
    let number = |at: usize| {
        let four = head.get(at..at + 4)?;
        Some(u32::from_be_bytes(four.try_into().ok()?))
    };
    // The box's type, then its version and flags.
    Some((number(at + 8)?, number(at + 12)?))
}

pub(super) fn failed(place: &str, error: &ImagingError) -> GltfError {
    let text = error.text();
    GltfError::texture(place, text.vi, text.en)
}

/// What decoding gave.
pub(super) struct Decoded {
    pub raster: Raster,
    /// Whether the file's orientation or colour profile changed the pixels, which glTF forbids.
    pub altered: bool,
}

pub(super) fn decode_raster(
    place: &str,
    bytes: &[u8],
    limits: &Limits,
) -> Result<Decoded, GltfError> {
    if let Some((width, height)) = dimensions(bytes) {
        let pixels = u64::from(width) * u64::from(height);
        Limits::check(place, pixels, limits.texture_pixels, "pixels")?;
    }
    if media_type(bytes) == Some(AVIF) {
        let raster = read_back(bytes, ImageFormat::Avif).map_err(|error| failed(place, &error))?;
        return Ok(Decoded {
            raster,
            altered: false,
        });
    }
    let format = SourceFormat::sniff(bytes).map_err(|error| failed(place, &error))?;
    if media_type(bytes).is_none() {
        return Err(GltfError::texture(
            place,
            format!("ảnh có dạng {format:?}; cần PNG, JPEG hoặc WebP"),
            format!("the image is {format:?}; expected PNG, JPEG or WebP"),
        ));
    }
    let options = DecodeOptions {
        limits: xoay_imaging::Limits {
            max_pixels: limits.texture_pixels,
            ..xoay_imaging::Limits::default()
        },
        target: None,
    };
    let decoded = xoay_imaging::decode(bytes, &options).map_err(|error| failed(place, &error))?;
    let altered = decoded.color_converted || decoded.header.orientation != Orientation::default();
    Ok(Decoded {
        raster: decoded.raster,
        altered,
    })
}

/// Decodes PNG, JPEG, WebP, or AVIF as this program writes it, to RGBA.
///
/// # Errors
/// [`GltfError::TooLarge`] over the pixel limit, [`GltfError::Texture`] where the file is damaged.
pub fn decode(place: &str, bytes: &[u8], limits: &Limits) -> Result<Pixels, GltfError> {
    let raster = decode_raster(place, bytes, limits)?.raster;
    let (width, height) = (raster.width(), raster.height());
    let rgba = match raster.channels() {
        Channels::Rgba => raster.into_pixels(),
        Channels::Rgb => raster
            .pixels()
            .chunks_exact(3)
            .flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255])
            .collect(),
    };
    Ok(Pixels {
        width,
        height,
        rgba,
    })
}

/// Scales to `width` × `height`.
pub(super) fn resize(
    place: &str,
    raster: &Raster,
    width: u32,
    height: u32,
) -> Result<Raster, GltfError> {
    Resizer::new()
        .resize(raster, width, height)
        .map_err(|error| failed(place, &error))
}
