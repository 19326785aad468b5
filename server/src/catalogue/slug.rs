/// Longest slug in bytes.
const LIMIT: usize = 80;

/// A name as it may stand in an address: ASCII letters, digits and single hyphens; `Mật ong Đắk Lắk` gives `mat-ong-dak-lak`.
///
/// A name without any such letter gives `san-pham` (product).
#[must_use]
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if slug.len() == LIMIT {
            break;
        }
        match plain(c) {
            Some(c) => slug.push(c),
            // Combining marks, as a decomposed name has them, belong to the letter before.
            None if ('\u{300}'..='\u{36f}').contains(&c) => {}
            None if slug.is_empty() || slug.ends_with('-') => {}
            None => slug.push('-'),
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        "san-pham".into()
    } else {
        slug.into()
    }
}

/// The letter without Vietnamese marks.
fn plain(c: char) -> Option<char> {
    Some(match c {
        'a'..='z' | '0'..='9' => c,
        'à' | 'á' | 'ạ' | 'ả' | 'ã' | 'â' | 'ầ' | 'ấ' | 'ậ' | 'ẩ' | 'ẫ' | 'ă' | 'ằ' | 'ắ' | 'ặ'
        | 'ẳ' | 'ẵ' => 'a',
        'è' | 'é' | 'ẹ' | 'ẻ' | 'ẽ' | 'ê' | 'ề' | 'ế' | 'ệ' | 'ể' | 'ễ' => 'e',
        'ì' | 'í' | 'ị' | 'ỉ' | 'ĩ' => 'i',
        'ò' | 'ó' | 'ọ' | 'ỏ' | 'õ' | 'ô' | 'ồ' | 'ố' | 'ộ' | 'ổ' | 'ỗ' | 'ơ' | 'ờ' | 'ớ' | 'ợ'
        | 'ở' | 'ỡ' => 'o',
        'ù' | 'ú' | 'ụ' | 'ủ' | 'ũ' | 'ư' | 'ừ' | 'ứ' | 'ự' | 'ử' | 'ữ' => 'u',
        'ỳ' | 'ý' | 'ỵ' | 'ỷ' | 'ỹ' => 'y',
        'đ' => 'd',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vietnamese_names_become_plain_addresses() {
        assert_eq!(
            slug("Mật ong hoa cà phê Đắk Lắk"),
            "mat-ong-hoa-ca-phe-dak-lak"
        );
        assert_eq!(
            slug("NƯỚC MẮM  —  Phú Quốc (500 ml)"),
            "nuoc-mam-phu-quoc-500-ml"
        );
        assert_eq!(
            slug("Ma\u{323}\u{302}t ong"),
            "mat-ong",
            "decomposed letters"
        );
        assert_eq!(slug("  ../../etc/passwd "), "etc-passwd");
        assert_eq!(slug("蜂蜜"), "san-pham");
        assert_eq!(slug(""), "san-pham");
    }

    #[test]
    fn every_vietnamese_letter_is_known() {
        let letters = "aàáạảãâầấậẩẫăằắặẳẵeèéẹẻẽêềếệểễiìíịỉĩoòóọỏõôồốộổỗơờớợởỡuùúụủũưừứựửữyỳýỵỷỹđ";
        assert_eq!(letters.chars().count(), 73);
        for letter in letters.chars() {
            assert!(plain(letter).is_some(), "{letter}");
        }
    }

    #[test]
    fn long_names_are_cut() {
        let slug = slug(&"đ".repeat(500));
        assert_eq!(slug, "d".repeat(LIMIT));
    }
}
