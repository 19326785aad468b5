use std::path::Path;

use xoay_format::Watch;

use crate::catalogue::{JobFailure, JobKind};

/// What a worker does with a job's input. Tests put their own in its place.
pub(crate) trait Recipes: Send + Sync + 'static {
    /// Makes `out`, a folder that does not exist yet, from `input`: the folder of photos for a spin, the GLB file for a model.
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
