//! The viewer beside those that shops use today: bytes, time, processor, memory, in the same browser on the same
//! product.

mod endurance;
mod kiosk;
mod product;
mod shop;
mod spin;
mod three_d;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// Fresh browsers for each figure, unless another number is asked for; the median counts.
const RUNS: usize = 3;

/// One figure of ours, its goal, and the same of each peer that has it.
struct Line {
    what: String,
    unit: &'static str,
    ours: f64,
    /// At most this.
    goal: f64,
    peers: Vec<(&'static str, f64)>,
}

impl Line {
    fn print(&self) {
        let number = |value: f64| {
            if value.abs() < 10.0 && value.fract() != 0.0 {
                format!("{value:.2}")
            } else {
                format!("{value:.0}")
            }
        };
        let peers: Vec<String> = self
            .peers
            .iter()
            .map(|(name, value)| {
                let times = value / self.ours.max(1e-9);
                let times = if self.ours > 0.0 {
                    format!(" ({times:.1}×)")
                } else {
                    String::new()
                };
                format!("{name} {}{times}", number(*value))
            })
            .collect();
        println!(
            "| {} | {} {} | ≤ {} | {} | {} |",
            self.what,
            number(self.ours),
            self.unit,
            number(self.goal),
            if self.ours <= self.goal {
                "met"
            } else {
                "**missed**"
            },
            if peers.is_empty() {
                "–".to_owned()
            } else {
                peers.join(", ")
            },
        );
    }
}

/// Prints a figure of every viewer's runs, ours first.
fn print_line<C>(
    costs: &[(&'static str, Vec<C>)],
    what: String,
    unit: &'static str,
    goal: f64,
    figure: impl Fn(&C) -> f64,
) {
    let mut values = costs
        .iter()
        .map(|(viewer, runs)| (*viewer, median(runs.iter().map(&figure))));
    let ours = values.next().map_or(f64::NAN, |(_, value)| value);
    Line {
        what,
        unit,
        ours,
        goal,
        peers: values.collect(),
    }
    .print();
}

/// What may be measured alone.
const PARTS: [&str; 4] = ["spin", "models", "endurance", "kiosk"];

/// Measures with the bundled honey jar, and with every `.glb` of `folder`, in `count` fresh browsers each; all of
/// [`PARTS`] but the kiosk, or one. For the kiosk `count` is how many minutes it stands.
pub fn run(folder: Option<PathBuf>, count: Option<&str>, part: Option<&str>) -> Result<()> {
    let count = count
        .map_or(Ok(RUNS), str::parse)
        .context("how many runs?")?;
    if let Some(part) = part {
        ensure!(PARTS.contains(&part), "the parts are {}", PARTS.join(", "));
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(measure(folder, count, part))
}

async fn measure(folder: Option<PathBuf>, count: usize, part: Option<&str>) -> Result<()> {
    let wanted = |name| part.is_none_or(|part| part == name);
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    shop::bundle(&repository)?;
    let mut models = vec![repository.join("assets/models/honey-jar.glb")];
    if let Some(folder) = folder {
        models.extend(files(&folder, "glb")?);
    }
    let photos: Vec<PathBuf> = files(&repository.join("assets/captures/honey-jar"), "jpg")?
        .into_iter()
        .filter(|path| !path.to_string_lossy().contains("plate"))
        .collect();
    println!(
        "Chromium without a graphics card, {} processors; medians of {count} fresh profiles. Beside each peer: how many times ours.\n",
        std::thread::available_parallelism()?
    );
    println!("| what | ours | goal | | peers |\n|---|---|---|---|---|");
    let frames = product::spin(&photos, 36)?;
    if wanted("spin") {
        spin::print(&repository, &frames, &product::spin(&photos, 72)?, count).await?;
    }
    for model in models.iter().filter(|_| wanted("models")) {
        let name = model.file_stem().unwrap_or_default().to_string_lossy();
        let glb = product::model(&fs::read(model)?)?;
        three_d::print(&repository, &name, &glb, count).await?;
    }
    if wanted("endurance") {
        endurance::print(&repository, frames.clone(), fs::read(&models[0])?).await?;
    }
    if part == Some("kiosk") {
        kiosk::print(&repository, frames, fs::read(&models[0])?, count as u32).await?;
    }
    Ok(())
}

fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect();
    files.sort();
    Ok(files)
}

fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Processor seconds that a browser has used, all of its processes together.
fn processor_s(browser: &xoay_tests::browser::Browser) -> f64 {
    let processes = browser.processes();
    processes.iter().map(|process| process.processor_s).sum()
}
