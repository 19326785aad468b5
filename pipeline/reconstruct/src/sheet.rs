//! A surface as an elastic sheet: held where photos prove its depth, straight between.
//!
//! Blank parts of a product show no depth. Left on the hull they bulge out between the parts that do; the sheet, which
//! resists bending and not depth, spans them as packaging does: flat.

use crate::mesh::Mesh;
use crate::vector::{Vec3, add, dot, length, scale, sub};

/// How stiff it is, against the square of a step's error.
const STIFFNESS: f32 = 8.0;
/// How firmly the hull holds what nothing proves.
const HULL_HOLD: f32 = 2e-4;
/// How firmly it holds its own edges: outlines prove those.
const EDGE_HOLD: f32 = 0.3;
/// How firmly what must not move is held.
const FIXED_HOLD: f32 = 100.0;
/// Bend of the hull, in lengths of the mesh's edges, from which it counts as an edge.
const EDGE_BEND: f32 = 0.15;
/// Depths that lie so many steps off the sheet are mistakes.
const MISTAKE: f32 = 1.5;
/// How often mistakes are told anew, and the steps of each descent.
const ROUNDS: usize = 4;
const STEPS: usize = 250;

pub(crate) struct Sheet<'a> {
    around: &'a [Vec<u32>],
    /// How much each neighbour's depth bends the sheet here: the cosine between the normals, over their number.
    bends: Vec<Vec<f32>>,
    /// The hull's own bend, in steps, outwards.
    own: Vec<f32>,
    /// How stiff the sheet is here: less at edges.
    stiffness: Vec<f32>,
    /// How firmly the hull holds.
    hold: Vec<f32>,
}

impl<'a> Sheet<'a> {
    /// The sheet over `mesh`. `straighten` is the share of the mesh's own bend that it resists, 0 to 1: with 0 it lies
    /// as the mesh does where nothing is proven, with 1 it spans that flat.
    pub fn of(
        mesh: &Mesh,
        normals: &[Vec3],
        around: &'a [Vec<u32>],
        step: f64,
        fixed: &[bool],
        straighten: f32,
    ) -> Self {
        let count = mesh.positions.len();
        let mut sheet = Self {
            around,
            bends: Vec::with_capacity(count),
            own: Vec::with_capacity(count),
            stiffness: Vec::with_capacity(count),
            hold: Vec::with_capacity(count),
        };
        for (at, list) in around.iter().enumerate() {
            let share = 1.0 / list.len().max(1) as f64;
            let (mut mean, mut edge) = ([0.0; 3], 0.0);
            for n in list {
                let place = mesh.positions[*n as usize];
                mean = add(mean, scale(place, share));
                edge += length(sub(place, mesh.positions[at])) * share;
            }
            let bend = dot(normals[at], sub(mesh.positions[at], mean));
            let sharp = ((bend / edge.max(1e-12)) as f32 / EDGE_BEND).powi(2);
            sheet.bends.push(
                list.iter()
                    .map(|n| (dot(normals[at], normals[*n as usize]) * share) as f32)
                    .collect(),
            );
            sheet.own.push(straighten * (bend / step) as f32);
            sheet.stiffness.push(STIFFNESS / (1.0 + sharp));
            sheet.hold.push(if fixed[at] {
                FIXED_HOLD
            } else {
                HULL_HOLD + EDGE_HOLD * sharp / (1.0 + sharp)
            });
        }
        sheet
    }

    /// The bend that depths give the sheet at each vertex, without the hull's own.
    fn bend(&self, depths: &[f32], out: &mut [f32]) {
        for (at, out) in out.iter_mut().enumerate() {
            let mean: f32 = self.around[at]
                .iter()
                .zip(&self.bends[at])
                .map(|(n, bend)| bend * depths[*n as usize])
                .sum();
            *out = mean - depths[at];
        }
    }

    /// The transpose of [`Sheet::bend`], added to `out`.
    fn add_transposed(&self, bends: &[f32], out: &mut [f32]) {
        for (at, value) in bends.iter().enumerate() {
            out[at] -= value;
            for (n, bend) in self.around[at].iter().zip(&self.bends[at]) {
                out[*n as usize] += bend * value;
            }
        }
    }

    /// Depths that follow `wanted` where they are `proven`, and bend little: least squares by conjugate gradients.
    pub fn settle(&self, wanted: &[f32], proven: &[bool]) -> Vec<f32> {
        let mut depths = wanted.to_vec();
        let mut weights: Vec<f32> = proven.iter().map(|p| f32::from(u8::from(*p))).collect();
        for _ in 0..ROUNDS {
            self.descend(wanted, &weights, &mut depths);
            for (at, weight) in weights.iter_mut().enumerate() {
                if proven[at] {
                    let off = (depths[at] - wanted[at]) / MISTAKE;
                    *weight = 1.0 / (1.0 + off * off).powi(2);
                }
            }
        }
        depths
    }

    fn descend(&self, wanted: &[f32], weights: &[f32], depths: &mut [f32]) {
        let count = depths.len();
        let mut bends = vec![0.0; count];
        let apply = |x: &[f32], bends: &mut [f32], out: &mut [f32]| {
            self.bend(x, bends);
            for (bend, stiffness) in bends.iter_mut().zip(&self.stiffness) {
                *bend *= stiffness;
            }
            for (at, out) in out.iter_mut().enumerate() {
                *out = (weights[at] + self.hold[at]) * x[at];
            }
            self.add_transposed(bends, out);
        };
        // Right side: what is wanted, less what straightens the hull's own bend.
        let mut residual: Vec<f32> = wanted.iter().zip(weights).map(|(d, w)| d * w).collect();
        let straighten: Vec<f32> = self
            .own
            .iter()
            .zip(&self.stiffness)
            .map(|(b, s)| -b * s)
            .collect();
        self.add_transposed(&straighten, &mut residual);
        let mut product = vec![0.0; count];
        apply(depths, &mut bends, &mut product);
        for (r, p) in residual.iter_mut().zip(&product) {
            *r -= p;
        }
        let square = |v: &[f32]| v.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>();
        let mut direction = residual.clone();
        let mut size = square(&residual);
        let end = size * 1e-8;
        for _ in 0..STEPS {
            if size <= end.max(1e-12) {
                break;
            }
            apply(&direction, &mut bends, &mut product);
            let along: f64 = direction
                .iter()
                .zip(&product)
                .map(|(d, p)| f64::from(*d) * f64::from(*p))
                .sum();
            let by = (size / along.max(1e-30)) as f32;
            for at in 0..count {
                depths[at] += by * direction[at];
                residual[at] -= by * product[at];
            }
            let next = square(&residual);
            let turn = (next / size) as f32;
            size = next;
            for (d, r) in direction.iter_mut().zip(&residual) {
                *d = r + turn * *d;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square sheet that bulges in its middle by `bulge` steps of 0.1.
    fn bulging(side: u32, bulge: f64) -> (Mesh, Vec<Vec<u32>>) {
        let mut mesh = Mesh::default();
        for y in 0..side {
            for x in 0..side {
                let part =
                    |v: u32| (std::f64::consts::PI * f64::from(v) / f64::from(side - 1)).sin();
                mesh.positions
                    .push([f64::from(x), f64::from(y), 0.1 * bulge * part(x) * part(y)]);
            }
        }
        let mut around = vec![Vec::new(); mesh.positions.len()];
        for y in 0..side - 1 {
            for x in 0..side - 1 {
                let a = y * side + x;
                for t in [[a, a + 1, a + side + 1], [a, a + side + 1, a + side]] {
                    mesh.triangles.push(t);
                    for k in 0..3 {
                        around[t[k] as usize].extend([t[(k + 1) % 3], t[(k + 2) % 3]]);
                    }
                }
            }
        }
        for list in &mut around {
            list.sort_unstable();
            list.dedup();
        }
        (mesh, around)
    }

    #[test]
    fn a_blank_bulge_is_straightened_by_what_lies_about_it() {
        let (mesh, around) = bulging(21, 4.0);
        let step = 0.1;
        let sheet = Sheet::of(
            &mesh,
            &mesh.normals(),
            &around,
            step,
            &vec![false; mesh.positions.len()],
            1.0,
        );
        let truth: Vec<f32> = mesh
            .positions
            .iter()
            .map(|p| (p[2] / step) as f32)
            .collect();
        // A blank square in the middle; one proven depth outside of it is a mistake.
        let proven: Vec<bool> = mesh
            .positions
            .iter()
            .map(|p| (p[0] - 10.0).abs().max((p[1] - 10.0).abs()) > 4.5)
            .collect();
        let mut wanted: Vec<f32> = truth
            .iter()
            .zip(&proven)
            .map(|(t, p)| if *p { *t } else { 0.0 })
            .collect();
        wanted[3 * 21 + 9] += 12.0;
        let found = sheet.settle(&wanted, &proven);
        let worst = found
            .iter()
            .zip(&truth)
            .map(|(f, t)| (f - t).abs())
            .fold(0.0, f32::max);
        assert!(worst < 0.5, "{worst} steps of a bulge of 4");
    }
}
