//! One place that knows where a glTF refers to what: for checks, for pruning, for renumbering.

use serde_json::Value;

use crate::json::{Extra, Material, Mesh, Node, Primitive, Root, Texture, TextureInfo};

/// What a reference points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Accessor,
    Camera,
    Image,
    Material,
    Mesh,
    Node,
    Sampler,
    Scene,
    Skin,
    Texture,
}

impl Kind {
    /// The name of its table in the file.
    pub const fn table(self) -> &'static str {
        match self {
            Self::Accessor => "accessors",
            Self::Camera => "cameras",
            Self::Image => "images",
            Self::Material => "materials",
            Self::Mesh => "meshes",
            Self::Node => "nodes",
            Self::Sampler => "samplers",
            Self::Scene => "scenes",
            Self::Skin => "skins",
            Self::Texture => "textures",
        }
    }
}

/// Receives each reference; may change it.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(Kind, &mut usize);

/// Extensions whose references [`visit_root`] knows, or that have none.
const KNOWN: &[&str] = &[
    "EXT_mesh_gpu_instancing",
    "EXT_meshopt_compression",
    "EXT_texture_avif",
    "EXT_texture_webp",
    "KHR_lights_punctual",
    "KHR_materials_anisotropy",
    "KHR_materials_clearcoat",
    "KHR_materials_diffuse_transmission",
    "KHR_materials_dispersion",
    "KHR_materials_emissive_strength",
    "KHR_materials_ior",
    "KHR_materials_iridescence",
    "KHR_materials_pbrSpecularGlossiness",
    "KHR_materials_sheen",
    "KHR_materials_specular",
    "KHR_materials_transmission",
    "KHR_materials_unlit",
    "KHR_materials_variants",
    "KHR_materials_volume",
    "KHR_mesh_quantization",
    "KHR_meshopt_compression",
    "KHR_node_visibility",
    "KHR_texture_transform",
    "KHR_xmp_json_ld",
    "MSFT_lod",
];

/// Extensions that are present and may hold references this crate does not know. While there are any,
/// nothing may be removed or renumbered.
pub(crate) fn opaque_extensions(root: &Root) -> Vec<String> {
    let mut found = std::collections::BTreeSet::new();
    for name in &root.extensions_used {
        found.insert(name.clone());
    }
    // Files that use an extension without saying so exist; look at what is really there.
    let value = serde_json::to_value(root).unwrap_or_default();
    let mut stack = vec![&value];
    while let Some(value) = stack.pop() {
        match value {
            Value::Object(object) => {
                for (key, inner) in object {
                    if key == "extras" {
                        continue;
                    }
                    if let ("extensions", Value::Object(extensions)) = (key.as_str(), inner) {
                        found.extend(extensions.keys().cloned());
                    }
                    stack.push(inner);
                }
            }
            Value::Array(array) => stack.extend(array),
            _ => {}
        }
    }
    found
        .into_iter()
        .filter(|name| !KNOWN.contains(&name.as_str()))
        .collect()
}

fn visit_value(value: Option<&mut Value>, kind: Kind, visit: Visit<'_>) {
    if let Some(value) = value
        && let Some(mut index) = value.as_u64().and_then(|index| usize::try_from(index).ok())
    {
        let before = index;
        visit(kind, &mut index);
        if index != before {
            *value = Value::from(index);
        }
    }
}

/// The coarser ones that `MSFT_lod` names, of a node's or a material's own kind.
fn visit_levels(extensions: &mut Extra, kind: Kind, visit: Visit<'_>) {
    let levels = extensions.get_mut("MSFT_lod");
    let levels = levels.and_then(|e| e.get_mut("ids")?.as_array_mut());
    for level in levels.into_iter().flatten() {
        visit_value(Some(level), kind, visit);
    }
}

/// Texture references in a material's extensions: every member named `…Texture` is a texture info.
fn visit_material_extensions(extensions: &mut Extra, visit: Visit<'_>) {
    for extension in extensions.values_mut().filter_map(Value::as_object_mut) {
        for (_, info) in extension
            .iter_mut()
            .filter(|(key, _)| key.ends_with("Texture"))
        {
            visit_value(info.get_mut("index"), Kind::Texture, visit);
        }
    }
}

impl Material {
    /// The texture infos of the core material, with the names they go by.
    pub(crate) fn texture_infos_mut(
        &mut self,
    ) -> impl Iterator<Item = (&'static str, &mut TextureInfo)> {
        let pbr = &mut self.pbr_metallic_roughness;
        [
            ("baseColorTexture", pbr.base_color_texture.as_mut()),
            (
                "metallicRoughnessTexture",
                pbr.metallic_roughness_texture.as_mut(),
            ),
            ("normalTexture", self.normal_texture.as_mut()),
            ("occlusionTexture", self.occlusion_texture.as_mut()),
            ("emissiveTexture", self.emissive_texture.as_mut()),
        ]
        .into_iter()
        .filter_map(|(name, info)| Some((name, info?)))
    }

    pub(crate) fn visit(&mut self, visit: Visit<'_>) {
        for (_, info) in self.texture_infos_mut() {
            visit(Kind::Texture, &mut info.index);
        }
        visit_material_extensions(&mut self.extensions, visit);
        visit_levels(&mut self.extensions, Kind::Material, visit);
    }
}

impl Primitive {
    pub(crate) fn visit(&mut self, visit: Visit<'_>) {
        for accessor in self.attributes.values_mut() {
            visit(Kind::Accessor, accessor);
        }
        for accessor in self
            .targets
            .iter_mut()
            .flat_map(|target| target.values_mut())
        {
            visit(Kind::Accessor, accessor);
        }
        if let Some(indices) = &mut self.indices {
            visit(Kind::Accessor, indices);
        }
        if let Some(material) = &mut self.material {
            visit(Kind::Material, material);
        }
        let mappings = self
            .extensions
            .get_mut("KHR_materials_variants")
            .and_then(|e| e.get_mut("mappings"));
        for mapping in mappings.and_then(Value::as_array_mut).into_iter().flatten() {
            visit_value(mapping.get_mut("material"), Kind::Material, visit);
        }
    }
}

impl Mesh {
    pub(crate) fn visit(&mut self, visit: Visit<'_>) {
        for primitive in &mut self.primitives {
            primitive.visit(visit);
        }
    }
}

impl Node {
    pub(crate) fn visit(&mut self, visit: Visit<'_>) {
        for child in &mut self.children {
            visit(Kind::Node, child);
        }
        for (kind, index) in [
            (Kind::Mesh, &mut self.mesh),
            (Kind::Skin, &mut self.skin),
            (Kind::Camera, &mut self.camera),
        ] {
            if let Some(index) = index {
                visit(kind, index);
            }
        }
        let instances = self
            .extensions
            .get_mut("EXT_mesh_gpu_instancing")
            .and_then(|e| e.get_mut("attributes"));
        for (_, accessor) in instances
            .and_then(Value::as_object_mut)
            .into_iter()
            .flatten()
        {
            visit_value(Some(accessor), Kind::Accessor, visit);
        }
        visit_levels(&mut self.extensions, Kind::Node, visit);
    }
}

impl Texture {
    pub(crate) fn visit(&mut self, visit: Visit<'_>) {
        if let Some(source) = &mut self.source {
            visit(Kind::Image, source);
        }
        if let Some(sampler) = &mut self.sampler {
            visit(Kind::Sampler, sampler);
        }
        for extension in self.extensions.values_mut() {
            visit_value(extension.get_mut("source"), Kind::Image, visit);
        }
    }
}

/// Calls `visit` on every reference in the file.
pub(crate) fn visit_root(root: &mut Root, visit: Visit<'_>) {
    if let Some(scene) = &mut root.scene {
        visit(Kind::Scene, scene);
    }
    for scene in &mut root.scenes {
        for node in &mut scene.nodes {
            visit(Kind::Node, node);
        }
    }
    for node in &mut root.nodes {
        node.visit(visit);
    }
    for mesh in &mut root.meshes {
        mesh.visit(visit);
    }
    for material in &mut root.materials {
        material.visit(visit);
    }
    for texture in &mut root.textures {
        texture.visit(visit);
    }
    for skin in &mut root.skins {
        if let Some(matrices) = &mut skin.inverse_bind_matrices {
            visit(Kind::Accessor, matrices);
        }
        for node in skin.skeleton.iter_mut().chain(&mut skin.joints) {
            visit(Kind::Node, node);
        }
    }
    for animation in &mut root.animations {
        for sampler in &mut animation.samplers {
            for accessor in sampler.input.iter_mut().chain(&mut sampler.output) {
                visit(Kind::Accessor, accessor);
            }
        }
        for channel in &mut animation.channels {
            if let Some(node) = &mut channel.target.node {
                visit(Kind::Node, node);
            }
        }
    }
}
