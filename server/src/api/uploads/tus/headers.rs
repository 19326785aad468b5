//! What tus says in headers: metadata, offsets, checksums.

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use xoay_format::Text;

use crate::Error;
use crate::catalogue::UploadKind;

/// Longest metadata header that is read, and longest fingerprint kept.
const METADATA_LIMIT_BYTES: usize = 4096;
const FINGERPRINT_LIMIT: usize = 200;

fn wrong(header: &'static str, vi: &str, en: &str) -> Error {
    Error::UploadHeader {
        header,
        rule: Text::new(vi, en),
    }
}

/// A header that holds a whole number in digits alone; nothing where it is absent.
pub(super) fn number(headers: &HeaderMap, name: &'static str) -> Result<Option<u64>, Error> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .filter(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        // SQL's integers end there.
        .filter(|number| i64::try_from(*number).is_ok())
        .map(Some)
        .ok_or_else(|| wrong(name, "cần một số nguyên", "a whole number is expected"))
}

/// What `Upload-Metadata` says of the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    pub(super) name: Option<String>,
    pub(super) kind: Option<UploadKind>,
    pub(super) sha256: Option<String>,
    pub(super) fingerprint: Option<String>,
}

/// Reads `Upload-Metadata`: pairs of a key and a Base64 value, parted by commas. Unknown keys are allowed by the protocol.
pub(super) fn metadata(headers: &HeaderMap) -> Result<Metadata, Error> {
    let mut read = Metadata::default();
    let Some(value) = headers.get("upload-metadata") else {
        return Ok(read);
    };
    let refuse = |vi: &str, en: &str| wrong("upload-metadata", vi, en);
    let unreadable = || {
        refuse(
            "cần các cặp `khóa base64`, cách nhau bằng dấu phẩy",
            "pairs of `key base64` are expected, parted by commas",
        )
    };
    let text = value
        .to_str()
        .ok()
        .filter(|text| text.len() <= METADATA_LIMIT_BYTES)
        .ok_or_else(unreadable)?;
    for pair in text
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
    {
        let (key, encoded) = pair.split_once(' ').unwrap_or((pair, ""));
        let value = STANDARD
            .decode(encoded.trim())
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(unreadable)?;
        match key {
            "filename" | "name" => read.name = Some(value),
            "kind" => {
                let known = UploadKind::ALL
                    .into_iter()
                    .find(|kind| kind.name() == value);
                read.kind =
                    Some(known.ok_or_else(|| {
                        refuse("kind là photo hoặc model", "kind is photo or model")
                    })?);
            }
            "sha256" => {
                let hex = value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit());
                if !hex {
                    return Err(refuse(
                        "sha256 cần 64 chữ số thập lục phân",
                        "sha256 takes 64 hexadecimal digits",
                    ));
                }
                read.sha256 = Some(value.to_ascii_lowercase());
            }
            "fingerprint" => {
                if value.chars().count() > FINGERPRINT_LIMIT || value.chars().any(char::is_control)
                {
                    return Err(refuse(
                        "fingerprint dài nhất 200 ký tự",
                        "fingerprint takes at most 200 characters",
                    ));
                }
                read.fingerprint = Some(value);
            }
            _ => {}
        }
    }
    Ok(read)
}

/// The names of what [`Checksum`] knows, as `Tus-Checksum-Algorithm` lists them.
pub(super) const ALGORITHMS: &str = "sha1,sha256";

/// The sum that one request's bytes must have.
pub(super) struct Checksum {
    hasher: Hasher,
    expected: Vec<u8>,
}

enum Hasher {
    Sha1(Box<Sha1>),
    Sha256(Box<Sha256>),
}

/// Reads `Upload-Checksum`; nothing where it is absent.
pub(super) fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>, Error> {
    let Some(value) = headers.get("upload-checksum") else {
        return Ok(None);
    };
    let refused = || {
        wrong(
            "upload-checksum",
            "cần `sha1 base64` hoặc `sha256 base64`",
            "`sha1 base64` or `sha256 base64` is expected",
        )
    };
    let (name, sum) = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().split_once(' '))
        .ok_or_else(refused)?;
    let expected = STANDARD.decode(sum.trim()).map_err(|_| refused())?;
    let (hasher, length) = match name {
        "sha1" => (Hasher::Sha1(Box::default()), 20),
        "sha256" => (Hasher::Sha256(Box::default()), 32),
        _ => return Err(refused()),
    };
    if expected.len() != length {
        return Err(refused());
    }
    Ok(Some(Checksum { hasher, expected }))
}

impl Checksum {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        match &mut self.hasher {
            Hasher::Sha1(hasher) => hasher.update(bytes),
            Hasher::Sha256(hasher) => hasher.update(bytes),
        }
    }

    /// Whether the bytes seen have the sum.
    pub(super) fn holds(self) -> bool {
        match self.hasher {
            Hasher::Sha1(hasher) => hasher.finalize().as_slice() == self.expected,
            Hasher::Sha256(hasher) => hasher.finalize().as_slice() == self.expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    #[test]
    fn metadata_is_read_and_nonsense_refused() {
        let encode = |text: &str| STANDARD.encode(text);
        let sha = "AB".repeat(32);
        let value = format!(
            "filename {}, kind {},sha256 {},fingerprint {},is_confidential,relativePath {}",
            encode("hũ mật ong.jpg"),
            encode("photo"),
            encode(&sha),
            encode("12-34"),
            encode("a/b"),
        );
        let read = metadata(&with("upload-metadata", &value)).unwrap();
        assert_eq!(
            read,
            Metadata {
                name: Some("hũ mật ong.jpg".into()),
                kind: Some(UploadKind::Photo),
                sha256: Some("ab".repeat(32)),
                fingerprint: Some("12-34".into()),
            }
        );
        assert_eq!(metadata(&HeaderMap::new()).unwrap(), Metadata::default());
        for bad in [
            "filename !!".to_owned(),
            format!("kind {}", encode("spin")),
            format!("sha256 {}", encode("abc")),
            format!("fingerprint {}", encode(&"x".repeat(201))),
            format!("filename {}", STANDARD.encode([0xff, 0xfe])),
            format!("filename {}", "A".repeat(5000)),
        ] {
            let refused = metadata(&with("upload-metadata", &bad));
            assert!(matches!(refused, Err(Error::UploadHeader { .. })), "{bad}");
        }
    }

    #[test]
    fn numbers_are_digits_alone() {
        assert_eq!(
            number(&with("upload-offset", "12"), "upload-offset").unwrap(),
            Some(12)
        );
        assert_eq!(number(&HeaderMap::new(), "upload-offset").unwrap(), None);
        for bad in [
            "",
            "-1",
            "+1",
            "1.0",
            " 1a",
            "99999999999999999999",
            "9223372036854775808",
        ] {
            assert!(
                number(&with("upload-offset", bad), "upload-offset").is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn sums_hold_for_their_bytes_alone() {
        // "hello world", as the protocol's own example has it.
        for (value, holds) in [
            ("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", true),
            ("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu1=", false),
            ("sha256 uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=", true),
        ] {
            let Ok(sum) = checksum(&with("upload-checksum", value)) else {
                assert!(!holds, "{value}");
                continue;
            };
            let mut sum = sum.unwrap();
            sum.update(b"hello ");
            sum.update(b"world");
            assert_eq!(sum.holds(), holds, "{value}");
        }
        for bad in ["", "sha1", "md5 AAAA", "sha1 AAAA", "sha1 %%%"] {
            assert!(checksum(&with("upload-checksum", bad)).is_err(), "{bad}");
        }
    }
}
