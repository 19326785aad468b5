//! The model's vertex data on the GPU: the file's buffer views as they are, and one vertex array a draw; bones and shapes
//! as textures.

use wasm_bindgen::JsValue;
use web_sys::{WebGlBuffer, WebGlVertexArrayObject};
use xoay_viewer_core::gltf::{Draw, Model, Morph};
use xoay_viewer_core::math::Mat4;

use crate::gl::{Gl, Texture};

/// Joints in a row of their texture; the shader knows it too.
const JOINTS_A_ROW: usize = 64;
/// Texels in a row of the shapes' texture.
const SHAPES_WIDE: usize = 2048;

/// Buffers, vertex arrays and data textures of a model.
pub struct Geometry {
    gl: Gl,
    /// By the view's key and by what it holds.
    buffers: Vec<(usize, u32, WebGlBuffer)>,
    /// One a draw of the model, in its order.
    arrays: Vec<WebGlVertexArrayObject>,
    /// One a morph of the model.
    pub shapes: Vec<Texture>,
    /// One a skin of the model.
    pub joints: Vec<Texture>,
    /// Bytes that all of it takes.
    pub size_bytes: usize,
}

impl Geometry {
    /// Uploads the model.
    pub fn new(gl: &Gl, model: &Model) -> Result<Self, JsValue> {
        let mut geometry = Self {
            gl: gl.clone(),
            buffers: Vec::new(),
            arrays: Vec::new(),
            shapes: Vec::new(),
            joints: Vec::new(),
            size_bytes: 0,
        };
        for draw in &model.draws {
            let array = geometry.vertex_array(model, draw)?;
            geometry.arrays.push(array);
        }
        for morph in &model.morphs {
            let texture = shapes(gl, morph)?;
            geometry.size_bytes += texture.size_bytes;
            geometry.shapes.push(texture);
        }
        for skin in &model.skins {
            let rows = skin.joints.len().div_ceil(JOINTS_A_ROW);
            let texels = vec![0.0; rows * JOINTS_A_ROW * 16];
            let size = [4 * JOINTS_A_ROW, rows];
            geometry.joints.push(Texture::of_floats(gl, size, &texels)?);
        }
        Ok(geometry)
    }

    /// Moves the bones of a skin.
    pub fn bend(&self, skin: usize, joints: &[Mat4]) {
        let rows = joints.len().div_ceil(JOINTS_A_ROW);
        let mut texels = vec![0.0; rows * JOINTS_A_ROW * 16];
        for (texel, joint) in texels.chunks_exact_mut(16).zip(joints) {
            texel.copy_from_slice(&joint.0);
        }
        // It had this size before, so that it cannot fail.
        let _ = self.joints[skin].replace_floats([4 * JOINTS_A_ROW, rows], &texels);
    }

    /// The reader has checked that every attribute lies within its view and every index within its vertices.
    fn vertex_array(
        &mut self,
        model: &Model,
        draw: &Draw,
    ) -> Result<WebGlVertexArrayObject, JsValue> {
        let gl = self.gl.clone();
        let array = gl.create_vertex_array().ok_or(JsValue::NULL)?;
        gl.bind_vertex_array(Some(&array));
        for attribute in &draw.attributes {
            self.bind_buffer(model, attribute.view, Gl::ARRAY_BUFFER)?;
            let location = attribute.semantic as u32;
            gl.enable_vertex_attrib_array(location);
            gl.vertex_attrib_pointer_with_i32(
                location,
                attribute.components as i32,
                attribute.component.gl(),
                attribute.normalized,
                attribute.stride as i32,
                attribute.offset as i32,
            );
        }
        if let Some(indices) = draw.indices {
            self.bind_buffer(model, indices.view, Gl::ELEMENT_ARRAY_BUFFER)?;
        }
        gl.bind_vertex_array(None);
        Ok(array)
    }

    /// WebGL lets a buffer hold either attributes or indices, so a view used for both is uploaded twice.
    fn bind_buffer(&mut self, model: &Model, view: usize, target: u32) -> Result<(), JsValue> {
        let mut known = self.buffers.iter();
        if let Some((_, _, buffer)) = known.find(|b| b.0 == view && b.1 == target) {
            self.gl.bind_buffer(target, Some(buffer));
            return Ok(());
        }
        let bytes = &model.views[view];
        let buffer = self.gl.create_buffer().ok_or(JsValue::NULL)?;
        self.gl.bind_buffer(target, Some(&buffer));
        self.gl
            .buffer_data_with_u8_array(target, bytes, Gl::STATIC_DRAW);
        self.size_bytes += bytes.len();
        self.buffers.push((view, target, buffer));
        Ok(())
    }

    /// Draws one draw's vertices with the program in use.
    pub fn draw(&self, index: usize, draw: &Draw) {
        let count = draw.count as i32;
        self.gl.bind_vertex_array(Some(&self.arrays[index]));
        match draw.indices {
            Some(i) => {
                let (component, offset) = (i.component.gl(), i.offset as i32);
                self.gl
                    .draw_elements_with_i32(draw.mode, count, component, offset);
            }
            None => self.gl.draw_arrays(draw.mode, 0, count),
        }
        self.gl.bind_vertex_array(None);
    }
}

impl Drop for Geometry {
    fn drop(&mut self) {
        for array in &self.arrays {
            self.gl.delete_vertex_array(Some(array));
        }
        for (_, _, buffer) in &self.buffers {
            self.gl.delete_buffer(Some(buffer));
        }
    }
}

/// Two texels a vertex, for one target after another: what it adds to the position and to the normal.
fn shapes(gl: &Gl, morph: &Morph) -> Result<Texture, JsValue> {
    let texels = 2 * morph.vertices * morph.targets.len();
    let rows = texels.div_ceil(SHAPES_WIDE);
    let mut data = vec![0.0; rows * SHAPES_WIDE * 4];
    for (t, target) in morph.targets.iter().enumerate() {
        for (part, deltas) in [&target.positions, &target.normals].into_iter().enumerate() {
            for (v, delta) in deltas.chunks_exact(3).enumerate() {
                let at = ((t * morph.vertices + v) * 2 + part) * 4;
                data[at..at + 3].copy_from_slice(delta);
            }
        }
    }
    Texture::of_floats(gl, [SHAPES_WIDE, rows], &data)
}
