//! From the hull inwards: where photos agree about what they see, the surface moves there.
//!
//! Every vertex is moved along its normal to the depth at which small patches of the surface look alike in neighbouring
//! photos (zero-mean normalised cross-correlation, as Furukawa and Ponce 2010 do). The hull holds what they do not
//! prove: leaving it costs, which keeps glass and glaze where the outlines put them. Depths are chosen together with
//! those of the vertices about.

use rayon::prelude::*;

use crate::camera::Pixel;
use crate::mesh::Mesh;
use crate::observation::{Observation, Window};
use crate::rig::Camera;
use crate::sheet::Sheet;
use crate::texture::look;
use crate::vector::{Vec3, add, cross, dot, scale, sub, unit};

/// Depths that are tried: this many steps out of the hull, and then inwards.
const OUTWARDS: usize = 2;
const STEPS: usize = 30;
/// A step, in pixels of the photo at the vertex's distance.
const STEP_PX: f64 = 1.0;
/// Samples along a patch's side, and pixels between them.
const SIDE: usize = 5;
const SPACING_PX: f64 = 1.8;
const SAMPLES: usize = SIDE * SIDE;
/// Photos beside the one that looks straightest.
const OTHERS: usize = 4;
/// Of these the best so many count: the others may see something in front.
const BEST: usize = 2;
/// Cosine of the steepest angle at which a photo takes part.
const LEAST_FACING: f64 = 0.35;
/// Cosines of the angles between two photos that tell depth: 6° to 50°.
const BASELINE: std::ops::Range<f64> = 0.64..0.9945;
/// How much worse depths must be that are more than so many steps away: along a printed line all look alike.
const DISTINCT: f32 = 0.12;
const NEAR: usize = 5;
/// Standard deviation of a patch, of 255, below which it is blank.
const BLANK: f32 = 6.0;
/// Correlation that proves something; noise correlates by chance.
const ALIKE: f32 = 0.65;
/// What leaving the hull costs, against 1 − correlation. Without it glass and glaze sink in.
const LEAVING: f32 = 0.15;
/// What differing by a step from a neighbour costs.
const UNEVEN: f32 = 0.06;
/// Differences beyond this are edges.
const MOST_UNEVEN: f32 = 4.0;
/// A blank patch stays near the hull unless its neighbours leave it.
const BLANK_PULL: f32 = 0.002;
const CHOICES: usize = 20;
/// How often costs are shared with neighbours.
const JOININGS: usize = 3;

type Costs = [f32; STEPS];

struct Luma<'a> {
    window: &'a Window,
    values: Vec<f32>,
}

impl<'a> Luma<'a> {
    fn of(window: &'a Window) -> Self {
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

/// Moves the vertices of `mesh`, the visual hull, to where the photos agree.
///
/// Vertices on which `fixed` is true stay: the planes at which the hull was clipped.
pub(crate) fn refine(
    mesh: &mut Mesh,
    views: &[(Camera, &Observation)],
    fixed: impl Fn(Vec3, Vec3) -> bool,
) {
    let sights = look(mesh, views);
    let lumas: Vec<Luma<'_>> = views.iter().map(|(_, o)| Luma::of(&o.window)).collect();
    let centres: Vec<Vec3> = views.iter().map(|(camera, _)| camera.centre()).collect();
    let normals = mesh.normals();
    let costs: Vec<Option<(Costs, f64)>> = mesh
        .positions
        .par_iter()
        .zip(&normals)
        .enumerate()
        .map(|(vertex, (place, normal))| {
            let mut facing: Vec<(f64, usize)> = (0..views.len())
                .filter(|view| sights[*view].vertex_seen[vertex])
                .map(|view| (dot(unit(sub(centres[view], *place)), *normal), view))
                .filter(|(cos, _)| *cos > LEAST_FACING)
                .collect();
            facing.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            costs_at(*place, *normal, &facing, views, &lumas, &centres)
        })
        .collect();
    let step = views.first().map_or(0.0, |_| {
        let mut steps: Vec<f64> = costs.iter().flatten().map(|(_, step)| *step).collect();
        steps.sort_by(f64::total_cmp);
        steps.get(steps.len() / 2).copied().unwrap_or(0.0)
    });
    if step == 0.0 {
        return;
    }
    let around = neighbours(mesh);
    let depths = choose(&costs, &around);
    let proven: Vec<bool> = costs.iter().map(Option::is_some).collect();
    let fixed: Vec<bool> = mesh
        .positions
        .iter()
        .zip(&normals)
        .map(|(place, normal)| fixed(*place, *normal))
        .collect();
    let sheet = Sheet::of(mesh, &normals, &around, step, &fixed);
    let depths = sheet.settle(&depths, &proven);
    for ((place, normal), depth) in mesh.positions.iter_mut().zip(&normals).zip(&depths) {
        *place = sub(*place, scale(*normal, f64::from(*depth) * step));
    }
}

fn costs_at(
    place: Vec3,
    normal: Vec3,
    facing: &[(f64, usize)],
    views: &[(Camera, &Observation)],
    lumas: &[Luma<'_>],
    centres: &[Vec3],
) -> Option<(Costs, f64)> {
    let &(_, first) = facing.first()?;
    let towards = |view: usize| unit(sub(centres[view], place));
    let straight = towards(first);
    let others: Vec<usize> = facing[1..]
        .iter()
        .map(|(_, view)| *view)
        .filter(|view| BASELINE.contains(&dot(straight, towards(*view))))
        .take(OTHERS)
        .collect();
    if others.len() < BEST {
        return None;
    }
    let camera = &views[first].0;
    let pixel = camera.camera_point(place)[2] / camera.intrinsics.focal_px[0];
    let aside = unit(cross([0.0, 1.0, 0.0], normal));
    let aside = if dot(aside, aside) > 0.5 {
        aside
    } else {
        [1.0, 0.0, 0.0]
    };
    let axes = [aside, cross(normal, aside)].map(|axis| scale(axis, SPACING_PX * pixel));
    let step = STEP_PX * pixel;
    let mut costs = [1.0; STEPS];
    let mut strongest = 0.0_f32;
    for (k, cost) in costs.iter_mut().enumerate() {
        let depth = (k as f64 - OUTWARDS as f64) * step;
        let centre = sub(place, scale(normal, depth));
        let Some((own, deviation)) = patch(camera, &lumas[first], centre, axes) else {
            continue;
        };
        strongest = strongest.max(deviation);
        if deviation < BLANK {
            continue;
        }
        let mut alike: Vec<f32> = others
            .iter()
            .filter_map(|view| {
                let (other, _) = patch(&views[*view].0, &lumas[*view], centre, axes)?;
                Some(own.iter().zip(&other).map(|(a, b)| a * b).sum())
            })
            .collect();
        if alike.len() < BEST {
            continue;
        }
        alike.sort_by(|a, b| b.total_cmp(a));
        *cost = 1.0 - alike[..BEST].iter().sum::<f32>() / BEST as f32;
    }
    let at = least(&costs);
    let elsewhere = (0..STEPS)
        .filter(|k| k.abs_diff(at) > NEAR)
        .map(|k| costs[k])
        .fold(1.0, f32::min);
    if strongest < BLANK || costs[at] > 1.0 - ALIKE || elsewhere < costs[at] + DISTINCT {
        return None;
    }
    for (k, cost) in costs.iter_mut().enumerate() {
        if k > OUTWARDS + 1 {
            *cost += LEAVING;
        }
    }
    Some((costs, step))
}

fn neighbours(mesh: &Mesh) -> Vec<Vec<u32>> {
    let mut around = vec![Vec::new(); mesh.positions.len()];
    for t in &mesh.triangles {
        for k in 0..3 {
            around[t[k] as usize].push(t[(k + 1) % 3]);
        }
    }
    around
}

/// A depth for each vertex, in steps inwards: what its patch and its neighbours agree on.
fn choose(costs: &[Option<(Costs, f64)>], around: &[Vec<u32>]) -> Vec<f32> {
    // Blank patches cost nothing anywhere; costs of a neighbourhood are told by all its patches.
    let own: Vec<Costs> = costs
        .iter()
        .map(|cost| match cost {
            Some((cost, _)) => *cost,
            None => std::array::from_fn(|k| BLANK_PULL * (k as f32 - OUTWARDS as f32).abs()),
        })
        .collect();
    let mut joint = own;
    for _ in 0..JOININGS {
        joint = joint
            .par_iter()
            .zip(around)
            .map(|(own, around)| {
                let share = 1.0 / (2.0 * around.len().max(1) as f32);
                std::array::from_fn(|k| {
                    let others: f32 = around.iter().map(|n| joint[*n as usize][k]).sum();
                    own[k] * 0.5 + others * share
                })
            })
            .collect();
    }
    let mut depths: Vec<f32> = joint
        .iter()
        .zip(costs)
        .map(|(joint, cost)| {
            if cost.is_some() {
                least(joint) as f32
            } else {
                OUTWARDS as f32
            }
        })
        .collect();
    for _ in 0..CHOICES {
        depths = (0..depths.len())
            .into_par_iter()
            .map(|at| {
                let uneven = |k: f32| -> f32 {
                    around[at]
                        .iter()
                        .map(|n| (k - depths[*n as usize]).abs().min(MOST_UNEVEN))
                        .sum()
                };
                let mut whole = joint[at];
                for (k, cost) in whole.iter_mut().enumerate() {
                    *cost += UNEVEN * uneven(k as f32);
                }
                least(&whole) as f32
            })
            .collect();
    }
    depths
        .iter()
        .zip(&joint)
        .map(|(depth, joint)| between(joint, *depth as usize) - OUTWARDS as f32)
        .collect()
}

fn least(costs: &Costs) -> usize {
    (0..STEPS)
        .min_by(|a, b| costs[*a].total_cmp(&costs[*b]))
        .unwrap_or(OUTWARDS)
}

/// The bottom of the parabola through a depth's cost and its neighbours'.
fn between(costs: &Costs, at: usize) -> f32 {
    if at == 0 || at + 1 >= STEPS {
        return at as f32;
    }
    let (a, b, c) = (costs[at - 1], costs[at], costs[at + 1]);
    let bend = a + c - 2.0 * b;
    if bend <= 1e-6 || b > a || b > c {
        return at as f32;
    }
    at as f32 + (0.5 * (a - c) / bend).clamp(-0.5, 0.5)
}
