#![doc = include_str!("../README.md")]

mod api;
mod catalogue;
mod config;
pub mod crash;
mod error;
mod jobs;
mod kiosk;
mod people;
mod publishing;
mod sandbox;
mod serve;
mod store;
mod studio;
mod trace;
mod upkeep;
mod work;

pub use catalogue::{
    Category, Gtin, NewProduct, NotAGtin, NotARegistrationCode, OrganisationId, ProducerId,
    ProductId, Province, Rating, UploadLimits, fill, generated,
};
pub use config::{ServeConfig, WorkConfig};
pub use error::Error;
pub use jobs::KindLimits;
pub use people::{NotRoles, OidcConfig, OidcRoles, Role, Standing, add_user};
pub use publishing::{Published, publish};
pub use sandbox::{JobLimits, as_child as run_sandboxed_job};
pub use serve::serve;
pub use trace::TRACES;
pub use upkeep::{BackedUp, Collected, Fault, Kept, Verified, backup, collect, verify};
pub use work::work;

/// The first argument of a process that is to call [`run_sandboxed_job`] and nothing else.
pub const SANDBOXED_JOB: &str = "sandboxed-job";

#[cfg(test)]
mod fixtures;
