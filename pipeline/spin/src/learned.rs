use std::path::Path;
use std::sync::Arc;

use xoay_matte::{LearnedMatte, LearnedMatteError};

/// The learned matte in an ONNX file, to be run on so many threads.
///
/// # Errors
/// [`LearnedMatteError::Absent`] in a build without the feature `onnx`; else what is wrong with the runtime or the file.
pub fn open_learned_matte(
    file: &Path,
    threads: usize,
) -> Result<Arc<dyn LearnedMatte>, LearnedMatteError> {
    #[cfg(feature = "onnx")]
    return Ok(Arc::new(xoay_matte::OnnxMatte::open(file, threads)?));
    #[cfg(not(feature = "onnx"))]
    {
        let _ = (file, threads);
        Err(LearnedMatteError::Absent)
    }
}
