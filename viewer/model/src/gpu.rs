//! The model's vertex data on the GPU: the file's buffer views as they are, and one vertex array a draw.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use three_d::context::{self as gl, HasContext};
use three_d::{Context, CoreError, Program};
use xoay_viewer_core::gltf::{AlphaMode, Draw, Material, Model, Semantic};

use crate::textures;

const SURFACE_VERT: &str = include_str!("shaders/surface.vert");
const SURFACE_FRAG: &str = include_str!("shaders/surface.frag");

/// One draw, ready to go.
pub struct Mesh {
    /// Its vertex array; attributes and indices are bound in it.
    pub vertices: gl::VertexArray,
    /// Key of its program.
    pub variant: u32,
}

/// Buffers, vertex arrays and programs of a model.
pub struct Gpu {
    context: Context,
    buffers: HashMap<(usize, bool), gl::Buffer>,
    /// One a draw of the model, in its order.
    pub meshes: Vec<Mesh>,
    /// Programs by variant.
    pub programs: HashMap<u32, Program>,
}

impl Gpu {
    /// Uploads the model and compiles what it needs.
    pub fn new(context: &Context, model: &Model) -> Result<Self, CoreError> {
        let mut gpu = Self {
            context: context.clone(),
            buffers: HashMap::new(),
            meshes: Vec::new(),
            programs: HashMap::new(),
        };
        for draw in &model.draws {
            let variant = variant(draw, &model.materials[draw.material]);
            if let Entry::Vacant(place) = gpu.programs.entry(variant) {
                place.insert(compile(context, variant)?);
            }
            let vertices = gpu.vertex_array(model, draw)?;
            gpu.meshes.push(Mesh { vertices, variant });
        }
        Ok(gpu)
    }

    fn vertex_array(&mut self, model: &Model, draw: &Draw) -> Result<gl::VertexArray, CoreError> {
        let context = self.context.clone();
        // SAFETY: the reader has checked that every attribute lies within its view and every index within its vertices;
        // buffers are bound before attributes point into them.
        unsafe {
            let array = context
                .create_vertex_array()
                .map_err(CoreError::ContextCreation)?;
            context.bind_vertex_array(Some(array));
            for attribute in &draw.attributes {
                let buffer = self.buffer(model, attribute.view, false)?;
                context.bind_buffer(gl::ARRAY_BUFFER, Some(buffer));
                let location = attribute.semantic as u32;
                context.enable_vertex_attrib_array(location);
                context.vertex_attrib_pointer_f32(
                    location,
                    attribute.components as i32,
                    attribute.component.gl(),
                    attribute.normalized,
                    attribute.stride as i32,
                    attribute.offset as i32,
                );
            }
            if let Some(indices) = draw.indices {
                let buffer = self.buffer(model, indices.view, true)?;
                context.bind_buffer(gl::ELEMENT_ARRAY_BUFFER, Some(buffer));
            }
            context.bind_vertex_array(None);
            context.bind_buffer(gl::ARRAY_BUFFER, None);
            Ok(array)
        }
    }

    /// WebGL lets a buffer hold either attributes or indices, so a view used for both is uploaded twice.
    fn buffer(
        &mut self,
        model: &Model,
        view: usize,
        indices: bool,
    ) -> Result<gl::Buffer, CoreError> {
        if let Some(&buffer) = self.buffers.get(&(view, indices)) {
            return Ok(buffer);
        }
        let target = if indices {
            gl::ELEMENT_ARRAY_BUFFER
        } else {
            gl::ARRAY_BUFFER
        };
        // SAFETY: a fresh buffer of its own; the vertex array that is bound takes the binding that it wants anyway.
        let buffer = unsafe {
            let buffer = self
                .context
                .create_buffer()
                .map_err(CoreError::ContextCreation)?;
            self.context.bind_buffer(target, Some(buffer));
            self.context
                .buffer_data_u8_slice(target, &model.views[&view], gl::STATIC_DRAW);
            buffer
        };
        self.buffers.insert((view, indices), buffer);
        Ok(buffer)
    }
}

impl Drop for Gpu {
    fn drop(&mut self) {
        // SAFETY: all were created by this context and are used nowhere else.
        unsafe {
            for mesh in &self.meshes {
                self.context.delete_vertex_array(mesh.vertices);
            }
            for &buffer in self.buffers.values() {
                self.context.delete_buffer(buffer);
            }
        }
    }
}

/// The shader's switches, in the order of their bits.
const SWITCHES: [&str; 13] = [
    "HAS_NORMAL",
    "HAS_UV0",
    "HAS_UV1",
    "HAS_COLOR",
    "MAP_BASE",
    "MAP_METAL_ROUGH",
    "MAP_NORMAL",
    "MAP_OCCLUSION",
    "MAP_EMISSIVE",
    "ALPHA_MASK",
    "ALPHA_BLEND",
    "UNLIT",
    "GLASS",
];

fn variant(draw: &Draw, material: &Material) -> u32 {
    let has = |semantic| draw.attributes.iter().any(|a| a.semantic == semantic);
    let [base, metal_rough, normal, occlusion, emissive] =
        textures::slots(material).map(|s| s.2.is_some());
    let switches = [
        has(Semantic::Normal),
        has(Semantic::TexCoord0),
        has(Semantic::TexCoord1),
        has(Semantic::Color),
        base,
        metal_rough,
        normal,
        occlusion,
        emissive,
        matches!(material.alpha_mode, AlphaMode::Mask(_)),
        material.alpha_mode == AlphaMode::Blend,
        material.unlit,
        material.glass,
    ];
    switches
        .iter()
        .enumerate()
        .map(|(bit, &on)| u32::from(on) << bit)
        .sum()
}

fn compile(context: &Context, variant: u32) -> Result<Program, CoreError> {
    let mut defines = String::new();
    for (bit, name) in SWITCHES.iter().enumerate() {
        if variant >> bit & 1 == 1 {
            defines.push_str("#define ");
            defines.push_str(name);
            defines.push('\n');
        }
    }
    Program::from_source(
        context,
        &[&defines, SURFACE_VERT].concat(),
        &[&defines, SURFACE_FRAG].concat(),
    )
}
