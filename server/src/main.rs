//! The `xoay` command: everything that Xoay does, from a shell. See `xoay --help`.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
