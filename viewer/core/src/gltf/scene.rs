use super::accessor::Semantic;
use super::animation::{self, Animation};
use super::draco::Decoded;
use super::glb::Glb;
use super::material::Material;
use super::node::{Node, Skin, Tree, read_skins};
use super::primitive::{Draw, Morph, Reading};
use super::texture::{self, ImageSource};
use super::views::{Views, invalid};
use super::{GltfError, KNOWN_EXTENSIONS};
use crate::json::Json;
use crate::math::Vec3;
use crate::pose::Pose;

/// The most draws, so that a small file cannot ask for endless work.
const MOST_DRAWS: usize = 20_000;

/// A model, ready for the GPU.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// The scene's nodes, parents first.
    pub nodes: Vec<Node>,
    /// What to draw, in the order of the scene.
    pub draws: Vec<Draw>,
    /// Materials; the last one is glTF's default.
    pub materials: Vec<Material>,
    /// Names of the material variants.
    pub variants: Vec<String>,
    /// Shapes that draws can take.
    pub morphs: Vec<Morph>,
    /// Bones that bend draws.
    pub skins: Vec<Skin>,
    /// Movements.
    pub animations: Vec<Animation>,
    /// Images, in the order of the file.
    pub images: Vec<ImageSource>,
    /// Images, each with the one to show where the browser cannot decode it.
    pub image_fallbacks: Vec<(usize, usize)>,
    /// Bytes of the buffer views that draws and images use, by index.
    pub views: Vec<Vec<u8>>,
    /// Least corner of the scene at rest, metres.
    pub min: Vec3,
    /// Greatest corner of the scene.
    pub max: Vec3,
    /// Radius around the vertical line through the box's centre that holds every vertex.
    pub radius: f32,
}

impl Model {
    /// Reads a binary glTF file.
    ///
    /// # Errors
    /// A file that is malformed, asks for something unknown, or shows nothing. Every length and index is checked. What
    /// Draco compressed needs [`Model::read_with`].
    pub fn read(bytes: &[u8]) -> Result<Self, GltfError> {
        Self::read_with(bytes, &[])
    }

    /// Reads a binary glTF file whose [`Model::draco_parts`] were decoded outside.
    ///
    /// # Errors
    /// As [`Model::read`].
    pub fn read_with(bytes: &[u8], decoded: &[(usize, Decoded)]) -> Result<Self, GltfError> {
        let glb = Glb::read(bytes)?;
        let json = &glb.json;
        for name in json.get("extensionsRequired").items() {
            let name = name.text().unwrap_or_default();
            if !KNOWN_EXTENSIONS.contains(&name) {
                return Err(GltfError::Unsupported(name.into()));
            }
        }
        let mut views = Views::new(json, glb.binary, decoded);
        let mut materials = json
            .get("materials")
            .items()
            .iter()
            .map(|m| Material::read(m, json))
            .collect::<Result<Vec<_>, _>>()?;
        materials.push(Material::read(&Json::Null, json)?);
        let variants = variants(json);

        let tree = Tree::read(json)?;
        let mut reading = Reading {
            views: &mut views,
            materials: materials.len(),
            variants: variants.len(),
            morphs: Vec::new(),
        };
        let draws = read_draws(json, &tree, &mut reading)?;
        let morphs = reading.morphs;
        let skins = read_skins(&mut views, &tree)?;
        if let Some(skin) = draws
            .iter()
            .filter_map(|d| d.skin)
            .find(|&s| s >= skins.len())
        {
            return Err(invalid("skin", skin, "there is none"));
        }
        let animations = animation::read(&mut views, &tree)?;
        let images = texture::read_images(&mut views)?;
        let mut model = Self {
            nodes: tree.nodes,
            draws,
            materials,
            variants,
            morphs,
            skins,
            animations,
            images,
            image_fallbacks: texture::fallbacks(json),
            views: views.finish(),
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

    /// The material of a draw in a variant; `None` is the file's default.
    #[must_use]
    pub fn material_of(&self, draw: &Draw, variant: Option<usize>) -> usize {
        let chosen = variant.and_then(|v| draw.by_variant.get(v));
        *chosen.unwrap_or(&draw.material)
    }

    /// Finds the box first, then the radius around its middle.
    fn measure(&mut self) -> Result<(), GltfError> {
        let pose = Pose::new(self);
        let (mut min, mut max) = (self.min, self.max);
        pose.each_vertex(self, |p| {
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
        pose.each_vertex(self, |p| radius = radius.max((p[0] - x).hypot(p[2] - z)));
        (self.min, self.max, self.radius) = (min, max, radius);
        Ok(())
    }
}

fn variants(json: &Json) -> Vec<String> {
    let extension = json.get("extensions").get("KHR_materials_variants");
    let variants = extension.get("variants").items().iter();
    variants
        .map(|v| v.get("name").text().unwrap_or_default().into())
        .collect()
}

fn read_draws(
    json: &Json,
    tree: &Tree<'_>,
    reading: &mut Reading<'_, '_>,
) -> Result<Vec<Draw>, GltfError> {
    let mut draws: Vec<Draw> = Vec::new();
    // The first draw of each mesh and how many it has: placed again, it is not read again.
    let mut known: Vec<Option<(usize, usize)>> = vec![None; json.get("meshes").items().len()];
    for (node, source) in tree.sources.iter().enumerate() {
        let Some(mesh) = source.get("mesh").index() else {
            continue;
        };
        let mesh_json = json.get("meshes").items().get(mesh);
        let mesh_json = mesh_json.ok_or(invalid("mesh", mesh, "there is none"))?;
        let primitives = mesh_json.get("primitives").items();
        if draws.len() + primitives.len() > MOST_DRAWS {
            return Err(GltfError::Unsupported("more than 20000 primitives".into()));
        }
        let first = draws.len();
        if let Some((from, count)) = known[mesh] {
            for at in from..from + count {
                let mut draw = draws[at].clone();
                draw.node = node;
                draws.push(draw);
            }
        } else {
            for primitive in primitives {
                draws.push(reading.primitive(primitive, mesh, node)?);
            }
            known[mesh] = Some((first, draws.len() - first));
        }
        let skin = source.get("skin").index();
        for draw in &mut draws[first..] {
            let bendable = draw.attribute(Semantic::Joints).is_some()
                && draw.attribute(Semantic::Weights).is_some();
            draw.skin = skin.filter(|_| bendable);
        }
    }
    if draws.is_empty() {
        return Err(GltfError::Empty);
    }
    Ok(draws)
}
