//! `EXT_meshopt_compression` and `KHR_meshopt_compression`: the codec's modes and filters over plain bytes.

use bytemuck::{cast_slice, cast_slice_mut};

/// Which extension compresses geometry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Codec {
    /// `EXT_meshopt_compression`: version 0 of the vertex codec, the only one that it allows. Most viewers read it.
    #[default]
    Ext,
    /// `KHR_meshopt_compression`: version 1, some 10% smaller on smooth shapes. Viewers from 2025 on read it.
    Khr,
}

impl Codec {
    /// The extension's name.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Ext => "EXT_meshopt_compression",
            Self::Khr => "KHR_meshopt_compression",
        }
    }

    const fn vertex_version(self) -> i32 {
        match self {
            Self::Ext => 0,
            Self::Khr => 1,
        }
    }
}

/// What a compressed stream holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Attributes,
    Triangles,
    Indices,
}

/// What happens to elements after decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    None,
    Octahedral,
    Quaternion,
    Exponential,
    Color,
}

impl Mode {
    const NAMES: [(Self, &'static str); 3] = [
        (Self::Attributes, "ATTRIBUTES"),
        (Self::Triangles, "TRIANGLES"),
        (Self::Indices, "INDICES"),
    ];

    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].1
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(mode, _)| *mode)
    }
}

impl Filter {
    const NAMES: [(Self, &'static str); 5] = [
        (Self::None, "NONE"),
        (Self::Octahedral, "OCTAHEDRAL"),
        (Self::Quaternion, "QUATERNION"),
        (Self::Exponential, "EXPONENTIAL"),
        (Self::Color, "COLOR"),
    ];

    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].1
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(filter, _)| *filter)
    }
}

/// A compressed stream, ready to be written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Packed {
    pub bytes: Vec<u8>,
    pub codec: Codec,
    pub mode: Mode,
    pub filter: Filter,
    /// Bytes of one decoded element.
    pub stride: usize,
}

/// Greatest stride in bytes that is handled here; the extension itself allows 256.
pub(crate) const MAX_STRIDE: usize = 128;

/// Runs `$body` with the constant `$words` equal to `$stride / 4`; `$other` for strides it has no code for.
macro_rules! with_words {
    ($stride:expr, $words:ident => $body:expr, else $other:expr, [$($n:literal)*]) => {
        match $stride {
            $(s if s == $n * 4 => { const $words: usize = $n; $body })*
            _ => $other,
        }
    };
    ($stride:expr, $words:ident => $body:expr, else $other:expr) => {
        with_words!($stride, $words => $body, else $other,
            [1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32])
    };
}

/// Compresses elements of `stride` bytes. `None` where the stride has no code, or the encoder fails.
pub(crate) fn encode_attributes(bytes: &[u8], stride: usize, codec: Codec) -> Option<Vec<u8>> {
    with_words!(stride, WORDS => {
        // The input may lie at any address; words must not.
        let mut elements = vec![[0u32; WORDS]; bytes.len() / (WORDS * 4)];
        let whole = elements.len() * WORDS * 4;
        cast_slice_mut::<_, u8>(&mut elements).copy_from_slice(&bytes[..whole]);
        meshopt::encode_vertex_buffer_level(&elements, 3, Some(codec.vertex_version())).ok()
    }, else None)
}

/// Compresses the indices of triangles; their rotation may change, their winding does not.
pub(crate) fn encode_triangles(indices: &[u32], vertex_count: usize) -> Option<Vec<u8>> {
    if !indices.len().is_multiple_of(3) {
        return None;
    }
    meshopt::encode_index_buffer(indices, vertex_count).ok()
}

/// Compresses indices of any topology.
pub(crate) fn encode_indices(indices: &[u32], vertex_count: usize) -> Option<Vec<u8>> {
    meshopt::encode_index_sequence(indices, vertex_count).ok()
}

/// Decodes `count` elements of `stride` bytes. The caller has checked that `count * stride` bytes may be taken.
/// `None` where the parameters break the extension's rules or the stream is damaged.
pub(crate) fn decode(
    packed: &[u8],
    mode: Mode,
    filter: Filter,
    count: usize,
    stride: usize,
) -> Option<Vec<u8>> {
    match mode {
        Mode::Attributes => {
            let mut bytes = with_words!(stride, WORDS => {
                let elements = meshopt::decode_vertex_buffer::<[u32; WORDS]>(packed, count).ok()?;
                cast_slice::<_, u8>(&elements).to_vec()
            }, else return None);
            unfilter(&mut bytes, filter, stride)?;
            Some(bytes)
        }
        Mode::Triangles | Mode::Indices => {
            if mode == Mode::Triangles && !count.is_multiple_of(3) || filter != Filter::None {
                return None;
            }
            let indices = match mode {
                Mode::Triangles => meshopt::decode_index_buffer::<u32>(packed, count).ok()?,
                _ => meshopt::decode_index_sequence::<u32>(packed, count).ok()?,
            };
            match stride {
                2 => Some(
                    indices
                        .iter()
                        .flat_map(|&index| (index as u16).to_le_bytes())
                        .collect(),
                ),
                4 => Some(
                    indices
                        .iter()
                        .flat_map(|&index| index.to_le_bytes())
                        .collect(),
                ),
                _ => None,
            }
        }
    }
}

fn unfilter(bytes: &mut [u8], filter: Filter, stride: usize) -> Option<()> {
    match (filter, stride) {
        (Filter::None, _) => {}
        (Filter::Octahedral, 4) => {
            meshopt::decode_filter_oct::<i8>(cast_slice_mut(bytes));
        }
        (Filter::Octahedral, 8) => {
            on_shorts(bytes, |elements| {
                meshopt::decode_filter_oct::<i16>(cast_slice_mut(elements));
            });
        }
        (Filter::Quaternion, 8) => {
            on_shorts(bytes, |elements| {
                meshopt::decode_filter_quat(cast_slice_mut(elements));
            });
        }
        (Filter::Color, 4) => meshopt::decode_filter_color::<u8>(cast_slice_mut(bytes)),
        (Filter::Color, 8) => {
            on_shorts(bytes, |elements| {
                meshopt::decode_filter_color::<i16>(cast_slice_mut(elements));
            });
        }
        (Filter::Exponential, _) if stride.is_multiple_of(4) => {
            let mut words: Vec<[u32; 1]> = bytes
                .chunks_exact(4)
                .map(|word| [u32::from_le_bytes([word[0], word[1], word[2], word[3]])])
                .collect();
            meshopt::decode_filter_exp(&mut words);
            bytes.copy_from_slice(cast_slice(&words));
        }
        _ => return None,
    }
    Some(())
}

fn on_shorts(bytes: &mut [u8], filter: impl FnOnce(&mut [i16])) {
    let mut shorts: Vec<i16> = bytes
        .chunks_exact(2)
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    filter(&mut shorts);
    bytes.copy_from_slice(cast_slice(&shorts));
}

/// Octahedral form of unit vectors with `w` kept, for signed bytes: what [`Filter::Octahedral`] undoes.
pub(crate) fn filter_octahedral_i8(vectors: &[[f32; 4]]) -> Vec<u8> {
    cast_slice::<[i8; 4], u8>(&meshopt::encode_filter_oct::<i8>(vectors, 8)).to_vec()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn attributes_survive_at_every_stride(words in 1usize..=32, data in prop::collection::vec(any::<u8>(), 0..2000)) {
            let stride = words * 4;
            let data = &data[..data.len() / stride * stride];
            for codec in [Codec::Ext, Codec::Khr] {
                let packed = encode_attributes(data, stride, codec).unwrap();
                prop_assert_eq!(meshopt::decode_vertex_version(&packed), Some(codec.vertex_version()));
                let back = decode(&packed, Mode::Attributes, Filter::None, data.len() / stride, stride);
                prop_assert_eq!(back.as_deref(), Some(data));
            }
        }

        #[test]
        fn damaged_streams_are_refused_or_decoded_to_something(
            bytes in prop::collection::vec(any::<u8>(), 0..200), count in 0usize..300, stride in 0usize..140
        ) {
            for mode in [Mode::Attributes, Mode::Triangles, Mode::Indices] {
                for filter in Filter::NAMES.map(|(filter, _)| filter) {
                    if let Some(decoded) = decode(&bytes, mode, filter, count, stride) {
                        prop_assert_eq!(decoded.len(), count * stride);
                    }
                }
            }
        }
    }

    #[test]
    fn every_truncated_stream_is_refused() {
        let data: Vec<u8> = (0..1200u32).map(|i| (i * i) as u8).collect();
        let packed = encode_attributes(&data, 12, Codec::Ext).unwrap();
        for length in 0..packed.len() {
            assert_eq!(
                decode(&packed[..length], Mode::Attributes, Filter::None, 100, 12),
                None,
                "{length}"
            );
        }
    }
}
