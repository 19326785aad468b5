use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An address relative to the manifest that holds it, or absolute. `/` separates, never `\`.
pub type Url = String;

/// An image format that Xoay publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageFormat {
    /// AV1 image file format; the smallest.
    Avif,
    /// WebP, lossy or lossless.
    Webp,
    /// JPEG; read by every browser.
    Jpg,
    /// PNG; lossless with alpha.
    Png,
}

impl ImageFormat {
    /// Every format, best compression first: the order in which a browser should be offered them.
    pub const ALL: [Self; 4] = [Self::Avif, Self::Webp, Self::Jpg, Self::Png];

    /// The file name's ending, without a dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Avif => "avif",
            Self::Webp => "webp",
            Self::Jpg => "jpg",
            Self::Png => "png",
        }
    }

    /// The IANA media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Avif => "image/avif",
            Self::Webp => "image/webp",
            Self::Jpg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

impl fmt::Display for ImageFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.extension())
    }
}

impl FromStr for ImageFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name.trim().to_ascii_lowercase().as_str() {
            "avif" => Ok(Self::Avif),
            "webp" => Ok(Self::Webp),
            "jpg" | "jpeg" => Ok(Self::Jpg),
            "png" => Ok(Self::Png),
            other => Err(format!(
                "unknown image format {other:?}; expected avif, webp, jpg or png"
            )),
        }
    }
}

/// One image at one address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageFile {
    /// Where it is.
    pub url: Url,
    /// Its format.
    pub format: ImageFormat,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Size in bytes.
    pub size_bytes: u64,
}
