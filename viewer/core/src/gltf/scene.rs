use std::collections::BTreeMap;

use super::accessor::{Attribute, ComponentType, Semantic, Views, invalid};
use super::glb::Glb;
use super::material::{ImageSource, Material, number, numbers};
use super::{GltfError, KNOWN_EXTENSIONS};
use crate::json::Json;
use crate::math::{Mat4, Vec3};

/// The most draws, so that a small file cannot ask for endless work.
const MOST_DRAWS: usize = 20_000;

/// A model, ready for the GPU.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// What to draw, in the order of the scene.
    pub draws: Vec<Draw>,
    /// Materials; the last one is glTF's default.
    pub materials: Vec<Material>,
    /// Images, in the order of the file.
    pub images: Vec<ImageSource>,
    /// Bytes of the buffer views that draws and images use, by index.
    pub views: BTreeMap<usize, Vec<u8>>,
    /// Least corner of the scene, metres.
    pub min: Vec3,
    /// Greatest corner of the scene.
    pub max: Vec3,
    /// Radius around the vertical line through the box's centre that holds every vertex.
    pub radius: f32,
}

/// One primitive at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// From the primitive's space to the scene's.
    pub world_from_local: Mat4,
    /// Index into [`Model::materials`].
    pub material: usize,
    /// GL's primitive mode, 0 to 6.
    pub mode: u32,
    /// Attributes; the position comes first.
    pub attributes: Vec<Attribute>,
    /// Indices, where the primitive has any.
    pub indices: Option<Attribute>,
    /// How many vertices are drawn.
    pub count: usize,
}

impl Model {
    /// Reads a binary glTF file.
    ///
    /// # Errors
    /// A file that is malformed, asks for something unknown, or shows nothing. Every length and index is checked.
    pub fn read(bytes: &[u8]) -> Result<Self, GltfError> {
        let glb = Glb::read(bytes)?;
        let json = &glb.json;
        for name in json.get("extensionsRequired").items() {
            let name = name.text().unwrap_or_default();
            if !KNOWN_EXTENSIONS.contains(&name) {
                return Err(GltfError::Unsupported(name.into()));
            }
        }
        let mut views = Views {
            json,
            binary: glb.binary,
            unpacked: BTreeMap::new(),
            total: 0,
        };
        let mut materials = json
            .get("materials")
            .items()
            .iter()
            .map(|m| Material::read(m, json))
            .collect::<Result<Vec<_>, _>>()?;
        materials.push(Material::read(&Json::Null, json)?);

        let mut draws = Vec::new();
        for (node, world_from_local) in placed_nodes(json)? {
            let Some(mesh) = node.get("mesh").index() else {
                continue;
            };
            let mesh_json = json.get("meshes").items().get(mesh);
            let mesh_json = mesh_json.ok_or(invalid("mesh", mesh, "there is none"))?;
            for primitive in mesh_json.get("primitives").items() {
                draws.push(read_primitive(
                    primitive,
                    mesh,
                    world_from_local,
                    &mut views,
                    materials.len(),
                )?);
                if draws.len() > MOST_DRAWS {
                    return Err(GltfError::Unsupported("more than 20000 primitives".into()));
                }
            }
        }
        if draws.is_empty() {
            return Err(GltfError::Empty);
        }
        let images = read_images(&mut views)?;
        let mut model = Self {
            draws,
            materials,
            images,
            views: views.unpacked,
            min: [f32::INFINITY; 3],
            max: [f32::NEG_INFINITY; 3],
            radius: 0.0,
        };
        model.measure()?;
        Ok(model)
    }

    /// Triangles drawn for one picture.
    #[must_use]
    pub fn triangles(&self) -> usize {
        let of = |draw: &Draw| match draw.mode {
            4 => draw.count / 3,
            5 | 6 => draw.count.saturating_sub(2),
            _ => 0,
        };
        self.draws.iter().map(of).sum()
    }

    /// Finds the box first, then the radius around its middle.
    fn measure(&mut self) -> Result<(), GltfError> {
        let (mut min, mut max) = (self.min, self.max);
        self.each_vertex(|p| {
            for k in 0..3 {
                min[k] = min[k].min(p[k]);
                max[k] = max[k].max(p[k]);
            }
        });
        if min.iter().chain(&max).any(|n| !n.is_finite()) {
            return Err(GltfError::Empty);
        }
        let (x, z) = (f32::midpoint(min[0], max[0]), f32::midpoint(min[2], max[2]));
        let mut radius = 0.0_f32;
        self.each_vertex(|p| radius = radius.max((p[0] - x).hypot(p[2] - z)));
        (self.min, self.max, self.radius) = (min, max, radius);
        Ok(())
    }

    fn each_vertex(&self, mut visit: impl FnMut(Vec3)) {
        for draw in &self.draws {
            let position = draw.attributes[0];
            let bytes = &self.views[&position.view];
            for i in 0..position.count {
                if let Some(local) = position.read3(bytes, i) {
                    let p = draw.world_from_local.point(local);
                    if p.iter().all(|n| n.is_finite()) {
                        visit(p);
                    }
                }
            }
        }
    }
}

/// Every node of the default scene with its place; a node is visited once at most, so that a loop ends.
fn placed_nodes(json: &Json) -> Result<Vec<(&Json, Mat4)>, GltfError> {
    let nodes = json.get("nodes").items();
    let scene = json.get("scene").index().unwrap_or(0);
    let scene = json.get("scenes").items().get(scene);
    let scene = scene.ok_or(GltfError::Empty)?;
    let mut seen = vec![false; nodes.len()];
    let mut open: Vec<_> = scene
        .get("nodes")
        .items()
        .iter()
        .rev()
        .map(|n| (n, Mat4::IDENTITY))
        .collect();
    let mut placed = Vec::new();
    while let Some((index, parent)) = open.pop() {
        let index = index.index().unwrap_or(usize::MAX);
        let node = nodes
            .get(index)
            .ok_or(invalid("node", index, "there is none"))?;
        if core::mem::replace(&mut seen[index], true) {
            return Err(invalid("node", index, "it has two parents"));
        }
        let world = parent.mul(&local_transform(node));
        let children = node.get("children").items().iter().rev();
        open.extend(children.map(|child| (child, world)));
        placed.push((node, world));
    }
    Ok(placed)
}

fn local_transform(node: &Json) -> Mat4 {
    if node.get("matrix").is_null() {
        Mat4::from_parts(
            numbers(node.get("translation"), [0.0; 3]),
            numbers(node.get("rotation"), [0.0, 0.0, 0.0, 1.0]),
            numbers(node.get("scale"), [1.0; 3]),
        )
    } else {
        Mat4(numbers(node.get("matrix"), Mat4::IDENTITY.0))
    }
}

fn read_primitive(
    json: &Json,
    mesh: usize,
    world_from_local: Mat4,
    views: &mut Views<'_>,
    materials: usize,
) -> Result<Draw, GltfError> {
    let mut attributes = Vec::new();
    for (semantic, name) in Semantic::ALL {
        if let Some(accessor) = json.get("attributes").get(name).index() {
            attributes.push(views.attribute(accessor, semantic)?);
        } else if semantic == Semantic::Position {
            return Err(invalid("mesh", mesh, "a primitive has no POSITION"));
        }
    }
    let vertices = attributes[0].count;
    if attributes.iter().any(|a| a.count != vertices) {
        return Err(invalid("mesh", mesh, "its attributes differ in count"));
    }
    let indices = match json.get("indices").index() {
        Some(accessor) => Some(read_indices(accessor, vertices, views)?),
        None => None,
    };
    let material = json.get("material").index().unwrap_or(materials - 1);
    if material >= materials {
        return Err(invalid("material", material, "there is none"));
    }
    Ok(Draw {
        world_from_local,
        material,
        mode: (number(json.get("mode"), 4.0) as u32).min(6),
        count: indices.map_or(vertices, |i| i.count),
        attributes,
        indices,
    })
}

fn read_indices(
    accessor: usize,
    vertices: usize,
    views: &mut Views<'_>,
) -> Result<Attribute, GltfError> {
    let indices = views.attribute(accessor, Semantic::Position)?;
    let size = indices.component.size();
    let fitting = matches!(
        indices.component,
        ComponentType::U8 | ComponentType::U16 | ComponentType::U32
    );
    if !fitting || indices.components != 1 || indices.stride != size {
        return Err(invalid(
            "accessor",
            accessor,
            "indices must be packed unsigned integers",
        ));
    }
    let bytes = &views.bytes(indices.view)?[indices.offset..];
    let beyond = bytes[..indices.count * size].chunks_exact(size).any(|b| {
        let mut word = [0; 4];
        word[..size].copy_from_slice(b);
        u32::from_le_bytes(word) as usize >= vertices
    });
    if beyond {
        return Err(invalid(
            "accessor",
            accessor,
            "an index names a vertex that does not exist",
        ));
    }
    Ok(indices)
}

fn read_images(views: &mut Views<'_>) -> Result<Vec<ImageSource>, GltfError> {
    let document = views.json;
    let mut images = Vec::new();
    for (index, image) in document.get("images").items().iter().enumerate() {
        images.push(
            match (image.get("bufferView").index(), image.get("uri").text()) {
                (Some(view), _) => {
                    views.bytes(view)?;
                    let media_type = image.get("mimeType").text().unwrap_or_default().into();
                    ImageSource::Bytes { view, media_type }
                }
                (None, Some(uri)) => ImageSource::Uri(uri.into()),
                (None, None) => {
                    return Err(invalid("image", index, "it has neither bufferView nor uri"));
                }
            },
        );
    }
    Ok(images)
}
