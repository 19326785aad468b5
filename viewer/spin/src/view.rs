use std::cell::RefCell;

use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageBitmap};
use xoay_viewer_core::gesture::{Action, Gestures, Phase};
use xoay_viewer_core::math::Within;
use xoay_viewer_core::plan::SpinPlan;
use xoay_viewer_core::turn::Turn;
use xoay_viewer_core::zoom::Zoom;

use crate::frames::Frames;
use crate::paint;

mod requests;

/// One spin on one canvas.
///
/// It asks for pictures through `notify("draw")` and draws only in [`SpinView::draw`]. Further notices: `("frame", n)` when
/// another frame is in view, `("ready")` when the first picture can be drawn, `("sharp")` when the first whole frame has
/// been, `("error", text)` when none will come.
///
/// The page does the fetching and decoding: `("fetch", job, url)` wants [`SpinView::fetched`], `("decode", job, blob)` wants
/// [`SpinView::decoded`] with a picture [`SpinView::decode_px`] wide, both later, never from within the notice. Their
/// futures and bindings in Rust took 9 KB.
#[wasm_bindgen]
pub struct SpinView(RefCell<Inner>);

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and all combinations occur"
)]
struct Inner {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    notify: Function,
    plan: SpinPlan,
    turn: Turn,
    zoom: Zoom,
    gestures: Gestures,
    frames: Frames,
    sprite: Option<ImageBitmap>,
    sprite_asked: bool,
    sprite_done: bool,
    width_px: f64,
    height_px: f64,
    pixel_ratio: f64,
    last_ms: Option<f64>,
    requests: usize,
    shown: Option<u32>,
    ready: bool,
    sharp: bool,
    still: bool,
    over: bool,
}

#[wasm_bindgen]
impl SpinView {
    /// Reads the manifest; `still` turns every glide off. Loading begins with the first [`SpinView::resize`].
    ///
    /// # Errors
    /// A text for people who read English: the manifest is wrong or the canvas has no 2D context.
    #[wasm_bindgen(constructor)]
    pub fn new(
        canvas: HtmlCanvasElement,
        manifest: &str,
        still: bool,
        notify: Function,
    ) -> Result<Self, JsError> {
        let plan = SpinPlan::read(manifest).map_err(|error| JsError::new(error.word()))?;
        let context = canvas.get_context("2d").ok().flatten();
        let context = context.and_then(|c| c.dyn_into::<CanvasRenderingContext2d>().ok());
        let context = context.ok_or(JsError::new("the canvas has no 2D context"))?;
        Ok(Self(RefCell::new(Inner {
            turn: Turn::new(&plan.rows, plan.loops, plan.direction, plan.start_frame),
            frames: Frames::new(plan.frame_count),
            canvas,
            context,
            notify,
            plan,
            zoom: Zoom::new(4.0),
            gestures: Gestures::default(),
            sprite: None,
            sprite_asked: false,
            sprite_done: false,
            width_px: 0.0,
            height_px: 0.0,
            pixel_ratio: 1.0,
            last_ms: None,
            requests: 0,
            shown: None,
            ready: false,
            sharp: false,
            still,
            over: false,
        })))
    }

    /// Tells the canvas' size in CSS pixels and the device pixels in each.
    pub fn resize(&self, width_px: f64, height_px: f64, pixel_ratio: f64) {
        {
            let inner = &mut *self.0.borrow_mut();
            inner.width_px = width_px.within(1.0, 16_384.0);
            inner.height_px = height_px.within(1.0, 16_384.0);
            inner.pixel_ratio = pixel_ratio.within(0.5, 3.0);
            let (width, height) = inner.canvas_size();
            inner.canvas.set_width(width as u32);
            inner.canvas.set_height(height as u32);
            let wanted = inner.wanted_px();
            inner.frames.choose(&inner.plan, wanted);
            let most = f64::from(inner.plan.width) / wanted * 2.0;
            inner.zoom = Zoom::new(most.within(2.5, 8.0));
        }
        pump(&self.0);
        tell(&self.0, "draw");
    }

    /// Takes a pointer event: phase 0 down, 1 move, 2 up, 3 cancel; CSS pixels from the canvas' top left.
    pub fn pointer(&self, phase: u32, id: i32, x: f64, y: f64, time_ms: f64) {
        let phase = match phase {
            0 => Phase::Down,
            1 => Phase::Move,
            2 => Phase::Up,
            _ => Phase::Cancel,
        };
        let action = self
            .0
            .borrow_mut()
            .gestures
            .pointer(phase, id, x, y, time_ms);
        self.0.borrow_mut().act(action);
        changed(&self.0);
    }

    /// Takes a key by its DOM name; whether it meant anything.
    pub fn key(&self, name: &str) -> bool {
        let known = self.0.borrow_mut().key(name);
        if known {
            changed(&self.0);
        }
        known
    }

    /// Magnifies around a point in CSS pixels.
    pub fn zoom_at(&self, factor: f64, x: f64, y: f64) {
        self.0.borrow_mut().zoom_at(factor, x, y);
        changed(&self.0);
    }

    /// Magnifies around the middle.
    pub fn zoom_by(&self, factor: f64) {
        let (x, y) = {
            let inner = self.0.borrow();
            (inner.width_px / 2.0, inner.height_px / 2.0)
        };
        self.zoom_at(factor, x, y);
    }

    /// Whether a part of the picture is out of view.
    #[wasm_bindgen(getter)]
    pub fn zoomed(&self) -> bool {
        self.0.borrow().zoom.is_zoomed()
    }

    /// Number of the frame in view.
    #[wasm_bindgen(getter)]
    pub fn frame(&self) -> u32 {
        self.0.borrow().turn.frame()
    }

    /// Shows a frame at once.
    #[wasm_bindgen(setter)]
    pub fn set_frame(&self, frame: u32) {
        self.0.borrow_mut().turn.jump_to(frame);
        changed(&self.0);
    }

    /// How many frames there are.
    #[wasm_bindgen(getter)]
    pub fn frame_count(&self) -> u32 {
        self.0.borrow().plan.frame_count as u32
    }

    /// How far the product is turned from the row's first frame, degrees counter-clockwise seen from above.
    #[wasm_bindgen(getter)]
    pub fn angle_deg(&self) -> f64 {
        let inner = self.0.borrow();
        let turned = inner.turn.part_of_turn() * inner.sense() * 360.0;
        if turned < 0.0 { turned + 360.0 } else { turned }
    }

    /// Shows the frame nearest to an angle as [`SpinView::angle_deg`] gives it.
    #[wasm_bindgen(setter)]
    pub fn set_angle_deg(&self, angle_deg: f64) {
        self.0.borrow_mut().turn_to(angle_deg);
        changed(&self.0);
    }

    /// Turns on by degrees counter-clockwise seen from above, without a glide.
    pub fn turn_by(&self, angle_deg: f64) {
        {
            let inner = &mut *self.0.borrow_mut();
            let part = angle_deg * inner.sense() / 360.0;
            inner.turn.turn_by(part);
        }
        changed(&self.0);
    }

    /// The camera's height in view in degrees; not a number where it is not known.
    #[wasm_bindgen(getter)]
    pub fn elevation_deg(&self) -> f64 {
        let inner = self.0.borrow();
        inner.plan.elevations_deg[inner.turn.row_index()]
    }

    /// Shows the row whose camera is nearest to this height, where that is known.
    #[wasm_bindgen(setter)]
    pub fn set_elevation_deg(&self, elevation_deg: f64) {
        self.0.borrow_mut().rise_to(elevation_deg);
        changed(&self.0);
    }

    /// Glides on by frames; with reduced motion it is there at once.
    pub fn step(&self, frames: i32) {
        {
            let inner = &mut *self.0.borrow_mut();
            inner.turn.step_by(frames);
            inner.settle();
        }
        changed(&self.0);
    }

    /// Magnification, 1 where the picture is shown whole. With [`SpinView::zoom_x`] and [`SpinView::zoom_y`] it tells
    /// where the picture lies.
    #[wasm_bindgen(getter)]
    pub fn zoom(&self) -> f64 {
        self.0.borrow().zoom.scale
    }

    /// The picture's point at the canvas' middle, as a part of its width.
    #[wasm_bindgen(getter)]
    pub fn zoom_x(&self) -> f64 {
        self.0.borrow().zoom.x
    }

    /// The picture's point at the canvas' middle, as a part of its height.
    #[wasm_bindgen(getter)]
    pub fn zoom_y(&self) -> f64 {
        self.0.borrow().zoom.y
    }

    /// Moves on to `time_ms` and draws; whether it wants to be called again for the next picture.
    pub fn draw(&self, time_ms: f64) -> bool {
        let (moving, frame, sharp) = {
            let inner = &mut *self.0.borrow_mut();
            let dt_s = inner.last_ms.map_or(0.0, |last| (time_ms - last) / 1000.0);
            let moving = !inner.gestures.active() && inner.turn.step(dt_s.within(0.0, 0.1));
            inner.last_ms = moving.then_some(time_ms);
            let sharp = inner.paint() && !inner.sharp;
            inner.sharp |= sharp;
            let frame = inner.turn.frame();
            let news = (inner.shown != Some(frame)).then_some(frame);
            inner.shown = Some(frame);
            (moving, news, sharp)
        };
        if let Some(frame) = frame {
            notify(&self.0, "frame", &frame.into(), &JsValue::UNDEFINED);
            pump(&self.0);
        }
        if sharp {
            tell(&self.0, "sharp");
        }
        moving
    }

    /// Takes what the page fetched (a blob) for a `job`, or `undefined` where that failed.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "what JavaScript hands over is owned"
    )]
    pub fn fetched(&self, job: u32, blob: JsValue) {
        let decode = self.0.borrow_mut().take_blob(job, blob.clone());
        if decode {
            notify(&self.0, "decode", &job.into(), &blob);
        } else {
            arrived(&self.0);
        }
    }

    /// Pixels of width that the picture of a decode `job` is wanted at; 0 where the file's own suit.
    pub fn decode_px(&self, job: u32) -> f64 {
        self.0.borrow().decode_px(job)
    }

    /// Takes what the page decoded for a `job`, or nothing where that failed.
    pub fn decoded(&self, job: u32, bitmap: Option<ImageBitmap>) {
        self.0.borrow_mut().take_bitmap(job, bitmap);
        arrived(&self.0);
    }

    /// Lets go of every picture; nothing is loaded or drawn afterwards.
    pub fn dispose(&self) {
        let inner = &mut *self.0.borrow_mut();
        inner.over = true;
        let decoded = inner.frames.slots.drain(..).filter_map(|s| s.bitmap);
        for bitmap in decoded.chain(inner.sprite.take()) {
            bitmap.close();
        }
    }
}

impl Inner {
    fn canvas_size(&self) -> (f64, f64) {
        let ratio = self.pixel_ratio;
        (
            (self.width_px * ratio).round(),
            (self.height_px * ratio).round(),
        )
    }

    /// 1 where the product turns counter-clockwise as the frame number rises, else -1.
    fn sense(&self) -> f64 {
        if self.plan.direction == xoay_format::Direction::Clockwise {
            -1.0
        } else {
            1.0
        }
    }

    /// Shows the row's frame nearest to an angle.
    fn turn_to(&mut self, angle_deg: f64) {
        let row = self.turn.row();
        let count = f64::from(row.frame_count);
        let turns = angle_deg * self.sense() / 360.0;
        let within = ((turns - turns.floor()) * count).round();
        let within = if within < count { within as u32 } else { 0 };
        self.turn.jump_to(row.first_frame + within);
    }

    /// Shows the row whose camera is nearest to a height.
    fn rise_to(&mut self, elevation_deg: f64) {
        let now = self.turn.row_index();
        let far = |row: usize| (self.plan.elevations_deg[row] - elevation_deg).abs();
        let mut best = now;
        for row in 0..self.turn.row_count() {
            // Not where a height is not known.
            if far(row) < far(best) {
                best = row;
            }
        }
        self.turn.change_row(best as i32 - now as i32);
    }

    fn aspect(&self) -> f64 {
        f64::from(self.plan.width) / f64::from(self.plan.height)
    }

    /// Width of the whole picture on the canvas, device pixels.
    fn wanted_px(&self) -> f64 {
        let (width, height) = self.canvas_size();
        width.min(height * self.aspect())
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::None => {}
            Action::Drag { dx, dy } if self.zoom.is_zoomed() => self.pan(dx, dy),
            Action::Drag { dx, dy } => self.turn.drag(dx, dy, self.width_px, self.height_px),
            Action::Pinch {
                factor,
                x,
                y,
                dx,
                dy,
            } => {
                self.zoom_at(factor, x, y);
                self.pan(dx, dy);
            }
            Action::Release { vx, .. } => {
                let vx = if self.zoom.is_zoomed() || self.still {
                    0.0
                } else {
                    vx
                };
                self.turn.release(vx, self.width_px);
                self.settle();
            }
            Action::DoubleTap { x, y } => {
                if self.zoom.is_zoomed() {
                    self.zoom.reset();
                } else {
                    self.zoom_at(2.5, x, y);
                }
            }
        }
    }

    fn pan(&mut self, dx: f64, dy: f64) {
        let whole = self.wanted_px() / self.pixel_ratio;
        self.zoom.pan(dx / whole, dy / (whole / self.aspect()));
    }

    fn zoom_at(&mut self, factor: f64, x: f64, y: f64) {
        let whole = self.wanted_px() / self.pixel_ratio;
        let part_x = (x - self.width_px / 2.0) / whole + 0.5;
        let part_y = (y - self.height_px / 2.0) / (whole / self.aspect()) + 0.5;
        self.zoom
            .by(factor, part_x.within(0.0, 1.0), part_y.clamp(0.0, 1.0));
    }

    fn key(&mut self, name: &str) -> bool {
        let row = self.turn.row();
        let eighth = (row.frame_count as i32 / 8).max(1);
        let many_rows = self.turn.row_count() > 1;
        match name {
            "ArrowRight" => self.turn.step_by(1),
            "ArrowLeft" => self.turn.step_by(-1),
            "PageUp" => self.turn.step_by(eighth),
            "PageDown" => self.turn.step_by(-eighth),
            "ArrowUp" if many_rows => self.turn.change_row(1),
            "ArrowDown" if many_rows => self.turn.change_row(-1),
            "Home" => self.turn.jump_to(row.first_frame),
            "End" => self.turn.jump_to(row.first_frame + row.frame_count - 1),
            "+" | "=" => self.zoom.by(1.4, 0.5, 0.5),
            "-" | "_" => self.zoom.by(1.0 / 1.4, 0.5, 0.5),
            "0" | "Escape" if self.zoom.is_zoomed() => self.zoom.reset(),
            _ => return false,
        }
        self.settle();
        true
    }

    /// With reduced motion a glide is at its end at once.
    fn settle(&mut self) {
        if self.still {
            self.turn.finish();
        }
    }

    /// Draws the frame in view; whether it was the whole frame, not the sprite's small one.
    fn paint(&self) -> bool {
        let canvas = self.canvas_size();
        let current = self.turn.frame() as usize;
        self.context.clear_rect(0.0, 0.0, canvas.0, canvas.1);
        self.context.set_image_smoothing_enabled(true);
        // Not in every browser: where it is unknown, setting it does nothing.
        let _ = Reflect::set(
            &self.context,
            &"imageSmoothingQuality".into(),
            &"high".into(),
        );
        let at = paint::place(canvas, self.aspect(), &self.zoom);
        let bitmap = self.frames.bitmap(current);
        // A failed draw leaves the canvas clear: there is nothing better to show.
        let _ = match (bitmap, &self.sprite, &self.plan.sprite) {
            (Some(bitmap), ..) => paint::picture(&self.context, bitmap, at),
            (None, Some(sprite), Some(plan)) => {
                paint::tile(&self.context, sprite, plan, current, at)
            }
            _ => Ok(()),
        };
        bitmap.is_some()
    }

    /// Whether the frame in view could be drawn.
    fn has_picture(&self) -> bool {
        let current = self.turn.frame() as usize;
        self.sprite.is_some() || self.frames.bitmap(current).is_some()
    }
}

/// Calls the page; its own errors are its own affair.
fn notify(view: &RefCell<Inner>, what: &str, value: &JsValue, extra: &JsValue) {
    let (over, call) = {
        let inner = view.borrow();
        (inner.over, inner.notify.clone())
    };
    if !over {
        let _ = call.call3(&JsValue::NULL, &what.into(), value, extra);
    }
}

fn tell(view: &RefCell<Inner>, what: &str) {
    notify(view, what, &JsValue::UNDEFINED, &JsValue::UNDEFINED);
}

/// After any input: another picture, and perhaps other frames to load.
fn changed(view: &RefCell<Inner>) {
    pump(view);
    tell(view, "draw");
}

fn arrived(view: &RefCell<Inner>) {
    let first = {
        let inner = &mut *view.borrow_mut();
        let first = !inner.ready && inner.has_picture();
        inner.ready |= first;
        first
    };
    if first {
        tell(view, "ready");
    }
    tell(view, "draw");
    pump(view);
}

/// Asks for fetches and decodes until enough are under way.
fn pump(view: &RefCell<Inner>) {
    loop {
        // A statement of its own: the state must be free again when the page is called.
        let request = view.borrow_mut().next_request();
        let Some((what, job, value)) = request else {
            break;
        };
        notify(view, what, &job.into(), &value);
    }
    let lost = {
        let inner = view.borrow();
        inner.requests == 0 && !inner.ready && inner.width_px > 0.0
    };
    if lost {
        notify(
            view,
            "error",
            &"no frame could be loaded".into(),
            &JsValue::UNDEFINED,
        );
    }
}
