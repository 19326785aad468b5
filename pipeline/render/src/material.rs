//! Materials as the shader reads them.

use std::collections::BTreeMap;

use serde_json_value::number;
use xoay_gltf::Document;
use xoay_gltf::json::{Extra, Material, TextureInfo};

use crate::RenderError;
use crate::gpu::Gpu;
use crate::texture::{Encoding, single, upload};

/// Number of textures of a material.
pub(crate) const TEXTURES: usize = 14;

/// A material's numbers, laid out as `Material` in `shader.wgsl`, which says what each is.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct Uniforms {
    base_color: [f32; 4],
    emissive: [f32; 4],
    surface: [f32; 4],
    modes: [f32; 4],
    specular: [f32; 4],
    coat: [f32; 4],
    sheen: [f32; 4],
    volume: [f32; 4],
    attenuation: [f32; 4],
    /// For each texture two rows of the transform of its coordinates; `w` of the first is the set's number.
    uv: [[f32; 4]; 2 * TEXTURES],
}

/// How a material is drawn.
pub(crate) struct Look {
    pub uniforms: Uniforms,
    pub textures: [wgpu::TextureView; TEXTURES],
    pub samplers: [wgpu::Sampler; TEXTURES],
    /// Whether what lies behind is seen through it, and it is drawn after what is solid.
    pub blended: bool,
    /// Whether it hides what is behind: glass does, what is blended by alpha does not.
    pub writes_depth: bool,
    pub double_sided: bool,
    /// How much of the light it keeps from the floor.
    pub shade: f32,
}

/// Textures already on the card.
#[derive(Default)]
pub(crate) struct TextureCache {
    views: BTreeMap<(usize, Encoding), wgpu::TextureView>,
    white: Option<wgpu::TextureView>,
}

impl TextureCache {
    fn view(
        &mut self,
        gpu: &Gpu,
        document: &Document,
        texture: Option<usize>,
        encoding: Encoding,
    ) -> Result<wgpu::TextureView, RenderError> {
        let Some(image) = texture.and_then(|texture| image_of(document, texture)) else {
            return Ok(self
                .white
                .get_or_insert_with(|| single(gpu, [255; 4]))
                .clone());
        };
        if let Some(view) = self.views.get(&(image, encoding)) {
            return Ok(view.clone());
        }
        let view = upload(gpu, document, image, encoding)?;
        self.views.insert((image, encoding), view.clone());
        Ok(view)
    }
}

/// The image of a texture: WebP where there is one.
fn image_of(document: &Document, texture: usize) -> Option<usize> {
    let texture = &document.root.textures[texture];
    texture
        .extensions
        .get("EXT_texture_webp")
        .and_then(|webp| webp.get("source")?.as_u64())
        .map(|source| source as usize)
        .or(texture.source)
        .filter(|&image| image < document.images.len())
}

mod serde_json_value {
    use xoay_gltf::json::Extra;

    /// A number in an extension.
    pub fn number(extensions: &Extra, extension: &str, member: &str) -> Option<f32> {
        extensions
            .get(extension)?
            .get(member)?
            .as_f64()
            .map(|value| value as f32)
    }
}

fn pair(extensions: &Extra, member: &str) -> Option<[f32; 2]> {
    let array = extensions
        .get("KHR_texture_transform")?
        .get(member)?
        .as_array()?;
    Some([
        array.first()?.as_f64()? as f32,
        array.get(1)?.as_f64()? as f32,
    ])
}

/// `KHR_texture_transform`: the offset after the rotation after the scale.
fn uv_rows(info: &TextureInfo) -> [[f32; 4]; 2] {
    let [scale_u, scale_v] = pair(&info.extensions, "scale").unwrap_or([1.0; 2]);
    let [offset_u, offset_v] = pair(&info.extensions, "offset").unwrap_or([0.0; 2]);
    let (sin, cos) = number(&info.extensions, "KHR_texture_transform", "rotation")
        .unwrap_or(0.0)
        .sin_cos();
    let set = number(&info.extensions, "KHR_texture_transform", "texCoord")
        .unwrap_or(info.tex_coord as f32);
    [
        [cos * scale_u, sin * scale_v, offset_u, set],
        [-sin * scale_u, cos * scale_v, offset_v, 0.0],
    ]
}

impl Look {
    pub fn new(
        gpu: &Gpu,
        document: &Document,
        material: Option<usize>,
        mirrored: bool,
        cache: &mut TextureCache,
    ) -> Result<Self, RenderError> {
        let plain = Material::default();
        let material = material.map_or(&plain, |material| &document.root.materials[material]);
        let extension = Extensions(&material.extensions);
        let infos = infos(material, extension);
        let mut views = Vec::with_capacity(TEXTURES);
        let mut uv = [[0.0; 4]; 2 * TEXTURES];
        for (slot, (info, encoding)) in infos.iter().enumerate() {
            let texture = info.as_ref().map(|info| info.index);
            views.push(cache.view(gpu, document, texture, *encoding)?);
            if let Some(info) = info {
                uv[2 * slot..2 * slot + 2].copy_from_slice(&uv_rows(info));
            }
        }
        let uniforms = Uniforms {
            uv,
            ..uniforms(material, extension, &infos, mirrored)
        };
        let textures = views.try_into().map_err(|_| RenderError::Device {
            message: "textures".to_owned(),
        })?;
        let samplers = infos
            .each_ref()
            .map(|(info, _)| sampler(gpu, document, info.as_ref().map(|info| info.index)));
        let blends = uniforms.modes[0] > 1.5;
        let transmission = uniforms.surface[3];
        let alpha = if uniforms.modes[0] > 0.5 {
            uniforms.base_color[3]
        } else {
            1.0
        };
        Ok(Self {
            uniforms,
            textures,
            samplers,
            blended: blends || transmission > 0.0,
            writes_depth: !blends,
            double_sided: material.double_sided,
            // Glass keeps little of the light.
            shade: alpha.clamp(0.0, 1.0) * (1.0 - 0.75 * transmission.clamp(0.0, 1.0)),
        })
    }
}

/// A material's extensions.
#[derive(Clone, Copy)]
struct Extensions<'a>(&'a Extra);

impl Extensions<'_> {
    fn has(self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn number(self, name: &str, member: &str, absent: f32) -> f32 {
        number(self.0, name, member).unwrap_or(absent)
    }

    fn color(self, name: &str, member: &str, absent: f32) -> [f32; 3] {
        let value = self.0.get(name).and_then(|extension| extension.get(member));
        [0, 1, 2].map(|channel| {
            let channel = value.and_then(|value| value.get(channel)?.as_f64());
            channel.map_or(absent, |value| value as f32)
        })
    }

    fn texture(self, name: &str, member: &str) -> Option<TextureInfo> {
        let value = self.0.get(name)?.get(member)?.clone();
        serde_json::from_value(value).ok()
    }
}

const COAT: &str = "KHR_materials_clearcoat";
const SHEEN: &str = "KHR_materials_sheen";
const SPECULAR: &str = "KHR_materials_specular";
const TRANSMISSION: &str = "KHR_materials_transmission";
const VOLUME: &str = "KHR_materials_volume";

type Infos = [(Option<TextureInfo>, Encoding); TEXTURES];

/// The textures in the order of the shader's bindings.
fn infos(material: &Material, extension: Extensions<'_>) -> Infos {
    use Encoding::{Linear, Srgb};

    let pbr = &material.pbr_metallic_roughness;
    [
        (pbr.base_color_texture.clone(), Srgb),
        (pbr.metallic_roughness_texture.clone(), Linear),
        (material.normal_texture.clone(), Linear),
        (material.occlusion_texture.clone(), Linear),
        (material.emissive_texture.clone(), Srgb),
        (extension.texture(COAT, "clearcoatTexture"), Linear),
        (extension.texture(COAT, "clearcoatRoughnessTexture"), Linear),
        (extension.texture(COAT, "clearcoatNormalTexture"), Linear),
        (extension.texture(SHEEN, "sheenColorTexture"), Srgb),
        (extension.texture(SHEEN, "sheenRoughnessTexture"), Linear),
        (extension.texture(SPECULAR, "specularTexture"), Linear),
        (extension.texture(SPECULAR, "specularColorTexture"), Srgb),
        (
            extension.texture(TRANSMISSION, "transmissionTexture"),
            Linear,
        ),
        (extension.texture(VOLUME, "thicknessTexture"), Linear),
    ]
}

fn flag(on: bool) -> f32 {
    f32::from(u8::from(on))
}

/// Everything but the transforms of the textures' coordinates.
fn uniforms(
    material: &Material,
    extension: Extensions<'_>,
    infos: &Infos,
    mirrored: bool,
) -> Uniforms {
    let pbr = &material.pbr_metallic_roughness;
    let strength = extension.number("KHR_materials_emissive_strength", "emissiveStrength", 1.0);
    let emissive = material.emissive_factor.unwrap_or_default();
    let [er, eg, eb] = emissive.map(|value| value * strength);
    let scale = |slot: usize| {
        let info = infos[slot].0.as_ref();
        info.map_or(0.0, |info| info.scale.unwrap_or(1.0))
    };
    let occlusion = infos[3].0.as_ref();
    let occlusion = occlusion.map_or(0.0, |info| info.strength.unwrap_or(1.0));
    let ior = extension.number("KHR_materials_ior", "ior", 1.5);
    let root = (ior - 1.0) / (ior + 1.0);
    let [sr, sg, sb] = extension
        .color(SPECULAR, "specularColorFactor", 1.0)
        .map(|value| value * root * root);
    let sheen = extension.color(SHEEN, "sheenColorFactor", 0.0);
    let coat = extension.number(COAT, "clearcoatFactor", 0.0);
    let attenuation = extension.color(VOLUME, "attenuationColor", 1.0);
    let mode = match material.alpha_mode.as_deref() {
        Some("MASK") => 1.0,
        Some("BLEND") => 2.0,
        _ => 0.0,
    };
    Uniforms {
        base_color: pbr.base_color_factor.unwrap_or([1.0; 4]),
        emissive: [er, eg, eb, scale(2)],
        surface: [
            pbr.metallic_factor.unwrap_or(1.0),
            pbr.roughness_factor.unwrap_or(1.0),
            occlusion,
            extension.number(TRANSMISSION, "transmissionFactor", 0.0),
        ],
        modes: [
            mode,
            material.alpha_cutoff.unwrap_or(0.5),
            flag(extension.has("KHR_materials_unlit")),
            flag(mirrored),
        ],
        specular: [
            sr,
            sg,
            sb,
            extension.number(SPECULAR, "specularFactor", 1.0),
        ],
        coat: [
            coat,
            extension.number(COAT, "clearcoatRoughnessFactor", 0.0),
            scale(7),
            flag(coat > 0.0),
        ],
        sheen: [
            sheen[0],
            sheen[1],
            sheen[2],
            extension.number(SHEEN, "sheenRoughnessFactor", 0.0),
        ],
        volume: [
            extension.number(VOLUME, "thicknessFactor", 0.0),
            ior,
            extension.number(VOLUME, "attenuationDistance", 0.0),
            flag(sheen.iter().any(|&value| value > 0.0)),
        ],
        attenuation: [
            attenuation[0],
            attenuation[1],
            attenuation[2],
            flag(infos[10].0.is_some() || infos[11].0.is_some()),
        ],
        uv: [[0.0; 4]; 2 * TEXTURES],
    }
}

fn sampler(gpu: &Gpu, document: &Document, texture: Option<usize>) -> wgpu::Sampler {
    let settings = texture
        .and_then(|texture| document.root.textures[texture].sampler)
        .map(|sampler| &document.root.samplers[sampler]);
    let address = |member: &str| match settings.and_then(|settings| settings.get(member)?.as_u64())
    {
        Some(33071) => wgpu::AddressMode::ClampToEdge,
        Some(33648) => wgpu::AddressMode::MirrorRepeat,
        _ => wgpu::AddressMode::Repeat,
    };
    gpu.device.create_sampler(&wgpu::SamplerDescriptor {
        address_mode_u: address("wrapS"),
        address_mode_v: address("wrapT"),
        mag_filter: wgpu::FilterMode::Linear,
        min_filter: wgpu::FilterMode::Linear,
        mipmap_filter: wgpu::MipmapFilterMode::Linear,
        anisotropy_clamp: 8,
        ..wgpu::SamplerDescriptor::default()
    })
}
