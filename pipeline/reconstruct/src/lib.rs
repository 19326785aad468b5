#![doc = include_str!("../README.md")]

mod base;
mod calibrate;
mod camera;
mod compare;
mod distance;
mod error;
mod features;
mod grid;
mod hull;
mod mesh;
mod observation;
mod outline;
mod pieces;
mod raster;
mod refine;
mod rig;
mod shape;
mod sheet;
mod solve;
mod texture;
mod vector;
mod verdict;

pub use calibrate::{Calibration, LEAST_PHOTOS, Method, calibrate};
pub use camera::{Intrinsics, Pixel};
pub use compare::{Comparison, Rendering, compare, render};
pub use error::ReconstructError;
pub use mesh::Mesh;
pub use observation::{Capture, Observation, Window};
pub use rig::{Camera, Row, TurntableRig};
pub use shape::{Refine, Shape, ShapeOptions, shape};
pub use texture::{Atlas, TextureOptions, TexturedMesh, paint};
pub use verdict::{Gate, Outcome, Verdict, worst};
