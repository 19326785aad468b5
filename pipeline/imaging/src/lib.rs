#![doc = include_str!("../README.md")]

mod color;
mod decode;
mod encode;
mod error;
mod exif;
mod header;
#[cfg_attr(not(feature = "heic"), path = "heic/absent.rs")]
mod heic;
mod jpeg;
mod orientation;
#[cfg(feature = "turbojpeg")]
mod planar;
mod raster;
mod read_back;
mod resize;
mod score;
mod source;
mod webp;

pub use decode::{DecodeOptions, Decoded, decode};
pub use encode::{Encoding, WebpTuning, encode};
pub use error::{Found, ImagingError};
pub use exif::CameraSettings;
pub use header::{Header, Limits, probe};
pub use orientation::Orientation;
#[cfg(feature = "turbojpeg")]
pub use planar::Planar;
pub use raster::{Channels, Raster};
pub use read_back::{can_read_back, read_back, read_back_within};
pub use resize::Resizer;
pub use score::{Reference, score};
pub use source::SourceFormat;
