//! Textures on the graphics card, with all their smaller sizes.

use xoay_gltf::textures::{Pixels, decode};
use xoay_gltf::{Document, Limits};

use crate::RenderError;
use crate::gpu::Gpu;

/// Longest side of a texture on the card; a poster shows no more.
const MAX_SIDE: u32 = 4096;

/// Whether a texture holds colours or numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Encoding {
    Srgb,
    Linear,
}

/// Decodes and uploads an image.
pub(crate) fn upload(
    gpu: &Gpu,
    document: &Document,
    image: usize,
    encoding: Encoding,
) -> Result<wgpu::TextureView, RenderError> {
    let mut level = decode(
        &format!("images[{image}]"),
        &document.images[image].bytes,
        &Limits::default(),
    )?;
    let max_side = MAX_SIDE.min(gpu.device.limits().max_texture_dimension_2d);
    while level.width.max(level.height) > max_side {
        level = half(&level, encoding);
    }
    Ok(upload_pixels(gpu, level, encoding))
}

/// A texture of one pixel.
pub(crate) fn single(gpu: &Gpu, rgba: [u8; 4]) -> wgpu::TextureView {
    upload_pixels(
        gpu,
        Pixels {
            width: 1,
            height: 1,
            rgba: rgba.to_vec(),
        },
        Encoding::Linear,
    )
}

fn upload_pixels(gpu: &Gpu, mut level: Pixels, encoding: Encoding) -> wgpu::TextureView {
    let size = wgpu::Extent3d {
        width: level.width,
        height: level.height,
        depth_or_array_layers: 1,
    };
    let mip_level_count = size.width.max(size.height).ilog2() + 1;
    let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: None,
        size,
        mip_level_count,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: match encoding {
            Encoding::Srgb => wgpu::TextureFormat::Rgba8UnormSrgb,
            Encoding::Linear => wgpu::TextureFormat::Rgba8Unorm,
        },
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    });
    for mip_level in 0..mip_level_count {
        if mip_level > 0 {
            level = half(&level, encoding);
        }
        gpu.queue.write_texture(
            wgpu::TexelCopyTextureInfo {
                texture: &texture,
                mip_level,
                origin: wgpu::Origin3d::ZERO,
                aspect: wgpu::TextureAspect::All,
            },
            &level.rgba,
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(level.width * 4),
                rows_per_image: Some(level.height),
            },
            wgpu::Extent3d {
                width: level.width,
                height: level.height,
                depth_or_array_layers: 1,
            },
        );
    }
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}

/// The mean of each four pixels. Colours are averaged as squares, near enough to linear light.
fn half(source: &Pixels, encoding: Encoding) -> Pixels {
    let (width, height) = ((source.width / 2).max(1), (source.height / 2).max(1));
    let mut rgba = Vec::with_capacity(width as usize * height as usize * 4);
    let at = |x: u32, y: u32, channel: usize| {
        let (x, y) = (x.min(source.width - 1), y.min(source.height - 1));
        u32::from(source.rgba[(y as usize * source.width as usize + x as usize) * 4 + channel])
    };
    for y in 0..height {
        for x in 0..width {
            for channel in 0..4 {
                let four = [(0, 0), (1, 0), (0, 1), (1, 1)]
                    .map(|(dx, dy)| at(2 * x + dx, 2 * y + dy, channel));
                let mean = if encoding == Encoding::Srgb && channel < 3 {
                    (four.iter().map(|value| value * value).sum::<u32>() as f32 / 4.0)
                        .sqrt()
                        .round() as u8
                } else {
                    ((four.iter().sum::<u32>() + 2) / 4) as u8
                };
                rgba.push(mean);
            }
        }
    }
    Pixels {
        width,
        height,
        rgba,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_average_and_end_at_one_pixel() {
        let source = Pixels {
            width: 3,
            height: 1,
            rgba: vec![0, 0, 0, 0, 255, 100, 0, 255, 9, 9, 9, 9],
        };
        let linear = half(&source, Encoding::Linear);
        assert_eq!((linear.width, linear.height), (1, 1));
        assert_eq!(linear.rgba, [128, 50, 0, 128]);
        assert_eq!(half(&source, Encoding::Srgb).rgba, [180, 71, 0, 128]);
        assert_eq!(half(&linear, Encoding::Linear), linear);
    }
}
