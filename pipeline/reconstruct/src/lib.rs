#![doc = include_str!("../README.md")]

mod camera;
mod rig;

pub use camera::{Intrinsics, Pixel};
pub use rig::{Row, TurntableRig};
