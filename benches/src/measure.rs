//! What a command costs: wall seconds, processor seconds, peak memory.

use std::ffi::{OsStr, OsString};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};

/// The first argument of a process that measures one command for its parent.
pub const CHILD: &str = "--measure";

/// What one run of a command took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Cost {
    /// From start to end, seconds.
    pub wall_s: f64,
    /// User and system time of the command and its children, seconds.
    pub cpu_s: f64,
    /// The largest resident set of a single process, bytes.
    pub peak_bytes: u64,
}

/// Runs `command` `runs` times after one that is not counted, and gives the median of each figure.
///
/// Each run is measured by a fresh process, whose children are that run alone: the system then accounts
/// for it whole, and no former run's peak hides this one's.
pub fn median_of(runs: usize, command: &[&OsStr]) -> Result<Cost> {
    let mut costs = Vec::with_capacity(runs);
    for run in 0..=runs {
        let cost = in_child(command)?;
        if run > 0 {
            costs.push(cost);
        }
    }
    let median = |figure: fn(&Cost) -> f64| {
        let mut figures: Vec<_> = costs.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    Ok(Cost {
        wall_s: median(|cost| cost.wall_s),
        cpu_s: median(|cost| cost.cpu_s),
        peak_bytes: median(|cost| cost.peak_bytes as f64) as u64,
    })
}

/// Runs `command` once: for jobs of minutes.
pub fn once(command: &[&OsStr]) -> Result<Cost> {
    in_child(command)
}

fn in_child(command: &[&OsStr]) -> Result<Cost> {
    let output = Command::new(std::env::current_exe()?)
        .arg(CHILD)
        .args(command)
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "the measured command failed");
    serde_json::from_slice(&output.stdout).context("the measuring process wrote no figures")
}

/// Runs the command that the arguments spell and prints its cost as JSON.
pub fn as_child(mut arguments: impl Iterator<Item = OsString>) -> Result<()> {
    let program = arguments.next().context("no command to measure")?;
    let begun = Instant::now();
    let status = Command::new(&program)
        .args(arguments)
        .stdout(Stdio::null())
        .status()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let wall_s = begun.elapsed().as_secs_f64();
    ensure!(
        status.success(),
        "{} ended with {status}",
        program.display()
    );
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    // Linux counts the peak in kilobytes, macOS in bytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    let cost = Cost {
        wall_s,
        cpu_s: seconds(usage.user_time()) + seconds(usage.system_time()),
        peak_bytes: usage.max_rss() as u64 * unit,
    };
    println!("{}", serde_json::to_string(&cost)?);
    Ok(())
}
