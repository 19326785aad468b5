use xoay_format::ImageFormat;

use crate::{Channels, DecodeOptions, ImagingError, Limits, Raster, decode};

/// Whether this build can read `format` back. Only AVIF may lack its decoder.
#[must_use]
pub const fn can_read_back(format: ImageFormat) -> bool {
    !matches!(format, ImageFormat::Avif) || xoay_avif::DECODES
}

/// The picture that a browser would show of `file`, which [`encode`](crate::encode) made in `format`.
///
/// It is there to judge what was encoded. AVIF by other programs is refused where it differs from what this crate
/// writes.
///
/// # Errors
/// Whatever makes the file unreadable, or that this build has no decoder for the format.
pub fn read_back(file: &[u8], format: ImageFormat) -> Result<Raster, ImagingError> {
    read_back_within(file, format, &Limits::default())
}

/// [`read_back`], but nothing larger than `limits`.
///
/// # Errors
/// Those of [`read_back`], and that the picture has more pixels.
pub fn read_back_within(
    file: &[u8],
    format: ImageFormat,
    limits: &Limits,
) -> Result<Raster, ImagingError> {
    if format != ImageFormat::Avif {
        let options = DecodeOptions {
            limits: *limits,
            target: None,
        };
        return Ok(decode(file, &options)?.raster);
    }
    let failed = |detail| ImagingError::ReadBack { format, detail };
    let picture = xoay_avif::decode(file, limits.max_pixels).map_err(failed)?;
    let channels = if picture.has_alpha {
        Channels::Rgba
    } else {
        Channels::Rgb
    };
    Raster::new(picture.width, picture.height, channels, picture.pixels)
}
