//! Textures: what each is for, and smaller files for it.

mod codec;
mod coverage;
mod encode;
mod fill;
mod quality;
mod role;
mod sample;
mod slot;

pub use codec::{Pixels, decode, dimensions, media_type};
pub use encode::{TextureFormat, TextureGoal, TextureOptions, encode_textures};
pub(crate) use role::Role;
pub(crate) use slot::{Slot, dequantize, slots, slots_mut, variant_materials};
