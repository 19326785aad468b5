use std::io;
use std::path::PathBuf;

use xoay_format::{Localize, Text};
use xoay_imaging::ImagingError;

/// Why a capture could not be read or a spin not be made.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.text().en)]
#[non_exhaustive]
pub enum SpinError {
    /// The capture's path is no folder, or is not there.
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// The folder could not be listed.
    Unreadable {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No photo is in the folder.
    EmptyFolder {
        /// The path.
        path: PathBuf,
    },
    /// Fewer photos than any spin needs.
    TooFewPhotos {
        /// How many there are.
        found: usize,
        /// How many there must be at least.
        needed: usize,
    },
    /// More photos than allowed.
    TooManyPhotos {
        /// The limit.
        limit: usize,
    },
    /// The photos do not divide into the rows that were asked for.
    UnevenRows {
        /// How many photos there are.
        photos: usize,
        /// How many rows were asked for.
        rows: u32,
    },
    /// Photos that cannot be used, all of them that were found.
    BadPhotos(Vec<BadPhoto>),
    /// Photos of different shape.
    MixedSizes {
        /// Width and height of most photos, upright, in pixels.
        expected: (u32, u32),
        /// The others, with their width and height.
        odd: Vec<(String, u32, u32)>,
    },
    /// No width or no format was asked for.
    NothingAsked,
    /// An encoder or the resampler failed.
    Encode {
        /// Path of the output file.
        path: String,
        /// Why.
        source: ImagingError,
    },
    /// A file could not be stored.
    Output {
        /// Its path in the output.
        path: String,
        /// Why; a full disk is [`io::ErrorKind::StorageFull`].
        source: io::Error,
    },
    /// The watch asked to stop.
    Cancelled,
}

/// One photo that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadPhoto {
    /// Its path within the capture.
    pub file: String,
    /// What is wrong with it.
    pub problem: PhotoProblem,
}

/// What can be wrong with a photo.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PhotoProblem {
    /// Its content.
    Image(ImagingError),
    /// The file is larger than is read.
    FileTooLarge {
        /// Its size.
        size_bytes: u64,
        /// The limit.
        max_bytes: u64,
    },
    /// The file could not be read.
    Unreadable {
        /// Why.
        reason: String,
    },
    /// The file is another one than when the capture was read.
    Changed,
}

impl Localize for PhotoProblem {
    fn text(&self) -> Text {
        match self {
            Self::Image(error) => error.text(),
            Self::FileTooLarge {
                size_bytes,
                max_bytes,
            } => Text::new(
                format!(
                    "nặng {size_bytes} byte, vượt giới hạn {max_bytes} byte; hãy xuất ảnh nhỏ hơn"
                ),
                format!(
                    "has {size_bytes} bytes, more than the limit of {max_bytes} bytes; export it smaller"
                ),
            ),
            Self::Unreadable { reason } => Text::new(
                format!("không đọc được ({reason}); hãy kiểm tra quyền truy cập và ổ đĩa"),
                format!("cannot be read ({reason}); check its permissions and the disk"),
            ),
            Self::Changed => Text::new(
                "đã bị thay đổi trong lúc xử lý; hãy chạy lại khi ảnh không còn được ghi",
                "was changed while the spin was made; run again when nothing writes to the folder",
            ),
        }
    }
}

impl Localize for BadPhoto {
    fn text(&self) -> Text {
        let problem = self.problem.text();
        Text::new(
            format!("{}: {}", self.file, problem.vi),
            format!("{}: {}", self.file, problem.en),
        )
    }
}

impl Localize for SpinError {
    fn text(&self) -> Text {
        match self {
            Self::NotAFolder { path } => Text::new(
                format!(
                    "{} không phải là thư mục; hãy chỉ đến thư mục chứa ảnh chụp trên bàn xoay",
                    path.display()
                ),
                format!(
                    "{} is not a folder; name the folder with the turntable photos",
                    path.display()
                ),
            ),
            Self::Unreadable { path, source } => Text::new(
                format!(
                    "không mở được thư mục {} ({source}); hãy kiểm tra quyền truy cập",
                    path.display()
                ),
                format!(
                    "the folder {} cannot be opened ({source}); check its permissions",
                    path.display()
                ),
            ),
            Self::EmptyFolder { path } => Text::new(
                format!(
                    "thư mục {} không có ảnh nào; hãy chép ảnh JPEG, PNG, WebP hoặc TIFF vào đó",
                    path.display()
                ),
                format!(
                    "the folder {} holds no photo; copy JPEG, PNG, WebP or TIFF photos into it",
                    path.display()
                ),
            ),
            Self::TooFewPhotos { found, needed } => Text::new(
                format!(
                    "chỉ có {found} ảnh; ảnh xoay cần ít nhất {needed} ảnh, nên có 24 ảnh trở lên"
                ),
                format!(
                    "only {found} photo found; a spin needs at least {needed}, better 24 or more"
                ),
            ),
            Self::TooManyPhotos { limit } => Text::new(
                format!(
                    "có hơn {limit} ảnh; hãy tách thư mục theo từng sản phẩm hoặc nâng giới hạn"
                ),
                format!(
                    "there are more than {limit} photos; keep one product a folder, or raise the limit"
                ),
            ),
            Self::UnevenRows { photos, rows } => Text::new(
                format!(
                    "{photos} ảnh không chia đều được thành {rows} hàng; hãy kiểm tra ảnh thiếu hoặc xếp mỗi hàng vào một thư mục con"
                ),
                format!(
                    "{photos} photos do not divide into {rows} rows; look for a missing one, or put each row into a subfolder"
                ),
            ),
            Self::BadPhotos(photos) => list(
                &format!("{} ảnh không dùng được", photos.len()),
                &format!("{} photo(s) cannot be used", photos.len()),
                photos.iter().map(Localize::text),
            ),
            Self::MixedSizes {
                expected: (width, height),
                odd,
            } => list(
                &format!(
                    "các ảnh phải cùng tỉ lệ; phần lớn là {width}×{height}, hãy chụp lại hoặc cắt những ảnh khác"
                ),
                &format!(
                    "all photos must have the same shape; most are {width}×{height}, retake or crop the others"
                ),
                odd.iter().map(|(file, w, h)| {
                    let line = format!("{file}: {w}×{h}");
                    Text::new(line.clone(), line)
                }),
            ),
            Self::NothingAsked => Text::new(
                "chưa chọn chiều rộng hoặc định dạng nào; hãy chọn ít nhất một chiều rộng và một định dạng",
                "no width or no format was asked for; name at least one of each",
            ),
            Self::Encode { path, source } => {
                let why = source.text();
                Text::new(
                    format!("không tạo được {path}: {}", why.vi),
                    format!("{path} could not be made: {}", why.en),
                )
            }
            Self::Output { path, source } => Text::new(
                format!(
                    "không ghi được {path} ({source}); hãy kiểm tra dung lượng đĩa và quyền ghi"
                ),
                format!("{path} could not be written ({source}); check free space and permissions"),
            ),
            Self::Cancelled => Text::new("đã dừng theo yêu cầu", "stopped on request"),
        }
    }
}

/// A headline and one line an item.
fn list(vi: &str, en: &str, items: impl Iterator<Item = Text>) -> Text {
    let mut text = Text::new(format!("{vi}:"), format!("{en}:"));
    for item in items {
        text.vi.push_str("\n  ");
        text.vi.push_str(&item.vi);
        text.en.push_str("\n  ");
        text.en.push_str(&item.en);
    }
    text
}
