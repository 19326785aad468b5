use std::path::Path;

use xoay_format::Watch;

use crate::catalogue::{JobFailure, JobKind};

/// The folder beside a model's photos that holds the manifest and the report of the spin from the same photos.
pub(crate) const SPIN: &str = "spin";

/// What a worker does with a job's input. Tests put their own in its place.
pub(crate) trait Recipes: Send + Sync + 'static {
    /// Makes `out`, a folder that does not exist yet, from `input`: a folder of photos, or for a model its GLB file too.
    ///
    /// Where the folder [`SPIN`] lies beside the photos of a model, its manifest gets the cameras that are found.
    fn run(
        &self,
        kind: JobKind,
        input: &Path,
        out: &Path,
        watch: Watch<'_>,
    ) -> Result<(), RunError>;
}

/// Why a recipe made nothing.
#[derive(Clone, Debug)]
pub(crate) enum RunError {
    /// It was told to stop.
    Cancelled,
    /// The machine did not allow it this time: another attempt may do better.
    Passing(JobFailure),
    /// The input or the machine did not allow it; trying again would not help.
    Failed(JobFailure),
}
