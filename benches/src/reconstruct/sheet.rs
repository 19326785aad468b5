//! Photo, model and difference of the photos that were held out, in one picture a capture.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xoay_imaging::{Channels, DecodeOptions, Encoding, Raster, Resizer, decode, encode};

/// Width of a line of three pictures.
const WIDTH: u32 = 1500;
/// Lines of the sheet.
const LINES: usize = 4;

/// Puts some of the pictures in `folder` one below the other.
pub fn write(folder: &Path, out: &Path) -> Result<()> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| folder.display().to_string())?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();
    let step = files.len().div_ceil(LINES).max(1);
    let mut resizer = Resizer::new();
    let (mut pixels, mut height) = (Vec::new(), 0);
    for file in files.iter().step_by(step) {
        let line = decode(&fs::read(file)?, &DecodeOptions::default())?
            .raster
            .flattened([255; 3]);
        let tall = (u64::from(line.height()) * u64::from(WIDTH) / u64::from(line.width())) as u32;
        let line = resizer.resize(&line, WIDTH, tall.max(1))?;
        height += line.height();
        pixels.extend(line.into_pixels());
    }
    let sheet = Raster::new(WIDTH, height, Channels::Rgb, pixels)?;
    fs::write(out, encode(&sheet, Encoding::Png)?)?;
    Ok(())
}
