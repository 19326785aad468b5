//! One picture of the model.

use std::collections::HashMap;

use three_d::context::{self as gl, HasContext};
use three_d::{
    Blend, BlendEquationType, BlendMultiplierType, ClearState, Context, CoreError, Cull, DepthTest,
    Mat3, Mat4 as GlMat4, Program, RenderStates, RenderTarget, Texture2D, Viewport, WriteMask,
    vec2, vec3, vec4,
};
use xoay_viewer_core::gltf::{AlphaMode, Draw, Material, Model};
use xoay_viewer_core::math::{Mat4, Vec3};

use crate::gpu::{Gpu, Mesh};
use crate::textures::{self, Key};

/// Colours leave the shader multiplied by their alpha, as the page's compositor wants them.
const PREMULTIPLIED: Blend = Blend::Enabled {
    source_rgb_multiplier: BlendMultiplierType::One,
    source_alpha_multiplier: BlendMultiplierType::One,
    destination_rgb_multiplier: BlendMultiplierType::OneMinusSrcAlpha,
    destination_alpha_multiplier: BlendMultiplierType::OneMinusSrcAlpha,
    rgb_equation: BlendEquationType::Add,
    alpha_equation: BlendEquationType::Add,
};

/// Where the camera is.
pub struct Camera {
    pub clip_from_world: Mat4,
    pub eye: Vec3,
    pub azimuth_rad: f32,
    pub elevation_rad: f32,
}

/// Everything that a picture needs.
pub struct Stage {
    pub context: Context,
    pub model: Model,
    pub gpu: Gpu,
    pub textures: HashMap<Key, Texture2D>,
    shadow: Program,
}

impl Stage {
    pub fn new(
        context: Context,
        model: Model,
        textures: HashMap<Key, Texture2D>,
    ) -> Result<Self, CoreError> {
        let gpu = Gpu::new(&context, &model)?;
        let shadow = Program::from_source(
            &context,
            include_str!("shaders/shadow.vert"),
            include_str!("shaders/shadow.frag"),
        )?;
        Ok(Self {
            context,
            model,
            gpu,
            textures,
            shadow,
        })
    }

    /// Draws into the canvas' own buffer: the opaque parts, the shadow, then what can be seen through, the farthest first.
    pub fn draw(&self, camera: &Camera, width: u32, height: u32) {
        let screen = RenderTarget::screen(&self.context, width, height);
        screen.clear(ClearState::color_and_depth(0.0, 0.0, 0.0, 0.0, 1.0));
        let viewport = Viewport::new_at_origo(width, height);
        // Binds the canvas' buffer; the closure cannot fail.
        let _ = screen.write(|| {
            let blended =
                |d: &Draw| self.model.materials[d.material].alpha_mode == AlphaMode::Blend;
            let pairs = || self.model.draws.iter().zip(&self.gpu.meshes);
            for (draw, mesh) in pairs().filter(|(d, _)| !blended(d)) {
                self.draw_mesh(draw, mesh, camera, viewport);
            }
            self.draw_shadow(camera, viewport);
            let mut clear: Vec<_> = pairs().filter(|(d, _)| blended(d)).collect();
            let depth = |d: &Draw| {
                let at = d.world_from_local.point([0.0; 3]);
                let [x, y, z] = camera.eye;
                (at[0] - x).powi(2) + (at[1] - y).powi(2) + (at[2] - z).powi(2)
            };
            clear.sort_by(|a, b| depth(b.0).total_cmp(&depth(a.0)));
            for (draw, mesh) in clear {
                self.draw_mesh(draw, mesh, camera, viewport);
            }
            Ok::<(), CoreError>(())
        });
    }

    fn draw_mesh(&self, draw: &Draw, mesh: &Mesh, camera: &Camera, viewport: Viewport) {
        let material = &self.model.materials[draw.material];
        let program = &self.gpu.programs[&mesh.variant];
        program.use_uniform("u_clip_from_world", gl_mat4(&camera.clip_from_world));
        program.use_uniform("u_world_from_local", gl_mat4(&draw.world_from_local));
        program.use_uniform_if_required(
            "u_normal_matrix",
            gl_mat3(&draw.world_from_local.normal_matrix()),
        );
        let [x, y, z] = camera.eye;
        program.use_uniform_if_required("u_eye", vec3(x, y, z));
        let (sin, cos) = camera.azimuth_rad.sin_cos();
        program.use_uniform_if_required("u_studio", vec2(cos, sin));
        self.use_material(program, material);

        let mirrored = draw.world_from_local.det3() < 0.0;
        let states = RenderStates {
            cull: match (material.double_sided, mirrored) {
                (true, _) => Cull::None,
                (false, false) => Cull::Back,
                (false, true) => Cull::Front,
            },
            blend: if material.alpha_mode == AlphaMode::Blend {
                PREMULTIPLIED
            } else {
                Blend::Disabled
            },
            write_mask: if material.alpha_mode == AlphaMode::Blend {
                WriteMask::COLOR
            } else {
                WriteMask::COLOR_AND_DEPTH
            },
            depth_test: DepthTest::LessOrEqual,
        };
        program.draw_with(states, viewport, || {
            // SAFETY: the vertex array holds checked attributes and indices; it is unbound before three-d disables the
            // program's attributes, so that its own stay enabled.
            unsafe {
                self.context.bind_vertex_array(Some(mesh.vertices));
                let count = draw.count as i32;
                match draw.indices {
                    Some(i) => self.context.draw_elements(
                        draw.mode,
                        count,
                        i.component.gl(),
                        i.offset as i32,
                    ),
                    None => self.context.draw_arrays(draw.mode, 0, count),
                }
                self.context.bind_vertex_array(None);
            }
        });
    }

    fn use_material(&self, program: &Program, material: &Material) {
        let [r, g, b, a] = material.base_color_factor;
        program.use_uniform_if_required("u_base_color", vec4(r, g, b, a));
        let metal_rough = vec2(material.metallic_factor, material.roughness_factor);
        program.use_uniform_if_required("u_metal_rough", metal_rough);
        let [r, g, b] = material.emissive_factor;
        program.use_uniform_if_required("u_emissive", vec3(r, g, b));
        program.use_uniform_if_required("u_normal_scale", material.normal_scale);
        program.use_uniform_if_required("u_occlusion_strength", material.occlusion_strength);
        if let AlphaMode::Mask(cutoff) = material.alpha_mode {
            program.use_uniform_if_required("u_alpha_cutoff", cutoff);
        }
        for (name, srgb, texture) in textures::slots(material) {
            let sampler = ["t_", name].concat();
            let Some(texture) = texture.filter(|_| program.requires_uniform(&sampler)) else {
                continue;
            };
            if let Some(loaded) = self.textures.get(&(texture.image, srgb, texture.sampler)) {
                program.use_texture(&sampler, loaded);
            }
            program.use_uniform_if_required(&["m_", name].concat(), gl_mat3(&texture.transform));
            program.use_uniform_if_required(&["s_", name].concat(), texture.tex_coord as f32);
        }
    }

    /// A soft dark spot where the model stands; from below there is none.
    fn draw_shadow(&self, camera: &Camera, viewport: Viewport) {
        if camera.elevation_rad < 0.02 {
            return;
        }
        let Model { min, max, .. } = self.model;
        let middle = |k: usize| f32::midpoint(min[k], max[k]);
        let height = max[1] - min[1];
        let reach = |k: usize| (max[k] - min[k]) * 0.62 + height * 0.06;
        let below = min[1] - height * 2e-3;
        let program = &self.shadow;
        program.use_uniform("u_clip_from_world", gl_mat4(&camera.clip_from_world));
        program.use_uniform("u_center", vec3(middle(0), below, middle(2)));
        program.use_uniform("u_half", vec2(reach(0), reach(2)));
        let states = RenderStates {
            blend: PREMULTIPLIED,
            write_mask: WriteMask::COLOR,
            ..RenderStates::default()
        };
        program.draw_with(states, viewport, || {
            // SAFETY: four vertices made from their numbers; no attribute is read.
            unsafe {
                self.context.bind_vertex_array(None);
                self.context.draw_arrays(gl::TRIANGLE_STRIP, 0, 4);
            }
        });
    }
}

fn gl_mat4(m: &Mat4) -> GlMat4 {
    let m = &m.0;
    let column = |c: usize| vec4(m[4 * c], m[4 * c + 1], m[4 * c + 2], m[4 * c + 3]);
    GlMat4::from_cols(column(0), column(1), column(2), column(3))
}

fn gl_mat3(m: &[f32; 9]) -> Mat3 {
    let column = |c: usize| vec3(m[3 * c], m[3 * c + 1], m[3 * c + 2]);
    Mat3::from_cols(column(0), column(1), column(2))
}
