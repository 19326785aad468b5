#![doc = include_str!("../README.md")]

mod api;
mod catalogue;
mod config;
mod error;
mod jobs;
mod kiosk;
mod publishing;
mod serve;
mod store;
mod studio;

pub use catalogue::{
    Category, Gtin, NewProduct, NotAGtin, OrganisationId, ProductId, Province, Rating,
    UploadLimits, generated,
};
pub use config::ServeConfig;
pub use error::Error;
pub use publishing::{Published, publish};
pub use serve::serve;

#[cfg(test)]
mod fixtures;
