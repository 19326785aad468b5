//! Writes the viewer as a folder for npm: `cargo run -p xoay-viewer-bundle --example npm_package -- <folder>`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("name the folder to write");
        return ExitCode::from(2);
    };
    match xoay_viewer_bundle::write_package(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write {}: {error}", Path::new(&folder).display());
            ExitCode::FAILURE
        }
    }
}
