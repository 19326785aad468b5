use std::collections::BTreeMap;

use meshopt::TangentOptions;

use crate::document::Topology;
use crate::json::Primitive;
use crate::references::opaque_extensions;
use crate::report::Step;
use crate::textures::{Role, slots, variant_materials};
use crate::{Accessor, Component, Document, Shape};

/// Removes tangents that readers compute themselves: glTF 2.0 §3.7.2.1 asks them to where there are none, by
/// `MikkTSpace`. They go where every corner's lies within `tolerance_deg` of that and none is mirrored otherwise; all
/// others stay. The step states the greatest angle of those that went.
///
/// Worth a tenth of the geometry: 3.7 of 29 KB on a bottle of 4510 triangles.
pub fn prune_tangents(document: &mut Document, tolerance_deg: f64) -> Step {
    let mut step = Step::new("pruneTangents");
    if !opaque_extensions(&document.root).is_empty() {
        return step;
    }
    for mesh in 0..document.root.meshes.len() {
        for index in 0..document.root.meshes[mesh].primitives.len() {
            let primitive = &document.root.meshes[mesh].primitives[index];
            let Some(angle_deg) = greatest_angle_deg(document, primitive) else {
                continue;
            };
            if angle_deg <= tolerance_deg {
                step.add("TANGENT", 1);
                step.measure("tangentErrorDeg", angle_deg);
                let primitive = &mut document.root.meshes[mesh].primitives[index];
                primitive.attributes.remove("TANGENT");
            }
        }
    }
    step
}

/// The vertex of each corner of a triangle, and its tangent.
type Corners = (Vec<u32>, Vec<[f32; 4]>);

/// Gives tangents to what has a normal map and none, by `MikkTSpace`, as glTF 2.0 §3.7.2.1 asks readers to: for programs
/// that do not. Vertices whose corners need different ones are split, so that files grow.
pub fn generate_tangents(document: &mut Document) -> Step {
    let mut step = Step::new("generateTangents");
    if !opaque_extensions(&document.root).is_empty() {
        return step;
    }
    for group in super::vertex_groups(document) {
        let first = &document.root.meshes[group[0].0].primitives[group[0].1];
        if first.attributes.contains_key("TANGENT") || !first.targets.is_empty() {
            continue;
        }
        let inputs: Option<Vec<Corners>> = group
            .iter()
            .map(|&(mesh, index)| {
                let primitive = &document.root.meshes[mesh].primitives[index];
                generated(document, primitive)
            })
            .collect();
        let Some(inputs) = inputs else { continue };
        let mut order = Vec::new();
        let mut tangents: Vec<f32> = Vec::new();
        let mut known: BTreeMap<(u32, [u32; 4]), u32> = BTreeMap::new();
        let lists: Vec<Vec<u32>> = inputs
            .iter()
            .map(|(triangles, corners)| {
                let split = triangles.iter().zip(corners).map(|(&vertex, tangent)| {
                    *known
                        .entry((vertex, tangent.map(f32::to_bits)))
                        .or_insert_with(|| {
                            order.push(vertex);
                            tangents.extend(tangent);
                            order.len() as u32 - 1
                        })
                });
                split.collect()
            })
            .collect();
        super::rebuild(document, &group, &order, &lists);
        let bytes = tangents
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        // Four floats a vertex are whole elements.
        let Some(accessor) = Accessor::new(Component::F32, Shape::Vec4, false, bytes) else {
            continue;
        };
        let accessor = document.push(accessor);
        for &(mesh, index) in &group {
            let primitive = &mut document.root.meshes[mesh].primitives[index];
            primitive.attributes.insert("TANGENT".to_owned(), accessor);
            step.add("TANGENT", 1);
        }
    }
    step
}

/// A primitive's corners and their tangents in glTF's sense; `None` where it needs none or has not what they follow from.
fn generated(document: &Document, primitive: &Primitive) -> Option<Corners> {
    if primitive.topology() != Topology::Triangles || !primitive.targets.is_empty() {
        return None;
    }
    let (triangles, tangents) = by_mikktspace(document, primitive)?;
    let tangents = tangents.into_iter().map(|[x, y, z, w]| {
        let length = (x * x + y * y + z * z).sqrt();
        if length > 0.0 && length.is_finite() {
            // Texture rows run downwards in glTF and upwards in MikkTSpace.
            [
                x / length,
                y / length,
                z / length,
                if w < 0.0 { 1.0 } else { -1.0 },
            ]
        } else {
            [1.0, 0.0, 0.0, 1.0]
        }
    });
    Some((triangles, tangents.collect()))
}

/// Between the tangents that are there and those of `MikkTSpace`; `None` where the two cannot be compared, or one is
/// mirrored against the other.
fn greatest_angle_deg(document: &Document, primitive: &Primitive) -> Option<f64> {
    let floats = |name, shape| floats(document, primitive, name, shape);
    if primitive.topology() != Topology::Triangles || !primitive.targets.is_empty() {
        return None;
    }
    let stored = floats("TANGENT", Shape::Vec4)?;
    let (triangles, generated) = by_mikktspace(document, primitive)?;
    let mut least_cosine: f64 = 1.0;
    for (&vertex, generated) in triangles.iter().zip(&generated) {
        let start = vertex as usize * 4;
        let stored = &stored[start..start + 4];
        // Texture rows run downwards in glTF and upwards in MikkTSpace: the sign is the other one.
        if stored[3] * generated[3] >= 0.0 {
            return None;
        }
        let dot: f64 = (0..3).map(|i| f64::from(stored[i] * generated[i])).sum();
        let length = |v: &[f32]| {
            v[..3]
                .iter()
                .map(|x| f64::from(*x).powi(2))
                .sum::<f64>()
                .sqrt()
        };
        let lengths = length(stored) * length(generated);
        if lengths <= 0.0 {
            return None;
        }
        least_cosine = least_cosine.min(dot / lengths);
    }
    Some(least_cosine.clamp(-1.0, 1.0).acos().to_degrees())
}

/// An attribute of finite floats.
fn floats(
    document: &Document,
    primitive: &Primitive,
    name: &str,
    shape: Shape,
) -> Option<Vec<f32>> {
    let accessor = &document.accessors[*primitive.attributes.get(name)?];
    let fits = accessor.shape() == shape && accessor.component() == Component::F32;
    let values = accessor.to_f32();
    (fits && values.iter().all(|value| value.is_finite())).then_some(values)
}

/// A primitive's corners and the tangent of each; `None` without normals, or coordinates that a normal map reads.
fn by_mikktspace(document: &Document, primitive: &Primitive) -> Option<Corners> {
    let floats = |name: &str, shape| floats(document, primitive, name, shape);
    let positions = floats("POSITION", Shape::Vec3)?;
    let normals = floats("NORMAL", Shape::Vec3)?;
    let set = normal_set(document, primitive)?;
    let coordinates = floats(&format!("TEXCOORD_{set}"), Shape::Vec2)?;
    let triangles = document.triangles(primitive);
    if triangles.is_empty() {
        return None;
    }
    let tangents = meshopt::generate_tangents(
        Some(&triangles),
        bytemuck::cast_slice(&positions),
        bytemuck::cast_slice(&normals),
        bytemuck::cast_slice(&coordinates),
        TangentOptions::Compatible,
    );
    Some((triangles, tangents))
}

/// The one set of coordinates that all normal maps of the primitive's materials read.
fn normal_set(document: &Document, primitive: &Primitive) -> Option<u32> {
    let mut sets = Vec::new();
    for material in variant_materials(primitive) {
        slots(&document.root.materials[material], &mut |slot| {
            if slot.role == Role::Normal {
                sets.push(slot.set);
            }
        });
    }
    sets.dedup();
    match sets[..] {
        [set] => Some(set),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::Mesh;

    /// A square in the plane z = 0, its texture upright, with tangents along `tangent`.
    fn square(tangent: [f32; 4]) -> Document {
        let mut document = Document::default();
        let mut primitive = Primitive {
            material: Some(0),
            ..Primitive::default()
        };
        let corners = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        let list = |width: usize, of: &dyn Fn([f32; 2]) -> Vec<f32>| {
            let values: Vec<f32> = corners.into_iter().flat_map(of).collect();
            let shape = [Shape::Vec2, Shape::Vec3, Shape::Vec4][width - 2];
            Accessor::from_f32(shape, &values)
        };
        for (name, accessor) in [
            ("POSITION", list(3, &|[x, y]| vec![x, y, 0.0])),
            ("NORMAL", list(3, &|_| vec![0.0, 0.0, 1.0])),
            ("TEXCOORD_0", list(2, &|[x, y]| vec![x, 1.0 - y])),
            ("TANGENT", list(4, &|_| tangent.to_vec())),
        ] {
            let accessor = document.push(accessor);
            primitive.attributes.insert(name.to_owned(), accessor);
        }
        primitive.indices = Some(document.push(Accessor::from_indices(&[0, 1, 2, 0, 2, 3])));
        document.root.meshes.push(Mesh {
            primitives: vec![primitive],
            ..Mesh::default()
        });
        let material = json!({ "normalTexture": { "index": 0 } });
        document
            .root
            .materials
            .push(serde_json::from_value(material).unwrap());
        document
    }

    fn goes(tangent: [f32; 4]) -> bool {
        let mut document = square(tangent);
        prune_tangents(&mut document, 1.0);
        let attributes = &document.root.meshes[0].primitives[0].attributes;
        !attributes.contains_key("TANGENT")
    }

    #[test]
    fn tangents_that_follow_from_the_rest_go_and_others_stay() {
        // Along +u, the bitangent along −v: towards +y, as glTF's upright textures have it.
        assert!(goes([1.0, 0.0, 0.0, 1.0]));
        assert!(goes([0.9999, 0.01, 0.0, 1.0]));
        assert!(!goes([0.99, 0.14, 0.0, 1.0]), "8° off");
        assert!(!goes([1.0, 0.0, 0.0, -1.0]), "mirrored");
        assert!(!goes([0.0, 0.0, 0.0, 1.0]), "no direction");
    }

    #[test]
    fn what_is_generated_follows_from_the_rest() {
        let mut document = square([0.0; 4]);
        let primitive = &mut document.root.meshes[0].primitives[0];
        primitive.attributes.remove("TANGENT");
        let step = generate_tangents(&mut document);
        assert_eq!(step.changes["TANGENT"], 1);
        let primitive = &document.root.meshes[0].primitives[0];
        let tangents = document.accessors[primitive.attributes["TANGENT"]].to_f32();
        for tangent in tangents.chunks_exact(4) {
            let near = |a: f32, b: f32| (a - b).abs() < 1e-3;
            assert!(
                near(tangent[0], 1.0) && near(tangent[3], 1.0),
                "{tangent:?}"
            );
        }
        assert_eq!(document.triangles(primitive).len(), 6);
        prune_tangents(&mut document, 0.1);
        let attributes = &document.root.meshes[0].primitives[0].attributes;
        assert!(
            !attributes.contains_key("TANGENT"),
            "they are the readers' own"
        );
    }

    #[test]
    fn without_a_normal_map_there_are_none() {
        let mut document = square([0.0; 4]);
        document.root.meshes[0].primitives[0]
            .attributes
            .remove("TANGENT");
        document.root.materials[0] = crate::json::Material::default();
        let before = document.clone();
        generate_tangents(&mut document);
        assert_eq!(document, before);
    }
}
