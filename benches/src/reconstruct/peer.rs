//! COLMAP on the same photos.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Deserialize;

use crate::measure::{Cost, once};

/// What COLMAP made of the photos.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cameras {
    pub posed: usize,
    pub photos: usize,
    pub focal_px: Option<f64>,
    pub width: Option<f64>,
}

/// Python with `pycolmap`, where `cargo xtask bench reconstruct` could install it.
pub fn installed() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/colmap/bin/python");
    python.is_file().then_some(python)
}

/// Finds the cameras of the photos in `folder` but for `left_out`.
pub fn run(python: &Path, folder: &Path, left_out: &[String]) -> Result<(Cameras, Cost)> {
    let place = tempfile::tempdir()?;
    let report = place.path().join("report.json");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/colmap/colmap.py");
    let mut command: Vec<&OsStr> = vec![
        python.as_os_str(),
        script.as_os_str(),
        folder.as_os_str(),
        place.path().as_os_str(),
        report.as_os_str(),
    ];
    command.extend(left_out.iter().map(OsStr::new));
    let cost = once(&command)?;
    Ok((serde_json::from_slice(&fs::read(report)?)?, cost))
}
