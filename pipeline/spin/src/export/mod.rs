//! A finished spin in the forms that other places take: a zip of pictures, an animated WebP, an MP4.

mod animation;
mod error;
mod finished;
mod package;
mod square;
mod video;

pub use animation::{AnimationOptions, animate};
pub use error::ExportError;
pub use finished::FinishedSpin;
pub use package::{PackageOptions, Preset, package};
pub use video::{VideoOptions, film};

use xoay_format::Text;

/// What was made, and what could not be made as asked.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The file.
    pub bytes: Vec<u8>,
    /// How many different frames are in it.
    pub frames: usize,
    /// Width of each in pixels.
    pub width: u32,
    /// Height of each in pixels.
    pub height: u32,
    /// What differs from what was asked for.
    pub notes: Vec<Text>,
}
