//! The model optimizer beside `gltf-transform` and `gltfpack` from npm: bytes, processor seconds, memory, likeness.

mod files;
mod peers;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xoay_gltf::{Document, Limits, read, read_bytes};
use xoay_pipeline::{Likeness, Portrait};

use crate::measure::{Cost, median_of};
use files::Weight;
use peers::Peer;

/// Runs of each command that count; the median is taken.
const RUNS: usize = 3;
/// Pixels a side of the pictures that are compared.
const SIDE: u32 = 1024;

/// What one program made of a model.
struct Made {
    weight: Weight,
    cost: Cost,
    likeness: Option<Likeness>,
}

/// A model with what each program made of it; the peers in the order of [`peers::ALL`], `None` where one refused.
struct Row {
    name: String,
    input_bytes: u64,
    decoded_bytes: u64,
    ours: Made,
    /// Processor seconds with the pictures that prove the result.
    proved_cpu_s: f64,
    peers: Vec<Option<Made>>,
}

/// Measures every `.glb` of `folders`, and those given as files.
pub fn run(folders: Vec<PathBuf>) -> Result<()> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut places = folders;
    if places.is_empty() {
        places.push(repository.join("assets/models"));
    }
    let mut models = Vec::new();
    for place in &places {
        models.extend(files::models(place)?);
    }
    ensure!(!models.is_empty(), "no .glb in the folders named");
    let tools = repository.join("target/tools/optimizers");
    println!(
        "Medians of {RUNS} runs after one uncounted, {} processors; likeness is the mean SSIMULACRA2 of {SIDE}-pixel pictures from fixed views.\n",
        std::thread::available_parallelism()?
    );
    let place = tempfile::tempdir()?;
    let mut rows = Vec::new();
    for model in &models {
        eprintln!("{}", model.display());
        rows.push(row(model, &tools, place.path())?);
    }
    print(&rows);
    Ok(())
}

fn row(model: &Path, tools: &Path, place: &Path) -> Result<Row> {
    let bytes = fs::read(model)?;
    let document =
        read_bytes(&bytes, &Limits::default()).with_context(|| model.display().to_string())?;
    let portrait = match Portrait::new(&document, SIDE) {
        Ok(portrait) => Some(portrait),
        Err(error) => {
            println!("{}: likeness is left out: {error}", model.display());
            None
        }
    };
    let xoay =
        std::env::current_exe()?.with_file_name(format!("xoay{}", std::env::consts::EXE_SUFFIX));
    let output = place.join("ours.glb");
    let words = |proof: &'static str| {
        [
            xoay.as_os_str(),
            "optimize".as_ref(),
            model.as_os_str(),
            "-o".as_ref(),
            output.as_os_str(),
            "--quiet".as_ref(),
            "--likeness".as_ref(),
            proof.as_ref(),
        ]
    };
    let proved = median_of(1, &words("auto"))?;
    let cost = median_of(RUNS, &words("off"))?;
    let ours = made(&output, cost, portrait.as_ref())?;
    let mut peers = Vec::new();
    for peer in peers::ALL {
        peers.push(by_peer(peer, model, tools, place, portrait.as_ref())?);
    }
    Ok(Row {
        name: files::short_name(model),
        input_bytes: bytes.len() as u64,
        decoded_bytes: decoded_bytes(&document),
        ours,
        proved_cpu_s: proved.cpu_s,
        peers,
    })
}

fn by_peer(
    peer: &Peer,
    model: &Path,
    tools: &Path,
    place: &Path,
    portrait: Option<&Portrait>,
) -> Result<Option<Made>> {
    let output = place.join(format!("{}.glb", peer.name));
    let command = peer.command(tools, model, &output);
    ensure!(
        Path::new(&command[0]).exists(),
        "{} is not installed; cargo xtask bench does it",
        peer.name
    );
    let words: Vec<_> = command.iter().map(std::ffi::OsString::as_os_str).collect();
    match median_of(RUNS, &words) {
        Ok(cost) => Ok(Some(made(&output, cost, portrait)?)),
        Err(error) => {
            println!("{} refuses {}: {error}", peer.name, model.display());
            Ok(None)
        }
    }
}

fn made(output: &Path, cost: Cost, portrait: Option<&Portrait>) -> Result<Made> {
    let likeness = portrait
        .map(|portrait| {
            let document = read(output, &Limits::default())?;
            anyhow::Ok(portrait.compare(&document)?)
        })
        .transpose()?;
    Ok(Made {
        weight: Weight::of(&fs::read(output)?)?,
        cost,
        likeness,
    })
}

/// What a model takes in memory once everything in it is decoded.
fn decoded_bytes(document: &Document) -> u64 {
    let geometry: usize = document.accessors.iter().map(|a| a.bytes().len()).sum();
    let pixels: u64 = document
        .images
        .iter()
        .filter_map(|image| xoay_gltf::textures::dimensions(&image.bytes))
        .map(|(width, height)| u64::from(width) * u64::from(height) * 4)
        .sum();
    geometry as u64 + pixels
}

fn print(rows: &[Row]) {
    println!(
        "| model | input | program | bytes | geometry B/triangle | CPU s | peak MB | likeness |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for row in rows {
        let peers = peers::ALL.iter().zip(&row.peers);
        let all = std::iter::once(("xoay", Some(&row.ours)))
            .chain(peers.map(|(peer, made)| (peer.name, made.as_ref())));
        for (name, made) in all {
            let Some(made) = made else {
                println!(
                    "| {} | {} | {name} | refused | | | | |",
                    row.name, row.input_bytes
                );
                continue;
            };
            println!(
                "| {} | {} | {name} | {} | {:.2} | {:.2} | {:.0} | {} |",
                row.name,
                row.input_bytes,
                made.weight.file_bytes,
                made.weight.geometry_per_triangle(),
                made.cost.cpu_s,
                made.cost.peak_bytes as f64 / 1e6,
                made.likeness
                    .as_ref()
                    .map_or_else(|| "–".to_owned(), |l| format!("{:.1}", l.mean)),
            );
        }
    }
    println!("\n| what | per model | mean | goal | |\n|---|---|---|---|---|");
    let against = |peer: usize, figure: &dyn Fn(&Made) -> f64| -> Vec<f64> {
        rows.iter()
            .filter_map(|row| Some(figure(&row.ours) / figure(row.peers[peer].as_ref()?)))
            .collect()
    };
    let bytes = against(0, &|made| made.weight.file_bytes as f64);
    goal("bytes against gltf-transform", &bytes, &Bound::AtMost(0.85));
    let cpu: Vec<f64> = against(0, &|made| made.cost.cpu_s)
        .iter()
        .map(|ratio| 1.0 / ratio)
        .collect();
    goal(
        "CPU of gltf-transform against ours",
        &cpu,
        &Bound::AtLeast(4.0),
    );
    let geometry = against(1, &|made| made.weight.geometry_per_triangle());
    goal(
        "geometry per triangle against gltfpack",
        &geometry,
        &Bound::AtMost(1.0),
    );
    let lead: Vec<f64> = rows
        .iter()
        .filter_map(|row| {
            let theirs = row.peers[0].as_ref()?.likeness.as_ref()?;
            Some(row.ours.likeness.as_ref()?.mean - theirs.mean)
        })
        .collect();
    goal(
        "likeness less that of gltf-transform",
        &lead,
        &Bound::AtLeast(0.0),
    );
    let memory: Vec<f64> = rows
        .iter()
        .map(|row| row.ours.cost.peak_bytes as f64 / row.decoded_bytes as f64)
        .collect();
    goal(
        "peak memory against the decoded model",
        &memory,
        &Bound::AtMost(4.0),
    );
    let proved: Vec<f64> = rows
        .iter()
        .filter_map(|row| Some(row.peers[0].as_ref()?.cost.cpu_s / row.proved_cpu_s))
        .collect();
    goal(
        "CPU of gltf-transform against ours with pictures",
        &proved,
        &Bound::None,
    );
}

enum Bound {
    AtMost(f64),
    AtLeast(f64),
    None,
}

fn goal(what: &str, figures: &[f64], bound: &Bound) {
    if figures.is_empty() {
        return;
    }
    let mean = figures.iter().sum::<f64>() / figures.len() as f64;
    let each: Vec<String> = figures
        .iter()
        .map(|figure| format!("{figure:.2}"))
        .collect();
    let word = |met: bool| if met { "met" } else { "**missed**" };
    let (goal, met) = match *bound {
        Bound::AtMost(goal) => (format!("≤ {goal}"), word(mean <= goal)),
        Bound::AtLeast(goal) => (format!("≥ {goal}"), word(mean >= goal)),
        Bound::None => (String::new(), ""),
    };
    println!(
        "| {what} | {} | {mean:.2} | {goal} | {met} |",
        each.join(", ")
    );
}
