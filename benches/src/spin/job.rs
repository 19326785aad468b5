//! The whole job with everything on: its time by stage, and its memory with large photos.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xoay_imaging::{Encoding, Resizer, encode};

use super::{Goal, Row, open};
use crate::measure::once;

/// Seconds for 36 photos of 12 megapixels on two cores.
const MOST_SECONDS: f64 = 120.0;
/// MB for 72 photos of 24 megapixels with four workers.
const MOST_MEGABYTES: f64 = 350.0;

/// The rows of the table for whole jobs on enlarged copies of `photos`.
pub(super) fn rows(photos: &[PathBuf]) -> Result<Vec<Row>> {
    let xoay =
        std::env::current_exe()?.with_file_name(format!("xoay{}", std::env::consts::EXE_SUFFIX));
    let place = tempfile::tempdir()?;
    let twelve = place.path().join("12");
    enlarge(&photos[..photos.len().min(36)], 4000, &twelve.join("row0"))?;
    let out = place.path().join("spin");
    let mut job = Command::new(&xoay);
    job.arg("spin")
        .arg(twelve.join("row0"))
        .arg("-o")
        .arg(&out)
        .arg("--json");
    let output = job.stderr(Stdio::inherit()).output()?;
    ensure!(
        output.status.success(),
        "xoay spin failed on the enlarged photos"
    );
    let seconds = stages(&output.stdout)?;
    println!("\n| stage | seconds |\n|---|---|");
    for (stage, seconds) in &seconds {
        println!("| {stage} | {seconds:.1} |");
    }
    let total: f64 = seconds.iter().map(|(_, seconds)| seconds).sum();
    let mut rows = vec![Row {
        what: format!("{} × 12 MP, everything on, seconds", photos.len().min(36)),
        ours: format!("{total:.1}"),
        theirs: "–".into(),
        measured: total,
        goal: Goal::AtMost(MOST_SECONDS),
    }];

    fs::remove_dir_all(&twelve)?;
    let large = place.path().join("24");
    enlarge(&photos[..photos.len().min(36)], 6000, &large.join("row0"))?;
    // A second row of the same photos: what counts is how many there are.
    fs::create_dir_all(large.join("row1"))?;
    for photo in fs::read_dir(large.join("row0"))? {
        let photo = photo?;
        fs::hard_link(photo.path(), large.join("row1").join(photo.file_name()))?;
    }
    let words = [
        xoay.as_os_str(),
        OsStr::new("spin"),
        large.as_os_str(),
        OsStr::new("-o"),
        out.as_os_str(),
        OsStr::new("--quiet"),
        OsStr::new("--workers"),
        OsStr::new("4"),
    ];
    let megabytes = once(&words)?.peak_bytes as f64 / 1e6;
    rows.push(Row {
        what: format!("{} × 24 MP, 4 workers, peak MB", 2 * photos.len().min(36)),
        ours: format!("{megabytes:.0}"),
        theirs: "–".into(),
        measured: megabytes,
        goal: Goal::AtMost(MOST_MEGABYTES),
    });
    Ok(rows)
}

/// Copies of the photos, `width` pixels wide, as JPEGs that a camera might write.
pub fn enlarge(photos: &[PathBuf], width: u32, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let mut resizer = Resizer::new();
    for photo in photos {
        let small = open(photo)?;
        let height =
            (u64::from(small.height()) * u64::from(width) / u64::from(small.width())) as u32;
        let large = resizer.resize(&small, width, height)?;
        let encoding = Encoding::Jpeg {
            quality: 93,
            progressive: false,
        };
        let name = photo.file_name().context("a photo has a name")?;
        fs::write(folder.join(name), encode(&large, encoding)?)?;
    }
    Ok(())
}

/// Stages and their seconds from the last line that the job wrote.
fn stages(lines: &[u8]) -> Result<Vec<(String, f64)>> {
    let text = std::str::from_utf8(lines)?;
    let last: Value = serde_json::from_str(text.lines().last().context("the job wrote nothing")?)?;
    let stages = last["result"]["seconds"]
        .as_array()
        .context("the job told no seconds")?;
    stages
        .iter()
        .map(|stage| {
            let name = stage["stage"].as_str().context("a stage has a name")?;
            let seconds = stage["seconds"].as_f64().context("a stage has seconds")?;
            Ok((name.to_owned(), seconds))
        })
        .collect()
}
