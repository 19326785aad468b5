use std::cell::RefCell;
use std::sync::Arc;

use js_sys::Function;
use three_d::{Context, CoreError};
use wasm_bindgen::prelude::*;
use web_sys::{HtmlCanvasElement, WebGl2RenderingContext, WebGlContextAttributes};
use xoay_viewer_core::gesture::{Action, Gestures, Phase};
use xoay_viewer_core::gltf::Model;
use xoay_viewer_core::math::{Mat4, Within};
use xoay_viewer_core::orbit::Orbit;

use crate::draw::{Camera, Stage};
use crate::{fetching, textures};

const FOV_Y_RAD: f32 = 0.52;
const START_ELEVATION_RAD: f64 = 0.26;
/// Room around the model, as a part of the view.
const MARGIN: f32 = 1.12;
const KEY_STEP_RAD: f64 = core::f64::consts::PI / 18.0;

/// One model on one canvas.
///
/// It asks for pictures through `notify("draw")` and draws only in [`ModelView::draw`].
#[wasm_bindgen]
pub struct ModelView(RefCell<Inner>);

struct Inner {
    canvas: HtmlCanvasElement,
    gl: WebGl2RenderingContext,
    notify: Function,
    stage: Stage,
    orbit: Orbit,
    gestures: Gestures,
    width_px: f64,
    height_px: f64,
    pixel_ratio: f64,
    last_ms: Option<f64>,
    still: bool,
}

#[wasm_bindgen]
impl ModelView {
    /// Fetches the model at `url`, uploads it and gives the view; `still` turns every glide off.
    ///
    /// # Errors
    /// A text for people who read English: the network, the file, or a browser without WebGL 2.
    pub async fn load(
        canvas: HtmlCanvasElement,
        url: String,
        still: bool,
        notify: Function,
    ) -> Result<ModelView, JsValue> {
        let gl = webgl(&canvas)?;
        let bytes = fetching::bytes(&url).await?;
        let model = Model::read(&bytes).map_err(|e| JsValue::from(e.to_string()))?;
        drop(bytes);
        let lost = || JsValue::from("the WebGL context was lost");
        if gl.is_context_lost() {
            return Err(lost());
        }
        let context = three_d::context::Context::from_webgl2_context(gl.clone());
        // The type that three-d asks for; nothing leaves this thread.
        #[allow(clippy::arc_with_non_send_sync)]
        let context = Context::from_gl_context(Arc::new(context));
        let context = context.map_err(|e| JsValue::from(e.to_string()))?;
        let textures = textures::load(&context, &model, &url).await?;
        if gl.is_context_lost() {
            return Err(lost());
        }
        let stage = Stage::new(context, model, textures).map_err(|e| match e {
            // Without the shader's whole source.
            CoreError::ShaderCompilation(kind, _, log) => format!("the {kind} shader: {log}"),
            other => other.to_string(),
        })?;
        Ok(Self(RefCell::new(Inner {
            canvas,
            gl,
            notify,
            stage,
            orbit: Orbit::new(0.0, START_ELEVATION_RAD),
            gestures: Gestures::default(),
            width_px: 1.0,
            height_px: 1.0,
            pixel_ratio: 1.0,
            last_ms: None,
            still,
        })))
    }

    /// Tells the canvas' size in CSS pixels and the device pixels in each.
    pub fn resize(&self, width_px: f64, height_px: f64, pixel_ratio: f64) {
        {
            let inner = &mut *self.0.borrow_mut();
            inner.width_px = width_px.within(1.0, 8192.0);
            inner.height_px = height_px.within(1.0, 8192.0);
            inner.pixel_ratio = pixel_ratio.within(0.5, 2.0);
            let (width, height) = inner.canvas_size();
            inner.canvas.set_width(width);
            inner.canvas.set_height(height);
        }
        self.changed();
    }

    /// Takes a pointer event: phase 0 down, 1 move, 2 up, 3 cancel; CSS pixels from the canvas' top left.
    pub fn pointer(&self, phase: u32, id: i32, x: f64, y: f64, time_ms: f64) {
        let phase = match phase {
            0 => Phase::Down,
            1 => Phase::Move,
            2 => Phase::Up,
            _ => Phase::Cancel,
        };
        {
            let inner = &mut *self.0.borrow_mut();
            let action = inner.gestures.pointer(phase, id, x, y, time_ms);
            inner.act(action);
        }
        self.changed();
    }

    /// Takes a key by its DOM name; whether it meant anything.
    pub fn key(&self, name: &str) -> bool {
        let known = self.0.borrow_mut().key(name);
        if known {
            self.changed();
        }
        known
    }

    /// Comes nearer by a factor; the point is not regarded yet.
    pub fn zoom_at(&self, factor: f64, _x: f64, _y: f64) {
        self.zoom_by(factor);
    }

    /// Comes nearer by a factor.
    pub fn zoom_by(&self, factor: f64) {
        {
            let inner = &mut *self.0.borrow_mut();
            inner.orbit.zoom_by(factor);
            inner.settle();
        }
        self.changed();
    }

    /// Whether one finger must not scroll the page: never, it only ever turns.
    #[wasm_bindgen(getter)]
    pub fn zoomed(&self) -> bool {
        self.0.borrow().orbit.magnification() > 1.05
    }

    /// How far the product is turned from its front, degrees counter-clockwise seen from above.
    #[wasm_bindgen(getter)]
    pub fn angle_deg(&self) -> f64 {
        let deg = -self.0.borrow().orbit.azimuth_rad().to_degrees();
        deg.rem_euclid(360.0)
    }

    /// Shows the product at such an angle at once.
    #[wasm_bindgen(setter)]
    pub fn set_angle_deg(&self, angle_deg: f64) {
        if angle_deg.is_finite() {
            self.0
                .borrow_mut()
                .orbit
                .set_azimuth(-angle_deg.to_radians());
            self.changed();
        }
    }

    /// Triangles in a picture.
    #[wasm_bindgen(getter)]
    pub fn triangles(&self) -> u32 {
        self.0.borrow().stage.model.triangles() as u32
    }

    /// Moves on to `time_ms` and draws; whether it wants to be called again for the next picture.
    pub fn draw(&self, time_ms: f64) -> bool {
        let inner = &mut *self.0.borrow_mut();
        if inner.gl.is_context_lost() {
            return false;
        }
        let dt_s = inner.last_ms.map_or(0.0, |last| (time_ms - last) / 1000.0);
        let moving = inner.orbit.step(dt_s.within(0.0, 0.1));
        inner.last_ms = moving.then_some(time_ms);
        let (width, height) = inner.canvas_size();
        inner.stage.draw(&inner.camera(), width, height);
        moving
    }

    fn changed(&self) {
        let notify = self.0.borrow().notify.clone();
        // The page's own errors are its own affair.
        let _ = notify.call2(&JsValue::NULL, &"draw".into(), &JsValue::UNDEFINED);
    }
}

fn webgl(canvas: &HtmlCanvasElement) -> Result<WebGl2RenderingContext, JsValue> {
    let attributes = WebGlContextAttributes::new();
    attributes.set_alpha(true);
    attributes.set_antialias(true);
    attributes.set_premultiplied_alpha(true);
    let context = canvas.get_context_with_context_options("webgl2", &attributes)?;
    let context = context.and_then(|c| c.dyn_into().ok());
    context.ok_or(JsValue::from("this browser has no WebGL 2"))
}

impl Inner {
    fn canvas_size(&self) -> (u32, u32) {
        let scale = |px: f64| (px * self.pixel_ratio).round().max(1.0) as u32;
        (scale(self.width_px), scale(self.height_px))
    }

    fn size_px(&self) -> f64 {
        self.width_px.min(self.height_px * 1.5)
    }

    fn act(&mut self, action: Action) {
        let size = self.size_px();
        match action {
            Action::None => {}
            Action::Drag { dx, dy } => self.orbit.drag(dx, dy, size),
            Action::Pinch { factor, dx, dy, .. } => {
                self.orbit.zoom_by(factor);
                self.orbit.drag(dx, dy, size);
            }
            Action::Release { vx, vy } => {
                let still = if self.still { 0.0 } else { 1.0 };
                self.orbit.release(vx * still, vy * still, size);
            }
            Action::DoubleTap { .. } if self.orbit.magnification() > 1.05 => self.orbit.go_home(),
            Action::DoubleTap { .. } => self.orbit.zoom_by(1.8),
        }
        if !self.gestures.active() {
            self.settle();
        }
    }

    fn key(&mut self, name: &str) -> bool {
        match name {
            "ArrowRight" => self.orbit.turn_by(-KEY_STEP_RAD, 0.0),
            "ArrowLeft" => self.orbit.turn_by(KEY_STEP_RAD, 0.0),
            "ArrowUp" => self.orbit.turn_by(0.0, KEY_STEP_RAD),
            "ArrowDown" => self.orbit.turn_by(0.0, -KEY_STEP_RAD),
            "PageUp" => self.orbit.turn_by(-core::f64::consts::FRAC_PI_4, 0.0),
            "PageDown" => self.orbit.turn_by(core::f64::consts::FRAC_PI_4, 0.0),
            "+" | "=" => self.orbit.zoom_by(1.25),
            "-" | "_" => self.orbit.zoom_by(0.8),
            "Home" | "0" => self.orbit.go_home(),
            _ => return false,
        }
        self.settle();
        true
    }

    /// With reduced motion a glide is at its end at once.
    fn settle(&mut self) {
        if self.still {
            self.orbit.finish();
        }
    }

    /// Stands so far off that the cylinder around the model, seen from the start's height, fits the view.
    fn camera(&self) -> Camera {
        let model = &self.stage.model;
        let (azimuth, elevation) = (
            self.orbit.azimuth_rad() as f32,
            self.orbit.elevation_rad() as f32,
        );
        let height = (model.max[1] - model.min[1]).max(1e-9);
        let radius = model.radius.max(height * 1e-3);
        let (sin, cos) = (START_ELEVATION_RAD as f32).sin_cos();
        let aspect = (self.width_px / self.height_px) as f32;
        let slope = (FOV_Y_RAD / 2.0).tan();
        let tall = (height / 2.0 * cos + radius * sin) / slope;
        let wide = radius / (slope * aspect);
        let whole = tall.max(wide) * MARGIN + radius * cos;
        let distance = whole * self.orbit.distance() as f32;
        let target = [0, 1, 2].map(|k| f32::midpoint(model.min[k], model.max[k]));
        let eye = [
            target[0] + distance * elevation.cos() * azimuth.sin(),
            target[1] + distance * elevation.sin(),
            target[2] + distance * elevation.cos() * azimuth.cos(),
        ];
        let reach = radius.hypot(height) * 1.3;
        let near = (distance - reach).max(distance * 0.02);
        let projection = Mat4::perspective(FOV_Y_RAD, aspect, near, distance + reach);
        Camera {
            clip_from_world: projection.mul(&Mat4::look_at(eye, target)),
            eye,
            azimuth_rad: azimuth,
            elevation_rad: elevation,
        }
    }
}
