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
            "sản phẩm chưa có mô hình; hãy tải tệp GLB lên trước",
            "the product has no model yet; upload a GLB file first",
        ),
    }
}

impl Localize for Error {
    fn text(&self) -> Text {
        Text::new(self.vietnamese(), self.to_string())
    }
}

impl Error {
    #[expect(clippy::too_many_lines, reason = "a line or two for each error")]
    fn vietnamese(&self) -> String {
        match self {
            Self::NoSuchAddress => "không có gì ở địa chỉ này; hãy kiểm tra lại".into(),
            Self::Method { method } => format!("địa chỉ này không nhận phương thức {method}"),
            Self::NoSuchProduct { id } => {
                format!("không có sản phẩm nào mang mã {id:?}; xem danh sách bằng GET /api/products")
            }
            Self::NoSuchJob { id } => format!(
                "không có tác vụ nào mang mã {id:?}; xem tác vụ của sản phẩm bằng GET /api/products/{{id}}"
            ),
            Self::NoSuchPhoto { name } => format!("sản phẩm không có ảnh nào tên {name:?}"),
            Self::NotPublished => "sản phẩm này chưa được xuất bản".into(),
            Self::NoResult { state } => {
                let state = match *state {
                    "queued" => "đang chờ",
                    "running" => "đang chạy",
                    "failed" => "bị lỗi",
                    "cancelled" => "đã hủy",
                    _ => "đã xong",
                };
                format!("tác vụ này không có kết quả: {state}")
            }
            Self::NoSuchObject => "không có tệp nào mang tên này".into(),
            Self::NoSuchFormat => "địa chỉ này chỉ trả lời bằng JSON; hãy hỏi với format=json".into(),
            Self::Malformed { reason } => format!("không đọc được yêu cầu: {reason}"),
            Self::Field { field, rule } => format!("{field}: {}", rule.vi),
            Self::PhotoName { name, rule } => format!("không nhận tên ảnh {name:?}: {}", rule.vi),
            Self::NotAPhoto { name } => format!(
                "{name:?} không phải là ảnh: các byte đầu không thuộc tệp JPEG, PNG, WebP hay TIFF nào; \
                 hãy gửi tệp gốc từ máy ảnh"
            ),
            Self::NotAModel { reason } => format!("không nhận mô hình: {}", reason.vi),
            Self::FileTooLarge { name, limit_bytes } => {
                format!("{name:?} lớn hơn {limit_bytes} byte, mức tối đa của một tệp")
            }
            Self::TooManyPhotos { limit } => {
                format!("một sản phẩm có nhiều nhất {limit} ảnh; hãy xóa bớt")
            }
            Self::CaptureTooLarge { limit_bytes } => {
                format!("ảnh của một sản phẩm có tổng cộng nhiều nhất {limit_bytes} byte; hãy xóa bớt")
            }
            Self::UploadBroken { name } => {
                format!("việc tải {name:?} lên bị ngắt; không có gì được giữ lại, hãy gửi lại")
            }
            Self::NoSuchUpload { id } => format!(
                "không có lượt tải lên nào mang mã {id:?}: đã kết thúc hoặc quá hạn; hãy bắt đầu lại"
            ),
            Self::UploadHeader { header, rule } => format!("tiêu đề {header}: {}", rule.vi),
            Self::UploadVersion => {
                "tải lên từng phần theo giao thức tus 1.0.0; hãy gửi `Tus-Resumable: 1.0.0`".into()
            }
            Self::UploadOffset {
                offset_bytes,
                given_bytes,
            } => format!(
                "lượt tải lên đang ở byte {offset_bytes}, phần này bắt đầu ở {given_bytes}; hãy hỏi vị trí bằng HEAD"
            ),
            Self::UploadCut { name } => format!(
                "việc tải {name:?} lên bị ngắt; phần đã đến được giữ lại: hãy hỏi vị trí bằng HEAD rồi gửi tiếp"
            ),
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

            Self::UploadBusy => {
                "một yêu cầu khác đang ghi lượt tải lên này; hãy thử lại sau giây lát".into()
            }
            Self::UploadDamaged { name } => format!(
                "{name:?} đến nơi bị hỏng: không khớp SHA-256 đã báo; hãy tải lên lại từ đầu"
            ),
            Self::UploadChecksum { name } => format!(
                "một phần của {name:?} đến nơi bị hỏng: không khớp mã kiểm tra đã báo; hãy gửi lại phần đó"
            ),
            Self::RequestTooLarge => "yêu cầu lớn hơn mức mà địa chỉ này nhận".into(),
            Self::NothingToWorkOn { kind } => missing(*kind).vi,
            Self::NothingToPublish => {
                "chưa có gì để xuất bản: chưa tác vụ nào của sản phẩm này thành công; hãy chạy một tác vụ trước".into()
            }
            Self::Result { folder, reason } => format!("{folder}: {}", reason.vi),
            Self::TokenNeeded => {
                "dịch vụ chỉ nhận thay đổi kèm mã truy cập; hãy gửi trong `Authorization: Bearer …`".into()
            }
            Self::CrossSite => {
                "yêu cầu này đến từ trang của một trang web khác; chỉ nhận thay đổi từ chính trang này".into()
            }
            Self::SignInNeeded => {
                "hãy đăng nhập trước; chương trình thì gửi khóa của mình trong `Authorization: Bearer …`".into()
            }
            Self::KeyRefused => {
                "khóa này không có, đã hết hạn hoặc đã bị thu hồi; hãy xin quản trị viên một khóa khác".into()
            }
            Self::WrongPassword => "sai tên đăng nhập hoặc mật khẩu".into(),
            Self::TooManyTries { retry_after_s } => format!(
                "đăng nhập sai quá nhiều lần; hãy chờ {} phút rồi thử lại",
                retry_after_s.div_ceil(60)
            ),
            Self::NotPermitted => {
                "vai trò của bạn hoặc phạm vi của khóa không cho phép việc này; \
                 hãy hỏi quản trị viên của tổ chức".into()
            }
            Self::NoSuchOrganisation { id } => format!(
                "không có tổ chức nào mang mã {id:?}; xem danh sách bằng GET /api/organisations"
            ),
            Self::NoSuchUser { id } => {
                format!("không có tài khoản nào mang mã {id:?}; xem danh sách bằng GET /api/users")
            }
            Self::NoSuchKey { id } => format!("tổ chức không có khóa nào mang mã {id:?}"),
            Self::NameTaken { name } => format!("tên {name:?} đã có người dùng; hãy chọn tên khác"),
            Self::WrongHost { host } => format!(
                "dịch vụ này không mang tên miền {host:?}; hãy gọi đúng tên, hoặc khởi động với --public-url"
            ),
            Self::TooManyRequests { wait_s } => {
                format!("quá nhiều yêu cầu; hãy thử lại sau {wait_s} giây")
            }
            Self::NoSpace => {
                "ổ đĩa của máy chủ đã đầy; không có gì được lưu. Hãy giải phóng dung lượng rồi gửi lại".into()
            }
            Self::Configuration { reason } => reason.vi.clone(),
            Self::StoreUnusable { url, reason } => format!("không dùng được kho tệp {url}: {reason}"),
            Self::Store(source) => format!("kho tệp gặp lỗi: {source}"),
            Self::Database(source) => format!("cơ sở dữ liệu gặp lỗi: {source}"),
            Self::Io { what, source } => format!("{what}: {source}"),
            Self::Corrupt { what, reason } => {
                format!("cơ sở dữ liệu có {what} không đọc được: {reason}")
            }
        }
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
    fn messages_are_in_both_languages() {
        let error = Error::TooManyPhotos { limit: 2000 };
        let text = error.text();
        assert_eq!(text.en, error.to_string());
        assert!(text.vi.contains("nhiều nhất 2000 ảnh"));
    }
}
