#![doc = include_str!("../README.md")]

mod axis;
mod background;
mod camera;
mod confidence;
mod cut;
mod disc;
mod evidence;
mod frame;
mod hull;
mod learned;
mod maxflow;
mod moves;
#[cfg(feature = "onnx")]
mod onnx;
mod palette;
mod parallel;
mod plane;
mod proxy;
mod refine;
mod row;
mod shadow;
mod stabilize;
mod temporal;
mod tone;

pub use axis::Axis;
pub use frame::{Extent, FrameCut};
pub use learned::{LearnedMatte, LearnedMatteError};
pub use moves::camera_moves;
#[cfg(feature = "onnx")]
pub use onnx::OnnxMatte;
pub use proxy::{PROXY_SIDE, Proxy};
pub use refine::{Cutout, Part, refine};
pub use row::{Row, RowCut, Sense, cut_row};
