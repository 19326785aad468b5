use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use xoay_format::{Direction, ImageFormat, Text};
use xoay_imaging::{Encoding, Limits};
use xoay_matte::LearnedMatte;

use crate::{RepairMode, Target};

/// How to read a capture.
#[derive(Clone, Debug)]
pub struct CaptureOptions {
    /// How the photos, in their order, split into rows. `None`: each subfolder with photos is a row; else the file
    /// names tell, where they clearly do.
    pub rows: Option<RowSplit>,
    /// Photos of the empty turntable: names within the capture, or paths of files. Those that their names tell are
    /// found without being named here.
    pub clean_plates: Vec<PathBuf>,
    /// Most photos in one capture.
    pub max_photos: usize,
    /// Largest file that is read.
    pub max_file_bytes: u64,
    /// What is refused of a single photo.
    pub limits: Limits,
}

impl Default for CaptureOptions {
    /// Rows by subfolder or name, 2,000 photos, 1 GiB a file, the limits of `xoay-imaging`.
    fn default() -> Self {
        Self {
            rows: None,
            clean_plates: Vec::new(),
            max_photos: 2000,
            max_file_bytes: 1 << 30,
            limits: Limits::default(),
        }
    }
}

/// How the photos of a capture split into rows of camera heights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowSplit {
    /// So many rows of equal length.
    Count(u32),
    /// So many photos in each row, the lowest camera first.
    Lengths(Vec<u32>),
}

impl FromStr for RowSplit {
    type Err = String;

    /// One number is a count, several with commas between them are lengths: `2`, `36,12`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers: Result<Vec<u32>, _> = text
            .split(',')
            .map(|number| number.trim().parse())
            .collect();
        match numbers.as_deref() {
            Ok([count]) if (1..=64).contains(count) => Ok(Self::Count(*count)),
            Ok([_, _, ..]) => Ok(Self::Lengths(numbers.unwrap_or_default())),
            _ => Err(format!(
                "{text:?} is neither a number of rows, 1 to 64, nor the photos of each row, such as 36,12"
            )),
        }
    }
}

/// How to make a spin.
#[derive(Clone, Debug)]
pub struct SpinOptions {
    /// Widths of the renditions in pixels. A width beyond the photos is brought down to theirs, never up.
    pub widths: Vec<u32>,
    /// Formats of the renditions. The order does not matter: browsers are offered the best first.
    pub formats: Vec<ImageFormat>,
    /// Quality of each format.
    pub qualities: Qualities,
    /// AVIF's speed, 1 (small files) to 10 (fast). A megapixel takes 0.16 CPU seconds at 7 and 0.5 at 6, which saves 12%
    /// of the bytes; xoay-avif's README has the table.
    pub avif_speed: u8,
    /// What is done to the photos before they are encoded. `None`: they stay as they are.
    pub studio: Option<StudioOptions>,
    /// A learned model that helps to cut the product out.
    pub learned: Option<Arc<dyn LearnedMatte>>,
    /// The score that the quality of each size and format is searched for. `None`: `qualities` holds.
    pub target: Option<Target>,
    /// Whether photos larger than the largest rendition get tiles to zoom into.
    pub tiles: bool,
    /// Whether the sink also gets `mattes/<photo>.png`: the alpha of each photo in its own pixels.
    pub mattes: bool,
    /// Which way the product turns. `None`: what the photos say, or against the clock where they say nothing.
    pub direction: Option<Direction>,
    /// Whether the last frame of a row is followed by its first.
    pub loops: bool,
    /// What the picture shows.
    pub alt: Text,
    /// Photos worked on at once. `None`: as many as the machine has cores.
    pub workers: Option<NonZeroUsize>,
    /// Bytes that all workers together may hold. Fewer workers run where their photos are too large for it.
    pub memory_bytes: u64,
    /// What is refused of a single photo.
    pub limits: Limits,
    /// The program that makes it, with its version, for the manifest.
    pub generator: String,
}

impl Default for SpinOptions {
    /// 1600, 800 and 400 pixels as AVIF, WebP and JPEG of searched quality, tiles, all that a studio does; at most
    /// 1 GiB.
    fn default() -> Self {
        Self {
            widths: vec![1600, 800, 400],
            formats: vec![ImageFormat::Avif, ImageFormat::Webp, ImageFormat::Jpg],
            qualities: Qualities::default(),
            avif_speed: 7,
            studio: Some(StudioOptions::default()),
            learned: None,
            target: Some(Target::default()),
            tiles: true,
            mattes: false,
            direction: None,
            loops: true,
            alt: Text::default(),
            workers: None,
            memory_bytes: 1 << 30,
            limits: Limits::default(),
            generator: concat!("xoay ", env!("CARGO_PKG_VERSION")).into(),
        }
    }
}

impl SpinOptions {
    /// How frames are encoded in `format`.
    pub(crate) fn encoding(&self, format: ImageFormat) -> Encoding {
        let quality = match format {
            ImageFormat::Avif => self.qualities.avif,
            ImageFormat::Webp => self.qualities.webp,
            ImageFormat::Jpg | ImageFormat::Png => self.qualities.jpg,
        };
        self.encoding_at(format, quality)
    }

    /// The same at a quality of its own.
    pub(crate) fn encoding_at(&self, format: ImageFormat, quality: u8) -> Encoding {
        match format {
            ImageFormat::Avif => Encoding::Avif {
                quality,
                speed: self.avif_speed,
            },
            ImageFormat::Webp => Encoding::Webp { quality, method: 4 },
            // Baseline: while the product turns, decoding speed is what people see.
            ImageFormat::Jpg => Encoding::Jpeg {
                quality,
                progressive: false,
            },
            ImageFormat::Png => Encoding::Png,
        }
    }
}

/// What a studio does to photos.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StudioOptions {
    /// What stands behind the product.
    pub background: StudioBackground,
    /// What stays free about the product, as a share of the frame, once the frames are cut to it. `None`: nothing is
    /// cut away.
    pub crop_margin: Option<f32>,
    /// Whether exposure and white balance are evened out over each row.
    pub equalize: bool,
    /// Whether the product stands on a soft shadow, where it stands on white.
    pub contact_shadow: bool,
    /// How much of what the quality report finds is put right.
    pub repair: RepairMode,
}

impl Default for StudioOptions {
    fn default() -> Self {
        Self {
            background: StudioBackground::Auto,
            crop_margin: Some(0.06),
            equalize: true,
            contact_shadow: false,
            repair: RepairMode::default(),
        }
    }
}

/// What stands behind the product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StudioBackground {
    /// White where the product was cut out beyond doubt, else what was photographed.
    #[default]
    Auto,
    /// What was photographed.
    AsPhotographed,
    /// White.
    White,
    /// Nothing; JPEG, which knows no alpha, shows white.
    Transparent,
}

/// Quality of each lossy format, 1 to 100 on its codec's own scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Qualities {
    /// AVIF.
    pub avif: u8,
    /// WebP.
    pub webp: u8,
    /// JPEG.
    pub jpg: u8,
}

impl Default for Qualities {
    /// About the same to the eye. Mean SSIMULACRA2 and size of three photos of two captures at 800 pixels: AVIF 75 in
    /// 12 KB, WebP 78 in 18 KB, JPEG 78 in 31 KB.
    fn default() -> Self {
        Self {
            avif: 66,
            webp: 80,
            jpg: 78,
        }
    }
}
