//! What `report.json` says about a model from photos.

use std::path::Path;

use serde::Serialize;
use xoay_imaging::{Channels, Encoding, Raster, encode};
use xoay_reconstruct::{
    Calibration, Capture, Comparison, Method, Outcome, Shape, TexturedMesh, Verdict,
};

use super::Pictures;
use crate::{RecipeError, write_whole};

/// What was found and how sure it is.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelReport {
    /// The worst of the verdicts.
    pub outcome: Outcome,
    /// Each gate's verdict.
    pub verdicts: Vec<Verdict>,
    /// Where the cameras stood.
    pub rig: RigReport,
    /// Photos that have a pose.
    pub photos_posed: usize,
    /// Frames of the spin that got their camera, where one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames_tracked: Option<usize>,
    /// The model's length unit: `metres`, or `cameraDistance` where no scale is known.
    pub unit: &'static str,
    /// Width, height and depth of the model in that unit.
    pub dimensions: [f64; 3],
    /// Triangles of the model.
    pub triangles: usize,
    /// Side of the base colour's picture, pixels.
    pub texture_side: u32,
    /// The share of the surface that photos show.
    pub seen_share: f64,
    /// Intersection over union of the surface and the photos' outlines: mean over all photos.
    pub outline_agreement: f64,
    /// Mean intersection over union of photos that were held out.
    pub held_out_iou: f64,
    /// Mean peak signal-to-noise ratio of photos that were held out, dB: the model as any viewer shows it unlit.
    pub held_out_psnr_db: f64,
    /// The same with the light that the other photos tell: what differs then is shape, place and print.
    pub held_out_lit_psnr_db: f64,
    /// Each photo that was held out.
    pub held_out: Vec<HeldOut>,
    /// Size of the GLB.
    pub size_bytes: u64,
}

/// The rig in numbers.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RigReport {
    /// `outlines`, `features` or `mat`.
    pub method: &'static str,
    /// Size of the photos that pixels below refer to.
    pub photo_size: [u32; 2],
    /// Focal length, pixels.
    pub focal_px: f64,
    /// Focal length that the photos state, pixels.
    pub stated_focal_px: Option<f64>,
    /// First radial term.
    pub k1: f64,
    /// Root mean square of the residuals, pixels.
    pub rms_px: f64,
    /// Features of the surface or markers of the mat that took part.
    pub features: usize,
    /// The rows.
    pub rows: Vec<RowReport>,
}

/// One row of the rig.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RowReport {
    /// How far the camera looks down.
    pub tilt_deg: f64,
    /// Standard deviation of it.
    pub tilt_sigma_deg: f64,
    /// How far it looks past the axis.
    pub pan_deg: f64,
    /// How far it is rolled.
    pub roll_deg: f64,
    /// Its height above the disc, in the model's unit.
    pub camera_height: f64,
    /// Its distance from the axis, in the model's unit.
    pub camera_distance: f64,
    /// Its photos, in the order of the turn.
    pub photos: Vec<String>,
    /// The table's angle in each photo, counter-clockwise from above.
    pub angles_deg: Vec<f64>,
}

/// A photo that the model was compared with and not made from.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldOut {
    /// Its name.
    pub photo: String,
    /// How far the model is from it.
    #[serde(serialize_with = "comparison")]
    pub comparison: Comparison,
    /// Peak signal-to-noise ratio in the light that the other photos tell, dB.
    pub lit_psnr_db: f64,
    #[serde(skip)]
    pub(crate) pictures: Option<Pictures>,
}

fn comparison<S: serde::Serializer>(value: &Comparison, to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Plain {
        iou: f64,
        psnr_db: f64,
    }
    Plain {
        iou: value.iou,
        psnr_db: value.psnr_db,
    }
    .serialize(to)
}

pub(crate) struct Parts<'a> {
    pub capture: &'a Capture,
    pub calibration: &'a Calibration,
    pub shape: &'a Shape,
    pub model: &'a TexturedMesh,
    pub held_out: &'a [HeldOut],
    pub metres: Option<f64>,
    pub outcome: Outcome,
    pub verdicts: Vec<Verdict>,
    pub frames_tracked: Option<usize>,
    pub glb_bytes: u64,
}

pub(crate) fn build(parts: &Parts<'_>) -> ModelReport {
    let unit = parts.metres.unwrap_or(1.0);
    let (calibration, shape) = (parts.calibration, parts.shape);
    let dimensions = shape.mesh.bounds().map_or([0.0; 3], |[low, high]| {
        std::array::from_fn(|axis| (high[axis] - low[axis]) * unit)
    });
    let mean = |value: fn(&HeldOut) -> f64| {
        let count = parts.held_out.len().max(1) as f64;
        parts.held_out.iter().map(value).sum::<f64>() / count
    };
    let rows = shape
        .rig
        .rows
        .iter()
        .zip(&calibration.tilt_sigma_deg)
        .enumerate()
        .map(|(number, (row, sigma))| RowReport {
            tilt_deg: row.tilt_rad.to_degrees(),
            tilt_sigma_deg: *sigma,
            pan_deg: row.pan_rad.to_degrees(),
            roll_deg: row.roll_rad.to_degrees(),
            camera_height: row.height * unit,
            camera_distance: row.distance * unit,
            photos: photos_of(parts.capture, number),
            angles_deg: row.azimuths_rad.iter().map(|a| a.to_degrees()).collect(),
        })
        .collect();
    let agreement = &shape.agreement;
    ModelReport {
        outcome: parts.outcome,
        verdicts: parts.verdicts.clone(),
        rig: RigReport {
            method: match calibration.method {
                Method::Outlines => "outlines",
                Method::Features => "features",
                Method::Mat => "mat",
            },
            photo_size: [parts.capture.width, parts.capture.height],
            focal_px: shape.rig.intrinsics.focal_px[0],
            stated_focal_px: parts.capture.focal_px,
            k1: shape.rig.intrinsics.k1,
            rms_px: calibration.rms_px,
            features: calibration.features,
            rows,
        },
        photos_posed: calibration.places.len(),
        frames_tracked: parts.frames_tracked,
        unit: if parts.metres.is_some() {
            "metres"
        } else {
            "cameraDistance"
        },
        dimensions,
        triangles: parts.model.mesh.triangles.len(),
        texture_side: parts.model.atlas.width,
        seen_share: parts.model.seen_share,
        outline_agreement: agreement.iter().sum::<f64>() / agreement.len().max(1) as f64,
        held_out_iou: mean(|h| h.comparison.iou),
        held_out_psnr_db: mean(|h| h.comparison.psnr_db),
        held_out_lit_psnr_db: mean(|h| h.lit_psnr_db),
        held_out: parts.held_out.to_vec(),
        size_bytes: parts.glb_bytes,
    }
}

fn photos_of(capture: &Capture, row: usize) -> Vec<String> {
    let photos = capture.observations.iter().filter(|o| o.row == row);
    photos.map(|o| o.name.clone()).collect()
}

/// Photo, model, model in the capture's light, and how far that is from the photo, side by side: one PNG a photo that was
/// held out.
pub(crate) fn write_sheets(folder: &Path, held: &[HeldOut]) -> Result<(), RecipeError> {
    for (number, one) in held.iter().enumerate() {
        let Some((window, [plain, lit])) = &one.pictures else {
            continue;
        };
        let (w, h) = (plain.width, plain.height);
        let mut rgb = Vec::with_capacity(w * h * 12);
        for y in 0..h {
            let line = y * w * 4..(y + 1) * w * 4;
            let pictures = [&window.rgba, &plain.rgba, &lit.rgba];
            for picture in pictures {
                rgb.extend(picture[line.clone()].chunks_exact(4).flat_map(on_white));
            }
            let photo = window.rgba[line.clone()].chunks_exact(4).map(on_white);
            let model = lit.rgba[line].chunks_exact(4).map(on_white);
            rgb.extend(photo.zip(model).flat_map(|(photo, model)| -> [u8; 3] {
                std::array::from_fn(|c| 255 - photo[c].abs_diff(model[c]).saturating_mul(3))
            }));
        }
        let raster = Raster::new(4 * w as u32, h as u32, Channels::Rgb, rgb)?;
        let name = format!("held-out-{number:02}.png");
        write_whole(&folder.join(name), &encode(&raster, Encoding::Png)?)?;
    }
    Ok(())
}

fn on_white(pixel: &[u8]) -> [u8; 3] {
    let alpha = u32::from(pixel[3]);
    std::array::from_fn(|c| ((u32::from(pixel[c]) * alpha + 255 * (255 - alpha)) / 255) as u8)
}
