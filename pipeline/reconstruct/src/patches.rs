//! Small patches of the surface, as photos show them at one depth after another.

use crate::camera::Pixel;
use crate::observation::{Observation, Window};
use crate::rig::Camera;
use crate::vector::{Vec3, add, cross, dot, scale, unit};

/// Depths that are tried.
pub(crate) const STEPS: usize = 30;
/// Samples along a patch's side, and pixels between them.
const SIDE: usize = 5;
const SPACING_PX: f64 = 1.8;
const SAMPLES: usize = SIDE * SIDE;
/// Photos that must be compared with the straightest.
pub(crate) const LEAST_ALIKE: usize = 2;
/// Standard deviation of a patch, of 255, below which it is blank.
pub(crate) const BLANK: f32 = 6.0;

/// For each depth 1 less the correlation; 1 where nothing was compared.
pub(crate) type Costs = [f32; STEPS];

/// What is to be compared about one vertex.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    /// The patch's middle at the first depth, and from each depth to the next.
    pub start: Vec3,
    pub stride: Vec3,
    /// From one sample to the next along the patch's sides.
    pub axes: [Vec3; 2],
    /// The photo that looks straightest, and those that it is compared with.
    pub first: usize,
    pub others: Vec<usize>,
    /// Length of the stride.
    pub step: f64,
}

/// How alike photos show a vertex at each depth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Likeness {
    pub costs: Costs,
    /// The largest standard deviation of its patches.
    pub strongest: f32,
}

/// A patch's axes on a surface of this normal where a pixel is so large.
pub(crate) fn axes(normal: Vec3, pixel: f64) -> [Vec3; 2] {
    let aside = unit(cross([0.0, 1.0, 0.0], normal));
    let aside = if dot(aside, aside) > 0.5 {
        aside
    } else {
        [1.0, 0.0, 0.0]
    };
    [aside, cross(normal, aside)].map(|axis| scale(axis, SPACING_PX * pixel))
}

/// A photo's brightness.
pub(crate) struct Luma<'a> {
    pub window: &'a Window,
    /// 0 to 255, row by row.
    pub values: Vec<f32>,
}

impl<'a> Luma<'a> {
    pub fn of(window: &'a Window) -> Self {
        let values = window
            .rgba
            .chunks_exact(4)
            .map(|p| 0.299 * f32::from(p[0]) + 0.587 * f32::from(p[1]) + 0.114 * f32::from(p[2]))
            .collect();
        Self { window, values }
    }

    fn at(&self, x: f64, y: f64) -> Option<f32> {
        let x = x - 0.5 - self.window.left as f64;
        let y = y - 0.5 - self.window.top as f64;
        let (w, h) = (self.window.width, self.window.height);
        if !(x >= 0.0 && y >= 0.0 && x < w as f64 - 1.0 && y < h as f64 - 1.0) {
            return None;
        }
        let (x0, y0) = (x as usize, y as usize);
        let (fx, fy) = ((x - x0 as f64) as f32, (y - y0 as f64) as f32);
        let at = y0 * w + x0;
        let v = &self.values;
        let above = v[at] + (v[at + 1] - v[at]) * fx;
        let below = v[at + w] + (v[at + w + 1] - v[at + w]) * fx;
        Some(above + (below - above) * fy)
    }
}

/// A patch as a photo shows it: zero mean, unit length, and its standard deviation before.
fn patch(
    camera: &Camera,
    luma: &Luma<'_>,
    centre: Vec3,
    axes: [Vec3; 2],
) -> Option<([f32; SAMPLES], f32)> {
    let middle = camera.project(centre)?;
    // A patch is small: its picture is affine.
    let along = axes.map(|axis| camera.project(add(centre, axis)));
    let [Some(u), Some(v)] = along else {
        return None;
    };
    let mut values = [0.0; SAMPLES];
    let half = (SIDE / 2) as f64;
    for (k, value) in values.iter_mut().enumerate() {
        let (i, j) = ((k % SIDE) as f64 - half, (k / SIDE) as f64 - half);
        let Pixel { x, y } = middle;
        *value = luma.at(
            x + i * (u.x - x) + j * (v.x - x),
            y + i * (u.y - y) + j * (v.y - y),
        )?;
    }
    let mean = values.iter().sum::<f32>() / SAMPLES as f32;
    let square: f32 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    let length = square.sqrt().max(1e-6);
    Some((
        values.map(|v| (v - mean) / length),
        (square / SAMPLES as f32).sqrt(),
    ))
}

/// Compares the patches of a vertex; the mean of the `best` correlations counts.
pub(crate) fn likeness(
    task: &Task,
    views: &[(Camera, &Observation)],
    lumas: &[Luma<'_>],
    best: usize,
) -> Likeness {
    let mut costs = [1.0; STEPS];
    let mut strongest = 0.0_f32;
    for (k, cost) in costs.iter_mut().enumerate() {
        let centre = add(task.start, scale(task.stride, k as f64));
        let of = |view: usize| patch(&views[view].0, &lumas[view], centre, task.axes);
        let Some((own, deviation)) = of(task.first) else {
            continue;
        };
        strongest = strongest.max(deviation);
        if deviation < BLANK {
            continue;
        }
        let mut alike: Vec<f32> = task
            .others
            .iter()
            .filter_map(|view| {
                let (other, _) = of(*view)?;
                Some(own.iter().zip(&other).map(|(a, b)| a * b).sum())
            })
            .collect();
        if alike.len() < LEAST_ALIKE {
            continue;
        }
        alike.sort_by(|a, b| b.total_cmp(a));
        alike.truncate(best);
        *cost = 1.0 - alike.iter().sum::<f32>() / alike.len() as f32;
    }
    Likeness { costs, strongest }
}
