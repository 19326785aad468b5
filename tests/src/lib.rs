#![doc = include_str!("../README.md")]

pub mod browser;
mod collector;
mod command;
mod fixtures;
mod postgres;
mod proxy;
mod s3;
mod service;
pub mod site;
mod unsteady;
mod worker;

pub use collector::{Collector, Told};
pub use command::{Finished, program, validate, xoay};
pub use fixtures::{capture, capture_cut, model, repository, tool};
pub use postgres::PostgresServer;
pub use proxy::PoorNetwork;
pub use s3::S3Server;
pub use service::Service;
pub use unsteady::{Counts, Mood, UnsteadyServer};
pub use worker::Worker;
