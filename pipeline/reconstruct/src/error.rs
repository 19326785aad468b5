use xoay_format::{Localize, Text};

use crate::verdict::{Verdict, listed};

/// Why photos do not become a model.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", self.text().en)]
#[non_exhaustive]
pub enum ReconstructError {
    /// Fewer photos than the turn needs.
    TooFewPhotos {
        /// How many there are in the row that has fewest.
        found: usize,
        /// How many each row needs.
        needed: usize,
    },
    /// Photos in no order of which some show too little of the mat to be placed.
    NotPlaced {
        /// Their names.
        photos: Vec<String>,
    },
    /// Gates were not passed; the verdicts say which, by which photos, and what to do.
    Refused(Vec<Verdict>),
    /// Somebody asked to stop.
    Cancelled,
}

impl Localize for ReconstructError {
    fn text(&self) -> Text {
        match self {
            Self::TooFewPhotos { found, needed } => Text::new(
                format!(
                    "chỉ có {found} ảnh trong một vòng; mô hình 3D cần ít nhất {needed} ảnh cách đều cho mỗi vòng, tốt nhất là 36"
                ),
                format!(
                    "a row has only {found} photos; a model takes at least {needed} in even steps of each turn, better 36"
                ),
            ),
            Self::NotPlaced { photos } => {
                let names = listed(photos);
                Text::new(
                    format!(
                        "không thấy đủ ô vuông của thảm để xếp thứ tự {}: hãy chụp lại hoặc bỏ các ảnh đó, hoặc đặt tên ảnh theo thứ tự chụp",
                        names.vi
                    ),
                    format!(
                        "too few squares of the mat are seen to place {}: take those photos again, leave them out, or name the photos in their order",
                        names.en
                    ),
                )
            }
            Self::Refused(verdicts) => {
                let join = |text: fn(&Verdict) -> &str| {
                    let all: Vec<&str> = verdicts.iter().map(text).collect();
                    all.join("; ")
                };
                Text::new(join(|v| &v.message.vi), join(|v| &v.message.en))
            }
            Self::Cancelled => Text::new("đã dừng theo yêu cầu", "stopped on request"),
        }
    }
}
