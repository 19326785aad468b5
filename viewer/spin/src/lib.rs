#![doc = include_str!("../README.md")]

mod frames;
mod paint;
mod view;

pub use view::SpinView;
