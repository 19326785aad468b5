use std::collections::BTreeSet;

use crate::Document;
use crate::json::{Material, Primitive};
use crate::references::opaque_extensions;
use crate::report::Step;
use crate::textures::{Role, Slot, slots, variant_materials};

/// Removes vertex attributes that no picture depends on.
///
/// - Texture coordinates that none of the primitive's materials reads, in any variant. Sets are numbered without gaps,
///   so only the last ones go.
/// - Tangents where no material has a normal map or is anisotropic.
/// - Colours that are white throughout: they multiply by one.
/// - Joints and weights of meshes that no skinned node shows.
///
/// Attributes of an application (`_NAME`) stay. Where an extension is present whose references this crate does not know,
/// nothing is removed.
pub fn prune_attributes(document: &mut Document) -> Step {
    let mut step = Step::new("pruneAttributes");
    if !opaque_extensions(&document.root).is_empty() {
        return step;
    }
    let skinned: BTreeSet<usize> = document
        .root
        .nodes
        .iter()
        .filter(|node| node.skin.is_some())
        .filter_map(|node| node.mesh)
        .collect();
    let needs: Vec<Needs> = document.root.materials.iter().map(Needs::of).collect();
    let mut meshes = std::mem::take(&mut document.root.meshes);
    for (index, mesh) in meshes.iter_mut().enumerate() {
        for primitive in &mut mesh.primitives {
            let needs = variant_materials(primitive)
                .into_iter()
                .fold(Needs::default(), |all, material| all.and(&needs[material]));
            let mut removed = idle_texcoords(primitive, &needs);
            if !needs.tangents {
                removed.push("TANGENT".to_owned());
            }
            if primitive
                .attributes
                .get("COLOR_0")
                .is_some_and(|&color| is_white(document, color))
                && primitive.targets.iter().all(|t| !t.contains_key("COLOR_0"))
            {
                removed.push("COLOR_0".to_owned());
            }
            if !skinned.contains(&index) {
                removed.extend(
                    primitive
                        .attributes
                        .keys()
                        .filter(|name| name.starts_with("JOINTS_") || name.starts_with("WEIGHTS_"))
                        .cloned(),
                );
            }
            for name in removed {
                if primitive.attributes.remove(&name).is_some() {
                    step.add(&name, 1);
                }
                for target in &mut primitive.targets {
                    target.remove(&name);
                }
            }
        }
    }
    document.root.meshes = meshes;
    step
}

/// What a material reads of a vertex.
#[derive(Clone, Default)]
struct Needs {
    texcoords: BTreeSet<u32>,
    tangents: bool,
}

impl Needs {
    fn of(material: &Material) -> Self {
        let mut needs = Self {
            tangents: material.extensions.contains_key("KHR_materials_anisotropy"),
            ..Self::default()
        };
        slots(material, &mut |slot: &Slot<'_>| {
            needs.texcoords.insert(slot.set);
            needs.tangents |= slot.role == Role::Normal;
        });
        needs
    }

    fn and(mut self, other: &Self) -> Self {
        self.texcoords.extend(&other.texcoords);
        self.tangents |= other.tangents;
        self
    }
}

/// The sets after the last one that is read.
fn idle_texcoords(primitive: &Primitive, needs: &Needs) -> Vec<String> {
    let first_idle = needs.texcoords.last().map_or(0, |last| last + 1);
    primitive
        .attributes
        .keys()
        .filter(|name| {
            name.strip_prefix("TEXCOORD_")
                .and_then(|set| set.parse().ok())
                .is_some_and(|set: u32| set >= first_idle)
        })
        .cloned()
        .collect()
}

fn is_white(document: &Document, color: usize) -> bool {
    document.accessors[color]
        .to_f32()
        .iter()
        .all(|value| (value - 1.0).abs() < 1e-6)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::{Mesh, Node};
    use crate::{Accessor, Shape};

    /// One primitive with two sets of coordinates, tangents, colours and joints; `material` is the JSON of its material.
    fn document(material: serde_json::Value, color: f32) -> Document {
        let mut document = Document::default();
        let mut primitive = Primitive {
            material: Some(0),
            ..Primitive::default()
        };
        for (name, shape, value) in [
            ("POSITION", Shape::Vec3, 0.5),
            ("TANGENT", Shape::Vec4, 1.0),
            ("TEXCOORD_0", Shape::Vec2, 0.5),
            ("TEXCOORD_1", Shape::Vec2, 0.25),
            ("COLOR_0", Shape::Vec4, color),
            ("JOINTS_0", Shape::Vec4, 0.0),
            ("_WEAR", Shape::Scalar, 0.1),
        ] {
            let values = vec![value; 3 * shape.components()];
            let accessor = document.push(Accessor::from_f32(shape, &values));
            primitive.attributes.insert(name.to_owned(), accessor);
        }
        document.root.meshes.push(Mesh {
            primitives: vec![primitive],
            ..Mesh::default()
        });
        document.root.nodes.push(Node {
            mesh: Some(0),
            ..Node::default()
        });
        document
            .root
            .materials
            .push(serde_json::from_value(material).unwrap());
        document
    }

    fn left(document: &mut Document) -> Vec<String> {
        prune_attributes(document);
        let primitive = &document.root.meshes[0].primitives[0];
        primitive.attributes.keys().cloned().collect()
    }

    #[test]
    fn without_textures_only_the_shape_stays() {
        let mut plain = document(json!({}), 1.0);
        assert_eq!(left(&mut plain), ["POSITION", "_WEAR"]);
    }

    #[test]
    fn what_a_material_reads_stays() {
        let normal = json!({ "normalTexture": { "index": 0, "texCoord": 1 } });
        let mut mapped = document(normal, 0.9);
        assert_eq!(
            left(&mut mapped),
            [
                "COLOR_0",
                "POSITION",
                "TANGENT",
                "TEXCOORD_0",
                "TEXCOORD_1",
                "_WEAR"
            ]
        );
    }

    #[test]
    fn the_set_that_a_transform_names_counts() {
        let transformed = json!({ "emissiveTexture": {
            "index": 0, "texCoord": 1, "extensions": { "KHR_texture_transform": { "texCoord": 0 } }
        } });
        let mut document = document(transformed, 1.0);
        assert_eq!(left(&mut document), ["POSITION", "TEXCOORD_0", "_WEAR"]);
    }

    #[test]
    fn a_variant_s_material_counts() {
        let mut document = document(json!({}), 1.0);
        let textured = json!({ "pbrMetallicRoughness": { "baseColorTexture": { "index": 0 } } });
        let materials = &mut document.root.materials;
        materials.push(serde_json::from_value(textured).unwrap());
        document.root.meshes[0].primitives[0].extensions.insert(
            "KHR_materials_variants".to_owned(),
            json!({ "mappings": [{ "material": 1, "variants": [0] }] }),
        );
        assert_eq!(left(&mut document), ["POSITION", "TEXCOORD_0", "_WEAR"]);
    }
}
