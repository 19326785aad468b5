use std::path::Path;

use xoay_format::{Localize, Watch};
use xoay_pipeline::{
    CaptureOptions, ErrorKind, ModelOptions, RecipeError, SpinOptions, make_model, make_spin,
};

use super::{Recipes, RunError};
use crate::catalogue::{JobFailure, JobKind};

/// The recipes of `xoay_pipeline`, with their defaults.
pub(crate) struct Pipeline;

impl Recipes for Pipeline {
    fn run(
        &self,
        kind: JobKind,
        input: &Path,
        out: &Path,
        watch: Watch<'_>,
    ) -> Result<(), RunError> {
        let made = match kind {
            JobKind::Spin => {
                let (capture, spin) = (CaptureOptions::default(), SpinOptions::default());
                make_spin(input, out, &capture, &spin, watch).map(drop)
            }
            JobKind::Model => make_model(input, out, &ModelOptions::default(), watch).map(drop),
        };
        made.map_err(|error| RunError::from(&error))
    }
}

impl From<&RecipeError> for RunError {
    fn from(error: &RecipeError) -> Self {
        let code = match error.kind() {
            ErrorKind::Cancelled => return Self::Cancelled,
            ErrorKind::BadInput => "bad-input",
            ErrorKind::Limit => "limit",
            ErrorKind::Output if error.is_no_space() => "no-space",
            ErrorKind::Output | ErrorKind::Internal => "internal",
        };
        Self::Failed(JobFailure {
            code: code.into(),
            message: error.text(),
        })
    }
}
