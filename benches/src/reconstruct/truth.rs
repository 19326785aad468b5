//! What is known of a capture: lens, poses, and the product's true surface.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::surface::{Point, Tree};

/// A ray that gets this far past everything else has reached the point.
const REACHED: f64 = 1.0 - 2e-3;

#[derive(Deserialize)]
pub struct Truth {
    image: Size,
    intrinsics: Lens,
    frames: Vec<Frame>,
}

#[derive(Deserialize)]
struct Size {
    width: f64,
    height: f64,
}

#[derive(Deserialize)]
struct Lens {
    fx: f64,
    fy: f64,
    cx: f64,
    cy: f64,
}

#[derive(Deserialize)]
struct Frame {
    file: String,
    #[serde(rename = "T_camera_from_table")]
    camera_from_table: [[f64; 4]; 4],
}

impl Frame {
    fn centre(&self) -> Point {
        let t = &self.camera_from_table;
        std::array::from_fn(|k| -(0..3).map(|row| t[row][k] * t[row][3]).sum::<f64>())
    }

    fn tilt_deg(&self) -> f64 {
        (-self.camera_from_table[2][1])
            .clamp(-1.0, 1.0)
            .asin()
            .to_degrees()
    }
}

impl Truth {
    pub fn read(path: &Path) -> Result<Self> {
        let truth: Self =
            serde_json::from_slice(&fs::read(path)?).with_context(|| path.display().to_string())?;
        ensure!(!truth.frames.is_empty(), "{}: no frames", path.display());
        Ok(truth)
    }

    /// Photos of the product, each once.
    pub fn photos(&self) -> usize {
        let mut names: Vec<&str> = self.frames.iter().map(|f| f.file.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names.len()
    }

    /// How far a focal length in pixels of a photo `width` wide is off, per cent.
    pub fn focal_error_pct(&self, focal_px: f64, width: f64) -> f64 {
        100.0 * (focal_px / width * self.image.width / self.intrinsics.fx - 1.0)
    }

    /// How far the tilt that was found for `photo` is off, degrees.
    pub fn tilt_error_deg(&self, photo: &str, tilt_deg: f64) -> Option<f64> {
        let name = photo.rsplit('/').next()?;
        let frame = self.frames.iter().find(|frame| frame.file == name)?;
        Some(tilt_deg - frame.tilt_deg())
    }

    /// How many of the photos see a point of the surface in `tree`, at most `enough`.
    pub fn seen_by(&self, tree: &Tree, point: Point, enough: usize) -> usize {
        let lens = &self.intrinsics;
        self.frames
            .iter()
            .filter(|frame| {
                let [x, y, z]: Point = std::array::from_fn(|row| {
                    let t = &frame.camera_from_table[row];
                    (0..3).map(|k| t[k] * point[k]).sum::<f64>() + t[3]
                });
                let (u, v) = (lens.fx * x / z + lens.cx, lens.fy * y / z + lens.cy);
                let within =
                    (0.0..self.image.width).contains(&u) && (0.0..self.image.height).contains(&v);
                let centre = frame.centre();
                within && z > 0.0 && !tree.hides(centre, point, REACHED)
            })
            .take(enough)
            .count()
    }
}
