#![doc = include_str!("../README.md")]

mod background;
mod capture;
mod error;
pub mod export;
mod folder;
mod ingest;
mod mosaic;
mod options;
mod order;
mod plan;
mod progress;
mod render;
mod report;
mod search;
mod sink;
mod spin;
mod sprite;
mod tiles;

pub use capture::{CaptureSet, Photo};
pub use error::{BadPhoto, PhotoProblem, SpinError};
pub use ingest::read_capture;
pub use options::{CaptureOptions, Qualities, SpinOptions};
pub use order::natural_order;
pub use report::{PhotoReport, PhotoRole, RenditionReport, SpinReport};
pub use search::{FoundQuality, Target, find_qualities};
pub use sink::Sink;
pub use spin::{SpinOutcome, make_spin};
pub use tiles::{FrameTiles, TileSettings, put_pyramid, tiles_path};
