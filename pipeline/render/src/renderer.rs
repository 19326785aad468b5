use std::collections::HashMap;

use xoay_gltf::Document;

use crate::bake::{Baked, Part, bake};
use crate::gpu::Gpu;
use crate::material::{Look, TextureCache};
use crate::pipeline::{COLOR, DEPTH, Kind, Pipelines, SAMPLES};
use crate::shadow::{self, Floor};
use crate::studio;
use crate::view::{Camera, Subject};
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
    studio: wgpu::TextureView,
    studio_sampler: wgpu::Sampler,
}

/// A part on the card.
struct Drawn {
    vertices: wgpu::Buffer,
    indices: wgpu::Buffer,
    count: u32,
    material: wgpu::BindGroup,
    blended: bool,
    writes_depth: bool,
    /// Which faces are left out, in as many turns.
    culls: Vec<Option<wgpu::Face>>,
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
        let (studio, studio_sampler) = studio::upload(&gpu);
        gpu.check()?;
        Ok(Self {
            gpu,
            pipelines,
            studio,
            studio_sampler,
        })
    }

    /// Draws the default scene at rest.
    ///
    /// # Errors
    /// See [`RenderError`].
    pub fn render(&self, document: &Document, view: &View) -> Result<Raster, RenderError> {
        view.check()?;
        let baked = bake(document)?;
        let camera = view.camera(Subject {
            min: baked.min,
            max: baked.max,
            radius: baked.radius,
        });
        let (parts, shades) = self.upload(document, &baked, &camera)?;
        // From below the floor there is no shadow.
        let floor = (camera.elevation_rad >= 0.02).then(|| self.floor(&baked, &camera, &shades));
        let target = self.draw(&parts, floor.as_ref(), &camera, view);
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
    ) -> Result<(Vec<Drawn>, Vec<f32>), RenderError> {
        let mut cache = TextureCache::default();
        let mut drawn = Vec::with_capacity(baked.parts.len());
        let mut shades = Vec::with_capacity(baked.parts.len());
        for part in &baked.parts {
            let look = Look::new(
                &self.gpu,
                document,
                part.material,
                part.mirrored,
                &mut cache,
            )?;
            shades.push(look.shade);
            drawn.push(self.upload_part(part, &look, camera));
        }
        // Opaque parts first, then blended ones from far to near.
        drawn.sort_by(|a, b| {
            a.blended
                .cmp(&b.blended)
                .then(b.distance.total_cmp(&a.distance))
        });
        Ok((drawn, shades))
    }

    /// The shadow's picture and where it lies.
    fn floor(&self, baked: &Baked, camera: &Camera, shades: &[f32]) -> wgpu::BindGroup {
        let floor = Floor::new(baked);
        let rgba = shadow::cast(baked, &floor, shades);
        let side = shadow::SIZE_PX as u32;
        let size = wgpu::Extent3d {
            width: side,
            height: side,
            depth_or_array_layers: 1,
        };
        let texture = self.gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("shadow"),
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        self.gpu.queue.write_texture(
            texture.as_image_copy(),
            &rgba,
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(side * 4),
                rows_per_image: Some(side),
            },
            size,
        );
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let sampler = self.gpu.device.create_sampler(&wgpu::SamplerDescriptor {
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..wgpu::SamplerDescriptor::default()
        });
        let [x, y, z] = floor.center;
        let mut place = camera.clip_from_world.concat();
        // A little below what stands on it.
        place.extend([x, y - floor.half * 2e-3, z, floor.half]);
        let place = self.buffer(bytemuck::cast_slice(&place), wgpu::BufferUsages::UNIFORM);
        self.group(&self.pipelines.floor_layout, &place, &view, &sampler)
    }

    /// A group of one buffer, one texture and its sampler.
    fn group(
        &self,
        layout: &wgpu::BindGroupLayout,
        buffer: &wgpu::Buffer,
        view: &wgpu::TextureView,
        sampler: &wgpu::Sampler,
    ) -> wgpu::BindGroup {
        let entry = |binding, resource| wgpu::BindGroupEntry { binding, resource };
        self.gpu
            .device
            .create_bind_group(&wgpu::BindGroupDescriptor {
                label: None,
                layout,
                entries: &[
                    entry(0, buffer.as_entire_binding()),
                    entry(1, wgpu::BindingResource::TextureView(view)),
                    entry(2, wgpu::BindingResource::Sampler(sampler)),
                ],
            })
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
        let (inner, outer) = if part.mirrored {
            (wgpu::Face::Back, wgpu::Face::Front)
        } else {
            (wgpu::Face::Front, wgpu::Face::Back)
        };
        // Both sides of something clear, the far side first: in one go the order of the file's triangles would tell which
        // of them is seen.
        let culls = match (look.double_sided, look.blended) {
            (true, true) => vec![Some(inner), Some(outer)],
            (true, false) => vec![None],
            (false, _) => vec![Some(outer)],
        };
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
            writes_depth: look.writes_depth,
            culls,
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

    fn frame(&self, camera: &Camera) -> wgpu::BindGroup {
        let [x, y, z] = camera.eye;
        let mut frame = camera.clip_from_world.concat();
        frame.extend([x, y, z, 1.0]);
        frame.extend([
            camera.azimuth[0],
            camera.azimuth[1],
            studio::LAST_LEVEL,
            0.0,
        ]);
        frame.extend(studio::harmonics());
        let frame = self.buffer(bytemuck::cast_slice(&frame), wgpu::BufferUsages::UNIFORM);
        let layout = &self.pipelines.frame_layout;
        self.group(layout, &frame, &self.studio, &self.studio_sampler)
    }

    fn draw(
        &self,
        parts: &[Drawn],
        floor: Option<&wgpu::BindGroup>,
        camera: &Camera,
        view: &View,
    ) -> wgpu::Texture {
        let frame = self.frame(camera);
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
        let solid = parts.iter().take_while(|part| !part.blended).count();
        let mut pipelines = HashMap::new();
        self.draw_parts(&mut pass, &mut pipelines, &frame, &parts[..solid]);
        if let Some(floor) = floor {
            pass.set_pipeline(&self.pipelines.floor);
            pass.set_bind_group(0, floor, &[]);
            pass.draw(0..4, 0..1);
        }
        self.draw_parts(&mut pass, &mut pipelines, &frame, &parts[solid..]);
        drop(pass);
        self.gpu.queue.submit([encoder.finish()]);
        target
    }

    fn draw_parts(
        &self,
        pass: &mut wgpu::RenderPass<'_>,
        pipelines: &mut HashMap<Kind, wgpu::RenderPipeline>,
        frame: &wgpu::BindGroup,
        parts: &[Drawn],
    ) {
        for part in parts {
            for &cull in &part.culls {
                let kind = Kind {
                    blended: part.blended,
                    writes_depth: part.writes_depth,
                    cull,
                };
                let pipeline = pipelines
                    .entry(kind)
                    .or_insert_with(|| self.pipelines.surface(&self.gpu, kind));
                pass.set_pipeline(pipeline);
                pass.set_bind_group(0, frame, &[]);
                pass.set_bind_group(1, &part.material, &[]);
                pass.set_vertex_buffer(0, part.vertices.slice(..));
                pass.set_index_buffer(part.indices.slice(..), wgpu::IndexFormat::Uint32);
                pass.draw_indexed(0..part.count, 0, 0..1);
            }
        }
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

/// Divides colours by alpha, with which they were multiplied as they are stored.
fn unmultiply(rgba: &mut [u8]) {
    for pixel in rgba
        .chunks_exact_mut(4)
        .filter(|pixel| !matches!(pixel[3], 0 | 255))
    {
        let alpha = u32::from(pixel[3]);
        for value in &mut pixel[..3] {
            *value = ((u32::from(*value) * 255 + alpha / 2) / alpha).min(255) as u8;
        }
    }
}
