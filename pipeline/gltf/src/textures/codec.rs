//! The one door to image codecs.
#![allow(unsafe_code)]

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, ImageReader, RgbaImage, imageops::FilterType};

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

fn reader(bytes: &[u8]) -> Option<ImageReader<Cursor<&[u8]>>> {
    let format = match media_type(bytes)? {
        "image/png" => ImageFormat::Png,
        "image/jpeg" => ImageFormat::Jpeg,
        _ => ImageFormat::WebP,
    };
    Some(ImageReader::with_format(Cursor::new(bytes), format))
}

/// Width and height in pixels by the file's header; `None` where it cannot be read.
#[must_use]
pub fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    reader(bytes)?.into_dimensions().ok()
}

fn unreadable(place: &str, error: &dyn std::fmt::Display) -> GltfError {
    GltfError::texture(
        place,
        format!("ảnh không đọc được: {error}; hãy xuất lại mô hình"),
        format!("the image cannot be read: {error}; export the model again"),
    )
}

/// Decodes PNG, JPEG or WebP. Colour profiles are ignored, as glTF demands.
///
/// # Errors
/// [`GltfError::TooLarge`] over the pixel limit, [`GltfError::Texture`] where the file is damaged.
pub fn decode(place: &str, bytes: &[u8], limits: &Limits) -> Result<Pixels, GltfError> {
    let (width, height) =
        dimensions(bytes).ok_or_else(|| unreadable(place, &"PNG, JPEG, WebP?"))?;
    Limits::check(
        place,
        u64::from(width) * u64::from(height),
        limits.texture_pixels,
        "pixels",
    )?;
    let image = reader(bytes)
        .ok_or_else(|| unreadable(place, &"PNG, JPEG, WebP?"))?
        .decode()
        .map_err(|error| unreadable(place, &error))?;
    let rgba = DynamicImage::into_rgba8(image);
    Ok(Pixels {
        width: rgba.width(),
        height: rgba.height(),
        rgba: rgba.into_raw(),
    })
}

/// Scales to `width` × `height`.
pub(super) fn resize(
    place: &str,
    pixels: &Pixels,
    width: u32,
    height: u32,
) -> Result<Pixels, GltfError> {
    let image = RgbaImage::from_raw(pixels.width, pixels.height, pixels.rgba.clone())
        .ok_or_else(|| unreadable(place, &"size"))?;
    let image = image::imageops::resize(&image, width, height, FilterType::Lanczos3);
    Ok(Pixels {
        width,
        height,
        rgba: image.into_raw(),
    })
}

/// Encodes as lossy WebP with lossless alpha.
pub(super) fn encode_webp(place: &str, pixels: &Pixels, quality: u8) -> Result<Vec<u8>, GltfError> {
    let mut output = std::ptr::null_mut();
    // SAFETY: `rgba` holds `width × height × 4` bytes; the encoder writes a pointer to memory that it allocated.
    let size = unsafe {
        libwebp_sys::WebPEncodeRGBA(
            pixels.rgba.as_ptr(),
            pixels.width as i32,
            pixels.height as i32,
            pixels.width as i32 * 4,
            f32::from(quality),
            &raw mut output,
        )
    };
    if size == 0 || output.is_null() {
        return Err(unreadable(place, &"WebP"));
    }
    // SAFETY: the encoder says that `size` bytes lie at `output`.
    let bytes = unsafe { std::slice::from_raw_parts(output, size) }.to_vec();
    // SAFETY: `output` came from the encoder and is freed once.
    unsafe { libwebp_sys::WebPFree(output.cast()) };
    Ok(bytes)
}
