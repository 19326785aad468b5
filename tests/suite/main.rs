//! Whole flows, with the real things. One file a part; see tests/README.md.

mod command_line;
mod element;
mod faults;
mod inspect;
mod model;
mod optimize;
mod pages;
mod reconstruct;
mod schema;
mod service;
mod spin;
mod telemetry;
mod tidy;
mod uploads;
mod viewer;
