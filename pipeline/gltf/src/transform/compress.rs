use std::collections::BTreeSet;

use crate::document::Topology;
use crate::pack::{self, Codec, Filter, Mode, Packed};
use crate::report::Step;
use crate::write::{Use, padded, stride_bytes, uses};
use crate::{Accessor, Component, Document, Shape};

/// What the description of a compressed view costs in JSON; streams that save less stay plain.
const DESCRIPTION_BYTES: usize = 160;

/// Compresses accessors with the extension of `codec` where that saves bytes.
///
/// Normals and tangents of signed bytes go through the octahedral filter, which may move a component by one step;
/// triangles may start at another corner. Everything else is exact. The document then holds what a reader will decode.
pub fn compress(document: &mut Document, codec: Codec) -> Step {
    let mut step = Step::new("compress");
    let uses = uses(document);
    let unit = unit_vectors(document);
    let triangles = triangle_indices(document);
    for (index, accessor) in document.accessors.iter_mut().enumerate() {
        let packed = match uses[index] {
            Use::Indices => pack_indices(accessor, triangles.contains(&index), codec),
            Use::Vertices if unit.contains(&index) => {
                pack_unit(accessor, codec).or_else(|| pack_plain(accessor, true, codec))
            }
            Use::Vertices => pack_plain(accessor, true, codec),
            Use::Other => pack_plain(accessor, false, codec),
        };
        let Some((packed, bytes)) = packed else {
            continue;
        };
        if packed.bytes.len() + DESCRIPTION_BYTES >= bytes.len().max(accessor.bytes().len()) {
            continue;
        }
        step.add("streams", 1);
        step.add("bytesBefore", accessor.bytes().len());
        step.add("bytesAfter", packed.bytes.len());
        let contents = Accessor::new(
            accessor.component(),
            accessor.shape(),
            accessor.normalized(),
            bytes,
        );
        let Some(contents) = contents else { continue };
        *accessor = accessor.replaced_by(contents);
        accessor.packed = Some(packed);
    }
    step
}

/// Accessors that are normals or tangents and nothing else.
fn unit_vectors(document: &Document) -> BTreeSet<usize> {
    let mut unit = BTreeSet::new();
    let mut other = BTreeSet::new();
    for primitive in document
        .root
        .meshes
        .iter()
        .flat_map(|mesh| &mesh.primitives)
    {
        for (semantic, &accessor) in &primitive.attributes {
            match semantic.as_str() {
                "NORMAL" | "TANGENT" => unit.insert(accessor),
                _ => other.insert(accessor),
            };
        }
        other.extend(primitive.targets.iter().flat_map(|target| target.values()));
    }
    unit.difference(&other).copied().collect()
}

/// Accessors that are indices of triangle lists and nothing else.
fn triangle_indices(document: &Document) -> BTreeSet<usize> {
    let mut lists = BTreeSet::new();
    let mut other = BTreeSet::new();
    for primitive in document
        .root
        .meshes
        .iter()
        .flat_map(|mesh| &mesh.primitives)
    {
        if let Some(indices) = primitive.indices {
            match primitive.topology() {
                Topology::Triangles => lists.insert(indices),
                _ => other.insert(indices),
            };
        }
    }
    lists.difference(&other).copied().collect()
}

fn pack_indices(accessor: &Accessor, triangles: bool, codec: Codec) -> Option<(Packed, Vec<u8>)> {
    let stride = accessor.element_bytes();
    if !matches!(accessor.component(), Component::U16 | Component::U32) {
        return None;
    }
    let indices = accessor.to_u32();
    let vertex_count = indices
        .iter()
        .max()
        .map_or(0, |&greatest| greatest as usize + 1);
    let (mode, bytes) = if triangles && indices.len().is_multiple_of(3) {
        (
            Mode::Triangles,
            pack::encode_triangles(&indices, vertex_count)?,
        )
    } else {
        (Mode::Indices, pack::encode_indices(&indices, vertex_count)?)
    };
    finish(
        accessor,
        Packed {
            bytes,
            codec,
            mode,
            filter: Filter::None,
            stride,
        },
    )
}

fn pack_plain(accessor: &Accessor, vertices: bool, codec: Codec) -> Option<(Packed, Vec<u8>)> {
    let stride = stride_bytes(accessor);
    if !vertices && stride != accessor.element_bytes() {
        return None;
    }
    let bytes = pack::encode_attributes(&padded(accessor, stride), stride, codec)?;
    finish(
        accessor,
        Packed {
            bytes,
            codec,
            mode: Mode::Attributes,
            filter: Filter::None,
            stride,
        },
    )
}

/// Unit vectors of signed bytes through the octahedral filter; `None` where that would move any by more than a step.
fn pack_unit(accessor: &Accessor, codec: Codec) -> Option<(Packed, Vec<u8>)> {
    if accessor.component() != Component::I8
        || !accessor.normalized()
        || !matches!(accessor.shape(), Shape::Vec3 | Shape::Vec4)
    {
        return None;
    }
    let vectors: Vec<[f32; 4]> = accessor
        .to_f32()
        .chunks_exact(accessor.shape().components())
        .map(|v| [v[0], v[1], v[2], v.get(3).copied().unwrap_or(0.0)])
        .collect();
    let bytes = pack::encode_attributes(&pack::filter_octahedral_i8(&vectors), 4, codec)?;
    let (packed, decoded) = finish(
        accessor,
        Packed {
            bytes,
            codec,
            mode: Mode::Attributes,
            filter: Filter::Octahedral,
            stride: 4,
        },
    )?;
    let near = decoded.iter().zip(accessor.bytes()).all(|(after, before)| {
        (i16::from(after.cast_signed()) - i16::from(before.cast_signed())).abs() <= 1
    });
    near.then_some((packed, decoded))
}

/// The stream with what a reader will decode from it, without padding.
fn finish(accessor: &Accessor, packed: Packed) -> Option<(Packed, Vec<u8>)> {
    let decoded = pack::decode(
        &packed.bytes,
        packed.mode,
        packed.filter,
        accessor.count(),
        packed.stride,
    )?;
    let size = accessor.element_bytes();
    if size == packed.stride {
        return Some((packed, decoded));
    }
    let bytes = decoded
        .chunks_exact(packed.stride)
        .flat_map(|element| element[..size].iter().copied())
        .collect();
    Some((packed, bytes))
}
