//! PLY, ASCII and binary: vertices and faces with any properties in any order (Turk 1994).

mod body;
mod header;

use xoay_format::Text;

use self::body::Body;
use super::build::{Corner, Surface, WHITE, add_object, add_texture, finish, plain_material};
use super::{Budget, Context, Frame, Units, UpAxis, normals, pictures, polygon};
use crate::json::{Material, TextureInfo};
use crate::{Document, GltfError};

const PLACE: &str = "PLY";

/// Whether a file begins as PLY does.
pub(super) fn is_ply(bytes: &[u8]) -> bool {
    bytes.starts_with(b"ply\n") || bytes.starts_with(b"ply\r")
}

fn invalid(vi: impl Into<String>, en: impl Into<String>) -> GltfError {
    GltfError::invalid(PLACE, vi, en)
}

/// A triangle of the file: its vertices, and its corners' places in the list of texture coordinates.
struct Triangles {
    vertices: Vec<[u32; 3]>,
    /// Corner in its polygon, three a triangle; empty where faces have no texture coordinates.
    corners: Vec<[u32; 3]>,
    /// The texture of each triangle; empty where there is one at most.
    textures: Vec<u32>,
}

pub(super) fn read(bytes: &[u8], context: &Context<'_>) -> Result<Document, GltfError> {
    let mut budget = Budget::new(PLACE, context.limits);
    let frame = Frame::new(context.options, Units::Metres, UpAxis::Y);
    let header = header::read(bytes)?;
    let body = body::read(&header, bytes, frame, &mut budget)?;
    let triangles = triangles(&body, context, &mut budget)?;
    let given = body.normals.as_ref();
    let shading = if given.is_some() {
        None
    } else {
        let joined = normals::creases(
            &body.positions,
            &triangles.vertices,
            context.options.crease_deg,
        );
        Some(normals::smooth(
            &body.positions,
            &triangles.vertices,
            joined,
        ))
    };
    let has_face_uv = !body.face_uvs.is_empty();
    let mut document = Document::default();
    let mut surfaces: Vec<Surface> = Vec::new();
    // Without a texture number a file's first texture is meant.
    let textures = textures(&header.textures, &mut document, context)?;
    for (index, triangle) in triangles.vertices.iter().enumerate() {
        let texture = triangles.textures.get(index).copied().unwrap_or(0) as usize;
        let material = if texture < textures.len() { texture } else { 0 };
        if surfaces.len() <= material {
            surfaces.resize_with(material + 1, Surface::default);
        }
        let surface = &mut surfaces[material];
        surface.material = Some(material);
        surface.has_uv = has_face_uv || body.uvs.is_some();
        surface.has_color = body.colors.is_some();
        for k in 0..3 {
            let vertex = triangle[k] as usize;
            let uv = if has_face_uv {
                body.face_uvs[triangles.corners[index][k] as usize]
            } else {
                body.uvs.as_ref().map_or([0.0; 2], |uvs| uvs[vertex])
            };
            let normal = match (given, &shading) {
                (Some(normals), _) => normals[vertex],
                (None, Some(shading)) => shading[index * 3 + k],
                (None, None) => [0.0, 1.0, 0.0],
            };
            let corner = Corner {
                position: body.positions[vertex],
                normal,
                uv,
                color: body.colors.as_ref().map_or(WHITE, |colors| colors[vertex]),
            };
            surface.push(corner, &mut budget)?;
        }
    }
    let plain = if body.colors.is_some() { 1.0 } else { 0.6 };
    document.root.materials = materials(&textures, plain);
    add_object(&mut document, None, surfaces);
    finish(document, PLACE, bytes.len() as u64)
}

/// The faces and strips as triangles; those that name no vertex, or one at no finite place, are left out with a warning.
fn triangles(
    body: &Body,
    context: &Context<'_>,
    budget: &mut Budget<'_>,
) -> Result<Triangles, GltfError> {
    /// A triangle here, and what finding its normals takes.
    const TRIANGLE_BYTES: u64 = 160;

    let mut triangles = Triangles {
        vertices: Vec::new(),
        corners: Vec::new(),
        textures: Vec::new(),
    };
    let has_uv = !body.face_uvs.is_empty();
    let (mut start, mut lost) = (0_usize, 0_u64);
    let mut corners = Vec::new();
    for (face, &size) in body.sizes.iter().enumerate() {
        let vertices = &body.corners[start..start + size as usize];
        corners.clear();
        for &vertex in vertices {
            let position = body.positions.get(vertex as usize).ok_or_else(|| {
                let count = body.positions.len();
                invalid(
                    format!("mặt {face} dùng đỉnh {vertex} nhưng tệp chỉ có {count} đỉnh; hãy xuất lại mô hình"),
                    format!("face {face} uses vertex {vertex}, but the file has {count}; export the model again"),
                )
            })?;
            corners.push(*position);
        }
        if size < 3 || !corners.as_flattened().iter().all(|value| value.is_finite()) {
            lost += 1;
            start += size as usize;
            continue;
        }
        for [a, b, c] in polygon::triangulate(&corners) {
            budget.take(TRIANGLE_BYTES)?;
            triangles
                .vertices
                .push([vertices[a], vertices[b], vertices[c]]);
            if has_uv {
                triangles
                    .corners
                    .push([a, b, c].map(|k| (start + k) as u32));
            }
            if let Some(&texture) = body.textures.get(face) {
                triangles.textures.push(texture);
            }
        }
        start += size as usize;
    }
    if lost > 0 {
        context.watch.warn(Text::new(
            format!("đã bỏ {lost} mặt có ít hơn ba đỉnh hoặc có toạ độ không phải là số"),
            format!("{lost} faces were dropped: fewer than three corners, or coordinates that are not numbers"),
        ));
    }
    Ok(triangles)
}

/// The textures that the comments name; `None` for those that cannot be had.
fn textures(
    names: &[String],
    document: &mut Document,
    context: &Context<'_>,
) -> Result<Vec<Option<usize>>, GltfError> {
    names
        .iter()
        .map(|name| {
            let bytes = pictures::load(name, context)?;
            Ok(bytes.map(|bytes| add_texture(document, name, bytes, false)))
        })
        .collect()
}

/// One material a texture, or one where there is none.
fn materials(textures: &[Option<usize>], plain: f32) -> Vec<Material> {
    let material = |texture: Option<usize>| {
        let value = if texture.is_some() { 1.0 } else { plain };
        let mut material = plain_material([value, value, value, 1.0]);
        material.pbr_metallic_roughness.base_color_texture = texture.map(TextureInfo::new);
        material
    };
    if textures.is_empty() {
        return vec![material(None)];
    }
    textures.iter().map(|&texture| material(texture)).collect()
}
