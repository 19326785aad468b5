#![doc = include_str!("../README.md")]
// Own vertex arrays and sRGB textures go through GL's unsafe functions; they live in `gpu`, `draw` and `textures`.

mod draw;
mod fetching;
mod gpu;
mod textures;
mod view;

pub use view::ModelView;
