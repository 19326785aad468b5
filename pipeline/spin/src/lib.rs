#![doc = include_str!("../README.md")]

mod background;
mod capture;
mod error;
mod folder;
mod ingest;
mod options;
mod order;
mod plan;
mod progress;
mod quality;
mod render;
mod report;
mod sink;
mod spin;
mod sprite;

pub use capture::{CaptureSet, Photo};
pub use error::{BadPhoto, PhotoProblem, SpinError};
pub use ingest::read_capture;
pub use options::{CaptureOptions, Qualities, SpinOptions};
pub use order::natural_order;
pub use quality::{
    Finding, FindingKind, InspectOptions, Outline, PhotoMeasures, QualityReport, RepairMode,
    Repairs, RowQuality, Severity, TurnShape, Unit, assess, assess_as, measure, wrong_shape,
};
pub use report::{PhotoReport, PhotoRole, RenditionReport, SpinReport};
pub use sink::Sink;
pub use spin::{SpinOutcome, make_spin};
