//! What JavaScript sees.

use std::rc::Rc;

use js_sys::{Array, Function, JSON};
use wasm_bindgen::prelude::*;
use web_sys::HtmlCanvasElement;
use xoay_viewer_core::gesture::Phase;
use xoay_viewer_core::math::dot;
use xoay_viewer_core::pick::Pick;

use crate::view::{State, View};

/// A point this much of its distance in front of a surface still lies on it.
const ON_SURFACE: f32 = 0.985;

/// One model on one canvas of the page; all models share one WebGL context.
///
/// It tells the page through `notify(what, value)`: `"draw"` asks for a picture, which only [`ModelView::draw`] makes;
/// `"lost"` and `"restored"` say what became of the context; `"error"` brings a text.
#[wasm_bindgen]
pub struct ModelView(Rc<View>);

#[wasm_bindgen]
impl ModelView {
    /// Fetches the model at `url`, uploads it and gives the view; `still` turns every glide off. `decoder(name)` gives a
    /// promise of the module `draco` or `ktx2`; it is called only for files that need one.
    ///
    /// # Errors
    /// A text for people who read English: the network, the file, or a browser without WebGL 2.
    pub async fn load(
        canvas: HtmlCanvasElement,
        url: String,
        still: bool,
        notify: Function,
        decoder: Function,
    ) -> Result<ModelView, JsValue> {
        let view = View::load(canvas, url, still, notify, decoder).await?;
        Ok(Self(view))
    }

    /// Tells the canvas' size in CSS pixels and the device pixels in each.
    pub fn resize(&self, width_px: f64, height_px: f64, pixel_ratio: f64) {
        self.0.resize(width_px, height_px, pixel_ratio);
    }

    /// Moves on to `time_ms` and draws, where something changed; whether it wants to be called again for the next picture.
    pub fn draw(&self, time_ms: f64) -> bool {
        self.0.draw(time_ms).unwrap_or_else(|error| {
            // Such as a shader that this GPU's driver cannot compile.
            self.0.notify("error", &error);
            false
        })
    }

    /// Takes a pointer event: phase 0 down, 1 move, 2 up, 3 cancel; CSS pixels from the canvas' top left.
    pub fn pointer(&self, phase: u32, id: i32, x: f64, y: f64, time_ms: f64) {
        let phase = match phase {
            0 => Phase::Down,
            1 => Phase::Move,
            2 => Phase::Up,
            _ => Phase::Cancel,
        };
        self.change(|state| {
            let action = state.gestures.pointer(phase, id, x, y, time_ms);
            state.act(action);
        });
    }

    /// Takes a key by its DOM name; whether it meant anything.
    pub fn key(&self, name: &str) -> bool {
        let known = self.0.0.borrow_mut().key(name);
        if known {
            self.0.changed();
        }
        known
    }

    /// Comes nearer by a factor to a point of the canvas, which stays where it is; CSS pixels from its top left.
    pub fn zoom_at(&self, factor: f64, x: f64, y: f64) {
        self.change(|state| state.zoom_at(factor, x, y));
    }

    /// Comes nearer by a factor.
    pub fn zoom_by(&self, factor: f64) {
        self.change(|state| {
            state.orbit.zoom_by(factor);
            state.settle();
        });
    }

    /// Whether it is nearer than the whole view.
    #[wasm_bindgen(getter)]
    pub fn zoomed(&self) -> bool {
        self.0.0.borrow().zoomed()
    }

    /// How far the product is turned from its front, degrees counter-clockwise seen from above.
    #[wasm_bindgen(getter)]
    pub fn angle_deg(&self) -> f64 {
        let deg = -self.0.0.borrow().orbit.azimuth_rad().to_degrees();
        deg.rem_euclid(360.0)
    }

    /// Shows the product at such an angle at once.
    #[wasm_bindgen(setter)]
    pub fn set_angle_deg(&self, angle_deg: f64) {
        if angle_deg.is_finite() {
            self.change(|state| state.orbit.set_azimuth(-angle_deg.to_radians()));
        }
    }

    /// The camera's height above the horizon, degrees.
    #[wasm_bindgen(getter)]
    pub fn elevation_deg(&self) -> f64 {
        self.0.0.borrow().orbit.elevation_rad().to_degrees()
    }

    /// Looks from such a height at once.
    #[wasm_bindgen(setter)]
    pub fn set_elevation_deg(&self, elevation_deg: f64) {
        if elevation_deg.is_finite() {
            self.change(|state| state.orbit.set_elevation(elevation_deg.to_radians()));
        }
    }

    /// Turns the product by an angle at once.
    pub fn turn_by(&self, angle_deg: f64) {
        self.change(|state| state.orbit.shift_azimuth(-angle_deg.to_radians()));
    }

    /// Looks at the product as a tour's stop wants it: turned by `angle_deg`, from `elevation_deg`, `zoom` times nearer
    /// than the whole view; gliding there where `glide` says so and motion is wanted.
    pub fn look(&self, angle_deg: f64, elevation_deg: f64, zoom: f64, glide: bool) {
        if !(angle_deg.is_finite() && elevation_deg.is_finite() && zoom.is_finite()) {
            return;
        }
        self.change(|state| {
            let (angle, elevation) = (-angle_deg.to_radians(), elevation_deg.to_radians());
            state.orbit.look(angle, elevation, zoom);
            if !glide || state.still {
                state.orbit.finish();
            }
        });
    }

    /// Where a point of the model is on the canvas, CSS pixels from its top left, and whether it is seen (1) or not (0):
    /// behind the camera, turned away by its normal, or hidden by the model. A normal that is no number counts for none.
    pub fn project(&self, x: f32, y: f32, z: f32, nx: f32, ny: f32, nz: f32) -> Vec<f64> {
        self.0.0.borrow_mut().project([x, y, z], [nx, ny, nz])
    }

    /// The model's nearest point under a place of the canvas, metres, and its normal there; empty beside the model.
    pub fn surface_at(&self, x: f64, y: f64) -> Vec<f64> {
        self.0.0.borrow_mut().surface_at(x, y)
    }

    /// Least and greatest corner of the model, metres.
    pub fn bounds(&self) -> Vec<f64> {
        let subject = self.0.0.borrow().subject;
        let corners = subject.min.into_iter().chain(subject.max);
        corners.map(f64::from).collect()
    }

    /// Triangles in a picture.
    #[wasm_bindgen(getter)]
    pub fn triangles(&self) -> u32 {
        self.0.0.borrow().model.triangles() as u32
    }

    /// Names of the material variants, as a JSON array.
    pub fn variants(&self) -> String {
        names(self.0.0.borrow().model.variants.iter())
    }

    /// The variant in view; −1 is the file's default.
    #[wasm_bindgen(getter)]
    pub fn variant(&self) -> i32 {
        self.0.0.borrow().variant.map_or(-1, |v| v as i32)
    }

    /// Shows a variant; one that there is not, such as −1, is the default.
    #[wasm_bindgen(setter)]
    pub fn set_variant(&self, index: i32) {
        self.change(|state| {
            let index = usize::try_from(index).ok();
            state.variant = index.filter(|&i| i < state.model.variants.len());
        });
    }

    /// Names of the animations, as a JSON array; empty ones where the file gives none.
    pub fn animations(&self) -> String {
        names(self.0.0.borrow().model.animations.iter().map(|a| &a.name))
    }

    /// Plays an animation, from its beginning where it is another than before; one that there is not is ignored.
    pub fn play(&self, index: u32) {
        let index = index as usize;
        self.change(|state| {
            if index >= state.model.animations.len() {
                return;
            }
            if state.play.index != Some(index) {
                state.play.time_s = 0.0;
            }
            state.play.index = Some(index);
            state.play.playing = true;
            state.strike();
        });
    }

    /// Stops the animation where it is.
    pub fn pause(&self) {
        self.change(|state| {
            state.play.playing = false;
            state.strike();
        });
    }

    /// Whether an animation plays.
    #[wasm_bindgen(getter)]
    pub fn playing(&self) -> bool {
        self.0.0.borrow().play.playing
    }

    /// Where in the animation it is, seconds.
    #[wasm_bindgen(getter)]
    pub fn time_s(&self) -> f64 {
        self.0.0.borrow().play.time_s
    }

    /// Goes to a moment of the animation; of the first one, where none was played yet.
    #[wasm_bindgen(setter)]
    pub fn set_time_s(&self, time_s: f64) {
        if time_s.is_finite() {
            self.change(|state| {
                if state.play.index.is_none() && !state.model.animations.is_empty() {
                    state.play.index = Some(0);
                }
                state.play.time_s = time_s;
                state.strike();
            });
        }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.0.borrow_mut());
        self.0.changed();
    }
}

fn names<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Array = names.map(JsValue::from).collect();
    JSON::stringify(&names).map_or_else(|_| "[]".into(), String::from)
}

impl State {
    fn pick(&mut self) -> &Pick {
        let (model, pose) = (&self.model, &self.pose);
        self.pick.get_or_insert_with(|| Pick::new(model, pose))
    }

    fn project(&mut self, point: [f32; 3], normal: [f32; 3]) -> Vec<f64> {
        let camera = self.camera();
        let Some([x, y]) = camera.project(point) else {
            return vec![0.0, 0.0, 0.0];
        };
        let way = camera.to(point);
        let turned_away = normal.iter().all(|n| n.is_finite()) && dot(normal, way) >= 0.0;
        let outside = x.abs() > 1.0 || y.abs() > 1.0;
        // While it plays, the surfaces that hide it would have to be sorted for every picture.
        let hidden = !turned_away
            && !outside
            && !self.play.playing
            && self.pick().ray(camera.eye, way, ON_SURFACE).is_some();
        vec![
            f64::from(x * 0.5 + 0.5) * self.width_px,
            f64::from(0.5 - y * 0.5) * self.height_px,
            f64::from(u8::from(!(turned_away || outside || hidden))),
        ]
    }

    fn surface_at(&mut self, x: f64, y: f64) -> Vec<f64> {
        let camera = self.camera();
        let (x, y) = (
            x / self.width_px * 2.0 - 1.0,
            1.0 - y / self.height_px * 2.0,
        );
        let direction = camera.direction([x as f32, y as f32]);
        let hit = self.pick().ray(camera.eye, direction, f32::MAX);
        let numbers = hit.map(|hit| hit.position.into_iter().chain(hit.normal));
        numbers.into_iter().flatten().map(f64::from).collect()
    }
}
