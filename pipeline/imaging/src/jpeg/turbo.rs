use turbojpeg::{Compressor, Decompressor, Error, Image, PixelFormat, ScalingFactor, Subsamp};

use super::{JpegHead, JpegPixels};
use crate::{ImagingError, SourceFormat};

/// More scans than any encoder writes; a file of thousands would cost minutes.
const MAX_SCANS: u32 = 200;

/// Denominators that [`decode`] takes, largest first.
pub(super) const DENOMINATORS: [u32; 4] = [8, 4, 2, 1];

impl JpegHead<'_> {
    /// The largest reduction of which `target` (stored width and height) is still at most half a side.
    pub(crate) fn denominator_for(&self, target: (u32, u32)) -> u32 {
        let fits = |denominator: &u32| {
            let (width, height) = self.scaled(*denominator);
            width >= target.0.saturating_mul(2) && height >= target.1.saturating_mul(2)
        };
        DENOMINATORS.into_iter().find(fits).unwrap_or(1)
    }
}

/// Decodes at `1/denominator` by leaving out the high frequencies of each block.
pub(crate) fn decode(
    bytes: &[u8],
    head: &JpegHead<'_>,
    denominator: u32,
) -> Result<JpegPixels, ImagingError> {
    let mut decompressor = Decompressor::new().map_err(failed)?;
    decompressor.set_scan_limit(MAX_SCANS).map_err(failed)?;
    decompressor
        .set_scaling_factor(ScalingFactor::new(1, denominator as usize))
        .map_err(failed)?;
    let format = if head.components == 4 {
        PixelFormat::CMYK
    } else {
        PixelFormat::RGB
    };
    let (width, height) = head.scaled(denominator);
    let pitch = width as usize * format.size();
    let mut image = Image {
        pixels: vec![0; pitch * height as usize],
        width: width as usize,
        pitch,
        height: height as usize,
        format,
    };
    match decompressor.decompress(bytes, image.as_deref_mut()) {
        Ok(()) => {}
        // libjpeg fills the picture in after a warning and says so in the same way as after an error.
        Err(Error::TurboJpegError(message)) if is_harmless(&message) => {}
        Err(error) => return Err(failed(error)),
    }
    let mut pixels = image.pixels;
    if head.components != 4 {
        return Ok(JpegPixels::Rgb(pixels));
    }
    if head.adobe_transform.is_some() {
        for ink in &mut pixels {
            *ink = 255 - *ink;
        }
    }
    Ok(JpegPixels::Cmyk(pixels))
}

/// Warnings about files that cameras do write and that lose no pixel. The file's end has been checked before, so a
/// warning that follows one of these cannot hide a cut.
pub(crate) fn is_harmless(message: &str) -> bool {
    [
        "extraneous bytes before marker",
        "Unknown Adobe color transform",
        "JFIF revision",
    ]
    .iter()
    .any(|warning| message.contains(warning))
}

pub(crate) fn failed(error: Error) -> ImagingError {
    let format = SourceFormat::Jpeg;
    match error {
        Error::TurboJpegError(message) if message.contains("Premature end") => {
            ImagingError::Truncated { format }
        }
        Error::TurboJpegError(message) if message.contains("Unsupported") => {
            ImagingError::UnsupportedFeature {
                format,
                feature: message,
            }
        }
        Error::TurboJpegError(detail) => ImagingError::Corrupt { format, detail },
        other => ImagingError::Corrupt {
            format,
            detail: other.to_string(),
        },
    }
}

/// Encodes RGB pixels with Huffman tables made for the picture.
pub(crate) fn encode(
    pixels: &[u8],
    width: u32,
    height: u32,
    quality: u8,
    progressive: bool,
) -> Result<Vec<u8>, String> {
    let attempt = || -> turbojpeg::Result<Vec<u8>> {
        let mut compressor = Compressor::new()?;
        compressor.set_quality(i32::from(quality))?;
        compressor.set_subsamp(if quality < 90 {
            Subsamp::Sub2x2
        } else {
            Subsamp::None
        })?;
        compressor.set_optimize(true)?;
        compressor.set_progressive(progressive)?;
        compressor.compress_to_vec(Image {
            pixels,
            width: width as usize,
            pitch: width as usize * 3,
            height: height as usize,
            format: PixelFormat::RGB,
        })
    };
    attempt().map_err(|error| error.to_string())
}
