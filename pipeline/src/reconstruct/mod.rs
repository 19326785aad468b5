//! Photos of a turntable become a model.

mod artefacts;
mod document;
mod mat_file;
mod order;
mod publish;
mod report;
mod track;

use std::path::{Path, PathBuf};

use xoay_format::{ProgressEvent, Stage, Text, Watch};
use xoay_gltf::transform::simplify_triangles;
use xoay_gltf::{OptimizeOptions, optimize};
use xoay_reconstruct::{
    Calibration, Camera, Capture, Light, Mat, Mesh, Observation, Outcome, ReconstructError,
    Rendering, Shape, ShapeOptions, TextureOptions, TexturedMesh, Verdict, calibrate, compare,
    detect_markers, paint, render, render_lit, shape, stated_focal_px, worst,
};
use xoay_spin::{CaptureOptions, SpinOptions};

use self::artefacts::Artefacts;
pub use self::mat_file::read_mat;
pub use self::report::{HeldOut, ModelReport, RigReport, RowReport};
use self::track::TrackedSpin;
use crate::{ModelOptions, RecipeError};

/// How to make a model from photos.
#[derive(Clone, Debug)]
pub struct ReconstructOptions {
    /// How the photos are cut out.
    pub spin: SpinOptions,
    /// Long side at which photos are worked on, pixels.
    pub long_side: u32,
    /// How the surface is made.
    pub shape: ShapeOptions,
    /// Most triangles of the model.
    pub max_triangles: usize,
    /// How the texture is made.
    pub texture: TextureOptions,
    /// How the finished model is made light.
    pub optimize: OptimizeOptions,
    /// The product's height in metres, where it is known: it gives the model its scale.
    pub height_m: Option<f64>,
    /// The mat that the product stands on; without it the printed ones are looked for.
    pub mat: Option<Mat>,
    /// A folder that keeps what a run that did not end has finished.
    pub work_dir: Option<PathBuf>,
    /// The folder of the spin from the same photos: the rig is written into its manifest.
    pub spin_dir: Option<PathBuf>,
    /// Whether the photos are in no order, so that the mat must tell it.
    pub unordered: bool,
    /// A folder for the cameras as COLMAP's text files.
    pub colmap_dir: Option<PathBuf>,
    /// A folder for pictures of held-out photos beside the model's.
    pub sheet_dir: Option<PathBuf>,
}

impl Default for ReconstructOptions {
    fn default() -> Self {
        Self {
            spin: SpinOptions::default(),
            long_side: 1600,
            shape: ShapeOptions::default(),
            max_triangles: 60_000,
            texture: TextureOptions::default(),
            optimize: OptimizeOptions::default(),
            height_m: None,
            mat: None,
            work_dir: None,
            spin_dir: None,
            unordered: false,
            colmap_dir: None,
            sheet_dir: None,
        }
    }
}

/// Every so many photos one is held out for the comparison.
const HOLD_OUT: usize = 6;
/// How far simplifying may move the surface, as a share of its longest side.
const SIMPLIFY_ERROR: f32 = 5e-4;
/// Of the photo's long side, what is kept about the product: the disc turns with it and may be printed.
const WINDOW_MARGIN: f64 = 0.12;

/// Makes a model from a folder or zip of photos and writes it to `out`, whole or not at all: a GLB where its name ends so,
/// else a folder as [`crate::make_model`] writes it.
///
/// # Errors
/// [`RecipeError`]; `out` is then as it was before. [`RecipeError::Reconstruct`] says in words for photographers why no
/// model came out.
pub fn reconstruct(
    photos: &Path,
    out: &Path,
    capture_options: &CaptureOptions,
    options: &ReconstructOptions,
    watch: Watch<'_>,
) -> Result<ModelReport, RecipeError> {
    let tracked = options.spin_dir.as_deref();
    let tracked = tracked.map(TrackedSpin::open).transpose()?;
    let artefacts = Artefacts::open(options.work_dir.as_deref())?;
    let (capture, photo_size) = cut_out(photos, capture_options, options, &artefacts, watch)?;
    let calibration = step(Stage::Calibrate, watch, || calibrate(&capture, watch))?;
    let all = vec![true; capture.observations.len()];
    let held_out = step(Stage::Check, watch, || {
        hold_out(&capture, &calibration, options, watch)
    })?;
    let shape = step(Stage::Shape, watch, || {
        shape(&capture, &calibration, &all, &options.shape, watch)
    })?;
    let model = step(Stage::Paint, watch, || {
        Ok::<_, ReconstructError>(painted(&capture, &shape, &all, options))
    })?;
    if let Some(folder) = &options.sheet_dir {
        report::write_sheets(folder, &held_out)?;
    }
    let mut verdicts: Vec<Verdict> = calibration.verdicts.clone();
    verdicts.extend(shape.verdicts.iter().cloned());
    verdicts.push(held_out_verdict(&held_out));
    for verdict in verdicts.iter().filter(|v| v.outcome != Outcome::Good) {
        watch.warn(verdict.message.clone());
    }
    // Who states the height has measured the product itself.
    let metres = metres_per_unit(&shape.mesh, options.height_m).or(calibration.metres_per_unit);
    let document = document::build(&model, &shape.mesh, metres.unwrap_or(1.0))?;
    let optimized = optimize(document, &options.optimize, watch)
        .map_err(|source| RecipeError::model(out, source))?;
    if watch.cancelled() {
        return Err(RecipeError::Cancelled);
    }
    publish::write(out, &optimized, &ModelOptions::default(), watch)?;
    if let Some(folder) = &options.colmap_dir {
        publish::write_colmap(folder, &capture, &shape, &model, photo_size, metres)?;
    }
    let frames_tracked = match tracked {
        Some(spin) => Some(spin.write(&capture, &shape, metres.unwrap_or(1.0))?),
        None => None,
    };
    Ok(report::build(&report::Parts {
        capture: &capture,
        calibration: &calibration,
        shape: &shape,
        model: &model,
        held_out: &held_out,
        metres,
        outcome: worst(&verdicts),
        verdicts,
        frames_tracked,
        glb_bytes: optimized.glb.len() as u64,
    }))
}

fn step<T>(
    stage: Stage,
    watch: Watch<'_>,
    work: impl FnOnce() -> Result<T, ReconstructError>,
) -> Result<T, RecipeError> {
    watch.tell(ProgressEvent::Started { stage, total: 1 });
    let done = work().map_err(|error| match error {
        ReconstructError::Cancelled => RecipeError::Cancelled,
        error => RecipeError::Reconstruct(error),
    })?;
    if watch.cancelled() {
        return Err(RecipeError::Cancelled);
    }
    watch.tell(ProgressEvent::Finished { stage });
    Ok(done)
}

fn cut_out(
    photos: &Path,
    capture_options: &CaptureOptions,
    options: &ReconstructOptions,
    artefacts: &Artefacts,
    watch: Watch<'_>,
) -> Result<(Capture, [u32; 2]), RecipeError> {
    let mut set = xoay_spin::read_capture(photos, capture_options, watch)?;
    if options.unordered {
        order::put_in_order(&mut set, options, watch)?;
    }
    let photo_size = [set.width, set.height];
    let key = artefacts.key_of_photos(&set, options);
    if let Some(capture) = artefacts.capture(key.as_deref()) {
        let mat = options.mat.clone();
        return Ok((Capture { mat, ..capture }, photo_size));
    }
    let keep = |photo: xoay_spin::CutPhoto<'_>| {
        let raster = &photo.raster;
        Observation {
            name: photo.name.to_owned(),
            row: photo.row,
            nominal_rad: photo.azimuth_deg.to_radians(),
            markers: detect_markers(
                raster.pixels(),
                raster.width() as usize,
                raster.height() as usize,
                raster.channels().count(),
            ),
            window: xoay_reconstruct::Window::about_product(
                raster.width() as usize,
                raster.height() as usize,
                raster.pixels(),
                (f64::from(options.long_side) * WINDOW_MARGIN) as usize,
            ),
        }
    };
    let cut = xoay_spin::cut_out(&set, &options.spin, options.long_side, keep, watch)?;
    let Some(cut) = cut else {
        let fewest = set.row_lengths.iter().min().copied().unwrap_or(0);
        return Err(ReconstructError::TooFewPhotos {
            found: fewest as usize,
            needed: xoay_reconstruct::LEAST_PHOTOS,
        }
        .into());
    };
    let capture = Capture {
        width: cut.width,
        height: cut.height,
        focal_px: stated_focal_px(cut.focal_35mm, cut.focal_mm, cut.width, cut.height),
        mat: options.mat.clone(),
        observations: cut.photos,
    };
    artefacts.keep_capture(key.as_deref(), &capture);
    Ok((capture, photo_size))
}

fn views<'a>(capture: &'a Capture, shape: &Shape) -> Vec<(Camera, &'a Observation)> {
    capture
        .observations
        .iter()
        .zip(&shape.places)
        .filter_map(|(observation, (row, frame))| {
            Some((shape.rig.camera(*row, *frame)?, observation))
        })
        .collect()
}

/// The surface with fewer triangles, painted with the photos that are wanted.
fn painted(
    capture: &Capture,
    shape: &Shape,
    wanted: &[bool],
    options: &ReconstructOptions,
) -> TexturedMesh {
    let positions: Vec<[f32; 3]> = shape
        .mesh
        .positions
        .iter()
        .map(|p| p.map(|v| v as f32))
        .collect();
    let simplified = simplify_triangles(
        &positions,
        &shape.mesh.triangles,
        options.max_triangles,
        SIMPLIFY_ERROR,
    );
    let light = Mesh {
        positions: shape.mesh.positions.clone(),
        triangles: simplified.triangles,
    }
    // Drops the vertices that no triangle uses any more.
    .without_crumbs(0.0);
    let mut views = views(capture, shape);
    let mut wanted = wanted.iter();
    views.retain(|_| wanted.next().copied().unwrap_or(false));
    paint(&light, &views, options.texture)
}

/// Makes the model once more without every sixth photo and compares it with those.
fn hold_out(
    capture: &Capture,
    calibration: &Calibration,
    options: &ReconstructOptions,
    watch: Watch<'_>,
) -> Result<Vec<HeldOut>, ReconstructError> {
    let used: Vec<bool> = (0..capture.observations.len())
        .map(|at| at % HOLD_OUT != HOLD_OUT / 2)
        .collect();
    let shape = shape(capture, calibration, &used, &options.shape, watch)?;
    let model = painted(capture, &shape, &used, options);
    let (painting, held): (Vec<_>, Vec<_>) = views(capture, &shape)
        .into_iter()
        .zip(&used)
        .partition(|(_, used)| **used);
    let painting: Vec<_> = painting.into_iter().map(|(view, _)| view).collect();
    let light = Light::of(&model, &painting);
    let held = held
        .into_iter()
        .map(|((camera, observation), _)| {
            let rendering = render(&model, &camera, observation);
            let lit = render_lit(&model, &light, &camera, observation);
            HeldOut {
                photo: observation.name.clone(),
                comparison: compare(&rendering, observation),
                lit_psnr_db: compare(&lit, observation).psnr_db,
                pictures: options
                    .sheet_dir
                    .is_some()
                    .then(|| (observation.window.clone(), [rendering, lit])),
            }
        })
        .collect();
    Ok(held)
}

/// Outlines of held-out photos that agree so well are good.
const GOOD_HELD_OUT_IOU: f64 = 0.98;

fn held_out_verdict(held: &[HeldOut]) -> Verdict {
    let count = held.len().max(1) as f64;
    let iou = held.iter().map(|h| h.comparison.iou).sum::<f64>() / count;
    let good = iou >= GOOD_HELD_OUT_IOU;
    Verdict {
        gate: xoay_reconstruct::Gate::HeldOut,
        outcome: if good {
            Outcome::Good
        } else {
            Outcome::Doubtful
        },
        measured: iou,
        wanted: GOOD_HELD_OUT_IOU,
        photos: Vec::new(),
        message: if good {
            Text::new(
                "mô hình khớp với các ảnh để riêng",
                "the model agrees with photos that were held out",
            )
        } else {
            Text::new(
                format!(
                    "mô hình chỉ khớp {:.1}% với các ảnh để riêng; hãy xem kỹ trước khi xuất bản",
                    iou * 100.0
                ),
                format!(
                    "the model agrees with photos that were held out by {:.1}% only; look at it before publishing",
                    iou * 100.0
                ),
            )
        },
    }
}

fn metres_per_unit(mesh: &Mesh, height_m: Option<f64>) -> Option<f64> {
    let [low, high] = mesh.bounds()?;
    let tall = high[1] - low[1];
    height_m.filter(|_| tall > 0.0).map(|height| height / tall)
}

impl From<ReconstructError> for RecipeError {
    fn from(error: ReconstructError) -> Self {
        Self::Reconstruct(error)
    }
}

/// A photo beside the model's pictures, by itself and in the capture's light, for [`report::write_sheets`].
type Pictures = (xoay_reconstruct::Window, [Rendering; 2]);
