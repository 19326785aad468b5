//! Corners into surfaces, surfaces into a document.

use std::collections::HashMap;

use serde_json::json;

use super::Budget;
use crate::json::{Attributes, Image, Material, Mesh, Node, Primitive, Scene, Texture};
use crate::{Accessor, Component, Document, GltfError, ImageData, Shape};

/// What a new vertex costs: itself, its number and its entry in the table of those that are known.
const VERTEX_BYTES: u64 = 128;
/// What a corner costs.
const CORNER_BYTES: u64 = 4;

/// One corner of a triangle, in metres and +Y up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Corner {
    pub position: [f32; 3],
    /// Unit length.
    pub normal: [f32; 3],
    /// From the picture's top left.
    pub uv: [f32; 2],
    /// Linear, 16 bits a channel.
    pub color: [u16; 4],
}

impl Corner {
    /// The corner as numbers that are equal where it is the same.
    fn key(&self) -> [u32; 10] {
        let [px, py, pz] = self.position.map(|value| (value + 0.0).to_bits());
        let [nx, ny, nz] = self.normal.map(|value| (value + 0.0).to_bits());
        let [u, v] = self.uv.map(f32::to_bits);
        let [r, g, b, a] = self.color.map(u32::from);
        [px, py, pz, nx, ny, nz, u, v, r << 16 | g, b << 16 | a]
    }
}

/// Triangles with one material.
#[derive(Default)]
pub(super) struct Surface {
    vertices: Vec<Corner>,
    indices: Vec<u32>,
    known: HashMap<[u32; 10], u32>,
    pub has_uv: bool,
    pub has_color: bool,
    pub material: Option<usize>,
}

impl Surface {
    /// Adds a corner; three make a triangle. Corners that are the same in everything become one vertex.
    pub fn push(&mut self, corner: Corner, budget: &mut Budget<'_>) -> Result<(), GltfError> {
        budget.take(CORNER_BYTES)?;
        let next = self.vertices.len() as u32;
        let index = *self.known.entry(corner.key()).or_insert(next);
        if index == next {
            budget.take(VERTEX_BYTES)?;
            self.vertices.push(corner);
        }
        self.indices.push(index);
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    fn primitive(self, document: &mut Document) -> Primitive {
        let floats = |shape, values: Vec<f32>| {
            let bytes = values.iter().flat_map(|value| value.to_le_bytes());
            Accessor::new(Component::F32, shape, false, bytes.collect())
        };
        let vertices = &self.vertices;
        let columns = [
            (
                "POSITION",
                floats(
                    Shape::Vec3,
                    vertices.iter().flat_map(|v| v.position).collect(),
                ),
            ),
            (
                "NORMAL",
                floats(
                    Shape::Vec3,
                    vertices.iter().flat_map(|v| v.normal).collect(),
                ),
            ),
            (
                "TEXCOORD_0",
                self.has_uv
                    .then(|| floats(Shape::Vec2, vertices.iter().flat_map(|v| v.uv).collect()))
                    .flatten(),
            ),
            (
                "COLOR_0",
                self.has_color
                    .then(|| {
                        let bytes = vertices
                            .iter()
                            .flat_map(|v| v.color)
                            .flat_map(u16::to_le_bytes);
                        Accessor::new(Component::U16, Shape::Vec4, true, bytes.collect())
                    })
                    .flatten(),
            ),
        ];
        let mut attributes = Attributes::new();
        for (name, accessor) in columns {
            if let Some(accessor) = accessor {
                attributes.insert(name.to_owned(), document.push(accessor));
            }
        }
        Primitive {
            attributes,
            indices: Some(document.push(Accessor::from_indices(&self.indices))),
            material: self.material,
            ..Primitive::default()
        }
    }
}

/// Adds an object of the file: a mesh of the surfaces that are not empty, and its node.
pub(super) fn add_object(document: &mut Document, name: Option<String>, surfaces: Vec<Surface>) {
    let primitives: Vec<_> = surfaces
        .into_iter()
        .filter(|surface| !surface.is_empty())
        .map(|surface| surface.primitive(document))
        .collect();
    if primitives.is_empty() {
        return;
    }
    let root = &mut document.root;
    root.nodes.push(Node {
        name: name.clone(),
        mesh: Some(root.meshes.len()),
        ..Node::default()
    });
    root.meshes.push(Mesh {
        name,
        primitives,
        ..Mesh::default()
    });
}

/// Adds a picture and a texture of it; gives the texture's index.
pub(super) fn add_texture(
    document: &mut Document,
    name: &str,
    bytes: Vec<u8>,
    clamped: bool,
) -> usize {
    let root = &mut document.root;
    let source = Some(root.images.len());
    root.images.push(Image {
        name: Some(name.to_owned()),
        mime_type: crate::textures::media_type(&bytes).map(str::to_owned),
        ..Image::default()
    });
    document.images.push(ImageData { bytes });
    // Repeated, as all three formats take coordinates outside 0…1, or held at the edge.
    let wrap = if clamped { 33071 } else { 10497 };
    let sampler = json!({ "magFilter": 9729, "minFilter": 9987, "wrapS": wrap, "wrapT": wrap });
    let sampler = sampler.as_object().cloned().unwrap_or_default();
    let known = root.samplers.iter().position(|known| *known == sampler);
    let sampler = known.unwrap_or_else(|| {
        root.samplers.push(sampler);
        root.samplers.len() - 1
    });
    root.textures.push(Texture {
        source,
        sampler: Some(sampler),
        ..Texture::default()
    });
    root.textures.len() - 1
}

/// A material for files that say nothing of theirs: no metal, rather rough, seen from both sides.
pub(super) fn plain_material(base_color: [f32; 4]) -> Material {
    let mut material = Material {
        double_sided: true,
        ..Material::default()
    };
    let pbr = &mut material.pbr_metallic_roughness;
    pbr.base_color_factor = Some(base_color);
    pbr.metallic_factor = Some(0.0);
    pbr.roughness_factor = Some(0.7);
    material
}

/// Ends a document: version, one scene of all nodes.
pub(super) fn finish(
    mut document: Document,
    door: &'static str,
    source_bytes: u64,
) -> Result<Document, GltfError> {
    if document.root.meshes.is_empty() {
        return Err(GltfError::invalid(
            door,
            "không có mặt nào; nếu đây là đám mây điểm, hãy dựng lưới trước (ví dụ bằng MeshLab)",
            "it has no faces; where it is a cloud of points, make a mesh of it first (with MeshLab, for example)",
        ));
    }
    let root = &mut document.root;
    "2.0".clone_into(&mut root.asset.version);
    root.asset.generator = Some(format!("xoay {}", env!("CARGO_PKG_VERSION")));
    root.scene = Some(0);
    root.scenes = vec![Scene {
        nodes: (0..root.nodes.len()).collect(),
        ..Scene::default()
    }];
    document.source_bytes = source_bytes;
    crate::check::check(&mut document)?;
    Ok(document)
}

/// An sRGB channel, 0 to 1, as linear light in 16 bits.
pub(super) fn linear_u16(srgb: f64) -> u16 {
    let value = if srgb.is_finite() {
        srgb.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let linear = if value <= 0.04045 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    };
    (linear * 65535.0).round() as u16
}

/// White, opaque.
pub(super) const WHITE: [u16; 4] = [u16::MAX; 4];
