//! How well captures with known answers are cut out and aligned.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xoay_imaging::{DecodeOptions, decode};

/// Runs `xoay spin` on each capture under `folder` and compares mattes and placement with its ground truth.
///
/// A capture is a folder with `images/`, `ground_truth/masks/*.png` named like the photos, and
/// `ground_truth/ground_truth.json` with each frame's row and its pose, as `benches/README.md` says.
pub fn run(folder: Option<PathBuf>) -> Result<()> {
    let folder = folder.context("name a folder of captures with ground truth")?;
    let mut captures: Vec<PathBuf> = fs::read_dir(&folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    captures.retain(|capture| capture.join("ground_truth/ground_truth.json").is_file());
    captures.sort();
    ensure!(
        !captures.is_empty(),
        "{} holds no capture with ground truth",
        folder.display()
    );
    println!(
        "| capture | mean IoU | worst IoU | alpha error within 5 px of the edge | axis jitter px | exposure spread % | findings |"
    );
    println!("|---|---|---|---|---|---|---|");
    for capture in captures {
        score(&capture)?;
    }
    println!("\nGoals: IoU ≥ 0.99, alpha error ≤ 0.06, jitter ≤ 0.5 px, spread ≤ 0.5%.");
    Ok(())
}

fn score(capture: &Path) -> Result<()> {
    let truth: Value =
        serde_json::from_slice(&fs::read(capture.join("ground_truth/ground_truth.json"))?)?;
    let frames = truth["frames"].as_array().context("no frames")?;
    let rows = 1 + frames
        .iter()
        .filter_map(|frame| frame["row"].as_u64())
        .max()
        .unwrap_or(0);
    let place = tempfile::tempdir()?;
    let xoay =
        std::env::current_exe()?.with_file_name(format!("xoay{}", std::env::consts::EXE_SUFFIX));
    let (mattes, transforms) = (
        place.path().join("mattes"),
        place.path().join("transforms.json"),
    );
    let output = Command::new(xoay)
        .arg("spin")
        .arg(capture.join("images"))
        .arg("-o")
        .arg(place.path().join("spin"))
        .args([
            "--rows",
            &rows.to_string(),
            "--repair",
            "--json",
            "--formats",
            "png",
            "--widths",
            "400",
        ])
        .arg("--mattes")
        .arg(&mattes)
        .arg("--transforms")
        .arg(&transforms)
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(
        output.status.success(),
        "xoay spin failed on {}",
        capture.display()
    );
    let last = std::str::from_utf8(&output.stdout)?
        .lines()
        .last()
        .unwrap_or_default()
        .to_owned();
    let result: Value = serde_json::from_str(&last)?;

    let mut agreement = Vec::new();
    let mut alpha_error = (0.0, 0_u64);
    for frame in frames {
        let name = frame["mask"].as_str().context("a frame has a mask")?;
        let made = mattes.join(name);
        if !made.is_file() {
            continue; // a duplicate that was left out
        }
        let (width, expected) = grey(&capture.join("ground_truth/masks").join(name))?;
        let (_, made) = grey(&made)?;
        ensure!(
            made.len() == expected.len(),
            "{name} is not of the photo's size"
        );
        agreement.push(intersection_over_union(&made, &expected));
        let (sum, count) = error_near_edge(&made, &expected, width);
        alpha_error = (alpha_error.0 + sum, alpha_error.1 + count);
    }
    let mean = agreement.iter().sum::<f64>() / agreement.len().max(1) as f64;
    let worst = agreement.iter().copied().fold(1.0, f64::min);
    let findings = result["result"]["findings"].as_array().map_or(0, Vec::len);
    println!(
        "| {} | {mean:.4} | {worst:.4} | {:.3} | {:.2} | {:.2} | {findings} |",
        capture.file_name().unwrap_or_default().to_string_lossy(),
        alpha_error.0 / alpha_error.1.max(1) as f64,
        jitter(&truth, &transforms)?,
        spread(&place.path().join("spin"), frames.len())?,
    );
    Ok(())
}

fn grey(path: &Path) -> Result<(usize, Vec<u8>)> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    let raster = decode(&bytes, &DecodeOptions::default())
        .with_context(|| path.display().to_string())?
        .raster;
    let count = raster.channels().count();
    Ok((
        raster.width() as usize,
        raster
            .pixels()
            .chunks_exact(count)
            .map(|pixel| pixel[0])
            .collect(),
    ))
}

fn intersection_over_union(made: &[u8], expected: &[u8]) -> f64 {
    let (mut both, mut any) = (0_u64, 0_u64);
    for (made, expected) in made.iter().zip(expected) {
        both += u64::from(*made >= 128 && *expected >= 128);
        any += u64::from(*made >= 128 || *expected >= 128);
    }
    both as f64 / any.max(1) as f64
}

/// Sum and number of the differences of alpha, 0 to 1, within five pixels of the true edge.
fn error_near_edge(made: &[u8], expected: &[u8], width: usize) -> (f64, u64) {
    const REACH: usize = 5;
    let height = expected.len() / width;
    let near = |x: usize, y: usize| {
        let here = expected[y * width + x] >= 128;
        let mut found = false;
        for step in 1..=REACH {
            for (other_x, other_y) in [
                (x.wrapping_sub(step), y),
                (x + step, y),
                (x, y.wrapping_sub(step)),
                (x, y + step),
            ] {
                if other_x < width && other_y < height {
                    found |= (expected[other_y * width + other_x] >= 128) != here;
                }
            }
        }
        found
    };
    let (mut sum, mut count) = (0.0, 0);
    for y in 0..height {
        for x in 0..width {
            if near(x, y) {
                let at = y * width + x;
                sum += (f64::from(made[at]) - f64::from(expected[at])).abs() / 255.0;
                count += 1;
            }
        }
    }
    (sum, count)
}

/// Root mean square over each row of how far two points of the axis move in the frames, the worst row's.
fn jitter(truth: &Value, transforms: &Path) -> Result<f64> {
    let transforms: Vec<Value> = serde_json::from_slice(&fs::read(transforms)?)?;
    let frames = truth["frames"].as_array().context("no frames")?;
    let number = |value: &Value| value.as_f64().context("a number is missing");
    let camera = &truth["intrinsics"];
    let [fx, fy, cx, cy, k1] = ["fx", "fy", "cx", "cy", "dist_k1"].map(|key| number(&camera[key]));
    let (fx, fy, cx, cy, k1) = (fx?, fy?, cx?, cy?, k1?);
    let middle = number(&truth["object"]["height_m"])? / 2.0;
    let mut rows: Vec<Vec<[f64; 4]>> = Vec::new();
    for transform in &transforms {
        let frame = frames
            .iter()
            .find(|frame| frame["file"] == transform["file"])
            .context("an unknown photo")?;
        let pose = &frame["T_camera_from_table"];
        let mut place = [0.0; 4];
        for (at, height) in [0.0, middle].into_iter().enumerate() {
            let mut point = [0.0; 3];
            for (axis, value) in point.iter_mut().enumerate() {
                *value = number(&pose[axis][1])? * height + number(&pose[axis][3])?;
            }
            let (u, v) = (point[0] / point[2], point[1] / point[2]);
            let bent = 1.0 + k1 * (u * u + v * v);
            let (x, y) = (fx * u * bent + cx, fy * v * bent + cy);
            for row in 0..2 {
                let m = &transform["matrix"][row];
                place[2 * at + row] = number(&m[0])? * x + number(&m[1])? * y + number(&m[2])?;
            }
        }
        let row = frame["row"].as_u64().unwrap_or(0) as usize;
        rows.resize(rows.len().max(row + 1), Vec::new());
        rows[row].push(place);
    }
    let mut worst = 0.0_f64;
    for row in rows.iter().filter(|row| !row.is_empty()) {
        let count = row.len() as f64;
        let mean: [f64; 4] =
            std::array::from_fn(|at| row.iter().map(|place| place[at]).sum::<f64>() / count);
        let square: f64 = row
            .iter()
            .flatten()
            .zip(mean.iter().cycle())
            .map(|(a, b)| (a - b) * (a - b))
            .sum();
        worst = worst.max((2.0 * square / (4.0 * count)).sqrt());
    }
    Ok(worst)
}

/// Standard deviation from frame to frame of the product's mean light, in per cent, once what turns into view is taken
/// off: each frame against the mean of its two neighbours.
fn spread(spin: &Path, frames: usize) -> Result<f64> {
    let mut light = Vec::new();
    let folder = fs::read_dir(spin.join("frames"))?
        .next()
        .context("no rendition")??
        .path();
    for number in 1..=frames {
        let path = folder.join(format!("{number:04}.png"));
        if !path.is_file() {
            continue;
        }
        let raster = decode(&fs::read(path)?, &DecodeOptions::default())?.raster;
        let linear = |v: u8| (f64::from(v) / 255.0).powf(2.2);
        // White is what was cut away.
        let product = raster
            .pixels()
            .chunks_exact(3)
            .filter(|p| p.iter().any(|v| *v < 250));
        let (sum, count) = product.fold((0.0, 0_u64), |(sum, count), p| {
            (sum + linear(p[1]), count + 1)
        });
        light.push(sum / count.max(1) as f64);
    }
    if light.len() < 3 {
        return Ok(0.0);
    }
    let mut off: Vec<f64> = light
        .windows(3)
        .map(|w| (w[1] / f64::midpoint(w[0], w[2]) - 1.0).abs())
        .collect();
    off.sort_by(f64::total_cmp);
    // The median is not moved by the few frames where a bright side turns into view; for a normal spread it is 0.67 of
    // the standard deviation, and a difference to the mean of two others has 1.22 times it.
    Ok(100.0 * off[off.len() / 2] / 0.6745 / 1.2247)
}
