/// A piece of a file name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Piece {
    /// Letters in lower case, without marks: `Nền` is `nen`.
    Word(String),
    /// Digits by their value.
    Number(u64),
}

/// The words and numbers of a name, without its folders and its ending. What stands between them is dropped; a
/// number too long to count anything is dropped too.
pub(crate) fn pieces(name: &str) -> Vec<Piece> {
    let file = name.rsplit('/').next().unwrap_or(name);
    let stem = match file.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => file,
    };
    pieces_of(stem)
}

/// The words and numbers of a folder's name, without those above it.
pub(crate) fn folder_pieces(label: &str) -> Vec<Piece> {
    pieces_of(label.rsplit('/').next().unwrap_or(label))
}

fn pieces_of(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut word = String::new();
    let mut digits = String::new();
    let end_word = |word: &mut String, pieces: &mut Vec<Piece>| {
        if !word.is_empty() {
            pieces.push(Piece::Word(std::mem::take(word)));
        }
    };
    let end_number = |digits: &mut String, pieces: &mut Vec<Piece>| {
        pieces.extend(digits.parse().ok().map(Piece::Number));
        digits.clear();
    };
    for c in text.chars().flat_map(char::to_lowercase) {
        if is_combining_mark(c) {
            continue; // macOS writes the marks apart from their letters
        }
        let c = without_marks(c);
        if c.is_ascii_digit() {
            end_word(&mut word, &mut pieces);
            digits.push(c);
        } else {
            end_number(&mut digits, &mut pieces);
            if c.is_alphabetic() {
                word.push(c);
            } else {
                end_word(&mut word, &mut pieces);
            }
        }
    }
    end_word(&mut word, &mut pieces);
    end_number(&mut digits, &mut pieces);
    pieces
}

fn is_combining_mark(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// A lower-case Vietnamese letter as its Latin one; others stay.
fn without_marks(c: char) -> char {
    match c {
        'à'..='å' | 'ă' | 'ạ' | 'ả' | 'ấ' | 'ầ' | 'ẩ' | 'ẫ' | 'ậ' | 'ắ' | 'ằ' | 'ẳ' | 'ẵ' | 'ặ' => {
            'a'
        }
        'đ' => 'd',
        'è'..='ê' | 'ẹ' | 'ẻ' | 'ẽ' | 'ế' | 'ề' | 'ể' | 'ễ' | 'ệ' => 'e',
        'ì' | 'í' | 'ĩ' | 'ỉ' | 'ị' => 'i',
        'ò'..='õ' | 'ơ' | 'ọ' | 'ỏ' | 'ố' | 'ồ' | 'ổ' | 'ỗ' | 'ộ' | 'ớ' | 'ờ' | 'ở' | 'ỡ' | 'ợ' => {
            'o'
        }
        'ù' | 'ú' | 'ũ' | 'ư' | 'ụ' | 'ủ' | 'ứ' | 'ừ' | 'ử' | 'ữ' | 'ự' => 'u',
        'ý' | 'ỳ' | 'ỵ' | 'ỷ' | 'ỹ' => 'y',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str) -> String {
        let pieces = pieces(name).into_iter().map(|piece| match piece {
            Piece::Word(word) => word,
            Piece::Number(number) => number.to_string(),
        });
        pieces.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn names_fall_into_words_and_numbers() {
        assert_eq!(shown("Hàng-2/Ảnh nền_007.JPG"), "anh nen 7");
        assert_eq!(
            shown("ban\u{300} xoay tro\u{302}\u{301}ng.png"),
            "ban xoay trong"
        );
        assert_eq!(shown("ĐẾ01b.jpg"), "de 1 b");
        assert_eq!(shown("99999999999999999999999.jpg"), "");
        assert_eq!(shown(".jpg"), "jpg");
    }
}
