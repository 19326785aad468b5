use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use xoay_format::{Frame, ImageFile, Rendition, Row, SpinManifest, Sprite, Stage, Watch};
use xoay_imaging::{Raster, Resizer};

use crate::background::BorderColor;
use crate::error::BadPhoto;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::render::{self, RenderError, RenderedFrame, frame_path};
use crate::report::{PhotoReport, PhotoRole, RenditionReport};
use crate::{CaptureSet, Photo, Sink, SpinError, SpinOptions, SpinReport, sprite};

/// The widest rendition that serves as the poster.
const MAX_POSTER_WIDTH: u32 = 1200;

/// A finished spin. Its frames and its sprite are in the sink; manifest and report are not, so that whoever writes
/// them can write them last.
#[derive(Clone, Debug)]
pub struct SpinOutcome {
    /// What a viewer reads; addresses are the paths that the sink was given.
    pub manifest: SpinManifest,
    /// What was found and made.
    pub report: SpinReport,
    /// How long each stage took. Not in the report, which is the same for the same input.
    pub timings: Vec<(Stage, Duration)>,
}

/// Makes every rendition of every frame and the sprite, and hands the files to `sink`.
///
/// Each photo is decoded once. Memory is bounded by the number of workers, whatever the number of photos: of a frame
/// that is stored only its sprite tile stays. The files do not depend on the number of workers.
///
/// # Errors
/// [`SpinError::BadPhotos`] with all photos that could not be decoded; else the first error that was met.
pub fn make_spin(
    capture: &CaptureSet,
    options: &SpinOptions,
    sink: &dyn Sink,
    watch: Watch<'_>,
) -> Result<SpinOutcome, SpinError> {
    let plan = Plan::new(capture, options)?;
    for note in &plan.notes {
        watch.warn(note.clone());
    }
    let started = Instant::now();
    let frames = render_all(capture, &plan, options, sink, watch)?;
    let encoded = Instant::now();

    let mut border = BorderColor::default();
    for frame in &frames {
        border.merge(frame.border);
    }
    let (tiles, finished): (Vec<Raster>, Vec<FinishedFrame>) =
        frames.into_iter().map(FinishedFrame::split).unzip();
    let progress = Progress::start(watch, Stage::Sprite, 1);
    if watch.cancelled() {
        return Err(SpinError::Cancelled);
    }
    let sprite = sprite::compose(&tiles, plan.tile, &plan.formats, sink)?;
    progress.step();
    progress.finish();
    let timings = vec![
        (Stage::Encode, encoded - started),
        (Stage::Sprite, encoded.elapsed()),
    ];

    let report = report(capture, &plan, options, &finished, sprite.as_ref());
    let manifest = manifest(capture, &plan, options, &finished, sprite, border);
    Ok(SpinOutcome {
        manifest,
        report,
        timings,
    })
}

/// A frame without its tile.
struct FinishedFrame {
    file_bytes: Vec<u64>,
    color_converted: bool,
}

impl FinishedFrame {
    fn split(frame: RenderedFrame) -> (Raster, Self) {
        let RenderedFrame {
            file_bytes,
            tile,
            color_converted,
            ..
        } = frame;
        (
            tile,
            Self {
                file_bytes,
                color_converted,
            },
        )
    }
}

/// What the workers leave behind when they do not all succeed.
#[derive(Default)]
struct Failures {
    photos: Vec<(usize, BadPhoto)>,
    /// Ends the run at once.
    fatal: Option<SpinError>,
}

fn render_all(
    capture: &CaptureSet,
    plan: &Plan,
    options: &SpinOptions,
    sink: &dyn Sink,
    watch: Watch<'_>,
) -> Result<Vec<RenderedFrame>, SpinError> {
    let photos = &capture.frames;
    let progress = Progress::start(watch, Stage::Encode, photos.len());
    let next = AtomicUsize::new(0);
    // Once a photo is bad there will be no spin: the others are only decoded, to name all that are bad at once.
    let any_bad = AtomicBool::new(false);
    let stopped = AtomicBool::new(false);
    let failures = Mutex::new(Failures::default());
    let should_stop = || stopped.load(Ordering::Relaxed) || watch.cancelled();
    let fail = |error| {
        let mut failures = failures
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match error {
            (_, _, RenderError::Spin(error)) => {
                stopped.store(true, Ordering::Relaxed);
                failures.fatal.get_or_insert(error);
            }
            (number, photo, RenderError::Photo(problem)) => {
                let photo: &Photo = photo;
                any_bad.store(true, Ordering::Relaxed);
                failures.photos.push((
                    number,
                    BadPhoto {
                        file: photo.name.clone(),
                        problem,
                    },
                ));
            }
        }
    };
    let work = || {
        let mut resizer = Resizer::new();
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(photo) = photos.get(number) else {
                break;
            };
            if should_stop() {
                break;
            }
            let rendered = if any_bad.load(Ordering::Relaxed) {
                render::open(photo, plan, options)
                    .map(|_| None)
                    .map_err(RenderError::Photo)
            } else {
                render::render(
                    number,
                    photo,
                    plan,
                    options,
                    sink,
                    &mut resizer,
                    &should_stop,
                )
                .map(Some)
            };
            match rendered {
                Ok(frame) => done.extend(frame.map(|frame| (number, frame))),
                Err(error) => fail((number, photo, error)),
            }
            progress.step();
        }
        done
    };
    let mut frames: Vec<(usize, RenderedFrame)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..plan.workers).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    let mut failures = failures
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if watch.cancelled() {
        return Err(SpinError::Cancelled);
    }
    if let Some(error) = failures.fatal {
        return Err(error);
    }
    if !failures.photos.is_empty() {
        failures.photos.sort_by_key(|(number, _)| *number);
        return Err(SpinError::BadPhotos(
            failures
                .photos
                .into_iter()
                .map(|(_, photo)| photo)
                .collect(),
        ));
    }
    progress.finish();
    frames.sort_by_key(|(number, _)| *number);
    Ok(frames.into_iter().map(|(_, frame)| frame).collect())
}

fn manifest(
    capture: &CaptureSet,
    plan: &Plan,
    options: &SpinOptions,
    finished: &[FinishedFrame],
    sprite: Option<Sprite>,
    border: BorderColor,
) -> SpinManifest {
    let (width, height) = plan.sizes[0];
    let renditions = renditions(plan, finished);
    SpinManifest {
        kind: SpinManifest::KIND.into(),
        version: SpinManifest::VERSION,
        tiles: None,
        generator: options.generator.clone(),
        width,
        height,
        background: border.hex(),
        direction: options.direction,
        loops: options.loops,
        start_frame: 0,
        rows: rows(&capture.row_lengths),
        frames: frames(capture),
        posters: posters(plan, &renditions, finished),
        renditions,
        sprite,
        alt: options.alt.clone(),
    }
}

fn rows(lengths: &[u32]) -> Vec<Row> {
    let mut first_frame = 0;
    let mut rows = Vec::with_capacity(lengths.len());
    for &frame_count in lengths {
        rows.push(Row {
            first_frame,
            frame_count,
            elevation_deg: None,
        });
        first_frame += frame_count;
    }
    rows
}

fn frames(capture: &CaptureSet) -> Vec<Frame> {
    let steps = capture.row_lengths.iter().flat_map(|&length| {
        (0..length).map(move |step| 360.0 * f64::from(step) / f64::from(length))
    });
    let photos = capture.frames.iter();
    photos
        .zip(steps)
        .map(|(photo, azimuth_deg)| Frame {
            azimuth_deg,
            source: photo.name.clone(),
        })
        .collect()
}

fn renditions(plan: &Plan, finished: &[FinishedFrame]) -> Vec<Rendition> {
    let each = plan
        .sizes
        .iter()
        .flat_map(|&size| plan.formats.iter().map(move |&format| (size, format)));
    each.enumerate()
        .map(|(at, ((width, height), format))| Rendition {
            format,
            width,
            height,
            size_bytes: finished.iter().map(|frame| frame.file_bytes[at]).sum(),
            urls: (0..finished.len())
                .map(|number| frame_path(width, number, format))
                .collect(),
        })
        .collect()
}

/// The start frame's files of one width: no copies, the frame that a viewer loads next is the poster itself.
fn posters(plan: &Plan, renditions: &[Rendition], finished: &[FinishedFrame]) -> Vec<ImageFile> {
    let fitting = plan
        .sizes
        .iter()
        .find(|(width, _)| *width <= MAX_POSTER_WIDTH);
    let width = fitting.or(plan.sizes.last()).map(|(width, _)| *width);
    let of_width = renditions
        .iter()
        .enumerate()
        .filter(|(_, rendition)| Some(rendition.width) == width);
    of_width
        .filter_map(|(at, rendition)| {
            Some(ImageFile {
                url: rendition.urls.first()?.clone(),
                format: rendition.format,
                width: rendition.width,
                height: rendition.height,
                size_bytes: *finished.first()?.file_bytes.get(at)?,
            })
        })
        .collect()
}

fn report(
    capture: &CaptureSet,
    plan: &Plan,
    options: &SpinOptions,
    finished: &[FinishedFrame],
    sprite: Option<&Sprite>,
) -> SpinReport {
    let photo = |photo: &Photo, role, color_converted| PhotoReport {
        file: photo.name.clone(),
        role,
        size_bytes: photo.size_bytes,
        width: photo.header.width(),
        height: photo.header.height(),
        orientation: photo.header.orientation.exif(),
        color_converted,
        captured: photo.header.captured.clone(),
    };
    let frames = capture
        .frames
        .iter()
        .zip(finished)
        .map(|(shot, frame)| photo(shot, PhotoRole::Frame, frame.color_converted));
    let plates = capture
        .clean_plates
        .iter()
        .map(|plate| photo(plate, PhotoRole::CleanPlate, false));
    let each = plan
        .sizes
        .iter()
        .flat_map(|&(width, _)| plan.formats.iter().map(move |&format| (width, format)));
    let renditions = each
        .enumerate()
        .map(|(at, (width, format))| RenditionReport {
            format,
            width,
            frame_bytes: finished.iter().map(|frame| frame.file_bytes[at]).collect(),
        });
    SpinReport {
        version: SpinReport::VERSION,
        generator: options.generator.clone(),
        photos: frames.chain(plates).collect(),
        renditions: renditions.collect(),
        sprite_bytes: sprite.map_or(0, |sprite| sprite.image.size_bytes),
        warnings: capture
            .warnings
            .iter()
            .chain(&plan.notes)
            .cloned()
            .collect(),
    }
}
