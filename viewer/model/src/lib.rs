#![doc = include_str!("../README.md")]
// WebGL exists in the browser only; elsewhere the crate is empty.
#![cfg(target_arch = "wasm32")]

mod api;
mod decoders;
mod draw;
mod fetching;
mod geometry;
mod gl;
mod input;
mod programs;
mod renderer;
mod resources;
mod shadow;
mod shared;
mod textures;
mod view;
