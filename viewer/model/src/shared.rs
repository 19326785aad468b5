//! The one renderer of the page, the views that use it, and what happens when its context is lost.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use wasm_bindgen::prelude::*;
use web_sys::{Event, EventTarget, HtmlCanvasElement, OffscreenCanvas, WebGlContextAttributes};

use xoay_viewer_core::gltf::Model;

use crate::gl::Gl;
use crate::programs;
use crate::renderer::{Renderer, Screen, Surface};
use crate::view::View;

/// What the views of a page may keep on the GPU together; beyond it, those drawn longest ago give theirs back. Their
/// canvases keep their pictures.
const MOST_BYTES: usize = 384 << 20;

#[derive(Default)]
struct Page {
    surface: Option<(Surface, Gl)>,
    renderer: Option<Renderer>,
    /// Counts contexts, so that whoever waited for something knows whether it is still the same.
    generation: u32,
    views: Vec<Weak<View>>,
    /// Counts pictures.
    clock: u64,
    /// The view that drew last, and how often in a row.
    last: (usize, u32),
}

thread_local! {
    static PAGE: RefCell<Page> = RefCell::default();
}

/// Makes a view known, so that it hears of a lost context and takes part in the sharing of memory.
pub fn register(view: &Rc<View>) {
    PAGE.with_borrow_mut(|page| {
        page.views.retain(|v| v.strong_count() > 0);
        page.views.push(Rc::downgrade(view));
    });
}

/// The context and its number; it is made for the first view.
pub fn context() -> Result<(Gl, u32), JsValue> {
    PAGE.with_borrow_mut(|page| {
        page.prepare()?;
        let renderer = page.renderer.as_ref().ok_or(JsValue::NULL)?;
        Ok((renderer.gl.clone(), page.generation))
    })
}

/// Begins to compile what a model will be drawn with.
pub fn expect(model: &Model) -> Result<(), JsValue> {
    PAGE.with_borrow_mut(|page| {
        let Some(renderer) = page.renderer.as_mut() else {
            return Ok(());
        };
        for draw in &model.draws {
            let variant = programs::surface(draw, &model.materials[draw.material]);
            renderer.programs.expect(&renderer.gl, variant)?;
        }
        Ok(())
    })
}

/// The context of a canvas of the page that takes the pictures.
pub fn screen(canvas: &HtmlCanvasElement) -> Result<Screen, JsValue> {
    PAGE.with_borrow(|page| {
        let (surface, _) = page.surface.as_ref().ok_or(JsValue::NULL)?;
        surface.screen(canvas)
    })
}

/// Whether this is still the context in use.
pub fn is_current(generation: u32) -> bool {
    PAGE.with_borrow(|page| page.generation == generation && page.alive())
}

/// Draws with the renderer, on behalf of a view; nothing while the context is lost.
///
/// `alone` tells the drawing whether this view has the shared canvas for itself. The result is the picture's number.
pub fn draw<T>(view: usize, paint: impl FnOnce(&mut Renderer, bool) -> T) -> Option<(T, u64)> {
    PAGE.with_borrow_mut(|page| {
        if !page.alive() {
            return None;
        }
        page.clock += 1;
        let before = page.last;
        page.last = (view, if before.0 == view { before.1 + 1 } else { 0 });
        // A second picture in a row: it is the only view that moves.
        let alone = page.last.1 > 0 || page.clock == 1;
        let renderer = page.renderer.as_mut()?;
        Some((paint(renderer, alone), page.clock))
    })
}

/// Takes from the views drawn longest ago what is beyond the page's part of GPU memory, but nothing from `kept`.
pub fn share_memory(kept: &Rc<View>) {
    let views = all();
    while views.iter().map(|v| v.size_bytes()).sum::<usize>() > MOST_BYTES {
        let others = views
            .iter()
            .filter(|v| !Rc::ptr_eq(v, kept) && v.size_bytes() > 0);
        let Some(oldest) = others.min_by_key(|v| v.last_drawn()) else {
            return;
        };
        oldest.give_back();
    }
}

fn all() -> Vec<Rc<View>> {
    PAGE.with_borrow(|page| page.views.iter().filter_map(Weak::upgrade).collect())
}

impl Page {
    fn alive(&self) -> bool {
        let lost = |(_, gl): &(_, Gl)| gl.is_context_lost();
        self.renderer.is_some() && self.surface.as_ref().is_some_and(|s| !lost(s))
    }

    /// Makes what is missing.
    fn prepare(&mut self) -> Result<(), JsValue> {
        if self.surface.is_none() {
            self.surface = Some(surface()?);
        }
        let Some((surface, gl)) = self.surface.clone() else {
            return Ok(());
        };
        if gl.is_context_lost() {
            return Err("the WebGL context was lost".into());
        }
        if self.renderer.is_none() {
            self.renderer = Some(Renderer::new(surface, gl)?);
            self.generation += 1;
        }
        Ok(())
    }
}

/// A canvas that is on no page, its context, and ears for its loss.
fn surface() -> Result<(Surface, Gl), JsValue> {
    let attributes = WebGlContextAttributes::new();
    attributes.set_alpha(true);
    // Pictures are drawn into samples of our own: with these here, not one could do without.
    attributes.set_antialias(false);
    attributes.set_premultiplied_alpha(true);
    let (surface, gl, target) = offscreen(&attributes).or_else(|_| element(&attributes))?;
    for (name, heard) in [
        ("webglcontextlost", lost as fn(Event)),
        ("webglcontextrestored", restored),
    ] {
        // As long as the page lives.
        let heard = Closure::<dyn FnMut(Event)>::new(heard).into_js_value();
        target.add_event_listener_with_callback(name, heard.unchecked_ref())?;
    }
    Ok((surface, gl))
}

type Made = (Surface, Gl, EventTarget);

fn offscreen(attributes: &WebGlContextAttributes) -> Result<Made, JsValue> {
    let canvas = OffscreenCanvas::new(1, 1)?;
    let gl = canvas.get_context_with_context_options("webgl2", attributes)?;
    let gl = gl.ok_or(JsValue::NULL)?.dyn_into()?;
    Ok((Surface::Offscreen(canvas.clone()), gl, canvas.into()))
}

fn element(attributes: &WebGlContextAttributes) -> Result<Made, JsValue> {
    let document = web_sys::window().and_then(|w| w.document());
    let canvas = document.ok_or(JsValue::NULL)?.create_element("canvas")?;
    let canvas: HtmlCanvasElement = canvas.dyn_into()?;
    let gl = canvas.get_context_with_context_options("webgl2", attributes)?;
    let gl = gl.ok_or("this browser has no WebGL 2")?.dyn_into()?;
    Ok((Surface::Element(canvas.clone()), gl, canvas.into()))
}

#[allow(clippy::needless_pass_by_value)] // so a listener is called
fn lost(event: Event) {
    // Only then does the browser give it back.
    event.prevent_default();
    let renderer = PAGE.with_borrow_mut(|page| page.renderer.take());
    for view in all() {
        view.give_back();
        view.notify("lost", &JsValue::UNDEFINED);
    }
    drop(renderer);
}

#[allow(clippy::needless_pass_by_value)] // so a listener is called
fn restored(_: Event) {
    for view in all() {
        view.restore();
    }
}
