#![doc = include_str!("../README.md")]

mod accessor;
mod budget;
mod check;
mod document;
mod error;
mod glb;
pub mod json;
mod limits;
mod optimize;
mod pack;
mod read;
mod references;
mod report;
pub mod scene;
pub mod textures;
pub mod transform;
mod uri;
mod write;

pub use accessor::{Accessor, Component, Shape};
pub use budget::optimize_within;
pub use document::{Document, ImageData, Topology};
pub use error::GltfError;
pub use limits::Limits;
pub use optimize::{OptimizeOptions, Optimized, optimize};
pub use pack::Codec;
pub use read::{read, read_bytes};
pub use report::{Likeness, Report, Stats, Step, TextureChange};
