use xoay_format::Text;
use xoay_imaging::Header;

use crate::PhotoSource;

/// The photos of one product, found and read as far as their headers, in the order of the turn.
#[derive(Clone, Debug)]
pub struct CaptureSet {
    /// The frames, row after row, each row in the order of the turn.
    pub frames: Vec<Photo>,
    /// How many frames each row has; the sum is `frames.len()`.
    pub row_lengths: Vec<u32>,
    /// The camera's height above the turntable in degrees, for each row whose name states it.
    pub row_elevations_deg: Vec<Option<f64>>,
    /// Photos of the turntable without the product.
    pub clean_plates: Vec<Photo>,
    /// Which of the clean plates serves which row: for each row its place in `clean_plates`, if any does.
    pub row_plates: Vec<Option<usize>>,
    /// Width in pixels that every frame is brought to: that of the smallest photo, upright.
    pub width: u32,
    /// Height in pixels that every frame is brought to.
    pub height: u32,
    /// What was imperfect about the folder or archive, and how its names were understood.
    pub warnings: Vec<Text>,
}

impl CaptureSet {
    /// The photo of the empty turntable as the camera of `row` (from 0) saw it.
    #[must_use]
    pub fn clean_plate_of_row(&self, row: usize) -> Option<&Photo> {
        let at = self.row_plates.get(row).copied().flatten()?;
        self.clean_plates.get(at)
    }
}

/// One photo of a [`CaptureSet`].
#[derive(Clone, Debug)]
pub struct Photo {
    /// Where its bytes are.
    pub source: PhotoSource,
    /// Its path within the capture, separated by `/`.
    pub name: String,
    /// Size of the file in bytes.
    pub size_bytes: u64,
    /// What its header says.
    pub header: Header,
}
