#![doc = include_str!("../README.md")]

pub mod browser;
pub mod site;
mod command;
mod fixtures;
mod s3;
mod service;

pub use command::{Finished, program, xoay};
pub use fixtures::{capture, capture_cut, model, repository, tool};
pub use s3::S3Server;
pub use service::Service;
