//! The colour of a place of the surface from all photos that see it.
//!
//! Two bands (Burt and Adelson 1983): broad light is the mean of all photos that see the place, since gloss and shading
//! stand still while the product turns and each photo by itself is right for its own side only; what is finer comes from
//! the photos that look straightest. Photos are asked place by place, each through its own camera, so that it does not
//! matter how large the triangles are, and neighbours in the texture go over into each other without seams.

use rayon::prelude::*;

use super::sharpness::clearness;
use crate::camera::Pixel;
use crate::mesh::Mesh;
use crate::observation::{Observation, Window};
use crate::raster::{Frame, draw, see};
use crate::rig::Camera;
use crate::vector::{Vec3, dot, length, sub, unit};

/// Blur of the broad band, as a share of the window's longer side.
const BROAD_SHARE: f64 = 0.008;
/// The broad band has one value for so many pixels each way.
const COARSE: usize = 4;
/// Cosine of the steepest angle at which a photo takes part.
const LEAST_FACING: f64 = 0.03;
/// How much straighter photos are preferred for what is fine: the exponent of the cosine.
const STRAIGHT: i32 = 12;
/// How much nearer something else may be, as a share of the depth.
const DEPTH_SLACK: f32 = 0.006;
/// Neighbouring pixels whose depths differ by more than this share belong to different parts.
const DEPTH_JUMP: f32 = 0.015;
/// Cover below this is the edge, where the background shines in.
const SOLID: u8 = 250;
/// Pixels from an edge that are not believed, and over how many more belief grows.
const EDGE_PX: f32 = 1.5;
const FEATHER_PX: f32 = 6.0;
/// What an edge counts for where no photo sees a place better.
const POOR: f32 = 1e-4;

type Color = [f32; 3];

/// A photo, ready to be asked.
struct Asked<'a> {
    camera: Camera,
    window: &'a Window,
    centre: Vec3,
    /// Reciprocal depth of what lies in front, 0 where nothing does.
    nearness: Vec<f32>,
    /// Pixels from the nearest edge, up to 255, a quarter pixel a step.
    inwards: Vec<u8>,
    /// The broad band.
    broad: Vec<Color>,
    broad_width: usize,
    gain: Color,
    clear: f32,
}

/// All photos, ready to be asked.
pub(crate) struct Blend<'a> {
    photos: Vec<Asked<'a>>,
}

impl<'a> Blend<'a> {
    /// `gains` are factors by which each photo's colours are to be multiplied.
    pub fn of(mesh: &Mesh, views: &[(Camera, &'a Observation)], gains: &[Color]) -> Self {
        let windows: Vec<&Window> = views.iter().map(|(_, o)| &o.window).collect();
        let clear = clearness(&windows);
        let photos = views
            .par_iter()
            .zip(gains)
            .zip(clear)
            .map(|(((camera, observation), gain), clear)| {
                Asked::of(mesh, camera, &observation.window, *gain, clear)
            })
            .collect();
        Self { photos }
    }

    /// The colour of a place, sRGB from 0 to 255; `None` where no photo shows it.
    pub fn color(&self, place: Vec3, normal: Vec3) -> Option<Color> {
        let (mut broad, mut broad_weight) = ([0.0_f32; 3], 0.0_f32);
        let (mut fine, mut fine_weight) = ([0.0_f32; 3], 0.0_f32);
        for photo in &self.photos {
            let Some((pixel, facing, belief)) = photo.sees(place, normal) else {
                continue;
            };
            let Some(color) = photo.window.sample(pixel) else {
                continue;
            };
            let soft = photo.soft(pixel);
            let mean = facing * belief;
            let sharp = facing.powi(STRAIGHT) * belief * photo.clear;
            for c in 0..3 {
                broad[c] += mean * soft[c] * photo.gain[c];
                fine[c] += sharp * (color[c] - soft[c]) * photo.gain[c];
            }
            broad_weight += mean;
            fine_weight += sharp;
        }
        if broad_weight <= 0.0 {
            return None;
        }
        Some(std::array::from_fn(|c| {
            let detail = if fine_weight > 0.0 {
                fine[c] / fine_weight
            } else {
                0.0
            };
            (broad[c] / broad_weight + detail).clamp(0.0, 255.0)
        }))
    }
}

impl<'a> Asked<'a> {
    fn of(mesh: &Mesh, camera: &Camera, window: &'a Window, gain: Color, clear: f32) -> Self {
        let frame = Frame::of(window);
        let drawing = draw(mesh, &see(mesh, camera, &frame), frame);
        let sigma = BROAD_SHARE * window.width.max(window.height) as f64;
        let (broad, broad_width) = broad_band(window, sigma);
        Self {
            inwards: inwards(window, &drawing.nearness),
            nearness: drawing.nearness,
            camera: *camera,
            centre: camera.centre(),
            window,
            broad,
            broad_width,
            gain,
            clear,
        }
    }

    /// Where the photo shows a place, how straight, and how far that is believed.
    fn sees(&self, place: Vec3, normal: Vec3) -> Option<(Pixel, f32, f32)> {
        let towards = sub(self.centre, place);
        let facing = dot(towards, normal) / length(towards).max(1e-12);
        if facing < LEAST_FACING {
            return None;
        }
        let point = self.camera.camera_point(place);
        let pixel = self.camera.intrinsics.project(point)?;
        let x = pixel.x - self.window.left as f64;
        let y = pixel.y - self.window.top as f64;
        if !(x >= 0.0 && y >= 0.0) {
            return None;
        }
        let (px, py) = (x as usize, y as usize);
        if px >= self.window.width || py >= self.window.height {
            return None;
        }
        let at = py * self.window.width + px;
        let near = (1.0 / point[2]) as f32;
        if near < self.nearness[at] * (1.0 - DEPTH_SLACK) || self.window.rgba[at * 4 + 3] < 128 {
            return None;
        }
        let inwards = f32::from(self.inwards[at]) / 4.0;
        let belief = ((inwards - EDGE_PX) / FEATHER_PX).clamp(0.0, 1.0) + POOR;
        Some((pixel, facing as f32, belief))
    }

    /// The broad band at a place of the photo.
    fn soft(&self, pixel: Pixel) -> Color {
        let wide = self.broad_width;
        let high = self.broad.len() / wide;
        let at = |value: f64, from: usize, count: usize| {
            let value = (value - from as f64) / COARSE as f64 - 0.5;
            let value = value.clamp(0.0, (count - 1) as f64);
            let low = (value as usize).min(count.saturating_sub(2));
            (low, (low + 1).min(count - 1), (value - low as f64) as f32)
        };
        let (x0, x1, fx) = at(pixel.x, self.window.left, wide);
        let (y0, y1, fy) = at(pixel.y, self.window.top, high);
        std::array::from_fn(|c| {
            let value = |x: usize, y: usize| self.broad[y * wide + x][c];
            let top = value(x0, y0) + (value(x1, y0) - value(x0, y0)) * fx;
            let bottom = value(x0, y1) + (value(x1, y1) - value(x0, y1)) * fx;
            top + (bottom - top) * fy
        })
    }
}

/// The photo blurred by `sigma` pixels within the product, one value for [`COARSE`] pixels each way, and how many such
/// values a row has.
fn broad_band(window: &Window, sigma: f64) -> (Vec<Color>, usize) {
    let wide = window.width.div_ceil(COARSE).max(1);
    let high = window.height.div_ceil(COARSE).max(1);
    // Sums of colour and of weight.
    let mut values = vec![[0.0_f32; 4]; wide * high];
    for (at, pixel) in window.rgba.chunks_exact(4).enumerate() {
        if pixel[3] < SOLID {
            continue;
        }
        let (x, y) = (at % window.width, at / window.width);
        let sum = &mut values[(y / COARSE) * wide + x / COARSE];
        for c in 0..3 {
            sum[c] += f32::from(pixel[c]);
        }
        sum[3] += 1.0;
    }
    // What is not solid is filled from about it, with little weight of its own.
    let sigma = (sigma / COARSE as f64).max(0.7) as f32;
    let reach = (sigma * 3.0).ceil() as usize;
    let kernel: Vec<f32> = (0..=reach)
        .map(|k| (-((k * k) as f32) / (2.0 * sigma * sigma)).exp())
        .collect();
    let along = |from: &[[f32; 4]], step: usize, count: usize| -> Vec<[f32; 4]> {
        (0..from.len())
            .map(|at| {
                let own = at / step % count;
                let mut sum = [0.0; 4];
                for k in own.saturating_sub(reach)..=(own + reach).min(count - 1) {
                    let other = from[at + k * step - own * step];
                    let weight = kernel[k.abs_diff(own)];
                    for c in 0..4 {
                        sum[c] += weight * other[c];
                    }
                }
                sum
            })
            .collect()
    };
    let blurred = along(&along(&values, 1, wide), wide, high);
    let broad = blurred
        .into_iter()
        .map(|[r, g, b, weight]| {
            if weight > 1e-6 {
                [r / weight, g / weight, b / weight]
            } else {
                [0.0; 3]
            }
        })
        .collect();
    (broad, wide)
}

/// How far each pixel lies from the product's edge, or from where one part of it hides another: quarter pixels, by
/// chamfers (Borgefors 1986).
fn inwards(window: &Window, nearness: &[f32]) -> Vec<u8> {
    const STRAIGHT_STEP: u8 = 4;
    const SLANT_STEP: u8 = 6;
    let (w, h) = (window.width, window.height);
    let mut out = vec![0_u8; w * h];
    for y in 1..h.saturating_sub(1) {
        for x in 1..w.saturating_sub(1) {
            let at = y * w + x;
            let near = nearness[at];
            let apart = |other: usize| (nearness[other] - near).abs() > DEPTH_JUMP * near;
            let edge = window.rgba[at * 4 + 3] < SOLID
                || near == 0.0
                || apart(at - 1)
                || apart(at + 1)
                || apart(at - w)
                || apart(at + w);
            out[at] = if edge { 0 } else { u8::MAX };
        }
    }
    let lower = |out: &mut Vec<u8>, at: usize, near: [(usize, u8); 4]| {
        for (other, step) in near {
            out[at] = out[at].min(out[other].saturating_add(step));
        }
    };
    for y in 1..h.saturating_sub(1) {
        for x in 1..w.saturating_sub(1) {
            let at = y * w + x;
            let near = [
                (at - 1, STRAIGHT_STEP),
                (at - w, STRAIGHT_STEP),
                (at - w - 1, SLANT_STEP),
                (at - w + 1, SLANT_STEP),
            ];
            lower(&mut out, at, near);
        }
    }
    for y in (1..h.saturating_sub(1)).rev() {
        for x in (1..w.saturating_sub(1)).rev() {
            let at = y * w + x;
            let near = [
                (at + 1, STRAIGHT_STEP),
                (at + w, STRAIGHT_STEP),
                (at + w - 1, SLANT_STEP),
                (at + w + 1, SLANT_STEP),
            ];
            lower(&mut out, at, near);
        }
    }
    out
}

/// The place and the normal at weights of a triangle's corners.
pub(super) fn place_in(corners: [Vec3; 3], normals: [Vec3; 3], weights: [f64; 3]) -> (Vec3, Vec3) {
    let mixed = |of: [Vec3; 3]| -> Vec3 {
        std::array::from_fn(|axis| (0..3).map(|k| weights[k] * of[k][axis]).sum())
    };
    (mixed(corners), unit(mixed(normals)))
}
