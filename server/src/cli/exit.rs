//! Exit codes, and failures that carry one.

use std::process::ExitCode;

use xoay_format::{Localize, Text};
use xoay_pipeline::{ErrorKind, RecipeError};

/// How the process ends. Documented in `xoay --help` and in server/README.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// Everything that was asked for is done.
    Success = 0,
    /// Something failed that is nobody's input.
    Internal = 1,
    /// The command line itself was wrong.
    Usage = 2,
    /// The photos or the model must be mended or replaced.
    BadInput = 3,
    /// The input is beyond a limit that guards this machine.
    Limit = 4,
    /// The output cannot be written: a full disk, no permission, a place that is taken.
    Output = 5,
    /// The service could not start: its address is taken, its data cannot be opened.
    Service = 6,
    /// Stopped by Ctrl+C or a request to terminate.
    Cancelled = 130,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// Why a command has no result: a message in both languages, and how the process ends.
#[derive(Clone, Debug)]
pub struct Failure {
    /// How the process ends.
    pub code: Code,
    /// What was wrong, where, and what to do.
    pub message: Text,
}

impl Failure {
    /// A failure that no input explains.
    pub const fn internal(message: Text) -> Self {
        Self {
            code: Code::Internal,
            message,
        }
    }
}

impl From<RecipeError> for Failure {
    fn from(error: RecipeError) -> Self {
        let code = match error.kind() {
            ErrorKind::Limit => Code::Limit,
            ErrorKind::Output => Code::Output,
            ErrorKind::Cancelled => Code::Cancelled,
            _ => Code::BadInput,
        };
        Self {
            code,
            message: error.text(),
        }
    }
}
