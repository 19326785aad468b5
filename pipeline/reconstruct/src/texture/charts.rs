//! A photo for each triangle, with few seams, and the charts that follow.

use std::collections::HashMap;

use super::views::Sight;
use crate::mesh::Mesh;
use crate::vector::{cross, sub};

/// What one differing neighbour costs against a quality from 0 to 1.
const SEAM_COST: [f32; 6] = [0.02, 0.05, 0.1, 0.15, 0.2, 0.25];
/// Rounds at each cost.
const ROUNDS: usize = 4;

/// What paints a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Label {
    /// The photo of this number.
    View(u32),
    /// No photo shows it; it faces along an axis: 0 to 5 are +x, −x, +y, −y, +z, −z.
    Unseen(u8),
}

/// A connected piece of the mesh that is painted alike.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    pub label: Label,
    /// Its triangles.
    pub triangles: Vec<u32>,
    /// Place of each of its vertices in its plane, pixels: the photo's for what is seen.
    pub places: HashMap<u32, [f64; 2]>,
}

/// For each triangle those across its three edges.
pub(crate) fn neighbours(mesh: &Mesh) -> Vec<[Option<u32>; 3]> {
    let mut sides: HashMap<(u32, u32), u32> = HashMap::with_capacity(mesh.triangles.len() * 3);
    for (number, t) in mesh.triangles.iter().enumerate() {
        for k in 0..3 {
            sides.insert((t[k], t[(k + 1) % 3]), number as u32);
        }
    }
    mesh.triangles
        .iter()
        .map(|t| std::array::from_fn(|k| sides.get(&(t[(k + 1) % 3], t[k])).copied()))
        .collect()
}

/// The photo that paints each triangle: its best at first, then, round by round, what its neighbours agree on.
#[expect(
    clippy::needless_range_loop,
    reason = "several tables have one entry a triangle"
)]
pub(crate) fn choose(mesh: &Mesh, sights: &[Sight], neighbours: &[[Option<u32>; 3]]) -> Vec<Label> {
    let count = mesh.triangles.len();
    let best = |t: usize| {
        (0..sights.len())
            .filter(|v| sights[*v].quality[t] > 0.0)
            .max_by(|a, b| sights[*a].quality[t].total_cmp(&sights[*b].quality[t]))
    };
    let mut labels: Vec<Label> = Vec::with_capacity(count);
    let mut top = vec![0.0_f32; count];
    for t in 0..count {
        labels.push(match best(t) {
            Some(view) => {
                top[t] = sights[view].quality[t];
                Label::View(view as u32)
            }
            None => unseen(mesh, t),
        });
    }
    for cost in SEAM_COST {
        for _ in 0..ROUNDS {
            let mut changed = false;
            for t in 0..count {
                let Label::View(mine) = labels[t] else {
                    continue;
                };
                let around: Vec<u32> = neighbours[t]
                    .iter()
                    .flatten()
                    .filter_map(|n| match labels[*n as usize] {
                        Label::View(view) => Some(view),
                        Label::Unseen(_) => None,
                    })
                    .collect();
                let energy = |view: u32| {
                    let quality = sights[view as usize].quality[t];
                    if quality <= 0.0 {
                        return f32::MAX;
                    }
                    let differing = around.iter().filter(|other| **other != view).count();
                    (1.0 - quality / top[t]) + cost * differing as f32
                };
                let chosen = around
                    .iter()
                    .copied()
                    .chain([mine])
                    .min_by(|a, b| energy(*a).total_cmp(&energy(*b)).then(a.cmp(b)))
                    .unwrap_or(mine);
                if energy(chosen) < energy(mine) {
                    labels[t] = Label::View(chosen);
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
    }
    labels
}

fn unseen(mesh: &Mesh, triangle: usize) -> Label {
    let [a, b, c] = mesh.corners(mesh.triangles[triangle]);
    let normal = cross(sub(b, a), sub(c, a));
    let axis = (0..3)
        .max_by(|a, b| normal[*a].abs().total_cmp(&normal[*b].abs()))
        .unwrap_or(0);
    Label::Unseen(axis as u8 * 2 + u8::from(normal[axis] < 0.0))
}

/// Pixels of an unseen chart for the longest side of the mesh.
const UNSEEN_PIXELS: f64 = 96.0;

/// The connected pieces of one label.
pub(crate) fn cut(
    mesh: &Mesh,
    labels: &[Label],
    neighbours: &[[Option<u32>; 3]],
    sights: &[Sight],
) -> Vec<Chart> {
    let longest = mesh.bounds().map_or(1.0, |[low, high]| {
        sub(high, low).into_iter().fold(0.0, f64::max)
    });
    let place = |label: Label, vertex: u32| -> [f64; 2] {
        match label {
            Label::View(view) => {
                let place = sights[view as usize].places[vertex as usize];
                place.map_or([0.0; 2], |[x, y, _]| [x, y])
            }
            Label::Unseen(side) => {
                let p = mesh.positions[vertex as usize].map(|v| v * UNSEEN_PIXELS / longest);
                match side / 2 {
                    0 => [p[2], p[1]],
                    1 => [p[0], p[2]],
                    _ => [p[0], p[1]],
                }
            }
        }
    };
    let mut of = vec![false; labels.len()];
    let mut charts = Vec::new();
    for first in 0..labels.len() {
        if std::mem::replace(&mut of[first], true) {
            continue;
        }
        let label = labels[first];
        let mut chart = Chart {
            label,
            triangles: vec![first as u32],
            places: HashMap::new(),
        };
        let mut next = 0;
        while let Some(&t) = chart.triangles.get(next) {
            next += 1;
            for vertex in mesh.triangles[t as usize] {
                chart
                    .places
                    .entry(vertex)
                    .or_insert_with(|| place(label, vertex));
            }
            for n in neighbours[t as usize].iter().flatten() {
                if labels[*n as usize] == label && !std::mem::replace(&mut of[*n as usize], true) {
                    chart.triangles.push(*n);
                }
            }
        }
        charts.push(chart);
    }
    charts
}
