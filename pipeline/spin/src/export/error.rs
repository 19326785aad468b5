use std::io;
use std::path::PathBuf;

use xoay_format::{Localize, Text};
use xoay_imaging::ImagingError;

/// Why a finished spin could not be exported.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.text().en)]
#[non_exhaustive]
pub enum ExportError {
    /// The folder holds no spin that this program made.
    NotASpin {
        /// The folder.
        folder: PathBuf,
        /// What was missing or wrong.
        detail: String,
    },
    /// A frame's file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A frame's file is no picture, or one of another size than the manifest says.
    BadFrame {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ImagingError,
    },
    /// No rendition is in a format that can be read back.
    NoReadableRendition,
    /// A row was asked for that the spin has not.
    NoSuchRow {
        /// The row's number from 1.
        asked: usize,
        /// How many rows there are.
        rows: usize,
    },
    /// A picture could not be made.
    Encode(ImagingError),
    /// The archive could not be put together.
    Archive {
        /// Why.
        detail: String,
    },
    /// No ffmpeg is on the path.
    NoFfmpeg,
    /// ffmpeg failed.
    Ffmpeg {
        /// The end of what it said.
        detail: String,
    },
    /// A temporary file could not be written or read.
    Temporary {
        /// Why.
        source: io::Error,
    },
    /// The caller asked to stop.
    Cancelled,
}

impl From<ImagingError> for ExportError {
    fn from(source: ImagingError) -> Self {
        Self::Encode(source)
    }
}

impl Localize for ExportError {
    fn text(&self) -> Text {
        match self {
            Self::NotASpin { folder, detail } => Text::new(
                format!(
                    "{} không phải là thư mục ảnh xoay ({detail}); hãy chỉ đến thư mục mà xoay spin đã tạo",
                    folder.display()
                ),
                format!(
                    "{} is no finished spin ({detail}); name a folder that xoay spin made",
                    folder.display()
                ),
            ),
            Self::Unreadable { path, source } => Text::new(
                format!(
                    "không đọc được {} ({source}); hãy chạy lại xoay spin nếu tệp đã mất",
                    path.display()
                ),
                format!(
                    "{} cannot be read ({source}); run xoay spin again if it is lost",
                    path.display()
                ),
            ),
            Self::BadFrame { path, source } => {
                let why = source.text();
                Text::new(
                    format!("{}: {}", path.display(), why.vi),
                    format!("{}: {}", path.display(), why.en),
                )
            }
            Self::NoReadableRendition => Text::new(
                "ảnh xoay chỉ có AVIF mà chương trình này không đọc được; hãy chạy xoay spin với --formats webp hoặc jpg",
                "the spin is in AVIF only, which this program cannot read; run xoay spin with --formats webp or jpg",
            ),
            Self::NoSuchRow { asked, rows } => Text::new(
                format!(
                    "không có hàng {asked}; ảnh xoay này có {rows} hàng, hãy chọn từ 1 đến {rows}"
                ),
                format!("there is no row {asked}; this spin has {rows}, choose from 1 to {rows}"),
            ),
            Self::Encode(source) => source.text(),
            Self::Archive { detail } => Text::new(
                format!("không tạo được tệp zip: {detail}"),
                format!("the zip could not be made: {detail}"),
            ),
            Self::NoFfmpeg => Text::new(
                "MP4 cần chương trình ffmpeg mà máy này không có; hãy cài ffmpeg (Debian, Ubuntu: apt install ffmpeg) hoặc xuất .webp",
                "MP4 takes the program ffmpeg, which is not on this machine; install it (Debian, Ubuntu: apt install ffmpeg) or export .webp",
            ),
            Self::Ffmpeg { detail } => Text::new(
                format!("ffmpeg báo lỗi: {detail}; hãy dùng bản ffmpeg có libx264"),
                format!("ffmpeg failed: {detail}; use an ffmpeg that has libx264"),
            ),
            Self::Temporary { source } => Text::new(
                format!("không ghi được tệp tạm ({source}); hãy kiểm tra dung lượng đĩa"),
                format!("a temporary file could not be written ({source}); check free space"),
            ),
            Self::Cancelled => Text::new("đã dừng theo yêu cầu", "stopped on request"),
        }
    }
}
