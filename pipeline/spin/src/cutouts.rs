//! The product cut out of every photo, for whoever makes something else of it than a spin.

use std::sync::atomic::{AtomicUsize, Ordering};

use xoay_format::{Direction, Stage, Text, Watch};
use xoay_imaging::{Channels, DecodeOptions, Raster, Resizer, decode};
use xoay_matte::Part;

use crate::crew::together;
use crate::error::{BadPhoto, PhotoProblem};
use crate::progress::Progress;
use crate::source::read_file;
use crate::studio::{Studio, Treatment};
use crate::survey;
use crate::{
    CaptureSet, Photo, QualityReport, SpinError, SpinOptions, StudioBackground, StudioOptions,
};

/// A photo with its product cut out.
#[derive(Debug)]
pub struct CutPhoto<'a> {
    /// Its path within the capture.
    pub name: &'a str,
    /// Its row, from 0, the lowest camera first.
    pub row: usize,
    /// The angle of its step within the row, degrees, rising from photo to photo whichever way the table turns.
    pub azimuth_deg: f64,
    /// How sure the cut is, 0 to 1.
    pub confidence: f32,
    /// Straight sRGB, evened out in exposure, with the product's cover as alpha; the whole photo.
    pub raster: Raster,
}

/// What [`cut_out`] found.
#[derive(Debug)]
pub struct Cutouts<T> {
    /// What was kept of each photo, row after row, in the order of the turn.
    pub photos: Vec<T>,
    /// Width of the whole photos as they were cut, pixels.
    pub width: u32,
    /// Height of the whole photos as they were cut, pixels.
    pub height: u32,
    /// Focal length for 35 mm film, where the photos state one.
    pub focal_35mm: Option<f64>,
    /// The lens' own focal length in millimetres, from the same photo.
    pub focal_mm: Option<f64>,
    /// Which way the product turns, where the photos say so.
    pub direction: Option<Direction>,
    /// What was found about the photos.
    pub report: QualityReport,
    /// What was imperfect about cutting out.
    pub notes: Vec<Text>,
}

/// Cuts the product out of every photo of `capture` at `long_side` pixels and gives each to `keep`, from several
/// threads; `None` where a row has no cut, because it has too few photos or they differ in size.
///
/// Duplicates are left out and the order is mended, as [`crate::RepairMode::PutInOrder`] does.
///
/// # Errors
/// [`SpinError`], as [`crate::make_spin`].
pub fn cut_out<T: Send>(
    capture: &CaptureSet,
    options: &SpinOptions,
    long_side: u32,
    keep: impl Fn(CutPhoto<'_>) -> T + Sync,
    watch: Watch<'_>,
) -> Result<Option<Cutouts<T>>, SpinError> {
    let studio_options = StudioOptions {
        background: StudioBackground::Transparent,
        crop_margin: None,
        repair: crate::RepairMode::PutInOrder,
        ..options.studio.unwrap_or_default()
    };
    let studio = Studio::open(capture, &studio_options, options, watch)?;
    if studio
        .treatments
        .iter()
        .any(|treatment| treatment.cut.is_none())
    {
        return Ok(None);
    }
    let photos = &studio.capture.frames;
    let long = studio.capture.width.max(studio.capture.height);
    let side = |side: u32| {
        let scaled = u64::from(side) * u64::from(long_side.min(long)) / u64::from(long);
        u32::try_from(scaled).unwrap_or(u32::MAX).max(1)
    };
    let size = (side(studio.capture.width), side(studio.capture.height));
    let rows: Vec<usize> = studio
        .capture
        .row_lengths
        .iter()
        .enumerate()
        .flat_map(|(row, length)| std::iter::repeat_n(row, *length as usize))
        .collect();
    let progress = Progress::start(watch, Stage::Cutouts, photos.len());
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut done, mut resizer) = (Vec::new(), Resizer::new());
        while !watch.cancelled() {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(photo) = photos.get(at) else { break };
            let treatment = &studio.treatments[at];
            let cut = one(photo, treatment, size, options, &mut resizer).map(|raster| {
                keep(CutPhoto {
                    name: &photo.name,
                    row: rows[at],
                    azimuth_deg: studio.azimuths_deg[at],
                    confidence: treatment.cut.as_ref().map_or(0.0, |cut| cut.confidence),
                    raster,
                })
            });
            done.push((at, cut));
            progress.step();
        }
        done
    };
    let workers = survey::workers(photos, options.workers, options.memory_bytes);
    let all = together(workers, work);
    if watch.cancelled() {
        return Err(SpinError::Cancelled);
    }
    let kept = survey::all_or_bad(all, photos)?;
    progress.finish();
    let lens = photos
        .iter()
        .map(|photo| &photo.header.camera)
        .find(|camera| camera.focal_length_35mm.is_some());
    Ok(Some(Cutouts {
        photos: kept,
        width: size.0,
        height: size.1,
        focal_35mm: lens.and_then(|camera| camera.focal_length_35mm),
        focal_mm: lens.and_then(|camera| camera.focal_length_mm),
        direction: studio.direction,
        report: studio.report,
        notes: studio.notes,
    }))
}

/// The whole file of a photo, for those who hash it.
///
/// # Errors
/// [`SpinError::BadPhotos`] where it cannot be read or has changed since the capture was read.
pub fn photo_bytes(photo: &Photo) -> Result<Vec<u8>, SpinError> {
    read_file(photo).map_err(|problem| {
        SpinError::BadPhotos(vec![BadPhoto {
            file: photo.name.clone(),
            problem,
        }])
    })
}

fn one(
    photo: &Photo,
    treatment: &Treatment,
    size: (u32, u32),
    options: &SpinOptions,
    resizer: &mut Resizer,
) -> Result<Raster, PhotoProblem> {
    let bytes = read_file(photo)?;
    let decode_options = DecodeOptions {
        limits: options.limits,
        target: Some(size),
    };
    let decoded = decode(&bytes, &decode_options).map_err(PhotoProblem::Image)?;
    if decoded.header != photo.header {
        return Err(PhotoProblem::Changed);
    }
    let flat = match decoded.raster.channels() {
        Channels::Rgb => decoded.raster,
        Channels::Rgba => decoded.raster.flattened([255; 3]),
    };
    let small = resizer
        .resize(&flat, size.0, size.1)
        .map_err(PhotoProblem::Image)?;
    drop(flat);
    let mut rgb = small.into_pixels();
    if let Some(tones) = &treatment.tones {
        tones.apply(&mut rgb);
    }
    let rgba = match &treatment.cut {
        Some(cut) => xoay_matte::refine(size.0, size.1, &rgb, cut, Part::WHOLE).rgba,
        None => rgb
            .chunks_exact(3)
            .flat_map(|p| [p[0], p[1], p[2], 255])
            .collect(),
    };
    Raster::new(size.0, size.1, Channels::Rgba, rgba).map_err(PhotoProblem::Image)
}
