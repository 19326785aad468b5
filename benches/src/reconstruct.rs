//! Models from photos: captures with known cameras and surfaces, and COLMAP beside them.

mod align;
mod cost;
mod peer;
mod sheet;
mod surface;
mod truth;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::measure::{Cost, once};
use surface::triangles;
use truth::Truth;

/// What is measured of captures instead of the whole.
type Measure = fn(&[PathBuf]) -> Result<()>;

/// Points that so many photos see can be told by stereo.
const SEEN_WELL: usize = 3;

/// Makes a model of each capture and compares it with what is known of it.
///
/// A capture is a folder with `images/`, as `benches/README.md` says; one without `ground_truth/` gets the columns that
/// take none. A folder of captures stands for all of them. `--large` before them measures cost alone, with photos of twelve
/// megapixels; `--gpu` with and without the graphics card.
pub fn run(mut places: Vec<PathBuf>) -> Result<()> {
    let cost_alone: Option<Measure> = match places.first().and_then(|first| first.to_str()) {
        Some("--large") => Some(cost::large),
        Some("--gpu") => Some(cost::graphics),
        _ => None,
    };
    if cost_alone.is_some() {
        places.remove(0);
    }
    ensure!(!places.is_empty(), "name captures, or a folder of them");
    let mut captures = Vec::new();
    for place in places {
        if place.join("images").is_dir() {
            captures.push(place);
            continue;
        }
        let entries = fs::read_dir(&place).with_context(|| place.display().to_string())?;
        let mut within: Vec<PathBuf> = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()?;
        within.retain(|capture| capture.join("images").is_dir());
        within.sort();
        ensure!(!within.is_empty(), "{} holds no capture", place.display());
        captures.extend(within);
    }
    if let Some(measure) = cost_alone {
        return measure(&captures);
    }
    let colmap = peer::installed();
    if colmap.is_none() {
        println!("COLMAP: not installed.\n");
    }
    println!(
        "| capture | photos posed | tilt error ° | focal error % | F at 1% | precision | recall | recall where 3 photos see | held-out IoU | held-out PSNR dB | in the capture's light | CPU s | wall s | MB | COLMAP: posed | focal error % | CPU s |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for capture in captures {
        row(&capture, colmap.as_deref())?;
    }
    println!(
        "\nGoals: all posed, tilt ≤ 0.05°, focal ≤ 0.3%, F ≥ 0.95 (a concave shoe 0.90), IoU ≥ 0.98, PSNR ≥ 28 dB. Pictures: target/reconstruct."
    );
    Ok(())
}

fn row(capture: &Path, colmap: Option<&Path>) -> Result<()> {
    let name = capture
        .canonicalize()?
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let truth = capture.join("ground_truth/ground_truth.json");
    let truth = truth.is_file().then(|| Truth::read(&truth)).transpose()?;
    let place = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../target/reconstruct")
        .join(&name);
    if place.exists() {
        fs::remove_dir_all(&place)?;
    }
    fs::create_dir_all(&place)?;
    let model = place.join("model.glb");
    let mut columns = vec![name];
    if let Some((report, cost)) = made(capture, &place, &model)? {
        sheet::write(&place.join("held-out"), &place.join("sheet.png"))?;
        columns.extend(rig_columns(&report, truth.as_ref()));
        columns.extend(shape_columns(capture, &model, truth.as_ref())?);
        let number = |key: &str| report[key].as_f64().unwrap_or(0.0);
        columns.extend([
            format!("{:.4}", number("heldOutIou")),
            format!("{:.2}", number("heldOutPsnrDb")),
            format!("{:.2}", number("heldOutLitPsnrDb")),
            format!("{:.1}", cost.cpu_s),
            format!("{:.1}", cost.wall_s),
            format!("{:.0}", cost.peak_bytes as f64 / 1e6),
        ]);
    } else {
        columns.push("**refused**".to_owned());
        columns.extend(vec![String::new(); 12]);
    }
    columns.extend(peer_columns(capture, colmap, truth.as_ref())?);
    println!("| {} |", columns.join(" | "));
    Ok(())
}

/// Runs `xoay model`; `None` where it refuses.
fn made(capture: &Path, place: &Path, model: &Path) -> Result<Option<(Value, Cost)>> {
    let xoay =
        std::env::current_exe()?.with_file_name(format!("xoay{}", std::env::consts::EXE_SUFFIX));
    let (images, report, pictures) = (
        capture.join("images"),
        place.join("report.json"),
        place.join("held-out"),
    );
    let command: [&OsStr; 9] = [
        xoay.as_os_str(),
        "model".as_ref(),
        images.as_os_str(),
        "-o".as_ref(),
        model.as_os_str(),
        "--report".as_ref(),
        report.as_os_str(),
        "--sheet".as_ref(),
        pictures.as_os_str(),
    ];
    let cost = match once(&command) {
        Ok(cost) => cost,
        Err(error) if !model.exists() => {
            eprintln!("{}: {error:#}", capture.display());
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    Ok(Some((serde_json::from_slice(&fs::read(report)?)?, cost)))
}

fn rig_columns(report: &Value, truth: Option<&Truth>) -> [String; 3] {
    let posed = &report["photosPosed"];
    let rig = &report["rig"];
    let rows = rig["rows"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let tilts: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let photo = row["photos"][0].as_str()?;
            let error = truth?.tilt_error_deg(photo, row["tiltDeg"].as_f64()?)?;
            Some(format!("{error:+.3}"))
        })
        .collect();
    let focal = truth.and_then(|truth| {
        let error = truth.focal_error_pct(rig["focalPx"].as_f64()?, rig["photoSize"][0].as_f64()?);
        Some(format!("{error:+.2}"))
    });
    let of = truth.map_or(String::new(), |truth| format!(" of {}", truth.photos()));
    [
        format!("{posed}{of}"),
        tilts.join(", "),
        focal.unwrap_or_default(),
    ]
}

fn shape_columns(capture: &Path, model: &Path, truth: Option<&Truth>) -> Result<Vec<String>> {
    let surface = capture.join("ground_truth/gt_object.glb");
    let Some(truth) = truth.filter(|_| surface.is_file()) else {
        return Ok(vec![String::new(); 4]);
    };
    let (wanted, made) = (triangles(&surface)?, triangles(model)?);
    let (score, similarity) = align::evaluate(&wanted, &made, |tree, point| {
        truth.seen_by(tree, point, 1) > 0
    });
    let well = align::recall(&wanted, &made, &similarity, |tree, point| {
        truth.seen_by(tree, point, SEEN_WELL) == SEEN_WELL
    });
    Ok([score.f(), score.precision, score.recall, well]
        .map(|value| format!("{value:.4}"))
        .to_vec())
}

fn peer_columns(
    capture: &Path,
    colmap: Option<&Path>,
    truth: Option<&Truth>,
) -> Result<[String; 3]> {
    let Some(python) = colmap else {
        return Ok(["not installed".to_owned(), String::new(), String::new()]);
    };
    let images = capture.join("images");
    // Photos of the empty turntable are no views of the product.
    let plates: Vec<String> = fs::read_dir(&images)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("plate"))
        .collect();
    let (found, cost) = peer::run(python, &images, &plates)?;
    let focal = truth.and_then(|truth| {
        let error = truth.focal_error_pct(found.focal_px?, found.width?);
        Some(format!("{error:+.2}"))
    });
    Ok([
        format!("{} of {}", found.posed, found.photos),
        focal.unwrap_or_default(),
        format!("{:.1}", cost.cpu_s),
    ])
}
