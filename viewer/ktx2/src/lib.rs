#![doc = include_str!("../README.md")]

mod transcode;

pub use transcode::{Ktx2Error, transcode};

use wasm_bindgen::prelude::*;

/// Transcodes a KTX 2 file to the best of the formats that the GPU reads: 1 ASTC 4×4, 2 BC7, 3 ETC2 with alpha; 0, plain
/// RGBA, always goes.
///
/// The result is little-endian, 32 bits each: the format, the number of levels, then width, height and size of each level;
/// then the levels' bytes.
///
/// # Errors
/// A text for people who read English: what is wrong with the file.
#[wasm_bindgen]
pub fn decode(bytes: &[u8], formats: &[u32]) -> Result<Vec<u8>, JsValue> {
    transcode(bytes, formats).map_err(|error| JsValue::from(error.to_string()))
}
