//! The `xoay` command: everything that Xoay does, from a shell. See `xoay --help`.
//!
//! Its `unsafe` blocks set an environment variable and the allocator's thresholds before any thread exists.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    give_memory_back();
    quieten_mesa();
    cli::run()
}

/// Has large blocks returned to the system as soon as they are free.
///
/// glibc raises the size from which it does so to that of the largest block that was freed, and photos are large: a spin of
/// 24 photos of 24 megapixels then takes 660 MB, with a fixed size 310.
fn give_memory_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: plain numbers for two documented parameters; no other thread allocates yet.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 256 << 10);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 1 << 20);
    }
}

/// Mesa's layer that chooses among graphics cards asks a desktop, and complains where there is none.
fn quieten_mesa() {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: this is the first thing that the process does; no other thread reads the environment.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}
