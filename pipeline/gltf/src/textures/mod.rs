//! Textures: what each is for, and smaller files for it.

mod codec;
mod encode;
mod role;

pub use codec::{Pixels, decode, dimensions, media_type};
pub use encode::{TextureOptions, encode_textures};
