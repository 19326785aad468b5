use serde::{Deserialize, Serialize};
use xoay_format::{ImageFormat, Text};

use crate::{FoundQuality, QualityReport};

/// What was found and made, for whoever checks the work. The same photos and options give the same report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpinReport {
    /// Always [`SpinReport::VERSION`] when written by this crate.
    pub version: u32,
    /// The program that wrote it, with its version.
    pub generator: String,
    /// Every photo, frames first in their order.
    pub photos: Vec<PhotoReport>,
    /// What each rendition weighs.
    pub renditions: Vec<RenditionReport>,
    /// Bytes of the sprite; 0 without one.
    pub sprite_bytes: u64,
    /// What was imperfect about the capture as a whole or the options.
    pub warnings: Vec<Text>,
    /// Which photos should be taken again, and what was put right.
    #[serde(default)]
    pub quality: QualityReport,
    /// The qualities that were searched for a target score.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub searched: Vec<SearchedQuality>,
}

/// The quality that one size and format is encoded with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchedQuality {
    /// Width in pixels.
    pub width: u32,
    /// The format.
    pub format: ImageFormat,
    /// On the codec's own scale.
    pub quality: u8,
    /// Mean SSIMULACRA2 of the samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

impl From<FoundQuality> for SearchedQuality {
    fn from(found: FoundQuality) -> Self {
        Self {
            width: found.size.0,
            format: found.format,
            quality: found.quality,
            score: found.score,
        }
    }
}

impl SpinReport {
    /// The version that this crate writes.
    pub const VERSION: u32 = 1;
}

/// One photo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PhotoReport {
    /// Its path within the capture.
    pub file: String,
    /// What it is used as.
    pub role: PhotoRole,
    /// Size of the file in bytes.
    pub size_bytes: u64,
    /// Upright width in pixels.
    pub width: u32,
    /// Upright height in pixels.
    pub height: u32,
    /// The EXIF orientation that was applied, 1 to 8.
    pub orientation: u8,
    /// Whether an ICC profile changed its colours. Clean plates are not decoded.
    pub color_converted: bool,
    /// When it was taken, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured: Option<String>,
    /// Two rows of three numbers, from the upright photo's pixels to shares of its frame's width and height; both count
    /// from the upper left corner. Only frames have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_from_photo: Option<[[f64; 3]; 2]>,
}

/// What a photo is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhotoRole {
    /// A frame of the spin.
    Frame,
    /// The turntable without the product.
    CleanPlate,
}

/// All files of one width and format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RenditionReport {
    /// Their format.
    pub format: ImageFormat,
    /// Their width in pixels.
    pub width: u32,
    /// Bytes of each file, in the order of the frames.
    pub frame_bytes: Vec<u64>,
}
