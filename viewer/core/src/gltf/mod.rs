//! Reading of binary glTF 2.0 as the optimizer and most other tools write it, laid out for upload to the GPU.
//!
//! Vertex data stays as it is in the file, strided and quantized; only what is compressed, sparse or such as GL cannot
//! read is written out anew.

mod accessor;
mod animation;
mod draco;
mod error;
mod glb;
mod material;
mod node;
mod primitive;
mod scene;
mod texture;
mod views;

pub use accessor::{Attribute, ComponentType, Semantic};
pub use animation::{Animation, Channel, Interpolation, Path, Sampler as AnimationSampler};
pub use draco::{Decoded, DracoAttribute, DracoPart};
pub use error::GltfError;
pub use material::{AlphaMode, Material, Slot};
pub use node::{Node, Place, Skin};
pub use primitive::{Draw, Morph, MorphTarget};
pub use scene::Model;
pub use texture::{ImageSource, Sampler, TextureRef};

/// Extensions that are understood, or that may be ignored without showing something false.
const KNOWN_EXTENSIONS: [&str; 25] = [
    "EXT_meshopt_compression",
    "KHR_meshopt_compression",
    "KHR_draco_mesh_compression",
    "KHR_mesh_quantization",
    "EXT_texture_webp",
    "EXT_texture_avif",
    "KHR_texture_basisu",
    "KHR_texture_transform",
    "KHR_materials_unlit",
    "KHR_materials_emissive_strength",
    "KHR_materials_variants",
    "KHR_materials_ior",
    "KHR_materials_specular",
    "KHR_materials_clearcoat",
    "KHR_materials_sheen",
    "KHR_materials_transmission",
    "KHR_materials_volume",
    "KHR_materials_pbrSpecularGlossiness",
    // Drawn without what they add.
    "KHR_materials_anisotropy",
    "KHR_materials_dispersion",
    "KHR_materials_iridescence",
    "KHR_materials_diffuse_transmission",
    "KHR_lights_punctual",
    "KHR_animation_pointer",
    "KHR_xmp_json_ld",
];

#[cfg(test)]
mod tests;
