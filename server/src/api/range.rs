//! `Range` and `If-Range`, RFC 9110 §13 and §14.

use std::ops::Range;

use axum::http::{HeaderMap, header};

/// Which bytes of an object a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of them.
    Whole,
    /// These.
    Part(Range<u64>),
    /// None that the object has.
    Unsatisfiable,
}

/// What `headers` ask of an object with this size and strong entity tag.
///
/// Several ranges at once, and units other than bytes, are answered with the whole, as the standard allows.
pub(super) fn wanted(headers: &HeaderMap, size_bytes: u64, etag: &str) -> Wanted {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(range) = text(header::RANGE) else {
        return Wanted::Whole;
    };
    // Only the same strong tag proves that the parts fit together; a date proves nothing.
    if headers.contains_key(header::IF_RANGE) && text(header::IF_RANGE) != Some(etag) {
        return Wanted::Whole;
    }
    parse(range, size_bytes).unwrap_or(Wanted::Whole)
}

fn parse(range: &str, size_bytes: u64) -> Option<Wanted> {
    let (unit, spec) = range.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") || spec.contains(',') {
        return None;
    }
    let (first, last) = spec.trim().split_once('-')?;
    let part = if first.is_empty() {
        let length = number(last)?.min(size_bytes);
        size_bytes - length..size_bytes
    } else {
        let first = number(first)?;
        let end = if last.is_empty() {
            size_bytes
        } else {
            let last = number(last)?;
            if last < first {
                return None;
            }
            last.saturating_add(1).min(size_bytes)
        };
        first..end
    };
    Some(if part.is_empty() {
        Wanted::Unsatisfiable
    } else {
        Wanted::Part(part)
    })
}

/// Digits only: `parse` alone would take a sign. What exceeds 64 bits lies beyond every object.
fn number(digits: &str) -> Option<u64> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(range: &str, if_range: Option<&str>, size: u64) -> Wanted {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, range.parse().unwrap());
        if let Some(value) = if_range {
            headers.insert(header::IF_RANGE, value.parse().unwrap());
        }
        wanted(&headers, size, "\"tag\"")
    }

    #[test]
    fn every_form_of_a_range() {
        for (range, expected) in [
            ("bytes=0-0", Wanted::Part(0..1)),
            ("bytes=2-5", Wanted::Part(2..6)),
            ("bytes=2-", Wanted::Part(2..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-99", Wanted::Part(0..10)),
            ("bytes=5-99", Wanted::Part(5..10)),
            ("BYTES = 5-6", Wanted::Part(5..7)),
            ("bytes=10-", Wanted::Unsatisfiable),
            ("bytes=10-11", Wanted::Unsatisfiable),
            ("bytes=-0", Wanted::Unsatisfiable),
            ("bytes=99999999999999999999-", Wanted::Unsatisfiable),
            ("bytes=0-99999999999999999999", Wanted::Part(0..10)),
            ("bytes=5-2", Wanted::Whole),
            ("bytes=0-1,4-5", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=", Wanted::Whole),
            ("lines=0-1", Wanted::Whole),
            ("", Wanted::Whole),
        ] {
            assert_eq!(ask(range, None, 10), expected, "{range:?}");
        }
        assert_eq!(ask("bytes=0-", None, 0), Wanted::Unsatisfiable);
    }

    #[test]
    fn if_range_takes_the_same_strong_tag_only() {
        let part = Wanted::Part(0..1);
        assert_eq!(ask("bytes=0-0", Some("\"tag\""), 10), part);
        for other in ["\"other\"", "W/\"tag\"", "Sun, 22 Nov 2026 03:00:00 GMT"] {
            assert_eq!(ask("bytes=0-0", Some(other), 10), Wanted::Whole, "{other}");
        }
    }
}
