use meshopt::SimplifyOptions as Flags;
use serde_json::json;

use super::simplify::{attributes, positions_of};
use crate::document::Topology;
use crate::json::{Mesh, Node, Primitive};
use crate::references::opaque_extensions;
use crate::report::Step;
use crate::{Accessor, Document};

const EXTENSION: &str = "MSFT_lod";
/// Each level keeps this part of the triangles of the one before.
const KEEP: f64 = 0.5;
/// A level that does not get below this part of the one before is not worth its bytes.
const LEAST_GAIN: f64 = 0.8;
/// Greatest error of a level, as a share of the mesh's extent: beyond it nothing recognisable is left.
const MOST_ERROR: f32 = 0.2;
/// Part of the screen's height down to which a level is shown; each further one half of the one before.
const FIRST_COVERAGE: f64 = 0.5;
/// The last level is shown down to this part.
const LAST_COVERAGE: f64 = 0.01;

/// Adds up to `levels` levels of detail to each mesh that a scene shows (`MSFT_lod`), each with half the triangles of
/// the one before. They share the mesh's vertices, so that a level costs its indices only: 10 to 20% of the geometry
/// for all of them. Readers that do not know the extension show the whole mesh.
///
/// A node stays without where it is skinned, animated, has children or levels already, or where its mesh morphs or is
/// not made of triangles. The step states the greatest error of each level as a share of a mesh's extent, attributes
/// counted. Runs after quantization: levels take the node's transform as it is then.
pub fn lods(document: &mut Document, levels: u32) -> Step {
    let mut step = Step::new("lods");
    if levels == 0 || !opaque_extensions(&document.root).is_empty() {
        return step;
    }
    let mut coarser: Vec<Option<Vec<usize>>> = vec![None; document.root.meshes.len()];
    let shown: Vec<(usize, usize)> = document
        .instances()
        .into_iter()
        .filter(|instance| !document.root.scenes.is_empty() && may_change(document, instance.node))
        .map(|instance| (instance.node, instance.mesh))
        .collect();
    for (node, mesh) in shown {
        if coarser[mesh].is_none() {
            let meshes = coarser_meshes(document, mesh, levels, &mut step);
            coarser[mesh] = Some(meshes);
        }
        let meshes = coarser[mesh].clone().unwrap_or_default();
        if meshes.is_empty() {
            continue;
        }
        let full = &document.root.nodes[node];
        let place = Node {
            matrix: full.matrix,
            translation: full.translation,
            rotation: full.rotation,
            scale: full.scale,
            ..Node::default()
        };
        let first = document.root.nodes.len();
        for &mesh in &meshes {
            document.root.nodes.push(Node {
                mesh: Some(mesh),
                ..place.clone()
            });
        }
        let ids: Vec<usize> = (first..document.root.nodes.len()).collect();
        let mut coverage: Vec<f64> = (0..ids.len() as i32)
            .map(|level| FIRST_COVERAGE * KEEP.powi(level))
            .collect();
        coverage.push(LAST_COVERAGE);
        let full = &mut document.root.nodes[node];
        full.extensions
            .insert(EXTENSION.to_owned(), json!({ "ids": ids }));
        let extras = full.extra.entry("extras").or_insert_with(|| json!({}));
        if let Some(extras) = extras.as_object_mut() {
            extras.insert("MSFT_screencoverage".to_owned(), json!(coverage));
        }
        document.declare_extension(EXTENSION, false);
    }
    step
}

fn may_change(document: &Document, index: usize) -> bool {
    let node = &document.root.nodes[index];
    let channels = document.root.animations.iter().flat_map(|a| &a.channels);
    let animated = channels.into_iter().any(|c| c.target.node == Some(index));
    let joint = document
        .root
        .skins
        .iter()
        .any(|s| s.joints.contains(&index));
    node.children.is_empty()
        && node.skin.is_none()
        && node.weights.is_empty()
        && !node.extensions.contains_key(EXTENSION)
        && !node.extensions.contains_key("EXT_mesh_gpu_instancing")
        && !animated
        && !joint
}

/// New meshes, each coarser than the one before.
fn coarser_meshes(
    document: &mut Document,
    mesh: usize,
    levels: u32,
    step: &mut Step,
) -> Vec<usize> {
    let mut meshes = Vec::new();
    let whole = document.root.meshes[mesh].primitives.clone();
    let count = |primitives: &[Primitive], document: &Document| -> usize {
        primitives
            .iter()
            .map(|p| document.triangles(p).len() / 3)
            .sum()
    };
    let mut last = count(&whole, document);
    for level in 1..=levels {
        let keep = KEEP.powi(level as i32);
        let mut greatest: f64 = 0.0;
        let mut primitives = Vec::with_capacity(whole.len());
        for primitive in &whole {
            let Some((indices, error)) = coarser(document, primitive, keep) else {
                return meshes;
            };
            greatest = greatest.max(error);
            let mut primitive = primitive.clone();
            primitive.indices = Some(document.push(Accessor::from_indices(&indices)));
            primitives.push(primitive);
        }
        let now = count(&primitives, document);
        if now as f64 > last as f64 * LEAST_GAIN {
            break;
        }
        last = now;
        step.add("meshes", 1);
        step.measure(&format!("level{level}ErrorShare"), greatest);
        document.root.meshes.push(Mesh {
            primitives,
            ..Mesh::default()
        });
        meshes.push(document.root.meshes.len() - 1);
    }
    meshes
}

/// A part of a primitive's triangles over the same vertices, and their error; `None` where it cannot be made coarser.
fn coarser(document: &Document, primitive: &Primitive, keep: f64) -> Option<(Vec<u32>, f64)> {
    if primitive.topology() != Topology::Triangles || !primitive.targets.is_empty() {
        return None;
    }
    let positions = positions_of(document, primitive)?;
    let triangles = document.triangles(primitive);
    let count = positions.len() / 3;
    let (attributes, weights) = attributes(document, primitive, count);
    let vertices = meshopt::VertexDataAdapter::new(bytemuck::cast_slice(&positions), 12, 0).ok()?;
    let mut error = 0.0f32;
    let fewer = meshopt::simplify_with_attributes_and_locks(
        &triangles,
        &vertices,
        &attributes,
        &weights,
        weights.len() * size_of::<f32>(),
        &vec![false; count],
        (triangles.len() as f64 / 3.0 * keep).floor() as usize * 3,
        MOST_ERROR,
        // Where two primitives meet, each has an open edge.
        Flags::LockBorder,
        Some(&mut error),
    );
    // An accessor may not be empty.
    let fewer = if fewer.len() < 3 { triangles } else { fewer };
    Some((fewer, f64::from(error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Scene;
    use crate::transform::{prune, quantize, reorder};
    use crate::{Limits, Shape, read_bytes};
    use xoay_format::Watch;

    /// A ball of some two thousand triangles.
    fn ball() -> Document {
        let (columns, rows) = (48_u32, 24_u32);
        let mut positions = Vec::new();
        for row in 0..=rows {
            for column in 0..=columns {
                let (up, round) = (
                    row as f32 / rows as f32 * std::f32::consts::PI,
                    column as f32 / columns as f32 * std::f32::consts::TAU,
                );
                positions.extend([up.sin() * round.cos(), up.cos(), up.sin() * round.sin()]);
            }
        }
        let mut indices = Vec::new();
        for row in 0..rows {
            for column in 0..columns {
                let a = row * (columns + 1) + column;
                let b = a + columns + 1;
                indices.extend([a, a + 1, b, a + 1, b + 1, b]);
            }
        }
        let mut document = Document::default();
        "2.0".clone_into(&mut document.root.asset.version);
        let mut primitive = Primitive::default();
        for name in ["POSITION", "NORMAL"] {
            let accessor = document.push(Accessor::from_f32(Shape::Vec3, &positions));
            primitive.attributes.insert(name.to_owned(), accessor);
        }
        primitive.indices = Some(document.push(Accessor::from_indices(&indices)));
        document.root.meshes.push(Mesh {
            primitives: vec![primitive],
            ..Mesh::default()
        });
        document.root.nodes.push(Node {
            mesh: Some(0),
            translation: Some([1.0, 2.0, 3.0]),
            ..Node::default()
        });
        document.root.scenes.push(Scene {
            nodes: vec![0],
            ..Scene::default()
        });
        document
    }

    #[test]
    fn each_level_has_half_the_triangles_on_the_same_vertices_and_place() {
        let mut document = ball();
        let before = document.stats();
        quantize(
            &mut document,
            &crate::transform::QuantizeOptions::default(),
            Watch::silent(),
        );
        let step = lods(&mut document, 3);
        reorder(&mut document);
        prune(&mut document);
        assert_eq!(step.changes["meshes"], 3);
        assert!(
            step.measures["level1ErrorShare"] < 0.01,
            "{:?}",
            step.measures
        );
        let after = document.stats();
        assert_eq!(
            (after.triangles, after.draw_calls),
            (before.triangles, before.draw_calls)
        );
        let document = read_bytes(&document.to_glb().unwrap(), &Limits::default()).unwrap();
        let node = &document.root.nodes[0];
        let ids = node.extensions[EXTENSION]["ids"].as_array().unwrap();
        assert_eq!(ids.len(), 3);
        assert_eq!(
            node.extra["extras"]["MSFT_screencoverage"]
                .as_array()
                .unwrap()
                .len(),
            4
        );
        let mut triangles = before.triangles as f64;
        let vertices = |mesh: usize| document.root.meshes[mesh].primitives[0].attributes.clone();
        for id in ids {
            let level = &document.root.nodes[id.as_u64().unwrap() as usize];
            assert_eq!(level.parent_from_node(), node.parent_from_node());
            let mesh = level.mesh.unwrap();
            assert_eq!(vertices(mesh), vertices(node.mesh.unwrap()));
            let primitive = &document.root.meshes[mesh].primitives[0];
            let now = (document.triangles(primitive).len() / 3) as f64;
            assert!(
                (0.4..0.6).contains(&(now / triangles)),
                "{now} of {triangles}"
            );
            triangles = now;
        }
    }

    #[test]
    fn what_moves_or_cannot_get_coarser_has_none() {
        let mut document = ball();
        document.root.nodes.push(Node::default());
        document.root.nodes[0].children = vec![1];
        let before = document.clone();
        lods(&mut document, 2);
        assert_eq!(document, before);
        let mut document = ball();
        let two = document.push(Accessor::from_indices(&[0, 50, 51, 60, 120, 121]));
        document.root.meshes[0].primitives[0].indices = Some(two);
        lods(&mut document, 2);
        assert_eq!(document.root.meshes.len(), 1);
    }
}
