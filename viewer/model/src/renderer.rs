//! What all models of the page share on its one WebGL context: programs, light, targets.

use std::sync::Arc;

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    CanvasRenderingContext2d, HtmlCanvasElement, ImageBitmapRenderingContext, OffscreenCanvas,
};
use xoay_viewer_core::environment;

use crate::gl::{Gl, Samples, Target, Texture, floats};
use crate::programs::Programs;

/// The canvas of the page's WebGL context; it is on no page itself.
#[derive(Clone)]
pub enum Surface {
    /// Its pictures are handed over without a copy.
    Offscreen(OffscreenCanvas),
    /// For browsers that cannot: its pictures are copied.
    Element(HtmlCanvasElement),
}

/// Where a view's pictures go.
pub enum Screen {
    /// Takes pictures that are handed over.
    Handed(ImageBitmapRenderingContext, HtmlCanvasElement),
    /// Takes copies.
    Copied(CanvasRenderingContext2d),
}

impl Surface {
    /// The context of a canvas of the page that takes this surface's pictures.
    pub fn screen(&self, canvas: &HtmlCanvasElement) -> Result<Screen, JsValue> {
        let context = |name| canvas.get_context(name);
        let screen = match self {
            Self::Offscreen(_) => context("bitmaprenderer")?
                .and_then(|c| c.dyn_into().ok())
                .map(|c| Screen::Handed(c, canvas.clone())),
            Self::Element(_) => context("2d")?
                .and_then(|c| c.dyn_into().ok())
                .map(Screen::Copied),
        };
        screen.ok_or_else(|| "the model's canvas has no context".into())
    }

    fn size(&self) -> [u32; 2] {
        match self {
            Self::Offscreen(canvas) => [canvas.width(), canvas.height()],
            Self::Element(canvas) => [canvas.width(), canvas.height()],
        }
    }

    fn resize(&self, [width, height]: [u32; 2]) {
        match self {
            Self::Offscreen(canvas) => {
                canvas.set_width(width);
                canvas.set_height(height);
            }
            Self::Element(canvas) => {
                canvas.set_width(width);
                canvas.set_height(height);
            }
        }
    }
}

/// What all models of the page share.
pub struct Renderer {
    surface: Surface,
    pub gl: Gl,
    /// The same context as three-d sees it.
    pub three: three_d::Context,
    pub programs: Programs,
    /// The prefiltered studio.
    pub studio: Texture,
    /// Where pictures with smooth edges are drawn; none while one is.
    pub samples: Option<Samples>,
    /// What is behind surfaces that light passes through; made when there is one.
    pub behind: Option<Target>,
    /// Two small targets that a shadow is blurred between.
    pub blurs: Option<[Target; 2]>,
}

impl Renderer {
    /// Takes a context whose canvas is not on the page.
    pub fn new(surface: Surface, gl: Gl) -> Result<Self, JsValue> {
        // glow reads it at once, and stops the module where it is not what it expects, as after a loss.
        let version = gl.get_parameter(Gl::VERSION)?.as_string();
        if !version.is_some_and(|text| text.starts_with("WebGL 2.0")) {
            return Err("the WebGL context cannot be used".into());
        }
        // three-d also says that rows of textures follow each other without gaps.
        let raw = three_d::context::Context::from_webgl2_context(gl.clone());
        #[allow(clippy::arc_with_non_send_sync)]
        // three-d asks for one; the browser's page has one thread
        let three = three_d::Context::from_gl_context(Arc::new(raw));
        let three = three.map_err(|_| "the WebGL context was lost")?;
        let studio = studio(&gl)?;
        Ok(Self {
            surface,
            gl,
            three,
            programs: Programs::default(),
            studio,
            samples: None,
            behind: None,
            blurs: None,
        })
    }

    /// Makes the shared canvas hold a picture of `size`. `alone` says that no other model is drawn at present, so that
    /// one whose pictures are copied need not stay larger than `full`, the size at rest.
    pub fn make_room(&self, size: [u32; 2], full: [u32; 2], alone: bool) {
        let present = self.surface.size();
        let wanted = match self.surface {
            // What is handed over is the whole canvas.
            Surface::Offscreen(_) => size,
            Surface::Element(_) if alone => full,
            Surface::Element(_) => [0, 1].map(|k| present[k].max(full[k])),
        };
        if wanted != present {
            self.surface.resize(wanted);
        }
    }

    /// A target of several samples a pixel that holds a picture of `size`; whoever takes it puts it back.
    pub fn samples(&mut self, size: [u32; 2]) -> Result<Samples, JsValue> {
        let wide = |s: &Samples| (0..2).all(|k| s.size[k] >= size[k]);
        // One that is much too large is not kept for ever.
        let vast = |s: &Samples| (0..2).any(|k| s.size[k] > 2 * size[k]);
        match self.samples.take() {
            Some(samples) if wide(&samples) && !vast(&samples) => Ok(samples),
            _ => Samples::new(&self.gl, size),
        }
    }

    /// Draws a strip of triangles that the program in use makes from vertex numbers alone.
    pub fn draw_plain(&self, vertices: i32) {
        self.gl.bind_vertex_array(None);
        self.gl.draw_arrays(Gl::TRIANGLE_STRIP, 0, vertices);
    }

    /// Shows the picture at the bottom left of the shared canvas on a canvas of the page.
    pub fn show(&self, screen: &Screen, size: [u32; 2]) -> Result<(), JsValue> {
        match (&self.surface, screen) {
            (Surface::Offscreen(from), Screen::Handed(to, canvas)) => {
                // Whoever saves the canvas as a file gets it at this size.
                if [canvas.width(), canvas.height()] != size {
                    canvas.set_width(size[0]);
                    canvas.set_height(size[1]);
                }
                to.transfer_from_image_bitmap(&from.transfer_to_image_bitmap()?);
                Ok(())
            }
            (Surface::Element(from), Screen::Copied(to)) => {
                let [width, height] = size.map(f64::from);
                let above = f64::from(from.height()) - height;
                let canvas = to.canvas().ok_or(JsValue::NULL)?;
                let (w, h) = (f64::from(canvas.width()), f64::from(canvas.height()));
                to.clear_rect(0.0, 0.0, w, h);
                to.draw_image_with_html_canvas_element_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
                    from, 0.0, above, width, height, 0.0, 0.0, w, h,
                )
            }
            _ => Ok(()),
        }
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
