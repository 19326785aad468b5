use serde::{Deserialize, Serialize};
use xoay_format::Text;

use super::finding::{Finding, FindingKind, Severity, Unit};
use super::row::Row;

/// Where the product stands in one photo.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outline {
    /// Its leftmost point as a share of the frame's width, from the left.
    pub left: f32,
    /// Its topmost point as a share of the frame's height, from the top.
    pub top: f32,
    /// Its rightmost point, as `left`.
    pub right: f32,
    /// Its lowest point, as `top`.
    pub bottom: f32,
    /// Share of each of the frame's sides that it covers: left, top, right, bottom.
    pub touches: [f32; 4],
    /// How sure that is, 0 to 1.
    pub confidence: f32,
}

/// Outlines less sure than this are not judged.
const LEAST_CONFIDENCE: f32 = 0.5;
/// Percent of a side that a product may cover: stray pixels of a matte.
const MOST_COVERED: f64 = 0.5;
/// Percent of the frame that must stay free on each side, for the crop and for the axis to be put upright.
const LEAST_MARGIN: f64 = 2.0;

/// The sides in the order of [`Outline::touches`].
const SIDES: [(&str, &str); 4] = [
    ("mép trái", "the left edge"),
    ("mép trên", "the upper edge"),
    ("mép phải", "the right edge"),
    ("mép dưới", "the lower edge"),
];

/// Photos in which the product is cut by the frame or nearly so. `outlines` are in the order in which the photos lie.
pub(super) fn check(row: &Row<'_>, outlines: &[Outline]) -> Vec<Finding> {
    let (mut cut, mut tight) = ([const { Vec::new() }; 4], [const { Vec::new() }; 4]);
    for &place in &row.order {
        let Some(outline) = outlines
            .get(place)
            .filter(|o| o.confidence >= LEAST_CONFIDENCE)
        else {
            continue;
        };
        let free = [
            outline.left,
            outline.top,
            1.0 - outline.right,
            1.0 - outline.bottom,
        ];
        for side in 0..4 {
            let covered = 100.0 * f64::from(outline.touches[side]);
            let margin = 100.0 * f64::from(free[side]);
            let name = row.names[place].to_owned();
            if covered > MOST_COVERED {
                cut[side].push((name, covered));
            } else if margin < LEAST_MARGIN {
                tight[side].push((name, margin.max(0.0)));
            }
        }
    }
    let found = |lists: [Vec<(String, f64)>; 4],
                 finding: fn(Vec<(String, f64)>, usize) -> Finding| {
        lists
            .into_iter()
            .enumerate()
            .filter(|(_, photos)| !photos.is_empty())
            .map(move |(side, photos)| finding(photos, side))
            .collect::<Vec<_>>()
    };
    let mut findings = found(cut, cut_by);
    findings.extend(found(tight, tight_at));
    findings
}

fn cut_by(photos: Vec<(String, f64)>, side: usize) -> Finding {
    let finding = Finding::of_each(
        FindingKind::CutByFrame,
        Severity::Severe,
        photos,
        MOST_COVERED,
        Unit::Percent,
    );
    let (names, worst) = (finding.names(), finding.value);
    let (vi, en) = SIDES[side];
    let message = Text::new(
        format!(
            "sản phẩm bị {vi} khung hình cắt ở {}: che {worst:.1}% mép, ngưỡng {MOST_COVERED}%",
            names.vi
        ),
        format!(
            "{en} of the frame cuts the product in {}: it covers {worst:.1}% of that edge, {MOST_COVERED}% is the limit",
            names.en
        ),
    );
    finding.saying(message, step_back())
}

pub(super) fn step_back() -> Text {
    Text::new(
        "lùi máy ra hoặc thu ống kính để sản phẩm nằm trọn trong khung ở mọi góc, rồi chụp lại cả vòng",
        "move the camera back or zoom out until the product fits at every angle, then take the whole turn again",
    )
}

fn tight_at(photos: Vec<(String, f64)>, side: usize) -> Finding {
    let finding = Finding::of_each(
        FindingKind::LittleMargin,
        Severity::Warning,
        photos,
        LEAST_MARGIN,
        Unit::Percent,
    );
    let (names, worst) = (finding.names(), finding.value);
    let (vi, en) = SIDES[side];
    let message = Text::new(
        format!(
            "sản phẩm quá sát {vi} ở {}: chỉ còn {worst:.1}% khung hình, cần ít nhất {LEAST_MARGIN}%",
            names.vi
        ),
        format!(
            "the product nearly reaches {en} in {}: {worst:.1}% of the frame is left, {LEAST_MARGIN}% is the least",
            names.en
        ),
    );
    finding.saying(
        message,
        Text::new(
            "chừa khoảng một phần mười khung hình trống quanh sản phẩm ở góc rộng nhất",
            "leave about a tenth of the frame free around the product at its widest angle",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<'a>(names: &[&'a str]) -> Row<'a> {
        Row {
            names: names.to_vec(),
            measures: Vec::new(),
            order: (0..names.len()).collect(),
        }
    }

    const FREE: Outline = Outline {
        left: 0.2,
        top: 0.1,
        right: 0.8,
        bottom: 0.9,
        touches: [0.0; 4],
        confidence: 0.9,
    };

    #[test]
    fn a_product_cut_or_tight_is_named_with_its_side() {
        let cut = Outline {
            top: 0.0,
            touches: [0.0, 0.2, 0.0, 0.0],
            ..FREE
        };
        let tight = Outline {
            right: 0.99,
            ..FREE
        };
        let findings = check(&row(&["a", "b", "c"]), &[FREE, cut, tight]);
        assert_eq!(findings.len(), 2);
        assert_eq!(
            (findings[0].kind, findings[0].photos[0].as_str()),
            (FindingKind::CutByFrame, "b")
        );
        assert!(findings[0].message.en.contains("upper edge"));
        assert_eq!(
            (findings[1].kind, findings[1].photos[0].as_str()),
            (FindingKind::LittleMargin, "c")
        );
        assert!((findings[1].value - 1.0).abs() < 0.01);
    }

    #[test]
    fn what_is_not_sure_is_not_judged() {
        let unsure = Outline {
            touches: [1.0; 4],
            confidence: 0.2,
            ..FREE
        };
        assert_eq!(check(&row(&["a", "b"]), &[unsure, FREE]), []);
    }
}
