use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::{JpegHead, JpegPixels};
use crate::{ImagingError, SourceFormat};

/// More scans than any encoder writes; a file of thousands would cost minutes.
const MAX_SCANS: usize = 200;

impl JpegHead<'_> {
    /// Always 1: this decoder knows no reduced sizes.
    #[expect(clippy::unused_self, reason = "the other backend reads the size")]
    pub(crate) fn denominator_for(&self, _target: (u32, u32)) -> u32 {
        1
    }
}

/// Decodes at full size. CMYK is converted without regard to its profile.
pub(crate) fn decode(
    bytes: &[u8],
    head: &JpegHead<'_>,
    _denominator: u32,
) -> Result<JpegPixels, ImagingError> {
    let format = SourceFormat::Jpeg;
    if !head.progressive && head.first_scan_components < head.components {
        // zune-jpeg 0.5.15 loses the lower half of such pictures without a word.
        return Err(ImagingError::UnsupportedFeature {
            format,
            feature: "a baseline scan for each component".into(),
        });
    }
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(head.width as usize)
        .set_max_height(head.height as usize)
        .jpeg_set_max_scans(MAX_SCANS)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let pixels = decoder.decode().map_err(|error| match error {
        DecodeErrors::ExhaustedData | DecodeErrors::IoErrors(_) => {
            ImagingError::Truncated { format }
        }
        DecodeErrors::Unsupported(scheme) => ImagingError::UnsupportedFeature {
            format,
            feature: format!("{scheme:?}"),
        },
        other => ImagingError::Corrupt {
            format,
            detail: format!("{other:?}"),
        },
    })?;
    if pixels.len() as u64 != u64::from(head.width) * u64::from(head.height) * 3 {
        return Err(ImagingError::Corrupt {
            format,
            detail: "its pixels do not fill its size".into(),
        });
    }
    Ok(JpegPixels::Rgb(pixels))
}

/// Encodes RGB pixels. Tables made for the picture would save some 5%, but this encoder then writes a scan for each
/// component, which the decoder above cannot read.
pub(crate) fn encode(
    pixels: &[u8],
    width: u32,
    height: u32,
    quality: u8,
    progressive: bool,
) -> Result<Vec<u8>, String> {
    let (Ok(width), Ok(height)) = (u16::try_from(width), u16::try_from(height)) else {
        return Err("a side is longer than 65,535 pixels".into());
    };
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(if quality < 90 {
        SamplingFactor::F_2_2
    } else {
        SamplingFactor::F_1_1
    });
    encoder.set_progressive(progressive);
    encoder
        .encode(pixels, width, height, ColorType::Rgb)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}
