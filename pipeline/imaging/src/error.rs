use xoay_format::{ImageFormat, Localize, Text};

use crate::SourceFormat;

/// Why an image could not be read, changed or written.
///
/// The messages name what is wrong with the image; whoever knows the file's name adds it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text().en)]
#[non_exhaustive]
pub enum ImagingError {
    /// The bytes are no image at all.
    NotAnImage {
        /// What they are instead.
        found: Found,
    },
    /// An image, but in a format that is not read here.
    UnsupportedFormat {
        /// The format's name.
        name: &'static str,
    },
    /// A readable format that uses a feature which is not.
    UnsupportedFeature {
        /// The image's format.
        format: SourceFormat,
        /// What it uses.
        feature: String,
    },
    /// The file ends before the image does.
    Truncated {
        /// The image's format.
        format: SourceFormat,
    },
    /// The data contradicts the format.
    Corrupt {
        /// The image's format.
        format: SourceFormat,
        /// What the decoder said.
        detail: String,
    },
    /// More pixels than allowed, found in the header before anything was allocated.
    TooManyPixels {
        /// Width in pixels that the header states.
        width: u32,
        /// Height in pixels that the header states.
        height: u32,
        /// The limit.
        max_pixels: u64,
    },
    /// Decoding would take more memory than allowed.
    TooMuchMemory {
        /// Bytes it would take.
        needed_bytes: u64,
        /// The limit.
        max_bytes: u64,
    },
    /// A raster whose pixels do not fill its size, or without any pixel.
    BadRaster {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Length of the pixel data in bytes.
        len_bytes: usize,
    },
    /// Larger than the output format can hold.
    TooLargeForFormat {
        /// The output format.
        format: ImageFormat,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// The longest side that the format allows.
        max_side: u32,
    },
    /// An encoder failed.
    Encode {
        /// The output format.
        format: ImageFormat,
        /// What the encoder said.
        detail: String,
    },
    /// Resampling failed.
    Resize {
        /// What the resampler said.
        detail: String,
    },
    /// Two pictures could not be compared.
    Score {
        /// Why.
        detail: String,
    },
    /// A file that an encoder wrote could not be read back.
    ReadBack {
        /// The file's format.
        format: ImageFormat,
        /// What the decoder said.
        detail: String,
    },
}

/// What a file that is no image holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// Text.
    Text,
    /// Neither text nor an image that is known here.
    UnknownData,
}

impl Localize for ImagingError {
    fn text(&self) -> Text {
        match self {
            Self::NotAnImage { found } => not_an_image(*found),
            Self::UnsupportedFormat { name: "HEIC" } => Text::new(
                "là ảnh HEIC, bản cài đặt này chưa đọc được; hãy xuất lại thành JPEG, và trên iPhone chọn Cài đặt → Camera → Định dạng → Tương thích nhất trước khi chụp tiếp",
                "is a HEIC image, which this build does not read; export it as JPEG, and on the iPhone choose Settings → Camera → Formats → Most Compatible for the next ones",
            ),
            Self::UnsupportedFormat { name } => Text::new(
                format!(
                    "là ảnh {name}, định dạng chưa được hỗ trợ; hãy xuất lại thành JPEG, PNG, WebP hoặc TIFF"
                ),
                format!(
                    "is a {name} image, which is not read; export it as JPEG, PNG, WebP or TIFF"
                ),
            ),
            Self::UnsupportedFeature { format, feature } => Text::new(
                format!(
                    "là ảnh {format} dùng tính năng chưa được hỗ trợ ({feature}); hãy xuất lại thành JPEG hoặc PNG 8 bit"
                ),
                format!(
                    "is a {format} image with a feature that is not read ({feature}); export it as an 8-bit JPEG or PNG"
                ),
            ),
            Self::Truncated { format } => Text::new(
                format!("là ảnh {format} bị cụt, phần cuối đã mất; hãy chép lại từ máy ảnh"),
                format!(
                    "is a truncated {format} image, its end is missing; copy it from the camera again"
                ),
            ),
            Self::Corrupt { format, detail } => Text::new(
                format!("là ảnh {format} bị hỏng ({detail}); hãy chép lại từ máy ảnh"),
                format!("is a damaged {format} image ({detail}); copy it from the camera again"),
            ),
            Self::TooManyPixels {
                width,
                height,
                max_pixels,
            } => Text::new(
                format!(
                    "có kích thước {width}×{height} điểm ảnh, vượt giới hạn {max_pixels} điểm ảnh; hãy thu nhỏ ảnh"
                ),
                format!(
                    "measures {width}×{height} pixels, more than the limit of {max_pixels} pixels; make it smaller"
                ),
            ),
            Self::TooMuchMemory {
                needed_bytes,
                max_bytes,
            } => Text::new(
                format!(
                    "cần {needed_bytes} byte bộ nhớ để giải nén, vượt giới hạn {max_bytes} byte; hãy thu nhỏ ảnh hoặc nâng giới hạn"
                ),
                format!(
                    "needs {needed_bytes} bytes of memory to decode, more than the limit of {max_bytes} bytes; make it smaller or raise the limit"
                ),
            ),
            Self::BadRaster {
                width,
                height,
                len_bytes,
            } => Text::new(
                format!(
                    "dữ liệu {len_bytes} byte không khớp với kích thước {width}×{height} điểm ảnh"
                ),
                format!(
                    "{len_bytes} bytes of pixels do not make a picture of {width}×{height} pixels"
                ),
            ),
            Self::TooLargeForFormat {
                format,
                width,
                height,
                max_side,
            } => Text::new(
                format!(
                    "ảnh {width}×{height} quá lớn cho định dạng {format}, mỗi cạnh tối đa {max_side} điểm ảnh; hãy chọn chiều rộng nhỏ hơn"
                ),
                format!(
                    "a picture of {width}×{height} is too large for {format}, whose sides end at {max_side} pixels; choose a smaller width"
                ),
            ),
            Self::Encode { format, detail } => Text::new(
                format!("không nén được ảnh {format}: {detail}"),
                format!("the {format} encoder failed: {detail}"),
            ),
            Self::Resize { detail } => Text::new(
                format!("không đổi được kích thước ảnh: {detail}"),
                format!("the picture could not be resized: {detail}"),
            ),
            Self::Score { detail } => Text::new(
                format!("không so sánh được hai ảnh: {detail}"),
                format!("the two pictures could not be compared: {detail}"),
            ),
            Self::ReadBack { format, detail } => Text::new(
                format!("không đọc lại được ảnh {format} vừa nén: {detail}"),
                format!("the encoded {format} picture could not be read back: {detail}"),
            ),
        }
    }
}

fn not_an_image(found: Found) -> Text {
    let (vi, en) = match found {
        Found::Nothing => ("tệp rỗng", "it is empty"),
        Found::Text => ("nội dung là văn bản", "it holds text"),
        Found::UnknownData => (
            "nội dung không thuộc định dạng nào được biết",
            "its content is of no known format",
        ),
    };
    Text::new(
        format!("không phải là ảnh ({vi}); hãy bỏ tệp này ra hoặc thay bằng ảnh gốc"),
        format!("is not an image ({en}); remove it or put the original photo in its place"),
    )
}
