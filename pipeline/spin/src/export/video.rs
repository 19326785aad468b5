use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use xoay_imaging::{Raster, Resizer};

use super::animation::within;
use super::{ExportError, Exported, FinishedSpin};

/// How to make an MP4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoOptions {
    /// Row of frames, from 0.
    pub row: usize,
    /// How many frames a turn, spread evenly over the row.
    pub frames: usize,
    /// Longest side in pixels; never enlarged, and both sides are made even.
    pub size: u32,
    /// Milliseconds that a whole turn takes.
    pub turn_ms: u32,
    /// How often it turns.
    pub turns: u32,
    /// The ffmpeg to run; `None` looks for it on the path.
    pub ffmpeg: Option<PathBuf>,
}

impl Default for VideoOptions {
    /// All frames, up to 1080 pixels, two turns of 6 seconds.
    fn default() -> Self {
        Self {
            row: 0,
            frames: usize::MAX,
            size: 1080,
            turn_ms: 6000,
            turns: 2,
            ffmpeg: None,
        }
    }
}

/// An MP4 of H.264 at 4:2:0, which every player takes, on white where the spin is transparent.
///
/// `scratch` is a folder for ffmpeg's output, which is removed again. ffmpeg gets bare pixels through a pipe and no
/// path but that one.
///
/// # Errors
/// [`ExportError::NoFfmpeg`], [`ExportError::Ffmpeg`], what is wrong with the spin, or [`ExportError::Cancelled`].
pub fn film(
    spin: &FinishedSpin,
    options: &VideoOptions,
    scratch: &Path,
    cancelled: &dyn Fn() -> bool,
) -> Result<Exported, ExportError> {
    let program = match &options.ffmpeg {
        Some(program) => program.clone(),
        None => on_path("ffmpeg").ok_or(ExportError::NoFfmpeg)?,
    };
    let rows = spin.manifest().rows.get(options.row);
    let all = rows.map_or(1, |row| row.frame_count as usize);
    let asked = options.frames.min(if options.frames == usize::MAX {
        all
    } else {
        usize::MAX
    });
    let numbers = spin.evenly(options.row, asked)?;
    let notes = super::finished::note_count(asked, numbers.len())
        .into_iter()
        .collect();
    let rendition = spin.rendition(options.size)?;
    let (width, height) = even(within((rendition.width, rendition.height), options.size));
    let mut resizer = Resizer::new();
    let picture = |number| -> Result<Raster, ExportError> {
        let picture = spin.frame(rendition, number)?.flattened([255; 3]);
        Ok(resizer.resize(&picture, width, height)?)
    };
    let output = scratch.join(format!(".film-{}.mp4", std::process::id()));
    let result = run(
        &program,
        &arguments((width, height), numbers.len(), options.turn_ms, &output),
        numbers.repeat(options.turns.clamp(1, 100) as usize),
        picture,
        cancelled,
    )
    .and_then(|()| fs::read(&output).map_err(|source| ExportError::Temporary { source }));
    // Whatever came of it, the file has served; that it may not be there is no matter.
    let _ = fs::remove_file(&output);
    Ok(Exported {
        bytes: result?,
        frames: numbers.len(),
        width,
        height,
        notes,
    })
}

/// Both sides even, at least 2: chroma has half of each.
fn even((width, height): (u32, u32)) -> (u32, u32) {
    let even = |side: u32| (side / 2 * 2).max(2);
    (even(width), even(height))
}

fn arguments(
    (width, height): (u32, u32),
    frames: usize,
    turn_ms: u32,
    output: &Path,
) -> Vec<OsString> {
    let rate = format!("{}/{}", frames as u64 * 1000, turn_ms.max(1));
    let size = format!("{width}x{height}");
    let words = [
        "-hide_banner",
        "-loglevel",
        "error",
        "-nostdin",
        "-y",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-video_size",
        &size,
        "-framerate",
        &rate,
        "-i",
        "pipe:0",
        "-an",
        "-c:v",
        "libx264",
        "-preset",
        "medium",
        "-crf",
        "20",
        "-pix_fmt",
        "yuv420p",
        "-colorspace",
        "bt709",
        "-color_primaries",
        "bt709",
        "-color_trc",
        "bt709",
        "-vf",
        "scale=out_color_matrix=bt709:out_range=tv",
        "-movflags",
        "+faststart",
        "-map_metadata",
        "-1",
        "-fflags",
        "+bitexact",
        "-flags:v",
        "+bitexact",
        "-f",
        "mp4",
    ];
    let mut words: Vec<OsString> = words.iter().map(OsString::from).collect();
    words.push(output.into());
    words
}

/// Feeds the pictures of `numbers` to the program.
fn run(
    program: &Path,
    arguments: &[OsString],
    numbers: Vec<usize>,
    mut picture: impl FnMut(usize) -> Result<Raster, ExportError>,
    cancelled: &dyn Fn() -> bool,
) -> Result<(), ExportError> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ExportError::NoFfmpeg,
            _ => ExportError::Ffmpeg {
                detail: error.to_string(),
            },
        })?;
    let (pipe, words) = (child.stdin.take(), child.stderr.take());
    // Read beside: a program that waits to be read would never take the next picture.
    let listener = thread::spawn(move || {
        let mut said = String::new();
        if let Some(words) = words {
            let _ = words.take(64 << 10).read_to_string(&mut said);
        }
        said
    });
    let fed = pipe.map_or(Ok(()), |mut pipe| {
        for number in numbers {
            if cancelled() {
                return Err(ExportError::Cancelled);
            }
            // A closed pipe means that the program has ended; what it said explains more.
            if pipe.write_all(picture(number)?.pixels()).is_err() {
                break;
            }
        }
        Ok(())
    });
    if fed.is_err() {
        let _ = child.kill();
    }
    let status = child
        .wait()
        .map_err(|source| ExportError::Temporary { source })?;
    let said = listener.join().unwrap_or_default();
    fed?;
    if status.success() {
        return Ok(());
    }
    let last = said.lines().rev().find(|line| !line.trim().is_empty());
    Err(ExportError::Ffmpeg {
        detail: last.map_or_else(|| status.to_string(), |line| line.trim().to_owned()),
    })
}

fn on_path(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .map(|folder| {
            folder
                .join(program)
                .with_extension(std::env::consts::EXE_EXTENSION)
        })
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_become_even() {
        assert_eq!(even((1081, 811)), (1080, 810));
        assert_eq!(even((1, 1)), (2, 2));
    }

    #[test]
    fn the_rate_is_exact() {
        let words = arguments((640, 480), 36, 7000, Path::new("out.mp4"));
        let at = words.iter().position(|word| word == "-framerate").unwrap();
        assert_eq!(words[at + 1], "36000/7000");
        assert_eq!(words.last().unwrap(), "out.mp4");
    }
}
