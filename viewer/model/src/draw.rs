//! One picture of the model.

use three_d::core::Cull;
use wasm_bindgen::JsValue;
use xoay_viewer_core::camera::Camera;
use xoay_viewer_core::gltf::{AlphaMode, Draw, Material, Model, Slot};
use xoay_viewer_core::math::{Mat4, dot};
use xoay_viewer_core::pose::{MOST_SHAPES, Pose};

use crate::gl::{Gl, Program, Target, begin, states};
use crate::programs::{Use, slot_names, surface};
use crate::renderer::Renderer;
use crate::resources::Resources;
use crate::shadow::Shadow;
use crate::textures::unit;

/// The largest picture of what is behind glass: it is blurred anyway.
const MOST_BEHIND_PX: u32 = 1024;

/// Everything that a picture shows.
pub struct Scene<'a> {
    pub model: &'a Model,
    pub pose: &'a Pose,
    pub resources: &'a Resources,
    pub camera: &'a Camera,
    pub variant: Option<usize>,
}

/// In which turn a surface is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Solid,
    Glass,
    Blended,
}

impl Turn {
    fn of(material: &Material) -> Self {
        if material.alpha_mode == AlphaMode::Blend {
            Self::Blended
        } else if material.transmits() {
            Self::Glass
        } else {
            Self::Solid
        }
    }
}

/// Draws the model into the shared canvas: the opaque parts, the shadow, then what light passes through, the farthest
/// first. Glass needs a picture of what is behind it before. `smooth` smooths edges.
pub fn draw(
    renderer: &mut Renderer,
    scene: &Scene<'_>,
    shadow: &Shadow,
    size: [u32; 2],
    smooth: bool,
) -> Result<(), JsValue> {
    let (gl, three) = (renderer.gl.clone(), renderer.three.clone());
    let turn = |i: usize| Turn::of(scene.material(&scene.model.draws[i]));
    let solid = || (0..scene.model.draws.len()).filter(|&i| turn(i) == Turn::Solid);
    if (0..scene.model.draws.len()).any(|i| turn(i) == Turn::Glass) {
        let behind = behind(renderer, size)?;
        begin(&gl, &three, Some(&behind.framebuffer), behind.size);
        for index in solid() {
            draw_surface(renderer, scene, index, true)?;
        }
        behind.shrink();
        renderer.behind = Some(behind);
    }
    let samples = if smooth {
        Some(renderer.samples(size)?)
    } else {
        None
    };
    let into = samples.as_ref().map(|s| &s.framebuffer);
    begin(&gl, &three, into, size);
    for index in solid() {
        draw_surface(renderer, scene, index, false)?;
    }
    shadow.draw(renderer, scene)?;
    let far = |i: usize| {
        let way = scene.camera.to(scene.resources.middles[i]);
        dot(way, way)
    };
    let mut clear: Vec<(f32, usize)> = Vec::new();
    for index in (0..scene.model.draws.len()).filter(|&i| turn(i) != Turn::Solid) {
        let far = far(index);
        let place = clear.iter().position(|c| c.0 < far);
        clear.insert(place.unwrap_or(clear.len()), (far, index));
    }
    for (_, index) in clear {
        draw_surface(renderer, scene, index, false)?;
    }
    if let Some(samples) = samples {
        samples.resolve(size);
        renderer.samples = Some(samples);
    }
    Ok(())
}

/// The target for what is behind glass, for a picture of this size.
fn behind(renderer: &mut Renderer, size: [u32; 2]) -> Result<Target, JsValue> {
    let most = f64::from(size[0].max(size[1]));
    let scale = (f64::from(MOST_BEHIND_PX) / most).min(1.0);
    let size = size.map(|px| (f64::from(px) * scale).max(1.0) as u32);
    match renderer.behind.take() {
        Some(target) if target.size == size => Ok(target),
        _ => {
            let levels = size[0].max(size[1]).ilog2() + 1;
            Target::new(&renderer.gl, Gl::SRGB8_ALPHA8, size, levels)
        }
    }
}

/// Draws one surface; `raw` is light as it is, for the picture of what is behind glass.
fn draw_surface(
    renderer: &mut Renderer,
    scene: &Scene<'_>,
    index: usize,
    raw: bool,
) -> Result<(), JsValue> {
    let draw = &scene.model.draws[index];
    let material = scene.material(draw);
    let wanted = Use::Surface(surface(draw, material));
    let program = renderer.programs.begin(&renderer.gl, wanted)?;
    let camera = scene.camera;
    program.set("u_clip_from_world", &camera.clip_from_world.0);
    scene.place(&program, index);
    program.set("u_eye", &camera.eye);
    let (sin, cos) = camera.azimuth_rad.sin_cos();
    program.set("u_studio", &[cos, sin]);
    program.set("u_raw", &[f32::from(u8::from(raw))]);
    let world = scene.pose.world_from_local(draw);
    use_material(&program, material, &world);
    for slot in Slot::ALL {
        use_texture(&program, scene, material, slot);
    }
    let studio = &renderer.studio;
    program.bind("t_studio", unit::STUDIO, Gl::TEXTURE_CUBE_MAP, studio);
    if let Some(behind) = &renderer.behind {
        program.bind("t_behind", unit::BEHIND, Gl::TEXTURE_2D, &behind.color);
        let [width, height] = behind.size.map(|px| px as f32);
        program.set("u_behind", &[width, height, width.max(height).log2()]);
    }
    let blended = material.alpha_mode == AlphaMode::Blend;
    let [front, back] = if world.det3() < 0.0 {
        [Cull::Front, Cull::Back]
    } else {
        [Cull::Back, Cull::Front]
    };
    // The far side of a clear thing first, so that the near side covers it: in one go the order of the file's triangles
    // would tell which of them is seen.
    let clear = blended || material.transmits();
    let culls: &[Cull] = match (material.double_sided, clear) {
        (true, true) => &[back, front],
        (true, false) => &[Cull::None],
        (false, _) => &[front],
    };
    for &cull in culls {
        let states = states(cull, clear, !blended, true);
        renderer.three.set_render_states(states);
        scene.resources.geometry.draw(index, draw);
    }
    Ok(())
}

impl Scene<'_> {
    /// What a draw is made of.
    pub fn material(&self, draw: &Draw) -> &Material {
        &self.model.materials[self.model.material_of(draw, self.variant)]
    }

    /// Tells the program in use where a draw is, how it is bent and shaped.
    pub fn place(&self, program: &Program, index: usize) {
        let draw = &self.model.draws[index];
        let world = self.pose.world_from_local(draw);
        program.set("u_world_from_local", &world.0);
        program.set("u_normal_matrix", &world.normal_matrix());
        if let Some(skin) = draw.skin {
            let joints = &self.resources.geometry.joints[skin];
            program.bind("t_joints", unit::JOINTS, Gl::TEXTURE_2D, joints);
        }
        if let Some(morph) = draw.morph {
            let shapes = &self.resources.geometry.shapes[morph];
            program.bind("t_shapes", unit::SHAPES, Gl::TEXTURE_2D, shapes);
            let mut strongest = [0.0; 2 * MOST_SHAPES];
            let given = self.pose.shapes(self.model, draw);
            for (slot, (target, weight)) in strongest.chunks_exact_mut(2).zip(given) {
                slot.copy_from_slice(&[target as f32, weight]);
            }
            program.set("u_shapes", &strongest);
            let vertices = self.model.morphs[morph].vertices as f32;
            program.set("u_vertices", &[vertices]);
        }
    }
}

fn use_material(program: &Program, m: &Material, world: &Mat4) {
    program.set("u_base_color", &m.base_color_factor);
    let factors = [
        m.metallic_factor,
        m.roughness_factor,
        m.normal_scale,
        m.occlusion_strength,
    ];
    program.set("u_factors", &factors);
    program.set("u_emissive", &m.emissive_factor);
    let root = (m.ior - 1.0) / (m.ior + 1.0);
    let [r, g, b] = m.specular_color_factor.map(|c| c * root * root);
    program.set("u_specular", &[r, g, b, m.specular_factor]);
    if let AlphaMode::Mask(cutoff) = m.alpha_mode {
        program.set("u_alpha_cutoff", &[cutoff]);
    }
    let coat = [
        m.clearcoat_factor,
        m.clearcoat_roughness_factor,
        m.clearcoat_normal_scale,
    ];
    program.set("u_coat", &coat);
    let [r, g, b] = m.sheen_color_factor;
    program.set("u_sheen", &[r, g, b, m.sheen_roughness_factor]);
    // Thickness is in the primitive's own units.
    let scale = world.det3().abs().cbrt();
    let volume = [
        m.transmission_factor,
        m.thickness_factor * scale,
        m.ior,
        m.attenuation_distance,
    ];
    program.set("u_volume", &volume);
    program.set("u_attenuation", &m.attenuation_color);
}

/// Binds a material's texture where the program looks at it.
pub fn use_texture(program: &Program, scene: &Scene<'_>, material: &Material, slot: Slot) {
    let Some(texture) = material.texture(slot) else {
        return;
    };
    let [sampler, matrix, set] = slot_names(slot);
    let key = (texture.image, slot.srgb(), texture.sampler);
    let mut loaded = scene.resources.textures.iter();
    if let Some((_, loaded)) = loaded.find(|(known, _)| *known == key) {
        program.bind(&sampler, slot as u32, Gl::TEXTURE_2D, loaded);
        program.set(&matrix, &texture.transform);
        program.set(&set, &[texture.tex_coord as f32]);
    }
}
