//! The visual hull: all that lies inside every outline (Laurentini 1994).

use rayon::prelude::*;

use crate::distance::DistanceField;
use crate::grid::Grid;
use crate::rig::Camera;
use crate::vector::{Vec3, add, length, scale, sub};

/// Corners of the grid that finds the product, along its longest side.
const COARSE: usize = 72;
/// Corners of a block that is looked at as a whole.
const BLOCK: usize = 8;

/// A view: where it stands and how far its pixels lie from the outline.
pub(crate) struct Silhouette<'a> {
    pub camera: Camera,
    pub field: &'a DistanceField,
}

impl Silhouette<'_> {
    /// Distance of a point to the cone of this outline, positive inside, and the size of a pixel there, in the rig's unit.
    pub fn depth_inside(&self, point: Vec3) -> (f64, f64) {
        let seen = self.camera.camera_point(point);
        let Some(place) = self.camera.intrinsics.project(seen) else {
            return (-1e3, 0.0);
        };
        let pixel = seen[2] / self.camera.intrinsics.focal_px[0];
        (f64::from(self.field.at(place)) * pixel, pixel)
    }
}

/// How far one photo alone may carve a round product, in its pixels; beyond that it takes a second one that agrees.
///
/// The least of many outlines that waver is too small everywhere: the sides of the vase's hull came from 0.10% of the
/// diagonal off to 0.06% with the second least. What is not round is told by few photos at its flat sides: there
/// half a pixel already cost the box 0.002 of its F-score at 1%, and no limit 0.12 of its hull's.
const ALONE_PX: f64 = 1.0;

/// What it takes to carve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carving {
    /// One photo.
    One,
    /// Two photos for the last pixel: all see the same profile.
    TwoForTheLast,
}

impl Carving {
    /// The least distance over all views, but for what one of them says alone.
    fn depth_inside(self, views: &[Silhouette<'_>], point: Vec3) -> f64 {
        let (mut least, mut second, mut last) = (f64::MAX, f64::MAX, 0.0);
        for view in views {
            let (depth, pixel) = view.depth_inside(point);
            if depth < least {
                (second, least) = (least, depth);
                last = ALONE_PX * pixel;
            } else if depth < second {
                second = depth;
            }
        }
        match self {
            Self::One => least,
            Self::TwoForTheLast => second.min(least + last),
        }
    }
}

/// The box of the product in the table's frame: least and greatest corner. `None` where the outlines have nothing in
/// common.
fn bounds(
    depth_inside: &(impl Fn(Vec3) -> f64 + Sync),
    centre: Vec3,
    half: f64,
) -> Option<[Vec3; 2]> {
    let (mut centre, mut half) = (centre, [half; 3]);
    let mut found = None;
    for _ in 0..3 {
        let longest = half.iter().copied().fold(0.0, f64::max);
        let cell = 2.0 * longest / COARSE as f64;
        let reach = cell * 0.5 * 3_f64.sqrt();
        let counts: [usize; 3] = half.map(|h| ((2.0 * h / cell).ceil() as usize).max(1));
        let slices: Vec<[Vec3; 2]> = (0..counts[2])
            .into_par_iter()
            .map(|z| {
                let mut box_ = [[f64::MAX; 3], [f64::MIN; 3]];
                for y in 0..counts[1] {
                    for x in 0..counts[0] {
                        let point: Vec3 = std::array::from_fn(|axis| {
                            let at = [x, y, z][axis] as f64 + 0.5;
                            centre[axis] - half[axis] + at * cell
                        });
                        if depth_inside(point) > -reach {
                            for axis in 0..3 {
                                box_[0][axis] = box_[0][axis].min(point[axis] - cell / 2.0);
                                box_[1][axis] = box_[1][axis].max(point[axis] + cell / 2.0);
                            }
                        }
                    }
                }
                box_
            })
            .collect();
        let joined = slices
            .into_iter()
            .reduce(|a, b| {
                [
                    std::array::from_fn(|axis| a[0][axis].min(b[0][axis])),
                    std::array::from_fn(|axis| a[1][axis].max(b[1][axis])),
                ]
            })
            .filter(|b| b[0][0] < b[1][0])?;
        centre = scale(add(joined[0], joined[1]), 0.5);
        half = scale(sub(joined[1], joined[0]), 0.5);
        found = Some(joined);
    }
    found
}

/// The hull's field over its box, `cells` along the longest side.
pub(crate) fn carve(
    views: &[Silhouette<'_>],
    centre: Vec3,
    half: f64,
    cells: usize,
    carving: Carving,
) -> Option<Grid> {
    carve_by(
        &|point| carving.depth_inside(views, point),
        centre,
        half,
        cells,
    )
}

/// The field of a body over its box: `depth_inside` is its distance function or less, and changes no faster than places do.
pub(crate) fn carve_by(
    depth_inside: &(impl Fn(Vec3) -> f64 + Sync),
    centre: Vec3,
    half: f64,
    cells: usize,
) -> Option<Grid> {
    let [low, high] = bounds(depth_inside, centre, half)?;
    let sides = sub(high, low);
    let cell = sides.iter().copied().fold(0.0, f64::max) / cells as f64;
    let origin = low.map(|v| v - 2.0 * cell);
    let blocks = sides.map(|side| ((side / cell).ceil() as usize + 5).div_ceil(BLOCK));
    let size = blocks.map(|count| count * BLOCK);
    let mut grid = Grid {
        origin,
        cell,
        size,
        values: vec![0.0; size[0] * size[1] * size[2]],
    };
    let radius = cell * (BLOCK - 1) as f64 * 0.5 * 3_f64.sqrt();
    let slab = size[0] * size[1] * BLOCK;
    let middle = |at: usize, axis: usize| {
        origin[axis] + (at * BLOCK) as f64 * cell + (BLOCK - 1) as f64 * 0.5 * cell
    };
    grid.values
        .par_chunks_exact_mut(slab)
        .enumerate()
        .for_each(|(bz, slab)| {
            for by in 0..blocks[1] {
                for bx in 0..blocks[0] {
                    let centre = [middle(bx, 0), middle(by, 1), middle(bz, 2)];
                    let whole = depth_inside(centre);
                    // Lenses bend and depths differ within a block: a little more than its radius.
                    let uniform = (whole.abs() > 1.3 * radius + cell).then_some(whole as f32);
                    for z in 0..BLOCK {
                        for y in 0..BLOCK {
                            let row = (z * size[1] + by * BLOCK + y) * size[0] + bx * BLOCK;
                            for (x, value) in slab[row..row + BLOCK].iter_mut().enumerate() {
                                *value = uniform.unwrap_or_else(|| {
                                    let corner = [bx * BLOCK + x, by * BLOCK + y, bz * BLOCK + z];
                                    let point = std::array::from_fn(|axis| {
                                        origin[axis] + corner[axis] as f64 * cell
                                    });
                                    depth_inside(point) as f32
                                });
                            }
                        }
                    }
                }
            }
        });
    Some(grid)
}

/// Where the product may be at all: the place on the axis that the cameras look at, and how far outlines reach from it.
pub(crate) fn search_box(cameras: &[Camera], hulls: &[Vec<[f64; 2]>]) -> (Vec3, f64) {
    let mut heights = Vec::new();
    for (camera, hull) in cameras
        .iter()
        .zip(hulls)
        .filter(|(_, hull)| !hull.is_empty())
    {
        // The ray through the outline's middle, where it passes the axis.
        let count = hull.len() as f64;
        let middle = hull.iter().fold([0.0; 2], |sum, p| {
            [sum[0] + p[0] / count, sum[1] + p[1] / count]
        });
        let lens = camera.intrinsics;
        let ray = [
            (middle[0] - lens.centre.x) / lens.focal_px[0],
            (middle[1] - lens.centre.y) / lens.focal_px[1],
            1.0,
        ];
        let centre = camera.centre();
        let ray = crate::vector::mul_transposed(&camera.camera_from_table, ray);
        let flat = ray[0] * ray[0] + ray[2] * ray[2];
        let along = -(centre[0] * ray[0] + centre[2] * ray[2]) / flat.max(1e-9);
        heights.push(centre[1] + along * ray[1]);
    }
    heights.sort_by(f64::total_cmp);
    let middle = [
        0.0,
        heights.get(heights.len() / 2).copied().unwrap_or(0.0),
        0.0,
    ];
    let mut half = 0.0_f64;
    for (camera, hull) in cameras.iter().zip(hulls) {
        let lens = camera.intrinsics;
        let Some(at) = camera.project(middle) else {
            continue;
        };
        let away = length(sub(camera.centre(), middle));
        for p in hull {
            half = half.max((p[0] - at.x).hypot(p[1] - at.y) / lens.focal_px[0] * away);
        }
    }
    (middle, half * 1.5)
}
