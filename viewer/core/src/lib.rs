#![doc = include_str!("../README.md")]

pub mod camera;
pub mod damper;
pub mod environment;
pub mod gesture;
pub mod gltf;
pub mod json;
pub mod loading;
pub mod math;
pub mod meshopt;
pub mod orbit;
pub mod pace;
pub mod pick;
pub mod plan;
pub mod pose;
pub mod turn;
pub mod zoom;
