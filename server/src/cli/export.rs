//! `xoay export`.

use std::path::Path;
use std::sync::atomic::Ordering;

use serde_json::json;
use xoay_format::{Localize, ProgressEvent, Text};
use xoay_pipeline::export::{
    AnimationOptions, ExportError, Exported, FinishedSpin, PackageOptions, Preset, VideoOptions,
    animate, film, package,
};
use xoay_pipeline::write_whole;

use super::args::{ExportArguments, PresetArgument};
use super::exit::{Code, Failure};
use super::stop_on_signal;
use super::terminal::Terminal;

/// Makes the file that the output's ending names, and says what came of it.
pub fn run(arguments: &ExportArguments, terminal: &Terminal) -> Result<(), Failure> {
    let stop = stop_on_signal()?;
    let cancelled = || stop.load(Ordering::Relaxed);
    let spin = FinishedSpin::open(&arguments.spin)?;
    let row = arguments.row.unwrap_or(1) as usize - 1;
    let made = match Kind::of(&arguments.output)? {
        Kind::Zip => package(&spin, &package_options(arguments, row), &cancelled)?,
        Kind::Webp => animate(&spin, &animation_options(arguments, row), &cancelled)?,
        Kind::Mp4 => {
            let scratch = std::env::temp_dir();
            film(&spin, &video_options(arguments, row), &scratch, &cancelled)?
        }
    };
    write_whole(&arguments.output, &made.bytes)?;
    for note in &made.notes {
        terminal.show(&ProgressEvent::Warning {
            message: note.clone(),
        });
    }
    let notes: Vec<&Text> = made.notes.iter().collect();
    terminal.done(
        &sentence(&arguments.output, &made),
        json!({
            "output": arguments.output,
            "frames": made.frames,
            "width": made.width,
            "height": made.height,
            "bytes": made.bytes.len(),
            "notes": notes,
        }),
    );
    Ok(())
}

enum Kind {
    Zip,
    Webp,
    Mp4,
}

impl Kind {
    fn of(output: &Path) -> Result<Self, Failure> {
        let ending = output.extension().and_then(|ending| ending.to_str());
        match ending.map(str::to_ascii_lowercase).as_deref() {
            Some("zip") => Ok(Self::Zip),
            Some("webp") => Ok(Self::Webp),
            Some("mp4") => Ok(Self::Mp4),
            _ => Err(Failure {
                code: Code::Usage,
                message: Text::new(
                    format!(
                        "{}: không rõ cần xuất dạng nào; hãy đặt tên tệp kết thúc bằng .zip, .webp hoặc .mp4",
                        output.display()
                    ),
                    format!(
                        "{}: the ending does not say what to make; end the name in .zip, .webp or .mp4",
                        output.display()
                    ),
                ),
            }),
        }
    }
}

fn package_options(arguments: &ExportArguments, row: usize) -> PackageOptions {
    let name = arguments.name.clone().or_else(|| {
        let stem = arguments.output.file_stem()?;
        Some(stem.to_string_lossy().into_owned())
    });
    let mut options = PackageOptions::new(name.unwrap_or_default());
    if let Some(preset) = arguments.preset {
        options = options.with_preset(match preset {
            PresetArgument::Amazon => Preset::Amazon,
            PresetArgument::Shopify => Preset::Shopify,
        });
    }
    options.row = row;
    options.square |= arguments.square;
    if let Some(frames) = arguments.frames {
        options.frames = frames as usize;
    }
    if arguments.size.is_some() {
        options.size = arguments.size;
    }
    options
}

fn animation_options(arguments: &ExportArguments, row: usize) -> AnimationOptions {
    let usual = AnimationOptions::default();
    AnimationOptions {
        row,
        frames: arguments
            .frames
            .map_or(usual.frames, |frames| frames as usize),
        size: arguments.size.unwrap_or(usual.size),
        turn_ms: arguments
            .turn_seconds
            .map_or(usual.turn_ms, |seconds| seconds * 1000),
        ..usual
    }
}

fn video_options(arguments: &ExportArguments, row: usize) -> VideoOptions {
    let usual = VideoOptions::default();
    VideoOptions {
        row,
        frames: arguments
            .frames
            .map_or(usual.frames, |frames| frames as usize),
        size: arguments.size.unwrap_or(usual.size),
        turn_ms: arguments
            .turn_seconds
            .map_or(usual.turn_ms, |seconds| seconds * 1000),
        turns: arguments.turns.unwrap_or(usual.turns),
        ..usual
    }
}

fn sentence(output: &Path, made: &Exported) -> Text {
    let (place, kilobytes) = (output.display(), made.bytes.len() / 1000);
    let Exported {
        frames,
        width,
        height,
        ..
    } = made;
    Text::new(
        format!("{place}: {frames} khung hình {width}×{height}, {kilobytes} kB"),
        format!("{place}: {frames} frames of {width}×{height}, {kilobytes} kB"),
    )
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        let code = match error {
            ExportError::Cancelled => Code::Cancelled,
            ExportError::Temporary { .. } => Code::Output,
            ExportError::NoFfmpeg | ExportError::Ffmpeg { .. } | ExportError::Archive { .. } => {
                Code::Internal
            }
            ExportError::NoSuchRow { .. } => Code::Usage,
            _ => Code::BadInput,
        };
        Self {
            code,
            message: error.text(),
        }
    }
}
