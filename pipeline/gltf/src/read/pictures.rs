//! Pictures in formats that the rest of the house does not keep, unpacked to PNG: KTX 2 with Basis Universal
//! (`KHR_texture_basisu`) and AVIF (`EXT_texture_avif`).

use basisu::{DecodeFlags, SourceFormat, TargetFormat, Transcoder};
use xoay_format::ImageFormat;
use xoay_imaging::{Channels, Encoding, Raster};

use super::Reader;
use crate::json::{Root, Texture};
use crate::{GltfError, ImageData, Limits};

pub(super) const BASIS: &str = "KHR_texture_basisu";
pub(super) const AVIF: &str = "EXT_texture_avif";
const KTX2_MAGIC: &[u8] = b"\xabKTX 20\xbb\r\n\x1a\n";
/// Bytes before KTX 2's table of levels.
const KTX2_HEADER_BYTES: usize = 80;
/// Bytes of a row of that table: offset, length, length before supercompression.
const KTX2_LEVEL_BYTES: usize = 24;
/// A texture of 2³¹ pixels a side has no more.
const KTX2_MOST_LEVELS: u32 = 32;

impl Reader<'_> {
    /// Makes a PNG of every KTX 2 and AVIF image, lets textures refer to it plainly, and takes the extensions away.
    ///
    /// Where a texture names another picture for readers without the extension, it keeps that one. AVIF of a kind that
    /// is not read here, such as a grid, stays as it is.
    pub(super) fn unpack_pictures(
        &mut self,
        root: &mut Root,
        images: &mut [ImageData],
    ) -> Result<(), GltfError> {
        let mut left = Vec::new();
        for (index, data) in images.iter_mut().enumerate() {
            let place = format!("images[{index}]");
            data.bytes = if data.bytes.starts_with(KTX2_MAGIC) {
                png_of_ktx2(&place, &data.bytes, self.limits)?
            } else if is_avif(&data.bytes) {
                let Some(png) = png_of_avif(&place, &data.bytes, self.limits)? else {
                    left.push(index);
                    continue;
                };
                png
            } else {
                continue;
            };
            self.charge(&place, data.bytes.len() as u64)?;
            root.images[index].mime_type = Some("image/png".to_owned());
        }
        for texture in &mut root.textures {
            refer_plainly(texture, &left);
        }
        let avif_left = |texture: &Texture| texture.extensions.contains_key(AVIF);
        if !root.textures.iter().any(avif_left) {
            for names in [&mut root.extensions_used, &mut root.extensions_required] {
                names.retain(|name| name != AVIF);
            }
        }
        Ok(())
    }
}

fn refer_plainly(texture: &mut Texture, left: &[usize]) {
    for name in [BASIS, AVIF] {
        let extension = texture.extensions.get(name);
        let source = extension.and_then(|e| e.get("source")?.as_u64());
        let source = source.map(|source| source as usize);
        if texture.source.is_none() && source.is_some_and(|source| left.contains(&source)) {
            continue;
        }
        texture.extensions.remove(name);
        texture.source = texture.source.or(source);
    }
}

/// The largest level of a KTX 2 file as PNG; without alpha where the file has none.
fn png_of_ktx2(place: &str, bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, GltfError> {
    let (width, height) = stated_size(place, bytes, limits)?;
    let broken = |place: &str, detail: &str| unreadable(place, "KTX2", detail);
    let texture = Transcoder::new(bytes).map_err(|error| broken(place, &format!("{error:?}")))?;
    if !matches!(
        texture.source_format(),
        SourceFormat::Etc1s | SourceFormat::UastcLdr
    ) || texture.layer_count() > 1
        || texture.face_count() > 1
        || texture.is_video()
    {
        return Err(broken(
            place,
            "it holds something other than one 8-bit picture",
        ));
    }
    let rgba = texture
        .transcode(0, TargetFormat::Rgba32, DecodeFlags::NONE)
        .map_err(|error| broken(place, &format!("{error:?}")))?;
    let (channels, pixels) = if texture.has_alpha() {
        (Channels::Rgba, rgba)
    } else {
        let (whole, _) = rgba.as_chunks::<4>();
        let rgb = whole.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect();
        (Channels::Rgb, rgb)
    };
    Raster::new(width, height, channels, pixels)
        .and_then(|raster| xoay_imaging::encode(&raster, Encoding::Png))
        .map_err(|error| broken(place, &error.to_string()))
}

/// Width and height by the header, once all sizes that it states are within bounds: the transcoder takes its memory by
/// them.
fn stated_size(place: &str, bytes: &[u8], limits: &Limits) -> Result<(u32, u32), GltfError> {
    let broken = |detail: &str| unreadable(place, "KTX2", detail);
    let word = |at: usize| -> Result<u32, GltfError> {
        bytes
            .get(at..)
            .and_then(|rest| rest.first_chunk())
            .map(|four| u32::from_le_bytes(*four))
            .ok_or_else(|| broken("it is cut off"))
    };
    let (width, height, levels) = (word(20)?, word(24)?, word(40)?);
    if width == 0 || height == 0 || levels > KTX2_MOST_LEVELS {
        return Err(broken("its size is impossible"));
    }
    let pixels = u64::from(width) * u64::from(height);
    Limits::check(place, pixels, limits.texture_pixels, "pixels")?;
    // Blocks of 4 × 4 pixels take 16 bytes at most; each level holds at most what the first does.
    let most = u64::from(width.div_ceil(4)) * u64::from(height.div_ceil(4)) * 16;
    for level in 0..levels.max(1) as usize {
        let at = KTX2_HEADER_BYTES + level * KTX2_LEVEL_BYTES + 16;
        let unpacked = u64::from(word(at)?) | u64::from(word(at + 4)?) << 32;
        if unpacked > most {
            return Err(broken("a level is larger than its pixels"));
        }
    }
    Ok((width, height))
}

/// Whether a file begins as AVIF does: an `ftyp` box of that brand (AV1 Image File Format 1.1, section 6.2).
fn is_avif(bytes: &[u8]) -> bool {
    bytes.get(4..12) == Some(b"ftypavif")
}

/// An AVIF picture as PNG; `None` where it is of a kind that is not read.
fn png_of_avif(place: &str, bytes: &[u8], limits: &Limits) -> Result<Option<Vec<u8>>, GltfError> {
    let Some((width, height)) = avif_size(bytes) else {
        return Ok(None);
    };
    let pixels = u64::from(width) * u64::from(height);
    Limits::check(place, pixels, limits.texture_pixels, "pixels")?;
    let within = xoay_imaging::Limits {
        max_pixels: limits.texture_pixels,
        ..xoay_imaging::Limits::default()
    };
    let Ok(raster) = xoay_imaging::read_back_within(bytes, ImageFormat::Avif, &within) else {
        return Ok(None);
    };
    xoay_imaging::encode(&raster, Encoding::Png)
        .map(Some)
        .map_err(|error| unreadable(place, "AVIF", &error.to_string()))
}

/// Width and height in pixels by the first `ispe` property (ISO/IEC 23008-12, section 6.5.3).
fn avif_size(bytes: &[u8]) -> Option<(u32, u32)> {
    /// The boxes before the picture's data; few files have more.
    const HEAD_BYTES: usize = 4096;

    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let at = head.windows(4).position(|name| name == b"ispe")?;
    // Four bytes of version and flags, then the sides.
    let side = |offset: usize| -> Option<u32> {
        let four = head.get(at + offset..)?.first_chunk()?;
        Some(u32::from_be_bytes(*four))
    };
    Some((side(8)?, side(12)?))
}

fn unreadable(place: &str, format: &str, detail: &str) -> GltfError {
    GltfError::texture(
        place,
        format!(
            "không đọc được ảnh {format} ({detail}); hãy xuất lại mô hình với ảnh PNG, JPEG hoặc WebP"
        ),
        format!(
            "its {format} picture cannot be read ({detail}); export the model with PNG, JPEG or WebP images"
        ),
    )
}
