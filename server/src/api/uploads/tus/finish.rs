//! From pieces to an original, and to the product's photo or model.

use futures::StreamExt;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use super::missing;
use crate::Error;
use crate::api::App;
use crate::api::uploads::receive::{HEAD_BYTES, Scratch, check};
use crate::catalogue::{PendingUpload, Photo, Upload, UploadId, UploadKind, UploadPart};
use crate::crash;
use crate::store::{Class, ObjectKey};

/// Makes an upload whose bytes are all there the product's; one that is not whole, or is finished, stays as it is.
///
/// Each step may be done again: a process killed between any two leaves what the next one completes. An upload that
/// is refused is forgotten.
pub(super) async fn if_whole(app: &App, upload: &mut PendingUpload) -> Result<(), Error> {
    if upload.finished || upload.offset_bytes < upload.file.length_bytes {
        return Ok(());
    }
    match finish(app, upload).await {
        Ok(()) => {
            upload.finished = true;
            Ok(())
        }
        Err(error) => {
            if let Some(now) = app.ledger.upload(upload.id).await? {
                if now.finished {
                    // Another process was quicker.
                    *upload = now;
                    return Ok(());
                }
            } else {
                return Err(missing(upload.id));
            }
            if is_refusal(&error) {
                forget(app, upload.id).await?;
            }
            Err(error)
        }
    }
}

/// Removes an upload and its pieces.
pub(super) async fn forget(app: &App, id: UploadId) -> Result<(), Error> {
    app.ledger.close_upload(id).await?;
    app.objects.remove_parts(id).await
}

/// Whether the upload cannot end well, whatever else is sent.
pub(super) fn is_refusal(error: &Error) -> bool {
    matches!(
        error,
        Error::NotAPhoto { .. }
            | Error::NotAModel { .. }
            | Error::UploadDamaged { .. }
            | Error::TooManyPhotos { .. }
            | Error::CaptureTooLarge { .. }
            | Error::NoSuchProduct { .. }
            | Error::NoSuchCapture { .. }
    )
}

async fn finish(app: &App, pending: &PendingUpload) -> Result<(), Error> {
    let file = &pending.file;
    let parts = app.ledger.parts(pending.id).await?;
    let scratch = Scratch(app.uploads_dir.join(format!("{}.part", Uuid::now_v7())));
    let (hash, head) = join(app, &parts, file.length_bytes, &scratch).await?;
    crash::point("upload-joined");
    let extension = check(&file.name, &head, file.length_bytes, file.kind)?;
    if file
        .sha256
        .as_ref()
        .is_some_and(|expected| *expected != hex::encode(hash))
    {
        return Err(Error::UploadDamaged {
            name: file.name.clone(),
        });
    }
    let key = ObjectKey::new(Class::Original, hash, extension).ok_or(Error::NoSuchObject)?;
    app.objects.put_file(&key, &scratch.0).await?;
    crash::point("upload-original-stored");
    let upload = Upload {
        key,
        size_bytes: file.length_bytes,
    };
    match file.kind {
        UploadKind::Model => app.catalogue.put_model(file.product_id, &upload).await?,
        UploadKind::Photo => {
            let photo = Photo {
                name: file.name.clone(),
                upload,
            };
            let capture = match file.capture_id {
                Some(capture) => capture,
                None => app.captures.current_capture(file.product_id).await?,
            };
            app.catalogue
                .put_photo(capture, &photo, &app.limits)
                .await?;
        }
    }
    crash::point("upload-row-written");
    app.ledger.finish(pending.id).await?;
    crash::point("upload-finished");
    if let Err(error) = app.objects.remove_parts(pending.id).await {
        // Nothing names them any more: they are collected with other orphans.
        tracing::warn!(upload = %pending.id, %error, "cannot remove an upload's pieces");
    }
    Ok(())
}

/// Joins the pieces in a scratch file; gives the whole's SHA-256 and first bytes.
async fn join(
    app: &App,
    parts: &[UploadPart],
    length_bytes: u64,
    scratch: &Scratch,
) -> Result<([u8; 32], Vec<u8>), Error> {
    let path = &scratch.0;
    let writing = |e| Error::io(format!("writing {}", path.display()), e);
    let lost = |part: &UploadPart| Error::Corrupt {
        what: "piece of an upload",
        reason: format!("{} is missing or has another size", part.object),
    };
    let mut file = tokio::fs::File::create_new(path).await.map_err(writing)?;
    let mut hasher = Sha256::new();
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let mut written = 0_u64;
    for part in parts {
        if part.offset_bytes != written {
            return Err(lost(part));
        }
        let mut body = app
            .objects
            .get_part(&part.object)
            .await?
            .ok_or_else(|| lost(part))?;
        while let Some(bytes) = body.next().await {
            let bytes = bytes?;
            head.extend_from_slice(&bytes[..bytes.len().min(HEAD_BYTES - head.len())]);
            hasher.update(&bytes);
            file.write_all(&bytes).await.map_err(writing)?;
            written += bytes.len() as u64;
        }
        if written != part.offset_bytes + part.size_bytes {
            return Err(lost(part));
        }
    }
    file.flush().await.map_err(writing)?;
    if written != length_bytes {
        return Err(Error::Corrupt {
            what: "number of an upload's bytes",
            reason: format!("{written} are there, {length_bytes} were announced"),
        });
    }
    Ok((hasher.finalize().into(), head))
}
