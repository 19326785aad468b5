use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use xoay_format::{Frame, ImageFile, Rendition, Row, SpinManifest, Sprite, Stage, Tiles, Watch};
use xoay_imaging::{Raster, Resizer};

use crate::background::BorderColor;
use crate::crew::together;
use crate::error::BadPhoto;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::render::{self, RenderError, RenderedFrame, Workshop, frame_path};
use crate::report::{PhotoReport, PhotoRole, RenditionReport, SearchedQuality};
use crate::search::{FoundQuality, Target, find_qualities};
use crate::studio::Studio;
use crate::tiles::{FrameTiles, TileSettings, tiles_path};
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
    /// Where each photo went, in the order of the frames.
    pub transforms: Vec<FrameTransform>,
    /// Every frame, small, all of one size: for a contact sheet.
    pub tiles: Vec<Raster>,
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
    let started = Instant::now();
    let studio = match &options.studio {
        Some(asked) => Studio::open(capture, asked, options, watch)?,
        None => Studio::none(capture),
    };
    let prepared = Instant::now();
    let mut plan = Plan::new(&studio.capture, studio.size, options)?;
    for note in studio.notes.iter().chain(&plan.notes) {
        watch.warn(note.clone());
    }
    let searched = match options.target {
        Some(target) => search_qualities(&studio, &mut plan, target, options, sink, watch)?,
        None => Vec::new(),
    };
    let search_ended = Instant::now();
    let large = Mutex::new(());
    let workshop = Workshop {
        studio: &studio,
        plan: &plan,
        options,
        sink,
        large: &large,
    };
    let frames = render_all(&workshop, watch)?;
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
        (Stage::Matte, prepared - started),
        (Stage::Search, search_ended - prepared),
        (Stage::Encode, encoded - search_ended),
        (Stage::Sprite, encoded.elapsed()),
    ];

    let report = report(
        &studio,
        &plan,
        options,
        &finished,
        searched,
        sprite.as_ref(),
    );
    let manifest = manifest(&studio, &plan, options, &finished, sprite, border);
    let transforms = transforms(&studio, plan.sizes[0]);
    Ok(SpinOutcome {
        manifest,
        report,
        transforms,
        tiles,
        timings,
    })
}

/// Where a photo's pixels went in its frame.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FrameTransform {
    /// The photo's path within the capture.
    pub file: String,
    /// Two rows of three numbers, from pixels of the upright photo to those of the frame's largest rendition. Both count
    /// from the upper left corner; pixel centres lie at halves.
    pub matrix: [[f64; 3]; 2],
}

fn transforms(studio: &Studio, largest: (u32, u32)) -> Vec<FrameTransform> {
    let frames = studio.capture.frames.iter().zip(&studio.treatments);
    frames
        .map(|(photo, treatment)| FrameTransform {
            file: photo.name.clone(),
            matrix: treatment
                .placement
                .matrix((photo.header.width(), photo.header.height()), largest),
        })
        .collect()
}

/// Frames that the search for qualities looks at, spread over the set.
const SAMPLES: usize = 4;

/// Sets the plan's qualities to those that meet `target` on a few frames.
fn search_qualities(
    studio: &Studio,
    plan: &mut Plan,
    target: Target,
    options: &SpinOptions,
    sink: &dyn Sink,
    watch: Watch<'_>,
) -> Result<Vec<FoundQuality>, SpinError> {
    let count = studio.capture.frames.len();
    let mut numbers: Vec<usize> = (0..SAMPLES.min(count))
        .map(|at| at * count / SAMPLES.min(count))
        .collect();
    numbers.dedup();
    let progress = Progress::start(watch, Stage::Search, numbers.len() + 1);
    let large = Mutex::new(());
    let workshop = Workshop {
        studio,
        plan,
        options,
        sink,
        large: &large,
    };
    let mut resizer = Resizer::new();
    let mut samples = Vec::new();
    for &number in &numbers {
        if watch.cancelled() {
            return Err(SpinError::Cancelled);
        }
        let photo = &studio.capture.frames[number];
        let sample = workshop
            .compose(photo, &studio.treatments[number])
            .and_then(|(composed, _)| {
                render::resize(
                    &mut resizer,
                    &composed.frame,
                    workshop.plan.sizes[0],
                    "frames",
                )
            });
        match sample {
            Ok(sample) => samples.push(sample),
            Err(RenderError::Spin(error)) => return Err(error),
            // The rendering that follows names every photo that is bad.
            Err(RenderError::Photo(_)) => {}
        }
        progress.step();
    }
    let encoding = |format, quality| options.encoding_at(format, quality);
    let cancelled = || watch.cancelled();
    let found = find_qualities(
        samples,
        &plan.sizes,
        &plan.formats,
        &encoding,
        target,
        plan.workers,
        &cancelled,
    )?;
    for (at, (size, format)) in plan
        .sizes
        .iter()
        .flat_map(|size| plan.formats.iter().map(move |format| (*size, *format)))
        .enumerate()
    {
        if let Some(found) = found
            .iter()
            .find(|found| found.size == size && found.format == format)
        {
            plan.encodings[at] = options.encoding_at(format, found.quality);
        }
    }
    progress.step();
    progress.finish();
    Ok(found)
}

/// A frame without its tile.
struct FinishedFrame {
    file_bytes: Vec<u64>,
    color_converted: bool,
    zoom: Option<FrameTiles>,
}

impl FinishedFrame {
    fn split(frame: RenderedFrame) -> (Raster, Self) {
        let RenderedFrame {
            file_bytes,
            tile,
            color_converted,
            zoom,
            ..
        } = frame;
        (
            tile,
            Self {
                file_bytes,
                color_converted,
                zoom,
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

fn render_all(workshop: &Workshop<'_>, watch: Watch<'_>) -> Result<Vec<RenderedFrame>, SpinError> {
    let photos = &workshop.studio.capture.frames;
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
                workshop
                    .open(photo)
                    .map(|_| None)
                    .map_err(RenderError::Photo)
            } else {
                workshop
                    .render(number, &mut resizer, &should_stop)
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
    let frames = together(workshop.plan.workers, work);
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
    Ok(frames)
}

fn manifest(
    studio: &Studio,
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
        tiles: zoom(plan, finished),
        generator: options.generator.clone(),
        width,
        height,
        background: border.hex(),
        direction: options.direction.or(studio.direction).unwrap_or_default(),
        loops: options.loops,
        start_frame: 0,
        rows: rows(&studio.capture),
        frames: frames(studio),
        posters: posters(plan, &renditions, finished),
        renditions,
        sprite,
        alt: options.alt.clone(),
    }
}

fn rows(capture: &CaptureSet) -> Vec<Row> {
    let mut first_frame = 0;
    let mut rows = Vec::with_capacity(capture.row_lengths.len());
    for (number, &frame_count) in capture.row_lengths.iter().enumerate() {
        rows.push(Row {
            first_frame,
            frame_count,
            elevation_deg: capture.row_elevations_deg.get(number).copied().flatten(),
        });
        first_frame += frame_count;
    }
    rows
}

fn frames(studio: &Studio) -> Vec<Frame> {
    let photos = studio.capture.frames.iter();
    photos
        .zip(&studio.azimuths_deg)
        .map(|(photo, &azimuth_deg)| Frame {
            azimuth_deg,
            source: photo.name.clone(),
            projection: None,
        })
        .collect()
}

/// The tiles of all frames, where every frame has them.
fn zoom(plan: &Plan, finished: &[FinishedFrame]) -> Option<Tiles> {
    let each: Option<Vec<FrameTiles>> = finished.iter().map(|frame| frame.zoom).collect();
    let each = each?;
    let first = each.first()?;
    Some(Tiles {
        format: TileSettings::for_formats(&plan.formats).format,
        width: first.width,
        height: first.height,
        tile_size: first.tile_size,
        levels: first.levels,
        index_bytes: first.index_bytes,
        size_bytes: each.iter().map(|tiles| tiles.size_bytes).sum(),
        urls: (0..each.len()).map(tiles_path).collect(),
    })
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
    studio: &Studio,
    plan: &Plan,
    options: &SpinOptions,
    finished: &[FinishedFrame],
    searched: Vec<FoundQuality>,
    sprite: Option<&Sprite>,
) -> SpinReport {
    let capture = &studio.capture;
    let photo = |photo: &Photo, role, color_converted| PhotoReport {
        file: photo.name.clone(),
        role,
        size_bytes: photo.size_bytes,
        width: photo.header.width(),
        height: photo.header.height(),
        orientation: photo.header.orientation.exif(),
        color_converted,
        captured: photo.header.captured.clone(),
        frame_from_photo: None,
    };
    let frames = capture
        .frames
        .iter()
        .zip(finished)
        .zip(&studio.treatments)
        .map(|((shot, frame), treatment)| PhotoReport {
            frame_from_photo: Some(
                treatment
                    .placement
                    .matrix((shot.header.width(), shot.header.height()), (1, 1)),
            ),
            ..photo(shot, PhotoRole::Frame, frame.color_converted)
        });
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
            .chain(&studio.notes)
            .chain(&plan.notes)
            .cloned()
            .collect(),
        quality: studio.report.clone(),
        searched: searched.into_iter().map(SearchedQuality::from).collect(),
    }
}
