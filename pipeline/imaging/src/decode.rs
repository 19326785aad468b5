use image::{DynamicImage, ImageDecoder};

use crate::header::{from_image, jpeg_header, open, still_header};
use crate::jpeg::{self, JpegHead, JpegPixels};
use crate::{Channels, Header, ImagingError, Limits, Raster, SourceFormat, color, heic};

/// How to decode.
#[derive(Clone, Copy, Debug, Default)]
pub struct DecodeOptions {
    /// What is refused.
    pub limits: Limits,
    /// Width and height, upright, of the largest picture that will be made of it. A JPEG may then be decoded at a
    /// half, a quarter or an eighth, never at less than twice this.
    pub target: Option<(u32, u32)>,
}

/// A decoded image: upright, in sRGB.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The picture.
    pub raster: Raster,
    /// What the file said about itself.
    pub header: Header,
    /// Whether its ICC profile changed the colours; not so for sRGB itself.
    pub color_converted: bool,
}

/// Decodes JPEG, PNG, WebP or TIFF, applies its ICC profile and turns it upright.
///
/// Alpha is kept where any pixel is transparent. 16-bit samples are rounded to 8 after the colour conversion.
///
/// # Errors
/// Whatever makes it unreadable. A file that has lost its end is an error, never a picture with a grey rest.
pub fn decode(bytes: &[u8], options: &DecodeOptions) -> Result<Decoded, ImagingError> {
    match SourceFormat::sniff(bytes)? {
        SourceFormat::Jpeg => decode_jpeg(bytes, options),
        SourceFormat::Heic => heic::decode(bytes, &options.limits),
        format => decode_still(bytes, format, options),
    }
}

fn decode_jpeg(bytes: &[u8], options: &DecodeOptions) -> Result<Decoded, ImagingError> {
    let head = JpegHead::read(bytes)?;
    options.limits.check_size(head.width, head.height)?;
    head.check_complete(bytes)?;
    let header = jpeg_header(&head);
    let denominator = options.target.map_or(1, |(width, height)| {
        head.denominator_for(header.orientation.upright_size(width, height))
    });
    let (width, height) = head.scaled(denominator);
    options
        .limits
        .check_memory(jpeg_memory_bytes(&head, &header, denominator))?;
    let icc = head.icc.as_deref();
    let (pixels, color_converted) = match jpeg::decode(bytes, &head, denominator)? {
        JpegPixels::Cmyk(inks) => color::convert_cmyk(&inks, icc),
        JpegPixels::Rgb(mut pixels) => {
            let converted = icc.is_some_and(|icc| color::convert(&mut pixels, Channels::Rgb, icc));
            (pixels, converted)
        }
    };
    let stored = Raster::new(width, height, Channels::Rgb, pixels)?;
    let raster = header.orientation.apply(stored);
    Ok(Decoded {
        raster,
        header,
        color_converted,
    })
}

fn jpeg_memory_bytes(head: &JpegHead<'_>, header: &Header, denominator: u32) -> u64 {
    let (width, height) = head.scaled(denominator);
    let pixels = u64::from(width) * u64::from(height);
    let samples = if head.components == 4 { 4 + 3 } else { 3 };
    let turning = if header.orientation.swaps_sides() {
        3
    } else {
        0
    };
    // A progressive file needs all its coefficients, two bytes each, at full size.
    let coefficients = if head.progressive {
        header.pixels() * u64::from(head.components) * 2
    } else {
        0
    };
    pixels * (samples + turning) + coefficients
}

fn decode_still(
    bytes: &[u8],
    format: SourceFormat,
    options: &DecodeOptions,
) -> Result<Decoded, ImagingError> {
    let mut decoder = open(bytes, format, &options.limits)?;
    check_complete(bytes, format)?;
    let header = still_header(bytes, decoder.as_mut(), format);
    let icc = decoder.icc_profile().ok().flatten();
    // The samples, their 8-bit copy of up to four channels, and the turned copy of that.
    options
        .limits
        .check_memory(decoder.total_bytes().saturating_add(header.pixels() * 8))?;
    let image = DynamicImage::from_decoder(decoder).map_err(|error| from_image(&error, format))?;
    let (raster, color_converted) = into_srgb(image, icc.as_deref(), format)?;
    let raster = header.orientation.apply(raster.without_idle_alpha());
    Ok(Decoded {
        raster,
        header,
        color_converted,
    })
}

fn into_srgb(
    image: DynamicImage,
    icc: Option<&[u8]>,
    format: SourceFormat,
) -> Result<(Raster, bool), ImagingError> {
    let (width, height) = (image.width(), image.height());
    let color = image.color();
    let channels = if color.has_alpha() {
        Channels::Rgba
    } else {
        Channels::Rgb
    };
    let (pixels, converted) = match color.bytes_per_pixel() / color.channel_count() {
        1 => {
            let mut pixels = match channels {
                Channels::Rgb => image.into_rgb8().into_raw(),
                Channels::Rgba => image.into_rgba8().into_raw(),
            };
            let converted = icc.is_some_and(|icc| color::convert(&mut pixels, channels, icc));
            (pixels, converted)
        }
        2 => {
            let samples = match channels {
                Channels::Rgb => image.into_rgb16().into_raw(),
                Channels::Rgba => image.into_rgba16().into_raw(),
            };
            color::convert_16bit(&samples, channels, icc)
        }
        _ => {
            return Err(ImagingError::UnsupportedFeature {
                format,
                feature: "floating-point samples".into(),
            });
        }
    };
    Ok((Raster::new(width, height, channels, pixels)?, converted))
}

/// Refuses a file whose own structure says that something is missing at its end.
fn check_complete(bytes: &[u8], format: SourceFormat) -> Result<(), ImagingError> {
    let complete = match format {
        SourceFormat::Png => png_reaches_its_end(bytes),
        SourceFormat::Webp => match bytes.get(4..8) {
            Some(&[a, b, c, d]) => {
                bytes.len() as u64 >= u64::from(u32::from_le_bytes([a, b, c, d])) + 8
            }
            _ => false,
        },
        // TIFF keeps its parts anywhere; its decoder finds what is missing.
        SourceFormat::Tiff | SourceFormat::Jpeg | SourceFormat::Heic => true,
    };
    if complete {
        Ok(())
    } else {
        Err(ImagingError::Truncated { format })
    }
}

fn png_reaches_its_end(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(8..).unwrap_or_default();
    while let Some((&[a, b, c, d, k0, k1, k2, k3], _)) = rest.split_first_chunk::<8>() {
        let chunk_bytes = u32::from_be_bytes([a, b, c, d]) as usize + 12;
        let Some(next) = rest.get(chunk_bytes..) else {
            return false;
        };
        if [k0, k1, k2, k3] == *b"IEND" {
            return true;
        }
        rest = next;
    }
    false
}
