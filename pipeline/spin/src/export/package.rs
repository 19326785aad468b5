use std::io::{Cursor, Write};

use xoay_format::Text;
use xoay_imaging::{Channels, Encoding, Raster, Resizer, encode};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::square::squared;
use super::{ExportError, Exported, FinishedSpin};

/// White enough for those who ask for pure white: no channel is further from it than a codec's noise.
const WHITE_WITHIN: u8 = 4;

/// What a marketplace asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Amazon's 360° view: 24, 48 or 72 PNGs, square, 1500 to 2500 pixels, on white, counter-clockwise from the front.
    ///
    /// Source: "360 Image Rotation Requirements", Amazon Seller Central forums.
    Amazon,
    /// Pictures for a Shopify product or for the spin apps of its shops: square JPEGs of 2048 pixels, the size that its
    /// documentation recommends; it takes up to 20 MB and 20 megapixels each.
    Shopify,
}

/// What to put into a zip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageOptions {
    /// Beginning of each picture's name; `jar` gives `jar_01.jpg`.
    pub name: String,
    /// Row of frames, from 0.
    pub row: usize,
    /// How many frames, spread evenly over the row.
    pub frames: usize,
    /// Longest side in pixels; pictures are never enlarged. `None`: as large as the spin has them.
    pub size: Option<u32>,
    /// Whether the pictures are padded to squares.
    pub square: bool,
    /// PNG in place of JPEG.
    pub lossless: bool,
    /// Smallest longest side that the recipient takes.
    pub least_size: u32,
    /// Whether the recipient insists on a white background.
    pub white: bool,
    /// Numbers of frames that the recipient takes; none given, any.
    pub counts: &'static [usize],
}

impl PackageOptions {
    /// 24 JPEGs as large as the spin has them.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            row: 0,
            frames: 24,
            size: None,
            square: false,
            lossless: false,
            least_size: 0,
            white: false,
            counts: &[],
        }
    }

    /// What `preset` asks for.
    #[must_use]
    pub fn with_preset(self, preset: Preset) -> Self {
        match preset {
            Preset::Amazon => Self {
                size: Some(2000),
                square: true,
                lossless: true,
                least_size: 1500,
                white: true,
                counts: &[24, 48, 72],
                ..self
            },
            Preset::Shopify => Self {
                size: Some(2048),
                square: true,
                ..self
            },
        }
    }
}

/// A zip of pictures in the order of the turn, on white where they are transparent.
///
/// The same spin and options give the same bytes: entries are stored, without dates, in the order of their names.
///
/// # Errors
/// What is wrong with the spin, or [`ExportError::Cancelled`].
pub fn package(
    spin: &FinishedSpin,
    options: &PackageOptions,
    cancelled: &dyn Fn() -> bool,
) -> Result<Exported, ExportError> {
    let numbers = spin.evenly(options.row, options.frames)?;
    let rendition = spin.rendition(options.size.unwrap_or(u32::MAX))?;
    let mut resizer = Resizer::new();
    let mut notes: Vec<Text> = super::finished::note_count(options.frames, numbers.len())
        .into_iter()
        .collect();
    let archive_failed = |error: zip::result::ZipError| ExportError::Archive {
        detail: error.to_string(),
    };
    let entry = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let digits = numbers.len().to_string().len().max(2);
    let (mut size, mut background) = ((0, 0), [255; 3]);
    for (at, &number) in numbers.iter().enumerate() {
        if cancelled() {
            return Err(ExportError::Cancelled);
        }
        let picture = spin.frame(rendition, number)?;
        if picture.channels() == Channels::Rgb {
            background = spin.background();
        }
        let picture = fitted(&picture, options, background, &mut resizer)?;
        size = (picture.width(), picture.height());
        let (encoding, extension) = if options.lossless {
            (Encoding::Png, "png")
        } else {
            let encoding = Encoding::Jpeg {
                quality: 92,
                progressive: false,
            };
            (encoding, "jpg")
        };
        let name = format!("{}_{:0digits$}.{extension}", safe(&options.name), at + 1);
        archive.start_file(name, entry).map_err(archive_failed)?;
        archive
            .write_all(&encode(&picture, encoding)?)
            .map_err(|error| archive_failed(error.into()))?;
    }
    let bytes = archive.finish().map_err(archive_failed)?.into_inner();
    notes.extend(shortcomings(options, numbers.len(), size, background));
    Ok(Exported {
        bytes,
        frames: numbers.len(),
        width: size.0,
        height: size.1,
        notes,
    })
}

fn fitted(
    picture: &Raster,
    options: &PackageOptions,
    background: [u8; 3],
    resizer: &mut Resizer,
) -> Result<Raster, ExportError> {
    let flat = picture.flattened([255; 3]);
    let whole = if options.square {
        squared(&flat, background)?
    } else {
        flat
    };
    let longest = whole.width().max(whole.height());
    let wanted = options.size.unwrap_or(longest).clamp(1, longest);
    let side = |pixels: u32| {
        let scaled =
            (u64::from(pixels) * u64::from(wanted) + u64::from(longest) / 2) / u64::from(longest);
        (scaled as u32).max(1)
    };
    let (width, height) = (side(whole.width()), side(whole.height()));
    Ok(resizer.resize(&whole, width, height)?)
}

/// What the recipient would complain about.
fn shortcomings(
    options: &PackageOptions,
    frames: usize,
    (width, height): (u32, u32),
    background: [u8; 3],
) -> Vec<Text> {
    let mut notes = Vec::new();
    let longest = width.max(height);
    if longest < options.least_size {
        let least = options.least_size;
        notes.push(Text::new(
            format!("ảnh chỉ có {longest} điểm ảnh, nơi nhận cần ít nhất {least}; hãy tạo lại ảnh xoay với --widths {least} trở lên từ ảnh gốc đủ lớn"),
            format!("the pictures have only {longest} pixels and the recipient takes {least} at least; make the spin again with --widths {least} or more, from photos that are large enough"),
        ));
    } else if options.size.is_some_and(|asked| longest < asked) {
        let asked = options.size.unwrap_or_default();
        notes.push(Text::new(
            format!("ảnh chỉ có {longest} điểm ảnh nên không phóng to lên {asked}"),
            format!("the pictures have {longest} pixels and are not enlarged to {asked}"),
        ));
    }
    if !options.counts.is_empty() && !options.counts.contains(&frames) {
        let counts = options
            .counts
            .iter()
            .map(usize::to_string)
            .collect::<Vec<_>>();
        let counts = counts.join(", ");
        notes.push(Text::new(
            format!("có {frames} khung hình, nơi nhận chỉ lấy {counts}; hãy chọn --frames phù hợp"),
            format!("there are {frames} frames and the recipient takes {counts}; choose --frames to suit"),
        ));
    }
    if options.white && background.iter().any(|&value| value < 255 - WHITE_WITHIN) {
        notes.push(Text::new(
            "nền ảnh không trắng, nơi nhận yêu cầu nền trắng; hãy tạo lại ảnh xoay với nền trắng hoặc trong suốt",
            "the background is not white, which the recipient insists on; make the spin again on white or transparent",
        ));
    }
    notes
}

/// A name that every file system and web form takes.
fn safe(name: &str) -> String {
    let kept: String = name
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || matches!(c, '-' | '.') {
                c
            } else {
                '-'
            }
        })
        .collect();
    let kept = kept.trim_matches(['-', '.']);
    if kept.is_empty() {
        "spin".into()
    } else {
        kept.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_safe() {
        assert_eq!(safe("mật ong/../rừng"), "mật-ong-..-rừng");
        assert_eq!(safe("../.."), "spin");
        assert_eq!(safe("B0C-1.2"), "B0C-1.2");
    }

    #[test]
    fn what_a_marketplace_would_refuse_is_said() {
        let amazon = PackageOptions::new("x").with_preset(Preset::Amazon);
        assert!(shortcomings(&amazon, 24, (2000, 2000), [255, 254, 253]).is_empty());
        let said = |frames, size, background| {
            let notes = shortcomings(&amazon, frames, size, background);
            notes
                .into_iter()
                .map(|note| note.en)
                .collect::<Vec<_>>()
                .join("\n")
        };
        assert!(said(24, (1200, 1200), [255; 3]).contains("1500"));
        assert!(said(36, (2000, 2000), [255; 3]).contains("24, 48, 72"));
        assert!(said(24, (2000, 2000), [240, 255, 255]).contains("not white"));
        assert!(said(24, (1600, 1600), [255; 3]).contains("not enlarged to 2000"));
    }
}
