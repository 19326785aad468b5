use axum::http::{HeaderMap, header};
use xoay_format::Language;

/// The language that the client likes best of those that Xoay speaks; English where it names neither.
pub(crate) fn preferred(headers: &HeaderMap) -> Language {
    let mut best = None;
    for value in headers.get_all(header::ACCEPT_LANGUAGE) {
        let Ok(value) = value.to_str() else { continue };
        for item in value.split(',') {
            let (tag, quality) = weighted(item);
            let primary = tag.split('-').next().unwrap_or_default();
            let language = match primary.to_ascii_lowercase().as_str() {
                "vi" => Language::Vi,
                "en" => Language::En,
                _ => continue,
            };
            // At equal weight the first wins.
            if quality > 0.0 && best.is_none_or(|(_, highest)| quality > highest) {
                best = Some((language, quality));
            }
        }
    }
    best.map(|(language, _)| language).unwrap_or_default()
}

/// An item of a header such as `Accept-Language` with its weight, `vi;q=0.8`.
pub(crate) fn weighted(item: &str) -> (&str, f32) {
    let mut parts = item.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let quality = parts
        .find_map(|part| part.strip_prefix("q="))
        .map_or(1.0, |q| q.parse().unwrap_or(0.0));
    (name, quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_weight_wins() {
        for (header, expected) in [
            ("vi", Language::Vi),
            ("vi-VN,vi;q=0.9,en-US;q=0.8,en;q=0.7", Language::Vi),
            ("en;q=0.4, vi;q=0.8", Language::Vi),
            ("en-GB, vi", Language::En),
            ("fr, vi;q=0", Language::En),
            ("fr, vi;q=0.1", Language::Vi),
            ("", Language::En),
            ("vi;q=nonsense", Language::En),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, header.parse().unwrap());
            assert_eq!(preferred(&headers), expected, "{header:?}");
        }
    }
}
