//! Hands and keys.

use xoay_viewer_core::gesture::Action;

use crate::view::State;

const KEY_STEP_RAD: f64 = core::f64::consts::PI / 18.0;
/// How much nearer a double tap comes.
const TAP_ZOOM: f64 = 1.8;
/// Beyond this the model counts as zoomed.
const ZOOMED: f64 = 1.05;

impl State {
    /// The way that turns the model by half.
    fn size_px(&self) -> f64 {
        self.width_px.min(self.height_px * 1.5)
    }

    /// A point of the canvas in halves of the view's height from its centre, right and up.
    fn off_centre(&self, x: f64, y: f64) -> [f64; 2] {
        let half = self.height_px / 2.0;
        [(x - self.width_px / 2.0) / half, 1.0 - y / half]
    }

    /// Comes nearer to a point of the canvas, CSS pixels.
    pub fn zoom_at(&mut self, factor: f64, x: f64, y: f64) {
        let [right, up] = self.off_centre(x, y);
        self.orbit.zoom_at(factor, right, up);
        self.settle();
    }

    /// Does what a gesture means.
    pub fn act(&mut self, action: Action) {
        let size = self.size_px();
        match action {
            Action::None => {}
            Action::Drag { dx, dy } => self.orbit.drag(dx, dy, size),
            Action::Pinch {
                factor,
                x,
                y,
                dx,
                dy,
            } => {
                let [right, up] = self.off_centre(x, y);
                self.orbit.zoom_at(factor, right, up);
                let half = self.height_px / 2.0;
                self.orbit.pan_by(dx / half, -dy / half);
            }
            Action::Release { vx, vy } => {
                let still = if self.still { 0.0 } else { 1.0 };
                self.orbit.release(vx * still, vy * still, size);
            }
            Action::DoubleTap { .. } if self.zoomed() => self.orbit.go_home(),
            Action::DoubleTap { x, y } => self.zoom_at(TAP_ZOOM, x, y),
        }
        if !self.gestures.active() {
            self.settle();
        }
    }

    /// Takes a key by its DOM name; whether it meant anything.
    pub fn key(&mut self, name: &str) -> bool {
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

    /// Whether it is nearer than the whole view.
    pub fn zoomed(&self) -> bool {
        self.orbit.magnification() > ZOOMED
    }

    /// With reduced motion a glide is at its end at once.
    pub fn settle(&mut self) {
        if self.still {
            self.orbit.finish();
        }
    }
}
