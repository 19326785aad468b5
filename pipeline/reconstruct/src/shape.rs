//! From a rig and outlines to a surface that stands on the disc.

use rayon::prelude::*;
use xoay_format::{Text, Watch};

use crate::base;
use crate::calibrate::{Calibration, looks_round, outlines};
use crate::compare::outline_agreement;
use crate::depths::depth_maps;
use crate::distance::DistanceField;
use crate::error::ReconstructError;
use crate::fuse::fuse;
use crate::grid::Grid;
use crate::hull::{Carving, Silhouette, carve, search_box};
use crate::matcher::Matcher;
use crate::mend::mended;
use crate::mesh::{Mesh, surface};
use crate::observation::Capture;
use crate::opacity;
use crate::refine::{bulging, refine};
use crate::rig::{Camera, TurntableRig};
use crate::vector::Vec3;
use crate::verdict::{Gate, Outcome, Verdict, listed, worst};

/// How a surface is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShapeOptions {
    /// Cells of the grid along the product's longest side.
    pub cells: usize,
    /// What happens to the hull.
    pub refine: Refine,
}

/// What happens to the hull.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refine {
    /// It stays.
    Hull,
    /// It moves inwards to where photos agree.
    #[default]
    Photos,
    /// The same, photos compared on a graphics card where there is one: correlations differ by less than 1e-4.
    #[cfg(feature = "gpu")]
    PhotosOnGpu,
}

impl Default for ShapeOptions {
    fn default() -> Self {
        Self {
            cells: 160,
            refine: Refine::default(),
        }
    }
}

/// A surface and the cameras about it.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The surface, in the table's frame: origin on the axis where the product stands, +Y up, first camera at distance 1.
    pub mesh: Mesh,
    /// The rig in that frame.
    pub rig: TurntableRig,
    /// Which row and which frame of it each photo is.
    pub places: Vec<(usize, usize)>,
    /// Intersection over union of the surface's outline and each photo's.
    pub agreement: Vec<f64>,
    /// Every gate's word.
    pub verdicts: Vec<Verdict>,
}

/// Outlines that agree so well are no obstacle.
const GOOD_AGREEMENT: f64 = 0.97;
/// Below this the hull is not the product's.
const BAD_AGREEMENT: f64 = 0.95;
/// Pieces smaller than this share of the largest are noise.
const CRUMB_SHARE: f64 = 0.02;

/// Carves the visual hull of the photos that `wanted` names, clips it where no camera sees, and meshes it.
///
/// # Errors
/// [`ReconstructError::Refused`] where the outlines have nothing in common, or the hull does not cover them again;
/// [`ReconstructError::Cancelled`].
pub fn shape(
    capture: &Capture,
    calibration: &Calibration,
    wanted: &[bool],
    options: &ShapeOptions,
    watch: Watch<'_>,
) -> Result<Shape, ReconstructError> {
    let cameras = calibration.cameras();
    let used: Vec<_> = cameras
        .iter()
        .copied()
        .zip(&capture.observations)
        .zip(wanted)
        .filter(|(_, wanted)| **wanted)
        .map(|(view, _)| view)
        .collect();
    let fields: Vec<DistanceField> = used
        .par_iter()
        .map(|(_, observation)| DistanceField::of(&observation.window))
        .collect();
    let (centre, half) = search_box(&cameras, &outlines(capture));
    let fields = mended(&used, fields, centre, half);
    if watch.cancelled() {
        return Err(ReconstructError::Cancelled);
    }
    let views: Vec<Silhouette<'_>> = used
        .iter()
        .zip(&fields)
        .map(|((camera, _), field)| Silhouette {
            camera: *camera,
            field,
        })
        .collect();
    let carving = if looks_round(capture) {
        Carving::TwoForTheLast
    } else {
        Carving::One
    };
    let Some(mut grid) = carve(&views, centre, half, options.cells, carving) else {
        return Err(ReconstructError::Refused(vec![agreement_verdict(
            capture,
            &[],
            &[],
        )]));
    };
    drop(views);
    if watch.cancelled() {
        return Err(ReconstructError::Cancelled);
    }
    let mut ends = base::ends(&grid, &calibration.rig.rows);
    // What is printed on the disc knows better than the hull where it lies.
    ends.base = calibration.disc_height.or(ends.base);
    if let Some(top) = ends.top {
        grid.clip_above(top);
    }
    if let Some(base) = ends.base {
        grid.clip_below(base);
    }
    let mut mesh = smooth_surface(&grid);
    let cell = grid.cell;
    let mut looks = None;
    if options.refine != Refine::Hull {
        let near = |height: Option<f64>, y: f64| height.is_some_and(|h| (y - h).abs() < cell);
        let mut matcher = match options.refine {
            #[cfg(feature = "gpu")]
            Refine::PhotosOnGpu => Matcher::on_gpu(&used, watch),
            _ => Matcher::on_processor(&used),
        };
        let straighten = bulging(&mesh, &mut matcher);
        let maps = depth_maps(&mesh, cell, &used);
        if watch.cancelled() {
            return Err(ReconstructError::Cancelled);
        }
        if fuse(&mut grid, &maps) {
            mesh = smooth_surface(&grid);
        }
        drop(grid);
        let fixed = |place: Vec3, normal: Vec3| {
            normal[1].abs() > 0.8 && (near(ends.base, place[1]) || near(ends.top, place[1]))
        };
        looks = Some(refine(&mut mesh, &mut matcher, straighten, fixed));
        if watch.cancelled() {
            return Err(ReconstructError::Cancelled);
        }
    }
    let agreement = agreement(capture, &mesh, &cameras);
    let mut verdicts = vec![agreement_verdict(capture, &agreement, wanted)];
    verdicts.extend(looks.and_then(|looks| opacity::verdict(looks, verdicts[0].outcome)));
    if worst(&verdicts) == Outcome::Refused {
        verdicts.retain(|verdict| verdict.outcome == Outcome::Refused);
        return Err(ReconstructError::Refused(verdicts));
    }
    let base = ends
        .base
        .or_else(|| mesh.bounds().map(|[low, _]| low[1]))
        .unwrap_or(0.0);
    for place in &mut mesh.positions {
        place[1] -= base;
    }
    Ok(Shape {
        mesh,
        rig: calibration.rig.clone().with_origin_at(base),
        places: calibration.places.clone(),
        agreement,
        verdicts,
    })
}

fn smooth_surface(grid: &Grid) -> Mesh {
    let mut mesh = surface(grid).without_crumbs(CRUMB_SHARE);
    mesh.smooth(2);
    mesh
}

fn agreement(capture: &Capture, mesh: &Mesh, cameras: &[Camera]) -> Vec<f64> {
    capture
        .observations
        .par_iter()
        .zip(cameras)
        .map(|(observation, camera)| outline_agreement(mesh, camera, observation))
        .collect()
}

fn agreement_verdict(capture: &Capture, agreement: &[f64], wanted: &[bool]) -> Verdict {
    let used: Vec<(usize, f64)> = agreement
        .iter()
        .copied()
        .enumerate()
        .filter(|(at, _)| wanted.get(*at).copied().unwrap_or(false))
        .collect();
    let mean = used.iter().map(|(_, a)| a).sum::<f64>() / used.len().max(1) as f64;
    let photos: Vec<String> = used
        .iter()
        .filter(|(_, a)| *a < BAD_AGREEMENT)
        .map(|(at, _)| capture.observations[*at].name.clone())
        .collect();
    let names = listed(&photos);
    let outcome = if mean >= GOOD_AGREEMENT && photos.is_empty() {
        Outcome::Good
    } else if mean >= BAD_AGREEMENT {
        Outcome::Doubtful
    } else {
        Outcome::Refused
    };
    let percent = mean * 100.0;
    Verdict {
        gate: Gate::HullAgreement,
        outcome,
        measured: mean,
        wanted: GOOD_AGREEMENT,
        message: match outcome {
            Outcome::Good => Text::new(
                "khối dựng được phủ khớp đường viền",
                "the shape covers the outlines again",
            ),
            Outcome::Doubtful => Text::new(
                format!(
                    "khối dựng được chỉ khớp {percent:.1}% đường viền ({}); hãy xem lại việc tách nền ở các ảnh đó",
                    names.vi
                ),
                format!(
                    "the shape covers {percent:.1}% of the outlines ({}); look at how those photos were cut out",
                    names.en
                ),
            ),
            Outcome::Refused => Text::new(
                format!(
                    "các đường viền không cùng tả một vật ({percent:.1}%; {}): hãy kiểm tra thứ tự ảnh, máy ảnh có xê dịch không, và phông nền",
                    names.vi
                ),
                format!(
                    "the outlines do not describe one body ({percent:.1}%; {}): check the order of the photos, whether the camera moved, and the backdrop",
                    names.en
                ),
            ),
        },
        photos,
    }
}
