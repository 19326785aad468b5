//! From the hull inwards: where photos agree about what they see, the surface moves there.
//!
//! Every vertex is moved along its normal to the depth at which small patches of the surface look alike in neighbouring
//! photos (zero-mean normalised cross-correlation, as Furukawa and Ponce 2010 do). The hull holds what they do not
//! prove: leaving it costs, which keeps glass and glaze where the outlines put them. Depths are chosen together with
//! those of the vertices about.

use rayon::prelude::*;

use crate::matcher::Matcher;
use crate::mesh::Mesh;
use crate::observation::Observation;
use crate::patches::{BLANK, Costs, LEAST_ALIKE, Likeness, STEPS, Task, axes};
use crate::rig::Camera;
use crate::sheet::Sheet;
use crate::texture::look;
use crate::vector::{Vec3, add, dot, scale, sub, unit};

/// Cosine of the steepest angle at which a photo takes part.
const LEAST_FACING: f64 = 0.35;
/// How much worse depths must be that are more than so many pixels away: along a printed line all look alike.
const DISTINCT: f32 = 0.12;
const NEAR_PX: f64 = 5.0;
/// Rounds of the fine search: normals are better after each.
const FINE_ROUNDS: usize = 2;
/// Correlation that proves something; noise correlates by chance.
const ALIKE: f32 = 0.65;
/// What differing by a step from a neighbour costs, at most for so many steps: more are edges.
const MOST_UNEVEN: f32 = 4.0;
/// A blank patch stays near the hull unless its neighbours leave it.
const BLANK_PULL: f32 = 0.002;
/// The hull is taken as the product's own shape where fewer proven depths than this share lie inside it; from the larger
/// share on it is taken as bulging between the outlines.
const BULGING: std::ops::Range<f32> = 0.15..0.4;
/// Steps inwards from which a depth lies inside the hull.
const INSIDE: f32 = 2.0;
const CHOICES: usize = 20;
/// How often costs are shared with neighbours.
const JOININGS: usize = 3;

/// How depths are sought.
struct Search {
    /// This many of the steps lead outwards.
    outwards: usize,
    /// A step, in pixels of the photo at the vertex's distance.
    step_px: f64,
    /// Photos beside the one that looks straightest.
    others: usize,
    /// Of these the best so many count: the rest may see something in front.
    best: usize,
    /// Cosines of the angles between two photos that tell depth.
    baseline: std::ops::Range<f64>,
    /// What leaving the surface inwards costs, against 1 − correlation. Without it glass and glaze sink in.
    leaving: f32,
    /// What differing by a step from a neighbour costs.
    uneven: f32,
}

/// From the hull inwards, with photos 6° to 50° apart.
const COARSE: Search = Search {
    outwards: 2,
    step_px: 1.0,
    others: 4,
    best: 2,
    baseline: 0.64..0.9945,
    leaving: 0.15,
    uneven: 0.06,
};
/// About the surface that was found: its normals fit, so that photos 14° to 50° apart compare, which tell depth better.
const FINE: Search = Search {
    outwards: 15,
    step_px: 0.35,
    others: 6,
    best: 4,
    baseline: 0.64..0.97,
    leaving: 0.0,
    uneven: 0.02,
};

/// How far photos agree about the surface that was found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Agreement {
    /// Places at which photos were compared.
    pub compared: usize,
    /// Of these, those that show a pattern.
    pub patterned: usize,
    /// Of these, those that look alike in the photos at some depth about the surface.
    pub agreed: usize,
}

/// How much of `mesh`, the visual hull, bulges over what the photos of `matcher` prove, 0 to 1: 0 for a hull that they
/// confirm, such as a bottle's.
pub(crate) fn bulging(mesh: &Mesh, matcher: &mut Matcher<'_>) -> f32 {
    Found::by(&COARSE, mesh, matcher, &neighbours(mesh)).bulging()
}

/// Moves the vertices of `mesh`, the visual hull, to where the photos of `matcher` agree, and tells how far they do.
///
/// `straighten` is how far it is straightened where it is blank, 0 to 1. Vertices on which `fixed` is true stay: the planes
/// at which the hull was clipped.
pub(crate) fn refine(
    mesh: &mut Mesh,
    matcher: &mut Matcher<'_>,
    straighten: f32,
    fixed: impl Fn(Vec3, Vec3) -> bool,
) -> Agreement {
    let around = neighbours(mesh);
    let fixed: Vec<bool> = mesh
        .positions
        .iter()
        .zip(&mesh.normals())
        .map(|(place, normal)| fixed(*place, *normal))
        .collect();
    let from_hull = Found::by(&COARSE, mesh, matcher, &around);
    from_hull.settle(mesh, &around, &fixed, straighten);
    let mut agreement = from_hull.agreement;
    for _ in 0..FINE_ROUNDS {
        let found = Found::by(&FINE, mesh, matcher, &around);
        found.settle(mesh, &around, &fixed, 0.0);
        agreement = found.agreement;
    }
    agreement
}

impl Agreement {
    fn of<'a>(likeness: impl Iterator<Item = &'a Likeness>) -> Self {
        let mut agreement = Self::default();
        for likeness in likeness {
            let best = likeness.costs[least(&likeness.costs)];
            // 1 stands for what was not compared.
            let patterned = likeness.strongest >= BLANK && best < 1.0;
            agreement.compared += 1;
            agreement.patterned += usize::from(patterned);
            agreement.agreed += usize::from(patterned && best <= 1.0 - ALIKE);
        }
        agreement
    }
}

/// Depths that a search found.
struct Found {
    normals: Vec<Vec3>,
    /// Steps inwards from the surface.
    depths: Vec<f32>,
    proven: Vec<bool>,
    /// Length of a step; 0 where nothing is proven.
    step: f64,
    agreement: Agreement,
}

impl Found {
    fn by(search: &Search, mesh: &Mesh, matcher: &mut Matcher<'_>, around: &[Vec<u32>]) -> Self {
        let views = matcher.views;
        let sights = look(mesh, views);
        let centres: Vec<Vec3> = views.iter().map(|(camera, _)| camera.centre()).collect();
        let normals = mesh.normals();
        let tasks: Vec<Option<Task>> = mesh
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
                task(search, *place, *normal, &facing, views, &centres)
            })
            .collect();
        let likeness = matcher.likeness(&tasks, search.best);
        let agreement = Agreement::of(likeness.iter().flatten());
        let costs: Vec<Option<(Costs, f64)>> = likeness
            .into_iter()
            .zip(&tasks)
            .map(|(likeness, task)| Some((judged(search, likeness?)?, task.as_ref()?.step)))
            .collect();
        let mut steps: Vec<f64> = costs.iter().flatten().map(|(_, step)| *step).collect();
        steps.sort_by(f64::total_cmp);
        Self {
            depths: choose(search, &costs, around),
            proven: costs.iter().map(Option::is_some).collect(),
            step: steps.get(steps.len() / 2).copied().unwrap_or(0.0),
            normals,
            agreement,
        }
    }

    /// How much of the surface bulges over what the photos prove: 0 to 1.
    fn bulging(&self) -> f32 {
        let proven: Vec<f32> = self
            .depths
            .iter()
            .zip(&self.proven)
            .filter(|(_, proven)| **proven)
            .map(|(depth, _)| *depth)
            .collect();
        let inside = proven.iter().filter(|depth| **depth > INSIDE).count();
        let share = inside as f32 / proven.len().max(1) as f32;
        ((share - BULGING.start) / (BULGING.end - BULGING.start)).clamp(0.0, 1.0)
    }

    fn settle(&self, mesh: &mut Mesh, around: &[Vec<u32>], fixed: &[bool], straighten: f32) {
        if self.step == 0.0 {
            return;
        }
        let sheet = Sheet::of(mesh, &self.normals, around, self.step, fixed, straighten);
        let depths = sheet.settle(&self.depths, &self.proven);
        for ((place, normal), depth) in mesh.positions.iter_mut().zip(&self.normals).zip(&depths) {
            *place = sub(*place, scale(*normal, f64::from(*depth) * self.step));
        }
    }
}

/// What is to be compared about a vertex; `None` where too few photos see it.
fn task(
    search: &Search,
    place: Vec3,
    normal: Vec3,
    facing: &[(f64, usize)],
    views: &[(Camera, &Observation)],
    centres: &[Vec3],
) -> Option<Task> {
    let &(_, first) = facing.first()?;
    let towards = |view: usize| unit(sub(centres[view], place));
    let straight = towards(first);
    let others: Vec<usize> = facing[1..]
        .iter()
        .map(|(_, view)| *view)
        .filter(|view| search.baseline.contains(&dot(straight, towards(*view))))
        .take(search.others)
        .collect();
    if others.len() < LEAST_ALIKE {
        return None;
    }
    let camera = &views[first].0;
    let pixel = camera.camera_point(place)[2] / camera.intrinsics.focal_px[0];
    let step = search.step_px * pixel;
    Some(Task {
        start: add(place, scale(normal, search.outwards as f64 * step)),
        stride: scale(normal, -step),
        axes: axes(normal, pixel),
        first,
        others,
        step,
    })
}

/// What photos prove about a vertex' depth; `None` where that is nothing.
fn judged(
    search: &Search,
    Likeness {
        mut costs,
        strongest,
    }: Likeness,
) -> Option<Costs> {
    let at = least(&costs);
    let near = (NEAR_PX / search.step_px).min(STEPS as f64 / 4.0) as usize;
    let elsewhere = (0..STEPS)
        .filter(|k| k.abs_diff(at) > near)
        .map(|k| costs[k])
        .fold(1.0, f32::min);
    if strongest < BLANK || costs[at] > 1.0 - ALIKE || elsewhere < costs[at] + DISTINCT {
        return None;
    }
    for (k, cost) in costs.iter_mut().enumerate() {
        if k > search.outwards + 1 {
            *cost += search.leaving;
        }
    }
    Some(costs)
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
fn choose(search: &Search, costs: &[Option<(Costs, f64)>], around: &[Vec<u32>]) -> Vec<f32> {
    // Blank patches cost nothing anywhere; costs of a neighbourhood are told by all its patches.
    let own: Vec<Costs> = costs
        .iter()
        .map(|cost| match cost {
            Some((cost, _)) => *cost,
            None => std::array::from_fn(|k| BLANK_PULL * (k as f32 - search.outwards as f32).abs()),
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
                search.outwards as f32
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
                    *cost += search.uneven * uneven(k as f32);
                }
                least(&whole) as f32
            })
            .collect();
    }
    depths
        .iter()
        .zip(&joint)
        .map(|(depth, joint)| between(joint, *depth as usize) - search.outwards as f32)
        .collect()
}

fn least(costs: &Costs) -> usize {
    (0..STEPS)
        .min_by(|a, b| costs[*a].total_cmp(&costs[*b]))
        .unwrap_or(0)
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
