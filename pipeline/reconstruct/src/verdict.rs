//! Gates: what a reconstruction must show before it may be called one.

use serde::Serialize;
use xoay_format::Text;

/// What was tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Gate {
    /// The product lies wholly within each photo.
    WithinFrame,
    /// Outlines or features fit the rig, pixels.
    Residual,
    /// Photos were taken with the lens that they state: the focal length that fits, pixels.
    FocalLength,
    /// One sense of turning fits better than the other: the residual of the other over that of this one.
    Direction,
    /// The camera's tilt is determined: its standard deviation, degrees.
    Tilt,
    /// Features on the product's surface that fit the rig.
    Features,
    /// The markers of a printed mat agree with each other, pixels.
    Mat,
    /// The hull covers the outlines again: the mean intersection over union.
    HullAgreement,
    /// What photos show within the outlines lies on the surface, not behind glass or in a mirror: the share that does.
    Opacity,
    /// Photos that were held out look like the model: mean intersection over union of the outlines.
    HeldOut,
}

/// How a gate was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Without reserve.
    Good,
    /// The model is made, and the report says what is weak.
    Doubtful,
    /// No model is made.
    Refused,
}

/// What a gate said.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Which gate.
    pub gate: Gate,
    /// How it was passed.
    pub outcome: Outcome,
    /// What was measured, in the gate's unit.
    pub measured: f64,
    /// What would have been good.
    pub wanted: f64,
    /// The photos that it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<String>,
    /// What it means and what to do.
    pub message: Text,
}

/// The worst of `verdicts`.
#[must_use]
pub fn worst(verdicts: &[Verdict]) -> Outcome {
    verdicts
        .iter()
        .map(|verdict| verdict.outcome)
        .max()
        .unwrap_or(Outcome::Good)
}

/// Names for a sentence: the first few, and how many more.
pub(crate) fn listed(names: &[String]) -> Text {
    const SHOWN: usize = 5;
    let shown = names[..names.len().min(SHOWN)].join(", ");
    let more = names.len().saturating_sub(SHOWN);
    if more == 0 {
        Text::new(shown.clone(), shown)
    } else {
        Text::new(
            format!("{shown} và {more} ảnh khác"),
            format!("{shown} and {more} more"),
        )
    }
}
