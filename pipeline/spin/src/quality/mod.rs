//! The quality report: which photos of a turn to take again, and why.
//!
//! [`measure`] looks at each photo once and keeps a few kilobytes; [`assess`] compares these within a row. Nearly every
//! judgement is relative to the photo's neighbours, since products differ more than faults do; each has an absolute
//! floor besides, so that a perfect row is not judged by its own noise.
//!
//! Limitations: blur that all photos share is seen only when it is strong; a step missing from a turn of fewer than 8
//! photos is not seen; photos of a second product that looks like the first from afar are taken for the first.

mod border;
mod clipping;
mod direction;
mod distances;
mod duplicates;
mod edges;
mod finding;
mod focus;
mod framing;
mod light;
mod likeness;
mod luma;
mod measures;
mod measuring;
mod order;
mod repairs;
mod report;
mod row;
mod sharpness;
mod size;
mod statistics;
mod steps;
mod thumbnail;
mod tones;
mod turn;
mod words;

pub use finding::{Finding, FindingKind, Severity, Unit};
pub use framing::Outline;
pub use measures::PhotoMeasures;
pub use measuring::{InspectOptions, measure};
pub use repairs::{RepairMode, Repairs};
pub use report::{QualityReport, RowQuality, assess, assess_as};
pub use size::wrong_shape;
pub use turn::TurnShape;
