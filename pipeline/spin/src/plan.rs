use xoay_format::{ImageFormat, Text};
use xoay_imaging::Encoding;

use crate::{CaptureSet, SpinError, SpinOptions, sprite};

/// What is made of every frame, worked out before the first is decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Width and height of each rendition, largest first.
    pub sizes: Vec<(u32, u32)>,
    /// Formats of each size, best compression first.
    pub formats: Vec<ImageFormat>,
    /// How each size is encoded in each format: size by size, within it format by format.
    pub encodings: Vec<Encoding>,
    /// Width and height of a sprite's tile; no wider than the largest rendition.
    pub tile: (u32, u32),
    /// Photos worked on at once.
    pub workers: usize,
    /// What could not be done as asked.
    pub notes: Vec<Text>,
}

/// Bytes that encoding takes for each pixel of the largest rendition. AVIF holds several 10-bit copies of all planes.
const AVIF_BYTES_PER_PIXEL: u64 = 90;
const OTHER_BYTES_PER_PIXEL: u64 = 12;

impl Plan {
    /// `shape`: width and height of the frames at the photos' own resolution.
    pub(crate) fn new(
        capture: &CaptureSet,
        shape: (u32, u32),
        options: &SpinOptions,
    ) -> Result<Self, SpinError> {
        let mut notes = Vec::new();
        let sizes = sizes(shape, &options.widths, &mut notes);
        let formats: Vec<ImageFormat> = ImageFormat::ALL
            .into_iter()
            .filter(|format| options.formats.contains(format))
            .collect();
        let (Some(&largest), false) = (sizes.first(), formats.is_empty()) else {
            return Err(SpinError::NothingAsked);
        };
        let tile = sprite::tile_size(largest, capture.frames.len());
        let frame_bytes = frame_memory_bytes(capture, largest, &formats);
        let cores = options
            .workers
            .or_else(|| std::thread::available_parallelism().ok())
            .map_or(1, std::num::NonZeroUsize::get);
        let fitting =
            usize::try_from(options.memory_bytes / frame_bytes.max(1)).unwrap_or(usize::MAX);
        if fitting == 0 {
            notes.push(Text::new(
                format!("mỗi ảnh cần khoảng {} MB bộ nhớ, vượt mức {} MB cho phép; ảnh được xử lý từng tấm một",
                    frame_bytes >> 20, options.memory_bytes >> 20),
                format!("each photo takes about {} MB of memory, more than the {} MB allowed; photos are worked on one by one",
                    frame_bytes >> 20, options.memory_bytes >> 20),
            ));
        }
        let workers = cores.min(fitting).min(capture.frames.len()).max(1);
        let encodings = sizes
            .iter()
            .flat_map(|_| formats.iter().map(|&format| options.encoding(format)))
            .collect();
        Ok(Self {
            sizes,
            formats,
            encodings,
            tile,
            workers,
            notes,
        })
    }
}

fn sizes((width, height): (u32, u32), asked: &[u32], notes: &mut Vec<Text>) -> Vec<(u32, u32)> {
    let too_wide: Vec<String> = asked
        .iter()
        .filter(|&&w| w > width)
        .map(u32::to_string)
        .collect();
    if !too_wide.is_empty() {
        let list = too_wide.join(", ");
        notes.push(Text::new(
            format!("ảnh chỉ rộng {width} điểm ảnh nên không phóng to lên {list}; bản lớn nhất rộng {width}"),
            format!("the photos are {width} pixels wide and are not enlarged to {list}; the largest rendition has {width}"),
        ));
    }
    let mut widths: Vec<u32> = asked
        .iter()
        .filter(|&&w| w > 0)
        .map(|&w| w.min(width))
        .collect();
    widths.sort_unstable_by(|a, b| b.cmp(a));
    widths.dedup();
    widths
        .into_iter()
        .map(|w| (w, height_for((width, height), w)))
        .collect()
}

/// The height that keeps `shape` at `width`, at least 1.
pub(crate) fn height_for(shape: (u32, u32), width: u32) -> u32 {
    let (w, h) = (u64::from(shape.0), u64::from(shape.1));
    let height = (u64::from(width) * h + w / 2) / w;
    u32::try_from(height.max(1)).unwrap_or(u32::MAX)
}

/// An upper estimate of what one worker holds: the file, its decoded and turned pixels, the largest rendition twice
/// and the encoder.
fn frame_memory_bytes(capture: &CaptureSet, largest: (u32, u32), formats: &[ImageFormat]) -> u64 {
    let decoded = capture.frames.iter().map(|photo| {
        let copies = if photo.header.orientation.swaps_sides() {
            2
        } else {
            1
        };
        photo.size_bytes + photo.header.pixels() * 4 * copies
    });
    let per_pixel = if formats.contains(&ImageFormat::Avif) {
        AVIF_BYTES_PER_PIXEL
    } else {
        OTHER_BYTES_PER_PIXEL
    };
    let pixels = u64::from(largest.0) * u64::from(largest.1);
    decoded.max().unwrap_or(0) + pixels * (8 + per_pixel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_never_enlarged_and_come_once() {
        let mut notes = Vec::new();
        assert_eq!(
            sizes((1200, 900), &[400, 1600, 2400, 0, 400], &mut notes),
            [(1200, 900), (400, 300)]
        );
        assert_eq!(notes.len(), 1);
        assert!(notes[0].en.contains("1600, 2400"), "{notes:?}");
    }

    #[test]
    fn heights_round_and_never_vanish() {
        assert_eq!(height_for((3, 2), 400), 267);
        assert_eq!(height_for((5000, 1), 10), 1);
        assert_eq!(height_for((1, u32::MAX), u32::MAX), u32::MAX);
    }
}
