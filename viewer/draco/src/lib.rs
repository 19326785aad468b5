#![doc = include_str!("../README.md")]

mod unpack;

pub use unpack::{Wanted, unpack};

use wasm_bindgen::prelude::*;

/// Decodes a stream. `wanted` has three numbers for each attribute: Draco's id, GL's component type, components a value.
///
/// The result is little-endian: the number of vertices and of indices, the indices, 32 bits each; then every attribute in
/// turn, packed, filled up to a multiple of four bytes.
///
/// # Errors
/// A text for people who read English: what is wrong with the stream.
#[wasm_bindgen]
pub fn decode(bytes: &[u8], wanted: &[u32]) -> Result<Vec<u8>, JsValue> {
    let wanted: Vec<Wanted> = wanted
        .chunks_exact(3)
        .map(|w| Wanted {
            id: w[0],
            component: w[1],
            components: w[2] as usize,
        })
        .collect();
    unpack(bytes, &wanted).map_err(|error| JsValue::from(error.to_string()))
}
