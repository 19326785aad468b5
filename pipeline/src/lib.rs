#![doc = include_str!("../README.md")]

mod difference;
mod error;
mod inspect;
mod model;
mod output;
mod proof;
mod reconstruct;
mod spin;

pub use difference::Portrait;
pub use error::{ErrorKind, RecipeError};
pub use inspect::{InspectOutcome, inspect};
pub use model::{ModelOptions, ModelOutcome, make_model, optimize_model};
pub use output::{StagedFolder, write_whole};
pub use proof::LikenessCheck;
pub use reconstruct::{
    HeldOut, ModelReport, ReconstructOptions, RigReport, RowReport, read_mat, reconstruct,
};
pub use spin::{SpinExtras, make_spin};
pub use xoay_gltf::textures::TextureFormat;
pub use xoay_gltf::transform::SimplifyOptions;
pub use xoay_gltf::{Codec, ImportOptions, Likeness, Tangents, Units, UpAxis};
pub use xoay_reconstruct::{Mat, Paper, PlacedMarker, Refine, mat_pdf};
pub use xoay_spin::export;
pub use xoay_spin::{
    CaptureOptions, Finding, FindingKind, InspectOptions, QualityReport, RepairMode, RowSplit,
    Severity, SpinError, SpinOptions, SpinOutcome, StudioBackground, StudioOptions, Target,
    TurnShape, Unit, open_learned_matte,
};
