//! The command line in the user's language: which it is, the Vietnamese help, and usage errors.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};
use xoay_format::Language;

use super::args::Arguments;
use super::exit::Code;
use super::terminal::print_error;

/// The language of messages: `--lang` on the command line, else POSIX's order of locale variables.
pub fn of_environment(arguments: impl Iterator<Item = OsString>) -> Language {
    let arguments: Vec<_> = arguments
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let asked = arguments.iter().enumerate().find_map(|(at, argument)| {
        argument
            .strip_prefix("--lang=")
            .map(str::to_owned)
            .or_else(|| (argument == "--lang").then(|| arguments.get(at + 1).cloned())?)
    });
    if let Some(language) = asked.and_then(|tag| tag.parse().ok()) {
        return language;
    }
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .map_or(Language::En, |locale| Language::from_tag(&locale))
}

/// The command line's description in `language`.
pub fn command(language: Language) -> Command {
    let command = Arguments::command();
    let command = examples(command, language);
    match language {
        Language::En => command,
        Language::Vi => vietnamese(command, "xoay"),
    }
}

const EXAMPLES: &[(&str, &str, &str)] = &[
    (
        "xoay",
        "Examples:
  xoay spin photos/ -o spin/                     36 photos to a spin, all defaults
  xoay inspect photos/                           which photos to take again
  xoay optimize jar.glb -o jar-web.glb           a model made light
  xoay publish --slug jar --name-vi \"Mật ong\" --spin spin/
  xoay serve                                     studio and product pages on http://127.0.0.1:8360

Exit codes:
  0 done   1 internal failure   2 wrong usage   3 bad photos or model   4 beyond a limit
  5 output cannot be written   6 service cannot start   130 stopped on request",
        "Ví dụ:
  xoay spin anh/ -o spin/                        36 ảnh thành ảnh xoay, mọi thứ mặc định
  xoay inspect anh/                              ảnh nào cần chụp lại
  xoay optimize hu.glb -o hu-web.glb             làm nhẹ một mô hình
  xoay publish --slug hu --name-vi \"Mật ong\" --spin spin/
  xoay serve                                     xưởng và trang sản phẩm tại http://127.0.0.1:8360

Mã kết thúc:
  0 xong   1 lỗi bên trong   2 sai cú pháp   3 ảnh hoặc mô hình hỏng   4 vượt giới hạn
  5 không ghi được kết quả   6 dịch vụ không khởi động được   130 dừng theo yêu cầu",
    ),
    (
        "spin",
        "Examples:
  xoay spin photos/ -o spin/
  xoay spin photos/ -o spin/ --widths 2048,1024,512 --formats avif,jpg
  xoay spin photos.zip -o spin/ --clean-plate empty.jpg
  xoay spin two-rows/ -o spin/ --rows 36,12 --direction clockwise
  xoay spin photos/ -o spin/ --json | jq -r 'select(.event==\"advanced\").done'",
        "Ví dụ:
  xoay spin anh/ -o spin/
  xoay spin anh/ -o spin/ --widths 2048,1024,512 --formats avif,jpg
  xoay spin anh.zip -o spin/ --clean-plate ban-xoay-trong.jpg
  xoay spin hai-hang/ -o spin/ --rows 36,12 --direction clockwise
  xoay spin anh/ -o spin/ --json | jq -r 'select(.event==\"advanced\").done'",
    ),
    (
        "inspect",
        "Examples:
  xoay inspect photos/
  xoay inspect two-rows/ --rows 2
  xoay inspect photos/ --json | jq -r 'select(.event==\"done\").result.report.findings[].message.en'

Exit code 3 means that at least one photo should be taken again.",
        "Ví dụ:
  xoay inspect anh/
  xoay inspect hai-hang/ --rows 2
  xoay inspect anh/ --json | jq -r 'select(.event==\"done\").result.report.findings[].message.vi'

Mã kết thúc 3 nghĩa là có ít nhất một ảnh cần chụp lại.",
    ),
    (
        "export",
        "Examples:
  xoay export spin/ -o jar.zip --frames 24 --size 1600 --square
  xoay export spin/ -o B0EXAMPLE1.zip --preset amazon --frames 72
  xoay export spin/ -o jar.webp --size 600
  xoay export spin/ -o jar.mp4 --turns 3",
        "Ví dụ:
  xoay export spin/ -o hu.zip --frames 24 --size 1600 --square
  xoay export spin/ -o B0EXAMPLE1.zip --preset amazon --frames 72
  xoay export spin/ -o hu.webp --size 600
  xoay export spin/ -o hu.mp4 --turns 3",
    ),
    (
        "optimize",
        "Examples:
  xoay optimize scan.glb -o light.glb --report report.json
  xoay optimize scan.gltf -o model/ --texture-size 1024",
        "Ví dụ:
  xoay optimize quet.glb -o nhe.glb --report baocao.json
  xoay optimize quet.gltf -o mohinh/ --texture-size 1024",
    ),
    (
        "publish",
        "Examples:
  xoay publish --slug mat-ong --name-vi \"Mật ong\" --name-en Honey --spin spin/ --model model/
  xoay publish --data /srv/xoay --slug tra --name-vi \"Trà\" --spin spin/",
        "Ví dụ:
  xoay publish --slug mat-ong --name-vi \"Mật ong\" --name-en Honey --spin spin/ --model mohinh/
  xoay publish --data /srv/xoay --slug tra --name-vi \"Trà\" --spin spin/",
    ),
    (
        "serve",
        "Examples:
  xoay serve
  xoay serve --data /srv/xoay --listen 0.0.0.0:8360 --public-url https://xoay.example --token \"$TOKEN\"
  AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… xoay serve --store s3://products/xoay",
        "Ví dụ:
  xoay serve
  xoay serve --data /srv/xoay --listen 0.0.0.0:8360 --public-url https://xoay.example --token \"$TOKEN\"
  AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… xoay serve --store s3://sanpham/xoay",
    ),
    (
        "completions",
        "Example:
  xoay completions bash > ~/.local/share/bash-completion/completions/xoay",
        "Ví dụ:
  xoay completions bash > ~/.local/share/bash-completion/completions/xoay",
    ),
];

fn examples(command: Command, language: Language) -> Command {
    let text_for = |name: &str| {
        EXAMPLES
            .iter()
            .find(|(command, ..)| *command == name)
            .map(|(_, en, vi)| match language {
                Language::En => *en,
                Language::Vi => *vi,
            })
            .unwrap_or_default()
    };
    let with = |command: Command| {
        let name = command.get_name().to_owned();
        command.after_help(text_for(&name))
    };
    with(command).mut_subcommands(with)
}

/// Vietnamese for a command's own sentence (`""`) and its arguments, by command and argument identifier.
const VIETNAMESE: &[(&str, &str, &str)] = &[
    (
        "xoay",
        "",
        "Biến ảnh sản phẩm chụp trên bàn xoay thành ảnh xoay 360°, tối ưu mô hình 3D và phục vụ cả hai",
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
        "Mô hình: .glb, hoặc .gltf cùng các tệp bên cạnh",
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
    ("optimize", "report", "Ghi thêm báo cáo JSON vào tệp này"),
    (
        "publish",
        "",
        "Xuất bản ảnh xoay, mô hình hoặc cả hai thành một sản phẩm, không cần dịch vụ",
    ),
    ("publish", "data", "Thư mục dữ liệu của dịch vụ"),
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
        "Mã mà chương trình khách phải gửi (bearer token) để thay đổi dữ liệu; bắt buộc khi mở ra ngoài máy này",
    ),
    ("serve", "workers", "Số việc chạy cùng lúc"),
    ("serve", "log_json", "Ghi nhật ký dạng JSON"),
    (
        "completions",
        "",
        "In kịch bản tự hoàn thành lệnh cho shell",
    ),
    ("completions", "shell", "Shell nào"),
];

const VIETNAMESE_TEMPLATE: &str = "{about}\n\nCách dùng: {usage}\n\n{all-args}{after-help}";

fn vietnamese(command: Command, path: &str) -> Command {
    let lookup = |id: &str| {
        VIETNAMESE
            .iter()
            .find(|(command, argument, _)| *command == path && *argument == id)
            .map(|(.., text)| *text)
    };
    let mut command = command
        .help_template(VIETNAMESE_TEMPLATE)
        .subcommand_help_heading("Lệnh")
        .subcommand_value_name("LỆNH")
        .disable_help_subcommand(true)
        .disable_help_flag(true)
        .arg(
            clap::Arg::new("help")
                .short('h')
                .long("help")
                .action(clap::ArgAction::Help)
                .help_heading("Tùy chọn")
                .help("In phần trợ giúp này"),
        );
    if path == "xoay" {
        command = command.disable_version_flag(true).arg(
            clap::Arg::new("version")
                .short('V')
                .long("version")
                .action(clap::ArgAction::Version)
                .help_heading("Tùy chọn")
                .help("In phiên bản"),
        );
    }
    if let Some(about) = lookup("") {
        command = command.about(about);
    }
    command = command.mut_args(|argument| {
        let id = argument.get_id().as_str().to_owned();
        let heading = if argument.is_positional() {
            "Tham số"
        } else {
            "Tùy chọn"
        };
        let argument = argument.help_heading(heading);
        match lookup(&id) {
            Some(help) => argument.help(help),
            None => argument,
        }
    });
    command.mut_subcommands(|sub| {
        let name = sub.get_name().to_owned();
        vietnamese(sub, &name)
    })
}

/// Says what was wrong with the command line, or prints the help that was asked for.
pub fn report_usage(error: &clap::Error, language: Language) -> ExitCode {
    if !error.use_stderr() {
        // Help and version go to standard output; a closed pipe is the reader's choice.
        let _ = error.print();
        return Code::Success.into();
    }
    match (language, in_vietnamese(error)) {
        (Language::Vi, Some(message)) => {
            print_error(language, message);
            eprintln!("\nXem thêm: xoay --help");
        }
        _ => {
            let _ = error.print();
        }
    }
    Code::Usage.into()
}

fn in_vietnamese(error: &clap::Error) -> Option<String> {
    let of = |kind| match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join(", ")),
        ContextValue::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let argument = of(ContextKind::InvalidArg).unwrap_or_default();
    let value = of(ContextKind::InvalidValue).unwrap_or_default();
    let valid = of(ContextKind::ValidValue)
        .map(|values| format!(" (hãy chọn: {values})"))
        .unwrap_or_default();
    let suggestion = of(ContextKind::SuggestedArg)
        .or_else(|| of(ContextKind::SuggestedSubcommand))
        .map(|text| format!("; có phải ý bạn là {text}?"))
        .unwrap_or_default();
    Some(match error.kind() {
        ErrorKind::UnknownArgument => format!("không có tham số {argument}{suggestion}"),
        ErrorKind::InvalidSubcommand => format!(
            "không có lệnh {}{suggestion}",
            of(ContextKind::InvalidSubcommand).unwrap_or_default()
        ),
        ErrorKind::MissingRequiredArgument => format!("còn thiếu: {argument}"),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "còn thiếu tên lệnh: spin, inspect, export, optimize, publish, serve hoặc completions"
                .to_owned()
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation if value.is_empty() => {
            format!("{argument} cần một giá trị{valid}")
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("{value:?} không hợp lệ cho {argument}{valid}")
        }
        ErrorKind::NoEquals | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("{argument} thiếu giá trị")
        }
        ErrorKind::ArgumentConflict => {
            format!("{argument} không dùng chung được với các tham số khác đã nêu")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each_command(command: &Command, visit: &mut impl FnMut(&Command)) {
        visit(command);
        for sub in command.get_subcommands() {
            each_command(sub, visit);
        }
    }

    #[test]
    fn every_command_and_argument_has_vietnamese_help() {
        let mut missing = Vec::new();
        each_command(&Arguments::command(), &mut |command| {
            let name = command.get_name();
            let ids = command
                .get_arguments()
                .map(|argument| argument.get_id().as_str());
            for id in std::iter::once("").chain(ids) {
                let found = VIETNAMESE.iter().any(|(c, a, _)| (*c, *a) == (name, id));
                if !found && !matches!(id, "help" | "version") {
                    missing.push(format!("{name} {id}"));
                }
            }
        });
        assert!(missing.is_empty(), "no Vietnamese help for {missing:?}");
    }

    #[test]
    fn no_translation_is_left_behind_by_a_removed_argument() {
        let mut known = Vec::new();
        each_command(&Arguments::command(), &mut |command| {
            let name = command.get_name().to_owned();
            known.push((name.clone(), String::new()));
            known.extend(
                command
                    .get_arguments()
                    .map(|a| (name.clone(), a.get_id().to_string())),
            );
        });
        for (command, argument, _) in VIETNAMESE {
            let entry = ((*command).to_owned(), (*argument).to_owned());
            assert!(known.contains(&entry), "{command} {argument} is gone");
        }
    }

    #[test]
    fn every_command_has_examples_in_both_languages() {
        for language in [Language::Vi, Language::En] {
            each_command(&command(language), &mut |command| {
                let help = command.clone().render_help().to_string();
                assert!(
                    help.contains("  xoay "),
                    "{} has no example in {language}",
                    command.get_name()
                );
            });
        }
    }

    #[test]
    fn the_description_is_consistent_in_both_languages() {
        command(Language::Vi).debug_assert();
        command(Language::En).debug_assert();
    }

    #[test]
    fn a_flag_outranks_the_environment() {
        let arguments = |line: &'static str| line.split(' ').map(OsString::from);
        assert_eq!(
            of_environment(arguments("xoay --lang vi spin")),
            Language::Vi
        );
        assert_eq!(
            of_environment(arguments("xoay spin --lang=vi")),
            Language::Vi
        );
    }
}
