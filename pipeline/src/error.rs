use std::io;
use std::path::{Path, PathBuf};

use xoay_format::{Localize, Text};
use xoay_gltf::GltfError;
use xoay_imaging::ImagingError;
use xoay_render::RenderError;
use xoay_spin::{ArchiveProblem, BadPhoto, PhotoProblem, SpinError};

/// Why a recipe has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// The photos cannot become a spin.
    #[error(transparent)]
    Spin(#[from] SpinError),
    /// The model cannot be read or optimised.
    #[error("{}: {source}", path.display())]
    Model {
        /// The model's file.
        path: PathBuf,
        /// What is wrong with it.
        source: GltfError,
    },
    /// The photos do not become a model.
    #[error(transparent)]
    Reconstruct(xoay_reconstruct::ReconstructError),
    /// The folder that is to get the rig holds no spin of these photos.
    #[error("{}: {}", path.display(), problem.en)]
    NotItsSpin {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: Text,
    },
    /// The file that says where a mat's markers lie does not.
    #[error("{}: {}", path.display(), problem.en)]
    BadMat {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: Text,
    },
    /// A picture could not be encoded.
    #[error("cannot encode a picture: {0}")]
    Poster(#[from] ImagingError),
    /// The model could not be drawn to be compared.
    #[error("cannot draw the model: {0}")]
    Drawing(RenderError),
    /// The output's place is taken by something that no recipe wrote.
    #[error(
        "{}: the folder is not empty and holds no earlier result; choose another output or empty it first",
        path.display()
    )]
    OutputTaken {
        /// The place that was asked for.
        path: PathBuf,
    },
    /// The output could not be written.
    #[error("{}: cannot write: {source}{}", path.display(), remedy(source).en)]
    Output {
        /// What was being written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody asked the job to stop.
    #[error("stopped on request; nothing was written")]
    Cancelled,
}

/// What a caller can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The photos or the model must be mended or replaced.
    BadInput,
    /// The input is beyond a limit that guards this machine.
    Limit,
    /// The output cannot be written: a full disk, no permission, a place that is taken.
    Output,
    /// Somebody asked the job to stop.
    Cancelled,
    /// Something failed that no input explains.
    Internal,
}

impl RecipeError {
    pub(crate) fn model(path: &Path, source: GltfError) -> Self {
        Self::Model {
            path: path.to_path_buf(),
            source,
        }
    }

    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Spin(error) => kind_of_spin(error),
            Self::Model { source, .. } => match source {
                GltfError::Cancelled => ErrorKind::Cancelled,
                GltfError::TooLarge { .. } => ErrorKind::Limit,
                _ => ErrorKind::BadInput,
            },
            Self::Reconstruct(_) | Self::NotItsSpin { .. } | Self::BadMat { .. } => {
                ErrorKind::BadInput
            }
            Self::OutputTaken { .. } | Self::Output { .. } => ErrorKind::Output,
            Self::Cancelled => ErrorKind::Cancelled,
            Self::Poster(_) | Self::Drawing(_) => ErrorKind::Internal,
        }
    }

    /// Whether the disk or a quota is full.
    #[must_use]
    pub fn is_no_space(&self) -> bool {
        match self {
            Self::Spin(SpinError::Output { source, .. }) | Self::Output { source, .. } => {
                is_full(source)
            }
            _ => false,
        }
    }
}

fn kind_of_spin(error: &SpinError) -> ErrorKind {
    match error {
        SpinError::Cancelled => ErrorKind::Cancelled,
        SpinError::Output { .. } => ErrorKind::Output,
        SpinError::TooManyPhotos { .. }
        | SpinError::Archive(ArchiveProblem::TooManyEntries { .. }) => ErrorKind::Limit,
        SpinError::BadPhotos(photos) if photos.iter().all(is_over_limit) => ErrorKind::Limit,
        SpinError::Encode { .. } => ErrorKind::Internal,
        _ => ErrorKind::BadInput,
    }
}

fn is_over_limit(photo: &BadPhoto) -> bool {
    matches!(
        photo.problem,
        PhotoProblem::FileTooLarge { .. }
            | PhotoProblem::ArchiveBomb { .. }
            | PhotoProblem::Image(
                ImagingError::TooManyPixels { .. } | ImagingError::TooMuchMemory { .. }
            )
    )
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

fn remedy(error: &io::Error) -> Text {
    if is_full(error) {
        Text::new(
            "; hãy giải phóng dung lượng đĩa rồi chạy lại, ảnh gốc vẫn còn nguyên",
            "; free some disk space and run again, the originals are untouched",
        )
    } else if error.kind() == io::ErrorKind::PermissionDenied {
        Text::new(
            "; hãy chọn thư mục mà bạn có quyền ghi",
            "; choose a folder that you may write to",
        )
    } else {
        Text::default()
    }
}

impl Localize for RecipeError {
    fn text(&self) -> Text {
        let vi = match self {
            Self::Spin(error) => return error.text(),
            Self::Model { path, source } => format!("{}: {}", path.display(), source.text().vi),
            Self::Reconstruct(error) => return error.text(),
            Self::NotItsSpin { path, problem } | Self::BadMat { path, problem } => {
                format!("{}: {}", path.display(), problem.vi)
            }
            Self::Poster(error) => format!("không nén được ảnh: {}", error.text().vi),
            Self::Drawing(error) => format!("không vẽ được mô hình: {}", error.text().vi),
            Self::OutputTaken { path } => format!(
                "{}: thư mục không trống và không chứa kết quả cũ; hãy chọn nơi khác hoặc dọn trống trước",
                path.display()
            ),
            Self::Output { path, source } => format!(
                "{}: không ghi được: {source}{}",
                path.display(),
                remedy(source).vi
            ),
            Self::Cancelled => "đã dừng theo yêu cầu; chưa ghi gì".to_owned(),
        };
        Text::new(vi, self.to_string())
    }
}
