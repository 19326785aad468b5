#![doc = include_str!("../README.md")]
// WebGL exists in the browser only; elsewhere the crate is empty.
#![cfg(target_arch = "wasm32")]
// Own vertex arrays and sRGB textures go through GL's unsafe functions; they live in `gpu`, `draw` and `textures`.

mod draw;
mod fetching;
mod gpu;
mod textures;
mod view;

pub use view::ModelView;
