//! A soft shadow where the model stands: its underside drawn from below, blurred, kept until the model moves.

use three_d::core::Cull;
use wasm_bindgen::JsValue;
use xoay_viewer_core::gltf::{AlphaMode, Slot};
use xoay_viewer_core::math::Mat4;

use crate::draw::{Scene, use_texture};
use crate::gl::{Gl, Target, begin, states};
use crate::programs::{Use, surface};
use crate::renderer::Renderer;

/// Pixels of the shadow's picture.
const SIZE_PX: u32 = 192;
/// Room around the model, as a part of its width.
const ROOM: f32 = 0.34;

/// The shadow of one model.
pub struct Shadow {
    picture: Target,
}

/// The square of floor that holds the shadow.
struct Floor {
    center: [f32; 3],
    half: f32,
    /// Height over which things cast less and less of a shadow.
    fade: f32,
}

impl Floor {
    fn new(scene: &Scene<'_>) -> Self {
        let (min, max) = (scene.model.min, scene.model.max);
        let wide = |k: usize| (max[k] - min[k]) / 2.0;
        let height = max[1] - min[1];
        let widest = wide(0).max(wide(2)).max(height * 0.05).max(1e-6);
        Self {
            center: [
                f32::midpoint(min[0], max[0]),
                min[1],
                f32::midpoint(min[2], max[2]),
            ],
            half: widest * (1.0 + ROOM),
            fade: height.min(widest * 2.5).max(widest * 0.05),
        }
    }

    /// From the model's frame to a picture seen from below, the front at the top.
    fn clip_from_world(&self) -> Mat4 {
        let [x, y, z] = self.center;
        let (across, up) = (1.0 / self.half, 2.0 / (self.fade * 1.01));
        let mut m = [0.0; 16];
        // Right, front and height become x, y and depth.
        (m[0], m[12]) = (across, -x * across);
        (m[9], m[13]) = (across, -z * across);
        (m[6], m[14]) = (up, -1.0 - (y - self.fade * 0.005) * up);
        m[15] = 1.0;
        Mat4(m)
    }
}

impl Shadow {
    /// Draws the shadow anew, into `old` where there is one.
    pub fn new(
        renderer: &mut Renderer,
        scene: &Scene<'_>,
        old: Option<Self>,
    ) -> Result<Self, JsValue> {
        let (gl, three) = (renderer.gl.clone(), renderer.three.clone());
        let size = [SIZE_PX; 2];
        let target = || Target::new(&gl, Gl::RGBA8, size, 1);
        let picture = match old {
            Some(shadow) => shadow.picture,
            None => target()?,
        };
        let blurs = match renderer.blurs.take() {
            Some(blurs) => blurs,
            None => [target()?, target()?],
        };
        begin(&gl, &three, Some(&blurs[0].framebuffer), size);
        let floor = Floor::new(scene);
        for index in 0..scene.model.draws.len() {
            cast(renderer, scene, index, &floor)?;
        }
        let program = renderer.programs.begin(&gl, Use::Blur)?;
        three.set_render_states(states(Cull::None, false, false, false));
        let step = 1.83 / SIZE_PX as f32;
        for (from, to, step) in [
            (&blurs[0], &blurs[1], [step, 0.0]),
            (&blurs[1], &picture, [0.0, step]),
        ] {
            begin(&gl, &three, Some(&to.framebuffer), size);
            program.bind("t_source", 0, Gl::TEXTURE_2D, &from.color);
            program.set("u_step", &step);
            renderer.draw_plain(3);
        }
        renderer.blurs = Some(blurs);
        Ok(Self { picture })
    }

    /// Lays the shadow on the floor; from below there is none.
    pub fn draw(&self, renderer: &mut Renderer, scene: &Scene<'_>) -> Result<(), JsValue> {
        if scene.camera.elevation_rad < 0.02 {
            return Ok(());
        }
        let program = renderer.programs.begin(&renderer.gl, Use::Floor)?;
        let floor = Floor::new(scene);
        let [x, y, z] = floor.center;
        program.set("u_clip_from_world", &scene.camera.clip_from_world.0);
        program.set("u_center", &[x, y - floor.half * 2e-3, z]);
        program.set("u_half", &[floor.half]);
        program.bind("t_shadow", 0, Gl::TEXTURE_2D, &self.picture.color);
        let states = states(Cull::None, true, false, true);
        renderer.three.set_render_states(states);
        renderer.draw_plain(4);
        Ok(())
    }
}

fn cast(
    renderer: &mut Renderer,
    scene: &Scene<'_>,
    index: usize,
    floor: &Floor,
) -> Result<(), JsValue> {
    let draw = &scene.model.draws[index];
    let material = scene.material(draw);
    let wanted = Use::Caster(surface(draw, material));
    let program = renderer.programs.begin(&renderer.gl, wanted)?;
    program.set("u_clip_from_world", &floor.clip_from_world().0);
    scene.place(&program, index);
    // Glass keeps little of the light.
    let covers = match material.alpha_mode {
        AlphaMode::Opaque => 1.0,
        _ => material.base_color_factor[3],
    };
    let alpha = covers * (1.0 - 0.75 * material.transmission_factor);
    program.set("u_base_color", &[1.0, 1.0, 1.0, alpha]);
    program.set("u_floor", &[floor.center[1], floor.fade]);
    if let AlphaMode::Mask(cutoff) = material.alpha_mode {
        program.set("u_alpha_cutoff", &[cutoff]);
    }
    use_texture(&program, scene, material, Slot::BaseColor);
    let states = states(Cull::None, false, true, true);
    renderer.three.set_render_states(states);
    scene.resources.geometry.draw(index, draw);
    Ok(())
}
