/// The upper half of code page 437, in which names are written that do not say that they are UTF-8.
const CP437: [char; 128] = [
    'Ç', 'ü', 'é', 'â', 'ä', 'à', 'å', 'ç', 'ê', 'ë', 'è', 'ï', 'î', 'ì', 'Ä', 'Å', //
    'É', 'æ', 'Æ', 'ô', 'ö', 'ò', 'û', 'ù', 'ÿ', 'Ö', 'Ü', '¢', '£', '¥', '₧', 'ƒ', //
    'á', 'í', 'ó', 'ú', 'ñ', 'Ñ', 'ª', 'º', '¿', '⌐', '¬', '½', '¼', '¡', '«', '»', //
    '░', '▒', '▓', '│', '┤', '╡', '╢', '╖', '╕', '╣', '║', '╗', '╝', '╜', '╛', '┐', //
    '└', '┴', '┬', '├', '─', '┼', '╞', '╟', '╚', '╔', '╩', '╦', '╠', '═', '╬', '╧', //
    '╨', '╤', '╥', '╙', '╘', '╒', '╓', '╫', '╪', '┘', '┌', '█', '▄', '▌', '▐', '▀', //
    'α', 'ß', 'Γ', 'π', 'Σ', 'σ', 'µ', 'τ', 'Φ', 'Θ', 'Ω', 'δ', '∞', 'φ', 'ε', '∩', //
    '≡', '±', '≥', '≤', '⌠', '⌡', '÷', '≈', '°', '∙', '·', '√', 'ⁿ', '²', '■', '\u{a0}',
];

/// The name of an entry: `/`-separated, without control characters.
///
/// UTF-8 where it is that, said or not: many programs write it without saying so, and text in code page 437 is
/// hardly ever valid UTF-8 by chance (APPNOTE, appendix D).
pub(super) fn decode(raw: &[u8]) -> String {
    let name = match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) => raw.iter().map(|&byte| from_cp437(byte)).collect(),
    };
    name.chars()
        .map(|c| match c {
            // Some Windows programs wrote their own separator.
            '\\' => '/',
            c if c.is_control() => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect()
}

fn from_cp437(byte: u8) -> char {
    match byte {
        0..=0x7F => char::from(byte),
        _ => CP437[usize::from(byte - 0x80)],
    }
}

/// Whether a name of [`decode`] stays within the folder that it is put in.
pub(super) fn stays_inside(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':')
        && name.starts_with(|first: char| first.is_ascii_alphabetic());
    !drive && !name.starts_with('/') && name.split('/').all(|part| part != "..")
}

/// Whether it is what macOS adds to the archives it makes.
pub(super) fn is_system_litter(name: &str) -> bool {
    name.split('/').any(|part| part == "__MACOSX")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_utf8_or_in_the_code_page_of_dos() {
        assert_eq!(decode("lọ mật ong/1.jpg".as_bytes()), "lọ mật ong/1.jpg");
        assert_eq!(decode(b"Caf\x82\\1.jpg"), "Café/1.jpg");
        assert_eq!(decode(b"a\x1b[2J.jpg"), "a\u{fffd}[2J.jpg");
    }

    #[test]
    fn names_that_leave_the_archive_are_told() {
        for name in [
            "../1.jpg",
            "a/../../1.jpg",
            "/1.jpg",
            "C:/1.jpg",
            "c:1.jpg",
            "..",
        ] {
            assert!(!stays_inside(name), "{name}");
        }
        for name in ["1.jpg", "a/1.jpg", "a..b/1.jpg", "ảnh:1.jpg", "./1.jpg"] {
            assert!(stays_inside(name), "{name}");
        }
    }
}
