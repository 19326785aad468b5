use std::fmt;

use crate::{Found, ImagingError};

/// An image format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceFormat {
    /// JPEG, baseline or progressive, 8 bit.
    Jpeg,
    /// PNG.
    Png,
    /// WebP, lossy or lossless; of an animation the first frame.
    Webp,
    /// TIFF; the first page.
    Tiff,
    /// HEIC, the primary picture; only with the feature `heic`.
    Heic,
}

impl SourceFormat {
    /// Tells the format from the first bytes of a file; its name plays no part.
    ///
    /// # Errors
    /// [`ImagingError::NotAnImage`], or [`ImagingError::UnsupportedFormat`] for a known format that is not read.
    pub fn sniff(bytes: &[u8]) -> Result<Self, ImagingError> {
        let riff = bytes.starts_with(b"RIFF");
        match bytes {
            [0xFF, 0xD8, 0xFF, ..] => Ok(Self::Jpeg),
            _ if bytes.starts_with(b"\x89PNG\r\n\x1a\n") => Ok(Self::Png),
            _ if riff && bytes.get(8..12) == Some(b"WEBP") => Ok(Self::Webp),
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Ok(Self::Tiff),
            _ if cfg!(feature = "heic") && known_elsewhere(bytes) == Some("HEIC") => Ok(Self::Heic),
            _ => Err(match known_elsewhere(bytes) {
                Some(name) => ImagingError::UnsupportedFormat { name },
                None => ImagingError::NotAnImage {
                    found: describe(bytes),
                },
            }),
        }
    }
}

impl fmt::Display for SourceFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Webp => "WebP",
            Self::Tiff => "TIFF",
            Self::Heic => "HEIC",
        })
    }
}

/// Formats that people do put among their photos, so that the message can name them.
fn known_elsewhere(bytes: &[u8]) -> Option<&'static str> {
    if bytes.get(4..8) == Some(b"ftyp") {
        return match bytes.get(8..12)? {
            b"avif" | b"avis" => Some("AVIF"),
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"mif1" | b"msf1" => Some("HEIC"),
            b"crx " => Some("Canon raw"),
            _ => None,
        };
    }
    match bytes {
        [b'G', b'I', b'F', b'8', ..] => Some("GIF"),
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Some("BMP"),
        [0xFF, 0x0A, ..] | [0, 0, 0, 0x0C, b'J', b'X', b'L', b' ', ..] => Some("JPEG XL"),
        _ if bytes.starts_with(b"FUJIFILMCCD-RAW") => Some("Fujifilm raw"),
        _ => None,
    }
}

fn describe(bytes: &[u8]) -> Found {
    let head = &bytes[..bytes.len().min(1024)];
    let is_text = match std::str::from_utf8(head) {
        Ok(text) => text.chars().all(is_written),
        // The cut may have fallen inside a character.
        Err(error) if error.error_len().is_none() => true,
        Err(_) => false,
    };
    match (head.is_empty(), is_text) {
        (true, _) => Found::Nothing,
        (false, true) => Found::Text,
        (false, false) => Found::UnknownData,
    }
}

fn is_written(c: char) -> bool {
    !c.is_control() || c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_decides_not_the_name() {
        assert_eq!(
            SourceFormat::sniff(b"\xFF\xD8\xFF\xE0"),
            Ok(SourceFormat::Jpeg)
        );
        assert_eq!(
            SourceFormat::sniff(b"RIFF\0\0\0\0WEBPVP8 "),
            Ok(SourceFormat::Webp)
        );
        assert_eq!(SourceFormat::sniff(b"MM\0\x2a"), Ok(SourceFormat::Tiff));
    }

    #[test]
    fn what_is_no_image_is_described() {
        let found = |bytes: &[u8]| match SourceFormat::sniff(bytes) {
            Err(ImagingError::NotAnImage { found }) => found,
            other => panic!("{other:?}"),
        };
        assert_eq!(found(b""), Found::Nothing);
        assert_eq!(found("ghi chú chụp ảnh\n".as_bytes()), Found::Text);
        assert_eq!(found(&[0, 1, 2, 250, 251]), Found::UnknownData);
        assert_eq!(found(b"RIFF\0\0\0\0WAVE"), Found::UnknownData);
    }

    #[cfg(not(feature = "heic"))]
    #[test]
    fn a_phone_photo_in_heic_is_named() {
        let error = SourceFormat::sniff(b"\0\0\0\x18ftypheic\0\0\0\0").unwrap_err();
        assert!(
            error.to_string().contains("HEIC") && error.to_string().contains("export"),
            "{error}"
        );
        assert!(error.to_string().contains("Most Compatible"), "{error}");
    }
}
