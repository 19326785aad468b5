//! The command line in the user's language: which it is, the Vietnamese help, and usage errors.

mod vietnamese;
mod vietnamese_service;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};
use xoay_format::Language;

use super::args::Arguments;
use super::exit::Code;
use super::terminal::print_error;

use vietnamese::VIETNAMESE;
use vietnamese_service::VIETNAMESE_SERVICE;

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
  xoay model photos/ -o jar.glb                  the same photos to a 3D model
  xoay inspect photos/                           which photos to take again
  xoay optimize jar.glb -o jar-web.glb           a model made light
  xoay publish --slug jar --name-vi \"Mật ong\" --spin spin/
  xoay serve                                     studio and product pages on http://127.0.0.1:8360

Exit codes:
  0 done   1 internal failure   2 wrong usage   3 bad photos or model   4 beyond a limit
  5 output cannot be written   6 service cannot start   130 stopped on request",
        "Ví dụ:
  xoay spin anh/ -o spin/                        36 ảnh thành ảnh xoay, mọi thứ mặc định
  xoay model anh/ -o hu.glb                      cùng các ảnh ấy thành mô hình 3D
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
        "model",
        "Examples:
  xoay model photos/ -o jar.glb --report report.json
  xoay model photos/ -o jar.glb --height 120 --work work/
  xoay model photos/ -o jar/ --spin spin/        with USDZ and posters; hotspots stand on the photos too
  xoay model photos/ -o jar.glb --mat a4 --unordered",
        "Ví dụ:
  xoay model anh/ -o hu.glb --report baocao.json
  xoay model anh/ -o hu.glb --height 120 --work tam/
  xoay model anh/ -o hu/ --spin spin/            kèm USDZ và ảnh bìa; điểm ghi chú nằm đúng chỗ cả trên ảnh
  xoay model anh/ -o hu.glb --mat a4 --unordered",
    ),
    (
        "mat",
        "Examples:
  xoay mat -o mat.pdf
  xoay mat -o mat.pdf --paper a3",
        "Ví dụ:
  xoay mat -o tham.pdf
  xoay mat -o tham.pdf --paper a3",
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
        "upload",
        "Examples:
  xoay upload photos/ --to https://xoay.example --product mat-ong
  XOAY_TOKEN=… xoay upload photos/ --to http://127.0.0.1:8360 --product mat-ong --parallel 6",
        "Ví dụ:
  xoay upload anh/ --to https://xoay.example --product mat-ong
  XOAY_TOKEN=… xoay upload anh/ --to http://127.0.0.1:8360 --product mat-ong --parallel 6",
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
        "user",
        "Example:
  xoay user add lan --administrator",
        "Ví dụ:
  xoay user add lan --administrator",
    ),
    (
        "add",
        "Examples:
  xoay user add lan --full-name \"Nguyễn Thị Lan\" --administrator
  xoay user add minh --role reviewer < password.txt",
        "Ví dụ:
  xoay user add lan --full-name \"Nguyễn Thị Lan\" --administrator
  xoay user add minh --role reviewer < matkhau.txt",
    ),
    (
        "worker",
        "Examples:
  xoay worker --data /srv/xoay --workers 4 --model-workers 1
  xoay worker --data /srv/xoay --store s3://products/xoay --job-memory 8192",
        "Ví dụ:
  xoay worker --data /srv/xoay --workers 4 --model-workers 1
  xoay worker --data /srv/xoay --store s3://sanpham/xoay --job-memory 8192",
    ),
    (
        "verify",
        "Examples:
  xoay verify --data /srv/xoay
  xoay verify --data /srv/xoay --collect --grace 168",
        "Ví dụ:
  xoay verify --data /srv/xoay
  xoay verify --data /srv/xoay --collect --grace 168",
    ),
    (
        "backup",
        "Examples:
  xoay backup --data /srv/xoay --to /mnt/backup/xoay
  xoay verify --data /mnt/backup/xoay",
        "Ví dụ:
  xoay backup --data /srv/xoay --to /mnt/saoluu/xoay
  xoay verify --data /mnt/saoluu/xoay",
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
    with(command).mut_subcommands(|sub| with(sub).mut_subcommands(with))
}

const VIETNAMESE_TEMPLATE: &str = "{about}\n\nCách dùng: {usage}\n\n{all-args}{after-help}";

fn vietnamese(command: Command, path: &str) -> Command {
    let lookup = |id: &str| {
        VIETNAMESE
            .iter()
            .chain(VIETNAMESE_SERVICE)
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
            "còn thiếu tên lệnh: spin, model, mat, inspect, export, optimize, publish, upload, serve, user, worker, verify, backup hoặc completions"
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
                let found = VIETNAMESE
                    .iter()
                    .chain(VIETNAMESE_SERVICE)
                    .any(|(c, a, _)| (*c, *a) == (name, id));
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
        for (command, argument, _) in VIETNAMESE.iter().chain(VIETNAMESE_SERVICE) {
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
