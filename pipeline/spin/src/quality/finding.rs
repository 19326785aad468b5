use serde::{Deserialize, Serialize};
use xoay_format::Text;

/// Something about the photos that a spin would show, and what to do about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// How much it matters.
    pub severity: Severity,
    /// The photos that it is about, worst first where they differ.
    pub photos: Vec<String>,
    /// The measured value of each photo, in [`Finding::unit`]; of the worst alone where it belongs to all together.
    pub values: Vec<f64>,
    /// The worst value.
    pub value: f64,
    /// The value beyond which it is a finding, in the same unit.
    pub threshold: f64,
    /// The unit of both.
    pub unit: Unit,
    /// What was found, naming photo, value and threshold.
    pub message: Text,
    /// What to do.
    pub remedy: Text,
    /// The section of `docs/capture.md` that explains it, `#` included.
    pub guide: String,
    /// Whether the spin makes up for it.
    pub repaired: bool,
}

/// What can be wrong with the photos of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FindingKind {
    /// The same picture all the way round.
    AllIdentical,
    /// Photos that show something else than the others.
    MixedProducts,
    /// Photos of another size or shape.
    WrongSize,
    /// The product reaches over the edge of the frame.
    CutByFrame,
    /// The product nearly reaches the edge of the frame.
    LittleMargin,
    /// Out of focus.
    OutOfFocus,
    /// Camera or product moved during the exposure.
    MotionBlur,
    /// Detail lost in white or in black.
    ClippedExposure,
    /// The light or the exposure differs from photo to photo.
    ExposureDrift,
    /// The colour of the light or the camera's white balance differs from photo to photo.
    WhiteBalanceDrift,
    /// A step of the turn, or a file, is there twice.
    Duplicate,
    /// A step of the turn is not there.
    MissingStep,
    /// Photos that stand in each other's place.
    SwappedNeighbours,
    /// A row, or a part of one, that turns against the others.
    WrongDirection,
    /// One folder that holds several rows.
    SeveralRows,
}

impl FindingKind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::AllIdentical,
        Self::MixedProducts,
        Self::WrongSize,
        Self::CutByFrame,
        Self::LittleMargin,
        Self::OutOfFocus,
        Self::MotionBlur,
        Self::ClippedExposure,
        Self::ExposureDrift,
        Self::WhiteBalanceDrift,
        Self::Duplicate,
        Self::MissingStep,
        Self::SwappedNeighbours,
        Self::WrongDirection,
        Self::SeveralRows,
    ];

    /// The section of `docs/capture.md` that explains it, `#` included.
    #[must_use]
    pub const fn guide(self) -> &'static str {
        match self {
            Self::AllIdentical | Self::MissingStep | Self::SeveralRows => "#steps",
            Self::MixedProducts => "#one-product",
            Self::WrongSize => "#size",
            Self::CutByFrame => "#framing",
            Self::LittleMargin => "#margin",
            Self::OutOfFocus => "#focus",
            Self::MotionBlur => "#motion-blur",
            Self::ClippedExposure | Self::ExposureDrift => "#exposure",
            Self::WhiteBalanceDrift => "#white-balance",
            Self::Duplicate => "#duplicates",
            Self::SwappedNeighbours => "#order",
            Self::WrongDirection => "#direction",
        }
    }

    /// What to call it in front of people.
    #[must_use]
    pub fn title(self) -> Text {
        let (vi, en) = match self {
            Self::AllIdentical => ("ảnh giống hệt nhau", "identical photos"),
            Self::MixedProducts => ("lẫn ảnh khác", "photos that do not belong"),
            Self::WrongSize => ("sai kích thước", "wrong size"),
            Self::CutByFrame => ("bị khung hình cắt", "cut by the frame"),
            Self::LittleMargin => ("quá sát mép", "too little margin"),
            Self::OutOfFocus => ("mất nét", "out of focus"),
            Self::MotionBlur => ("nhòe chuyển động", "motion blur"),
            Self::ClippedExposure => ("mất chi tiết sáng tối", "clipped exposure"),
            Self::ExposureDrift => ("độ sáng không đều", "uneven exposure"),
            Self::WhiteBalanceDrift => ("màu không đều", "uneven white balance"),
            Self::Duplicate => ("ảnh trùng", "duplicate"),
            Self::MissingStep => ("thiếu bước", "missing step"),
            Self::SwappedNeighbours => ("sai thứ tự", "out of order"),
            Self::WrongDirection => ("ngược chiều", "wrong direction"),
            Self::SeveralRows => ("nhiều hàng", "several rows"),
        };
        Text::new(vi, en)
    }
}

/// How much a finding matters; the order is from the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The spin would be wrong or ugly: take the photo again.
    Severe,
    /// A careful eye sees it.
    Warning,
    /// Good to know; nothing needs doing.
    Notice,
}

/// What a finding's value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Percent of what the message names.
    Percent,
    /// Exposure values: 1 is double the light.
    Ev,
    /// Steps of the turn.
    Steps,
    /// Times as much as what the message names.
    Times,
    /// Pixels.
    Pixels,
}

impl Finding {
    /// A finding whose photos all have a value of their own. They are put in order, the farthest from `threshold` first.
    pub(super) fn of_each(
        kind: FindingKind,
        severity: Severity,
        mut measured: Vec<(String, f64)>,
        threshold: f64,
        unit: Unit,
    ) -> Self {
        measured.sort_by(|a, b| (b.1 - threshold).abs().total_cmp(&(a.1 - threshold).abs()));
        let (photos, values): (Vec<_>, Vec<_>) = measured.into_iter().unzip();
        Self {
            kind,
            severity,
            photos,
            value: values.first().copied().unwrap_or(threshold),
            values,
            threshold,
            unit,
            message: Text::default(),
            remedy: Text::default(),
            guide: kind.guide().to_owned(),
            repaired: false,
        }
    }

    /// A finding with one value for all its photos together.
    pub(super) fn of_all(
        kind: FindingKind,
        severity: Severity,
        photos: Vec<String>,
        value: f64,
        threshold: f64,
        unit: Unit,
    ) -> Self {
        Self {
            photos,
            ..Self::of_each(
                kind,
                severity,
                vec![(String::new(), value)],
                threshold,
                unit,
            )
        }
    }

    pub(super) fn saying(self, message: Text, remedy: Text) -> Self {
        Self {
            message,
            remedy,
            ..self
        }
    }

    /// The photos in a sentence: the first few, and how many more.
    pub(super) fn names(&self) -> Text {
        const SHOWN: usize = 6;
        let first = self.photos[..self.photos.len().min(SHOWN)].join(", ");
        match self.photos.len().saturating_sub(SHOWN) {
            0 => Text::new(first.clone(), first),
            more => Text::new(
                format!("{first} và {more} ảnh khác"),
                format!("{first} and {more} more"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_photo_comes_first_on_either_side_of_the_threshold() {
        let measured = |values: [f64; 2]| vec![("a".into(), values[0]), ("b".into(), values[1])];
        let high = Finding::of_each(
            FindingKind::ExposureDrift,
            Severity::Warning,
            measured([0.05, 0.3]),
            0.04,
            Unit::Ev,
        );
        assert_eq!((high.photos[0].as_str(), high.value), ("b", 0.3));
        let low = Finding::of_each(
            FindingKind::OutOfFocus,
            Severity::Severe,
            measured([10.0, 50.0]),
            60.0,
            Unit::Percent,
        );
        assert_eq!((low.photos[0].as_str(), low.value), ("a", 10.0));
    }

    #[test]
    fn kinds_are_written_in_kebab_case() {
        for kind in FindingKind::ALL {
            let written = serde_json::to_string(&kind).unwrap();
            assert!(
                written[1..written.len() - 1]
                    .bytes()
                    .all(|b| b == b'-' || b.is_ascii_lowercase()),
                "{written}"
            );
            assert!(kind.guide().starts_with('#'));
        }
    }
}
