use image::ImageEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use xoay_format::ImageFormat;

use crate::{Channels, ImagingError, Raster, jpeg, webp};

/// How to encode. Qualities run from 1 to 100 and speeds within their codec's range; values outside are brought inside.
///
/// The same raster and encoding give the same bytes on any number of threads: no encoder starts one. Nothing but the
/// picture is written; without a profile every reader takes it as sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// JPEG, colour at half resolution below quality 90. Transparent pixels come out on white.
    Jpeg {
        /// libjpeg's quality.
        quality: u8,
        /// Coarse scans first; a few per cent smaller, slower to decode.
        progressive: bool,
    },
    /// Lossy WebP, alpha kept.
    Webp {
        /// libwebp's quality.
        quality: u8,
        /// Effort, 0 (fast) to 6 (small).
        method: u8,
    },
    /// Lossy WebP, alpha kept, with steps of the encoder chosen for the picture.
    WebpTuned {
        /// libwebp's quality.
        quality: u8,
        /// Effort, 0 (fast) to 6 (small).
        method: u8,
        /// The steps.
        tuning: WebpTuning,
    },
    /// WebP that gives back every pixel; the colour of fully transparent ones excepted.
    WebpLossless,
    /// AVIF, 8 bit, colour at half resolution, alpha kept. (10 bit and full resolution where rav1e stands in.)
    Avif {
        /// The encoder's quality.
        quality: u8,
        /// 1 (small) to 10 (fast).
        speed: u8,
    },
    /// PNG, alpha kept.
    Png,
}

/// Steps of libwebp's encoder that help some pictures and harm others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WebpTuning {
    /// Whether colour is brought to half resolution by what a reader will show of it (libwebp's sharp YUV): crisp print
    /// in saturated colours, for twice the time.
    pub sharp_chroma: bool,
    /// How much readers smooth the edges of blocks, 0 to 100; without it fine grain keeps its detail.
    pub deblocking: u8,
}

impl Default for WebpTuning {
    /// libwebp's own choice.
    fn default() -> Self {
        Self {
            sharp_chroma: false,
            deblocking: 60,
        }
    }
}

impl Encoding {
    /// The format that it makes.
    #[must_use]
    pub const fn format(self) -> ImageFormat {
        match self {
            Self::Jpeg { .. } => ImageFormat::Jpg,
            Self::Webp { .. } | Self::WebpTuned { .. } | Self::WebpLossless => ImageFormat::Webp,
            Self::Avif { .. } => ImageFormat::Avif,
            Self::Png => ImageFormat::Png,
        }
    }

    /// The longest side in pixels that the format allows.
    const fn max_side(self) -> u32 {
        match self.format() {
            ImageFormat::Jpg => jpeg::MAX_SIDE,
            ImageFormat::Webp => 16_383,
            ImageFormat::Avif => 65_535,
            ImageFormat::Png => i32::MAX as u32,
        }
    }
}

/// The file of `raster` in the format of `encoding`.
///
/// # Errors
/// [`ImagingError::TooLargeForFormat`], or [`ImagingError::Encode`] where the encoder fails.
pub fn encode(raster: &Raster, encoding: Encoding) -> Result<Vec<u8>, ImagingError> {
    let (width, height, format) = (raster.width(), raster.height(), encoding.format());
    let max_side = encoding.max_side();
    if width.max(height) > max_side {
        return Err(ImagingError::TooLargeForFormat {
            format,
            width,
            height,
            max_side,
        });
    }
    let bytes = match encoding {
        Encoding::Jpeg {
            quality,
            progressive,
        } => encode_jpeg(raster, quality.clamp(1, 100), progressive),
        Encoding::Webp { quality, method } => {
            encode_webp(raster, quality, method, WebpTuning::default())
        }
        Encoding::WebpTuned {
            quality,
            method,
            tuning,
        } => encode_webp(raster, quality, method, tuning),
        Encoding::WebpLossless => webp::encode(raster, webp::Mode::Lossless),
        Encoding::Avif { quality, speed } => encode_avif(raster, quality, speed),
        Encoding::Png => encode_png(raster),
    };
    bytes.map_err(|detail| ImagingError::Encode { format, detail })
}

fn encode_webp(
    raster: &Raster,
    quality: u8,
    method: u8,
    tuning: WebpTuning,
) -> Result<Vec<u8>, String> {
    let mode = webp::Mode::Lossy {
        quality: quality.clamp(1, 100),
        method: method.min(6),
        tuning,
    };
    webp::encode(raster, mode)
}

fn encode_jpeg(raster: &Raster, quality: u8, progressive: bool) -> Result<Vec<u8>, String> {
    let (width, height) = (raster.width(), raster.height());
    match raster.channels() {
        Channels::Rgb => jpeg::encode(raster.pixels(), width, height, quality, progressive),
        Channels::Rgba => {
            let flat = raster.flattened([255; 3]);
            jpeg::encode(flat.pixels(), width, height, quality, progressive)
        }
    }
}

fn encode_avif(raster: &Raster, quality: u8, speed: u8) -> Result<Vec<u8>, String> {
    let (width, height) = (raster.width() as usize, raster.height() as usize);
    let settings = xoay_avif::Settings { quality, speed };
    match raster.channels() {
        Channels::Rgb => xoay_avif::encode_rgb(raster.pixels(), width, height, settings),
        Channels::Rgba => xoay_avif::encode_rgba(raster.pixels(), width, height, settings),
    }
}

fn encode_png(raster: &Raster) -> Result<Vec<u8>, String> {
    let color = match raster.channels() {
        Channels::Rgb => image::ExtendedColorType::Rgb8,
        Channels::Rgba => image::ExtendedColorType::Rgba8,
    };
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive)
        .write_image(raster.pixels(), raster.width(), raster.height(), color)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}
