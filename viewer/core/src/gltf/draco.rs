//! `KHR_draco_mesh_compression`: what is to be decoded, and how the decoded parts come back.
//!
//! The decoder is a module of its own, loaded only for files that need it; so reading goes in two steps.

use super::accessor::{ComponentType, Semantic};
use super::glb::Glb;
use super::views::{invalid, shape, slice};
use super::{GltfError, Model};
use crate::json::Json;

const NAME: &str = "KHR_draco_mesh_compression";

/// An attribute that a compressed part holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DracoAttribute {
    /// The number that Draco knows it by.
    pub id: u32,
    /// The numbers wanted.
    pub component: ComponentType,
    /// How many of them a value has.
    pub components: usize,
}

/// A compressed part of a file: one buffer view, with all that its primitives want of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DracoPart<'a> {
    /// Index of the buffer view.
    pub view: usize,
    /// What Draco made.
    pub bytes: &'a [u8],
    /// What is wanted of it.
    pub attributes: Vec<DracoAttribute>,
}

/// The content of a compressed part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    vertices: usize,
    /// 32-bit indices, little-endian.
    pub(super) indices: Vec<u8>,
    /// Packed values by Draco's number.
    attributes: Vec<(u32, Vec<u8>)>,
}

impl DracoPart<'_> {
    /// Takes what the decoder gave for this part: the number of vertices and of indices, 32 bits each; the indices, 32
    /// bits each; then the wanted attributes, packed, each filled up to a multiple of four bytes. All little-endian.
    ///
    /// # Errors
    /// Another length than the two numbers and the wanted attributes make.
    pub fn accept(&self, bytes: &[u8]) -> Result<Decoded, GltfError> {
        let fail = invalid("bufferView", self.view, "its geometry cannot be decoded");
        let mut rest = bytes;
        let mut take = |size: usize| -> Option<&[u8]> {
            let (part, after) = rest.split_at_checked(size)?;
            rest = after;
            Some(part)
        };
        let mut word = || {
            let b = take(4)?;
            Some(u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize)
        };
        let counts = word().zip(word());
        let decoded = counts.and_then(|(vertices, count)| {
            let indices = take(count.checked_mul(4)?)?.to_vec();
            let mut attributes = Vec::new();
            for wanted in &self.attributes {
                let stride = wanted.components * wanted.component.size();
                let size = vertices.checked_mul(stride)?;
                let values = take(size.checked_next_multiple_of(4)?)?;
                attributes.push((wanted.id, values[..size].to_vec()));
            }
            Some(Decoded {
                vertices,
                indices,
                attributes,
            })
        });
        decoded.filter(|_| rest.is_empty()).ok_or(fail)
    }
}

impl Decoded {
    /// The values of an attribute that has this many of this size.
    pub(super) fn values(&self, id: u32, count: usize, size: usize) -> Option<&[u8]> {
        let (_, values) = self.attributes.iter().find(|a| a.0 == id)?;
        (self.vertices == count && values.len() == count * size).then_some(values)
    }
}

/// The extension of a primitive; `Null` where it has none.
pub(super) fn extension(primitive: &Json) -> &Json {
    primitive.get("extensions").get(NAME)
}

impl Model {
    /// The parts of a file that Draco compressed, each once; none for most files.
    ///
    /// # Errors
    /// A file that is malformed.
    pub fn draco_parts(bytes: &[u8]) -> Result<Vec<DracoPart<'_>>, GltfError> {
        let glb = Glb::read(bytes)?;
        let json = &glb.json;
        let mut parts: Vec<DracoPart<'_>> = Vec::new();
        for mesh in json.get("meshes").items() {
            for primitive in mesh.get("primitives").items() {
                let extension = extension(primitive);
                let Some(view) = extension.get("bufferView").index() else {
                    continue;
                };
                let view_json = json.get("bufferViews").items().get(view);
                let view_json = view_json.ok_or(invalid("bufferView", view, "there is none"))?;
                let at = parts.iter().position(|p| p.view == view);
                let at = at.unwrap_or(parts.len());
                if at == parts.len() {
                    parts.push(DracoPart {
                        view,
                        bytes: slice(json, glb.binary, view_json, view)?,
                        attributes: Vec::new(),
                    });
                }
                let part = &mut parts[at];
                for (semantic, name) in Semantic::ALL {
                    let id = extension.get("attributes").get(name).index();
                    let accessor = primitive.get("attributes").get(name).index();
                    let (Some(id), Some(accessor)) = (id, accessor) else {
                        continue;
                    };
                    let known = json.get("accessors").items().get(accessor);
                    let known = known.ok_or(invalid("accessor", accessor, "there is none"))?;
                    let shape = shape(known, accessor, semantic)?;
                    let wanted = DracoAttribute {
                        id: id as u32,
                        component: shape.component,
                        components: shape.components,
                    };
                    if part.attributes.iter().all(|a| a.id != wanted.id) {
                        part.attributes.push(wanted);
                    }
                }
            }
        }
        Ok(parts)
    }
}
