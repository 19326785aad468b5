use std::cmp::Ordering;

/// Compares file names as people do: runs of digits by their value, letters without regard to case.
///
/// `frame2` stands before `frame10`. Names that this finds equal (`IMG1`, `img01`) are told apart by their bytes, so
/// the order is total.
#[must_use]
pub fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let order = match (left.chars().next(), right.chars().next()) {
            (None, None) => return a.cmp(b),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(l), Some(r)) if l.is_ascii_digit() && r.is_ascii_digit() => {
                let (l, rest_of_left) = split_digits(left);
                let (r, rest_of_right) = split_digits(right);
                (left, right) = (rest_of_left, rest_of_right);
                // Without leading zeros the longer number is the larger one, however long both are.
                l.len().cmp(&r.len()).then_with(|| l.cmp(r))
            }
            (Some(l), Some(r)) => {
                left = &left[l.len_utf8()..];
                right = &right[r.len_utf8()..];
                l.to_lowercase().cmp(r.to_lowercase())
            }
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// The number at the start of `text` without its leading zeros, and what follows it.
fn split_digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    (digits.trim_start_matches('0'), rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_count_by_value() {
        let mut names = [
            "frame10.jpg",
            "Frame2.jpg",
            "frame1.jpg",
            "frame02.jpg",
            "frame100000000000000000000000.jpg",
        ];
        names.sort_by(|a, b| natural_order(a, b));
        assert_eq!(
            names,
            [
                "frame1.jpg",
                "Frame2.jpg",
                "frame02.jpg",
                "frame10.jpg",
                "frame100000000000000000000000.jpg"
            ]
        );
    }

    proptest! {
        #[test]
        fn it_is_a_total_order(a in "[a-bA-B0-2ăđ]{0,6}", b in "[a-bA-B0-2ăđ]{0,6}", c in "[a-bA-B0-2ăđ]{0,6}") {
            prop_assert_eq!(natural_order(&a, &b), natural_order(&b, &a).reverse());
            prop_assert_eq!(natural_order(&a, &b).is_eq(), a == b);
            if natural_order(&a, &b).is_le() && natural_order(&b, &c).is_le() {
                prop_assert!(natural_order(&a, &c).is_le());
            }
        }

        #[test]
        fn numbered_names_sort_by_their_number(x: u32, y: u32, width in 0_usize..12) {
            let name = |n: u32| format!("img_{n:0width$}.jpg");
            prop_assert_eq!(natural_order(&name(x), &name(y)), x.cmp(&y));
        }
    }
}
