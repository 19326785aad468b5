//! The scene's text: an `Xform` for each mesh in the default scene, a `Mesh` for each of its primitives.

use std::fmt::Write;

use xoay_format::Watch;

use super::material;
use super::pictures::Pictures;
use crate::json::Primitive;
use crate::scene::Instance;
use crate::{Document, GltfError, Limits};

const HEADER: &str = "#usda 1.0
(
    customLayerData = {
        string creator = \"xoay\"
    }
    defaultPrim = \"Root\"
    metersPerUnit = 1
    upAxis = \"Y\"
)

def Xform \"Root\" (
    kind = \"component\"
)
{
";

/// The text of the whole layer.
pub(super) fn write(
    document: &Document,
    pictures: &Pictures,
    limits: &Limits,
    watch: Watch<'_>,
) -> Result<String, GltfError> {
    let instances = document.instances();
    let needed: u64 = instances
        .iter()
        .flat_map(|instance| &document.root.meshes[instance.mesh].primitives)
        .map(|primitive| most_bytes(document, primitive))
        .sum();
    Limits::check("USDZ", needed, limits.geometry_bytes, "bytes")?;
    let mut text = HEADER.to_owned();
    text.push_str("    def Scope \"Materials\"\n    {\n");
    // One more than there are: for primitives without a material.
    for index in 0..=document.root.materials.len() {
        material::write(&mut text, document, pictures, index);
    }
    text.push_str("    }\n\n");
    let mut is_empty = true;
    for instance in &instances {
        if watch.cancelled() {
            return Err(GltfError::Cancelled);
        }
        is_empty &= !node(&mut text, document, instance);
    }
    if is_empty {
        return Err(GltfError::invalid(
            "USDZ",
            "cảnh mặc định không có tam giác nào",
            "the default scene has no triangles",
        ));
    }
    text.push_str("}\n");
    Ok(text)
}

/// At most so many bytes are written for a primitive: twelve for each number, ten for each index and its `3`.
fn most_bytes(document: &Document, primitive: &Primitive) -> u64 {
    let numbers: u64 = primitive
        .attributes
        .values()
        .map(|&accessor| &document.accessors[accessor])
        .map(|accessor| (accessor.count() * accessor.shape().components()) as u64)
        .sum();
    let indices = primitive.indices.map_or_else(
        || document.vertex_count(primitive),
        |indices| document.accessors[indices].count(),
    );
    // A strip has three times as many.
    numbers * 14 + indices as u64 * 3 * 11
}

/// Whether anything was written.
fn node(text: &mut String, document: &Document, instance: &Instance) -> bool {
    let m = &instance.world_from_mesh;
    if m.as_flattened().iter().any(|value| !value.is_finite()) {
        return false;
    }
    let mut inner = String::new();
    for (index, primitive) in document.root.meshes[instance.mesh]
        .primitives
        .iter()
        .enumerate()
    {
        mesh(&mut inner, document, primitive, index);
    }
    if inner.is_empty() {
        return false;
    }
    // USD multiplies rows from the left: our columns are its rows.
    let rows = m
        .map(|[x, y, z, w]| format!("({x}, {y}, {z}, {w})"))
        .join(", ");
    let _ = write!(
        text,
        "    def Xform \"Node{}\"\n    {{\n        matrix4d xformOp:transform = ( {rows} )\n        \
         uniform token[] xformOpOrder = [\"xformOp:transform\"]\n{inner}    }}\n\n",
        instance.node
    );
    true
}

/// Numbers in parentheses by `width`, with commas between; USD's own way to write arrays.
fn tuples(text: &mut String, values: impl Iterator<Item = f32>, width: usize, digits: usize) {
    text.push('[');
    for (index, value) in values.enumerate() {
        let place = index % width;
        text.push_str(match (index, place) {
            (0, _) => "(",
            (_, 0) => "), (",
            _ => ", ",
        });
        number(text, value, digits);
    }
    if text.ends_with('[') {
        text.push(']');
    } else {
        text.push_str(")]");
    }
}

/// A number with at most so many digits behind the point, without the zeros that say nothing.
fn number(text: &mut String, value: f32, digits: usize) {
    let value = if value.is_finite() { value } else { 0.0 };
    let start = text.len();
    let _ = write!(text, "{value:.digits$}");
    if digits > 0 {
        let kept = text[start..]
            .trim_end_matches('0')
            .trim_end_matches('.')
            .len();
        text.truncate(start + kept);
    }
    if &text[start..] == "-0" {
        text.replace_range(start.., "0");
    }
}

/// So many digits behind the point that what is lost is a millionth of `extent`.
fn digits(extent: f32) -> usize {
    if extent.is_finite() && extent > 0.0 {
        (6.0 - extent.log10().floor()).clamp(0.0, 12.0) as usize
    } else {
        6
    }
}

fn mesh(text: &mut String, document: &Document, primitive: &Primitive, index: usize) {
    let values = |semantic: &str| {
        let &accessor = primitive.attributes.get(semantic)?;
        Some(document.accessors[accessor].to_f32())
    };
    let Some(positions) = values("POSITION") else {
        return;
    };
    let finite = |vertex: u32| {
        let start = vertex as usize * 3;
        positions[start..start + 3]
            .iter()
            .all(|value| value.is_finite())
    };
    let corners: Vec<u32> = document
        .triangles(primitive)
        .chunks_exact(3)
        .filter(|corners| corners.iter().all(|&corner| finite(corner)))
        .flatten()
        .copied()
        .collect();
    if corners.is_empty() {
        return;
    }
    let mut min = [f32::INFINITY; 3];
    let mut max = [f32::NEG_INFINITY; 3];
    for &corner in &corners {
        for axis in 0..3 {
            let value = positions[corner as usize * 3 + axis];
            min[axis] = min[axis].min(value);
            max[axis] = max[axis].max(value);
        }
    }
    let extent = (0..3).map(|axis| max[axis] - min[axis]).fold(0.0, f32::max);
    let digits = digits(extent);
    let material = material::path(document, primitive.material);
    let double_sided = primitive
        .material
        .is_some_and(|material| document.root.materials[material].double_sided);
    let _ = write!(
        text,
        "\n        def Mesh \"Mesh{index}\" (\n            prepend apiSchemas = [\"MaterialBindingAPI\"]\n        )\n        \
         {{\n            uniform bool doubleSided = {}\n            float3[] extent = ",
        u8::from(double_sided)
    );
    tuples(text, min.into_iter().chain(max), 3, digits);
    text.push_str("\n            int[] faceVertexCounts = [");
    for triangle in 0..corners.len() / 3 {
        text.push_str(if triangle == 0 { "3" } else { ", 3" });
    }
    text.push_str("]\n            int[] faceVertexIndices = [");
    for (place, corner) in corners.iter().enumerate() {
        let _ = write!(text, "{}{corner}", if place == 0 { "" } else { ", " });
    }
    let _ = write!(text, "]\n            rel material:binding = <{material}>\n");
    text.push_str("            point3f[] points = ");
    tuples(text, positions.iter().copied(), 3, digits);
    text.push('\n');
    if let Some(normals) = values("NORMAL") {
        text.push_str("            normal3f[] normals = ");
        tuples(text, normals.into_iter(), 3, 4);
        text.push_str(" (\n                interpolation = \"vertex\"\n            )\n");
    }
    for (set, name) in ["st", "st1"].into_iter().enumerate() {
        let Some(uvs) = values(&format!("TEXCOORD_{set}")) else {
            continue;
        };
        let _ = write!(text, "            texCoord2f[] primvars:{name} = ");
        // USD's origin is at the bottom left.
        let flipped = uvs.chunks_exact(2).flat_map(|uv| [uv[0], 1.0 - uv[1]]);
        tuples(text, flipped, 2, 6);
        text.push_str(" (\n                interpolation = \"vertex\"\n            )\n");
    }
    if let Some(&accessor) = primitive.attributes.get("COLOR_0") {
        let colors = &document.accessors[accessor];
        let width = colors.shape().components();
        text.push_str("            color3f[] primvars:displayColor = ");
        let values = colors.to_f32();
        let rgb = values
            .chunks_exact(width)
            .flat_map(|color| color[..3].to_vec());
        tuples(text, rgb, 3, 4);
        text.push_str(" (\n                interpolation = \"vertex\"\n            )\n");
    }
    text.push_str("            uniform token subdivisionScheme = \"none\"\n        }\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_whole() {
        let written = |value, digits| {
            let mut text = String::new();
            number(&mut text, value, digits);
            text
        };
        assert_eq!(written(1.0, 6), "1");
        assert_eq!(written(100.0, 0), "100");
        assert_eq!(written(-0.000_000_1, 4), "0");
        assert_eq!(written(0.125, 6), "0.125");
        assert_eq!(written(f32::NAN, 6), "0");
        assert_eq!(digits(0.1), 7);
        assert_eq!(digits(250.0), 4);
    }
}
