//! The `xoay` command: everything that Xoay does, from a shell. See `xoay --help`.
//!
//! The one `unsafe` block sets an environment variable before any thread exists.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    quieten_mesa();
    cli::run()
}

/// Mesa's layer that chooses among graphics cards asks a desktop, and complains where there is none.
fn quieten_mesa() {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: this is the first thing that the process does; no other thread reads the environment.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}
