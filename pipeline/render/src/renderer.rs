use xoay_gltf::Document;

use crate::bake::{Baked, Part, bake};
use crate::gpu::Gpu;
use crate::material::{Look, TextureCache};
use crate::pipeline::{COLOR, DEPTH, Pipelines, SAMPLES};
use crate::view::Camera;
use crate::{Background, RenderError, View};

/// A picture: RGBA, 8 bits a channel, sRGB, rows from the top, alpha not multiplied in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raster {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// `width × height × 4` bytes.
    pub rgba: Vec<u8>,
}

/// Draws one model once. [`Renderer`] draws many without asking for the adapter again.
///
/// # Errors
/// See [`RenderError`]; [`RenderError::NoAdapter`] where nothing can draw.
pub fn render_poster(document: &Document, view: &View) -> Result<Raster, RenderError> {
    Renderer::new()?.render(document, view)
}

/// An adapter ready to draw.
pub struct Renderer {
    gpu: Gpu,
    pipelines: Pipelines,
}

/// A part on the card.
struct Drawn {
    vertices: wgpu::Buffer,
    indices: wgpu::Buffer,
    count: u32,
    material: wgpu::BindGroup,
    blended: bool,
    double_sided: bool,
    mirrored: bool,
    distance: f64,
}

impl Renderer {
    /// Looks for an adapter: a graphics card, else a software renderer.
    ///
    /// # Errors
    /// [`RenderError::NoAdapter`], [`RenderError::Device`].
    pub fn new() -> Result<Self, RenderError> {
        let gpu = Gpu::new()?;
        let pipelines = Pipelines::new(&gpu);
        gpu.check()?;
        Ok(Self { gpu, pipelines })
    }

    /// Draws the default scene at rest.
    ///
    /// # Errors
    /// See [`RenderError`].
    pub fn render(&self, document: &Document, view: &View) -> Result<Raster, RenderError> {
        view.check()?;
        let baked = bake(document)?;
        let camera = view.camera(baked.center, baked.radius);
        let parts = self.upload(document, &baked, &camera)?;
        let target = self.draw(&parts, &camera, view);
        self.read_back(&target, view)
    }

    fn buffer(&self, bytes: &[u8], usage: wgpu::BufferUsages) -> wgpu::Buffer {
        let buffer = self.gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: bytes.len() as u64,
            usage: usage | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        self.gpu.queue.write_buffer(&buffer, 0, bytes);
        buffer
    }

    fn upload(
        &self,
        document: &Document,
        baked: &Baked,
        camera: &Camera,
    ) -> Result<Vec<Drawn>, RenderError> {
        let mut cache = TextureCache::default();
        let mut drawn = Vec::with_capacity(baked.parts.len());
        for part in &baked.parts {
            let look = Look::new(
                &self.gpu,
                document,
                part.material,
                part.mirrored,
                &mut cache,
            )?;
            drawn.push(self.upload_part(part, &look, camera));
        }
        // Opaque parts first, then blended ones from far to near.
        drawn.sort_by(|a, b| {
            a.blended
                .cmp(&b.blended)
                .then(b.distance.total_cmp(&a.distance))
        });
        Ok(drawn)
    }

    fn upload_part(&self, part: &Part, look: &Look, camera: &Camera) -> Drawn {
        let uniforms = self.buffer(
            bytemuck::bytes_of(&look.uniforms),
            wgpu::BufferUsages::UNIFORM,
        );
        let mut entries = vec![wgpu::BindGroupEntry {
            binding: 0,
            resource: uniforms.as_entire_binding(),
        }];
        for (slot, view) in look.textures.iter().enumerate() {
            let resource = wgpu::BindingResource::TextureView(view);
            entries.push(wgpu::BindGroupEntry {
                binding: 1 + slot as u32,
                resource,
            });
        }
        for (slot, sampler) in look.samplers.iter().enumerate() {
            let resource = wgpu::BindingResource::Sampler(sampler);
            entries.push(wgpu::BindGroupEntry {
                binding: (1 + look.textures.len() + slot) as u32,
                resource,
            });
        }
        let material = self
            .gpu
            .device
            .create_bind_group(&wgpu::BindGroupDescriptor {
                label: None,
                layout: &self.pipelines.material_layout,
                entries: &entries,
            });
        let distance = (0..3)
            .map(|axis| (part.center[axis] - f64::from(camera.eye[axis])).powi(2))
            .sum();
        Drawn {
            vertices: self.buffer(
                bytemuck::cast_slice(&part.vertices),
                wgpu::BufferUsages::VERTEX,
            ),
            indices: self.buffer(
                bytemuck::cast_slice(&part.indices),
                wgpu::BufferUsages::INDEX,
            ),
            count: part.indices.len() as u32,
            material,
            blended: look.blended,
            double_sided: look.double_sided,
            mirrored: part.mirrored,
            distance,
        }
    }

    fn texture(
        &self,
        view: &View,
        format: wgpu::TextureFormat,
        samples: u32,
        usage: wgpu::TextureUsages,
    ) -> wgpu::Texture {
        self.gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: None,
            size: wgpu::Extent3d {
                width: view.width,
                height: view.height,
                depth_or_array_layers: 1,
            },
            mip_level_count: 1,
            sample_count: samples,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage: usage | wgpu::TextureUsages::RENDER_ATTACHMENT,
            view_formats: &[],
        })
    }

    fn draw(&self, parts: &[Drawn], camera: &Camera, view: &View) -> wgpu::Texture {
        let mut frame = camera.clip_from_world.concat();
        frame.extend([camera.eye[0], camera.eye[1], camera.eye[2], 1.0]);
        frame.extend([camera.azimuth[0], camera.azimuth[1], 0.0, 0.0]);
        let frame = self.buffer(bytemuck::cast_slice(&frame), wgpu::BufferUsages::UNIFORM);
        let frame = self
            .gpu
            .device
            .create_bind_group(&wgpu::BindGroupDescriptor {
                label: None,
                layout: &self.pipelines.frame_layout,
                entries: &[wgpu::BindGroupEntry {
                    binding: 0,
                    resource: frame.as_entire_binding(),
                }],
            });
        let none = wgpu::TextureUsages::empty();
        let color = self.texture(view, COLOR, SAMPLES, none);
        let depth = self.texture(view, DEPTH, SAMPLES, none);
        let target = self.texture(view, COLOR, 1, wgpu::TextureUsages::COPY_SRC);
        let as_view =
            |texture: &wgpu::Texture| texture.create_view(&wgpu::TextureViewDescriptor::default());
        let (color, depth, resolved) = (as_view(&color), as_view(&depth), as_view(&target));
        let clear = match view.background {
            Background::White => wgpu::Color::WHITE,
            Background::Transparent => wgpu::Color::TRANSPARENT,
        };
        let mut encoder = self
            .gpu
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &color,
                depth_slice: None,
                resolve_target: Some(&resolved),
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(clear),
                    store: wgpu::StoreOp::Discard,
                },
            })],
            depth_stencil_attachment: Some(wgpu::RenderPassDepthStencilAttachment {
                view: &depth,
                depth_ops: Some(wgpu::Operations {
                    load: wgpu::LoadOp::Clear(1.0),
                    store: wgpu::StoreOp::Discard,
                }),
                stencil_ops: None,
            }),
            ..wgpu::RenderPassDescriptor::default()
        });
        pass.set_bind_group(0, &frame, &[]);
        for part in parts {
            pass.set_bind_group(1, &part.material, &[]);
            pass.set_vertex_buffer(0, part.vertices.slice(..));
            pass.set_index_buffer(part.indices.slice(..), wgpu::IndexFormat::Uint32);
            let (inner, outer) = if part.mirrored {
                (wgpu::Face::Back, wgpu::Face::Front)
            } else {
                (wgpu::Face::Front, wgpu::Face::Back)
            };
            // What is left out. Both sides of something blended: the far side first.
            let passes: &[Option<wgpu::Face>] = match (part.double_sided, part.blended) {
                (true, true) => &[Some(inner), Some(outer)],
                (true, false) => &[None],
                (false, _) => &[Some(outer)],
            };
            for &cull in passes {
                pass.set_pipeline(&self.pipelines.pipeline(&self.gpu, part.blended, cull));
                pass.draw_indexed(0..part.count, 0, 0..1);
            }
        }
        drop(pass);
        self.gpu.queue.submit([encoder.finish()]);
        target
    }

    fn read_back(&self, target: &wgpu::Texture, view: &View) -> Result<Raster, RenderError> {
        self.gpu.check()?;
        let row_bytes = view.width * 4;
        let padded_row_bytes = row_bytes.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let buffer = self.gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: u64::from(padded_row_bytes) * u64::from(view.height),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut encoder = self
            .gpu
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_texture_to_buffer(
            target.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &buffer,
                layout: wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(padded_row_bytes),
                    rows_per_image: None,
                },
            },
            target.size(),
        );
        self.gpu.queue.submit([encoder.finish()]);
        buffer.map_async(wgpu::MapMode::Read, .., |_| {});
        self.gpu.wait()?;
        self.gpu.check()?;
        let mapped = buffer
            .get_mapped_range(..)
            .map_err(|error| RenderError::Device {
                message: error.to_string(),
            })?;
        let mut rgba = Vec::with_capacity(row_bytes as usize * view.height as usize);
        for row in mapped.chunks_exact(padded_row_bytes as usize) {
            rgba.extend_from_slice(&row[..row_bytes as usize]);
        }
        if view.background == Background::Transparent {
            unmultiply(&mut rgba);
        }
        Ok(Raster {
            width: view.width,
            height: view.height,
            rgba,
        })
    }
}

/// Divides colours, stored as sRGB of linear light times alpha, by alpha.
fn unmultiply(rgba: &mut [u8]) {
    let linear = |value: u8| {
        let value = f32::from(value) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    let srgb = |value: f32| {
        let value = value.clamp(0.0, 1.0);
        let encoded = if value <= 0.003_130_8 {
            value * 12.92
        } else {
            1.055 * value.powf(1.0 / 2.4) - 0.055
        };
        (encoded * 255.0).round() as u8
    };
    for pixel in rgba
        .chunks_exact_mut(4)
        .filter(|pixel| !matches!(pixel[3], 0 | 255))
    {
        let alpha = f32::from(pixel[3]) / 255.0;
        for value in &mut pixel[..3] {
            *value = srgb(linear(*value) / alpha);
        }
    }
}
