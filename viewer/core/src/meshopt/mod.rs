//! Decoders of `EXT_meshopt_compression` and `KHR_meshopt_compression`: the attribute codec in versions 0 and 1, triangles,
//! index sequences, and the four filters. Written from the extensions' specifications; every read is checked.

mod filter;
mod index;
mod vertex;

use thiserror::Error;

pub use filter::Filter;

/// What a compressed buffer view holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Vertex attributes.
    Attributes,
    /// Indices of a triangle list.
    Triangles,
    /// Any other indices.
    Indices,
}

/// Why a compressed buffer view cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MeshoptError {
    /// The first byte names another format or a newer version.
    #[error("meshopt data of an unknown kind or version")]
    Header,
    /// It ends too early.
    #[error("meshopt data ends too early")]
    Truncated,
    /// It holds a value that the format does not allow, or goes on after its end.
    #[error("meshopt data is malformed")]
    Malformed,
    /// The count, stride, mode and filter do not fit together.
    #[error("meshopt count, stride, mode or filter is not allowed")]
    Layout,
}

/// The most bytes that one view may decode to: 512 MiB.
const LARGEST_BYTES: usize = 1 << 29;

/// Decodes `count` elements of `stride` bytes each.
///
/// Attributes: stride a multiple of 4 up to 256. Indices: stride 2 or 4, triangles in threes; result little-endian.
///
/// # Errors
/// Data that is malformed or truncated, or a layout that the extension forbids or that asks for more than 512 MiB.
pub fn decode(
    data: &[u8],
    mode: Mode,
    filter: Filter,
    count: usize,
    stride: usize,
) -> Result<Vec<u8>, MeshoptError> {
    let size = count.checked_mul(stride).filter(|&s| s <= LARGEST_BYTES);
    let size = size.ok_or(MeshoptError::Layout)?;
    let allowed = match mode {
        Mode::Attributes => {
            stride.is_multiple_of(4) && (4..=256).contains(&stride) && filter.allows(stride)
        }
        Mode::Triangles => {
            matches!(stride, 2 | 4) && count.is_multiple_of(3) && filter == Filter::None
        }
        Mode::Indices => matches!(stride, 2 | 4) && filter == Filter::None,
    };
    if !allowed {
        return Err(MeshoptError::Layout);
    }
    // Nothing is allocated before the data is long enough to hold the count at all.
    let least = match mode {
        Mode::Attributes => 1 + count.div_ceil(256) * stride / 4,
        Mode::Triangles => 1 + count / 3 + 16,
        Mode::Indices => 1 + count + 4,
    };
    if data.len() < least {
        return Err(MeshoptError::Truncated);
    }
    let mut out = vec![0; size];
    match mode {
        Mode::Attributes => vertex::decode(data, &mut out, stride)?,
        Mode::Triangles => index::decode_triangles(data, &mut out, stride)?,
        Mode::Indices => index::decode_sequence(data, &mut out, stride)?,
    }
    filter.apply(&mut out, stride);
    Ok(out)
}

/// A cursor over bytes that cannot run past their end.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], MeshoptError> {
        let (taken, rest) = self
            .0
            .split_at_checked(count)
            .ok_or(MeshoptError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, MeshoptError> {
        Ok(self.take(1)?[0])
    }
}

#[cfg(test)]
mod tests;
