//! The default scene as triangles in world space.

use xoay_gltf::json::Primitive;
use xoay_gltf::scene::{Matrix, transform_point};
use xoay_gltf::{Accessor, Document};

use crate::RenderError;

/// Bytes of vertices and indices that one picture may need.
const LIMIT_BYTES: u64 = 1 << 30;

/// A vertex as the shader reads it.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct Vertex {
    /// World space, metres.
    pub position: [f32; 3],
    /// World space, unit length; zero where the model has none and the faces' own are drawn.
    pub normal: [f32; 3],
    /// Texture coordinates, set 0 and set 1.
    pub uv: [f32; 4],
    /// Linear colour and alpha.
    pub color: [f32; 4],
    /// World space tangent and the bitangent's sign; zero where the model has none.
    pub tangent: [f32; 4],
}

/// One draw call.
pub(crate) struct Part {
    pub vertices: Vec<Vertex>,
    pub indices: Vec<u32>,
    pub material: Option<usize>,
    /// Whether the node mirrors the mesh, so that its front faces turn clockwise.
    pub mirrored: bool,
    pub center: [f64; 3],
}

/// All that is drawn.
pub(crate) struct Baked {
    pub parts: Vec<Part>,
    /// The bounding box.
    pub min: [f64; 3],
    pub max: [f64; 3],
    /// Radius around the vertical line through its middle that holds everything.
    pub radius: f64,
}

pub(crate) fn bake(document: &Document) -> Result<Baked, RenderError> {
    let instances = document.instances();
    let needed_bytes: u64 = instances
        .iter()
        .flat_map(|instance| &document.root.meshes[instance.mesh].primitives)
        .map(|primitive| {
            let vertices = document.vertex_count(primitive) as u64;
            let indices = primitive.indices.map_or(vertices, |indices| {
                document.accessors[indices].count() as u64
            });
            // A strip of n indices makes n − 2 triangles.
            vertices * size_of::<Vertex>() as u64 + indices * 12
        })
        .sum();
    if needed_bytes > LIMIT_BYTES {
        return Err(RenderError::TooLarge {
            needed_bytes,
            limit_bytes: LIMIT_BYTES,
        });
    }
    let mut parts = Vec::new();
    for instance in &instances {
        for primitive in &document.root.meshes[instance.mesh].primitives {
            parts.extend(part(document, primitive, &instance.world_from_mesh));
        }
    }
    let (min, max, radius) = extent(&parts).ok_or(RenderError::Empty)?;
    Ok(Baked {
        parts,
        min,
        max,
        radius,
    })
}

fn attribute<'a>(
    document: &'a Document,
    primitive: &Primitive,
    name: &str,
) -> Option<&'a Accessor> {
    primitive
        .attributes
        .get(name)
        .map(|&accessor| &document.accessors[accessor])
}

fn part(document: &Document, primitive: &Primitive, world_from_mesh: &Matrix) -> Option<Part> {
    let mut indices = document.triangles(primitive);
    let positions = attribute(document, primitive, "POSITION")?.to_f32();
    let mut vertices: Vec<Vertex> = positions
        .chunks_exact(3)
        .map(|p| Vertex {
            position: transform_point(world_from_mesh, [p[0], p[1], p[2]].map(f64::from))
                .map(|v| v as f32),
            normal: [0.0; 3],
            uv: [0.0; 4],
            color: [1.0; 4],
            tangent: [0.0; 4],
        })
        .collect();
    indices = indices
        .chunks_exact(3)
        .filter(|corners| {
            corners.iter().all(|&corner| {
                vertices[corner as usize]
                    .position
                    .iter()
                    .all(|value| value.is_finite())
            })
        })
        .flatten()
        .copied()
        .collect();
    if indices.is_empty() {
        return None;
    }
    if let Some(normals) = attribute(document, primitive, "NORMAL") {
        let world_from_normal = cofactors(world_from_mesh);
        for (vertex, n) in vertices.iter_mut().zip(normals.to_f32().chunks_exact(3)) {
            vertex.normal = unit(&world_from_normal, [n[0], n[1], n[2]].map(f64::from));
        }
    }
    if let Some(tangents) = attribute(document, primitive, "TANGENT")
        && tangents.shape().components() == 4
    {
        let columns = [0, 1, 2].map(|c| {
            let column = world_from_mesh[c];
            [column[0], column[1], column[2]]
        });
        for (vertex, t) in vertices.iter_mut().zip(tangents.to_f32().chunks_exact(4)) {
            let [x, y, z] = unit(&columns, [t[0], t[1], t[2]].map(f64::from));
            vertex.tangent = [x, y, z, t[3]];
        }
    }
    for (set, name) in ["TEXCOORD_0", "TEXCOORD_1"].into_iter().enumerate() {
        let Some(uv) = attribute(document, primitive, name) else {
            continue;
        };
        for (vertex, uv) in vertices.iter_mut().zip(uv.to_f32().chunks_exact(2)) {
            vertex.uv[set * 2..set * 2 + 2].copy_from_slice(uv);
        }
    }
    if let Some(colors) = attribute(document, primitive, "COLOR_0") {
        let width = colors.shape().components().min(4);
        for (vertex, color) in vertices.iter_mut().zip(colors.to_f32().chunks_exact(width)) {
            vertex.color[..width].copy_from_slice(color);
        }
    }
    let count = vertices.len() as f64;
    let mut center = [0.0; 3];
    for vertex in vertices
        .iter()
        .filter(|vertex| vertex.position.iter().all(|value| value.is_finite()))
    {
        for (sum, value) in center.iter_mut().zip(vertex.position) {
            *sum += f64::from(value) / count;
        }
    }
    let mirrored = determinant(world_from_mesh) < 0.0;
    Some(Part {
        vertices,
        indices,
        material: primitive.material,
        mirrored,
        center,
    })
}

/// The inverse transpose of the upper 3 × 3 part, up to a positive factor: what normals are transformed by.
fn cofactors(m: &Matrix) -> [[f64; 3]; 3] {
    let cross = |a: [f64; 4], b: [f64; 4]| {
        [
            a[1] * b[2] - a[2] * b[1],
            a[2] * b[0] - a[0] * b[2],
            a[0] * b[1] - a[1] * b[0],
        ]
    };
    let sign = determinant(m).signum();
    [cross(m[1], m[2]), cross(m[2], m[0]), cross(m[0], m[1])]
        .map(|column| column.map(|value| value * sign))
}

fn determinant(m: &Matrix) -> f64 {
    let [a, b, c] = [m[0], m[1], m[2]];
    a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
        + a[2] * (b[0] * c[1] - b[1] * c[0])
}

fn unit(m: &[[f64; 3]; 3], n: [f64; 3]) -> [f32; 3] {
    let v = [0, 1, 2].map(|row| m[0][row] * n[0] + m[1][row] * n[1] + m[2][row] * n[2]);
    let length = v.iter().map(|value| value * value).sum::<f64>().sqrt();
    if length.is_finite() && length > 0.0 {
        v.map(|value| (value / length) as f32)
    } else {
        [0.0; 3]
    }
}

/// The bounding box and the radius around the vertical line through its middle; `None` where nothing is drawn.
fn extent(parts: &[Part]) -> Option<([f64; 3], [f64; 3], f64)> {
    let drawn = || {
        parts.iter().flat_map(|part| {
            part.indices
                .iter()
                .map(|&index| part.vertices[index as usize].position.map(f64::from))
        })
    };
    let mut min = [f64::INFINITY; 3];
    let mut max = [f64::NEG_INFINITY; 3];
    for point in drawn() {
        for axis in 0..3 {
            min[axis] = min[axis].min(point[axis]);
            max[axis] = max[axis].max(point[axis]);
        }
    }
    let [x, z] = [0, 2].map(|axis| f64::midpoint(min[axis], max[axis]));
    let radius = drawn()
        .map(|point| (point[0] - x).hypot(point[2] - z))
        .fold(0.0, f64::max);
    (radius.is_finite() && min.iter().chain(&max).all(|value| value.is_finite()))
        .then_some((min, max, radius))
}
