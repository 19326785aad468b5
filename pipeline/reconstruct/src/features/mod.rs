//! Points of the product's surface that several photos show.

mod detect;
mod matching;

pub(crate) use detect::{Feature, detect};
pub(crate) use matching::{Sighting, tracks};
