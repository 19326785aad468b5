//! Stands in where no encoder is built.

use crate::{Picture, Settings};

const ABSENT: &str = "this program was built without AVIF; build it with the feature aom or rav1e";

pub(crate) fn encode_rgb(
    _pixels: &[u8],
    _width: usize,
    _height: usize,
    _settings: Settings,
) -> Result<Vec<u8>, String> {
    Err(ABSENT.into())
}

pub(crate) use encode_rgb as encode_rgba;

pub(crate) fn decode(_file: &[u8], _max_pixels: u64) -> Result<Picture, String> {
    Err(ABSENT.into())
}
