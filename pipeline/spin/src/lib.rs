#![doc = include_str!("../README.md")]

mod archive;
mod background;
mod capture;
mod compose;
mod crew;
mod cutouts;
mod error;
pub mod export;
mod folder;
mod ingest;
mod learned;
mod listing;
mod mosaic;
mod options;
mod order;
mod placement;
mod plan;
mod plates;
mod progress;
mod quality;
mod render;
mod report;
mod resume;
mod rows;
mod search;
mod sink;
mod source;
mod spin;
mod sprite;
mod studio;
mod survey;
mod tiles;
mod tone;
mod words;

pub use archive::{ArchiveEntry, ArchiveProblem};
pub use capture::{CaptureSet, Photo};
pub use cutouts::{CutPhoto, Cutouts, cut_out, photo_bytes};
pub use error::{BadPhoto, PhotoProblem, SpinError};
pub use ingest::{read_capture, read_zip};
pub use learned::open_learned_matte;
pub use options::{
    CaptureOptions, Qualities, RowSplit, SpinOptions, StudioBackground, StudioOptions,
};
pub use order::natural_order;
pub use quality::{
    Finding, FindingKind, InspectOptions, Outline, PhotoMeasures, QualityReport, RepairMode,
    Repairs, RowQuality, Severity, TurnShape, Unit, assess, assess_as, measure, wrong_shape,
};
pub use report::{PhotoReport, PhotoRole, RenditionReport, SearchedQuality, SpinReport};
pub use search::{FoundQuality, Target, find_qualities};
pub use sink::Sink;
pub use source::PhotoSource;
pub use spin::{FrameTransform, SpinOutcome, make_spin};
pub use sprite::contact_sheet;
pub use tiles::{FrameTiles, TileSettings, put_pyramid, tiles_path};
