//! HEIC (ISO/IEC 23008-12) through `heic-decoder`: pure Rust without `unsafe`.

use heic_decoder::HeifError;

use crate::exif::{self, ExifFacts};
use crate::{
    Channels, Decoded, Header, ImagingError, Limits, Orientation, Raster, SourceFormat, color,
};

const FORMAT: SourceFormat = SourceFormat::Heic;

/// What decoding holds for each pixel: planes of 32-bit samples in 4:4:4 at worst, the tile that is being decoded, and
/// the picture in RGB.
const BYTES_PER_PIXEL: u64 = 32;

pub(crate) fn header(bytes: &[u8], limits: &Limits) -> Result<Header, ImagingError> {
    let info = heic_decoder::probe(bytes).map_err(failed)?;
    let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
    let (width, height) = (side(info.width), side(info.height));
    limits.check_size(width, height)?;
    limits.check_size(side(info.coded_width), side(info.coded_height))?;
    if width == 0 || height == 0 {
        return Err(ImagingError::Corrupt {
            format: FORMAT,
            detail: "a side of 0 pixels".into(),
        });
    }
    let metadata = heic_decoder::read_metadata(bytes).unwrap_or_default();
    let facts = metadata
        .exif
        .as_deref()
        .map_or_else(ExifFacts::default, exif::read);
    Ok(Header {
        format: FORMAT,
        stored_width: width,
        stored_height: height,
        // The container turns the picture; the same turn in EXIF must not be done twice (section 6.5.10).
        orientation: Orientation::default(),
        has_icc: metadata.icc_profile.is_some(),
        captured: facts.captured,
        camera: facts.camera,
    })
}

pub(crate) fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, ImagingError> {
    let header = header(bytes, limits)?;
    limits.check_memory(header.pixels() * BYTES_PER_PIXEL)?;
    if !reaches_its_end(bytes) {
        return Err(ImagingError::Truncated { format: FORMAT });
    }
    let image = heic_decoder::decode(bytes).map_err(failed)?;
    let icc = image.metadata.icc_profile.as_deref();
    let (pixels, color_converted) = if image.bit_depth_luma > 8 {
        let deep = image.to_rgb16().map_err(failed)?.data;
        color::convert_16bit(&deep, Channels::Rgb, icc)
    } else {
        let mut pixels = image.to_rgb8().map_err(failed)?.data;
        let converted = icc.is_some_and(|icc| color::convert(&mut pixels, Channels::Rgb, icc));
        (pixels, converted)
    };
    let raster = Raster::new(
        header.stored_width,
        header.stored_height,
        Channels::Rgb,
        pixels,
    )?;
    Ok(Decoded {
        raster,
        header,
        color_converted,
    })
}

/// Whether the file is as long as its boxes say (ISO/IEC 14496-12, section 4.2).
fn reaches_its_end(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some((&[a, b, c, d, _, _, _, _], body)) = rest.split_first_chunk::<8>() {
        let length = match u32::from_be_bytes([a, b, c, d]) {
            0 => return true, // up to the end, wherever it is
            1 => body
                .first_chunk()
                .map_or(u64::MAX, |length| u64::from_be_bytes(*length)),
            length => u64::from(length),
        };
        let next = usize::try_from(length.max(8)).ok();
        match next.and_then(|next| rest.get(next..)) {
            Some(next) => rest = next,
            None => return false,
        }
    }
    true
}

#[allow(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn failed(error: HeifError) -> ImagingError {
    let detail = error.to_string();
    match error {
        HeifError::Truncated { .. } => ImagingError::Truncated { format: FORMAT },
        HeifError::Unsupported(_) => ImagingError::UnsupportedFeature {
            format: FORMAT,
            feature: detail,
        },
        _ => ImagingError::Corrupt {
            format: FORMAT,
            detail,
        },
    }
}
