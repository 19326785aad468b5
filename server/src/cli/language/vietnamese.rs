//! The Vietnamese words of the command line's help.

/// Vietnamese for a command's own sentence (`""`) and its arguments, by command and argument identifier.
pub(super) const VIETNAMESE: &[(&str, &str, &str)] = &[
    (
        "xoay",
        "",
        "Biến ảnh sản phẩm chụp trên bàn xoay thành ảnh xoay 360°, tối ưu mô hình 3D và phục vụ cả hai",
    ),
    (
        "xoay",
        "config",
        "Tệp thiết lập dạng TOML; tham số và biến môi trường được ưu tiên hơn",
    ),
    (
        "xoay",
        "json",
        "Ghi mỗi dòng một đối tượng JSON ra đầu ra chuẩn: tiến độ, lưu ý, kết quả hoặc lỗi",
    ),
    ("xoay", "quiet", "Không hiện tiến độ, chỉ hiện lưu ý và lỗi"),
    (
        "xoay",
        "lang",
        "Ngôn ngữ của thông báo, vi hoặc en; nếu không có thì theo LC_ALL, LC_MESSAGES hoặc LANG",
    ),
    (
        "spin",
        "",
        "Tạo ảnh xoay từ một thư mục ảnh chụp trên bàn xoay",
    ),
    (
        "spin",
        "photos",
        "Thư mục hoặc tệp zip chứa ảnh theo thứ tự tên tệp: JPEG, PNG, WebP hoặc TIFF",
    ),
    (
        "spin",
        "output",
        "Thư mục kết quả; chỉ xuất hiện khi đã trọn vẹn",
    ),
    (
        "spin",
        "widths",
        "Các chiều rộng tính bằng điểm ảnh, lớn nhất trước; không bao giờ lớn hơn ảnh gốc",
    ),
    ("spin", "formats", "Các định dạng cần nén"),
    (
        "spin",
        "rows",
        "Số hàng theo độ cao máy ảnh, hoặc số ảnh của từng hàng, khi ảnh của mọi hàng nằm chung một thư mục",
    ),
    (
        "spin",
        "clean_plate",
        "Ảnh bàn xoay trống: tên ảnh trong thư mục hoặc đường dẫn; có thể ghi cho từng hàng",
    ),
    (
        "spin",
        "direction",
        "Chiều quay của sản phẩm, nhìn từ trên xuống",
    ),
    (
        "spin",
        "arc",
        "Ảnh chỉ chụp một cung, không đủ vòng: ảnh cuối không nối với ảnh đầu",
    ),
    (
        "spin",
        "workers",
        "Số ảnh xử lý cùng lúc [mặc định: mỗi bộ xử lý một ảnh, ít hơn khi thiếu bộ nhớ]",
    ),
    (
        "spin",
        "memory",
        "Bộ nhớ dành cho ảnh đã giải nén, tính bằng MB",
    ),
    (
        "spin",
        "max_photo",
        "Ảnh lớn nhất được nhận, tính bằng megapixel",
    ),
    (
        "spin",
        "alt_vi",
        "Ảnh cho thấy gì, bằng tiếng Việt, dành cho người không nhìn thấy ảnh",
    ),
    (
        "spin",
        "background",
        "Nền phía sau sản phẩm: auto (trắng nếu tách nền chắc chắn), keep, white hoặc transparent [mặc định: auto]",
    ),
    (
        "spin",
        "margin",
        "Khoảng trống quanh sản phẩm, phần trăm khung hình [mặc định: 6]; với --no-crop thì giữ trọn ảnh",
    ),
    ("spin", "no_crop", "Không cắt khung hình theo sản phẩm"),
    (
        "spin",
        "no_equalize",
        "Giữ nguyên độ sáng và cân bằng trắng của từng ảnh",
    ),
    (
        "spin",
        "shadow",
        "Đặt sản phẩm trên một bóng mềm khi nền trắng",
    ),
    (
        "spin",
        "repair",
        "Sửa thứ tự: đổi lại các ảnh nằm nhầm chỗ, quay lại hàng bị ngược chiều",
    ),
    (
        "spin",
        "matte_model",
        "Mô hình ONNX giúp tách sản phẩm khỏi nền; cần bản dựng có tính năng onnx",
    ),
    (
        "spin",
        "quality",
        "Mức chất lượng cần đạt theo SSIMULACRA2, 30 đến 95 [mặc định: 76]",
    ),
    ("spin", "no_tiles", "Không tạo mảnh phóng to cho ảnh lớn"),
    (
        "spin",
        "contact_sheet",
        "Ghi thêm một ảnh gồm mọi khung hình vào tệp này: .webp, .jpg hoặc .png",
    ),
    (
        "spin",
        "mattes",
        "Ghi thêm mặt nạ của từng ảnh, theo điểm ảnh của ảnh gốc, thành PNG xám vào thư mục này",
    ),
    (
        "spin",
        "transforms",
        "Ghi thêm ma trận 2×3 từ ảnh gốc đến khung hình, dạng JSON, vào tệp này",
    ),
    ("spin", "alt_en", "Ảnh cho thấy gì, bằng tiếng Anh"),
    (
        "model",
        "",
        "Dựng mô hình 3D có hoa văn từ một thư mục ảnh chụp trên bàn xoay",
    ),
    (
        "model",
        "photos",
        "Thư mục hoặc tệp zip chứa ảnh theo thứ tự tên tệp: JPEG, PNG, WebP hoặc TIFF",
    ),
    (
        "model",
        "output",
        "Tệp .glb cần tạo, hoặc thư mục gồm mô hình, USDZ và ảnh bìa để xuất bản; chỉ xuất hiện khi đã trọn vẹn",
    ),
    (
        "model",
        "mat",
        "Thảm dưới sản phẩm: a4 hoặc a3 do xoay mat in ra, hoặc tệp JSON ghi các góc của những ô khác [mặc định: a4 hoặc a3 nếu thấy trong ảnh]",
    ),
    (
        "model",
        "unordered",
        "Ảnh không theo thứ tự: thảm cho biết thứ tự",
    ),
    #[cfg(feature = "gpu")]
    (
        "model",
        "gpu",
        "So ảnh bằng card đồ họa; nếu không có card phù hợp, bộ xử lý làm thay",
    ),
    (
        "model",
        "colmap",
        "Ghi thêm vị trí máy ảnh dạng tệp văn bản của COLMAP vào thư mục này",
    ),
    (
        "model",
        "report",
        "Ghi thêm những gì đã tính được và mức tin cậy, dạng JSON, vào tệp này",
    ),
    (
        "model",
        "work",
        "Thư mục giữ các phần đã xong, để lần chạy bị dừng có thể làm tiếp",
    ),
    (
        "model",
        "height",
        "Chiều cao sản phẩm tính bằng milimét: cho mô hình kích thước thật",
    ),
    (
        "model",
        "rows",
        "Số hàng theo độ cao máy ảnh, hoặc số ảnh của từng hàng, khi ảnh của mọi hàng nằm chung một thư mục",
    ),
    (
        "model",
        "clean_plate",
        "Ảnh bàn xoay trống: tên ảnh trong thư mục hoặc đường dẫn; có thể ghi cho từng hàng",
    ),
    (
        "model",
        "triangles",
        "Số tam giác nhiều nhất của mô hình [mặc định: 60000]",
    ),
    (
        "model",
        "texture_size",
        "Cạnh dài nhất của hoa văn tính bằng điểm ảnh [mặc định: 2048]",
    ),
    (
        "model",
        "spin",
        "Thư mục vòng xoay mà xoay spin làm từ cùng bộ ảnh: ghi vị trí máy ảnh của từng khung hình vào đó, để điểm ghi chú trên mô hình cũng nằm đúng chỗ trên ảnh",
    ),
    (
        "model",
        "sheet",
        "Ghi thêm hình các ảnh để riêng cạnh hình của mô hình vào thư mục này",
    ),
    (
        "mat",
        "",
        "Tạo tấm thảm để in và lót dưới sản phẩm: cho biết kích thước thật, mặt đế và vị trí máy ảnh của từng ảnh",
    ),
    ("mat", "output", "Tệp PDF cần tạo"),
    ("mat", "paper", "Khổ giấy [mặc định: a4]"),
    (
        "inspect",
        "",
        "Cho biết ảnh nào trong vòng xoay cần chụp lại, và vì sao",
    ),
    (
        "inspect",
        "photos",
        "Thư mục ảnh theo thứ tự tên tệp: JPEG, PNG, WebP hoặc TIFF",
    ),
    (
        "inspect",
        "rows",
        "Số hàng theo độ cao máy ảnh, khi ảnh của mọi hàng nằm chung một thư mục",
    ),
    (
        "inspect",
        "arc",
        "Ảnh chỉ chụp một cung, không đủ vòng: ảnh cuối không nối với ảnh đầu",
    ),
    (
        "inspect",
        "workers",
        "Số ảnh xử lý cùng lúc [mặc định: mỗi bộ xử lý một ảnh, ít hơn khi thiếu bộ nhớ]",
    ),
    (
        "inspect",
        "memory",
        "Bộ nhớ dành cho ảnh đã giải nén, tính bằng MB",
    ),
    (
        "inspect",
        "max_photo",
        "Ảnh lớn nhất được nhận, tính bằng megapixel",
    ),
    (
        "export",
        "",
        "Xuất ảnh xoay đã xong thành zip cho sàn thương mại, WebP động hoặc MP4",
    ),
    ("export", "spin", "Thư mục mà xoay spin đã tạo"),
    (
        "export",
        "output",
        "Tệp cần tạo; phần đuôi cho biết dạng: .zip, .webp hoặc .mp4 (cần ffmpeg)",
    ),
    (
        "export",
        "frames",
        "Số khung hình, chia đều vòng xoay [mặc định: 24 trong zip, 36 trong WebP, tất cả trong MP4]",
    ),
    (
        "export",
        "size",
        "Cạnh dài nhất tính bằng điểm ảnh; ảnh không bao giờ bị phóng to",
    ),
    ("export", "square", "Zip: thêm lề để ảnh thành hình vuông"),
    ("export", "preset", "Zip: theo yêu cầu của một sàn"),
    (
        "export",
        "name",
        "Zip: phần đầu của tên ảnh [mặc định: tên tệp zip]",
    ),
    (
        "export",
        "row",
        "Hàng độ cao máy ảnh nào, tính từ 1 là thấp nhất [mặc định: 1]",
    ),
    (
        "export",
        "turn_seconds",
        "WebP và MP4: số giây của một vòng xoay [mặc định: 6]",
    ),
    ("export", "turns", "MP4: số vòng xoay [mặc định: 2]"),
    ("optimize", "", "Làm một mô hình 3D đủ nhẹ cho trang web"),
    (
        "optimize",
        "model",
        "Mô hình: .glb, .gltf, .obj, .ply hoặc .stl, cùng các tệp bên cạnh",
    ),
    (
        "optimize",
        "output",
        "Tệp .glb đã tối ưu; nếu kết thúc bằng dấu gạch chéo thì là thư mục gồm mô hình, ảnh bìa và bản kê",
    ),
    (
        "optimize",
        "texture_size",
        "Cạnh dài nhất của hoa văn tính bằng điểm ảnh",
    ),
    (
        "optimize",
        "texture_format",
        "Định dạng hoa văn [mặc định: webp]",
    ),
    (
        "optimize",
        "compression",
        "Cách nén hình khối [mặc định: ext]",
    ),
    (
        "optimize",
        "max_triangles",
        "Bớt tam giác cho đến khi còn nhiều nhất chừng này",
    ),
    (
        "optimize",
        "simplify_error",
        "Bớt tam giác với sai lệch nhiều nhất chừng này, phần trăm bề rộng của từng phần [mặc định khi có --max-triangles: 5]",
    ),
    (
        "optimize",
        "max_bytes",
        "Tệp lớn nhất chừng này byte, giảm hoa văn trước rồi đến tam giác",
    ),
    (
        "optimize",
        "keep_nodes",
        "Giữ riêng các nút và lưới cùng tên của chúng, dù có thể vẽ gộp làm một",
    ),
    (
        "optimize",
        "tangents",
        "Xử lý tiếp tuyến: bỏ phần trình xem tự tính được, giữ hết, hoặc tạo phần còn thiếu [mặc định: prune]",
    ),
    (
        "optimize",
        "lods",
        "Thêm chừng này mức chi tiết, mức sau bằng nửa số tam giác của mức trước (MSFT_lod)",
    ),
    (
        "optimize",
        "likeness",
        "Điểm giống bản gốc thấp nhất, tối đa 100, hoặc off để không vẽ và so [mặc định: 50]",
    ),
    (
        "optimize",
        "units",
        "Đơn vị đo trong tệp OBJ, PLY và STL [mặc định: mm với STL, m với các loại khác]",
    ),
    (
        "optimize",
        "up",
        "Trục hướng lên trong tệp OBJ, PLY và STL [mặc định: z với STL, y với các loại khác]",
    ),
    ("optimize", "report", "Ghi thêm báo cáo JSON vào tệp này"),
    (
        "completions",
        "",
        "In kịch bản tự hoàn thành lệnh cho shell",
    ),
    ("completions", "shell", "Shell nào"),
];
