use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::Topology;
use crate::json::Primitive;
use crate::references::opaque_extensions;
use crate::report::Step;
use crate::{Accessor, Component, Document, Shape};

/// Makes one primitive of those in a mesh that look alike to a graphics card: triangles of one material in all variants,
/// with the same kinds of attributes. Each is a draw call less; which triangles there are, and their winding, stay.
///
/// Morphed primitives and those with extras of their own stay apart. Meshes are joined by [`super::flatten`]. Where an extension is present whose references this crate does not know, nothing changes.
pub fn join(document: &mut Document) -> Step {
    let mut step = Step::new("join");
    if !opaque_extensions(&document.root).is_empty() {
        return step;
    }
    for mesh in 0..document.root.meshes.len() {
        let primitives = std::mem::take(&mut document.root.meshes[mesh].primitives);
        let mut groups: Vec<(Option<Kind>, Vec<Primitive>)> = Vec::new();
        for primitive in primitives {
            let kind = Kind::of(document, &primitive);
            match groups
                .iter_mut()
                .find(|(other, _)| kind.is_some() && *other == kind)
            {
                Some((_, group)) => group.push(primitive),
                None => groups.push((kind, vec![primitive])),
            }
        }
        let mut joined = Vec::with_capacity(groups.len());
        for (_, group) in groups {
            step.add("primitives", group.len() - 1);
            joined.extend(join_group(document, group));
        }
        document.root.meshes[mesh].primitives = joined;
    }
    step
}

/// What must agree.
#[derive(PartialEq)]
pub(super) struct Kind {
    material: Option<usize>,
    attributes: Vec<(String, Component, Shape, bool)>,
    extensions: Value,
}

impl Kind {
    /// `None` where the primitive stays as it is.
    pub(super) fn of(document: &Document, primitive: &Primitive) -> Option<Self> {
        let plain = primitive.topology() == Topology::Triangles
            && primitive.targets.is_empty()
            && primitive.extra.is_empty();
        let accessors = || primitive.attributes.values().chain(&primitive.indices);
        let bare = accessors().all(|&accessor| {
            let accessor = &document.accessors[accessor];
            accessor.extensions.is_empty() && accessor.extra.is_empty() && accessor.count() > 0
        });
        if !plain || !bare || primitive.attributes.is_empty() {
            return None;
        }
        let attributes = primitive.attributes.iter().map(|(name, &accessor)| {
            let accessor = &document.accessors[accessor];
            (
                name.clone(),
                accessor.component(),
                accessor.shape(),
                accessor.normalized(),
            )
        });
        Some(Self {
            material: primitive.material,
            attributes: attributes.collect(),
            extensions: Value::Object(primitive.extensions.clone()),
        })
    }
}

fn join_group(document: &mut Document, mut group: Vec<Primitive>) -> Option<Primitive> {
    if group.len() < 2 {
        return group.pop();
    }
    // Primitives that share all their vertices share them still.
    let mut bases: BTreeMap<Vec<usize>, u32> = BTreeMap::new();
    let mut sources: Vec<usize> = Vec::new();
    let mut vertices = 0u32;
    let mut indices = Vec::new();
    for (at, primitive) in group.iter().enumerate() {
        let key: Vec<usize> = primitive.attributes.values().copied().collect();
        let base = *bases.entry(key).or_insert_with(|| {
            let base = vertices;
            vertices += document.vertex_count(primitive) as u32;
            sources.push(at);
            base
        });
        let triangles = document.triangles(primitive);
        indices.extend(triangles.iter().map(|index| index + base));
    }
    let mut joined = group[0].clone();
    for (name, accessor) in &mut joined.attributes {
        let parts: Vec<usize> = sources
            .iter()
            .map(|&at| group[at].attributes[name])
            .collect();
        let first = &document.accessors[parts[0]];
        let bytes = parts
            .iter()
            .flat_map(|&part| document.accessors[part].bytes())
            .copied()
            .collect();
        let contents = Accessor::new(first.component(), first.shape(), first.normalized(), bytes)
            .expect("whole elements of one kind");
        let contents = first.replaced_by(contents);
        *accessor = document.push(contents);
    }
    joined.indices = Some(document.push(Accessor::from_indices(&indices)));
    Some(joined)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::{Mesh, Node};

    /// A mesh of four triangles side by side: of materials 0, 1, 0 and 0, the last one with extras.
    fn four() -> Document {
        let mut document = Document::default();
        let mut primitives = Vec::new();
        for (at, material) in [0, 1, 0, 0].into_iter().enumerate() {
            let x = at as f32;
            let positions = [x, 0.0, 0.0, x + 1.0, 0.0, 0.0, x, 1.0, 0.0];
            let accessor = document.push(Accessor::from_f32(Shape::Vec3, &positions));
            let mut primitive = Primitive {
                material: Some(material),
                attributes: [("POSITION".to_owned(), accessor)].into_iter().collect(),
                ..Primitive::default()
            };
            if at == 3 {
                primitive
                    .extra
                    .insert("extras".to_owned(), json!({ "part": "lid" }));
            }
            primitives.push(primitive);
        }
        document.root.meshes.push(Mesh {
            primitives,
            ..Mesh::default()
        });
        document.root.nodes.push(Node {
            mesh: Some(0),
            ..Node::default()
        });
        document.root.materials = vec![crate::json::Material::default(); 2];
        document
    }

    #[test]
    fn equal_kinds_become_one_and_extras_stay_apart() {
        let mut document = four();
        let before = document.stats();
        let step = join(&mut document);
        assert_eq!(step.changes["primitives"], 1);
        let after = document.stats();
        assert_eq!(
            (before.triangles, before.bounds),
            (after.triangles, after.bounds)
        );
        assert_eq!(after.draw_calls, 3);
        let primitives = &document.root.meshes[0].primitives;
        assert_eq!(document.triangles(&primitives[0]), [0, 1, 2, 3, 4, 5]);
        let positions = document.accessors[primitives[0].attributes["POSITION"]].to_f32();
        assert_eq!(positions[9..12], [2.0, 0.0, 0.0]);
        assert_eq!(primitives[2].extra["extras"]["part"], "lid");
    }

    #[test]
    fn shared_vertices_are_not_copied() {
        let mut document = four();
        let shared = document.root.meshes[0].primitives[0].attributes.clone();
        document.root.meshes[0].primitives[2].attributes = shared;
        join(&mut document);
        let joined = &document.root.meshes[0].primitives[0];
        assert_eq!(document.vertex_count(joined), 3);
        assert_eq!(document.triangles(joined), [0, 1, 2, 0, 1, 2]);
    }
}
