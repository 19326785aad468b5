//! The Vietnamese words of the help of commands of the service.

/// As [`super::vietnamese::VIETNAMESE`], for the service's commands.
pub(super) const VIETNAMESE_SERVICE: &[(&str, &str, &str)] = &[
    (
        "publish",
        "",
        "Xuất bản ảnh xoay, mô hình hoặc cả hai thành một sản phẩm, không cần dịch vụ",
    ),
    ("publish", "data", "Thư mục dữ liệu của dịch vụ"),
    (
        "publish",
        "database",
        "Cơ sở dữ liệu, postgres://người.dùng:mật.khẩu@máy.chủ/tên [mặc định: một tệp trong thư mục dữ liệu]",
    ),
    (
        "publish",
        "store",
        "Nơi lưu đối tượng: file:///thư-mục hoặc s3://bucket/tiền-tố [mặc định: trong thư mục dữ liệu]",
    ),
    (
        "publish",
        "slug",
        "Tên ngắn của sản phẩm trong địa chỉ; xuất bản lại dưới tên này tạo phiên bản mới",
    ),
    ("publish", "name_vi", "Tên sản phẩm bằng tiếng Việt"),
    ("publish", "name_en", "Tên sản phẩm bằng tiếng Anh"),
    (
        "publish",
        "producer_vi",
        "Chủ thể sản xuất, bằng tiếng Việt",
    ),
    ("publish", "producer_en", "Chủ thể sản xuất, bằng tiếng Anh"),
    (
        "publish",
        "commune_vi",
        "Xã, phường nơi làm ra sản phẩm, bằng tiếng Việt",
    ),
    (
        "publish",
        "commune_en",
        "Xã, phường nơi làm ra sản phẩm, bằng tiếng Anh",
    ),
    ("publish", "spin", "Thư mục do `xoay spin` ghi ra"),
    (
        "publish",
        "model",
        "Thư mục do `xoay optimize -o thư-mục/` ghi ra",
    ),
    (
        "upload",
        "",
        "Gửi một thư mục ảnh, một mô hình hoặc cả hai tới dịch vụ; bị ngắt giữa chừng thì gửi tiếp từ chỗ dừng",
    ),
    (
        "upload",
        "folder",
        "Thư mục ảnh, mỗi hàng một thư mục con nếu có nhiều hàng; hoặc một tệp",
    ),
    ("upload", "to", "Địa chỉ của dịch vụ"),
    (
        "upload",
        "product",
        "Mã sản phẩm hoặc tên ngắn của sản phẩm trong địa chỉ",
    ),
    ("upload", "token", "Mã truy cập của dịch vụ, nếu có"),
    ("upload", "parallel", "Số tệp gửi cùng lúc"),
    (
        "upload",
        "patience",
        "Bỏ cuộc sau chừng này giây không có tiến triển",
    ),
    (
        "serve",
        "",
        "Phục vụ xưởng số hóa, trang sản phẩm, trình xem và giao diện HTTP",
    ),
    (
        "serve",
        "data",
        "Thư mục chứa cơ sở dữ liệu và, theo mặc định, các đối tượng; tự tạo khi chưa có",
    ),
    (
        "serve",
        "database",
        "Cơ sở dữ liệu, postgres://người.dùng:mật.khẩu@máy.chủ/tên [mặc định: một tệp trong thư mục dữ liệu]",
    ),
    (
        "serve",
        "store",
        "Nơi lưu đối tượng: file:///thư-mục hoặc s3://bucket/tiền-tố [mặc định: trong thư mục dữ liệu]",
    ),
    ("serve", "listen", "Địa chỉ lắng nghe"),
    (
        "serve",
        "public_url",
        "Địa chỉ mà người xem dùng, khi có máy chủ trung gian đứng trước",
    ),
    (
        "serve",
        "token",
        "Mã mà người vận hành gửi kèm (bearer token); ngoài máy này thì cần mã này hoặc một tài khoản",
    ),
    (
        "serve",
        "oidc_issuer",
        "Nhà cung cấp danh tính để đăng nhập một lần (OpenID Connect), đúng như tên nó tự xưng",
    ),
    (
        "serve",
        "oidc_client_id",
        "Mã mà nhà cung cấp danh tính dùng cho dịch vụ này",
    ),
    (
        "serve",
        "oidc_client_secret",
        "Bí mật chứng minh mã đó với nhà cung cấp; máy khách công khai thì không có",
    ),
    (
        "serve",
        "oidc_roles",
        "Ai được tạo tài khoản khi đăng nhập lần đầu: tên.miền=vai_trò theo địa chỉ đã xác minh, cách nhau bằng dấu phẩy; không đặt thì không ai",
    ),
    (
        "serve",
        "metrics_listen",
        "Địa chỉ để Prometheus lấy /metrics; không đặt thì không có",
    ),
    (
        "serve",
        "rate_limit",
        "Số yêu cầu mỗi giây của một máy khách, không kể đối tượng và trình xem; 0 là không giới hạn",
    ),
    (
        "serve",
        "trusted_hops",
        "Số máy chủ trung gian phía trước có ghi thêm địa chỉ máy khách vào X-Forwarded-For",
    ),
    ("serve", "cache", "Số megabyte đối tượng giữ trong bộ nhớ"),
    (
        "serve",
        "upload_hours",
        "Số giờ giữ một lượt tải lên dở dang kể từ phần cuối cùng",
    ),
    (
        "serve",
        "workers",
        "Số tác vụ chạy cùng lúc; 0 là để các tiến trình khác làm",
    ),
    (
        "serve",
        "spin_workers",
        "Số tác vụ ảnh xoay nhiều nhất trong số đó [mặc định: tất cả]",
    ),
    (
        "serve",
        "model_workers",
        "Số tác vụ mô hình nhiều nhất trong số đó [mặc định: tất cả]",
    ),
    (
        "serve",
        "job_memory",
        "Số megabyte bộ nhớ mà một tác vụ được dùng",
    ),
    ("serve", "job_time", "Số giây mà một tác vụ được chạy"),
    ("serve", "log_json", "Ghi nhật ký dạng JSON"),
    (
        "serve",
        "otlp_endpoint",
        "Bộ thu OpenTelemetry nhận vết (OTLP qua HTTP); không đặt thì không gửi",
    ),
    ("user", "", "Quản lý tài khoản của một dịch vụ"),
    (
        "add",
        "",
        "Thêm tài khoản. Mật khẩu được gõ mà không hiện ra, hoặc đọc từ đầu vào chuẩn",
    ),
    (
        "add",
        "name",
        "Tên để đăng nhập: chữ không dấu, số, dấu chấm, gạch dưới, gạch nối hoặc @",
    ),
    (
        "add",
        "full_name",
        "Tên mà đồng nghiệp gọi [mặc định: tên đăng nhập]",
    ),
    ("add", "administrator", "Người này quản trị cả dịch vụ"),
    (
        "add",
        "role",
        "Vai trò trong tổ chức mà dịch vụ nào cũng có",
    ),
    ("add", "data", "Thư mục dữ liệu của dịch vụ"),
    (
        "add",
        "database",
        "Cơ sở dữ liệu, postgres://người.dùng:mật.khẩu@máy.chủ/tên [mặc định: một tệp trong thư mục dữ liệu]",
    ),
    (
        "worker",
        "",
        "Làm các tác vụ của một dịch vụ vốn để lại cho tiến trình khác",
    ),
    ("worker", "data", "Thư mục dữ liệu của dịch vụ"),
    (
        "worker",
        "database",
        "Cơ sở dữ liệu, postgres://người-dùng:mật-khẩu@máy/tên [mặc định: một tệp trong thư mục dữ liệu]",
    ),
    (
        "worker",
        "store",
        "Nơi lưu đối tượng: file:///thư-mục hoặc s3://bucket/tiền-tố [mặc định: trong thư mục dữ liệu]",
    ),
    (
        "worker",
        "workers",
        "Số tác vụ chạy cùng lúc; 0 là để các tiến trình khác làm",
    ),
    (
        "worker",
        "spin_workers",
        "Số tác vụ ảnh xoay nhiều nhất trong số đó [mặc định: tất cả]",
    ),
    (
        "worker",
        "model_workers",
        "Số tác vụ mô hình nhiều nhất trong số đó [mặc định: tất cả]",
    ),
    (
        "worker",
        "job_memory",
        "Số megabyte bộ nhớ mà một tác vụ được dùng",
    ),
    ("worker", "job_time", "Số giây mà một tác vụ được chạy"),
    ("worker", "log_json", "Ghi nhật ký dạng JSON"),
    (
        "worker",
        "otlp_endpoint",
        "Bộ thu OpenTelemetry nhận vết (OTLP qua HTTP); không đặt thì không gửi",
    ),
    (
        "verify",
        "",
        "Đối chiếu từng byte trong kho với mã băm, và cơ sở dữ liệu với kho; mã kết thúc 3 kèm tên những gì sai",
    ),
    ("verify", "data", "Thư mục dữ liệu của dịch vụ"),
    (
        "verify",
        "database",
        "Cơ sở dữ liệu, postgres://người-dùng:mật-khẩu@máy/tên [mặc định: một tệp trong thư mục dữ liệu]",
    ),
    (
        "verify",
        "store",
        "Nơi lưu đối tượng: file:///thư-mục hoặc s3://bucket/tiền-tố [mặc định: trong thư mục dữ liệu]",
    ),
    (
        "verify",
        "collect",
        "Sau đó chuyển những gì không còn ai dùng vào thùng rác, và dọn khỏi thùng rác những gì đã nằm lâu như thế",
    ),
    ("verify", "grace", "Phải cũ chừng này giờ mới dọn"),
    (
        "backup",
        "",
        "Sao lưu cơ sở dữ liệu và các đối tượng vào một thư mục có thể chạy thay bản chính",
    ),
    ("backup", "data", "Thư mục dữ liệu của dịch vụ"),
    (
        "backup",
        "database",
        "Cơ sở dữ liệu, postgres://người-dùng:mật-khẩu@máy/tên [mặc định: một tệp trong thư mục dữ liệu]",
    ),
    (
        "backup",
        "store",
        "Nơi lưu đối tượng: file:///thư-mục hoặc s3://bucket/tiền-tố [mặc định: trong thư mục dữ liệu]",
    ),
    (
        "backup",
        "to",
        "Thư mục cho bản sao; bản sao cũ trong đó được cập nhật",
    ),
];
