use std::collections::BTreeMap;

use super::join::Kind;
use crate::json::{Mesh, Node, Primitive};
use crate::references::opaque_extensions;
use crate::report::Step;
use crate::scene::{IDENTITY, Matrix, multiply, transform_point};
use crate::textures::variant_materials;
use crate::{Accessor, Component, Document, Shape};

/// Gathers meshes that never move and share a kind of primitive into one mesh at the scene's root, their vertices in the
/// scene's space, so that [`super::join`] makes one draw call of what were many. Programs for construction write a node
/// and a mesh for every screw.
///
/// A mesh stays where an animation, a joint or a skin may move it, where it stands at several places, morphs, is seen
/// through (what lies behind must be drawn before), shares vertices with another mesh, or carries extras or extensions
/// of its own. Meshes that share nothing stay too. The step counts the `names` that go with merged nodes and meshes.
/// Where an extension is present whose references this crate does not know, nothing changes.
pub fn flatten(document: &mut Document) -> Step {
    let mut step = Step::new("flatten");
    if !opaque_extensions(&document.root).is_empty() {
        return step;
    }
    let fixed = Fixed::of(document);
    for scene in 0..document.root.scenes.len() {
        let still = fixed.candidates(document, scene);
        let merged = sharing(still);
        if merged.len() < 2 {
            continue;
        }
        step.add("meshes", merged.len() - 1);
        let names = merged.iter().flat_map(|candidate| {
            let mesh = &document.root.meshes[candidate.mesh];
            [&document.root.nodes[candidate.node].name, &mesh.name]
        });
        step.add("names", names.flatten().count());
        let mut primitives = Vec::new();
        for candidate in &merged {
            primitives.extend(baked(document, candidate));
            document.root.nodes[candidate.node].mesh = None;
        }
        document.root.meshes.push(Mesh {
            primitives,
            ..Mesh::default()
        });
        document.root.nodes.push(Node {
            mesh: Some(document.root.meshes.len() - 1),
            ..Node::default()
        });
        let root = document.root.nodes.len() - 1;
        document.root.scenes[scene].nodes.push(root);
        for candidate in &merged {
            step.add("nodes", remove_empty(document, &fixed, candidate.node));
        }
    }
    step
}

/// A mesh that may be merged with others of its scene.
struct Candidate {
    node: usize,
    mesh: usize,
    world_from_mesh: Matrix,
    kinds: Vec<Kind>,
}

/// What must stay where it is.
struct Fixed {
    /// Nodes that an animation moves, or that skins are made of.
    nodes: Vec<bool>,
    /// How many nodes show each mesh.
    places: Vec<usize>,
    /// How many meshes use each accessor.
    users: Vec<usize>,
    /// How many scenes show each node as a root.
    scenes: Vec<usize>,
}

impl Fixed {
    fn of(document: &Document) -> Self {
        let root = &document.root;
        let mut fixed = Self {
            nodes: vec![false; root.nodes.len()],
            places: vec![0; root.meshes.len()],
            users: vec![0; document.accessors.len()],
            scenes: vec![0; root.nodes.len()],
        };
        let targets = root.animations.iter().flat_map(|a| &a.channels);
        let joints = root.skins.iter();
        let joints = joints.flat_map(|skin| skin.joints.iter().chain(&skin.skeleton));
        for &node in targets.filter_map(|c| c.target.node.as_ref()).chain(joints) {
            fixed.nodes[node] = true;
        }
        for mesh in root.nodes.iter().filter_map(|node| node.mesh) {
            fixed.places[mesh] += 1;
        }
        for &node in root.scenes.iter().flat_map(|scene| &scene.nodes) {
            fixed.scenes[node] += 1;
        }
        for mesh in &root.meshes {
            let primitives = mesh.primitives.iter();
            let mut used: Vec<usize> = primitives.flat_map(Primitive::vertex_accessors).collect();
            used.sort_unstable();
            used.dedup();
            for accessor in used {
                fixed.users[accessor] += 1;
            }
        }
        fixed
    }

    /// The meshes of a scene that never move, in the order of its nodes.
    fn candidates(&self, document: &Document, scene: usize) -> Vec<Candidate> {
        let roots = document.root.scenes[scene].nodes.iter().rev();
        let roots = roots.filter(|&&node| self.scenes[node] == 1);
        let mut stack: Vec<(usize, Matrix)> = roots.map(|&node| (node, IDENTITY)).collect();
        let mut found = Vec::new();
        while let Some((index, world_from_parent)) = stack.pop() {
            // Only nodes of the file: those that other scenes got have nothing below them.
            let (node, fixed) = (&document.root.nodes[index], self.nodes.get(index));
            // An extension, such as one that hides it, holds for all that is below.
            if fixed != Some(&false) || !node.extensions.is_empty() {
                continue;
            }
            let world = multiply(&world_from_parent, &node.parent_from_node());
            let children = node.children.iter().rev();
            stack.extend(children.map(|&child| (child, world)));
            found.extend(self.candidate(document, index, world));
        }
        found
    }

    fn candidate(&self, document: &Document, index: usize, world: Matrix) -> Option<Candidate> {
        let node = &document.root.nodes[index];
        let mesh_index = node.mesh?;
        let plain = node.skin.is_none()
            && node.camera.is_none()
            && node.weights.is_empty()
            && node.extra.is_empty();
        let mesh = &document.root.meshes[mesh_index];
        let bare = mesh.weights.is_empty() && mesh.extensions.is_empty() && mesh.extra.is_empty();
        let alone = self.places[mesh_index] == 1
            && mesh
                .primitives
                .iter()
                .flat_map(Primitive::vertex_accessors)
                .all(|accessor| self.users[accessor] == 1);
        if !plain || !bare || !alone || determinant(&world).abs() < f64::MIN_POSITIVE {
            return None;
        }
        let kinds: Option<Vec<Kind>> = mesh
            .primitives
            .iter()
            .map(|primitive| {
                let bakes = world == IDENTITY || has_floats(document, primitive);
                (bakes && is_solid(document, primitive))
                    .then(|| Kind::of(document, primitive))
                    .flatten()
            })
            .collect();
        Some(Candidate {
            node: index,
            mesh: mesh_index,
            world_from_mesh: world,
            kinds: kinds?,
        })
    }
}

/// Those that have a kind of primitive in common with another.
fn sharing(candidates: Vec<Candidate>) -> Vec<Candidate> {
    let mut seen: Vec<(&Kind, usize)> = Vec::new();
    for candidate in &candidates {
        let mut own: Vec<&Kind> = Vec::new();
        for kind in &candidate.kinds {
            if !own.contains(&kind) {
                own.push(kind);
                match seen.iter_mut().find(|(known, _)| *known == kind) {
                    Some((_, count)) => *count += 1,
                    None => seen.push((kind, 1)),
                }
            }
        }
    }
    let shares = |kind: &Kind| seen.iter().any(|&(known, n)| known == kind && n > 1);
    let keep: Vec<bool> = candidates
        .iter()
        .map(|candidate| candidate.kinds.iter().any(shares))
        .collect();
    let mut keep = keep.into_iter();
    candidates
        .into_iter()
        .filter(|_| keep.next() == Some(true))
        .collect()
}

/// Whether what turns with a mesh is stored as floats.
fn has_floats(document: &Document, primitive: &Primitive) -> bool {
    [
        ("POSITION", Shape::Vec3),
        ("NORMAL", Shape::Vec3),
        ("TANGENT", Shape::Vec4),
    ]
    .into_iter()
    .all(|(name, shape)| {
        primitive.attributes.get(name).is_none_or(|&accessor| {
            let accessor = &document.accessors[accessor];
            accessor.component() == Component::F32 && accessor.shape() == shape
        })
    })
}

/// Whether nothing shows through it in any variant.
fn is_solid(document: &Document, primitive: &Primitive) -> bool {
    variant_materials(primitive).into_iter().all(|material| {
        let material = &document.root.materials[material];
        let clear = [
            "KHR_materials_transmission",
            "KHR_materials_diffuse_transmission",
        ];
        material.alpha_mode.as_deref() != Some("BLEND")
            && !clear
                .iter()
                .any(|name| material.extensions.contains_key(*name))
    })
}

/// The mesh's primitives with their vertices in the scene's space.
fn baked(document: &mut Document, candidate: &Candidate) -> Vec<Primitive> {
    let world = &candidate.world_from_mesh;
    let mut primitives = document.root.meshes[candidate.mesh].primitives.clone();
    if *world == IDENTITY {
        return primitives;
    }
    let mut placed: BTreeMap<usize, usize> = BTreeMap::new();
    for primitive in &mut primitives {
        for (name, accessor) in &mut primitive.attributes {
            let source = *accessor;
            let Some(place) = placing(name, world) else {
                continue;
            };
            *accessor = *placed.entry(source).or_insert_with(|| {
                let old = &document.accessors[source];
                let width = old.shape().components();
                let mut values = old.to_f32();
                values.chunks_exact_mut(width).for_each(&place);
                let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
                let contents = Accessor::new(Component::F32, old.shape(), false, bytes)
                    .expect("as many floats as before");
                let contents = old.replaced_by(contents);
                document.push(contents)
            });
        }
        if determinant(world) < 0.0 {
            // Mirrored: what was counter-clockwise would be seen from behind.
            let mut order = document.triangles(primitive);
            order.chunks_exact_mut(3).for_each(|t| t.swap(1, 2));
            primitive.indices = Some(document.push(Accessor::from_indices(&order)));
        }
    }
    primitives
}

/// Changes one element.
type Place = Box<dyn Fn(&mut [f32])>;

/// What brings an attribute's elements into the scene's space; `None` where they do not turn.
fn placing(name: &str, world: &Matrix) -> Option<Place> {
    let m = *world;
    let sign = determinant(&m).signum();
    let place: Place = match name {
        "POSITION" => Box::new(move |p| {
            let moved = transform_point(&m, [0, 1, 2].map(|k| f64::from(p[k])));
            (0..3).for_each(|k| p[k] = moved[k] as f32);
        }),
        "NORMAL" => {
            let cofactors = cofactors(&m);
            Box::new(move |n| turn(n, |v| apply(&cofactors, v).map(|x| x * sign)))
        }
        "TANGENT" => {
            let columns = [0, 1, 2].map(|c| [m[c][0], m[c][1], m[c][2]]);
            Box::new(move |t| {
                turn(t, |v| apply(&columns, v));
                t[3] *= sign as f32;
            })
        }
        _ => return None,
    };
    Some(place)
}

/// Turns the first three numbers and keeps their length; what has no direction stays.
fn turn(v: &mut [f32], by: impl Fn([f64; 3]) -> [f64; 3]) {
    let length = |v: [f64; 3]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
    let before = [0, 1, 2].map(|k| f64::from(v[k]));
    let after = by(before);
    let scale = length(before) / length(after);
    if scale.is_finite() {
        (0..3).for_each(|k| v[k] = (after[k] * scale) as f32);
    }
}

fn apply(columns: &[[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|row| (0..3).map(|c| columns[c][row] * v[c]).sum())
}

/// The cofactors of the linear part by columns: its determinant times the inverse's transpose.
fn cofactors(m: &Matrix) -> [[f64; 3]; 3] {
    let cross = |a: &[f64; 4], b: &[f64; 4]| {
        [
            a[1] * b[2] - a[2] * b[1],
            a[2] * b[0] - a[0] * b[2],
            a[0] * b[1] - a[1] * b[0],
        ]
    };
    [
        cross(&m[1], &m[2]),
        cross(&m[2], &m[0]),
        cross(&m[0], &m[1]),
    ]
}

fn determinant(m: &Matrix) -> f64 {
    let [first, ..] = cofactors(m);
    (0..3).map(|row| m[0][row] * first[row]).sum()
}

/// Takes out a node that holds nothing any more, then the ones above it; how many.
fn remove_empty(document: &mut Document, fixed: &Fixed, node: usize) -> usize {
    let mut at = node;
    for removed in 0.. {
        let nodes = &mut document.root.nodes;
        let empty = Node {
            name: nodes[at].name.clone(),
            matrix: nodes[at].matrix,
            translation: nodes[at].translation,
            rotation: nodes[at].rotation,
            scale: nodes[at].scale,
            ..Node::default()
        };
        if nodes[at] != empty || fixed.nodes[at] {
            return removed;
        }
        let above = nodes.iter().position(|n| n.children.contains(&at));
        let Some(above) = above else {
            for scene in &mut document.root.scenes {
                scene.nodes.retain(|&root| root != at);
            }
            return removed + 1;
        };
        nodes[above].children.retain(|&child| child != at);
        at = above;
    }
    0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{join, prune};
    use super::*;

    /// Nodes that each show a triangle of their own that faces +z, `materials` one for each; the second is a child of
    /// the first and mirrored, the others stand beside them.
    fn parts(materials: &[usize]) -> Document {
        let mut document = Document::default();
        for (at, &material) in materials.iter().enumerate() {
            let positions = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
            let attributes = [
                ("POSITION", Shape::Vec3, positions.to_vec()),
                ("NORMAL", Shape::Vec3, [0.0, 0.0, 1.0].repeat(3)),
                ("TANGENT", Shape::Vec4, [1.0, 0.0, 0.0, 1.0].repeat(3)),
            ];
            let mut primitive = Primitive {
                material: Some(material),
                ..Primitive::default()
            };
            for (name, shape, values) in attributes {
                let accessor = document.push(Accessor::from_f32(shape, &values));
                primitive.attributes.insert(name.to_owned(), accessor);
            }
            document.root.meshes.push(Mesh {
                name: Some(format!("mesh {at}")),
                primitives: vec![primitive],
                ..Mesh::default()
            });
            document.root.nodes.push(Node {
                name: Some(format!("part {at}")),
                mesh: Some(at),
                translation: Some([at as f32 * 2.0, 0.0, 0.0]),
                rotation: Some([0.0, 0.0, 0.6, 0.8]),
                scale: Some(if at == 1 { [-2.0, 1.0, 3.0] } else { [1.0; 3] }),
                ..Node::default()
            });
        }
        document.root.nodes[0].children = vec![1];
        document.root.materials = vec![crate::json::Material::default(); 3];
        let roots = (0..materials.len()).filter(|&node| node != 1).collect();
        document.root.scenes.push(crate::json::Scene {
            nodes: roots,
            ..crate::json::Scene::default()
        });
        document
    }

    fn whole(document: &mut Document) -> Step {
        let step = flatten(document);
        join(document);
        prune(document);
        step
    }

    /// Each triangle's corners in the scene, its normal by its winding and by the file, its tangent; in some order.
    fn drawn(document: &Document) -> Vec<[i64; 24]> {
        let mut drawn = Vec::new();
        for instance in document.instances() {
            for primitive in &document.root.meshes[instance.mesh].primitives {
                let m = &instance.world_from_mesh;
                let read = |name: &str| document.accessors[primitive.attributes[name]].to_f32();
                let (places, normals, tangents) =
                    (read("POSITION"), read("NORMAL"), read("TANGENT"));
                for triangle in document.triangles(primitive).chunks_exact(3) {
                    let corners = [0, 1, 2].map(|k| {
                        let at = triangle[k] as usize * 3;
                        transform_point(m, [0, 1, 2].map(|a| f64::from(places[at + a])))
                    });
                    let mirrored = determinant(m) < 0.0;
                    let edge = |k: usize| [0, 1, 2].map(|a| corners[k][a] - corners[0][a]);
                    let (a, b) = if mirrored {
                        (edge(2), edge(1))
                    } else {
                        (edge(1), edge(2))
                    };
                    let face = [
                        a[1] * b[2] - a[2] * b[1],
                        a[2] * b[0] - a[0] * b[2],
                        a[0] * b[1] - a[1] * b[0],
                    ];
                    let first = triangle[0] as usize;
                    let mut normal = [0, 1, 2].map(|k| normals[first * 3 + k]);
                    placing("NORMAL", m).unwrap()(&mut normal);
                    let mut tangent = [0, 1, 2, 3].map(|k| tangents[first * 4 + k]);
                    placing("TANGENT", m).unwrap()(&mut tangent);
                    let mut corners = corners;
                    corners.sort_by(|a, b| a.partial_cmp(b).unwrap());
                    let numbers = corners.concat().into_iter().chain(face);
                    let numbers = numbers.chain(normal.map(f64::from));
                    let numbers = numbers.chain(tangent.map(f64::from));
                    let mut rounded = [0; 24];
                    for (out, x) in rounded.iter_mut().zip(numbers) {
                        *out = (x * 1e4).round() as i64;
                    }
                    drawn.push(rounded);
                }
            }
        }
        drawn.sort_unstable();
        drawn
    }

    #[test]
    fn what_never_moves_becomes_one_and_looks_the_same() {
        let mut document = parts(&[0, 0, 0, 1]);
        let before = drawn(&document);
        let step = whole(&mut document);
        assert_eq!(drawn(&document), before);
        assert_eq!(step.changes["meshes"], 2);
        assert_eq!(step.changes["names"], 6);
        assert_eq!(step.changes["nodes"], 3);
        assert_eq!(document.stats().draw_calls, 2);
        // What has nothing in common with another keeps its node and name.
        let names: Vec<_> = document
            .root
            .nodes
            .iter()
            .filter_map(|n| n.name.as_deref())
            .collect();
        assert_eq!(names, ["part 3"]);
    }

    #[test]
    fn what_may_move_or_is_seen_through_stays() {
        let stays = |change: &dyn Fn(&mut Document)| {
            let mut document = parts(&[0, 1, 0]);
            change(&mut document);
            let before = document.clone();
            let step = flatten(&mut document);
            step.changes.values().all(|&count| count == 0) && document == before
        };
        assert!(!stays(&|_| {}));
        assert!(stays(&|document| {
            let channel = json!({ "sampler": 0, "target": { "node": 2, "path": "rotation" } });
            let animation = json!({ "channels": [channel], "samplers": [{}] });
            document
                .root
                .animations
                .push(serde_json::from_value(animation).unwrap());
        }));
        assert!(
            stays(&|document| document.root.nodes[1].mesh = Some(0)),
            "stands twice"
        );
        assert!(stays(&|document| {
            document.root.materials[0].alpha_mode = Some("BLEND".to_owned());
        }));
        assert!(stays(&|document| {
            document.root.nodes[2]
                .extra
                .insert("extras".to_owned(), json!({ "id": 7 }));
        }));
        assert!(stays(&|document| {
            let hidden = json!({ "visible": false });
            document.root.nodes[0]
                .extensions
                .insert("KHR_node_visibility".to_owned(), hidden);
        }));
    }
}
