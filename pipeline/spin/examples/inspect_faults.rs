//! Puts faults into captures that have none and prints how many the report names.
//!
//! `cargo run -p xoay-spin --example inspect_faults -- <folder of photos>[:rows] … [--each N] [--seed N] [--only KINDS]`
//!
//! First it prints what the report says of each capture as it is. The first photo of the next capture serves as the
//! photo of another product. Captures with severe faults of their own get no more.

use std::collections::BTreeMap;
use std::path::Path;

#[path = "../tests/faults/mod.rs"]
mod faults;

use faults::{Capture, Outcome};

/// What came of the faults of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    injected: usize,
    found: usize,
    false_alarms: usize,
}

fn main() {
    let (mut folders, mut each, mut seed, mut only) = (Vec::new(), 8, 1, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--only" {
            only = arguments.next();
            continue;
        }
        let mut number = || {
            arguments
                .next()
                .and_then(|n| n.parse().ok())
                .expect("a number")
        };
        match argument.as_str() {
            "--each" => each = number() as usize,
            "--seed" => seed = number(),
            _ => folders.push(argument),
        }
    }
    let captures: Vec<Capture> = folders
        .iter()
        .map(|folder| match folder.rsplit_once(':') {
            Some((folder, rows)) => Capture::read(Path::new(folder), rows.parse().ok()),
            None => Capture::read(Path::new(folder), None),
        })
        .collect();
    let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
    for (number, capture) in captures.iter().enumerate() {
        let before = capture.report();
        println!("{}: {} findings", capture.name, before.findings.len());
        for finding in &before.findings {
            println!("  {:?}: {}", finding.kind, finding.message.en);
        }
        if before.is_severe() {
            println!("  has faults of its own; none are put in");
            continue;
        }
        let foreign = &captures[(number + 1) % captures.len()].pictures[0];
        for (kind, fault) in faults::faults(capture, each, seed + number as u64) {
            let skipped = only.as_ref().is_some_and(|only| !only.contains(kind));
            if skipped || (kind == "foreign" && captures.len() < 2) {
                continue;
            }
            let (report, expected) = faults::inject(capture, fault, foreign);
            let outcome = Outcome::of(&report, &expected, &before);
            let score = scores.entry(kind).or_default();
            score.injected += 1;
            score.found += usize::from(outcome.found);
            score.false_alarms += outcome.wrong.len();
            if !outcome.found {
                println!("  missed {fault:?}");
            }
            for wrong in outcome.wrong {
                println!("  {fault:?} gave a false alarm: {wrong}");
            }
        }
    }
    println!(
        "{:16}{:>9}{:>7}{:>8}{:>13}{:>11}",
        "fault", "injected", "found", "recall", "false alarms", "precision"
    );
    for (kind, score) in scores {
        println!(
            "{kind:16}{:>9}{:>7}{:>8.3}{:>13}{:>11.3}",
            score.injected,
            score.found,
            score.found as f64 / score.injected as f64,
            score.false_alarms,
            score.found as f64 / (score.found + score.false_alarms).max(1) as f64,
        );
    }
}
