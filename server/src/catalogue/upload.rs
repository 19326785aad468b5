use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

use super::{CaptureId, ProductId, UploadId, UploadLimits};
use crate::Error;

/// What an upload should turn out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadKind {
    /// One of the product's photos.
    Photo,
    /// The product's model.
    Model,
}

impl UploadKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Photo, Self::Model];

    /// Its name in the database and in an upload's metadata.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Model => "model",
        }
    }
}

/// What a client says of a file before it sends it in pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUpload {
    /// The product that gets it.
    pub product_id: ProductId,
    /// The capture that a photo belongs to; nothing for a model.
    pub capture_id: Option<CaptureId>,
    /// What it should turn out to be.
    pub kind: UploadKind,
    /// The file's name.
    pub name: String,
    /// The SHA-256 that the whole must have, in lower-case hexadecimal digits.
    pub sha256: Option<String>,
    /// By what the client knows the file again; ours to keep, not to read.
    pub fingerprint: Option<String>,
    /// How many bytes it will have.
    pub length_bytes: u64,
}

/// An upload in pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingUpload {
    /// Its id.
    pub id: UploadId,
    /// What the client said of it.
    pub file: NewUpload,
    /// The bytes that are durable, from the first on.
    pub offset_bytes: u64,
    /// Whether the whole is the product's.
    pub finished: bool,
    /// When it will be forgotten, unless more of it comes.
    pub expires_at: OffsetDateTime,
}

/// A piece of an upload in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadPart {
    /// Its first byte's place in the whole.
    pub offset_bytes: u64,
    /// How many bytes it has.
    pub size_bytes: u64,
    /// Its name in the store.
    pub object: String,
}

/// Uploads in pieces: what of them is durable.
///
/// The offset moves by compare-and-set: of two requests that send the same bytes, whichever process they reach, one wins.
#[async_trait]
pub trait UploadLedger: Send + Sync {
    /// Begins an upload unless it, those under way, and what the product has already would together break a limit.
    async fn open_upload(
        &self,
        new: &NewUpload,
        limits: &UploadLimits,
        lifetime: Duration,
    ) -> Result<PendingUpload, Error>;

    /// The upload with this id, unless it has expired.
    async fn upload(&self, id: UploadId) -> Result<Option<PendingUpload>, Error>;

    /// The product's uploads that are under way, oldest first.
    async fn uploads(&self, product: ProductId) -> Result<Vec<PendingUpload>, Error>;

    /// Adds pieces that begin at `from_bytes` and follow each other, and renews the lifetime;
    /// false, with nothing changed, where the offset is no longer `from_bytes`.
    async fn advance(
        &self,
        id: UploadId,
        from_bytes: u64,
        parts: &[UploadPart],
        lifetime: Duration,
    ) -> Result<bool, Error>;

    /// The upload's pieces in order.
    async fn parts(&self, id: UploadId) -> Result<Vec<UploadPart>, Error>;

    /// Notes that the whole is the product's and forgets the pieces.
    async fn finish(&self, id: UploadId) -> Result<(), Error>;

    /// Forgets the upload and its pieces; false where there was none.
    async fn close_upload(&self, id: UploadId) -> Result<bool, Error>;

    /// Uploads whose time is over, at most `limit`.
    async fn expired_uploads(&self, limit: u32) -> Result<Vec<UploadId>, Error>;
}
