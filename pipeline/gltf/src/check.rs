//! The invariant of [`Document`]: what the rest of the crate may rely on.

use crate::references::{Kind, visit_root};
use crate::{Component, Document, GltfError, Shape};

/// Checks everything that transforms and drawing rely on. `document` is unchanged.
pub(crate) fn check(document: &mut Document) -> Result<(), GltfError> {
    references(document)?;
    trees(document)?;
    numbers(document)?;
    for (mesh_index, mesh) in document.root.meshes.iter().enumerate() {
        for (index, primitive) in mesh.primitives.iter().enumerate() {
            let place = format!("meshes[{mesh_index}].primitives[{index}]");
            primitive_is_sound(document, &place, primitive)?;
        }
    }
    Ok(())
}

fn references(document: &mut Document) -> Result<(), GltfError> {
    let root = &document.root;
    let count = |kind| match kind {
        Kind::Accessor => document.accessors.len(),
        Kind::Camera => root.cameras.len(),
        Kind::Image => root.images.len(),
        Kind::Material => root.materials.len(),
        Kind::Mesh => root.meshes.len(),
        Kind::Node => root.nodes.len(),
        Kind::Sampler => root.samplers.len(),
        Kind::Scene => root.scenes.len(),
        Kind::Skin => root.skins.len(),
        Kind::Texture => root.textures.len(),
    };
    let mut bad = None;
    visit_root(&mut root.clone(), &mut |kind, index| {
        if *index >= count(kind) {
            bad.get_or_insert((kind, *index, count(kind)));
        }
    });
    if let Some((kind, index, count)) = bad {
        let table = kind.table();
        return Err(GltfError::invalid(
            format!("{table}[{index}]"),
            format!("được tham chiếu nhưng tệp chỉ có {count} mục; hãy xuất lại mô hình"),
            format!("is referred to, but the file has {count} of them; export the model again"),
        ));
    }
    Ok(())
}

/// Every node has one parent at most, and none is its own ancestor.
fn trees(document: &Document) -> Result<(), GltfError> {
    let nodes = &document.root.nodes;
    let mut parent = vec![None; nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        for &child in &node.children {
            if parent[child].replace(index).is_some() {
                return Err(GltfError::invalid(
                    format!("nodes[{child}]"),
                    "có hai nút cha; mỗi nút chỉ được có một",
                    "has two parents; a node may have one",
                ));
            }
        }
    }
    // With one parent each, a node is on a cycle or below one exactly if walking down from the roots misses it.
    let mut reached = vec![false; nodes.len()];
    let mut stack: Vec<usize> = (0..nodes.len())
        .filter(|&index| parent[index].is_none())
        .collect();
    while let Some(index) = stack.pop() {
        reached[index] = true;
        stack.extend(&nodes[index].children);
    }
    if let Some(index) = reached.iter().position(|reached| !reached) {
        return Err(GltfError::invalid(
            format!("nodes[{index}]"),
            "nằm trong một vòng cha con; hãy xuất lại mô hình",
            "is part of a cycle of children; export the model again",
        ));
    }
    Ok(())
}

fn numbers(document: &Document) -> Result<(), GltfError> {
    let finite = |place: String, values: &[f32]| {
        if values.iter().all(|value| value.is_finite()) {
            return Ok(());
        }
        Err(GltfError::invalid(
            place,
            "có số quá lớn",
            "has a number that is too large",
        ))
    };
    for (index, node) in document.root.nodes.iter().enumerate() {
        let place = || format!("nodes[{index}]");
        finite(place(), node.matrix.as_ref().map_or(&[], |m| m))?;
        finite(place(), node.translation.as_ref().map_or(&[], |t| t))?;
        finite(place(), node.rotation.as_ref().map_or(&[], |r| r))?;
        finite(place(), node.scale.as_ref().map_or(&[], |s| s))?;
        finite(place(), &node.weights)?;
    }
    for (index, mesh) in document.root.meshes.iter().enumerate() {
        finite(format!("meshes[{index}]"), &mesh.weights)?;
    }
    for (index, material) in document.root.materials.iter().enumerate() {
        let place = || format!("materials[{index}]");
        let pbr = &material.pbr_metallic_roughness;
        finite(place(), pbr.base_color_factor.as_ref().map_or(&[], |f| f))?;
        finite(
            place(),
            material.emissive_factor.as_ref().map_or(&[], |f| f),
        )?;
        for value in [
            pbr.metallic_factor,
            pbr.roughness_factor,
            material.alpha_cutoff,
        ]
        .into_iter()
        .flatten()
        {
            finite(place(), &[value])?;
        }
    }
    Ok(())
}

fn primitive_is_sound(
    document: &Document,
    place: &str,
    primitive: &crate::json::Primitive,
) -> Result<(), GltfError> {
    let count = document.vertex_count(primitive);
    for attributes in std::iter::once(&primitive.attributes).chain(&primitive.targets) {
        for (semantic, &accessor) in attributes {
            let shape = document.accessors[accessor].shape();
            if !fits(semantic, shape) {
                return Err(GltfError::invalid(
                    place,
                    format!("thuộc tính {semantic} không thể có kiểu {}", shape.name()),
                    format!(
                        "the attribute {semantic} cannot be of type {}",
                        shape.name()
                    ),
                ));
            }
        }
    }
    for accessor in primitive.vertex_accessors() {
        let has = document.accessors[accessor].count();
        if has != count {
            return Err(GltfError::invalid(
                place,
                format!("thuộc tính accessors[{accessor}] có {has} đỉnh, cần {count}"),
                format!("the attribute accessors[{accessor}] has {has} vertices, expected {count}"),
            ));
        }
    }
    let Some(indices) = primitive.indices else {
        return Ok(());
    };
    let indices = &document.accessors[indices];
    if indices.shape() != Shape::Scalar
        || !matches!(
            indices.component(),
            Component::U8 | Component::U16 | Component::U32
        )
    {
        return Err(GltfError::invalid(
            place,
            "chỉ số phải là số nguyên không dấu",
            "indices must be unsigned integers",
        ));
    }
    if let Some(worst) = indices
        .to_u32()
        .into_iter()
        .find(|&index| index as usize >= count)
    {
        return Err(GltfError::invalid(
            place,
            format!("chỉ số {worst} vượt quá {count} đỉnh"),
            format!("index {worst} is past its {count} vertices"),
        ));
    }
    Ok(())
}

/// Whether an attribute may have this shape (glTF 2.0 §3.7.2.1; a morph target's tangents have no handedness).
fn fits(semantic: &str, shape: Shape) -> bool {
    let name = semantic.split_once('_').map_or(semantic, |(name, _)| name);
    match name {
        "POSITION" | "NORMAL" => shape == Shape::Vec3,
        "TANGENT" | "COLOR" => matches!(shape, Shape::Vec3 | Shape::Vec4),
        "TEXCOORD" => shape == Shape::Vec2,
        "JOINTS" | "WEIGHTS" => shape == Shape::Vec4,
        _ => true,
    }
}
