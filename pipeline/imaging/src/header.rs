use std::io::Cursor;

use image::ImageDecoder;
use image::codecs::{png::PngDecoder, tiff::TiffDecoder, webp::WebPDecoder};

use crate::exif::{self, ExifFacts};
use crate::heic;
use crate::jpeg::JpegHead;
use crate::{CameraSettings, ImagingError, Orientation, SourceFormat};

/// What an image says about itself before it is decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The format, told by the content.
    pub format: SourceFormat,
    /// Width as stored, in pixels; at least 1.
    pub stored_width: u32,
    /// Height as stored, in pixels; at least 1.
    pub stored_height: u32,
    /// How it must be turned to stand upright.
    pub orientation: Orientation,
    /// Whether it carries an ICC profile.
    pub has_icc: bool,
    /// When it was taken, as `2026-11-22T08:30:00` in the camera's own time, where EXIF says so; a camera that knows
    /// the fraction of the second adds it: `2026-11-22T08:30:00.087`.
    pub captured: Option<String>,
    /// How the camera was set, where EXIF says so.
    pub camera: CameraSettings,
}

impl Header {
    /// Width of the upright picture in pixels.
    #[must_use]
    pub const fn width(&self) -> u32 {
        self.orientation
            .upright_size(self.stored_width, self.stored_height)
            .0
    }

    /// Height of the upright picture in pixels.
    #[must_use]
    pub const fn height(&self) -> u32 {
        self.orientation
            .upright_size(self.stored_width, self.stored_height)
            .1
    }

    /// How many pixels it has.
    #[must_use]
    pub const fn pixels(&self) -> u64 {
        self.stored_width as u64 * self.stored_height as u64
    }
}

/// How large an image may be. Both are checked from the header, before anything is allocated for pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most pixels of one image.
    pub max_pixels: u64,
    /// Most bytes that decoding one image may hold at a time, the file itself not counted.
    pub max_memory_bytes: u64,
}

impl Default for Limits {
    /// 300 megapixels, 2 GiB.
    fn default() -> Self {
        Self {
            max_pixels: 300_000_000,
            max_memory_bytes: 2 << 30,
        }
    }
}

impl Limits {
    pub(crate) fn check_size(self, width: u32, height: u32) -> Result<(), ImagingError> {
        if u64::from(width) * u64::from(height) > self.max_pixels {
            return Err(ImagingError::TooManyPixels {
                width,
                height,
                max_pixels: self.max_pixels,
            });
        }
        Ok(())
    }

    pub(crate) fn check_memory(self, needed_bytes: u64) -> Result<(), ImagingError> {
        if needed_bytes > self.max_memory_bytes {
            return Err(ImagingError::TooMuchMemory {
                needed_bytes,
                max_bytes: self.max_memory_bytes,
            });
        }
        Ok(())
    }
}

/// Reads the header of `bytes` without decoding any pixel.
///
/// For JPEG and PNG the beginning of the file suffices, up to where the pixels start; a beginning that is too short
/// gives [`ImagingError::Truncated`].
///
/// # Errors
/// Whatever makes the image unreadable as far as its header tells, [`ImagingError::TooManyPixels`] included.
pub fn probe(bytes: &[u8], limits: &Limits) -> Result<Header, ImagingError> {
    let format = SourceFormat::sniff(bytes)?;
    if format == SourceFormat::Jpeg {
        let head = JpegHead::read(bytes)?;
        limits.check_size(head.width, head.height)?;
        return Ok(jpeg_header(&head));
    }
    if format == SourceFormat::Heic {
        return heic::header(bytes, limits);
    }
    let mut decoder = open(bytes, format, limits)?;
    Ok(still_header(bytes, decoder.as_mut(), format))
}

pub(crate) fn jpeg_header(head: &JpegHead<'_>) -> Header {
    let facts = head.exif.map(exif::read).unwrap_or_default();
    Header {
        format: SourceFormat::Jpeg,
        stored_width: head.width,
        stored_height: head.height,
        orientation: facts.orientation,
        has_icc: head.icc.is_some(),
        captured: facts.captured,
        camera: facts.camera,
    }
}

pub(crate) fn still_header(
    bytes: &[u8],
    decoder: &mut dyn ImageDecoder,
    format: SourceFormat,
) -> Header {
    let (stored_width, stored_height) = decoder.dimensions();
    let facts = if format == SourceFormat::Tiff {
        let orientation = decoder.orientation().map_or(1, image_orientation);
        ExifFacts {
            orientation: Orientation::from_exif(orientation),
            ..exif::read_tiff(bytes)
        }
    } else {
        let data = decoder.exif_metadata().ok().flatten();
        data.as_deref().map(exif::read).unwrap_or_default()
    };
    let has_icc = decoder.icc_profile().ok().flatten().is_some();
    Header {
        format,
        stored_width,
        stored_height,
        orientation: facts.orientation,
        has_icc,
        captured: facts.captured,
        camera: facts.camera,
    }
}

fn image_orientation(orientation: image::metadata::Orientation) -> u32 {
    u32::from(orientation.to_exif())
}

/// Opens a PNG, WebP or TIFF; its size is within `limits` and no side is 0.
pub(crate) fn open<'a>(
    bytes: &'a [u8],
    format: SourceFormat,
    limits: &Limits,
) -> Result<Box<dyn ImageDecoder + 'a>, ImagingError> {
    /// Ends a compressed profile or text that would unpack into gigabytes; no honest one comes near.
    const MAX_METADATA_BYTES: u64 = 64 << 20;

    let mut metadata_limits = image::Limits::no_limits();
    metadata_limits.max_alloc = Some(MAX_METADATA_BYTES.min(limits.max_memory_bytes));
    let failed = |error: image::ImageError| from_image(&error, format);
    let source = Cursor::new(bytes);
    let decoder: Box<dyn ImageDecoder + 'a> = match format {
        SourceFormat::Png => {
            // The size stands at a fixed place, so it can be refused before the decoder reserves a row.
            if let Some(&[a, b, c, d, e, f, g, h]) = bytes.get(16..24) {
                limits.check_size(
                    u32::from_be_bytes([a, b, c, d]),
                    u32::from_be_bytes([e, f, g, h]),
                )?;
            }
            Box::new(PngDecoder::with_limits(source, metadata_limits).map_err(failed)?)
        }
        SourceFormat::Webp => Box::new(WebPDecoder::new(source).map_err(failed)?),
        SourceFormat::Tiff => {
            let mut decoder = TiffDecoder::new(source).map_err(failed)?;
            let (width, height) = decoder.dimensions();
            limits.check_size(width, height)?;
            let mut memory = image::Limits::no_limits();
            memory.max_alloc = Some(limits.max_memory_bytes);
            decoder.set_limits(memory).map_err(failed)?;
            Box::new(decoder)
        }
        SourceFormat::Jpeg | SourceFormat::Heic => unreachable!("they have their own readers"),
    };
    let (width, height) = decoder.dimensions();
    limits.check_size(width, height)?;
    if width == 0 || height == 0 {
        return Err(ImagingError::Corrupt {
            format,
            detail: "a side of 0 pixels".into(),
        });
    }
    Ok(decoder)
}

/// The `image` crate's error in this crate's words.
pub(crate) fn from_image(error: &image::ImageError, format: SourceFormat) -> ImagingError {
    use image::ImageError as Theirs;

    let detail = error.to_string();
    let ends_early = match error {
        Theirs::IoError(io) => io.kind() == std::io::ErrorKind::UnexpectedEof,
        Theirs::Decoding(_) => {
            let lower = detail.to_ascii_lowercase();
            lower.contains("unexpected end")
                || lower.contains("unexpectedeof")
                || lower.contains("fill whole buffer")
                || lower.contains("eof")
        }
        _ => false,
    };
    match error {
        _ if ends_early => ImagingError::Truncated { format },
        Theirs::Unsupported(_) => ImagingError::UnsupportedFeature {
            format,
            feature: detail,
        },
        _ => ImagingError::Corrupt { format, detail },
    }
}
