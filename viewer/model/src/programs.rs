//! Shader programs, each compiled when it is first needed.

use std::rc::Rc;

use wasm_bindgen::JsValue;
use xoay_viewer_core::gltf::{AlphaMode, Draw, Material, Semantic, Slot};

use crate::gl::{Compiling, Gl, Program};

macro_rules! shader {
    ($name:literal) => {
        include_str!(concat!(env!("OUT_DIR"), "/", $name))
    };
}

/// The names of the texture slots in the shaders, in the order of [`Slot::ALL`].
const SLOTS: [&str; Slot::ALL.len()] = [
    "BASE",
    "METAL_ROUGH",
    "NORMAL",
    "OCCLUSION",
    "EMISSIVE",
    "COAT",
    "COAT_ROUGHNESS",
    "COAT_NORMAL",
    "SHEEN_COLOR",
    "SHEEN_ROUGHNESS",
    "SPECULAR",
    "SPECULAR_COLOR",
    "TRANSMISSION",
    "THICKNESS",
];

/// The shaders' other switches, in the order of their bits after the slots'.
const SWITCHES: [&str; 14] = [
    "HAS_NORMAL",
    "HAS_UV0",
    "HAS_UV1",
    "HAS_COLOR",
    "HAS_TANGENT",
    "SKIN",
    "SHAPES",
    "ALPHA_MASK",
    "ALPHA_BLEND",
    "UNLIT",
    "COAT",
    "SHEEN",
    "TRANSMIT",
    "VOLUME",
];
const SKIN: u32 = 5;
const SHAPES: u32 = 6;
const MASK: u32 = 7;
const BLEND: u32 = 8;

/// Which of the switches a program has on: the slots' first, then the others.
pub type Variant = u32;

const fn switch(bit: u32) -> Variant {
    1 << (SLOTS.len() as u32 + bit)
}

/// What a surface needs of its shader.
pub fn surface(draw: &Draw, material: &Material) -> Variant {
    let has = |semantic| draw.attribute(semantic).is_some();
    let coordinates = has(Semantic::TexCoord0) || has(Semantic::TexCoord1);
    let used = |slot: Slot| {
        let part = match slot {
            Slot::BaseColor | Slot::Emissive => true,
            Slot::Clearcoat | Slot::ClearcoatRoughness | Slot::ClearcoatNormal => material.coated(),
            Slot::SheenColor | Slot::SheenRoughness => material.sheened(),
            Slot::Transmission | Slot::Thickness => material.transmits(),
            _ => !material.unlit,
        };
        part && coordinates && material.texture(slot).is_some()
    };
    let slots = Slot::ALL.iter().enumerate();
    let slots = slots.map(|(bit, &slot)| u32::from(used(slot)) << bit);
    let switches = [
        has(Semantic::Normal),
        has(Semantic::TexCoord0),
        has(Semantic::TexCoord1),
        has(Semantic::Color),
        has(Semantic::Tangent) && has(Semantic::Normal),
        draw.skin.is_some(),
        draw.morph.is_some(),
        matches!(material.alpha_mode, AlphaMode::Mask(_)),
        material.alpha_mode == AlphaMode::Blend,
        material.unlit,
        material.coated(),
        material.sheened(),
        material.transmits(),
        material.transmits() && material.thickness_factor > 0.0,
    ];
    let switches = (0_u32..).zip(switches);
    let switches = switches.map(|(bit, on)| if on { switch(bit) } else { 0 });
    slots.chain(switches).sum()
}

/// What the same surface needs of the shader that finds its shadow.
fn caster(variant: Variant) -> Variant {
    let shape = switch(SKIN) | switch(SHAPES);
    // Only where alpha counts does it matter what colour is where.
    let alpha = switch(MASK) | switch(BLEND);
    let colour = switch(1) | switch(2) | switch(3) | switch(MASK) | 1 << Slot::BaseColor as u32;
    variant
        & if variant & alpha == 0 {
            shape
        } else {
            shape | colour
        }
}

/// What a program is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// To draw a surface.
    Surface(Variant),
    /// To find a surface's shadow.
    Caster(Variant),
    /// To blur.
    Blur,
    /// To lay the shadow on the floor.
    Floor,
}

/// All programs of the page.
#[derive(Default)]
pub struct Programs {
    ready: Vec<(Use, Rc<Program>)>,
    begun: Vec<(Use, Compiling)>,
}

impl Programs {
    /// Begins to compile what a draw will need, so that it is there when the textures are.
    pub fn expect(&mut self, gl: &Gl, variant: Variant) -> Result<(), JsValue> {
        let caster = Use::Caster(caster(variant));
        for wanted in [Use::Surface(variant), caster, Use::Blur, Use::Floor] {
            let ready = self.ready.iter().any(|known| known.0 == wanted);
            if !ready && self.begun.iter().all(|known| known.0 != wanted) {
                self.begun.push((wanted, make(gl, wanted)?));
            }
        }
        Ok(())
    }

    /// The program for a use, in use.
    pub fn begin(&mut self, gl: &Gl, wanted: Use) -> Result<Rc<Program>, JsValue> {
        let wanted = match wanted {
            Use::Caster(variant) => Use::Caster(caster(variant)),
            other => other,
        };
        let known = self.ready.iter().find(|known| known.0 == wanted);
        let program = if let Some((_, program)) = known {
            program.clone()
        } else {
            let begun = self.begun.iter().position(|known| known.0 == wanted);
            let compiling = match begun {
                Some(place) => self.begun.swap_remove(place).1,
                None => make(gl, wanted)?,
            };
            let program = Rc::new(compiling.finish()?);
            self.ready.push((wanted, program.clone()));
            program
        };
        program.begin();
        Ok(program)
    }
}

fn make(gl: &Gl, wanted: Use) -> Result<Compiling, JsValue> {
    match wanted {
        Use::Surface(variant) => {
            compile(gl, variant, shader!("light.glsl"), shader!("surface.frag"))
        }
        Use::Caster(variant) => compile(gl, variant, "", shader!("caster.frag")),
        Use::Blur => Compiling::new(gl, shader!("screen.vert"), shader!("blur.frag")),
        Use::Floor => Compiling::new(gl, shader!("floor.vert"), shader!("floor.frag")),
    }
}

/// Texture coordinates as the vertex shader hands them on: both sets where there is a second.
const COORDINATES: &str = "\
#ifdef HAS_UV1\nin vec4 v_uv;\n#define UV(s) (s>.5?v_uv.zw:v_uv.xy)\n\
#elif defined(HAS_UV0)\nin vec2 v_uv;\n#define UV(s) v_uv\n#endif\n";

fn compile(
    gl: &Gl,
    variant: Variant,
    constants: &str,
    fragment: &str,
) -> Result<Compiling, JsValue> {
    let mut defines = String::new();
    for (bit, name) in (0..).zip(SWITCHES) {
        if variant & switch(bit) != 0 {
            defines.extend(["#define ", name, "\n"]);
        }
    }
    let mut textures = String::new();
    for (_, name) in (0..).zip(SLOTS).filter(|(bit, _)| variant >> bit & 1 == 1) {
        // Where a texture is, what turns its coordinates, which set of them it uses.
        let lines = "#define MAP_@\nuniform sampler2D t_@;uniform mat3 m_@;uniform float s_@;\n\
                     vec2 uv_@(){return (m_@*vec3(UV(s_@),1.)).xy;}\n\
                     vec4 tex_@(){return texture(t_@,uv_@());}\n";
        for (i, part) in lines.split('@').enumerate() {
            textures.push_str(if i > 0 { name } else { "" });
            textures.push_str(part);
        }
    }
    Compiling::new(
        gl,
        &[&defines, shader!("surface.vert")].concat(),
        &[&defines, COORDINATES, &textures, constants, fragment].concat(),
    )
}

/// The name in the shaders of a slot's sampler, matrix and set of coordinates.
pub fn slot_names(slot: Slot) -> [String; 3] {
    ["t_", "m_", "s_"].map(|prefix| [prefix, SLOTS[slot as usize]].concat())
}
