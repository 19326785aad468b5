mod vietnamese;

use std::error::Error as StdError;
use std::io;

use xoay_format::{Localize, Text};

use crate::catalogue::JobKind;

/// Why the service could not do what it was asked.
///
/// `Display` gives the English message, [`Localize`] both. `api/problem.rs` alone knows which HTTP
/// status belongs to which variant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No route at this address.
    #[error("nothing is at this address; check its spelling")]
    NoSuchAddress,
    /// The address is known but not with this method.
    #[error("this address does not take the method {method}")]
    Method {
        /// The method that was used.
        method: String,
    },
    /// No product has this id.
    #[error("no product has the id {id:?}; list them with GET /api/products")]
    NoSuchProduct {
        /// The id as it was given.
        id: String,
    },
    /// No job has this id.
    #[error("no job has the id {id:?}; a product lists its jobs under GET /api/products/{{id}}")]
    NoSuchJob {
        /// The id as it was given.
        id: String,
    },
    /// No producer has this id.
    #[error("no producer has the id {id:?}; list them with GET /api/producers")]
    NoSuchProducer {
        /// The id as it was given.
        id: String,
    },
    /// A producer that still has products.
    #[error(
        "the producer cannot be deleted: {products} of its products are here; give them another producer first"
    )]
    ProducerInUse {
        /// How many.
        products: u32,
    },
    /// Another producer of the organisation bears the code.
    #[error(
        "another producer of the organisation has the registration code {code}; look for it with GET /api/producers?q={code}"
    )]
    RegistrationTaken {
        /// The code.
        code: String,
    },
    /// The product has no such capture.
    #[error(
        "the product has no capture with the id {id:?}; list them with GET /api/products/{{id}}/captures"
    )]
    NoSuchCapture {
        /// The id as it was given.
        id: String,
    },
    /// A capture that cannot be forgotten now.
    #[error(
        "the capture cannot be deleted: it holds photos, is being worked on, or is the product's only one; delete its photos first"
    )]
    CaptureInUse,
    /// A product would have more captures than it may.
    #[error("a product has at most {limit} captures; delete an empty one first")]
    TooManyCaptures {
        /// The limit.
        limit: u32,
    },
    /// The capture holds no such photo.
    #[error("the product has no photo named {name:?}")]
    NoSuchPhoto {
        /// The name as it was given.
        name: String,
    },
    /// The product exists but has not been published.
    #[error("this product has not been published yet")]
    NotPublished,
    /// The job has produced nothing that could be shown.
    #[error("this job has no result: it is {state}")]
    NoResult {
        /// The job's state.
        state: &'static str,
    },
    /// No object has this name.
    #[error("no object has this name")]
    NoSuchObject,
    /// An answer in a format that is not spoken here.
    #[error("this address answers in JSON only; ask with format=json")]
    NoSuchFormat,
    /// A request that cannot be read.
    #[error("the request cannot be read: {reason}")]
    Malformed {
        /// What the parser said.
        reason: String,
    },
    /// A field of a request breaks its rule.
    #[error("{field}: {}", rule.en)]
    Field {
        /// Path of the field, such as `name.vi`.
        field: &'static str,
        /// What is expected.
        rule: Text,
    },
    /// A photo's name that could not be a file's.
    #[error("the photo name {name:?} is refused: {}", rule.en)]
    PhotoName {
        /// The name, shortened and escaped.
        name: String,
        /// What is expected.
        rule: Text,
    },
    /// Bytes that are no photo, whatever the name says.
    #[error(
        "{name:?} is not a photo: its first bytes are those of no JPEG, PNG, WebP or TIFF file; \
         send the original file from the camera"
    )]
    NotAPhoto {
        /// The photo's name.
        name: String,
    },
    /// Bytes that are no binary glTF.
    #[error("the model is refused: {}", reason.en)]
    NotAModel {
        /// What is wrong and what to do.
        reason: Text,
    },
    /// One upload is larger than a single file may be.
    #[error("{name:?} is larger than {limit_bytes} bytes, the most that one file may have")]
    FileTooLarge {
        /// The file's name.
        name: String,
        /// The limit.
        limit_bytes: u64,
    },
    /// A capture would hold more photos than it may.
    #[error("a product takes at most {limit} photos; delete some first")]
    TooManyPhotos {
        /// The limit.
        limit: u32,
    },
    /// A capture would hold more bytes than it may.
    #[error("a product's photos may have {limit_bytes} bytes together; delete some first")]
    CaptureTooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// The body ended early, or the connection broke.
    #[error("the upload of {name:?} broke off; nothing of it was kept, send it again")]
    UploadBroken {
        /// The file's name.
        name: String,
    },
    /// No upload in pieces has this id.
    #[error("no upload has the id {id:?}: it ended or has expired; begin it again")]
    NoSuchUpload {
        /// The id as it was given.
        id: String,
    },
    /// A header of an upload in pieces that breaks its rule.
    #[error("the header {header}: {}", rule.en)]
    UploadHeader {
        /// The header's name.
        header: &'static str,
        /// What is expected.
        rule: Text,
    },
    /// Another version of the upload protocol than the one spoken here.
    #[error("uploads in pieces speak tus 1.0.0; send `Tus-Resumable: 1.0.0`")]
    UploadVersion,
    /// A piece that does not begin where the bytes that are here end.
    #[error(
        "the upload is at byte {offset_bytes}, the piece begins at {given_bytes}; ask for the offset with HEAD"
    )]
    UploadOffset {
        /// The bytes that are here.
        offset_bytes: u64,
        /// Where the piece begins.
        given_bytes: u64,
    },
    /// The connection broke while a piece came in.
    #[error(
        "the upload of {name:?} broke off; what arrived is kept: ask for the offset with HEAD and go on there"
    )]
    UploadCut {
        /// The file's name.
        name: String,
    },
    /// Another request is working on the same upload.
    #[error("another request is working on this upload; try again in a moment")]
    UploadBusy,
    /// A whole file whose bytes are not those that the client announced.
    #[error(
        "{name:?} arrived damaged: it does not have the announced SHA-256; begin the upload again"
    )]
    UploadDamaged {
        /// The file's name.
        name: String,
    },
    /// A piece whose bytes are not those that the client announced.
    #[error(
        "a piece of {name:?} arrived damaged: it does not have the announced checksum; send the piece again"
    )]
    UploadChecksum {
        /// The file's name.
        name: String,
    },
    /// A JSON body or a header block larger than the service reads.
    #[error("the request is larger than this address takes")]
    RequestTooLarge,
    /// A job without anything to work on.
    #[error("{}", missing(*kind).en)]
    NothingToWorkOn {
        /// The job's kind.
        kind: JobKind,
    },
    /// A publication without any finished job.
    #[error("nothing to publish: no job of this product has succeeded yet; run one first")]
    NothingToPublish,
    /// A result folder whose manifest cannot be published.
    #[error("{folder}: {}", reason.en)]
    Result {
        /// The folder's name.
        folder: String,
        /// What is wrong.
        reason: Text,
    },
    /// A write without the token, or with another.
    #[error("this service takes writes only with its token; send it as `Authorization: Bearer …`")]
    TokenNeeded,
    /// A write that another site's page sent.
    #[error("a page of another site sent this request; writes are taken from this site only")]
    CrossSite,
    /// A request that only somebody we know may send.
    #[error("sign in first; a program sends its key as `Authorization: Bearer …`")]
    SignInNeeded,
    /// A key that is unknown, has run out or was taken back.
    #[error(
        "this key is not known, has run out or was taken back; ask an administrator for another"
    )]
    KeyRefused,
    /// A name and a password that do not belong together.
    #[error("name or password is wrong")]
    WrongPassword,
    /// Too many tries to sign in.
    #[error("too many tries to sign in; wait {} minutes, then try again", retry_after_s.div_ceil(60))]
    TooManyTries {
        /// When the next try makes sense.
        retry_after_s: u64,
    },
    /// Somebody we know who may not do this.
    #[error(
        "your role or your key's scopes do not allow this; ask an administrator of your organisation"
    )]
    NotPermitted,
    /// No organisation has this id.
    #[error("no organisation has the id {id:?}; list them with GET /api/organisations")]
    NoSuchOrganisation {
        /// The id as it was given.
        id: String,
    },
    /// No account has this id.
    #[error("no account has the id {id:?}; list them with GET /api/users")]
    NoSuchUser {
        /// The id as it was given.
        id: String,
    },
    /// The organisation has no such key.
    #[error("the organisation has no key with the id {id:?}")]
    NoSuchKey {
        /// The id as it was given.
        id: String,
    },
    /// A name that must be unique and is not.
    #[error("the name {name:?} is taken; choose another")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A `Host` that this service does not go by.
    #[error(
        "this service does not go by the host name {host:?}; call it by its own, or start it with --public-url"
    )]
    WrongHost {
        /// The name as it was given.
        host: String,
    },
    /// More requests than one client may send.
    #[error("too many requests; try again in {wait_s} s")]
    TooManyRequests {
        /// Seconds until the next one is answered.
        wait_s: u64,
    },
    /// The disk is full.
    #[error("the server's disk is full; nothing was stored. Free some space, then send it again")]
    NoSpace,
    /// Configuration that cannot be served.
    #[error("{}", reason.en)]
    Configuration {
        /// What is wrong and what to do.
        reason: Text,
    },
    /// The store did not pass its start-up probe or cannot be opened.
    #[error("the object store {url} cannot be used: {reason}")]
    StoreUnusable {
        /// Its address, without credentials.
        url: String,
        /// What failed.
        reason: String,
    },
    /// The object store failed.
    #[error("the object store failed: {0}")]
    Store(#[source] object_store::Error),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[source] sqlx::Error),
    /// The local disk failed.
    #[error("{what}: {source}")]
    Io {
        /// What was being done to which file.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// A value in the database that this version cannot read.
    #[error("the database holds a {what} that cannot be read: {reason}")]
    Corrupt {
        /// Which value.
        what: &'static str,
        /// What the parser said.
        reason: String,
    },
}

impl Error {
    /// An input or output error while doing `what`; a full disk becomes [`Error::NoSpace`].
    pub(crate) fn io(what: impl Into<String>, source: io::Error) -> Self {
        if is_no_space(&source) {
            Self::NoSpace
        } else {
            Self::Io {
                what: what.into(),
                source,
            }
        }
    }

    /// Whether database or store could not be reached at all: both may be back in a moment.
    pub(crate) fn is_unreachable(&self) -> bool {
        match self {
            Self::Database(
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed,
            )
            | Self::Store(object_store::Error::Generic { .. }) => true,
            // PostgreSQL as it stops, was killed, or starts.
            Self::Database(sqlx::Error::Database(told)) => told
                .code()
                .is_some_and(|code| code.starts_with("57P") || code.starts_with("08")),
            _ => false,
        }
    }

    /// Whether the same attempt may well succeed later without anybody changing its input.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Database(_) | Self::Io { .. })
    }
}

impl From<object_store::Error> for Error {
    fn from(source: object_store::Error) -> Self {
        if is_no_space(&source) {
            Self::NoSpace
        } else {
            Self::Store(source)
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(source: sqlx::Error) -> Self {
        // SQLite's own code for a full disk is 13, PostgreSQL's 53100.
        let full = source
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| matches!(&*code, "13" | "53100"));
        if full || is_no_space(&source) {
            Self::NoSpace
        } else {
            Self::Database(source)
        }
    }
}

/// Whether a full disk or a used-up quota is anywhere in the chain of causes.
pub(crate) fn is_no_space(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            if matches!(
                io.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
            ) {
                return true;
            }
            // An I/O error's `source` skips the error that it wraps.
            if let Some(inner) = io.get_ref()
                && is_no_space(inner)
            {
                return true;
            }
        }
        next = error.source();
    }
    false
}

fn missing(kind: JobKind) -> Text {
    match kind {
        JobKind::Spin => Text::new(
            "sản phẩm chưa có ảnh nào; hãy tải ảnh lên trước",
            "the product has no photos yet; upload them first",
        ),
        JobKind::Model => Text::new(
            "sản phẩm chưa có ảnh hay mô hình nào; hãy tải ảnh hoặc tệp GLB lên trước",
            "the product has no photos and no model yet; upload photos or a GLB file first",
        ),
    }
}

impl Localize for Error {
    fn text(&self) -> Text {
        Text::new(self.vietnamese(), self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_found_however_deep_it_lies() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        assert!(matches!(Error::io("writing", full()), Error::NoSpace));
        let wrapped = io::Error::other(io::Error::other(full()));
        assert!(matches!(Error::io("writing", wrapped), Error::NoSpace));
        let stored = object_store::Error::Generic {
            store: "test",
            source: Box::new(full()),
        };
        assert!(matches!(Error::from(stored), Error::NoSpace));
        let other = io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(matches!(Error::io("writing", other), Error::Io { .. }));
    }

    #[test]
    fn what_is_away_is_told_from_what_is_wrong() {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let gone = object_store::Error::Generic {
            store: "test",
            source: Box::new(refused()),
        };
        assert!(Error::from(gone).is_unreachable());
        assert!(Error::from(sqlx::Error::PoolTimedOut).is_unreachable());
        assert!(Error::from(sqlx::Error::Io(refused())).is_unreachable());
        assert!(!Error::from(sqlx::Error::RowNotFound).is_unreachable());
        assert!(!Error::io("reading", refused()).is_unreachable());
    }

    #[test]
    fn messages_are_in_both_languages() {
        let error = Error::TooManyPhotos { limit: 2000 };
        let text = error.text();
        assert_eq!(text.en, error.to_string());
        assert!(text.vi.contains("nhiều nhất 2000 ảnh"));
    }
}
