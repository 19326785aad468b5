//! Materials as the shader reads them.

use std::collections::BTreeMap;

use serde_json_value::number;
use xoay_gltf::Document;
use xoay_gltf::json::{Extra, Material, TextureInfo};

use crate::RenderError;
use crate::gpu::Gpu;
use crate::texture::{Encoding, single, upload};

/// Number of textures of a material: base colour, metallic-roughness, normal, occlusion, emissive.
pub(crate) const TEXTURES: usize = 5;

/// A material's numbers, laid out as `Material` in `shader.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct Uniforms {
    base_color: [f32; 4],
    /// Emitted light; `w` is the strength of the normal map.
    emissive: [f32; 4],
    /// Metalness, roughness, strength of occlusion, transmission.
    surface: [f32; 4],
    /// Alpha mode (0 opaque, 1 mask, 2 blend), its threshold, 1 if unlit, 1 if front faces turn clockwise.
    modes: [f32; 4],
    /// For each texture two rows of the transform of its coordinates; `w` of the first is the set's number.
    uv: [[f32; 4]; 2 * TEXTURES],
}

/// How a material is drawn.
pub(crate) struct Look {
    pub uniforms: Uniforms,
    pub textures: [wgpu::TextureView; TEXTURES],
    pub samplers: [wgpu::Sampler; TEXTURES],
    pub blended: bool,
    pub double_sided: bool,
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
        let pbr = &material.pbr_metallic_roughness;
        let infos = [
            (pbr.base_color_texture.as_ref(), Encoding::Srgb),
            (pbr.metallic_roughness_texture.as_ref(), Encoding::Linear),
            (material.normal_texture.as_ref(), Encoding::Linear),
            (material.occlusion_texture.as_ref(), Encoding::Linear),
            (material.emissive_texture.as_ref(), Encoding::Srgb),
        ];
        let mut views = Vec::with_capacity(TEXTURES);
        let mut uv = [[0.0; 4]; 2 * TEXTURES];
        for (slot, (info, encoding)) in infos.iter().enumerate() {
            views.push(cache.view(gpu, document, info.map(|info| info.index), *encoding)?);
            if let Some(info) = info {
                uv[2 * slot..2 * slot + 2].copy_from_slice(&uv_rows(info));
            }
        }
        let extensions = &material.extensions;
        let transmission = number(
            extensions,
            "KHR_materials_transmission",
            "transmissionFactor",
        )
        .unwrap_or(0.0);
        let strength = number(
            extensions,
            "KHR_materials_emissive_strength",
            "emissiveStrength",
        )
        .unwrap_or(1.0);
        let emissive = material
            .emissive_factor
            .unwrap_or_default()
            .map(|value| value * strength);
        let mode = match material.alpha_mode.as_deref() {
            Some("MASK") => 1.0,
            Some("BLEND") => 2.0,
            _ => 0.0,
        };
        let normal_scale = material
            .normal_texture
            .as_ref()
            .map_or(0.0, |info| info.scale.unwrap_or(1.0));
        let occlusion = material
            .occlusion_texture
            .as_ref()
            .map_or(0.0, |info| info.strength.unwrap_or(1.0));
        let unlit = f32::from(u8::from(extensions.contains_key("KHR_materials_unlit")));
        let uniforms = Uniforms {
            base_color: pbr.base_color_factor.unwrap_or([1.0; 4]),
            emissive: [emissive[0], emissive[1], emissive[2], normal_scale],
            surface: [
                pbr.metallic_factor.unwrap_or(1.0),
                pbr.roughness_factor.unwrap_or(1.0),
                occlusion,
                transmission,
            ],
            modes: [
                mode,
                material.alpha_cutoff.unwrap_or(0.5),
                unlit,
                f32::from(u8::from(mirrored)),
            ],
            uv,
        };
        let textures = views.try_into().map_err(|_| RenderError::Device {
            message: "textures".to_owned(),
        })?;
        let samplers = infos.map(|(info, _)| sampler(gpu, document, info.map(|info| info.index)));
        let blended = mode > 1.5 || transmission > 0.0;
        Ok(Self {
            uniforms,
            textures,
            samplers,
            blended,
            double_sided: material.double_sided,
        })
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
