//! The studio's light on the card: the very numbers that the viewer draws with.

use std::sync::OnceLock;

use xoay_viewer_studio::{Diffuse, FACE_PX, LEVELS, diffuse, level};

use crate::gpu::Gpu;

/// Every level of the cube map in half floats, and the diffuse light.
struct Light {
    levels: Vec<Vec<u16>>,
    diffuse: Diffuse,
}

fn light() -> &'static Light {
    static LIGHT: OnceLock<Light> = OnceLock::new();

    LIGHT.get_or_init(|| Light {
        levels: (0..LEVELS)
            .map(|l| level(l).into_iter().map(half_float).collect())
            .collect(),
        diffuse: diffuse(),
    })
}

/// A positive number as a half float, the nearest; what is too small or too large becomes the least or the greatest.
fn half_float(value: f32) -> u16 {
    const LEAST: f32 = 6.104e-5;
    const GREATEST: f32 = 65504.0;

    let bits = value.clamp(LEAST, GREATEST).to_bits();
    let rounded = bits + 0x0fff + (bits >> 13 & 1);
    // The exponent's bias goes from 127 to 15.
    ((rounded >> 13) - (112 << 10)) as u16
}

/// The diffuse light's nine numbers, filled up to three vectors.
pub(crate) fn harmonics() -> [f32; 12] {
    let mut harmonics = [0.0; 12];
    harmonics[..9].copy_from_slice(&light().diffuse);
    harmonics
}

/// The roughness of the last level is 1; its number.
pub(crate) const LAST_LEVEL: f32 = (LEVELS - 1) as f32;

/// The cube map, in GL's order of faces, and its sampler.
pub(crate) fn upload(gpu: &Gpu) -> (wgpu::TextureView, wgpu::Sampler) {
    const FACES: u32 = 6;

    let extent = |side: u32, layers: u32| wgpu::Extent3d {
        width: side,
        height: side,
        depth_or_array_layers: layers,
    };
    let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: Some("studio"),
        size: extent(FACE_PX as u32, FACES),
        mip_level_count: LEVELS as u32,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::R16Float,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    });
    for (l, halves) in light().levels.iter().enumerate() {
        let side = (FACE_PX >> l) as u32;
        gpu.queue.write_texture(
            wgpu::TexelCopyTextureInfo {
                texture: &texture,
                mip_level: l as u32,
                origin: wgpu::Origin3d::ZERO,
                aspect: wgpu::TextureAspect::All,
            },
            bytemuck::cast_slice(halves),
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(side * 2),
                rows_per_image: Some(side),
            },
            extent(side, FACES),
        );
    }
    let view = texture.create_view(&wgpu::TextureViewDescriptor {
        dimension: Some(wgpu::TextureViewDimension::Cube),
        ..wgpu::TextureViewDescriptor::default()
    });
    let sampler = gpu.device.create_sampler(&wgpu::SamplerDescriptor {
        mag_filter: wgpu::FilterMode::Linear,
        min_filter: wgpu::FilterMode::Linear,
        mipmap_filter: wgpu::MipmapFilterMode::Linear,
        ..wgpu::SamplerDescriptor::default()
    });
    (view, sampler)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_floats_are_the_nearest() {
        assert_eq!(half_float(1.0), 0x3c00);
        assert_eq!(half_float(0.5), 0x3800);
        assert_eq!(half_float(65504.0), 0x7bff);
        assert_eq!(half_float(1e9), 0x7bff);
        assert_eq!(half_float(1.0 + 1.0 / 1024.0), 0x3c01);
        // Halfway goes to the even one.
        assert_eq!(half_float(1.0 + 0.5 / 1024.0), 0x3c00);
        assert_eq!(half_float(0.0), 0x0400);
    }
}
