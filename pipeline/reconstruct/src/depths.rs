//! Depth maps: how far behind the hull each photo's picture lies.
//!
//! Photos from the sides are laid over one in layers behind the hull (plane sweep, Collins 1996, its planes bent to the
//! hull), compared by correlation of windows, and each pixel's layer is chosen together with its neighbours' by
//! semi-global matching (Hirschmüller 2008). What no three photos from the sides confirm is left out.

use std::ops::Range;

use rayon::prelude::*;

use crate::camera::Pixel;
use crate::mesh::Mesh;
use crate::observation::{Observation, Window};
use crate::patches::LEAST_ALIKE;
use crate::raster::{Frame, fill, see};
use crate::rig::Camera;
use crate::vector::{Mat3, Vec3, add, dot, mul, mul_mat, mul_transposed, scale, sub, unit};

/// Layers behind the hull, of them so many in front of it, and pixels between two.
const LAYERS: usize = 64;
const OUTWARDS: usize = 2;
const STEP_PX: f64 = 2.0;
/// Pixels along a cell of the hull's grid.
const PX_A_CELL: f64 = 2.0;
/// Photos from the sides, and how many of them must agree.
const OTHERS: usize = 4;
const BEST: usize = 2;
/// Angle to a photo from the side that tells depth best, and the cosines of those that do.
const BASELINE_RAD: f64 = 0.3;
const BASELINE: Range<f64> = 0.64..0.9945;
/// Pixels from a window's middle to its side, and the share of it that must show the product.
const REACH: usize = 3;
const LEAST_COVER: f32 = 0.5;
/// Standard deviation within a window, of 255, below which it is blank.
const BLANK: f32 = 3.0;
/// What a layer costs where nothing is compared, and beyond the hull's far side.
const UNKNOWN: f32 = 1.0;
const OUTSIDE: f32 = 1.5;
/// Steps beyond it that windows about other pixels still need.
const BEYOND: f64 = 4.0;
/// What leaving the hull costs: without it gloss and glaze sink in.
const LEAVING: f32 = 0.1;
/// What a neighbour one layer off costs, and one further off.
const UNEVEN: f32 = 0.06;
const LEAP: f32 = 0.5;
/// Correlation that proves a depth.
const ALIKE: f32 = 0.6;
/// Photos from the sides whose own depths must agree, and within how many steps.
const CONFIRMING: usize = 3;
const SAME_STEPS: f64 = 0.8;

/// What each layer of a pixel costs.
type LayerCosts = [f32; LAYERS];

/// What lies how far from one camera.
pub(crate) struct DepthMap {
    camera: Camera,
    frame: Frame,
    /// Depth along the line of sight at each pixel, 0 where it is not known.
    depths: Vec<f32>,
    step: f64,
}

impl DepthMap {
    /// The depth that the map has where it sees a point, and the point's own; `None` where it knows none.
    pub fn depths_at(&self, point: Vec3) -> Option<(f64, f64)> {
        let seen = self.camera.camera_point(point);
        let at = self.camera.intrinsics.project(seen)?;
        let depth = self.depths[self.frame.index(at)?];
        (depth > 0.0).then_some((f64::from(depth), seen[2]))
    }
}

impl Frame {
    /// Which pixel of the drawing a place of the photo falls into.
    fn index(&self, at: Pixel) -> Option<usize> {
        let x = (at.x - self.left) * self.scale;
        let y = (at.y - self.top) * self.scale;
        (x >= 0.0 && y >= 0.0 && x < self.width as f64 && y < self.height as f64)
            .then(|| y as usize * self.width + x as usize)
    }

    /// The place of a pixel's middle in the photo.
    fn place(&self, index: usize) -> Pixel {
        Pixel {
            x: self.left + ((index % self.width) as f64 + 0.5) / self.scale,
            y: self.top + ((index / self.width) as f64 + 0.5) / self.scale,
        }
    }
}

/// The depth maps of all views of `hull`, whose cells are `cell` long.
pub(crate) fn depth_maps(
    hull: &Mesh,
    cell: f64,
    views: &[(Camera, &Observation)],
) -> Vec<DepthMap> {
    let Some([low, high]) = hull.bounds() else {
        return Vec::new();
    };
    let middle = scale(add(low, high), 0.5);
    let smalls: Vec<Small> = views
        .par_iter()
        .map(|(camera, observation)| Small::of(camera, &observation.window, hull, middle, cell))
        .collect();
    let towards: Vec<Vec3> = views
        .iter()
        .map(|(camera, _)| unit(sub(camera.centre(), middle)))
        .collect();
    let beside = |view: usize, count: usize| -> Vec<usize> {
        let mut others: Vec<(f64, usize)> = (0..views.len())
            .filter(|other| BASELINE.contains(&dot(towards[view], towards[*other])))
            .map(|other| {
                let angle = dot(towards[view], towards[other]).clamp(-1.0, 1.0).acos();
                ((angle - BASELINE_RAD).abs(), other)
            })
            .collect();
        others.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        others.truncate(count);
        others.into_iter().map(|(_, other)| other).collect()
    };
    let maps: Vec<DepthMap> = (0..views.len())
        .into_par_iter()
        .map(|view| one(hull, view, &beside(view, OTHERS), views, &smalls))
        .collect();
    let confirmed: Vec<Vec<f32>> = (0..maps.len())
        .into_par_iter()
        .map(|view| confirmed(view, &beside(view, 3 * OTHERS), &maps))
        .collect();
    maps.into_iter()
        .zip(confirmed)
        .map(|(map, depths)| DepthMap { depths, ..map })
        .collect()
}

/// The map's depths that others have too.
fn confirmed(view: usize, beside: &[usize], maps: &[DepthMap]) -> Vec<f32> {
    let map = &maps[view];
    map.depths
        .iter()
        .enumerate()
        .map(|(index, depth)| {
            if *depth <= 0.0 {
                return 0.0;
            }
            let Some(ray) = map.camera.intrinsics.unproject(map.frame.place(index)) else {
                return 0.0;
            };
            let seen = scale(ray, f64::from(*depth));
            let point = mul_transposed(
                &map.camera.camera_from_table,
                sub(seen, map.camera.translation),
            );
            let same = beside
                .iter()
                .filter_map(|other| {
                    let (found, own) = maps[*other].depths_at(point)?;
                    ((found - own).abs() <= SAME_STEPS * map.step).then_some(())
                })
                .count();
            if same >= CONFIRMING { *depth } else { 0.0 }
        })
        .collect()
}

/// A photo of few pixels.
struct Small {
    frame: Frame,
    /// 0 to 255.
    luma: Vec<f32>,
}

impl Small {
    /// The part of the photo that shows the hull.
    fn of(camera: &Camera, window: &Window, hull: &Mesh, middle: Vec3, cell: f64) -> Self {
        let depth = camera.camera_point(middle)[2].max(1e-9);
        let cell_px = cell * camera.intrinsics.focal_px[0] / depth;
        let scale = (PX_A_CELL / cell_px).min(1.0);
        let [columns, rows] = shown(hull, camera, window, REACH as f64 / scale);
        let side = |pixels: usize| (pixels as f64 * scale) as usize;
        let frame = Frame {
            left: (window.left + columns.start) as f64,
            top: (window.top + rows.start) as f64,
            width: side(columns.len()),
            height: side(rows.len()),
            scale,
        };
        let span = |at: usize, within: &Range<usize>| {
            let from = within.start + (at as f64 / scale) as usize;
            let to = within.start + ((at + 1) as f64 / scale).ceil() as usize;
            from..to.min(within.end)
        };
        let mut luma = Vec::with_capacity(frame.width * frame.height);
        for y in 0..frame.height {
            for x in 0..frame.width {
                let (mut sum, mut count) = (0.0, 0.0_f32);
                for py in span(y, &rows) {
                    for px in span(x, &columns) {
                        let p = &window.rgba[(py * window.width + px) * 4..][..3];
                        sum += 0.299 * f32::from(p[0])
                            + 0.587 * f32::from(p[1])
                            + 0.114 * f32::from(p[2]);
                        count += 1.0;
                    }
                }
                luma.push(sum / count.max(1.0));
            }
        }
        Self { frame, luma }
    }

    /// Brightness between pixels; the place is in the drawing's pixels.
    fn at(&self, x: f32, y: f32) -> Option<f32> {
        let (x, y) = (x - 0.5, y - 0.5);
        let (w, h) = (self.frame.width, self.frame.height);
        if !(x >= 0.0 && y >= 0.0 && x < w as f32 - 1.0 && y < h as f32 - 1.0) {
            return None;
        }
        let (x0, y0) = (x as usize, y as usize);
        let (fx, fy) = (x - x0 as f32, y - y0 as f32);
        let above = &self.luma[y0 * w + x0..][..2];
        let below = &self.luma[(y0 + 1) * w + x0..][..2];
        let above_value = above[0] + (above[1] - above[0]) * fx;
        let below_value = below[0] + (below[1] - below[0]) * fx;
        Some(above_value + (below_value - above_value) * fy)
    }
}

/// Columns and rows of the window that show the hull, and `margin` pixels about it.
fn shown(hull: &Mesh, camera: &Camera, window: &Window, margin: f64) -> [Range<usize>; 2] {
    let seen = see(hull, camera, &Frame::of(window));
    [(0, window.width), (1, window.height)].map(|(axis, side)| {
        let places = seen.iter().flatten().map(|place| place[axis]);
        let (low, high) = places.fold((f64::MAX, f64::MIN), |(low, high), place| {
            (low.min(place), high.max(place))
        });
        let within = |place: f64| place.clamp(0.0, side as f64) as usize;
        within(low - margin)..within(high + margin + 1.0)
    })
}

/// Where the line of sight of each pixel enters the hull and leaves it for good; 0 where it passes by.
fn span_of(hull: &Mesh, camera: &Camera, frame: &Frame) -> Vec<[f32; 2]> {
    let seen = see(hull, camera, frame);
    let mut spans = vec![[0.0_f32; 2]; frame.width * frame.height];
    for t in &hull.triangles {
        let [Some(a), Some(b), Some(c)] = t.map(|vertex| seen[vertex as usize]) else {
            continue;
        };
        fill([a, b, c], frame.width, frame.height, |at, [wa, wb, wc]| {
            let depth = (1.0 / (wa * a[2] + wb * b[2] + wc * c[2])) as f32;
            let [near, far] = &mut spans[at];
            *near = if *near == 0.0 { depth } else { near.min(depth) };
            *far = far.max(depth);
        });
    }
    spans
}

/// How one photo's line of sight runs through another's picture.
struct Beside<'a> {
    small: &'a Small,
    camera: &'a Camera,
    /// From the one camera's frame to the other's.
    rotation: Mat3,
    translation: Vec3,
}

impl<'a> Beside<'a> {
    fn of(from: &Camera, camera: &'a Camera, small: &'a Small) -> Self {
        let back: Mat3 =
            std::array::from_fn(|i| std::array::from_fn(|j| from.camera_from_table[j][i]));
        let rotation = mul_mat(&camera.camera_from_table, &back);
        let translation = sub(camera.translation, mul(&rotation, from.translation));
        Self {
            small,
            camera,
            rotation,
            translation,
        }
    }

    /// What it shows at each depth along a ray.
    fn brightness(&self, turned: Vec3, depth: f64) -> Option<f32> {
        let point = add(scale(turned, depth), self.translation);
        let at = self.camera.intrinsics.project(point)?;
        let frame = &self.small.frame;
        self.small.at(
            ((at.x - frame.left) * frame.scale) as f32,
            ((at.y - frame.top) * frame.scale) as f32,
        )
    }
}

/// One view's depths, confirmed by nobody yet.
fn one(
    hull: &Mesh,
    view: usize,
    beside: &[usize],
    views: &[(Camera, &Observation)],
    smalls: &[Small],
) -> DepthMap {
    let camera = views[view].0;
    let small = &smalls[view];
    let frame = small.frame;
    let spans = span_of(hull, &camera, &frame);
    let deepest = spans.iter().map(|[_, far]| *far).fold(0.0, f32::max);
    let step = STEP_PX * f64::from(deepest) / (camera.intrinsics.focal_px[0] * frame.scale);
    let mut map = DepthMap {
        camera,
        frame,
        depths: vec![0.0; spans.len()],
        step,
    };
    if beside.len() < LEAST_ALIKE || deepest == 0.0 {
        return map;
    }
    let rays: Vec<Option<Vec3>> = spans
        .iter()
        .enumerate()
        .map(|(index, [near, _])| {
            let there = *near > 0.0;
            there.then(|| camera.intrinsics.unproject(frame.place(index)))?
        })
        .collect();
    let others: Vec<Beside<'_>> = beside
        .iter()
        .map(|other| Beside::of(&camera, &views[*other].0, &smalls[*other]))
        .collect();
    let costs = compared(small, &spans, &rays, &others, step);
    let shifts: Vec<f32> = spans.iter().map(|[near, _]| near / step as f32).collect();
    let chosen = chosen(&costs, &shifts, small);
    for (index, layer) in chosen.into_iter().enumerate() {
        let [near, _] = spans[index];
        let own = &costs[index];
        let at = (layer.round() as usize).min(LAYERS - 1);
        if near > 0.0 && own[at] - leaving(at) <= 1.0 - ALIKE {
            map.depths[index] = near + (layer - OUTWARDS as f32) * step as f32;
        }
    }
    map
}

fn leaving(layer: usize) -> f32 {
    if layer > OUTWARDS + 1 { LEAVING } else { 0.0 }
}

/// For each pixel and layer 1 less the correlation, and what leaving the hull costs.
#[expect(
    clippy::needless_range_loop,
    reason = "a layer is a column of the table"
)]
fn compared(
    small: &Small,
    spans: &[[f32; 2]],
    rays: &[Option<Vec3>],
    others: &[Beside<'_>],
    step: f64,
) -> Vec<LayerCosts> {
    let (width, height) = (small.frame.width, small.frame.height);
    let mut costs = vec![[UNKNOWN; LAYERS]; spans.len()];
    let turned: Vec<Vec<Vec3>> = others
        .iter()
        .map(|other| {
            rays.iter()
                .map(|ray| ray.map_or([0.0; 3], |ray| mul(&other.rotation, ray)))
                .collect()
        })
        .collect();
    let mut sums = Sums::new(width, height);
    let mut best = vec![[-1.0_f32; BEST]; spans.len()];
    for layer in 0..LAYERS {
        best.fill([-1.0; BEST]);
        let behind = (layer as f64 - OUTWARDS as f64) * step;
        for (other, turned) in others.iter().zip(&turned) {
            sums.take(|index| {
                rays[index]?;
                let [near, far] = spans[index];
                let depth = f64::from(near) + behind;
                if depth > f64::from(far) + BEYOND * step {
                    return None;
                }
                let beside = other.brightness(turned[index], depth)?;
                Some((small.luma[index], beside))
            });
            sums.correlations(|index, alike| {
                let mut alike = alike;
                for held in &mut best[index] {
                    if alike > *held {
                        std::mem::swap(held, &mut alike);
                    }
                }
            });
        }
        for (index, best) in best.iter().enumerate() {
            if rays[index].is_none() {
                continue;
            }
            let [near, far] = spans[index];
            let cost = if near + behind as f32 > far {
                OUTSIDE
            } else if best.iter().all(|alike| *alike > -1.0) {
                let mean = best.iter().map(|alike| alike.max(0.0)).sum::<f32>() / BEST as f32;
                1.0 - mean
            } else {
                UNKNOWN
            };
            costs[index][layer] = cost + leaving(layer);
        }
    }
    costs
}

/// Sums over windows of two pictures: cover, values, squares, products.
struct Sums {
    width: usize,
    height: usize,
    /// Sums along rows, then over whole windows.
    rows: Vec<[f32; 6]>,
    column: Vec<[f32; 6]>,
    values: Vec<[f32; 6]>,
}

impl Sums {
    fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            rows: vec![[0.0; 6]; width * height],
            column: vec![[0.0; 6]; width],
            values: vec![[0.0; 6]; width],
        }
    }

    /// Takes both pictures' values at each pixel, and sums them along rows.
    fn take(&mut self, pair: impl Fn(usize) -> Option<(f32, f32)>) {
        for y in 0..self.height {
            for x in 0..self.width {
                self.values[x] = pair(y * self.width + x).map_or([0.0; 6], |(a, b)| {
                    // About the middle of the range sums lose less.
                    let (a, b) = (a - 128.0, b - 128.0);
                    [1.0, a, b, a * a, b * b, a * b]
                });
            }
            let row = &mut self.rows[y * self.width..][..self.width];
            slide(&self.values, row);
        }
    }

    /// Gives each pixel's correlation, where it shows enough.
    fn correlations(&mut self, mut put: impl FnMut(usize, f32)) {
        let least = LEAST_COVER * ((2 * REACH + 1) * (2 * REACH + 1)) as f32;
        for y in 0..self.height {
            self.column.fill([0.0; 6]);
            for row in y.saturating_sub(REACH)..(y + REACH + 1).min(self.height) {
                let row = &self.rows[row * self.width..][..self.width];
                for (sum, value) in self.column.iter_mut().zip(row) {
                    for (sum, value) in sum.iter_mut().zip(value) {
                        *sum += value;
                    }
                }
            }
            for (x, [count, a, b, aa, bb, ab]) in self.column.iter().enumerate() {
                if *count < least {
                    continue;
                }
                let (va, vb) = (aa - a * a / count, bb - b * b / count);
                let blank = BLANK * BLANK * count;
                if va < blank || vb < blank {
                    continue;
                }
                let alike = (ab - a * b / count) / (va * vb).sqrt();
                put(y * self.width + x, alike.clamp(-0.999, 1.0));
            }
        }
    }
}

/// Sums over windows along a line.
fn slide(values: &[[f32; 6]], out: &mut [[f32; 6]]) {
    let mut sum = [0.0; 6];
    for value in values.iter().take(REACH) {
        for (sum, value) in sum.iter_mut().zip(value) {
            *sum += value;
        }
    }
    for x in 0..values.len() {
        if let Some(next) = values.get(x + REACH) {
            for (sum, value) in sum.iter_mut().zip(next) {
                *sum += value;
            }
        }
        if x > REACH {
            for (sum, value) in sum.iter_mut().zip(&values[x - REACH - 1]) {
                *sum -= value;
            }
        }
        out[x] = sum;
    }
}

/// Each pixel's layer, chosen with those of the pixels about it; `shifts` are the hull's depths in steps.
fn chosen(costs: &[LayerCosts], shifts: &[f32], small: &Small) -> Vec<f32> {
    const WAYS: [(isize, isize); 8] = [
        (1, 0),
        (-1, 0),
        (0, 1),
        (0, -1),
        (1, 1),
        (-1, -1),
        (1, -1),
        (-1, 1),
    ];
    let (width, height) = (small.frame.width, small.frame.height);
    let mut joint = vec![[0.0; LAYERS]; costs.len()];
    let (mut before, mut here) = (vec![[0.0; LAYERS]; width], vec![[0.0; LAYERS]; width]);
    for (dx, dy) in WAYS {
        for step_y in 0..height {
            let y = if dy < 0 { height - 1 - step_y } else { step_y };
            std::mem::swap(&mut before, &mut here);
            for step_x in 0..width {
                let x = if dx < 0 { width - 1 - step_x } else { step_x };
                let index = y * width + x;
                if shifts[index] == 0.0 {
                    continue;
                }
                let (px, py) = (x as isize - dx, y as isize - dy);
                let from = (px >= 0 && py >= 0 && px < width as isize && py < height as isize)
                    .then(|| py as usize * width + px as usize)
                    .filter(|from| shifts[*from] > 0.0);
                let result = match from {
                    None => costs[index],
                    Some(from) => {
                        let previous = if dy == 0 { &here } else { &before };
                        let shift = (shifts[index] - shifts[from]).round() as isize;
                        let edge = (small.luma[index] - small.luma[from]).abs();
                        let leap = LEAP / (1.0 + edge / 16.0);
                        continued(&costs[index], &previous[px as usize], shift, leap)
                    }
                };
                here[x] = result;
                for (sum, value) in joint[index].iter_mut().zip(&result) {
                    *sum += value;
                }
            }
        }
    }
    joint
        .iter()
        .map(|joint| {
            let at = (0..LAYERS)
                .min_by(|a, b| joint[*a].total_cmp(&joint[*b]))
                .unwrap_or(OUTWARDS);
            let bend = |a: f32, b: f32, c: f32| 0.5 * (a - c) / (a + c - 2.0 * b).max(1e-6);
            let part = if at == 0 || at + 1 == LAYERS {
                0.0
            } else {
                bend(joint[at - 1], joint[at], joint[at + 1]).clamp(-0.5, 0.5)
            };
            at as f32 + part
        })
        .collect()
}

/// The least costs of a way through a pixel, from those of the pixel before.
fn continued(own: &LayerCosts, previous: &LayerCosts, shift: isize, leap: f32) -> LayerCosts {
    let least = previous.iter().copied().fold(f32::MAX, f32::min);
    let leap = leap.max(UNEVEN);
    // The layer here that lies as deep as layer 0 there is `-shift`; one more on either side.
    let mut moved = [f32::MAX; LAYERS + 2];
    for (k, moved) in moved.iter_mut().enumerate() {
        let there = k as isize - 1 + shift;
        if (0..LAYERS as isize).contains(&there) {
            *moved = previous[there as usize];
        }
    }
    std::array::from_fn(|k| {
        let beside = moved[k].min(moved[k + 2]) + UNEVEN;
        own[k] + moved[k + 1].min(beside).min(least + leap) - least
    })
}
