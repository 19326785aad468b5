use std::collections::BTreeMap;

use meshopt::SimplifyOptions as Flags;

use super::{Place, rebuild, vertex_groups};
use crate::document::Topology;
use crate::report::Step;
use crate::{Component, Document, Shape};

/// What [`simplify`] may take away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimplifyOptions {
    /// Triangles of one picture of the default scene that may stay; 0 asks for as few as the error allows.
    pub max_triangles: u64,
    /// Greatest error, as a share of each mesh's extent, 0 to 1. Where it forbids, more triangles stay.
    pub max_error: f64,
}

impl Default for SimplifyOptions {
    /// As few triangles as an error of 0.1% of the extent allows.
    fn default() -> Self {
        Self {
            max_triangles: 0,
            max_error: 1e-3,
        }
    }
}

/// Weights of attributes against the mesh's extent: a unit of each counts as much error as this share of the extent.
/// Normals as in meshoptimizer's own packer; texture coordinates so that a slide by 1% of the texture counts 0.5%.
const NORMAL_WEIGHT: f32 = 0.5;
const TEXCOORD_WEIGHT: f32 = 0.5;
const COLOR_WEIGHT: f32 = 1.0;

/// Removes triangles where that changes little (quadric error with attributes; `meshoptimizer`), never unasked.
///
/// Vertices stay where they are, those at open edges and between primitives all of them. Meshes with morph targets, and
/// those whose positions are not finite floats, keep every triangle. The step states the error: `simplifyErrorShare` of
/// a mesh's extent, and `simplifyErrorM` in metres; it counts attributes too, so shapes move by less.
pub fn simplify(document: &mut Document, options: &SimplifyOptions) -> Step {
    let mut step = Step::new("simplify");
    let before = document.stats().triangles;
    if before == 0 || options.max_triangles >= before {
        return step;
    }
    let keep = options.max_triangles as f64 / before as f64;
    let mut world_scales = vec![0.0f64; document.root.meshes.len()];
    for instance in document.instances() {
        let scale = &mut world_scales[instance.mesh];
        *scale = scale.max(super::quantize::stretch(&instance.world_from_mesh));
    }
    for group in vertex_groups(document) {
        if let Some(error) = simplify_group(document, &group, keep, options.max_error) {
            step.measure("simplifyErrorShare", error.share);
            let scale = group.iter().map(|&(mesh, _)| world_scales[mesh]);
            step.measure("simplifyErrorM", error.length * scale.fold(0.0, f64::max));
        }
    }
    step.add(
        "triangles",
        before.saturating_sub(document.stats().triangles) as usize,
    );
    step
}

/// The error of a mesh: as a share of its extent, and in its own unit.
struct ShapeError {
    share: f64,
    length: f64,
}

/// `None` where nothing changed.
fn simplify_group(
    document: &mut Document,
    group: &[Place],
    keep: f64,
    max_error: f64,
) -> Option<ShapeError> {
    let primitive = |&(mesh, index): &Place| &document.root.meshes[mesh].primitives[index];
    let first = primitive(&group[0]);
    if !first.targets.is_empty()
        || group
            .iter()
            .any(|place| primitive(place).topology() != Topology::Triangles)
    {
        return None;
    }
    let positions = &document.accessors[*first.attributes.get("POSITION")?];
    if positions.component() != Component::F32 {
        return None;
    }
    let positions = positions_of(document, first)?;
    let count = positions.len() / 3;
    let lists: Vec<Vec<u32>> = group
        .iter()
        .map(|place| document.triangles(primitive(place)))
        .collect();
    let locks = shared(&lists, count);
    let (attributes, weights) = attributes(document, first, count);
    let bytes: Vec<u8> = positions.iter().flat_map(|v| v.to_le_bytes()).collect();
    let vertices = meshopt::VertexDataAdapter::new(&bytes, 12, 0).ok()?;
    let extent = f64::from(meshopt::simplify_scale(&vertices));
    let mut share: f64 = 0.0;
    let mut changed = false;
    let mut simplified = Vec::with_capacity(lists.len());
    for list in &lists {
        let target = (list.len() as f64 / 3.0 * keep).floor() as usize * 3;
        let mut error = 0.0f32;
        let fewer = meshopt::simplify_with_attributes_and_locks(
            list,
            &vertices,
            &attributes,
            &weights,
            weights.len() * size_of::<f32>(),
            &locks,
            target,
            max_error.clamp(0.0, 1.0) as f32,
            Flags::LockBorder,
            Some(&mut error),
        );
        // A primitive keeps at least one triangle: an accessor may not be empty.
        if fewer.len() >= 3 && fewer.len() < list.len() {
            changed = true;
            share = share.max(f64::from(error));
            simplified.push(fewer);
        } else {
            simplified.push(list.clone());
        }
    }
    if !changed {
        return None;
    }
    let mut new_from_old: BTreeMap<u32, u32> = BTreeMap::new();
    let mut order = Vec::new();
    for index in simplified.iter_mut().flatten() {
        *index = *new_from_old.entry(*index).or_insert_with(|| {
            order.push(*index);
            order.len() as u32 - 1
        });
    }
    rebuild(document, group, &order, &simplified);
    Some(ShapeError {
        share,
        length: share * extent,
    })
}

/// Where the vertices are, in the mesh's unit or the steps of its grid; `None` unless all are numbers.
pub(super) fn positions_of(
    document: &Document,
    primitive: &crate::json::Primitive,
) -> Option<Vec<f32>> {
    let accessor = &document.accessors[*primitive.attributes.get("POSITION")?];
    let positions = accessor.to_f32();
    let sound = accessor.shape() == Shape::Vec3 && positions.iter().all(|value| value.is_finite());
    sound.then_some(positions)
}

/// Vertices that more than one list names: the seams between primitives.
fn shared(lists: &[Vec<u32>], count: usize) -> Vec<bool> {
    let mut owner = vec![usize::MAX; count];
    let mut shared = vec![false; count];
    for (at, list) in lists.iter().enumerate() {
        for &vertex in list {
            let owner = &mut owner[vertex as usize];
            if *owner != usize::MAX && *owner != at {
                shared[vertex as usize] = true;
            }
            *owner = at;
        }
    }
    shared
}

/// Normals, texture coordinates and colours side by side, and the weight of each number.
pub(super) fn attributes(
    document: &Document,
    primitive: &crate::json::Primitive,
    count: usize,
) -> (Vec<f32>, Vec<f32>) {
    let mut columns: Vec<(Vec<f32>, usize)> = Vec::new();
    let mut weights = Vec::new();
    for (name, weight) in [
        ("NORMAL", NORMAL_WEIGHT),
        ("TEXCOORD_0", TEXCOORD_WEIGHT),
        ("TEXCOORD_1", TEXCOORD_WEIGHT),
        ("COLOR_0", COLOR_WEIGHT),
    ] {
        let Some(&accessor) = primitive.attributes.get(name) else {
            continue;
        };
        let width = document.accessors[accessor].shape().components();
        let values = document.accessors[accessor].to_f32();
        if values.iter().all(|value| value.is_finite()) {
            weights.extend(std::iter::repeat_n(weight, width));
            columns.push((values, width));
        }
    }
    let mut rows = Vec::with_capacity(count * weights.len());
    for vertex in 0..count {
        for (values, width) in &columns {
            rows.extend_from_slice(&values[vertex * width..(vertex + 1) * width]);
        }
    }
    (rows, weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Mesh, Node, Primitive};
    use crate::{Accessor, Shape};

    /// A square sheet of `side`² cells, one metre wide, bent by `height` metres into a wave.
    fn sheet(side: u32, height: f32) -> Document {
        let mut document = Document::default();
        let at = |i: u32| i as f32 / side as f32;
        let positions: Vec<f32> = (0..=side)
            .flat_map(|y| (0..=side).map(move |x| (x, y)))
            .flat_map(|(x, y)| {
                [
                    at(x),
                    at(y),
                    height * (at(x) * 9.0).sin() * (at(y) * 7.0).cos(),
                ]
            })
            .collect();
        let indices: Vec<u32> = (0..side)
            .flat_map(|y| (0..side).map(move |x| y * (side + 1) + x))
            .flat_map(|i| [i, i + 1, i + side + 1, i + 1, i + side + 2, i + side + 1])
            .collect();
        let positions = document.push(Accessor::from_f32(Shape::Vec3, &positions));
        let indices = document.push(Accessor::from_indices(&indices));
        document.root.meshes.push(Mesh {
            primitives: vec![Primitive {
                attributes: [("POSITION".to_owned(), positions)].into_iter().collect(),
                indices: Some(indices),
                ..Primitive::default()
            }],
            ..Mesh::default()
        });
        document.root.nodes.push(Node {
            mesh: Some(0),
            scale: Some([2.0; 3]),
            ..Node::default()
        });
        document
    }

    #[test]
    fn a_flat_sheet_keeps_its_edge_and_loses_its_middle() {
        let mut flat = sheet(20, 0.0);
        let before = flat.bounds();
        let step = simplify(&mut flat, &SimplifyOptions::default());
        assert!(flat.stats().triangles < 200, "{step:?}");
        assert_eq!(flat.bounds(), before);
        // The sheet is shown at twice its size.
        assert!(step.measures["simplifyErrorM"] <= 2e-3 + 1e-6);
    }

    #[test]
    fn a_budget_is_met_and_the_error_stated_in_metres() {
        let mut wavy = sheet(40, 0.1);
        let options = SimplifyOptions {
            max_triangles: 1000,
            max_error: 0.1,
        };
        let step = simplify(&mut wavy, &options);
        let triangles = wavy.stats().triangles;
        assert!((500..=1000).contains(&triangles), "{triangles}");
        let (share, metres) = (
            step.measures["simplifyErrorShare"],
            step.measures["simplifyErrorM"],
        );
        // The sheet is 1 wide and shown at twice its size.
        assert!((metres - 2.0 * share).abs() < 1e-6 && share > 0.0);
    }

    #[test]
    fn an_error_that_is_not_allowed_keeps_triangles() {
        let mut wavy = sheet(40, 0.1);
        let options = SimplifyOptions {
            max_triangles: 10,
            max_error: 1e-6,
        };
        simplify(&mut wavy, &options);
        assert!(wavy.stats().triangles > 3000);
    }

    #[test]
    fn within_the_budget_nothing_changes() {
        let mut flat = sheet(4, 0.0);
        let before = flat.clone();
        let options = SimplifyOptions {
            max_triangles: 32,
            max_error: 1.0,
        };
        assert!(simplify(&mut flat, &options).changes.is_empty());
        assert_eq!(flat, before);
    }
}
