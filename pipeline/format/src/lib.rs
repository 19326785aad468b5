#![doc = include_str!("../README.md")]

mod angle;
mod media;
mod model;
mod product;
mod progress;
mod spin;
mod story;
mod text;
mod tiles;

pub use angle::{Direction, wrap_deg};
pub use media::{ImageFile, ImageFormat, Url};
pub use model::{Bounds, ModelManifest};
pub use product::ProductManifest;
pub use progress::{ProgressEvent, Stage, Watch};
pub use spin::{Frame, Rendition, Row, SpinManifest, Sprite};
pub use story::{Hotspot, Tour, TourStop};
pub use text::{Language, Localize, Text};
pub use tiles::{TileArea, TileError, TileIndex, TileLayout, TileRange, Tiles};
