use super::GltfError;
use super::accessor::invalid;
use crate::json::Json;
use crate::math::Within;

/// How clear a wholly transmissive surface is drawn.
const CLEAREST: f32 = 0.88;

/// How alpha is used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum AlphaMode {
    /// Not at all.
    #[default]
    Opaque,
    /// Whole or nothing, at this threshold.
    Mask(f32),
    /// Mixed with what is behind.
    Blend,
}

/// A texture as one slot of a material uses it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextureRef {
    /// Index into [`super::Model::images`].
    pub image: usize,
    /// How it is sampled.
    pub sampler: Sampler,
    /// Set of texture coordinates, 0 or 1.
    pub tex_coord: u32,
    /// What turns texture coordinates into the picture's: 3×3, column-major.
    pub transform: [f32; 9],
}

/// How a texture is repeated and filtered, in GL's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sampler {
    /// Horizontally: 10497 repeat, 33071 clamp, 33648 mirror.
    pub wrap_s: u32,
    /// Vertically.
    pub wrap_t: u32,
    /// Whether pixels stay sharp when magnified.
    pub nearest: bool,
}

/// Where an image is.
#[derive(Clone, Debug, PartialEq)]
pub enum ImageSource {
    /// In the file: bytes of a view, and their media type.
    Bytes {
        /// Key of its bytes in [`super::Model::views`].
        view: usize,
        /// Media type; empty where the file does not say.
        media_type: String,
    },
    /// Elsewhere, relative to the file.
    Uri(String),
}

/// A metallic-roughness material, or an unlit one.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // the names are glTF's own
pub struct Material {
    pub base_color_factor: [f32; 4],
    pub base_color: Option<TextureRef>,
    pub metallic_factor: f32,
    pub roughness_factor: f32,
    pub metallic_roughness: Option<TextureRef>,
    pub normal: Option<TextureRef>,
    pub normal_scale: f32,
    pub occlusion: Option<TextureRef>,
    pub occlusion_strength: f32,
    /// Emissive factor times its strength; linear.
    pub emissive_factor: [f32; 3],
    pub emissive: Option<TextureRef>,
    pub alpha_mode: AlphaMode,
    pub double_sided: bool,
    pub unlit: bool,
    /// Whether it is clear glass (`KHR_materials_transmission`), drawn as a blended surface.
    pub glass: bool,
}

impl Material {
    /// Reads a material; `Null` gives the default one.
    pub(super) fn read(json: &Json, document: &Json) -> Result<Self, GltfError> {
        let pbr = json.get("pbrMetallicRoughness");
        let extensions = json.get("extensions");
        let strength = extensions.get("KHR_materials_emissive_strength");
        let strength = strength.get("emissiveStrength").number().unwrap_or(1.0) as f32;
        let transmission = extensions.get("KHR_materials_transmission");
        let transmission = number(transmission.get("transmissionFactor"), 0.0).within(0.0, 1.0);
        let texture = |json: &Json| texture(json, document);
        let normal = json.get("normalTexture");
        let occlusion = json.get("occlusionTexture");
        let mut material = Self {
            base_color_factor: numbers(pbr.get("baseColorFactor"), [1.0; 4]),
            base_color: texture(pbr.get("baseColorTexture"))?,
            metallic_factor: number(pbr.get("metallicFactor"), 1.0),
            roughness_factor: number(pbr.get("roughnessFactor"), 1.0),
            metallic_roughness: texture(pbr.get("metallicRoughnessTexture"))?,
            normal: texture(normal)?,
            normal_scale: number(normal.get("scale"), 1.0),
            occlusion: texture(occlusion)?,
            occlusion_strength: number(occlusion.get("strength"), 1.0),
            emissive_factor: numbers(json.get("emissiveFactor"), [0.0; 3]).map(|n| n * strength),
            emissive: texture(json.get("emissiveTexture"))?,
            alpha_mode: match json.get("alphaMode").text() {
                Some("MASK") => AlphaMode::Mask(number(json.get("alphaCutoff"), 0.5)),
                Some("BLEND") => AlphaMode::Blend,
                _ => AlphaMode::Opaque,
            },
            double_sided: json.get("doubleSided").is_true(),
            unlit: !extensions.get("KHR_materials_unlit").is_null(),
            glass: false,
        };
        if transmission > 0.0 && material.alpha_mode == AlphaMode::Opaque {
            // Thin clear glass: what lies behind shows through unbent, reflections stay whole.
            material.alpha_mode = AlphaMode::Blend;
            material.glass = true;
            material.base_color_factor[3] = 1.0 - CLEAREST * transmission;
        }
        Ok(material)
    }
}

/// A finite number, or `otherwise`.
pub(super) fn number(json: &Json, otherwise: f32) -> f32 {
    let value = json.number().map(|n| n as f32);
    value.filter(|n| n.is_finite()).unwrap_or(otherwise)
}

/// An array of exactly `N` numbers, or `otherwise`.
pub(super) fn numbers<const N: usize>(json: &Json, otherwise: [f32; N]) -> [f32; N] {
    if json.items().len() != N {
        return otherwise;
    }
    core::array::from_fn(|i| number(&json.items()[i], otherwise[i]))
}

fn texture(json: &Json, document: &Json) -> Result<Option<TextureRef>, GltfError> {
    if json.is_null() {
        return Ok(None);
    }
    let index = json.get("index").index().unwrap_or(usize::MAX);
    let texture = document.get("textures").items().get(index);
    let texture = texture.ok_or(invalid("texture", index, "there is none"))?;
    let extensions = texture.get("extensions");
    let image = ["EXT_texture_avif", "EXT_texture_webp"]
        .iter()
        .find_map(|name| extensions.get(name).get("source").index())
        .or_else(|| texture.get("source").index());
    let image = image.filter(|&i| i < document.get("images").items().len());
    let image = image.ok_or(invalid("texture", index, "its image does not exist"))?;
    let sampler = texture.get("sampler").index();
    let sampler = sampler.and_then(|s| document.get("samplers").items().get(s));
    let wrap = |name: &str| {
        let code = sampler.and_then(|s| s.get(name).index()).unwrap_or(10497);
        if matches!(code, 33071 | 33648) {
            code as u32
        } else {
            10497
        }
    };
    let transform = json.get("extensions").get("KHR_texture_transform");
    let tex_coord = transform
        .get("texCoord")
        .index()
        .or_else(|| json.get("texCoord").index());
    Ok(Some(TextureRef {
        image,
        sampler: Sampler {
            wrap_s: wrap("wrapS"),
            wrap_t: wrap("wrapT"),
            nearest: sampler.and_then(|s| s.get("magFilter").index()) == Some(9728),
        },
        tex_coord: tex_coord.unwrap_or(0).min(1) as u32,
        transform: uv_transform(transform),
    }))
}

/// Translation × rotation × scale of `KHR_texture_transform`, column-major.
fn uv_transform(json: &Json) -> [f32; 9] {
    let [x, y] = numbers(json.get("offset"), [0.0; 2]);
    let [width, height] = numbers(json.get("scale"), [1.0; 2]);
    let (sin, cos) = number(json.get("rotation"), 0.0).sin_cos();
    [
        cos * width,
        -sin * width,
        0.0,
        sin * height,
        cos * height,
        0.0,
        x,
        y,
        1.0,
    ]
}
