#![doc = include_str!("../README.md")]

mod accessor;
mod budget;
mod check;
mod document;
mod error;
mod glb;
mod import;
pub mod json;
mod limits;
mod optimize;
mod pack;
mod read;
mod references;
mod report;
pub mod scene;
mod skin;
pub mod textures;
pub mod transform;
mod uri;
mod usdz;
mod write;

pub use accessor::{Accessor, Component, Shape};
pub use budget::optimize_within;
pub use document::{Document, ImageData, Topology};
pub use error::GltfError;
pub use import::{ImportOptions, Units, UpAxis};
pub use limits::Limits;
pub use optimize::{OptimizeOptions, Optimized, Tangents, optimize};
pub use pack::Codec;
pub use read::{read, read_bytes, read_bytes_with, read_with};
pub use report::{Likeness, Report, Stats, Step, TextureChange};
pub use usdz::write_usdz;
