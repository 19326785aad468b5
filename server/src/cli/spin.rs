//! `xoay spin`.

use std::num::NonZeroUsize;
use std::thread;

use serde_json::json;
use xoay_format::{Direction, Text, Watch};
use xoay_pipeline::{
    CaptureOptions, RecipeError, RepairMode, SpinError, SpinExtras, SpinOptions, SpinOutcome,
    StudioBackground, StudioOptions, Target, make_spin, open_learned_matte,
};

use super::args::{BackgroundArgument, DirectionArgument, SpinArguments};
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
        &spin_options(arguments)?,
        &SpinExtras {
            contact_sheet: arguments.contact_sheet.clone(),
            mattes: arguments.mattes.clone(),
            transforms: arguments.transforms.clone(),
        },
        Watch::new(&listener, &stop),
    )?;
    terminal.done(
        &sentence(&outcome, arguments),
        json!({
            "output": arguments.output,
            "manifest": outcome.manifest,
            "findings": outcome.report.quality.findings,
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

fn spin_options(arguments: &SpinArguments) -> Result<SpinOptions, Failure> {
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
    options.direction = arguments.direction.map(|direction| match direction {
        DirectionArgument::Clockwise => Direction::Clockwise,
        DirectionArgument::CounterClockwise => Direction::CounterClockwise,
    });
    options.studio = Some(studio_options(arguments));
    options.tiles = !arguments.no_tiles;
    options.target = Some(Target {
        score: arguments.quality.map_or(Target::default().score, f64::from),
        ..Target::default()
    });
    options.limits = capture_options(arguments).limits;
    options.loops = !arguments.arc;
    options.alt = Text::new(&arguments.alt_vi, &arguments.alt_en);
    if let Some(model) = &arguments.matte_model {
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let learned = open_learned_matte(model, threads).map_err(SpinError::from);
        options.learned = Some(learned.map_err(RecipeError::from)?);
    }
    Ok(options)
}

fn studio_options(arguments: &SpinArguments) -> StudioOptions {
    let usual = StudioOptions::default();
    StudioOptions {
        background: match arguments.background {
            Some(BackgroundArgument::Keep) => StudioBackground::AsPhotographed,
            Some(BackgroundArgument::White) => StudioBackground::White,
            Some(BackgroundArgument::Transparent) => StudioBackground::Transparent,
            Some(BackgroundArgument::Auto) | None => StudioBackground::Auto,
        },
        crop_margin: match (arguments.no_crop, arguments.margin) {
            (true, _) => None,
            (false, Some(percent)) => Some(percent as f32 / 100.0),
            (false, None) => usual.crop_margin,
        },
        equalize: !arguments.no_equalize,
        contact_shadow: arguments.shadow,
        repair: if arguments.repair {
            RepairMode::PutInOrder
        } else {
            RepairMode::DropDuplicates
        },
    }
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
