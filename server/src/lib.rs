#![doc = include_str!("../README.md")]

mod api;
mod catalogue;
mod config;
mod error;
mod jobs;
mod kiosk;
mod people;
mod publishing;
mod serve;
mod store;
mod studio;

pub use catalogue::{
    Category, Gtin, NewProduct, NotAGtin, OrganisationId, ProductId, Province, Rating,
    UploadLimits, fill, generated,
};
pub use config::ServeConfig;
pub use error::Error;
pub use people::{Role, Standing, add_user};
pub use publishing::{Published, publish};
pub use serve::serve;

#[cfg(test)]
mod fixtures;
