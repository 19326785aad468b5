use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A text without case and marks, as it is compared: `Mật ong Đắk Lắk` gives `mat ong dak lak`.
///
/// Compatibility forms are resolved (NFKD), combining marks dropped, letters made lower case, and `đ`, which
/// Unicode does not take apart, becomes `d`. What is neither letter nor digit separates words.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let letters = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        // Lower case may bring marks of its own: İ becomes i with a dot above.
        .filter(|c| !is_combining_mark(*c));
    for c in letters {
        match c {
            'đ' => folded.push('d'),
            c if c.is_alphanumeric() => folded.push(c),
            _ if folded.is_empty() || folded.ends_with(' ') => {}
            _ => folded.push(' '),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marks_and_case_do_not_matter() {
        assert_eq!(fold("Mật ong — ĐẮK LẮK"), "mat ong dak lak");
        assert_eq!(fold("NƯỚC MẮM Phú Quốc (500ml)"), "nuoc mam phu quoc 500ml");
        assert_eq!(fold("Ma\u{323}\u{302}t"), "mat", "decomposed letters");
        assert_eq!(fold("ｶﾀｶﾅ ﬁ"), fold("カタカナ fi"));
        assert_eq!(fold("İzmir"), "izmir");
        assert_eq!(fold(" -- "), "");
        assert_eq!(fold("蜂蜜"), "蜂蜜");
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in ".*") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once.clone());
            prop_assert!(!once.starts_with(' ') && !once.ends_with(' ') && !once.contains("  "));
            prop_assert!(once.chars().all(|c| c == ' ' || c.is_alphanumeric()));
        }
    }
}
