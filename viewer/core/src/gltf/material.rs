use super::GltfError;
use super::texture::{self, TextureRef};
use crate::json::Json;
use crate::math::Within;

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

/// What a texture of a material says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names are glTF's own
pub enum Slot {
    BaseColor,
    MetallicRoughness,
    Normal,
    Occlusion,
    Emissive,
    Clearcoat,
    ClearcoatRoughness,
    ClearcoatNormal,
    SheenColor,
    SheenRoughness,
    Specular,
    SpecularColor,
    Transmission,
    Thickness,
}

impl Slot {
    /// Every one, in the order of [`Material::textures`].
    pub const ALL: [Self; 14] = [
        Self::BaseColor,
        Self::MetallicRoughness,
        Self::Normal,
        Self::Occlusion,
        Self::Emissive,
        Self::Clearcoat,
        Self::ClearcoatRoughness,
        Self::ClearcoatNormal,
        Self::SheenColor,
        Self::SheenRoughness,
        Self::Specular,
        Self::SpecularColor,
        Self::Transmission,
        Self::Thickness,
    ];

    /// Whether its colours are sRGB.
    #[must_use]
    pub fn srgb(self) -> bool {
        matches!(
            self,
            Self::BaseColor | Self::Emissive | Self::SheenColor | Self::SpecularColor
        )
    }
}

/// A metallic-roughness material with its extensions, or an unlit one.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // the names are glTF's own
pub struct Material {
    /// Textures by [`Slot`].
    pub textures: [Option<TextureRef>; Slot::ALL.len()],
    pub base_color_factor: [f32; 4],
    pub metallic_factor: f32,
    pub roughness_factor: f32,
    pub normal_scale: f32,
    pub occlusion_strength: f32,
    /// Emissive factor times its strength; linear.
    pub emissive_factor: [f32; 3],
    pub alpha_mode: AlphaMode,
    pub double_sided: bool,
    pub unlit: bool,
    pub ior: f32,
    pub specular_factor: f32,
    pub specular_color_factor: [f32; 3],
    pub clearcoat_factor: f32,
    pub clearcoat_roughness_factor: f32,
    pub clearcoat_normal_scale: f32,
    pub sheen_color_factor: [f32; 3],
    pub sheen_roughness_factor: f32,
    pub transmission_factor: f32,
    /// In the primitive's own units; 0 for a thin wall.
    pub thickness_factor: f32,
    pub attenuation_color: [f32; 3],
    /// Metres; 0 where nothing is absorbed.
    pub attenuation_distance: f32,
}

impl Material {
    /// The texture of a slot.
    #[must_use]
    pub fn texture(&self, slot: Slot) -> Option<&TextureRef> {
        self.textures[slot as usize].as_ref()
    }

    /// Whether light passes through it (`KHR_materials_transmission`).
    #[must_use]
    pub fn transmits(&self) -> bool {
        self.transmission_factor > 0.0 && !self.unlit
    }

    /// Whether it has a coat of varnish.
    #[must_use]
    pub fn coated(&self) -> bool {
        self.clearcoat_factor > 0.0 && !self.unlit
    }

    /// Whether it is woven or velvety.
    #[must_use]
    pub fn sheened(&self) -> bool {
        self.sheen_color_factor.iter().any(|&c| c > 0.0) && !self.unlit
    }

    /// Reads a material; `Null` gives the default one.
    pub(super) fn read(json: &Json, document: &Json) -> Result<Self, GltfError> {
        let pbr = json.get("pbrMetallicRoughness");
        let extensions = json.get("extensions");
        let extension = |name: &str| extensions.get(name);
        let coat = extension("KHR_materials_clearcoat");
        let sheen = extension("KHR_materials_sheen");
        let specular = extension("KHR_materials_specular");
        let volume = extension("KHR_materials_volume");
        let transmission = extension("KHR_materials_transmission");
        let strength = extension("KHR_materials_emissive_strength");
        let strength = number(strength.get("emissiveStrength"), 1.0).max(0.0);
        let unit = |json: &Json, otherwise: f32| number(json, otherwise).within(0.0, 1.0);
        let normal = json.get("normalTexture");
        let occlusion = json.get("occlusionTexture");
        let coat_normal = coat.get("clearcoatNormalTexture");
        let sources = [
            pbr.get("baseColorTexture"),
            pbr.get("metallicRoughnessTexture"),
            normal,
            occlusion,
            json.get("emissiveTexture"),
            coat.get("clearcoatTexture"),
            coat.get("clearcoatRoughnessTexture"),
            coat_normal,
            sheen.get("sheenColorTexture"),
            sheen.get("sheenRoughnessTexture"),
            specular.get("specularTexture"),
            specular.get("specularColorTexture"),
            transmission.get("transmissionTexture"),
            volume.get("thicknessTexture"),
        ];
        let mut textures = [None; Slot::ALL.len()];
        for (slot, source) in textures.iter_mut().zip(sources) {
            *slot = texture::read(source, document)?;
        }
        let mut material = Self {
            textures,
            base_color_factor: numbers(pbr.get("baseColorFactor"), [1.0; 4]),
            metallic_factor: unit(pbr.get("metallicFactor"), 1.0),
            roughness_factor: unit(pbr.get("roughnessFactor"), 1.0),
            normal_scale: number(normal.get("scale"), 1.0),
            occlusion_strength: unit(occlusion.get("strength"), 1.0),
            emissive_factor: numbers(json.get("emissiveFactor"), [0.0; 3]).map(|n| n * strength),
            alpha_mode: match json.get("alphaMode").text() {
                Some("MASK") => AlphaMode::Mask(number(json.get("alphaCutoff"), 0.5)),
                Some("BLEND") => AlphaMode::Blend,
                _ => AlphaMode::Opaque,
            },
            double_sided: json.get("doubleSided").is_true(),
            unlit: !extension("KHR_materials_unlit").is_null(),
            ior: ior(number(
                extension("KHR_materials_ior").get("ior"),
                DEFAULT_IOR,
            )),
            specular_factor: unit(specular.get("specularFactor"), 1.0),
            specular_color_factor: numbers(specular.get("specularColorFactor"), [1.0; 3]),
            clearcoat_factor: unit(coat.get("clearcoatFactor"), 0.0),
            clearcoat_roughness_factor: unit(coat.get("clearcoatRoughnessFactor"), 0.0),
            clearcoat_normal_scale: number(coat_normal.get("scale"), 1.0),
            sheen_color_factor: numbers(sheen.get("sheenColorFactor"), [0.0; 3]),
            sheen_roughness_factor: unit(sheen.get("sheenRoughnessFactor"), 0.0),
            transmission_factor: unit(transmission.get("transmissionFactor"), 0.0),
            thickness_factor: number(volume.get("thicknessFactor"), 0.0).max(0.0),
            attenuation_color: numbers(volume.get("attenuationColor"), [1.0; 3]),
            attenuation_distance: number(volume.get("attenuationDistance"), 0.0).max(0.0),
        };
        let gloss = extension("KHR_materials_pbrSpecularGlossiness");
        if pbr.is_null() && !gloss.is_null() {
            material.read_glossy(gloss, document)?;
        }
        Ok(material)
    }

    /// The older model of specular colour and glossiness, near enough: a dielectric of that reflectance.
    fn read_glossy(&mut self, gloss: &Json, document: &Json) -> Result<(), GltfError> {
        self.base_color_factor = numbers(gloss.get("diffuseFactor"), [1.0; 4]);
        self.textures[Slot::BaseColor as usize] =
            texture::read(gloss.get("diffuseTexture"), document)?;
        self.textures[Slot::SpecularColor as usize] =
            texture::read(gloss.get("specularGlossinessTexture"), document)?;
        self.metallic_factor = 0.0;
        self.roughness_factor = 1.0 - number(gloss.get("glossinessFactor"), 1.0).within(0.0, 1.0);
        // Reflectance of the default index of refraction is 0.04.
        self.specular_color_factor =
            numbers(gloss.get("specularFactor"), [1.0; 3]).map(|c: f32| c / 0.04);
        Ok(())
    }
}

const DEFAULT_IOR: f32 = 1.5;

/// 0 stands for a reflectance of 1, as for older materials; else no less than a vacuum's.
fn ior(n: f32) -> f32 {
    if n <= 0.0 { 1e6 } else { n.max(1.0) }
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
