//! Addresses inside a glTF: `data:` and files beside it. Nothing else is ever opened.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use xoay_format::Text;

use crate::{GltfError, Limits};

fn refuse(place: &str, uri: &str, vi: &str, en: &str) -> GltfError {
    let mut shown: String = uri.chars().take(80).collect();
    if shown.len() < uri.len() {
        shown.push('…');
    }
    GltfError::Address {
        place: place.to_owned(),
        uri: shown,
        problem: Text::new(vi, en),
    }
}

/// What `uri` leads to, and the media type where the address says it.
pub(crate) fn load(
    place: &str,
    uri: &str,
    folder: Option<&Path>,
    limits: &Limits,
) -> Result<(Vec<u8>, Option<String>), GltfError> {
    if let Some(rest) = uri.strip_prefix("data:") {
        let (head, body) = rest.split_once(',').ok_or_else(|| {
            refuse(
                place,
                uri,
                "dữ liệu nhúng thiếu dấu phẩy",
                "the embedded data has no comma",
            )
        })?;
        Limits::check(
            place,
            body.len() as u64,
            limits.file_bytes.saturating_mul(2),
            "bytes",
        )?;
        let media_type = head
            .split(';')
            .next()
            .filter(|name| !name.is_empty())
            .map(str::to_owned);
        let bytes = if head.ends_with(";base64") {
            base64(body).ok_or_else(|| {
                refuse(place, uri, "base64 không hợp lệ", "its base64 is not valid")
            })?
        } else {
            percent_decode(body).ok_or_else(|| {
                refuse(
                    place,
                    uri,
                    "mã phần trăm không hợp lệ",
                    "its percent-encoding is not valid",
                )
            })?
        };
        return Ok((bytes, media_type));
    }
    let path = local_path(place, uri, folder)?;
    Ok((read_file(&path, limits)?, None))
}

/// Where the file named by `uri` lies, always below `folder`.
fn local_path(place: &str, uri: &str, folder: Option<&Path>) -> Result<PathBuf, GltfError> {
    let decoded = percent_decode(uri)
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| {
            refuse(
                place,
                uri,
                "mã phần trăm không hợp lệ",
                "its percent-encoding is not valid",
            )
        })?;
    beside(place, &decoded, folder)
}

/// Where the file `name` lies, always below `folder`; the name is taken as it is.
pub(crate) fn beside(place: &str, name: &str, folder: Option<&Path>) -> Result<PathBuf, GltfError> {
    let (uri, decoded) = (name, name);
    if decoded.contains([':', '\\', '\0']) || decoded.starts_with('/') {
        return Err(refuse(
            place,
            uri,
            "chỉ dùng được tệp nằm cạnh tệp .gltf hoặc dữ liệu nhúng; hãy xuất thành một tệp .glb",
            "only files beside the .gltf and embedded data are read; export the model as one .glb",
        ));
    }
    if decoded.split('/').any(|part| part == "..") {
        return Err(refuse(
            place,
            uri,
            "đường dẫn ra ngoài thư mục của mô hình; hãy đặt tệp trong cùng thư mục",
            "it leads out of the model's folder; put the file into the same folder",
        ));
    }
    let folder = folder.ok_or_else(|| {
        refuse(
            place,
            uri,
            "mô hình được gửi đơn lẻ, không kèm tệp; hãy xuất thành một tệp .glb",
            "the model came alone, without files beside it; export it as one .glb",
        )
    })?;
    let folder = folder.canonicalize().map_err(|source| GltfError::Io {
        path: folder.to_owned(),
        source,
    })?;
    let path = folder.join(decoded);
    // A link inside the folder may still lead out of it.
    let path = path.canonicalize().map_err(|source| GltfError::Io {
        path: path.clone(),
        source,
    })?;
    if !path.starts_with(&folder) {
        return Err(refuse(
            place,
            uri,
            "liên kết dẫn ra ngoài thư mục của mô hình",
            "a link leads out of the model's folder",
        ));
    }
    Ok(path)
}

/// A whole file, if it is a regular one within the limit.
pub(crate) fn read_file(path: &Path, limits: &Limits) -> Result<Vec<u8>, GltfError> {
    let io = |source| GltfError::Io {
        path: path.to_owned(),
        source,
    };
    let place = path
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let file = File::open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(io(std::io::Error::other("not a regular file")));
    }
    Limits::check(&place, metadata.len(), limits.file_bytes, "bytes")?;
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    file.take(limits.file_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(io)?;
    Limits::check(&place, bytes.len() as u64, limits.file_bytes, "bytes")?;
    Ok(bytes)
}

fn percent_decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            out.push((high * 16 + low) as u8);
        } else {
            out.push(byte);
        }
    }
    Some(out)
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut word, mut bits) = (0u32, 0u32);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'\n' | b'\r' | b' ' => continue,
            _ => return None,
        };
        word = (word << 6) | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_data_decodes() {
        let limits = Limits::default();
        let (bytes, media_type) = load(
            "buffers[0]",
            "data:image/png;base64,AAEC/w==",
            None,
            &limits,
        )
        .unwrap();
        assert_eq!(bytes, [0, 1, 2, 255]);
        assert_eq!(media_type.as_deref(), Some("image/png"));
        assert_eq!(load("b", "data:,a%20b", None, &limits).unwrap().0, b"a b");
        for bad in ["data:", "data:;base64,$$", "data:,%4"] {
            assert!(
                matches!(
                    load("b", bad, None, &limits),
                    Err(GltfError::Address { .. })
                ),
                "{bad}"
            );
        }
    }

    #[test]
    fn nothing_outside_the_folder_is_opened() {
        let dir = tempfile::tempdir().unwrap();
        let inside = dir.path().join("model");
        std::fs::create_dir(&inside).unwrap();
        std::fs::write(dir.path().join("secret"), b"s").unwrap();
        std::fs::write(inside.join("mật ong.bin"), b"ok").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(dir.path().join("secret"), inside.join("link")).unwrap();
        let limits = Limits::default();
        let open = |uri: &str| load("buffers[0]", uri, Some(&inside), &limits);
        assert_eq!(open("m%E1%BA%ADt%20ong.bin").unwrap().0, b"ok");
        let absolute = dir.path().join("secret").display().to_string();
        for bad in [
            "../secret",
            "%2e%2e/secret",
            "a/../../secret",
            "..%2fsecret",
            "..\\secret",
            "file:///etc/passwd",
            "https://example.org/a.bin",
            "link",
            &absolute,
            "",
            "a\0b",
        ] {
            assert!(open(bad).is_err(), "{bad}");
        }
        assert!(load("buffers[0]", "secret", None, &limits).is_err());
    }
}
