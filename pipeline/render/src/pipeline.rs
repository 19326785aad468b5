//! The pipelines: opaque or blended, by the faces they leave out.

use crate::bake::Vertex;
use crate::gpu::Gpu;
use crate::material::TEXTURES;

/// Format of the picture. The shader writes sRGB itself: so it is blended as browsers blend the viewer's canvas.
pub(crate) const COLOR: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;
pub(crate) const DEPTH: wgpu::TextureFormat = wgpu::TextureFormat::Depth32Float;
pub(crate) const SAMPLES: u32 = 4;

pub(crate) struct Pipelines {
    pub frame_layout: wgpu::BindGroupLayout,
    pub material_layout: wgpu::BindGroupLayout,
    pub floor_layout: wgpu::BindGroupLayout,
    layout: wgpu::PipelineLayout,
    shader: wgpu::ShaderModule,
    pub floor: wgpu::RenderPipeline,
}

/// What sets one pipeline of surfaces apart from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Kind {
    pub blended: bool,
    pub writes_depth: bool,
    pub cull: Option<wgpu::Face>,
}

fn uniform(binding: u32) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
        ty: wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Uniform,
            has_dynamic_offset: false,
            min_binding_size: None,
        },
        count: None,
    }
}

fn texture(binding: u32, view_dimension: wgpu::TextureViewDimension) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::FRAGMENT,
        ty: wgpu::BindingType::Texture {
            sample_type: wgpu::TextureSampleType::Float { filterable: true },
            view_dimension,
            multisampled: false,
        },
        count: None,
    }
}

fn sampler(binding: u32) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::FRAGMENT,
        ty: wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering),
        count: None,
    }
}

fn depth(writes: bool) -> wgpu::DepthStencilState {
    wgpu::DepthStencilState {
        format: DEPTH,
        depth_write_enabled: Some(writes),
        depth_compare: Some(wgpu::CompareFunction::LessEqual),
        stencil: wgpu::StencilState::default(),
        bias: wgpu::DepthBiasState::default(),
    }
}

fn color(blended: bool) -> [Option<wgpu::ColorTargetState>; 1] {
    [Some(wgpu::ColorTargetState {
        format: COLOR,
        blend: blended.then_some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
        write_mask: wgpu::ColorWrites::ALL,
    })]
}

const MULTISAMPLE: wgpu::MultisampleState = wgpu::MultisampleState {
    count: SAMPLES,
    mask: !0,
    alpha_to_coverage_enabled: false,
};

impl Pipelines {
    pub fn new(gpu: &Gpu) -> Self {
        let device = &gpu.device;
        let group = |entries: &[wgpu::BindGroupLayoutEntry]| {
            device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
                label: None,
                entries,
            })
        };
        let cube = wgpu::TextureViewDimension::Cube;
        let flat = wgpu::TextureViewDimension::D2;
        let frame_layout = group(&[uniform(0), texture(1, cube), sampler(2)]);
        let floor_layout = group(&[uniform(0), texture(1, flat), sampler(2)]);
        let mut entries = vec![uniform(0)];
        for slot in 0..TEXTURES as u32 {
            entries.push(texture(1 + slot, flat));
            entries.push(sampler(1 + TEXTURES as u32 + slot));
        }
        let material_layout = group(&entries);
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(&frame_layout), Some(&material_layout)],
            immediate_size: 0,
        });
        let shader = device.create_shader_module(wgpu::include_wgsl!("shader.wgsl"));
        let floor = floor(device, &floor_layout);
        Self {
            frame_layout,
            material_layout,
            floor_layout,
            layout,
            shader,
            floor,
        }
    }

    /// The pipeline for surfaces of a kind.
    pub fn surface(&self, gpu: &Gpu, kind: Kind) -> wgpu::RenderPipeline {
        let attributes = wgpu::vertex_attr_array![
            0 => Float32x3, 1 => Float32x3, 2 => Float32x4, 3 => Float32x4, 4 => Float32x4
        ];
        gpu.device
            .create_render_pipeline(&wgpu::RenderPipelineDescriptor {
                label: None,
                layout: Some(&self.layout),
                vertex: wgpu::VertexState {
                    module: &self.shader,
                    entry_point: Some("vertex_main"),
                    compilation_options: wgpu::PipelineCompilationOptions::default(),
                    buffers: &[Some(wgpu::VertexBufferLayout {
                        array_stride: size_of::<Vertex>() as u64,
                        step_mode: wgpu::VertexStepMode::Vertex,
                        attributes: &attributes,
                    })],
                },
                primitive: wgpu::PrimitiveState {
                    cull_mode: kind.cull,
                    ..wgpu::PrimitiveState::default()
                },
                depth_stencil: Some(depth(kind.writes_depth)),
                multisample: MULTISAMPLE,
                fragment: Some(wgpu::FragmentState {
                    module: &self.shader,
                    entry_point: Some("fragment_main"),
                    compilation_options: wgpu::PipelineCompilationOptions::default(),
                    targets: &color(kind.blended),
                }),
                multiview_mask: None,
                cache: None,
            })
    }
}

/// The pipeline that lays the shadow on the floor.
fn floor(device: &wgpu::Device, group: &wgpu::BindGroupLayout) -> wgpu::RenderPipeline {
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: None,
        bind_group_layouts: &[Some(group)],
        immediate_size: 0,
    });
    let shader = device.create_shader_module(wgpu::include_wgsl!("floor.wgsl"));
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: None,
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module: &shader,
            entry_point: Some("vertex_main"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &[],
        },
        primitive: wgpu::PrimitiveState {
            topology: wgpu::PrimitiveTopology::TriangleStrip,
            ..wgpu::PrimitiveState::default()
        },
        depth_stencil: Some(depth(false)),
        multisample: MULTISAMPLE,
        fragment: Some(wgpu::FragmentState {
            module: &shader,
            entry_point: Some("fragment_main"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &color(true),
        }),
        multiview_mask: None,
        cache: None,
    })
}
