//! Seconds, memory and bytes of the demo's two jobs.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::measure::{Cost, median_of};

const RUNS: usize = 3;

/// Measures `xoay spin` on a folder of photos and `xoay optimize` on a model.
pub fn run(photos: Option<PathBuf>, model: Option<PathBuf>) -> Result<()> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let photos = photos.unwrap_or_else(|| repository.join("assets/captures/honey-jar"));
    let model = model.unwrap_or_else(|| repository.join("assets/models/honey-jar.glb"));
    let xoay =
        std::env::current_exe()?.with_file_name(format!("xoay{}", std::env::consts::EXE_SUFFIX));
    let place = tempfile::tempdir()?;
    let spin = place.path().join("spin");
    let light = place.path().join("light.glb");

    let job = |command: &str, input: &Path, output: &Path| {
        let words = [
            xoay.as_os_str(),
            OsStr::new(command),
            input.as_os_str(),
            OsStr::new("-o"),
            output.as_os_str(),
            OsStr::new("--quiet"),
        ];
        median_of(RUNS, &words)
    };
    println!(
        "Median of {RUNS} runs after one uncounted, {} processors.\n",
        std::thread::available_parallelism()?
    );
    println!("| job | input | wall s | CPU s | peak MB |\n|---|---|---|---|---|");
    let cost = job("spin", &photos, &spin)?;
    let (count, bytes) = size_of_folder(&photos)?;
    print_cost(
        "xoay spin",
        &format!("{count} files, {:.1} MB", megabytes(bytes)),
        cost,
    );
    let cost = job("optimize", &model, &light)?;
    let before = fs::metadata(&model)?.len();
    print_cost(
        "xoay optimize",
        &format!("{:.2} MB", megabytes(before)),
        cost,
    );

    let manifest: Value = serde_json::from_slice(&fs::read(spin.join("manifest.json"))?)?;
    println!("\n| result | size | bytes | bytes a frame |\n|---|---|---|---|");
    let frames = manifest["frames"].as_array().context("no frames")?.len() as u64;
    for rendition in manifest["renditions"].as_array().context("no renditions")? {
        let bytes = rendition["sizeBytes"].as_u64().context("no size")?;
        println!(
            "| {} | {}×{} | {bytes} | {} |",
            rendition["format"].as_str().unwrap_or_default(),
            rendition["width"],
            rendition["height"],
            bytes / frames
        );
    }
    println!(
        "| sprite, {frames} frames | {}×{} | {} | {} |",
        manifest["sprite"]["width"],
        manifest["sprite"]["height"],
        manifest["sprite"]["sizeBytes"],
        manifest["sprite"]["sizeBytes"].as_u64().unwrap_or_default() / frames
    );
    let after = fs::metadata(&light)?.len();
    println!(
        "| model | {:.1}% of the input | {after} | |",
        after as f64 * 100.0 / before as f64
    );
    Ok(())
}

fn print_cost(job: &str, input: &str, cost: Cost) {
    println!(
        "| `{job}` | {input} | {:.2} | {:.2} | {:.0} |",
        cost.wall_s,
        cost.cpu_s,
        megabytes(cost.peak_bytes)
    );
}

fn size_of_folder(folder: &Path) -> Result<(usize, u64)> {
    let mut count = 0;
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        count += 1;
        bytes += entry?.metadata()?.len();
    }
    Ok((count, bytes))
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
