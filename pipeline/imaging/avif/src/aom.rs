//! AVIF through libaom's all-intra mode.
//!
//! This file and its two modules are the only ones in the crate with `unsafe`: libaom is C.

mod codec;
mod decode;
mod encode;

pub(crate) use decode::decode;
pub(crate) use encode::{encode_rgb, encode_rgba};
