//! From a request's body to durable pieces and a moved offset.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;

use super::headers::Checksum;
use super::turns::Held;
use super::{finish, missing};
use crate::Error;
use crate::api::App;
use crate::api::uploads::receive::{HEAD_BYTES, IDLE_LIMIT, drain, recognise};
use crate::catalogue::{PendingUpload, UploadId, UploadPart};
use crate::crash;

/// Bytes that are made durable at once. A killed process loses less than this of each upload; what is held in memory
/// is as much for each request.
const PART_BYTES: usize = 4 * 1024 * 1024;
/// Pieces of one upload: a client that sends bytes one by one is told to stop.
const MAX_PARTS: usize = 8192;

/// A request that is asked to leave still takes what has arrived: a cut connection's last megabytes wait in the
/// system's buffers. Without this a client that was cut every 5 MB sent 1.66 times its bytes.
const LINGER: Duration = Duration::from_millis(250);
/// So long at most, for the connection may be alive after all.
const LEAVE_WITHIN: Duration = Duration::from_secs(5);

/// Why the loop over a body ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// The body is whole.
    Whole,
    /// The connection broke, or its client went silent.
    Broken,
    /// Another request waits, or the service shuts down.
    Left,
}

/// Takes in `body`, whose first byte is byte `from_bytes` of the upload, and finishes the upload where it is whole.
///
/// The work goes on where the connection ends: what arrived before a cut is kept.
pub(super) async fn take(
    app: &Arc<App>,
    id: UploadId,
    from_bytes: Option<u64>,
    body: Body,
    checksum: Option<Checksum>,
) -> Result<PendingUpload, Error> {
    let app = app.clone();
    let mut body = body.into_data_stream();
    let work = async move {
        let held = app.turns.take(id).await?;
        let mut upload = app.ledger.upload(id).await?.ok_or_else(|| missing(id))?;
        if let Some(given_bytes) = from_bytes
            && given_bytes != upload.offset_bytes
        {
            return Err(Error::UploadOffset {
                offset_bytes: upload.offset_bytes,
                given_bytes,
            });
        }
        if !upload.finished {
            let intake = Intake::new(&app, &upload).await?;
            match intake.run(&mut body, checksum, &held).await {
                Ok(offset_bytes) => upload.offset_bytes = offset_bytes,
                Err(error) => {
                    if finish::is_refusal(&error) {
                        finish::forget(&app, id).await?;
                    }
                    if !matches!(error, Error::UploadBusy | Error::UploadCut { .. }) {
                        drain(std::pin::pin!(body)).await;
                    }
                    return Err(error);
                }
            }
            finish::if_whole(&app, &mut upload).await?;
        }
        Ok(upload)
    };
    // A task of its own: the handler is dropped together with a connection that breaks.
    tokio::spawn(work)
        .await
        .map_err(|e| Error::io("taking in a piece", std::io::Error::other(e)))?
}

/// The upload once nobody works on it; one that is whole is finished first, as a killed process may have left it.
pub(super) async fn settled(app: &Arc<App>, id: UploadId) -> Result<PendingUpload, Error> {
    let app = app.clone();
    let work = async move {
        let _held = app.turns.take(id).await?;
        let mut upload = app.ledger.upload(id).await?.ok_or_else(|| missing(id))?;
        finish::if_whole(&app, &mut upload).await?;
        Ok(upload)
    };
    tokio::spawn(work)
        .await
        .map_err(|e| Error::io("finishing an upload", std::io::Error::other(e)))?
}

/// One request's bytes on their way into the store.
struct Intake<'a> {
    app: &'a App,
    upload: &'a PendingUpload,
    /// Where the next acknowledged byte goes.
    offset_bytes: u64,
    /// Pieces that are stored but not acknowledged, as a checksum wants them until it is known to hold.
    staged: Vec<UploadPart>,
    buffer: BytesMut,
    parts: usize,
}

impl<'a> Intake<'a> {
    async fn new(app: &'a App, upload: &'a PendingUpload) -> Result<Self, Error> {
        Ok(Self {
            app,
            upload,
            offset_bytes: upload.offset_bytes,
            staged: Vec::new(),
            buffer: BytesMut::new(),
            parts: app.ledger.parts(upload.id).await?.len(),
        })
    }

    /// Takes in the body and returns the offset that is durable.
    async fn run(
        mut self,
        body: &mut BodyDataStream,
        mut checksum: Option<Checksum>,
        held: &Held,
    ) -> Result<u64, Error> {
        let atomic = checksum.is_some();
        let mut leaving = None;
        let end = loop {
            let asked = leaving.is_some();
            let patience = leaving.map_or(IDLE_LIMIT, |since: Instant| {
                LINGER.min((since + LEAVE_WITHIN).saturating_duration_since(Instant::now()))
            });
            let bytes = tokio::select! {
                () = held.leave.cancelled(), if !asked => {
                    leaving = Some(Instant::now());
                    continue;
                }
                () = self.app.stop.cancelled() => break End::Left,
                next = tokio::time::timeout(patience, body.next()) => match next {
                    Ok(Some(Ok(bytes))) => bytes,
                    Ok(None) => break End::Whole,
                    Err(_) if asked => break End::Left,
                    Ok(Some(Err(_))) | Err(_) => break End::Broken,
                },
            };
            if let Some(checksum) = &mut checksum {
                checksum.update(&bytes);
            }
            self.take_in(&bytes)?;
            while self.buffer.len() >= PART_BYTES {
                let part = self.buffer.split_to(PART_BYTES).freeze();
                self.store(part, atomic).await?;
            }
        };
        if let Some(checksum) = checksum {
            if end == End::Whole && !checksum.holds() {
                return Err(Error::UploadChecksum {
                    name: self.upload.file.name.clone(),
                });
            }
            if end != End::Whole {
                // The sum of a part cannot be checked: none of it counts. Its pieces go with the upload.
                self.staged.clear();
                self.buffer.clear();
            }
        }
        if !self.buffer.is_empty() {
            let part = self.buffer.split().freeze();
            self.store(part, true).await?;
        }
        self.acknowledge().await?;
        match end {
            End::Whole => Ok(self.offset_bytes),
            // Where the broken connection can still answer, the client is to ask where to go on.
            End::Left => Err(Error::UploadBusy),
            End::Broken if self.offset_bytes == self.upload.file.length_bytes => {
                Ok(self.offset_bytes)
            }
            End::Broken => Err(Error::UploadCut {
                name: self.upload.file.name.clone(),
            }),
        }
    }

    /// Keeps the bytes, unless they are more than was announced or cannot be what they should become.
    fn take_in(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let file = &self.upload.file;
        let arrived = self.arrived() + bytes.len() as u64;
        if arrived > file.length_bytes {
            return Err(Error::RequestTooLarge);
        }
        let had = self.buffer.len();
        self.buffer.extend_from_slice(bytes);
        let at_start = self.arrived() == self.buffer.len() as u64;
        if at_start && had < HEAD_BYTES && self.buffer.len() >= HEAD_BYTES {
            recognise(&file.name, &self.buffer[..HEAD_BYTES], file.kind)?;
        }
        Ok(())
    }

    /// All bytes so far, acknowledged or not.
    fn arrived(&self) -> u64 {
        let staged: u64 = self.staged.iter().map(|part| part.size_bytes).sum();
        self.offset_bytes + staged + self.buffer.len() as u64
    }

    /// Makes a piece durable; without `later` it is acknowledged at once.
    async fn store(&mut self, bytes: Bytes, later: bool) -> Result<(), Error> {
        if self.parts >= MAX_PARTS {
            return Err(Error::RequestTooLarge);
        }
        self.parts += 1;
        let size_bytes = bytes.len() as u64;
        let staged: u64 = self.staged.iter().map(|part| part.size_bytes).sum();
        let object = self.app.objects.put_part(self.upload.id, bytes).await?;
        crash::point("upload-part-stored");
        self.staged.push(UploadPart {
            offset_bytes: self.offset_bytes + staged,
            size_bytes,
            object,
        });
        if later {
            Ok(())
        } else {
            self.acknowledge().await
        }
    }

    async fn acknowledge(&mut self) -> Result<(), Error> {
        if self.staged.is_empty() {
            return Ok(());
        }
        let moved = self
            .app
            .ledger
            .advance(
                self.upload.id,
                self.offset_bytes,
                &self.staged,
                self.app.upload_lifetime,
            )
            .await?;
        if !moved {
            // Another process took the same bytes from a later request.
            return Err(Error::UploadBusy);
        }
        crash::point("upload-advanced");
        self.offset_bytes += self
            .staged
            .drain(..)
            .map(|part| part.size_bytes)
            .sum::<u64>();
        Ok(())
    }
}
