//! Settings from a file: the same as those that the environment gives, under the flags' names.
//!
//! A flag outranks the environment, which outranks the file, which outranks the default.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Command;
use toml::{Table, Value};
use xoay_format::Text;

use super::exit::{Code, Failure};

/// Names the file where no flag does.
const VARIABLE: &str = "XOAY_CONFIG";
const LIMIT_BYTES: u64 = 64 * 1024;

/// The file that `--config` or the environment names.
pub fn file(arguments: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        if argument == "--config" {
            return arguments.next().map(PathBuf::from);
        }
        if let Some(path) = argument
            .to_str()
            .and_then(|text| text.strip_prefix("--config="))
        {
            return Some(PathBuf::from(path));
        }
    }
    std::env::var_os(VARIABLE)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

/// The command line with the file's settings for its defaults.
pub fn with_file(command: Command, path: &Path) -> Result<Command, Failure> {
    let wrong = |vi: String, en: String| Failure {
        code: Code::Usage,
        message: Text::new(
            format!("{}: {vi}", path.display()),
            format!("{}: {en}", path.display()),
        ),
    };
    let unreadable = |error: std::io::Error| {
        wrong(
            format!("không đọc được: {error}"),
            format!("cannot be read: {error}"),
        )
    };
    let size_bytes = std::fs::metadata(path).map_err(unreadable)?.len();
    if size_bytes > LIMIT_BYTES {
        return Err(wrong(
            format!("lớn hơn {LIMIT_BYTES} byte, không phải tệp thiết lập"),
            format!("larger than {LIMIT_BYTES} bytes: this is no file of settings"),
        ));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let table: Table = text.parse().map_err(|error| {
        wrong(
            format!("không phải TOML: {error}"),
            format!("is no TOML: {error}"),
        )
    })?;
    let mut settings = Vec::new();
    for (key, value) in table {
        let known = keys(&command);
        if !known.contains(&key) {
            let known = known.join(", ");
            return Err(wrong(
                format!("không có thiết lập {key:?}; các thiết lập: {known}"),
                format!("there is no setting {key:?}; settings are {known}"),
            ));
        }
        let text = match value {
            Value::String(text) => text,
            Value::Integer(number) => number.to_string(),
            Value::Boolean(on) => on.to_string(),
            _ => {
                return Err(wrong(
                    format!("{key}: cần một chuỗi, một số nguyên, true hoặc false"),
                    format!("{key}: a string, a whole number, true or false is expected"),
                ));
            }
        };
        settings.push((key, text));
    }
    Ok(command.mut_subcommands(|sub| {
        sub.mut_args(|argument| {
            let own =
                key(&argument).and_then(|key| settings.iter().find(|(named, _)| *named == key));
            match own {
                // The description of the command line lives as long as the process.
                Some((_, text)) => argument.default_value(&*text.clone().leak()),
                None => argument,
            }
        })
    }))
}

/// Under what name the file has an argument: those that the environment can give.
fn key(argument: &clap::Arg) -> Option<String> {
    argument.get_env()?;
    (argument.get_id() != "config")
        .then(|| argument.get_long().unwrap_or_default().replace('-', "_"))
}

/// The names of all settings.
pub fn keys(command: &Command) -> Vec<String> {
    let mut keys: Vec<_> = command
        .get_subcommands()
        .flat_map(|sub| sub.get_arguments().filter_map(key))
        .collect();
    keys.sort();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches};

    use super::*;
    use crate::cli::args::{Arguments, Command as Asked};

    fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("xoay.toml");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    fn serve(text: &str, line: &str) -> crate::cli::args::ServeArguments {
        let (_folder, path) = written(text);
        let command = with_file(Arguments::command(), &path).unwrap();
        let matches = command.try_get_matches_from(line.split(' ')).unwrap();
        match Arguments::from_arg_matches(&matches).unwrap().command {
            Asked::Serve(arguments) => arguments,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_file_gives_what_no_flag_does() {
        let text = "data = '/srv/xoay'\nworkers = 3\nlog_json = true\npublic_url = 'https://xoay.example'\n";
        let asked = serve(text, "xoay serve --workers 5");
        assert_eq!(asked.keep.data, Path::new("/srv/xoay"));
        assert_eq!(asked.work.workers, 5);
        assert!(asked.tell.log_json);
        assert_eq!(asked.public_url.unwrap().as_str(), "https://xoay.example/");
        assert_eq!(asked.rate_limit, 50);
    }

    #[test]
    fn what_is_no_setting_is_named() {
        for (text, said) in [
            ("wokers = 3", "wokers"),
            ("workers = [1]", "workers"),
            ("workers =", "TOML"),
            ("config = 'x'", "config"),
        ] {
            let (_folder, path) = written(text);
            let failure = with_file(Arguments::command(), &path).unwrap_err();
            assert_eq!(failure.code, Code::Usage);
            assert!(failure.message.en.contains(said), "{}", failure.message.en);
        }
        let absent = with_file(Arguments::command(), Path::new("/absent/xoay.toml")).unwrap_err();
        assert!(absent.message.en.contains("/absent/xoay.toml"));
        let (_folder, path) = written("workers = 'many'");
        let command = with_file(Arguments::command(), &path).unwrap();
        assert!(command.try_get_matches_from(["xoay", "serve"]).is_err());
    }

    #[test]
    fn the_handbooks_table_is_the_command_line() {
        let handbook = include_str!("../../../docs/OPERATING.md");
        let mut settings = Vec::new();
        for sub in Arguments::command().get_subcommands() {
            for argument in sub.get_arguments() {
                let Some(key) = key(argument) else { continue };
                let flag = argument.get_long().unwrap_or_default();
                let variable = argument
                    .get_env()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                let default = argument.get_default_values().first();
                let default = default.map_or(String::new(), |value| {
                    format!("`{}`", value.to_string_lossy())
                });
                settings.push((key, format!("| `--{flag}` | `{variable}` |"), default));
            }
        }
        settings.sort();
        settings.dedup();
        assert!(settings.len() > 12);
        for (key, cells, default) in settings {
            let row = handbook
                .lines()
                .find(|line| line.starts_with(&format!("| `{key}` {cells}")))
                .unwrap_or_else(|| panic!("docs/OPERATING.md has no row for {key} {cells}"));
            assert!(row.contains(&default), "{row}: the default is {default}");
        }
    }

    #[test]
    fn the_file_is_named_by_flag_or_variable() {
        let named = |line: &str| file(line.split(' ').map(OsString::from));
        assert_eq!(
            named("xoay serve --config a.toml").unwrap(),
            Path::new("a.toml")
        );
        assert_eq!(
            named("xoay --config=b.toml serve").unwrap(),
            Path::new("b.toml")
        );
    }
}
