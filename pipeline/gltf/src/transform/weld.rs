use std::collections::HashMap;

use xoay_format::{Text, Watch};

use super::{Place, rebuild, vertex_groups};
use crate::document::Topology;
use crate::report::Step;
use crate::{Component, Document};

/// Merges vertices that are equal in every attribute and morph target, bit for bit, and drops those that no
/// triangle uses. Triangles without indices get some. Triangles with a corner at no finite place are dropped
/// with a warning. Points, lines, strips and fans stay as they are.
pub fn weld(document: &mut Document, watch: Watch<'_>) -> Step {
    let mut step = Step::new("weld");
    for group in vertex_groups(document) {
        if group.iter().all(|&(mesh, index)| {
            document.root.meshes[mesh].primitives[index].topology() == Topology::Triangles
        }) {
            weld_group(document, &group, &mut step);
        }
    }
    if let Some(&dropped) = step.changes.get("brokenTriangles") {
        watch.warn(broken_triangles(dropped));
    }
    step
}

pub(crate) fn broken_triangles(count: u64) -> Text {
    Text::new(
        format!("đã bỏ {count} tam giác có toạ độ không phải là số; hãy kiểm tra mô hình gốc"),
        format!(
            "dropped {count} triangles whose coordinates are not numbers; check the source model"
        ),
    )
}

fn weld_group(document: &mut Document, group: &[Place], step: &mut Step) {
    let primitive = |&(mesh, index): &Place| &document.root.meshes[mesh].primitives[index];
    let first = primitive(&group[0]);
    let count = document.vertex_count(first);
    let finite = finite_vertices(document, first.attributes.get("POSITION").copied(), count);
    let mut dropped = 0;
    let mut lists: Vec<Vec<u32>> = group
        .iter()
        .map(|place| {
            let triangles = document.triangles(primitive(place));
            let (kept, broken): (Vec<_>, Vec<_>) = triangles
                .chunks_exact(3)
                .partition(|corners| corners.iter().all(|&corner| finite[corner as usize]));
            dropped += broken.len();
            kept.concat()
        })
        .collect();
    if lists.iter().any(Vec::is_empty) {
        // An accessor may not be empty; a primitive that draws nothing stays as it is.
        return;
    }
    let rows = VertexRows::new(document, first.vertex_accessors().collect(), count);
    let mut seen: HashMap<&[u8], u32> = HashMap::new();
    let mut order: Vec<u32> = Vec::new();
    for index in lists.iter_mut().flatten() {
        *index = *seen.entry(rows.row(*index)).or_insert_with(|| {
            order.push(*index);
            order.len() as u32 - 1
        });
    }
    let indexed = group.iter().all(|place| primitive(place).indices.is_some());
    if order.len() == count && indexed && dropped == 0 {
        return;
    }
    step.add("vertices", count - order.len());
    step.add("brokenTriangles", dropped);
    step.add(
        "indexed",
        group
            .iter()
            .filter(|place| primitive(place).indices.is_none())
            .count(),
    );
    rebuild(document, group, &order, &lists);
}

fn finite_vertices(document: &Document, positions: Option<usize>, count: usize) -> Vec<bool> {
    match positions.map(|accessor| &document.accessors[accessor]) {
        Some(positions) if positions.component() == Component::F32 => positions
            .to_f32()
            .chunks_exact(3)
            .map(|point| point.iter().all(|value| value.is_finite()))
            .collect(),
        _ => vec![true; count],
    }
}

/// All that is known of each vertex, side by side.
struct VertexRows {
    bytes: Vec<u8>,
    row_bytes: usize,
}

impl VertexRows {
    fn new(document: &Document, mut accessors: Vec<usize>, count: usize) -> Self {
        accessors.sort_unstable();
        accessors.dedup();
        let row_bytes: usize = accessors
            .iter()
            .map(|&accessor| document.accessors[accessor].element_bytes())
            .sum();
        let mut bytes = vec![0; row_bytes * count];
        let mut start = 0;
        for accessor in accessors {
            let size = document.accessors[accessor].element_bytes();
            let elements = document.accessors[accessor].bytes().chunks_exact(size);
            for (row, element) in bytes.chunks_exact_mut(row_bytes).zip(elements) {
                row[start..start + size].copy_from_slice(element);
            }
            start += size;
        }
        Self { bytes, row_bytes }
    }

    fn row(&self, index: u32) -> &[u8] {
        let start = index as usize * self.row_bytes;
        &self.bytes[start..start + self.row_bytes]
    }
}
