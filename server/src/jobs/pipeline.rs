use std::path::Path;

use xoay_format::{Text, Watch};

use super::{Recipes, RunError};
use crate::catalogue::{JobFailure, JobKind};

/// The recipes of `xoay_pipeline`.
pub(crate) struct Pipeline;

impl Recipes for Pipeline {
    fn run(
        &self,
        _kind: JobKind,
        _input: &Path,
        _out: &Path,
        _watch: Watch<'_>,
    ) -> Result<(), RunError> {
        Err(RunError::Failed(JobFailure {
            code: "internal".into(),
            message: Text::new(
                "chưa có dây chuyền xử lý",
                "the pipeline is not connected yet",
            ),
        }))
    }
}
