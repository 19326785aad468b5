#![doc = include_str!("../README.md")]

mod bake;
mod error;
mod gpu;
mod material;
mod pipeline;
mod renderer;
mod shadow;
mod studio;
mod texture;
mod view;

pub use error::RenderError;
pub use renderer::{Raster, Renderer, render_poster};
pub use view::{Background, View};
