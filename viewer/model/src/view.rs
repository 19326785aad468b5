//! A view of one model: its state, and how a picture comes about.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlCanvasElement;
use xoay_viewer_core::camera::{Camera, START_ELEVATION_RAD, Subject};
use xoay_viewer_core::gesture::Gestures;
use xoay_viewer_core::gltf::Model;
use xoay_viewer_core::math::Within;
use xoay_viewer_core::orbit::Orbit;
use xoay_viewer_core::pace::{Detail, Pace};
use xoay_viewer_core::pick::Pick;
use xoay_viewer_core::pose::Pose;

use crate::draw::{self, Scene};
use crate::renderer::Screen;
use crate::resources::Resources;
use crate::shadow::Shadow;
use crate::{decoders, fetching, shared};

/// A finger that rests this long sees the full resolution.
const REST_MS: f64 = 150.0;
/// Changes that follow each other within this time are one movement, even where pictures take long.
const LED_MS: f64 = 400.0;
/// Pictures of a playing animation from one shadow to the next.
const SHADOW_EVERY: u32 = 3;

/// One model on one canvas.
pub struct View(pub(crate) RefCell<State>);

/// What a view is at present.
#[allow(clippy::struct_excessive_bools)] // five facts that do not depend on each other
pub struct State {
    canvas: HtmlCanvasElement,
    screen: Screen,
    url: String,
    notify: Function,
    decoder: Function,
    pub model: Rc<Model>,
    pub pose: Pose,
    pub subject: Subject,
    resources: Option<Resources>,
    building: bool,
    last_drawn: u64,
    pub orbit: Orbit,
    pub gestures: Gestures,
    pub width_px: f64,
    pub height_px: f64,
    pixel_ratio: f64,
    pub still: bool,
    pub variant: Option<usize>,
    pub play: Play,
    /// Where rays meet the model in its present pose; made when first asked for.
    pub pick: Option<Pick>,
    pace: Pace,
    /// Something changed since the last picture.
    pub dirty: bool,
    /// The last picture was drawn with fewer pixels than there are.
    coarse: bool,
    shadow_stale: bool,
    pictures: u32,
    last_ms: Option<f64>,
    changed_ms: f64,
}

/// Which animation, and where in it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Play {
    /// Index of the animation.
    pub index: Option<usize>,
    pub time_s: f64,
    pub playing: bool,
}

impl View {
    /// Fetches and reads a model, uploads it.
    pub async fn load(
        canvas: HtmlCanvasElement,
        url: String,
        still: bool,
        notify: Function,
        decoder: Function,
    ) -> Result<Rc<Self>, JsValue> {
        // A browser without WebGL is known before the network is asked.
        shared::context()?;
        let screen = shared::screen(&canvas)?;
        let bytes = fetching::bytes(&url).await?;
        let decoded = decoders::draco(&decoder, &bytes).await?;
        let model = Model::read_with(&bytes, &decoded);
        let model = model.map_err(|e| JsValue::from(e.to_string()))?;
        drop((bytes, decoded));
        let view = Rc::new(Self(RefCell::new(State {
            canvas,
            screen,
            url,
            notify,
            decoder,
            pose: Pose::new(&model),
            subject: Subject {
                min: model.min,
                max: model.max,
                radius: model.radius,
            },
            model: Rc::new(model),
            resources: None,
            building: false,
            last_drawn: 0,
            orbit: Orbit::new(0.0, START_ELEVATION_RAD),
            gestures: Gestures::default(),
            width_px: 1.0,
            height_px: 1.0,
            pixel_ratio: 1.0,
            still,
            variant: None,
            play: Play::default(),
            pick: None,
            pace: Pace::default(),
            dirty: true,
            coarse: false,
            shadow_stale: true,
            pictures: 0,
            last_ms: None,
            changed_ms: 0.0,
        })));
        view.build().await?;
        shared::register(&view);
        Ok(view)
    }

    /// Uploads what the model needs.
    async fn build(&self) -> Result<(), JsValue> {
        let (gl, generation) = shared::context()?;
        let (model, url, decoder) = {
            let state = self.0.borrow();
            (
                state.model.clone(),
                state.url.clone(),
                state.decoder.clone(),
            )
        };
        shared::expect(&model)?;
        let resources = Resources::load(&gl, &model, &url, &decoder).await?;
        if !shared::is_current(generation) {
            return Err("the WebGL context was lost".into());
        }
        let state = &mut *self.0.borrow_mut();
        state.resources = Some(resources);
        state.shadow_stale = true;
        state.dirty = true;
        state.bend();
        Ok(())
    }

    /// Uploads it again, after it was given back or lost; `said` is told to the page when it is there.
    fn rebuild(self: &Rc<Self>, said: &'static str) {
        if core::mem::replace(&mut self.0.borrow_mut().building, true) {
            return;
        }
        let view = self.clone();
        spawn_local(async move {
            let built = view.build().await;
            view.0.borrow_mut().building = false;
            match built {
                Ok(()) => {
                    view.notify(said, &JsValue::UNDEFINED);
                    view.changed();
                }
                // A context that is lost anew comes back in its own time.
                Err(_) if shared::context().is_err() => {}
                Err(error) => view.notify("error", &error),
            }
        });
    }

    /// Takes part in the context that has come back.
    pub fn restore(self: &Rc<Self>) {
        self.rebuild("restored");
    }

    /// Lets go of everything on the GPU; the canvas keeps its picture.
    pub fn give_back(&self) {
        // A view that is being drawn is not asked.
        if let Ok(mut state) = self.0.try_borrow_mut() {
            state.resources = None;
        }
    }

    /// Bytes that it has on the GPU.
    pub fn size_bytes(&self) -> usize {
        let state = self.0.borrow();
        state.resources.as_ref().map_or(0, Resources::size_bytes)
    }

    /// Number of its last picture among the page's.
    pub fn last_drawn(&self) -> u64 {
        self.0.borrow().last_drawn
    }

    /// Tells the page something.
    pub fn notify(&self, what: &str, value: &JsValue) {
        let notify = self.0.borrow().notify.clone();
        // The page's own errors are its own affair.
        let _ = notify.call2(&JsValue::NULL, &what.into(), value);
    }

    /// Asks for a picture.
    pub fn changed(&self) {
        self.0.borrow_mut().dirty = true;
        self.notify("draw", &JsValue::UNDEFINED);
    }

    /// Tells the canvas' size in CSS pixels and the device pixels in each.
    pub fn resize(&self, width_px: f64, height_px: f64, pixel_ratio: f64) {
        {
            let state = &mut *self.0.borrow_mut();
            let before = (state.width_px, state.height_px, state.pixel_ratio);
            state.width_px = width_px.within(1.0, 8192.0);
            state.height_px = height_px.within(1.0, 8192.0);
            state.pixel_ratio = pixel_ratio.within(0.5, 2.0);
            // Pages tell it more often than it changes.
            if before == (state.width_px, state.height_px, state.pixel_ratio) {
                return;
            }
            // One that is handed its pictures takes their size; setting it would lose the picture in view.
            if let Screen::Copied(_) = state.screen {
                let [width, height] = state.canvas_size(1.0);
                state.canvas.set_width(width);
                state.canvas.set_height(height);
            }
        }
        self.changed();
    }

    /// Moves on to `time_ms` and draws; whether it wants to be called again for the next picture.
    pub fn draw(self: &Rc<Self>, time_ms: f64) -> Result<bool, JsValue> {
        let again = {
            let state = &mut *self.0.borrow_mut();
            let glided = state.last_ms.is_some();
            let moving = state.step(time_ms);
            // A page that turns it in small steps is a hand too.
            let led = !glided && time_ms - state.changed_ms < LED_MS;
            let held = state.gestures.active() || led;
            let swift = moving || (held && state.dirty);
            if state.dirty {
                state.changed_ms = time_ms;
            }
            if !state.dirty && !moving {
                if !state.coarse {
                    return Ok(false);
                }
                // A finger rests: the sharp picture comes when it has rested a little.
                if held && time_ms - state.changed_ms < REST_MS {
                    return Ok(true);
                }
            }
            if state.resources.is_none() {
                // The picture comes when everything is there again.
                None
            } else {
                let detail = if swift {
                    state.pace.moving(time_ms)
                } else {
                    state.pace.rest();
                    Detail::FULL
                };
                if !state.paint(detail, core::ptr::from_ref(&**self) as usize)? {
                    return Ok(false);
                }
                state.dirty = false;
                state.coarse = detail != Detail::FULL;
                Some(moving || state.coarse)
            }
        };
        let Some(again) = again else {
            self.rebuild("rebuilt");
            return Ok(false);
        };
        shared::share_memory(self);
        Ok(again)
    }
}

impl State {
    /// Pixels of the canvas, at a part of its width and height.
    fn canvas_size(&self, part: f64) -> [u32; 2] {
        [self.width_px, self.height_px]
            .map(|px| (px * self.pixel_ratio * part).round().max(1.0) as u32)
    }

    /// The camera at present.
    pub fn camera(&self) -> Camera {
        let aspect = (self.width_px / self.height_px) as f32;
        Camera::new(&self.orbit, &self.subject, aspect)
    }

    /// Advances what moves; whether anything still does.
    fn step(&mut self, time_ms: f64) -> bool {
        let dt_s = self.last_ms.map_or(0.0, |last| (time_ms - last) / 1000.0);
        let dt_s = dt_s.within(0.0, 0.1);
        let gliding = self.orbit.step(dt_s);
        let playing = self.play.playing && self.play.index.is_some();
        if playing {
            self.play.time_s += dt_s;
            self.strike();
        }
        let moving = gliding || playing;
        if moving || self.last_ms.is_some() {
            self.dirty = true;
        }
        self.last_ms = moving.then_some(time_ms);
        moving
    }

    /// Takes the pose of the animation's present moment.
    pub fn strike(&mut self) {
        let model = self.model.clone();
        self.pose = Pose::new(&model);
        if let Some(animation) = self.play.index.and_then(|i| model.animations.get(i)) {
            let length_s = f64::from(animation.duration_s);
            if length_s > 0.0 && !(0.0..=length_s).contains(&self.play.time_s) {
                self.play.time_s = self.play.time_s.rem_euclid(length_s);
            }
            self.pose.apply(&model, animation, self.play.time_s as f32);
        }
        self.bend();
        self.pick = None;
        self.shadow_stale = true;
        self.dirty = true;
    }

    /// Moves the bones on the GPU.
    fn bend(&mut self) {
        let Some(resources) = &self.resources else {
            return;
        };
        for skin in 0..self.model.skins.len() {
            let joints = self.pose.joints(&self.model, skin);
            resources.geometry.bend(skin, &joints);
        }
    }

    /// Draws and shows one picture; false while there is no context.
    fn paint(&mut self, detail: Detail, view: usize) -> Result<bool, JsValue> {
        let full = self.canvas_size(1.0);
        let size = self.canvas_size(detail.scale);
        let camera = self.camera();
        let model = self.model.clone();
        let Some(mut resources) = self.resources.take() else {
            return Ok(false);
        };
        let old = resources.shadow.take();
        self.pictures = self.pictures.wrapping_add(1);
        let renew = self.shadow_stale
            && (!self.play.playing || old.is_none() || self.pictures.is_multiple_of(SHADOW_EVERY));
        let scene = Scene {
            model: &model,
            pose: &self.pose,
            resources: &resources,
            camera: &camera,
            variant: self.variant,
        };
        let screen = &self.screen;
        let drawn = shared::draw(view, |renderer, alone| {
            let shadow = match old {
                Some(shadow) if !renew => shadow,
                old => Shadow::new(renderer, &scene, old)?,
            };
            renderer.make_room(size, full, alone);
            draw::draw(renderer, &scene, &shadow, size, detail.smooth)?;
            renderer.show(screen, size)?;
            Ok(shadow)
        });
        let painted = match drawn {
            None => Ok(false),
            Some((Err(error), _)) => Err(error),
            Some((Ok(shadow), clock)) => {
                resources.shadow = Some(shadow);
                self.shadow_stale &= !renew;
                self.last_drawn = clock;
                Ok(true)
            }
        };
        self.resources = Some(resources);
        painted
    }
}
