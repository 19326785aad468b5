use thiserror::Error;
use xoay_format::{Localize, Text};

use crate::json::JsonError;
use crate::meshopt::MeshoptError;

/// Why a model cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GltfError {
    /// The file is no binary glTF 2.0, or ends too early.
    #[error("not a binary glTF 2.0 file, or cut off: {0}")]
    Container(&'static str),
    /// Its JSON chunk is none.
    #[error("the glTF's JSON chunk is {0}")]
    Json(#[from] JsonError),
    /// It needs something that this reader does not know.
    #[error("the model needs `{0}`, which this viewer does not support")]
    Unsupported(String),
    /// An element is missing, points nowhere or contradicts another.
    #[error("{what} {index} of the model is missing or wrong: {why}")]
    Invalid {
        /// Which kind of element, as glTF calls it.
        what: &'static str,
        /// Its index.
        index: usize,
        /// What does not fit.
        why: &'static str,
    },
    /// A compressed buffer view cannot be unpacked.
    #[error("bufferView {index} of the model: {source}")]
    Meshopt {
        /// Index of the buffer view.
        index: usize,
        /// What is wrong with it.
        source: MeshoptError,
    },
    /// The scene shows nothing.
    #[error("the model has no triangles")]
    Empty,
}

impl Localize for GltfError {
    fn text(&self) -> Text {
        let vi = match self {
            Self::Container(_) => "Tệp không phải glTF 2.0 dạng nhị phân, hoặc bị cắt cụt",
            Self::Unsupported(_) => "Mô hình cần một tính năng mà trình xem chưa hỗ trợ",
            Self::Empty => "Mô hình không có hình nào",
            Self::Json(_) | Self::Invalid { .. } | Self::Meshopt { .. } => "Tệp mô hình bị hỏng",
        };
        let en = self.to_string();
        Text::new(format!("{vi} ({en})"), en)
    }
}
