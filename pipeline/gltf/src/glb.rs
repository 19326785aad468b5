//! The GLB container: a header, a JSON chunk, a binary chunk (glTF 2.0 §4).

use xoay_format::Text;

use crate::{GltfError, Limits};

const MAGIC: &[u8; 4] = b"glTF";
const HEADER_BYTES: usize = 12;
const CHUNK_HEADER_BYTES: usize = 8;

/// The two chunks of a GLB.
pub(crate) struct Glb<'a> {
    pub json: &'a [u8],
    pub bin: Option<&'a [u8]>,
}

/// Whether `bytes` begin as a GLB does.
pub(crate) fn is_glb(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

fn damaged(offset: usize, vi: impl Into<String>, en: impl Into<String>) -> GltfError {
    GltfError::Container {
        offset: offset as u64,
        problem: Text::new(vi, en),
    }
}

fn u32_at(bytes: &[u8], offset: usize) -> Result<u32, GltfError> {
    bytes
        .get(offset..)
        .and_then(|rest| rest.first_chunk())
        .map(|four| u32::from_le_bytes(*four))
        .ok_or_else(|| {
            damaged(
                offset,
                "tệp kết thúc giữa chừng",
                "the file ends in the middle of a header",
            )
        })
}

/// Splits a GLB into its chunks. Copies nothing.
pub(crate) fn split<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Glb<'a>, GltfError> {
    let version = u32_at(bytes, 4)?;
    if version != 2 {
        return Err(GltfError::Version {
            version: version.to_string(),
        });
    }
    let declared = u32_at(bytes, 8)? as usize;
    if declared > bytes.len() {
        return Err(damaged(
            8,
            format!(
                "phần đầu tệp ghi {declared} byte nhưng tệp chỉ có {}",
                bytes.len()
            ),
            format!(
                "the header says {declared} bytes but the file has {}",
                bytes.len()
            ),
        ));
    }
    if declared < HEADER_BYTES + CHUNK_HEADER_BYTES {
        return Err(damaged(
            8,
            format!("độ dài {declared} byte quá nhỏ cho một tệp GLB"),
            format!("a length of {declared} bytes is too small for a GLB"),
        ));
    }
    let bytes = &bytes[..declared];
    let mut offset = HEADER_BYTES;
    let mut json = None;
    let mut bin = None;
    while offset < bytes.len() {
        let length = u32_at(bytes, offset)? as usize;
        let kind = u32_at(bytes, offset + 4)?.to_le_bytes();
        let start = offset + CHUNK_HEADER_BYTES;
        let chunk = start
            .checked_add(length)
            .and_then(|end| bytes.get(start..end))
            .ok_or_else(|| {
                let left = bytes.len() - start;
                damaged(
                    offset,
                    format!("một khối ghi {length} byte nhưng chỉ còn {left}"),
                    format!("a chunk says {length} bytes but {left} are left"),
                )
            })?;
        match (&kind, json.is_some(), bin.is_some()) {
            (b"JSON", false, _) => json = Some(chunk),
            (b"BIN\0", true, false) => bin = Some(chunk),
            (_, false, _) => {
                return Err(damaged(
                    offset,
                    "khối đầu tiên phải là JSON",
                    "the first chunk must be JSON",
                ));
            }
            // The specification tells readers to skip chunks they do not know.
            _ => {}
        }
        offset = start + length;
    }
    let json =
        json.ok_or_else(|| damaged(HEADER_BYTES, "thiếu khối JSON", "the JSON chunk is missing"))?;
    Limits::check("JSON", json.len() as u64, limits.json_bytes, "bytes")?;
    Ok(Glb { json, bin })
}

/// Joins a JSON text and binary data into a GLB.
pub(crate) fn join(json: &[u8], bin: &[u8]) -> Result<Vec<u8>, GltfError> {
    let json_padded = json.len().next_multiple_of(4);
    let bin_padded = bin.len().next_multiple_of(4);
    let bin_total = if bin.is_empty() {
        0
    } else {
        CHUNK_HEADER_BYTES + bin_padded
    };
    let total = HEADER_BYTES + CHUNK_HEADER_BYTES + json_padded + bin_total;
    Limits::check("GLB", total as u64, u64::from(u32::MAX), "bytes")?;
    let mut glb = Vec::with_capacity(total);
    glb.extend_from_slice(MAGIC);
    for word in [2, total as u32, json_padded as u32] {
        glb.extend_from_slice(&word.to_le_bytes());
    }
    glb.extend_from_slice(b"JSON");
    glb.extend_from_slice(json);
    glb.resize(HEADER_BYTES + CHUNK_HEADER_BYTES + json_padded, b' ');
    if !bin.is_empty() {
        glb.extend_from_slice(&(bin_padded as u32).to_le_bytes());
        glb.extend_from_slice(b"BIN\0");
        glb.extend_from_slice(bin);
        glb.resize(total, 0);
    }
    Ok(glb)
}
