//! Images of a model through `xoay-imaging`, by glTF's rules.

use xoay_format::Localize;
use xoay_imaging::{
    Channels, DecodeOptions, ImagingError, Orientation, Raster, Resizer, SourceFormat,
};

use crate::{GltfError, Limits};

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

/// The media type of an image file by its first bytes; `None` unless PNG, JPEG or WebP.
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
        _ => None,
    }
}

/// Width and height in pixels by the file's header; `None` where it cannot be read.
#[must_use]
pub fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    media_type(bytes)?;
    let limits = xoay_imaging::Limits {
        max_pixels: u64::MAX,
        ..xoay_imaging::Limits::default()
    };
    let header = xoay_imaging::probe(bytes, &limits).ok()?;
    Some((header.stored_width, header.stored_height))
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
    let format = SourceFormat::sniff(bytes).map_err(|error| failed(place, &error))?;
    if media_type(bytes).is_none() {
        return Err(GltfError::texture(
            place,
            format!("ảnh có dạng {format:?}; cần PNG, JPEG hoặc WebP"),
            format!("the image is {format:?}; expected PNG, JPEG or WebP"),
        ));
    }
    if let Some((width, height)) = dimensions(bytes) {
        let pixels = u64::from(width) * u64::from(height);
        Limits::check(place, pixels, limits.texture_pixels, "pixels")?;
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

/// Decodes PNG, JPEG or WebP to RGBA.
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
