use std::path::Path;

use xoay_format::{Localize, Text, Watch};
use xoay_pipeline::{
    CaptureOptions, ErrorKind, ModelOptions, RecipeError, ReconstructOptions, SpinExtras,
    SpinOptions, make_model, make_spin, reconstruct,
};

use super::{Recipes, RunError, SPIN};
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
                make_spin(input, out, &capture, &spin, &SpinExtras::default(), watch).map(drop)
            }
            JobKind::Model if input.is_dir() => {
                let spin_dir = input.with_file_name(SPIN);
                let options = ReconstructOptions {
                    spin_dir: spin_dir.is_dir().then_some(spin_dir),
                    ..ReconstructOptions::default()
                };
                reconstruct(input, out, &CaptureOptions::default(), &options, watch).map(drop)
            }
            JobKind::Model => make_model(input, out, &ModelOptions::default(), watch).map(drop),
        };
        made.map_err(|error| refusal(&error, input))
    }
}

fn refusal(error: &RecipeError, input: &Path) -> RunError {
    let code = match error.kind() {
        ErrorKind::Cancelled => return RunError::Cancelled,
        ErrorKind::BadInput => "bad-input",
        ErrorKind::Limit => "limit",
        ErrorKind::Output if error.is_no_space() => "no-space",
        ErrorKind::Output | ErrorKind::Internal => "internal",
    };
    let text = error.text();
    RunError::Failed(JobFailure {
        code: code.into(),
        message: Text::new(
            without_folder(&text.vi, input),
            without_folder(&text.en, input),
        ),
    })
}

/// The message as its reader knows the files: by their names, not by where this machine put them.
fn without_folder(message: &str, input: &Path) -> String {
    let mut message = message.to_owned();
    // The longer one first: photos by their names, then what lies beside their folder.
    for folder in [Some(input), input.parent()].into_iter().flatten() {
        message = message.replace(&format!("{}/", folder.display()), "");
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(kind: JobKind, input: &Path) -> JobFailure {
        let out = tempfile::tempdir().unwrap();
        let watch = Watch::silent();
        match Pipeline.run(kind, input, &out.path().join("out"), watch) {
            Err(RunError::Failed(failure)) => failure,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn bad_input_is_named_without_this_machines_folders() {
        let folder = tempfile::tempdir().unwrap();
        let photos = folder.path().join("photos");
        std::fs::create_dir(&photos).unwrap();
        std::fs::write(photos.join("1.jpg"), b"this is a text").unwrap();
        std::fs::write(photos.join("2.jpg"), crate::fixtures::photo(1)).unwrap();
        let model = folder.path().join("model.glb");
        std::fs::write(&model, crate::fixtures::glb()).unwrap();
        for (kind, input) in [(JobKind::Spin, photos), (JobKind::Model, model)] {
            let failure = failure(kind, &input);
            assert_eq!(failure.code, "bad-input");
            for text in [failure.message.vi, failure.message.en] {
                let shown = folder.path().display().to_string();
                assert!(!text.is_empty() && !text.contains(&shown), "{text}");
            }
        }
    }
}
