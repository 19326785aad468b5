//! Errors as RFC 9457 problem details: the one place that knows their HTTP status.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use xoay_format::{Language, Localize, Text};

use crate::Error;

/// When to ask again a service that cannot reach database or store.
const RETRY_AFTER_S: u64 = 5;

/// An error on its way out. The response gets its body where the client's language is known.
#[derive(Clone)]
pub(super) struct Problem(Arc<Error>);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = status(&self).into_response();
        response.extensions_mut().insert(Problem(Arc::new(self)));
        response
    }
}

/// Writes the body of a response that carries a [`Problem`].
pub(super) fn write(mut response: Response, language: Language, request_id: &str) -> Response {
    let Some(Problem(error)) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let status = response.status();
    if status.is_server_error() {
        tracing::error!(request_id, %error, "request failed");
    }
    let code = code(&error);
    let body = Details {
        kind: format!("urn:xoay:problem:{code}"),
        title: title(status).localize(language),
        status: status.as_u16(),
        // What store and database say is for the log only.
        detail: match status {
            StatusCode::INTERNAL_SERVER_ERROR => constant().localize(language),
            StatusCode::SERVICE_UNAVAILABLE => away().localize(language),
            _ => error.localize(language),
        },
        code,
        request_id,
    };
    let json = serde_json::to_vec(&body).unwrap_or_default(); // plain strings and a number always serialise
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(
        header::CONTENT_LANGUAGE,
        HeaderValue::from_static(language.tag()),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.remove(header::CONTENT_LENGTH);
    match &*error {
        Error::TooManyTries { retry_after_s } => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(*retry_after_s));
        }
        Error::TokenNeeded | Error::SignInNeeded | Error::KeyRefused => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Error::TooManyRequests { wait_s } => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(*wait_s));
        }
        error if error.is_unreachable() => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
        }
        Error::UploadVersion => {
            headers.insert("tus-version", HeaderValue::from_static("1.0.0"));
        }
        // The rest of a refused upload is not read: the connection cannot be used again.
        Error::FileTooLarge { .. } | Error::NoSpace | Error::UploadBusy => {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    *response.body_mut() = Body::from(json);
    response
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    detail: String,
    code: &'a str,
    request_id: &'a str,
}

fn status(error: &Error) -> StatusCode {
    match error {
        away if away.is_unreachable() => StatusCode::SERVICE_UNAVAILABLE,
        Error::NoSuchAddress
        | Error::NoSuchProduct { .. }
        | Error::NoSuchJob { .. }
        | Error::NoSuchPhoto { .. }
        | Error::NoSuchProducer { .. }
        | Error::NoSuchCapture { .. }
        | Error::NoSuchOrganisation { .. }
        | Error::NoSuchUser { .. }
        | Error::NoSuchKey { .. }
        | Error::NoSuchUpload { .. }
        | Error::NotPublished
        | Error::NoSuchObject => StatusCode::NOT_FOUND,
        Error::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
        Error::Field { .. } | Error::PhotoName { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Error::FileTooLarge { .. } | Error::CaptureTooLarge { .. } | Error::RequestTooLarge => {
            StatusCode::PAYLOAD_TOO_LARGE
        }
        Error::NotAPhoto { .. }
        | Error::NotAModel { .. }
        | Error::UploadHeader {
            header: "content-type",
            ..
        } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Error::Malformed { .. }
        | Error::UploadBroken { .. }
        | Error::UploadCut { .. }
        | Error::UploadHeader { .. } => StatusCode::BAD_REQUEST,
        Error::UploadVersion => StatusCode::PRECONDITION_FAILED,
        Error::UploadBusy => StatusCode::LOCKED,
        // The protocol's own.
        Error::UploadChecksum { .. } | Error::UploadDamaged { .. } => {
            StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST)
        }
        Error::UploadOffset { .. }
        | Error::TooManyPhotos { .. }
        | Error::NothingToWorkOn { .. }
        | Error::NothingToPublish
        | Error::NameTaken { .. }
        | Error::ProducerInUse { .. }
        | Error::RegistrationTaken { .. }
        | Error::CaptureInUse
        | Error::TooManyCaptures { .. }
        | Error::NoResult { .. } => StatusCode::CONFLICT,
        Error::TokenNeeded | Error::SignInNeeded | Error::KeyRefused | Error::WrongPassword => {
            StatusCode::UNAUTHORIZED
        }
        Error::CrossSite | Error::NotPermitted => StatusCode::FORBIDDEN,
        Error::TooManyTries { .. } | Error::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::WrongHost { .. } => StatusCode::MISDIRECTED_REQUEST,
        Error::NoSpace => StatusCode::INSUFFICIENT_STORAGE,
        Error::NoSuchFormat => StatusCode::NOT_IMPLEMENTED,
        Error::Result { .. }
        | Error::Configuration { .. }
        | Error::StoreUnusable { .. }
        | Error::Store(_)
        | Error::Database(_)
        | Error::Io { .. }
        | Error::Corrupt { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn code(error: &Error) -> &'static str {
    match error {
        away if away.is_unreachable() => "unavailable",
        Error::NoSuchAddress => "no-such-address",
        Error::Method { .. } => "method-not-allowed",
        Error::NoSuchProduct { .. } => "no-such-product",
        Error::NoSuchJob { .. } => "no-such-job",
        Error::NoSuchPhoto { .. } => "no-such-photo",
        Error::NoSuchProducer { .. } => "no-such-producer",
        Error::ProducerInUse { .. } => "producer-in-use",
        Error::RegistrationTaken { .. } => "registration-taken",
        Error::NoSuchCapture { .. } => "no-such-capture",
        Error::CaptureInUse => "capture-in-use",
        Error::TooManyCaptures { .. } => "too-many-captures",
        Error::NotPublished => "not-published",
        Error::NoResult { .. } => "no-result",
        Error::NoSuchObject => "no-such-object",
        Error::NoSuchFormat => "no-such-format",
        Error::Malformed { .. } => "malformed",
        Error::Field { .. } => "invalid-field",
        Error::PhotoName { .. } => "invalid-photo-name",
        Error::NotAPhoto { .. } => "not-a-photo",
        Error::NotAModel { .. } => "not-a-model",
        Error::FileTooLarge { .. } => "file-too-large",
        Error::TooManyPhotos { .. } => "too-many-photos",
        Error::CaptureTooLarge { .. } => "capture-too-large",
        Error::UploadBroken { .. } => "upload-broken",
        Error::UploadCut { .. } => "upload-cut",
        Error::NoSuchUpload { .. } => "no-such-upload",
        Error::UploadHeader { .. } => "upload-header",
        Error::UploadVersion => "upload-version",
        Error::UploadOffset { .. } => "upload-offset",
        Error::UploadBusy => "upload-busy",
        Error::UploadChecksum { .. } => "upload-checksum",
        Error::UploadDamaged { .. } => "upload-damaged",
        Error::RequestTooLarge => "request-too-large",
        Error::NothingToWorkOn { .. } => "nothing-to-work-on",
        Error::NothingToPublish => "nothing-to-publish",
        Error::TokenNeeded => "token-needed",
        Error::SignInNeeded => "sign-in-needed",
        Error::KeyRefused => "key-refused",
        Error::WrongPassword => "wrong-password",
        Error::TooManyTries { .. } => "too-many-tries",
        Error::NotPermitted => "not-permitted",
        Error::NoSuchOrganisation { .. } => "no-such-organisation",
        Error::NoSuchUser { .. } => "no-such-user",
        Error::NoSuchKey { .. } => "no-such-key",
        Error::NameTaken { .. } => "name-taken",
        Error::CrossSite => "cross-site",
        Error::WrongHost { .. } => "wrong-host",
        Error::TooManyRequests { .. } => "too-many-requests",
        Error::NoSpace => "no-space",
        _ => "internal",
    }
}

fn title(status: StatusCode) -> Text {
    match status.as_u16() {
        404 => Text::new("Không tìm thấy", "Not found"),
        405 => Text::new("Sai phương thức", "Method not allowed"),
        401 => Text::new("Cần đăng nhập", "Sign-in needed"),
        403 => Text::new("Bị từ chối", "Refused"),
        412 => Text::new("Sai phiên bản", "Wrong version"),
        429 => Text::new("Quá nhiều yêu cầu", "Too many requests"),
        423 => Text::new("Đang bận", "Busy"),
        460 => Text::new("Dữ liệu hỏng", "Damaged data"),
        409 => Text::new("Chưa thể thực hiện", "Not possible now"),
        413 => Text::new("Quá lớn", "Too large"),
        415 => Text::new("Sai loại tệp", "Wrong file type"),
        421 => Text::new("Sai tên miền", "Wrong host name"),
        507 => Text::new("Hết dung lượng", "Out of space"),
        500..=599 => Text::new("Lỗi máy chủ", "Server error"),
        _ => Text::new("Yêu cầu không hợp lệ", "Invalid request"),
    }
}

fn away() -> Text {
    Text::new(
        "máy chủ tạm thời không truy cập được nơi lưu dữ liệu; không có gì bị mất. Hãy thử lại sau ít giây",
        "the server cannot reach its data for the moment; nothing is lost. Try again in a few seconds",
    )
}

fn constant() -> Text {
    Text::new(
        "máy chủ gặp lỗi; hãy thử lại sau ít phút. Mã yêu cầu giúp người vận hành tìm nguyên nhân trong nhật ký",
        "the server failed; try again in a few minutes. The request id helps its operator to find the cause in the log",
    )
}

impl From<JsonRejection> for Error {
    fn from(rejection: JsonRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return Self::RequestTooLarge;
        }
        Self::Malformed {
            reason: rejection.body_text(),
        }
    }
}

impl From<PathRejection> for Error {
    fn from(rejection: PathRejection) -> Self {
        Self::Malformed {
            reason: rejection.body_text(),
        }
    }
}

impl From<QueryRejection> for Error {
    fn from(rejection: QueryRejection) -> Self {
        Self::Malformed {
            reason: rejection.body_text(),
        }
    }
}
