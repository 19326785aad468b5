//! Whether what photos show within the outlines lies on the surface: through glass, and in a mirror, it does not.

use xoay_format::Text;

use crate::refine::Agreement;
use crate::verdict::{Gate, Outcome, Verdict};

/// The share of patterned places at which photos of an opaque product agree.
const OPAQUE_SHARE: f64 = 0.6;
/// Fewer patterned places tell nothing: the product is blank.
const LEAST_PATTERNED: usize = 300;
const LEAST_PATTERNED_SHARE: f64 = 0.05;

/// What photos that were compared say about the product's surface; `None` where it shows too little to say anything.
/// `outlines` is how the hull's own gate was passed: a clear product is told by nothing else.
pub(crate) fn verdict(agreement: Agreement, outlines: Outcome) -> Option<Verdict> {
    let Agreement {
        compared,
        patterned,
        agreed,
    } = agreement;
    let least = LEAST_PATTERNED.max((LEAST_PATTERNED_SHARE * compared as f64) as usize);
    if patterned < least {
        return None;
    }
    let share = agreed as f64 / patterned as f64;
    let outcome = match outlines {
        _ if share >= OPAQUE_SHARE => Outcome::Good,
        Outcome::Good => Outcome::Doubtful,
        _ => Outcome::Refused,
    };
    let elsewhere = (1.0 - share) * 100.0;
    Some(Verdict {
        gate: Gate::Opacity,
        outcome,
        measured: share,
        wanted: OPAQUE_SHARE,
        photos: Vec::new(),
        message: match outcome {
            Outcome::Good => Text::new(
                "hoa văn trong ảnh nằm trên bề mặt sản phẩm",
                "what the photos show lies on the product's surface",
            ),
            Outcome::Doubtful => Text::new(
                format!(
                    "thủy tinh/trong suốt hoặc bóng như gương: {elsewhere:.0}% hình ảnh bên trong đường viền không nằm trên bề mặt; phần nhìn xuyên qua không được dựng, hình khối theo đường viền; hãy xem kỹ trước khi xuất bản, hoặc phủ bột mờ rồi chụp lại"
                ),
                format!(
                    "glass/transparent or mirror-like: {elsewhere:.0}% of what shows inside the outline does not lie on the surface; the surface seen through is not modelled and the shape follows the outlines; look at it before publishing, or dust it matt and take the turn again"
                ),
            ),
            Outcome::Refused => Text::new(
                format!(
                    "thủy tinh/trong suốt hoặc bóng như gương: {elsewhere:.0}% hình ảnh bên trong đường viền không nằm trên bề mặt, và đường viền cũng không khớp nhau; hãy phủ bột mờ hoặc dùng phông tương phản rồi chụp lại, hoặc chỉ dùng ảnh xoay"
                ),
                format!(
                    "glass/transparent or mirror-like: {elsewhere:.0}% of what shows inside the outline does not lie on the surface, and the outlines do not agree either; dust it matt or use a contrasting backdrop and take the turn again, or publish the spin alone"
                ),
            ),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(patterned: usize, agreed: usize, outlines: Outcome) -> Option<Outcome> {
        let agreement = Agreement {
            compared: 10_000,
            patterned,
            agreed,
        };
        verdict(agreement, outlines).map(|verdict| verdict.outcome)
    }

    #[test]
    fn glass_is_a_caution_where_the_hull_serves_and_a_refusal_where_it_does_not() {
        assert_eq!(of(5000, 4500, Outcome::Good), Some(Outcome::Good));
        assert_eq!(of(5000, 4500, Outcome::Doubtful), Some(Outcome::Good));
        assert_eq!(of(5000, 1000, Outcome::Good), Some(Outcome::Doubtful));
        assert_eq!(of(5000, 1000, Outcome::Doubtful), Some(Outcome::Refused));
        assert_eq!(of(5000, 1000, Outcome::Refused), Some(Outcome::Refused));
    }

    #[test]
    fn a_blank_product_is_not_called_glass() {
        assert_eq!(of(499, 0, Outcome::Good), None);
        let blank = Agreement {
            compared: 100,
            patterned: 100,
            agreed: 0,
        };
        assert!(verdict(blank, Outcome::Good).is_none());
    }
}
