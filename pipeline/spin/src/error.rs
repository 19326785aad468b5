use std::io;
use std::path::{Path, PathBuf};

use xoay_format::{Localize, Text};
use xoay_imaging::ImagingError;
use xoay_matte::LearnedMatteError;

use crate::ArchiveProblem;

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
    /// The lengths of rows that were asked for are not those of the photos.
    RowLengths {
        /// How many photos there are.
        photos: usize,
        /// How many were to be in each row.
        lengths: Vec<u32>,
    },
    /// A photo of the empty turntable was named that is not there.
    NoSuchPlate {
        /// The name or path.
        path: PathBuf,
    },
    /// Every photo is the same, byte by byte.
    AllTheSame {
        /// How many there are.
        photos: usize,
    },
    /// The learned model that was to help with cutting out gives no answer.
    Learned(#[from] LearnedMatteError),
    /// The zip archive cannot be read.
    Archive(ArchiveProblem),
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
    /// Its data in the zip archive are damaged.
    Archive {
        /// What was wrong.
        detail: String,
    },
    /// It is compressed in the zip archive by a method that is not read.
    ArchiveMethod {
        /// The method's name or number.
        method: String,
    },
    /// It unpacks to far more than any photo does.
    ArchiveBomb {
        /// Its size within the archive in bytes.
        packed_bytes: u64,
        /// Its stated size in bytes.
        size_bytes: u64,
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
            Self::Archive { detail } => Text::new(
                format!(
                    "bị hỏng trong tệp zip ({detail}); hãy nén lại từ ảnh gốc rồi gửi lại tệp zip"
                ),
                format!(
                    "is damaged within the zip ({detail}); pack the original photos again and send the zip again"
                ),
            ),
            Self::ArchiveMethod { method } => Text::new(
                format!(
                    "được nén trong tệp zip bằng phương pháp {method}, chưa được hỗ trợ; hãy nén lại theo kiểu thường (Deflate) hoặc không nén"
                ),
                format!(
                    "is compressed in the zip by the method {method}, which is not read; pack it again in the usual way (Deflate) or without compression"
                ),
            ),
            Self::ArchiveBomb {
                packed_bytes,
                size_bytes,
            } => Text::new(
                format!(
                    "bung từ {packed_bytes} thành {size_bytes} byte, không ảnh nào như vậy; hãy nén lại từ ảnh gốc"
                ),
                format!(
                    "unpacks from {packed_bytes} to {size_bytes} bytes, as no photo does; pack the original photos again"
                ),
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
                    "{} không phải là thư mục hay tệp zip; hãy chỉ đến thư mục hoặc tệp zip chứa ảnh chụp trên bàn xoay",
                    path.display()
                ),
                format!(
                    "{} is not a folder, nor a zip; name the folder or the zip with the turntable photos",
                    path.display()
                ),
            ),
            Self::Unreadable { path, source } => Text::new(
                format!(
                    "không mở được {} ({source}); hãy kiểm tra quyền truy cập",
                    path.display()
                ),
                format!(
                    "{} cannot be opened ({source}); check its permissions",
                    path.display()
                ),
            ),
            Self::EmptyFolder { path } => Text::new(
                format!(
                    "{} không có ảnh nào; hãy chép ảnh JPEG, PNG, WebP hoặc TIFF vào đó",
                    path.display()
                ),
                format!(
                    "{} holds no photo; copy JPEG, PNG, WebP or TIFF photos into it",
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
            Self::UnevenRows { photos, rows } => uneven_rows(*photos, *rows),
            Self::RowLengths { photos, lengths } => row_lengths(*photos, lengths),
            Self::NoSuchPlate { path } => no_such_plate(path),
            Self::AllTheSame { photos } => Text::new(
                format!(
                    "cả {photos} ảnh là cùng một ảnh được chép nhiều lần; hãy chép lại ảnh gốc từ máy ảnh"
                ),
                format!(
                    "all {photos} photos are one and the same, copied many times; copy the originals from the camera"
                ),
            ),
            Self::Learned(error) => learned(error),
            Self::Archive(problem) => problem.text(),
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

fn uneven_rows(photos: usize, rows: u32) -> Text {
    Text::new(
        format!(
            "{photos} ảnh không chia đều được thành {rows} hàng; hãy kiểm tra ảnh thiếu, xếp mỗi hàng vào một thư mục con, hoặc ghi số ảnh từng hàng như --rows 36,12"
        ),
        format!(
            "{photos} photos do not divide into {rows} rows; look for a missing one, put each row into a subfolder, or give the photos of each row, such as --rows 36,12"
        ),
    )
}

fn row_lengths(photos: usize, lengths: &[u32]) -> Text {
    let asked: Vec<_> = lengths.iter().map(u32::to_string).collect();
    let asked = asked.join(" + ");
    Text::new(
        format!(
            "có {photos} ảnh, không khớp với các hàng {asked}; hãy kiểm tra ảnh thiếu, ảnh thừa hoặc sửa --rows"
        ),
        format!(
            "there are {photos} photos, not rows of {asked}; look for a missing or a surplus one, or correct --rows"
        ),
    )
}

fn no_such_plate(path: &Path) -> Text {
    Text::new(
        format!(
            "{}: không tìm thấy ảnh bàn xoay trống này; hãy ghi tên ảnh trong bộ ảnh hoặc đường dẫn đến tệp",
            path.display()
        ),
        format!(
            "{}: this photo of the empty turntable is not there; give its name within the capture, or the path of a file",
            path.display()
        ),
    )
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
fn learned(error: &LearnedMatteError) -> Text {
    let vi = match error {
        LearnedMatteError::Absent => {
            "bản xoay này không có ONNX; hãy dựng lại với tính năng onnx, hoặc bỏ --matte-model"
                .into()
        }
        LearnedMatteError::Runtime(detail) => format!(
            "không nạp được ONNX Runtime ({detail}); hãy cài thư viện của nó và ghi đường dẫn vào ORT_DYLIB_PATH"
        ),
        _ => format!("không dùng được mô hình tách nền: {error}"),
    };
    Text::new(vi, error.to_string())
}
