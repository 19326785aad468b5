//! JPEG: the header here, the pixels through libjpeg-turbo or, without it, in pure Rust.

#[cfg(not(feature = "turbojpeg"))]
#[path = "jpeg/pure.rs"]
mod backend;
#[cfg(feature = "turbojpeg")]
#[path = "jpeg/turbo.rs"]
mod backend;
mod head;

pub(crate) use backend::{decode, encode};
#[cfg(feature = "turbojpeg")]
pub(crate) use backend::{failed, is_harmless};
pub(crate) use head::JpegHead;

/// Longest side of a JPEG that libjpeg accepts, in pixels.
pub(crate) const MAX_SIDE: u32 = 65_500;

/// Decoded samples of the size that [`JpegHead::scaled`] states, row by row without padding.
pub(crate) enum JpegPixels {
    /// Three bytes a pixel, in the colour space of the file's profile.
    Rgb(Vec<u8>),
    /// Four bytes a pixel; 0 is no ink.
    #[cfg_attr(not(feature = "turbojpeg"), expect(dead_code))]
    Cmyk(Vec<u8>),
}
