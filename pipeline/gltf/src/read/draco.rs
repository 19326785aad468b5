//! `KHR_draco_mesh_compression`: geometry as streams of Draco, unpacked to accessors.

use std::collections::BTreeMap;

use draco_core::{
    DataType, DecodeLimits, DecoderBuffer, DracoError, ErrorKind, Mesh, MeshDecoder,
    PointAttribute, PointIndex,
};
use serde::Deserialize;

use super::Reader;
use crate::json::{Attributes, Primitive, RawRoot};
use crate::{Accessor, Component, GltfError, Shape};

pub(super) const EXTENSION: &str = "KHR_draco_mesh_compression";
/// What a face costs while it is unpacked: its corners here and there, and Draco's tables of what lies beside what.
const FACE_BYTES: u64 = 48;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stream {
    buffer_view: usize,
    /// Draco's number of each attribute, by semantic.
    attributes: BTreeMap<String, u32>,
}

/// What a primitive became; others that ask for the same of the same stream share it.
#[derive(Clone)]
struct Unpacked {
    attributes: Attributes,
    indices: Option<usize>,
}

impl Reader<'_> {
    /// Unpacks every primitive that is compressed so, and takes the extension away. Gives the accessors by their index.
    ///
    /// Where a file has the same geometry uncompressed beside it, that is read instead: it lost nothing.
    pub(super) fn draco(
        &mut self,
        raw: &mut RawRoot,
    ) -> Result<BTreeMap<usize, Accessor>, GltfError> {
        let mut done = BTreeMap::new();
        let mut seen = BTreeMap::new();
        for mesh in 0..raw.root.meshes.len() {
            for index in 0..raw.root.meshes[mesh].primitives.len() {
                let place = format!("meshes[{mesh}].primitives[{index}]");
                let primitive = &mut raw.root.meshes[mesh].primitives[index];
                let Some(extension) = primitive.extensions.remove(EXTENSION) else {
                    continue;
                };
                let key = format!(
                    "{extension} {:?} {:?}",
                    primitive.attributes, primitive.indices
                );
                let primitive = primitive.clone();
                if has_fallback(raw, &primitive) {
                    continue;
                }
                let known: Option<&Unpacked> = seen.get(&key);
                let unpacked = if let Some(unpacked) = known {
                    unpacked.clone()
                } else {
                    let stream = serde_json::from_value(extension)
                        .map_err(|error| broken(&place, &error.to_string()))?;
                    let unpacked = self.unpack(&place, raw, &primitive, &stream, &mut done)?;
                    seen.insert(key, unpacked.clone());
                    unpacked
                };
                let primitive = &mut raw.root.meshes[mesh].primitives[index];
                primitive.attributes = unpacked.attributes;
                primitive.indices = unpacked.indices;
                // Strips are streams of triangles, too.
                primitive.mode = None;
            }
        }
        Ok(done)
    }

    fn unpack(
        &mut self,
        place: &str,
        raw: &mut RawRoot,
        primitive: &Primitive,
        stream: &Stream,
        done: &mut BTreeMap<usize, Accessor>,
    ) -> Result<Unpacked, GltfError> {
        let left = self
            .limits
            .geometry_bytes
            .saturating_sub(self.decoded_bytes);
        let limits = DecodeLimits::default()
            .with_max_points(left / FACE_BYTES)
            .with_max_faces(left / FACE_BYTES)
            .with_max_decoded_bytes(left);
        let bytes = self.view(place, stream.buffer_view)?;
        let mut mesh = Mesh::new();
        MeshDecoder::new()
            .decode(
                &mut DecoderBuffer::new(bytes).with_limits(limits),
                &mut mesh,
            )
            .map_err(|error| self.refused(place, &error))?;
        let points = mesh.num_points();
        let mut unpacked = Unpacked {
            attributes: primitive.attributes.clone(),
            indices: primitive.indices,
        };
        for (semantic, &id) in &stream.attributes {
            let attribute = mesh
                .attribute_by_unique_id(id)
                .ok_or_else(|| broken(place, &format!("it lacks the attribute {semantic}")))?;
            let Some(slot) = unpacked.attributes.get_mut(semantic) else {
                continue;
            };
            let described = raw
                .accessors
                .get(*slot)
                .ok_or_else(|| broken(place, &format!("{semantic} has no accessor")))?;
            let component = Component::from_code(described.component_type);
            let shape = Shape::from_name(&described.r#type).filter(|s| s.components() <= 4);
            let (Some(component), Some(shape)) = (component, shape) else {
                return Err(broken(
                    place,
                    &format!("{semantic} has a type that Draco cannot hold"),
                ));
            };
            self.charge(place, (points * shape.size_bytes(component)) as u64)?;
            let bytes = values(attribute, component, shape.components(), points)
                .ok_or_else(|| broken(place, &format!("{semantic} is cut off")))?;
            let accessor = Accessor::new(component, shape, described.normalized, bytes)
                .ok_or_else(|| broken(place, "an attribute is cut off"))?;
            *slot = place_at(*slot, accessor, raw, done);
        }
        self.charge(place, 12 * mesh.num_faces() as u64)?;
        let corners: Vec<u32> = mesh
            .faces()
            .iter()
            .flatten()
            .map(|corner| corner.0)
            .collect();
        let indices = Accessor::from_indices(&corners);
        let slot = primitive.indices.filter(|&slot| slot < raw.accessors.len());
        unpacked.indices = Some(if let Some(slot) = slot {
            place_at(slot, indices, raw, done)
        } else {
            raw.accessors.push(crate::json::RawAccessor::default());
            place_at(raw.accessors.len() - 1, indices, raw, done)
        });
        Ok(unpacked)
    }

    fn refused(&self, place: &str, error: &DracoError) -> GltfError {
        if matches!(
            error.kind(),
            ErrorKind::LimitExceeded | ErrorKind::AllocationExceedsInput
        ) {
            let limit = self.limits.geometry_bytes;
            return GltfError::TooLarge {
                place: place.to_owned(),
                needed: limit.saturating_add(1),
                limit,
                unit: "bytes",
            };
        }
        broken(place, &error.to_string())
    }
}

/// Puts what was unpacked at its accessor; beside it where another stream has filled that already.
fn place_at(
    slot: usize,
    contents: Accessor,
    raw: &mut RawRoot,
    done: &mut BTreeMap<usize, Accessor>,
) -> usize {
    let described = &raw.accessors[slot];
    let mut accessor = contents;
    accessor.name.clone_from(&described.name);
    accessor.bounded = !described.min.is_empty() || !described.max.is_empty();
    accessor.extensions.clone_from(&described.extensions);
    accessor.extra.clone_from(&described.extra);
    let mut at = slot;
    // An accessor with bytes of its own may serve others.
    if done.contains_key(&slot) || described.buffer_view.is_some() {
        let described = described.clone();
        raw.accessors.push(described);
        at = raw.accessors.len() - 1;
    }
    done.insert(at, accessor);
    at
}

/// Whether all of the primitive is there without the stream.
fn has_fallback(raw: &RawRoot, primitive: &Primitive) -> bool {
    let required = &raw.root.extensions_required;
    !required.iter().any(|name| name == EXTENSION)
        && primitive
            .attributes
            .values()
            .chain(&primitive.indices)
            .all(|&accessor| {
                let described = raw.accessors.get(accessor);
                described.is_some_and(|a| a.buffer_view.is_some() || a.sparse.is_some())
            })
}

fn broken(place: &str, detail: &str) -> GltfError {
    GltfError::invalid(
        place,
        format!("dữ liệu nén Draco bị hỏng ({detail}); hãy xuất lại mô hình"),
        format!("its Draco-compressed data is damaged ({detail}); export the model again"),
    )
}

/// An attribute's value at each point, packed, as `component`s.
fn values(
    attribute: &PointAttribute,
    component: Component,
    components: usize,
    points: usize,
) -> Option<Vec<u8>> {
    let kind = match component {
        Component::I8 => DataType::Int8,
        Component::U8 => DataType::Uint8,
        Component::I16 => DataType::Int16,
        Component::U16 => DataType::Uint16,
        Component::U32 => DataType::Uint32,
        Component::F32 => DataType::Float32,
    };
    let size = component.size_bytes() * components;
    let mut out = Vec::with_capacity(points * size);
    if attribute.data_type() == kind && usize::from(attribute.num_components()) == components {
        let data = attribute.buffer().data();
        for point in 0..points {
            let value = attribute.mapped_index(PointIndex(point as u32)).0 as usize;
            let start = value.checked_mul(size)?;
            out.extend_from_slice(data.get(start..start.checked_add(size)?)?);
        }
        return Some(out);
    }
    // The stream holds another type than the accessor says: its numbers are kept.
    for number in attribute.read_f32s(points, components) {
        match component {
            Component::I8 => out.extend((number as i8).to_le_bytes()),
            Component::U8 => out.extend((number as u8).to_le_bytes()),
            Component::I16 => out.extend((number as i16).to_le_bytes()),
            Component::U16 => out.extend((number as u16).to_le_bytes()),
            Component::U32 => out.extend((number as u32).to_le_bytes()),
            Component::F32 => out.extend(number.to_le_bytes()),
        }
    }
    Some(out)
}
