//! Every refusal and failure in Vietnamese.

use super::{Error, missing};

impl Error {
    #[expect(clippy::too_many_lines, reason = "a line or two for each error")]
    pub(super) fn vietnamese(&self) -> String {
        match self {
            Self::NoSuchAddress => "không có gì ở địa chỉ này; hãy kiểm tra lại".into(),
            Self::Method { method } => format!("địa chỉ này không nhận phương thức {method}"),
            Self::NoSuchProduct { id } => {
                format!("không có sản phẩm nào mang mã {id:?}; xem danh sách bằng GET /api/products")
            }
            Self::NoSuchJob { id } => format!(
                "không có tác vụ nào mang mã {id:?}; xem tác vụ của sản phẩm bằng GET /api/products/{{id}}"
            ),
            Self::NoSuchProducer { id } => format!(
                "không có cơ sở sản xuất nào mang mã {id:?}; xem danh sách bằng GET /api/producers"
            ),
            Self::ProducerInUse { products } => format!(
                "không xóa được cơ sở sản xuất: còn {products} sản phẩm của cơ sở này; \
                 hãy chuyển chúng sang cơ sở khác trước"
            ),
            Self::RegistrationTaken { code } => format!(
                "một cơ sở sản xuất khác của tổ chức đã mang mã số đăng ký {code}; \
                 hãy tìm bằng GET /api/producers?q={code}"
            ),
            Self::NoSuchCapture { id } => format!(
                "sản phẩm không có lần chụp nào mang mã {id:?}; xem danh sách bằng GET /api/products/{{id}}/captures"
            ),
            Self::CaptureInUse => {
                "không xóa được lần chụp: còn ảnh, đang được xử lý, hoặc là lần chụp duy nhất của sản phẩm; \
                 hãy xóa ảnh trước".into()
            }
            Self::TooManyCaptures { limit } => {
                format!("một sản phẩm có nhiều nhất {limit} lần chụp; hãy xóa bớt lần chụp trống")
            }
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
