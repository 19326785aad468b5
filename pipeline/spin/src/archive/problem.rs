use xoay_format::{Localize, Text};

/// What can be wrong with a zip archive as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArchiveProblem {
    /// It has no end: the list of its files is missing.
    Truncated,
    /// Its parts contradict each other.
    Damaged {
        /// What is wrong.
        detail: String,
    },
    /// A photo in it takes a password.
    Encrypted {
        /// Its name.
        name: String,
    },
    /// A name in it leads out of the archive.
    UnsafeName {
        /// The name.
        name: String,
    },
    /// Two photos in it have the same name.
    NameTwice {
        /// The name.
        name: String,
    },
    /// Two files in it share bytes, so that it would unpack to far more than it holds.
    Overlap {
        /// The name of the one.
        first: String,
        /// The name of the other.
        second: String,
    },
    /// It lists more files than are read.
    TooManyEntries {
        /// The limit.
        limit: usize,
    },
}

impl Localize for ArchiveProblem {
    fn text(&self) -> Text {
        match self {
            Self::Truncated => Text::new(
                "tệp zip bị cụt, phần cuối đã mất; hãy tải lên hoặc chép lại toàn bộ tệp",
                "the zip is cut off, its end is missing; upload or copy the whole file again",
            ),
            Self::Damaged { detail } => Text::new(
                format!("tệp zip bị hỏng ({detail}); hãy nén lại từ ảnh gốc"),
                format!("the zip is damaged ({detail}); pack the original photos again"),
            ),
            Self::Encrypted { name } => Text::new(
                format!("{name}: tệp zip có mật khẩu; hãy nén lại mà không đặt mật khẩu"),
                format!("{name}: the zip is protected by a password; pack it again without one"),
            ),
            Self::UnsafeName { name } => Text::new(
                format!(
                    "{name}: tên trong tệp zip trỏ ra ngoài tệp; hãy nén lại ngay từ thư mục chứa ảnh"
                ),
                format!(
                    "{name}: a name in the zip leads out of it; pack the folder with the photos again"
                ),
            ),
            Self::NameTwice { name } => Text::new(
                format!(
                    "{name}: có hai ảnh cùng tên trong tệp zip; hãy đổi tên một ảnh rồi nén lại"
                ),
                format!(
                    "{name}: two photos in the zip have this name; rename one and pack them again"
                ),
            ),
            Self::Overlap { first, second } => Text::new(
                format!(
                    "{first} và {second} chồng lên nhau trong tệp zip, như trong tệp zip gây hại; hãy nén lại từ ảnh gốc"
                ),
                format!(
                    "{first} and {second} overlap within the zip, as in a harmful one; pack the original photos again"
                ),
            ),
            Self::TooManyEntries { limit } => Text::new(
                format!("tệp zip có hơn {limit} mục; hãy nén riêng ảnh của từng sản phẩm"),
                format!(
                    "the zip lists more than {limit} files; pack the photos of each product apart"
                ),
            ),
        }
    }
}
