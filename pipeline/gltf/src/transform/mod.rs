//! One transform a file. Each takes a [`Document`] that is sound and leaves one that is.

use std::collections::BTreeMap;

use crate::Document;
use crate::json::Attributes;

mod attributes;
mod compress;
mod dedup;
mod flatten;
mod join;
mod lods;
mod prune;
mod quantize;
mod reorder;
mod simplify;
mod tangents;
mod texcoords;
mod triangles;
mod weld;

pub use attributes::prune_attributes;
pub use compress::compress;
pub use dedup::dedup;
pub use flatten::flatten;
pub use join::join;
pub use lods::lods;
pub use prune::prune;
pub use quantize::{QuantizeOptions, quantize};
pub use reorder::reorder;
pub use simplify::{SimplifyOptions, simplify};
pub use tangents::{generate_tangents, prune_tangents};
pub use triangles::{Simplified, simplify_triangles};
pub use weld::weld;

/// Where a primitive is: its mesh and its place there.
type Place = (usize, usize);

/// Primitives that share all their vertices, in the order of the file.
fn vertex_groups(document: &Document) -> Vec<Vec<Place>> {
    let mut groups: BTreeMap<(&Attributes, &Vec<Attributes>), Vec<Place>> = BTreeMap::new();
    for (mesh_index, mesh) in document.root.meshes.iter().enumerate() {
        for (index, primitive) in mesh.primitives.iter().enumerate() {
            groups
                .entry((&primitive.attributes, &primitive.targets))
                .or_default()
                .push((mesh_index, index));
        }
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort();
    groups
}

/// Gives all primitives of `group` the vertices that `order` names, and each its list of indices.
fn rebuild(document: &mut Document, group: &[Place], order: &[u32], lists: &[Vec<u32>]) {
    let first = &document.root.meshes[group[0].0].primitives[group[0].1];
    let mut attributes = first.attributes.clone();
    let mut targets = first.targets.clone();
    let mut gathered = BTreeMap::new();
    let all = attributes
        .values_mut()
        .chain(targets.iter_mut().flat_map(|target| target.values_mut()));
    for accessor in all {
        let source = *accessor;
        *accessor = *gathered.entry(source).or_insert_with(|| {
            let contents = document.accessors[source].gathered(order);
            document.push(contents)
        });
    }
    for (&(mesh, index), list) in group.iter().zip(lists) {
        let mut indices = crate::Accessor::from_indices(list);
        if let Some(old) = document.root.meshes[mesh].primitives[index].indices {
            indices = document.accessors[old].replaced_by(indices);
        }
        let indices = document.push(indices);
        let primitive = &mut document.root.meshes[mesh].primitives[index];
        primitive.indices = Some(indices);
        primitive.attributes.clone_from(&attributes);
        primitive.targets.clone_from(&targets);
    }
}
