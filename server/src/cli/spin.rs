//! `xoay spin`.

use serde_json::json;
use xoay_format::{Direction, Text, Watch};
use xoay_pipeline::{CaptureOptions, SpinOptions, SpinOutcome, make_spin};

use super::args::{DirectionArgument, SpinArguments};
use super::exit::Failure;
use super::stop_on_signal;
use super::terminal::Terminal;

/// Makes the spin and says what came of it.
pub fn run(arguments: &SpinArguments, terminal: &Terminal) -> Result<(), Failure> {
    let stop = stop_on_signal()?;
    let listener = |event| terminal.show(&event);
    let outcome = make_spin(
        &arguments.photos,
        &arguments.output,
        &capture_options(arguments),
        &spin_options(arguments),
        Watch::new(&listener, &stop),
    )?;
    terminal.done(
        &sentence(&outcome, arguments),
        json!({
            "output": arguments.output,
            "manifest": outcome.manifest,
            "seconds": outcome.timings.iter().map(|(stage, spent)| {
                json!({ "stage": stage, "seconds": spent.as_secs_f64() })
            }).collect::<Vec<_>>(),
        }),
    );
    Ok(())
}

fn capture_options(arguments: &SpinArguments) -> CaptureOptions {
    let mut options = CaptureOptions::default();
    options.rows.clone_from(&arguments.rows);
    options.clean_plates.clone_from(&arguments.clean_plate);
    if let Some(megapixels) = arguments.max_photo {
        options.limits.max_pixels = u64::from(megapixels) * 1_000_000;
    }
    options
}

fn spin_options(arguments: &SpinArguments) -> SpinOptions {
    let mut options = SpinOptions::default();
    if let Some(widths) = &arguments.widths {
        options.widths.clone_from(widths);
    }
    if let Some(formats) = &arguments.formats {
        options.formats.clone_from(formats);
    }
    options.workers = arguments.workers;
    if let Some(megabytes) = arguments.memory {
        options.memory_bytes = megabytes * 1_000_000;
    }
    options.direction = match arguments.direction {
        Some(DirectionArgument::Clockwise) => Direction::Clockwise,
        Some(DirectionArgument::CounterClockwise) | None => Direction::CounterClockwise,
    };
    options.limits = capture_options(arguments).limits;
    options.loops = !arguments.arc;
    options.alt = Text::new(&arguments.alt_vi, &arguments.alt_en);
    options
}

fn sentence(outcome: &SpinOutcome, arguments: &SpinArguments) -> Text {
    let manifest = &outcome.manifest;
    let frames = manifest.frames.len();
    let rows = manifest.rows.len();
    let kilobytes: u64 = manifest
        .renditions
        .iter()
        .map(|rendition| rendition.size_bytes)
        .sum::<u64>()
        / 1000;
    let place = arguments.output.display();
    Text::new(
        format!("{place}: {frames} khung hình, {rows} hàng, {kilobytes} kB"),
        format!("{place}: {frames} frames in {rows} rows, {kilobytes} kB"),
    )
}
