//! What is needed beside three-d's context and render states: programs that compile while others go on and know their
//! uniforms, and textures and targets that are deleted when they are no longer used.

use three_d::core::{
    Blend, BlendEquationType, BlendMultiplierType, Context, Cull, DepthTest, RenderStates,
    Viewport, WriteMask,
};
use wasm_bindgen::JsValue;
pub use web_sys::WebGl2RenderingContext as Gl;
use web_sys::{
    WebGlFramebuffer, WebGlProgram, WebGlRenderbuffer, WebGlShader, WebGlTexture,
    WebGlUniformLocation,
};

/// Over what is there, for colours that are multiplied with their alpha.
const OVER: Blend = Blend::Enabled {
    source_rgb_multiplier: BlendMultiplierType::One,
    source_alpha_multiplier: BlendMultiplierType::One,
    destination_rgb_multiplier: BlendMultiplierType::OneMinusSrcAlpha,
    destination_alpha_multiplier: BlendMultiplierType::OneMinusSrcAlpha,
    rgb_equation: BlendEquationType::Add,
    alpha_equation: BlendEquationType::Add,
};

const HEADER: &str = "#version 300 es\nprecision highp float;precision highp int;\n";
/// Its constant is the extension's, not WebGL's own.
const TEXTURE_MAX_ANISOTROPY: u32 = 0x84fe;

/// Samples a pixel where edges are smoothed.
const MOST_SAMPLES: i32 = 4;

fn lost() -> JsValue {
    "the WebGL context was lost".into()
}

/// A program that the browser is compiling, while others go on.
pub struct Compiling {
    gl: Gl,
    id: WebGlProgram,
    shaders: [WebGlShader; 2],
}

impl Compiling {
    /// Begins to compile and link two shaders; a program's inputs keep the locations that the shader gives them.
    pub fn new(gl: &Gl, vertex: &str, fragment: &str) -> Result<Self, JsValue> {
        let shader = |kind, source: &str| {
            let shader = gl.create_shader(kind).ok_or_else(lost)?;
            gl.shader_source(&shader, &[HEADER, source].concat());
            gl.compile_shader(&shader);
            Ok::<WebGlShader, JsValue>(shader)
        };
        let shaders = [
            shader(Gl::VERTEX_SHADER, vertex)?,
            shader(Gl::FRAGMENT_SHADER, fragment)?,
        ];
        let id = gl.create_program().ok_or_else(lost)?;
        for shader in &shaders {
            gl.attach_shader(&id, shader);
        }
        gl.link_program(&id);
        Ok(Self {
            gl: gl.clone(),
            id,
            shaders,
        })
    }

    /// Waits for it.
    pub fn finish(self) -> Result<Program, JsValue> {
        let Self { gl, id, shaders } = self;
        let linked = gl.get_program_parameter(&id, Gl::LINK_STATUS).is_truthy();
        if !linked && !gl.is_context_lost() {
            let logs = shaders.iter().filter_map(|s| gl.get_shader_info_log(s));
            let log = logs.chain(gl.get_program_info_log(&id)).collect::<String>();
            return Err(["a shader cannot be compiled: ", &log].concat().into());
        }
        for shader in &shaders {
            gl.delete_shader(Some(shader));
        }
        let count = gl.get_program_parameter(&id, Gl::ACTIVE_UNIFORMS);
        let count = count.as_f64().unwrap_or(0.0) as u32;
        let uniforms = (0..count).filter_map(|i| {
            let info = gl.get_active_uniform(&id, i)?;
            let name = info.name();
            let at = gl.get_uniform_location(&id, &name)?;
            // An array goes by the name that the shader declares.
            let end = name.find('[').unwrap_or(name.len());
            Some((name[..end].to_owned(), info.type_(), at))
        });
        Ok(Program {
            uniforms: uniforms.collect(),
            gl: gl.clone(),
            id,
        })
    }
}

/// A shader program and where its uniforms are.
pub struct Program {
    gl: Gl,
    id: WebGlProgram,
    uniforms: Vec<(String, u32, WebGlUniformLocation)>,
}

impl Program {
    /// Uses it for what is set and drawn from now on.
    pub fn begin(&self) {
        self.gl.use_program(Some(&self.id));
    }

    /// Sets a uniform of the program in use, all of an array's numbers in a row; nothing where it has none of this name.
    pub fn set(&self, name: &str, numbers: &[f32]) {
        let Some((_, kind, at)) = self.uniforms.iter().find(|u| u.0 == name) else {
            return;
        };
        let at = Some(at);
        match *kind {
            Gl::FLOAT => self.gl.uniform1fv_with_f32_array(at, numbers),
            Gl::FLOAT_VEC2 => self.gl.uniform2fv_with_f32_array(at, numbers),
            Gl::FLOAT_VEC3 => self.gl.uniform3fv_with_f32_array(at, numbers),
            Gl::FLOAT_VEC4 => self.gl.uniform4fv_with_f32_array(at, numbers),
            Gl::FLOAT_MAT3 => self.gl.uniform_matrix3fv_with_f32_array(at, false, numbers),
            Gl::FLOAT_MAT4 => self.gl.uniform_matrix4fv_with_f32_array(at, false, numbers),
            _ => {}
        }
    }

    /// Lets it read a texture through a unit; nothing where it does not look at it. A unit is for one target only.
    pub fn bind(&self, name: &str, unit: u32, target: u32, texture: &Texture) {
        if let Some((_, _, at)) = self.uniforms.iter().find(|u| u.0 == name) {
            self.gl.uniform1i(Some(at), unit as i32);
            self.gl.active_texture(Gl::TEXTURE0 + unit);
            self.gl.bind_texture(target, Some(&texture.id));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.gl.delete_program(Some(&self.id));
    }
}

/// How what is drawn meets what is there: `blend` lays it over that by its alpha, which its colours are multiplied with;
/// `write_depth` lets it hide what is drawn behind it later, `test_depth` what is there hide it.
pub fn states(cull: Cull, blend: bool, write_depth: bool, test_depth: bool) -> RenderStates {
    RenderStates {
        write_mask: WriteMask {
            depth: write_depth,
            ..WriteMask::COLOR
        },
        depth_test: if test_depth {
            DepthTest::LessOrEqual
        } else {
            DepthTest::Always
        },
        blend: if blend { OVER } else { Blend::Disabled },
        cull,
    }
}

/// A texture, deleted with its last use.
pub struct Texture {
    gl: Gl,
    pub id: WebGlTexture,
    /// Bytes that it takes, more or less.
    pub size_bytes: usize,
}

impl Texture {
    /// A texture that is bound, clamped, and has no content yet.
    pub fn new(gl: &Gl, target: u32, min: u32, mag: u32) -> Result<Self, JsValue> {
        let id = gl.create_texture().ok_or_else(lost)?;
        gl.active_texture(Gl::TEXTURE0);
        gl.bind_texture(target, Some(&id));
        let texture = Self {
            gl: gl.clone(),
            id,
            size_bytes: 0,
        };
        texture.set(target, Gl::TEXTURE_MIN_FILTER, min);
        texture.set(target, Gl::TEXTURE_MAG_FILTER, mag);
        texture.set(target, Gl::TEXTURE_WRAP_S, Gl::CLAMP_TO_EDGE);
        texture.set(target, Gl::TEXTURE_WRAP_T, Gl::CLAMP_TO_EDGE);
        Ok(texture)
    }

    /// Sets a parameter; the texture must be bound.
    pub fn set(&self, target: u32, name: u32, value: u32) {
        self.gl.tex_parameteri(target, name, value as i32);
    }

    /// Keeps it sharp on slanted surfaces, where the GPU can.
    pub fn sharpen(&self, samples: f32) {
        let extension = self.gl.get_extension("EXT_texture_filter_anisotropic");
        if extension.is_ok_and(|e| e.is_some()) {
            self.gl
                .tex_parameterf(Gl::TEXTURE_2D, TEXTURE_MAX_ANISOTROPY, samples);
        }
    }

    /// Four floats a texel, for shaders that fetch them one by one.
    pub fn of_floats(gl: &Gl, size: [usize; 2], texels: &[f32]) -> Result<Self, JsValue> {
        let mut texture = Self::new(gl, Gl::TEXTURE_2D, Gl::NEAREST, Gl::NEAREST)?;
        texture.size_bytes = texels.len() * 4;
        texture.replace_floats(size, texels)?;
        Ok(texture)
    }

    /// Gives a texture of floats other ones.
    pub fn replace_floats(&self, size: [usize; 2], texels: &[f32]) -> Result<(), JsValue> {
        self.gl.active_texture(Gl::TEXTURE0);
        self.gl.bind_texture(Gl::TEXTURE_2D, Some(&self.id));
        let formats = [Gl::RGBA32F, Gl::RGBA];
        floats(&self.gl, Gl::TEXTURE_2D, 0, formats, size, texels)
    }
}

/// Fills a level of the texture that is bound with floats; the formats are the GPU's and the data's.
pub fn floats(
    gl: &Gl,
    target: u32,
    level: usize,
    [internal, format]: [u32; 2],
    [width, height]: [usize; 2],
    texels: &[f32],
) -> Result<(), JsValue> {
    let data = js_sys::Float32Array::from(texels);
    gl.tex_image_2d_with_i32_and_i32_and_i32_and_format_and_type_and_opt_array_buffer_view(
        target,
        level as i32,
        internal as i32,
        width as i32,
        height as i32,
        0,
        format,
        Gl::FLOAT,
        Some(&data),
    )
}

impl Drop for Texture {
    fn drop(&mut self) {
        self.gl.delete_texture(Some(&self.id));
    }
}

/// A texture that can be drawn into.
pub struct Target {
    gl: Gl,
    /// What was drawn.
    pub color: Texture,
    pub framebuffer: WebGlFramebuffer,
    depth: WebGlRenderbuffer,
    /// Width and height, pixels.
    pub size: [u32; 2],
}

impl Target {
    /// A target of this size; more than one level are filled by [`Target::shrink`].
    pub fn new(gl: &Gl, format: u32, size: [u32; 2], levels: u32) -> Result<Self, JsValue> {
        let min = if levels > 1 {
            Gl::LINEAR_MIPMAP_LINEAR
        } else {
            Gl::LINEAR
        };
        let color = Texture::new(gl, Gl::TEXTURE_2D, min, Gl::LINEAR)?;
        let [w, h] = size.map(|px| px as i32);
        gl.tex_storage_2d(Gl::TEXTURE_2D, levels as i32, format, w, h);
        let depth = gl.create_renderbuffer().ok_or_else(lost)?;
        gl.bind_renderbuffer(Gl::RENDERBUFFER, Some(&depth));
        gl.renderbuffer_storage(Gl::RENDERBUFFER, Gl::DEPTH_COMPONENT24, w, h);
        let framebuffer = gl.create_framebuffer().ok_or_else(lost)?;
        let buffer = Gl::FRAMEBUFFER;
        gl.bind_framebuffer(buffer, Some(&framebuffer));
        let texture = Some(&color.id);
        gl.framebuffer_texture_2d(buffer, Gl::COLOR_ATTACHMENT0, Gl::TEXTURE_2D, texture, 0);
        let depths = Some(&depth);
        gl.framebuffer_renderbuffer(buffer, Gl::DEPTH_ATTACHMENT, Gl::RENDERBUFFER, depths);
        Ok(Self {
            gl: gl.clone(),
            color,
            framebuffer,
            depth,
            size,
        })
    }

    /// Fills the smaller levels.
    pub fn shrink(&self) {
        self.gl.active_texture(Gl::TEXTURE0);
        self.gl.bind_texture(Gl::TEXTURE_2D, Some(&self.color.id));
        self.gl.generate_mipmap(Gl::TEXTURE_2D);
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.gl.delete_framebuffer(Some(&self.framebuffer));
        self.gl.delete_renderbuffer(Some(&self.depth));
    }
}

/// A target of several samples a pixel, for smooth edges.
pub struct Samples {
    gl: Gl,
    pub framebuffer: WebGlFramebuffer,
    /// Colour and depth.
    buffers: [WebGlRenderbuffer; 2],
    /// Width and height, pixels.
    pub size: [u32; 2],
}

impl Samples {
    /// A target of this size with [`MOST_SAMPLES`], or as many as the GPU can.
    pub fn new(gl: &Gl, size: [u32; 2]) -> Result<Self, JsValue> {
        let most = gl.get_parameter(Gl::MAX_SAMPLES)?.as_f64();
        let count = most.map_or(0, |most| most as i32).min(MOST_SAMPLES);
        let [w, h] = size.map(|px| px as i32);
        let framebuffer = gl.create_framebuffer().ok_or_else(lost)?;
        gl.bind_framebuffer(Gl::FRAMEBUFFER, Some(&framebuffer));
        let buffer = |format, attachment| {
            let id = gl.create_renderbuffer().ok_or_else(lost)?;
            gl.bind_renderbuffer(Gl::RENDERBUFFER, Some(&id));
            gl.renderbuffer_storage_multisample(Gl::RENDERBUFFER, count, format, w, h);
            let kind = Gl::RENDERBUFFER;
            gl.framebuffer_renderbuffer(Gl::FRAMEBUFFER, attachment, kind, Some(&id));
            Ok::<_, JsValue>(id)
        };
        let buffers = [
            buffer(Gl::RGBA8, Gl::COLOR_ATTACHMENT0)?,
            buffer(Gl::DEPTH_COMPONENT24, Gl::DEPTH_ATTACHMENT)?,
        ];
        Ok(Self {
            gl: gl.clone(),
            framebuffer,
            buffers,
            size,
        })
    }

    /// Puts the mean of each pixel's samples on the canvas, `size` pixels from its bottom left.
    pub fn resolve(&self, size: [u32; 2]) {
        let gl = &self.gl;
        let [w, h] = size.map(|px| px as i32);
        gl.bind_framebuffer(Gl::READ_FRAMEBUFFER, Some(&self.framebuffer));
        gl.bind_framebuffer(Gl::DRAW_FRAMEBUFFER, None);
        gl.blit_framebuffer(0, 0, w, h, 0, 0, w, h, Gl::COLOR_BUFFER_BIT, Gl::NEAREST);
        gl.bind_framebuffer(Gl::FRAMEBUFFER, None);
    }
}

impl Drop for Samples {
    fn drop(&mut self) {
        self.gl.delete_framebuffer(Some(&self.framebuffer));
        for buffer in &self.buffers {
            self.gl.delete_renderbuffer(Some(buffer));
        }
    }
}

/// Draws from now on into a framebuffer, or into the canvas, from an empty beginning, `size` pixels from its bottom left.
pub fn begin(gl: &Gl, three: &Context, into: Option<&WebGlFramebuffer>, [width, height]: [u32; 2]) {
    gl.bind_framebuffer(Gl::FRAMEBUFFER, into);
    three.set_viewport(Viewport::new_at_origo(width, height));
    three.set_write_mask(WriteMask::COLOR_AND_DEPTH);
    gl.clear_color(0.0, 0.0, 0.0, 0.0);
    gl.clear(Gl::COLOR_BUFFER_BIT | Gl::DEPTH_BUFFER_BIT);
}
