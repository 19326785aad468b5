use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;
use xoay_format::Text;

use crate::Error;
use crate::api::App;
use crate::catalogue::{Upload, UploadKind};
use crate::crash;
use crate::store::{Class, ObjectKey};

/// A client that sends nothing for so long has gone.
pub(super) const IDLE_LIMIT: Duration = Duration::from_mins(1);
/// What is read of a refused body, so that its sender gets to see the answer.
const DRAIN_LIMIT_BYTES: u64 = 64 * 1024 * 1024;
const DRAIN_LIMIT: Duration = Duration::from_secs(10);
/// Enough to know every accepted format and a GLB's header.
pub(super) const HEAD_BYTES: usize = 12;

/// Streams `body` into the store and returns where it is. Memory does not depend on its size; what fails leaves nothing.
pub(super) async fn receive<S, E>(
    app: &App,
    name: &str,
    body: S,
    limit_bytes: u64,
    expected: UploadKind,
) -> Result<Upload, Error>
where
    S: Stream<Item = Result<Bytes, E>>,
    E: Display,
{
    let mut body = pin!(body);
    let scratch = Scratch(app.uploads_dir.join(format!("{}.part", Uuid::now_v7())));
    let written = write(&scratch.0, name, body.as_mut(), limit_bytes, expected).await;
    let whole = match written {
        Ok(whole) => whole,
        Err(error) => {
            drain(body).await;
            return Err(error);
        }
    };
    let size_bytes = whole.size_bytes;
    let extension = check(name, &whole.head, size_bytes, expected)?;
    let key = ObjectKey::new(Class::Original, whole.hash, extension).ok_or(Error::NoSuchObject)?;
    app.objects.put_file(&key, &scratch.0).await?;
    crash::point("put-original-stored");
    Ok(Upload { key, size_bytes })
}

/// Reads the rest of a refused body, within limits: whether it comes or not, the answer is the same.
pub(super) async fn drain<S, E>(mut body: std::pin::Pin<&mut S>)
where
    S: Stream<Item = Result<Bytes, E>>,
{
    let all = async {
        let mut left = DRAIN_LIMIT_BYTES;
        while let Some(Ok(bytes)) = body.next().await {
            left = left.saturating_sub(bytes.len() as u64);
            if left == 0 {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(DRAIN_LIMIT, all).await;
}

struct Whole {
    hash: [u8; 32],
    head: Vec<u8>,
    size_bytes: u64,
}

async fn write<S, E>(
    path: &Path,
    name: &str,
    mut body: std::pin::Pin<&mut S>,
    limit_bytes: u64,
    expected: UploadKind,
) -> Result<Whole, Error>
where
    S: Stream<Item = Result<Bytes, E>>,
    E: Display,
{
    let writing = |e| Error::io(format!("writing {}", path.display()), e);
    let broken = || Error::UploadBroken { name: name.into() };
    let mut file = tokio::fs::File::create_new(path).await.map_err(writing)?;
    let mut hasher = Sha256::new();
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let mut size_bytes = 0_u64;
    loop {
        let next = tokio::time::timeout(IDLE_LIMIT, body.next());
        let Some(bytes) = next.await.map_err(|_| broken())? else {
            break;
        };
        let bytes = bytes.map_err(|error| {
            tracing::info!(name, %error, "an upload broke off");
            broken()
        })?;
        size_bytes += bytes.len() as u64;
        if size_bytes > limit_bytes {
            return Err(Error::FileTooLarge {
                name: name.into(),
                limit_bytes,
            });
        }
        if head.len() < HEAD_BYTES {
            let missing = (HEAD_BYTES - head.len()).min(bytes.len());
            head.extend_from_slice(&bytes[..missing]);
            if head.len() == HEAD_BYTES {
                recognise(name, &head, expected)?;
            }
        }
        hasher.update(&bytes);
        file.write_all(&bytes).await.map_err(writing)?;
    }
    file.flush().await.map_err(writing)?;
    Ok(Whole {
        hash: hasher.finalize().into(),
        head,
        size_bytes,
    })
}

/// The file ending of what arrived whole.
pub(super) fn check(
    name: &str,
    head: &[u8],
    size_bytes: u64,
    expected: UploadKind,
) -> Result<&'static str, Error> {
    let extension = recognise(name, head, expected)?;
    if expected == UploadKind::Model {
        let declared = head
            .get(8..12)
            .and_then(|bytes| bytes.try_into().ok())
            .map(u32::from_le_bytes);
        if declared.map(u64::from) != Some(size_bytes) {
            return Err(not_a_model(
                &format!(
                    "tệp GLB ghi độ dài {} byte nhưng nhận được {size_bytes}; có lẽ tệp bị cắt, hãy xuất lại",
                    declared.unwrap_or_default()
                ),
                &format!(
                    "the GLB says it has {} bytes, but {size_bytes} arrived; it may be cut off, export it again",
                    declared.unwrap_or_default()
                ),
            ));
        }
    }
    Ok(extension)
}

/// The file ending that belongs to these first bytes.
pub(super) fn recognise(
    name: &str,
    head: &[u8],
    expected: UploadKind,
) -> Result<&'static str, Error> {
    let starts = |magic: &[u8]| head.starts_with(magic);
    match expected {
        UploadKind::Photo if starts(&[0xff, 0xd8, 0xff]) => Ok("jpg"),
        UploadKind::Photo if starts(b"\x89PNG\r\n\x1a\n") => Ok("png"),
        UploadKind::Photo if starts(b"RIFF") && head.get(8..12) == Some(b"WEBP") => Ok("webp"),
        UploadKind::Photo if starts(b"II*\0") || starts(b"MM\0*") => Ok("tif"),
        UploadKind::Photo => Err(Error::NotAPhoto { name: name.into() }),
        UploadKind::Model if starts(b"glTF") => match head.get(4..8) {
            Some([2, 0, 0, 0]) => Ok("glb"),
            _ => Err(not_a_model(
                "tệp GLB không phải phiên bản 2; hãy xuất lại dưới dạng glTF 2.0",
                "the GLB is not of version 2; export it again as glTF 2.0",
            )),
        },
        UploadKind::Model if head.trim_ascii_start().starts_with(b"{") => Err(not_a_model(
            "đây là tệp .gltf, còn thiếu các tệp đi kèm; hãy xuất thành một tệp .glb duy nhất",
            "this is a .gltf file, whose other files are missing; export it as one .glb file",
        )),
        UploadKind::Model => Err(not_a_model(
            "đây không phải tệp GLB; hãy xuất mô hình dưới dạng glTF nhị phân (.glb)",
            "this is no GLB file; export the model as binary glTF (.glb)",
        )),
    }
}

fn not_a_model(vi: &str, en: &str) -> Error {
    Error::NotAModel {
        reason: Text::new(vi, en),
    }
}

/// A file that goes when its upload ends, however that ends.
pub(super) struct Scratch(pub(super) PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(file = %self.0.display(), %error, "cannot remove an upload's scratch file");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn photos_are_known_by_their_first_bytes() {
        for (head, expected) in [
            (&b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01"[..], Some("jpg")),
            (b"\x89PNG\r\n\x1a\n\0\0\0\r", Some("png")),
            (b"RIFF\x10\0\0\0WEBP", Some("webp")),
            (b"II*\0\x08\0\0\0\0\0\0\0", Some("tif")),
            (b"MM\0*\0\0\0\x08\0\0\0\0", Some("tif")),
            (b"RIFF\x10\0\0\0WAVE", None),
            (b"this is text", None),
            (b"\xff\xd8", None),
            (b"", None),
        ] {
            let found = recognise("a.jpg", head, UploadKind::Photo);
            assert_eq!(found.ok(), expected, "{head:?}");
        }
    }

    #[test]
    fn every_cut_of_a_model_is_refused() {
        let glb = b"glTF\x02\0\0\0\x10\0\0\0rest".as_slice();
        assert_eq!(
            check("m", &glb[..12], 16, UploadKind::Model).unwrap(),
            "glb"
        );
        for length in 0..16 {
            let head = &glb[..length.min(12)];
            let refused = check("m", head, length as u64, UploadKind::Model);
            assert!(matches!(refused, Err(Error::NotAModel { .. })), "{length}");
        }
        let refused = check("m", b"  {\"asset\":{}", 13, UploadKind::Model).unwrap_err();
        assert!(refused.to_string().contains(".glb"), "{refused}");
    }
}
