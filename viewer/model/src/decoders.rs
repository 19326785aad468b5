//! Modules that are fetched only for files that need them: Draco's geometry, Basis Universal's textures.

use std::ops::Range;

use js_sys::{Array, Function, Promise, Reflect, Uint8Array, Uint32Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use xoay_viewer_core::gltf::{Decoded, Model};

use crate::gl::Gl;

/// The decoding function of a module that the page loads by its name.
async fn module(load: &Function, name: &str) -> Result<Function, JsValue> {
    if !load.is_function() {
        return Err(format!(
            "the model needs the `{name}` decoder, which this page does not offer"
        )
        .into());
    }
    let promise: Promise = load.call1(&JsValue::NULL, &name.into())?.dyn_into()?;
    let module = JsFuture::from(promise).await?;
    Reflect::get(&module, &"decode".into())?.dyn_into()
}

/// Decodes what Draco compressed in a file; for most files that is nothing, and nothing is loaded.
pub async fn draco(load: &Function, bytes: &[u8]) -> Result<Vec<(usize, Decoded)>, JsValue> {
    let text = |e: xoay_viewer_core::gltf::GltfError| JsValue::from(e.to_string());
    let parts = Model::draco_parts(bytes).map_err(text)?;
    let mut decoded = Vec::new();
    if parts.is_empty() {
        return Ok(decoded);
    }
    let decode = module(load, "draco").await?;
    for part in parts {
        let wanted: Vec<u32> = part
            .attributes
            .iter()
            .flat_map(|a| [a.id, a.component.gl(), a.components as u32])
            .collect();
        let wanted = Uint32Array::from(&wanted[..]);
        let bytes = Uint8Array::from(part.bytes);
        let got = decode.call2(&JsValue::NULL, &bytes, &wanted)?;
        let got = Uint8Array::new(&got).to_vec();
        decoded.push((part.view, part.accept(&got).map_err(text)?));
    }
    Ok(decoded)
}

/// A texture in a format of the GPU's own.
pub struct Compressed {
    kind: u32,
    /// Where each level lies in the bytes, and its width and height.
    pub levels: Vec<(Range<usize>, [u32; 2])>,
    pub bytes: Vec<u8>,
}

/// A format by the number that the module knows it by: the extension that brings it, and GL's numbers for linear and for
/// sRGB colours. The extensions' constants are not WebGL's own.
const FORMATS: [(&str, [u32; 2]); 4] = [
    ("", [Gl::RGBA8, Gl::SRGB8_ALPHA8]),
    ("WEBGL_compressed_texture_astc", [0x93b0, 0x93d0]),
    ("EXT_texture_compression_bptc", [0x8e8c, 0x8e8d]),
    ("WEBGL_compressed_texture_etc", [0x9278, 0x9279]),
];

impl Compressed {
    /// The number of its format.
    pub fn format(&self, srgb: bool) -> u32 {
        FORMATS[self.kind as usize].1[usize::from(srgb)]
    }

    /// Whether it holds pixels, not blocks.
    pub fn is_plain(&self) -> bool {
        self.kind == 0
    }
}

/// Transcodes a KTX 2 file to the best format that the GPU reads.
pub async fn basis(gl: &Gl, load: &Function, bytes: &[u8]) -> Result<Compressed, JsValue> {
    let decode = module(load, "ktx2").await?;
    let formats = Array::new();
    for (kind, (extension, _)) in (0_u32..).zip(FORMATS).skip(1) {
        // Asking for it turns it on.
        if gl.get_extension(extension)?.is_some() {
            formats.push(&kind.into());
        }
    }
    let got = decode.call2(&JsValue::NULL, &Uint8Array::from(bytes), &formats)?;
    let got = Uint8Array::new(&got).to_vec();
    levels(got).ok_or_else(|| "a KTX 2 texture of the model cannot be decoded".into())
}

/// The format, the number of levels, then width, height and size of each, 32 bits little-endian; then their bytes.
fn levels(bytes: Vec<u8>) -> Option<Compressed> {
    let word = |i: usize| {
        let b = bytes.get(4 * i..4 * i + 4)?;
        Some(u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
    };
    let kind = word(0).filter(|&k| (k as usize) < FORMATS.len())?;
    let count = word(1)? as usize;
    let mut at = 4 * (2 + 3 * count);
    let mut levels = Vec::new();
    for i in 0..count {
        let end = at.checked_add(word(4 + 3 * i)? as usize)?;
        levels.push((at..end, [word(2 + 3 * i)?, word(3 + 3 * i)?]));
        at = end;
    }
    (at == bytes.len() && count > 0).then_some(Compressed {
        kind,
        levels,
        bytes,
    })
}
