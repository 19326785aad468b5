use std::path::PathBuf;

use xoay_format::{Localize, Text};

/// Why a model could not be read, changed or written.
///
/// `place` names the part of the file as its JSON does: `accessors[3]`, `meshes[0].primitives[2]`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GltfError {
    /// A file could not be read.
    #[error("cannot read {}: {source}; check that the file exists and may be read", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something is over a limit of [`crate::Limits`].
    #[error(
        "{place} needs {needed} {unit}, over the limit of {limit}; simplify the model or raise the limit"
    )]
    TooLarge {
        /// What is too large.
        place: String,
        /// How much it needs.
        needed: u64,
        /// How much is allowed.
        limit: u64,
        /// What is counted: `bytes` or `pixels`.
        unit: &'static str,
    },
    /// The bytes are no model of a kind that is read.
    #[error(
        "this is no model that can be read{}; expected glTF 2.0 (.glb or .gltf), OBJ, PLY or STL: export the model as .glb",
        known.map(|name| format!(" but {name}")).unwrap_or_default()
    )]
    NotAModel {
        /// What it is, where that is known.
        known: Option<&'static str>,
    },
    /// A version of glTF other than 2.
    #[error("glTF version {version} is not supported; export the model as glTF 2.0")]
    Version {
        /// What the file says.
        version: String,
    },
    /// The GLB container is damaged.
    #[error("the GLB container is damaged at byte {offset}: {}; download or export the file again", problem.en)]
    Container {
        /// Where in the file.
        offset: u64,
        /// What was wrong.
        problem: Text,
    },
    /// The JSON does not parse, or a value has the wrong type.
    #[error("the model's JSON is not valid glTF: {message}; export the model again")]
    Json {
        /// What the parser said, with line and column.
        message: String,
    },
    /// The file needs an extension that this program cannot read.
    #[error("the model uses {name}, which is unsupported for now; {}", remedy.en)]
    UnsupportedExtension {
        /// The extension's name.
        name: String,
        /// What to do.
        remedy: Text,
    },
    /// An address in the file may not be followed, or leads nowhere.
    #[error("{place}: the address {uri:?} cannot be used: {}", problem.en)]
    Address {
        /// Which object holds it.
        place: String,
        /// The address, shortened.
        uri: String,
        /// What was wrong.
        problem: Text,
    },
    /// The model contradicts itself or the glTF specification.
    #[error("{place}: {}", problem.en)]
    Invalid {
        /// Which object.
        place: String,
        /// What was wrong and what was expected.
        problem: Text,
    },
    /// A texture could not be read or encoded.
    #[error("{place}: {}", problem.en)]
    Texture {
        /// Which image.
        place: String,
        /// What was wrong.
        problem: Text,
    },
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl GltfError {
    pub(crate) fn invalid(
        place: impl Into<String>,
        vi: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        Self::Invalid {
            place: place.into(),
            problem: Text::new(vi, en),
        }
    }

    pub(crate) fn texture(
        place: impl Into<String>,
        vi: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        Self::Texture {
            place: place.into(),
            problem: Text::new(vi, en),
        }
    }
}

impl Localize for GltfError {
    fn text(&self) -> Text {
        let vi = match self {
            Self::Io { path, source } => format!(
                "không đọc được {}: {source}; hãy kiểm tra tệp có tồn tại và được phép đọc",
                path.display()
            ),
            Self::TooLarge {
                place,
                needed,
                limit,
                unit,
            } => {
                let unit = if *unit == "pixels" {
                    "điểm ảnh"
                } else {
                    "byte"
                };
                format!(
                    "{place} cần {needed} {unit}, vượt giới hạn {limit}; hãy đơn giản hoá mô hình hoặc nâng giới hạn"
                )
            }
            Self::NotAModel { known } => format!(
                "đây không phải mô hình đọc được{}; cần glTF 2.0 (.glb hoặc .gltf), OBJ, PLY hoặc STL: hãy xuất mô hình thành .glb",
                known
                    .map(|name| format!(" mà là {name}"))
                    .unwrap_or_default()
            ),
            Self::Version { version } => {
                format!("không hỗ trợ glTF phiên bản {version}; hãy xuất lại mô hình theo glTF 2.0")
            }
            Self::Container { offset, problem } => format!(
                "tệp GLB bị hỏng ở byte {offset}: {}; hãy tải hoặc xuất lại tệp",
                problem.vi
            ),
            Self::Json { message } => {
                format!(
                    "phần JSON của mô hình không đúng chuẩn glTF: {message}; hãy xuất lại mô hình"
                )
            }
            Self::UnsupportedExtension { name, remedy } => {
                format!("mô hình dùng {name}, hiện chưa được hỗ trợ; {}", remedy.vi)
            }
            Self::Address {
                place,
                uri,
                problem,
            } => {
                format!("{place}: không dùng được địa chỉ {uri:?}: {}", problem.vi)
            }
            Self::Invalid { place, problem } | Self::Texture { place, problem } => {
                format!("{place}: {}", problem.vi)
            }
            Self::Cancelled => "đã huỷ".to_owned(),
        };
        Text::new(vi, self.to_string())
    }
}
