//! What a mesh loses by having fewer triangles, kept as a normal map.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::mesh::Mesh;
use crate::raster::fill;
use crate::vector::{Vec3, add, cross, dot, length, scale, sub, unit};

/// A mesh with tangents: what a normal map is read by.
#[derive(Clone, Debug)]
pub struct TangentMesh {
    /// The triangles.
    pub mesh: Mesh,
    /// Unit normals of the vertices.
    pub normals: Vec<[f64; 3]>,
    /// Unit tangents and the bitangents' signs, as glTF 2.0 §3.7.2.1 has them.
    pub tangents: Vec<[f64; 4]>,
    /// Texture coordinates from the upper left corner, 0 to 1.
    pub coordinates: Vec<[f64; 2]>,
}

/// A normal map in tangent space.
#[derive(Clone, Debug, PartialEq)]
pub struct Relief {
    /// Width and height, pixels.
    pub side: u32,
    /// Three bytes a pixel, row by row from the top: x along the tangent, y along the bitangent, z along the normal, as
    /// glTF's normal textures have it. What no triangle covers stands straight.
    pub rgb: Vec<u8>,
    /// Mean angle between the detailed surface's normals and the plain mesh's, degrees: what the map gives back.
    pub mean_angle_deg: f64,
}

/// Straight up.
const STRAIGHT: [u8; 3] = [128, 128, 255];
/// Normals farther from the plain mesh's belong to another side of the product: cosine.
const SAME_SIDE: f64 = 0.5;
/// How far beyond its triangle a texel still is filled, texels: filtering reads there.
const MARGIN: f64 = 1.5;

/// Draws the normals of `dense` into the texture of `plain`, a simpler mesh of the same surface, as `MikkTSpace` reads them:
/// `n = x·T + y·sign·(N × T) + z·N` with interpolated `T` and `N`.
///
/// `reach` is how far the two surfaces may be apart, in their unit. `side` is that of the map in pixels.
#[must_use]
pub fn relief(plain: &TangentMesh, dense: &Mesh, reach: f64, side: u32) -> Relief {
    let lookup = Lookup::of(dense, reach);
    let wide = side as usize;
    let whole = f64::from(side);
    let drawn: Vec<Vec<(usize, [u8; 3], f64)>> = plain
        .mesh
        .triangles
        .par_iter()
        .map(|t| {
            let vertices = t.map(|vertex| vertex as usize);
            let corners = vertices.map(|vertex| {
                let [u, v] = plain.coordinates[vertex];
                [u * whole, v * whole, 1.0]
            });
            let mut texels = Vec::new();
            fill(grown(corners), wide, wide, |at, _| {
                let place = [(at % wide) as f64 + 0.5, (at / wide) as f64 + 0.5];
                let Some((weights, inside)) = weights(corners, place) else {
                    return;
                };
                let mixed = |of: &dyn Fn(usize) -> Vec3| -> Vec3 {
                    (0..3).fold([0.0; 3], |sum, k| {
                        add(sum, scale(of(vertices[k]), weights[k]))
                    })
                };
                let point = mixed(&|vertex| plain.mesh.positions[vertex]);
                let normal = unit(mixed(&|vertex| plain.normals[vertex]));
                let tangent = mixed(&|vertex| {
                    let [x, y, z, _] = plain.tangents[vertex];
                    [x, y, z]
                });
                let Some(wanted) = lookup.normal(point, normal) else {
                    return;
                };
                let sign = plain.tangents[vertices[0]][3];
                let tangent = unit(tangent);
                let bitangent = scale(cross(normal, tangent), sign);
                let Some(local) = solve([tangent, bitangent, normal], wanted) else {
                    return;
                };
                // Only what lies in the triangle counts for the mean.
                let angle = if inside {
                    dot(normal, wanted).clamp(-1.0, 1.0).acos().to_degrees()
                } else {
                    f64::NAN
                };
                texels.push((at, local.map(byte), angle));
            });
            texels
        })
        .collect();
    let mut rgb = STRAIGHT.repeat(wide * wide);
    let (mut sum, mut count) = (0.0, 0_usize);
    // What lies in a triangle goes over what reaches beyond one.
    for inside in [false, true] {
        for (at, color, angle) in drawn.iter().flatten() {
            if angle.is_nan() == inside {
                continue;
            }
            rgb[at * 3..at * 3 + 3].copy_from_slice(color);
            if inside {
                sum += angle;
                count += 1;
            }
        }
    }
    Relief {
        side,
        rgb,
        mean_angle_deg: sum / count.max(1) as f64,
    }
}

fn byte(value: f64) -> u8 {
    (value * 127.5 + 127.5).round().clamp(0.0, 255.0) as u8
}

/// A triangle larger by [`MARGIN`] on all sides or nearly so.
fn grown(corners: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let middle: [f64; 2] = [0, 1].map(|axis| corners.iter().map(|c| c[axis]).sum::<f64>() / 3.0);
    corners.map(|c| {
        let away = [c[0] - middle[0], c[1] - middle[1]];
        let by = 1.0 + MARGIN / away[0].hypot(away[1]).max(1e-9);
        [middle[0] + away[0] * by, middle[1] + away[1] * by, c[2]]
    })
}

/// The corners' weights at the place of the triangle that is nearest to `place` or nearly so, and whether it lies inside.
fn weights([a, b, c]: [[f64; 3]; 3], place: [f64; 2]) -> Option<([f64; 3], bool)> {
    let area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    if area.abs() < 1e-12 || !area.is_finite() {
        return None;
    }
    let of = |p: [f64; 3], q: [f64; 3]| {
        ((p[0] - place[0]) * (q[1] - place[1]) - (p[1] - place[1]) * (q[0] - place[0])) / area
    };
    let weights = [of(b, c), of(c, a), of(a, b)];
    let inside = weights.iter().all(|w| *w >= 0.0);
    let held = weights.map(|w| w.clamp(0.0, 1.0));
    let sum: f64 = held.iter().sum();
    (sum > 0.0).then(|| (held.map(|w| w / sum), inside))
}

/// `x` with `x₀·a + x₁·b + x₂·c = v`.
fn solve([a, b, c]: [Vec3; 3], v: Vec3) -> Option<Vec3> {
    let determinant = dot(a, cross(b, c));
    if determinant.abs() < 1e-6 || !determinant.is_finite() {
        return None;
    }
    let local = [
        dot(v, cross(b, c)) / determinant,
        dot(a, cross(v, c)) / determinant,
        dot(a, cross(b, v)) / determinant,
    ];
    Some(unit(local))
}

/// Finds the surface near a point.
struct Lookup<'a> {
    mesh: &'a Mesh,
    normals: Vec<Vec3>,
    cell: f64,
    /// The triangles whose box meets a cell.
    cells: HashMap<[i64; 3], Vec<u32>>,
}

/// A triangle that meets more cells than this is left to its corners' cells: no mesh of ours has one.
const MOST_CELLS: i64 = 64;

impl<'a> Lookup<'a> {
    fn of(mesh: &'a Mesh, reach: f64) -> Self {
        let mut edge = 0.0;
        for t in &mesh.triangles {
            let [a, b, _] = mesh.corners(*t);
            edge += length(sub(b, a));
        }
        let cell = (edge / mesh.triangles.len().max(1) as f64)
            .max(reach)
            .max(f64::MIN_POSITIVE);
        let mut cells: HashMap<[i64; 3], Vec<u32>> = HashMap::new();
        for (number, t) in mesh.triangles.iter().enumerate() {
            let corners = mesh.corners(*t);
            let end = |pick: fn(f64, f64) -> f64| -> [i64; 3] {
                [0, 1, 2].map(|axis| {
                    let value = corners.iter().map(|c| c[axis]).fold(corners[0][axis], pick);
                    (value / cell).floor() as i64
                })
            };
            let (low, high) = (end(f64::min), end(f64::max));
            let count: i64 = (0..3).map(|k| high[k].saturating_sub(low[k]) + 1).product();
            if count > MOST_CELLS {
                continue;
            }
            for z in low[2]..=high[2] {
                for y in low[1]..=high[1] {
                    for x in low[0]..=high[0] {
                        cells.entry([x, y, z]).or_default().push(number as u32);
                    }
                }
            }
        }
        Self {
            normals: mesh.normals(),
            mesh,
            cell,
            cells,
        }
    }

    /// The normal of the nearest place that faces as `facing` does; `None` where none is near.
    fn normal(&self, point: Vec3, facing: Vec3) -> Option<Vec3> {
        let home = point.map(|v| (v / self.cell).floor() as i64);
        let mut best: Option<(f64, Vec3)> = None;
        for around in 0..27 {
            let key = [
                home[0] + around % 3 - 1,
                home[1] + around / 3 % 3 - 1,
                home[2] + around / 9 - 1,
            ];
            for number in self.cells.get(&key).into_iter().flatten() {
                let t = self.mesh.triangles[*number as usize];
                let (weights, square) = nearest(self.mesh.corners(t), point);
                if best.is_some_and(|(before, _)| before <= square) {
                    continue;
                }
                let normal = (0..3).fold([0.0; 3], |sum, k| {
                    add(sum, scale(self.normals[t[k] as usize], weights[k]))
                });
                let normal = unit(normal);
                if dot(normal, facing) > SAME_SIDE {
                    best = Some((square, normal));
                }
            }
        }
        best.map(|(_, normal)| normal)
    }
}

/// The weights of a triangle's corners at its place nearest to `p`, and the square of the distance (Ericson 2005,
/// "Real-Time Collision Detection", §5.1.5).
fn nearest([a, b, c]: [Vec3; 3], p: Vec3) -> ([f64; 3], f64) {
    let (ab, ac, ap) = (sub(b, a), sub(c, a), sub(p, a));
    let (d1, d2) = (dot(ab, ap), dot(ac, ap));
    let bp = sub(p, b);
    let (d3, d4) = (dot(ab, bp), dot(ac, bp));
    let cp = sub(p, c);
    let (d5, d6) = (dot(ab, cp), dot(ac, cp));
    let (va, vb, vc) = (d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2);
    let weights = if d1 <= 0.0 && d2 <= 0.0 {
        [1.0, 0.0, 0.0]
    } else if d3 >= 0.0 && d4 <= d3 {
        [0.0, 1.0, 0.0]
    } else if d6 >= 0.0 && d5 <= d6 {
        [0.0, 0.0, 1.0]
    } else if vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 {
        let t = d1 / (d1 - d3);
        [1.0 - t, t, 0.0]
    } else if vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 {
        let t = d2 / (d2 - d6);
        [1.0 - t, 0.0, t]
    } else if va <= 0.0 && d4 >= d3 && d5 >= d6 {
        let t = (d4 - d3) / ((d4 - d3) + (d5 - d6));
        [0.0, 1.0 - t, t]
    } else {
        let sum = va + vb + vc;
        [va / sum, vb / sum, vc / sum]
    };
    let place = add(
        add(scale(a, weights[0]), scale(b, weights[1])),
        scale(c, weights[2]),
    );
    let off = sub(p, place);
    (weights, dot(off, off))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square of `cells` by `cells` in the plane y = 0 with waves of the given height along x.
    fn waves(cells: u32, height: f64) -> Mesh {
        let mut mesh = Mesh::default();
        for z in 0..=cells {
            for x in 0..=cells {
                let [u, v] = [x, z].map(|k| f64::from(k) / f64::from(cells));
                let wave = height * (u * 4.0 * std::f64::consts::PI).sin();
                mesh.positions.push([u, wave, v]);
            }
        }
        let wide = cells + 1;
        for z in 0..cells {
            for x in 0..cells {
                let at = z * wide + x;
                mesh.triangles.push([at, at + wide, at + wide + 1]);
                mesh.triangles.push([at, at + wide + 1, at + 1]);
            }
        }
        mesh
    }

    fn flat() -> TangentMesh {
        let mesh = waves(1, 0.0);
        TangentMesh {
            normals: vec![[0.0, 1.0, 0.0]; 4],
            // u along +x; rows run along +z, so that N × T, −z, is the bitangent where v grows upwards.
            tangents: vec![[1.0, 0.0, 0.0, 1.0]; 4],
            coordinates: mesh.positions.iter().map(|p| [p[0], p[2]]).collect(),
            mesh,
        }
    }

    #[test]
    fn waves_come_back_as_the_normals_of_their_slopes() {
        let height = 0.01;
        let found = relief(&flat(), &waves(200, height), 0.02, 64);
        for x in 4..60 {
            let u = (f64::from(x) + 0.5) / 64.0;
            let turn = 4.0 * std::f64::consts::PI;
            let slope = height * turn * (u * turn).cos();
            let wanted = -slope / slope.hypot(1.0);
            let at = (32 * 64 + x as usize) * 3;
            let got = f64::from(found.rgb[at]) / 127.5 - 1.0;
            assert!((got - wanted).abs() < 0.015, "{x}: {got} against {wanted}");
            assert!(found.rgb[at + 1].abs_diff(128) <= 1, "no slope along z");
        }
        let mean = found.mean_angle_deg;
        assert!((3.0..6.0).contains(&mean), "{mean}°");
    }

    #[test]
    fn an_equal_mesh_leaves_the_map_straight() {
        let found = relief(&flat(), &waves(10, 0.0), 0.02, 32);
        assert!(found.mean_angle_deg < 1e-6);
        let straight = |p: &[u8]| p.iter().zip(STRAIGHT).all(|(a, b)| a.abs_diff(b) <= 1);
        assert!(found.rgb.chunks_exact(3).all(straight));
    }

    #[test]
    fn what_lies_too_far_away_or_turned_around_says_nothing() {
        let mut far = waves(10, 0.01);
        for place in &mut far.positions {
            place[1] += 3.0;
        }
        let found = relief(&flat(), &far, 0.02, 16);
        assert!(found.rgb == STRAIGHT.repeat(16 * 16));
        let mut turned = waves(10, 0.0);
        for t in &mut turned.triangles {
            t.swap(1, 2);
        }
        let found = relief(&flat(), &turned, 0.02, 16);
        assert!(found.rgb == STRAIGHT.repeat(16 * 16));
    }
}
