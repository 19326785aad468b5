use std::path::PathBuf;

use xoay_format::Text;
use xoay_imaging::Header;

/// The photos of one product, found and read as far as their headers, in the order of the turn.
#[derive(Clone, Debug)]
pub struct CaptureSet {
    /// The frames, row after row, each row in the order of the turn.
    pub frames: Vec<Photo>,
    /// How many frames each row has; the sum is `frames.len()`.
    pub row_lengths: Vec<u32>,
    /// Photos of the turntable without the product.
    pub clean_plates: Vec<Photo>,
    /// Width in pixels that every frame is brought to: that of the smallest photo, upright.
    pub width: u32,
    /// Height in pixels that every frame is brought to.
    pub height: u32,
    /// What was imperfect about the folder.
    pub warnings: Vec<Text>,
}

/// One photo of a [`CaptureSet`].
#[derive(Clone, Debug)]
pub struct Photo {
    /// Where it is.
    pub path: PathBuf,
    /// Its path within the capture, separated by `/`.
    pub name: String,
    /// Size of the file in bytes.
    pub size_bytes: u64,
    /// What its header says.
    pub header: Header,
}
