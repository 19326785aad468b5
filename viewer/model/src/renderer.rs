//! What all models of the page share on its one WebGL context: programs, light, targets.

use wasm_bindgen::JsValue;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};
use xoay_viewer_core::environment;

use crate::gl::{Gl, Target, Texture, floats};
use crate::programs::Programs;

/// What all models of the page share.
pub struct Renderer {
    canvas: HtmlCanvasElement,
    pub gl: Gl,
    pub programs: Programs,
    /// The prefiltered studio.
    pub studio: Texture,
    /// What is behind surfaces that light passes through; made when there is one.
    pub behind: Option<Target>,
    /// Two small targets that a shadow is blurred between.
    pub blurs: Option<[Target; 2]>,
}

impl Renderer {
    /// Takes a context whose canvas is not on the page.
    pub fn new(canvas: HtmlCanvasElement, gl: Gl) -> Result<Self, JsValue> {
        // Rows of textures follow each other without gaps.
        gl.pixel_storei(Gl::UNPACK_ALIGNMENT, 1);
        let studio = studio(&gl)?;
        Ok(Self {
            canvas,
            gl,
            programs: Programs::default(),
            studio,
            behind: None,
            blurs: None,
        })
    }

    /// Makes the shared canvas hold a picture of this size. `alone` says that no other model is drawn at present: then it
    /// does not stay larger than needed.
    pub fn make_room(&self, [width, height]: [u32; 2], alone: bool) {
        let (w, h) = (self.canvas.width(), self.canvas.height());
        let wanted = if alone {
            (width, height)
        } else {
            (w.max(width), h.max(height))
        };
        if wanted != (w, h) {
            self.canvas.set_width(wanted.0);
            self.canvas.set_height(wanted.1);
        }
    }

    /// Draws a strip of triangles that the program in use makes from vertex numbers alone.
    pub fn draw_plain(&self, vertices: i32) {
        self.gl.bind_vertex_array(None);
        self.gl.draw_arrays(Gl::TRIANGLE_STRIP, 0, vertices);
    }

    /// Copies the picture at the bottom left of the shared canvas onto a canvas of the page.
    pub fn show(&self, screen: &CanvasRenderingContext2d, [width, height]: [u32; 2]) {
        let Some(canvas) = screen.canvas() else {
            return;
        };
        let (w, h) = (f64::from(width), f64::from(height));
        let above = f64::from(self.canvas.height()) - h;
        let (wide, high) = (f64::from(canvas.width()), f64::from(canvas.height()));
        // Cannot fail for canvases of one's own that have a size.
        let _ = screen.set_global_composite_operation("copy");
        let _ = screen
            .draw_image_with_html_canvas_element_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
                &self.canvas,
                0.0,
                above,
                w,
                h,
                0.0,
                0.0,
                wide,
                high,
            );
    }
}

/// The studio as a cube map of grey half floats.
fn studio(gl: &Gl) -> Result<Texture, JsValue> {
    let cube = Gl::TEXTURE_CUBE_MAP;
    let texture = Texture::new(gl, cube, Gl::LINEAR_MIPMAP_LINEAR, Gl::LINEAR)?;
    let packed = include_bytes!(concat!(env!("OUT_DIR"), "/studio.bin"));
    let environment = environment::unpack(packed).ok_or(JsValue::NULL)?;
    let last = environment.levels.len() - 1;
    texture.set(cube, Gl::TEXTURE_MAX_LEVEL, last as u32);
    for (level, texels) in environment.levels.iter().enumerate() {
        let size = environment.face_px >> level;
        for (face, texels) in (0..).zip(texels.chunks_exact(size * size)) {
            let target = Gl::TEXTURE_CUBE_MAP_POSITIVE_X + face;
            floats(gl, target, level, [Gl::R16F, Gl::RED], [size; 2], texels)?;
        }
    }
    Ok(texture)
}
