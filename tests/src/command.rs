use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::fixtures::{build_folder, tool};

/// Where the `xoay` program under test is.
///
/// # Panics
/// Where it was not built, saying how to.
#[must_use]
pub fn program() -> PathBuf {
    let program = build_folder().join(format!("xoay{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.is_file(),
        "{} is missing: run `cargo build -p xoay`, or `cargo xtask test`",
        program.display()
    );
    program
}

/// `xoay` with English messages and nothing of this machine's settings.
#[must_use]
pub fn xoay() -> Command {
    let mut command = Command::new(program());
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("XOAY_")
            || name_text.starts_with("AWS_")
            || name_text.starts_with("LC_")
        {
            command.env_remove(&name);
        }
    }
    command.env("LANG", "C.UTF-8");
    command
}

/// A command that has ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Finished {
    /// Runs `command` to its end.
    ///
    /// # Panics
    /// Where it cannot be started.
    #[must_use]
    pub fn of(command: &mut Command) -> Self {
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().expect("the command can be started");
        Self {
            code: status.code(),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }

    /// Standard output as one JSON value a line.
    ///
    /// # Panics
    /// Where a line is none.
    #[must_use]
    pub fn json_lines(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line:?}"))
            })
            .collect()
    }

    /// Asserts that it succeeded, showing what it said where it did not.
    ///
    /// # Panics
    /// Where its exit code is not 0.
    #[must_use]
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(
            self.code,
            Some(0),
            "stdout: {}\nstderr: {}",
            self.stdout,
            self.stderr
        );
        self
    }
}

/// The Khronos validator's verdict on each glTF file. Its exit code says no more than the verdicts do.
///
/// # Panics
/// Where the validator does not run, or says too little.
#[must_use]
pub fn validate(files: &[&Path]) -> Vec<Value> {
    let script = tool("validator/validate.mjs");
    let finished = Finished::of(Command::new("node").arg(script).args(files));
    let verdicts = finished.json_lines();
    assert_eq!(verdicts.len(), files.len(), "{}", finished.stderr);
    verdicts
}
