//! Reading of binary glTF 2.0 as the optimizer and most other tools write it, laid out for upload to the GPU.
//!
//! Vertex data stays as it is in the file, strided and quantized; only what is compressed is unpacked.

mod accessor;
mod error;
mod glb;
mod material;
mod scene;

pub use accessor::{Attribute, ComponentType, Semantic};
pub use error::GltfError;
pub use material::{AlphaMode, ImageSource, Material, Sampler, TextureRef};
pub use scene::{Draw, Model};

/// Extensions that are understood, or that may be ignored without showing something false.
const KNOWN_EXTENSIONS: [&str; 14] = [
    "EXT_meshopt_compression",
    "KHR_meshopt_compression",
    "KHR_mesh_quantization",
    "EXT_texture_webp",
    "EXT_texture_avif",
    "KHR_texture_transform",
    "KHR_materials_unlit",
    "KHR_materials_emissive_strength",
    "KHR_materials_variants",
    "KHR_materials_ior",
    "KHR_materials_specular",
    "KHR_materials_clearcoat",
    "KHR_materials_sheen",
    "KHR_materials_transmission",
];

#[cfg(test)]
mod tests;
