#![doc = include_str!("../README.md")]

mod light;
mod pack;
mod prefilter;

pub use pack::pack;
pub use prefilter::{Diffuse, FACE_PX, LEVELS, diffuse, level};
