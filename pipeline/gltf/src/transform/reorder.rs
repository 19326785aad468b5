use super::{Place, rebuild, vertex_groups};
use crate::Document;
use crate::document::Topology;
use crate::report::Step;

/// Orders triangles so that neighbours share vertices, and vertices by first use. Both the graphics card and the
/// compression that follows gain. Which triangles there are, and their winding, stay.
///
/// The order is meshoptimizer's strip-friendly one, which its documentation recommends where compression comes first.
pub fn reorder(document: &mut Document) -> Step {
    let mut step = Step::new("reorder");
    for group in vertex_groups(document) {
        let ready = group.iter().all(|&(mesh, index)| {
            let primitive = &document.root.meshes[mesh].primitives[index];
            primitive.topology() == Topology::Triangles
                && primitive
                    .indices
                    .is_some_and(|indices| document.accessors[indices].count() >= 3)
        });
        if ready {
            reorder_group(document, &group);
            step.add("primitives", group.len());
        }
    }
    step
}

fn reorder_group(document: &mut Document, group: &[Place]) {
    let primitive = |&(mesh, index): &Place| &document.root.meshes[mesh].primitives[index];
    let count = document.vertex_count(primitive(&group[0]));
    let mut lists: Vec<Vec<u32>> = group
        .iter()
        .map(|place| {
            meshopt::optimize_vertex_cache_strip(&document.triangles(primitive(place)), count)
        })
        .collect();
    let mut new_from_old = vec![u32::MAX; count];
    let mut order = Vec::with_capacity(count);
    for index in lists.iter_mut().flatten() {
        let new = &mut new_from_old[*index as usize];
        if *new == u32::MAX {
            *new = order.len() as u32;
            order.push(*index);
        }
        *index = *new;
    }
    rebuild(document, group, &order, &lists);
}
