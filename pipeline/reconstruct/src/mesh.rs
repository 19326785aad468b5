//! Triangles, and how they come out of a field.

use crate::grid::Grid;
use crate::pieces::Pieces;
use crate::vector::{Vec3, add, cross, dot, length, scale, sub, unit};

/// A closed surface of triangles, counter-clockwise seen from outside, in the table's frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mesh {
    /// Places of the vertices, in the rig's unit.
    pub positions: Vec<[f64; 3]>,
    /// Three vertices a triangle.
    pub triangles: Vec<[u32; 3]>,
}

impl Mesh {
    /// The corners of a triangle.
    #[must_use]
    pub fn corners(&self, triangle: [u32; 3]) -> [[f64; 3]; 3] {
        triangle.map(|vertex| self.positions[vertex as usize])
    }

    /// Unit normals of the vertices, weighted by the triangles' areas.
    #[must_use]
    pub fn normals(&self) -> Vec<[f64; 3]> {
        let mut normals = vec![[0.0; 3]; self.positions.len()];
        for &triangle in &self.triangles {
            let [a, b, c] = self.corners(triangle);
            let normal = cross(sub(b, a), sub(c, a));
            for vertex in triangle {
                let at = vertex as usize;
                normals[at] = add(normals[at], normal);
            }
        }
        normals.into_iter().map(unit).collect()
    }

    /// The unit normals of each triangle's corners: the vertices', but where the surface has a crease that of the
    /// triangle's own side of it. Without that, large flat triangles between rounded edges are shaded as cushions.
    #[must_use]
    pub fn corner_normals(&self) -> Vec<[[f64; 3]; 3]> {
        /// Cosine of the angle between sides that belong together.
        const SIDE: f64 = 0.82;
        /// Cosine of the angle between the vertex' normal and the side's from which on there is a crease.
        const CREASE: f64 = 0.966;
        let smooth = self.normals();
        let areas: Vec<Vec3> = self
            .triangles
            .iter()
            .map(|t| {
                let [a, b, c] = self.corners(*t);
                cross(sub(b, a), sub(c, a))
            })
            .collect();
        let mut about = vec![Vec::new(); self.positions.len()];
        for (number, t) in self.triangles.iter().enumerate() {
            for vertex in t {
                about[*vertex as usize].push(number);
            }
        }
        self.triangles
            .iter()
            .zip(&areas)
            .map(|(t, area)| {
                let own = unit(*area);
                t.map(|vertex| {
                    let side = about[vertex as usize]
                        .iter()
                        .filter(|other| dot(unit(areas[**other]), own) > SIDE)
                        .fold([0.0; 3], |sum, other| add(sum, areas[*other]));
                    let (side, usual) = (unit(side), smooth[vertex as usize]);
                    if length(side) > 0.0 && dot(side, usual) < CREASE {
                        side
                    } else {
                        usual
                    }
                })
            })
            .collect()
    }

    /// Least and greatest corner of the box about it; `None` where it is empty.
    #[must_use]
    pub fn bounds(&self) -> Option<[[f64; 3]; 2]> {
        let first = *self.positions.first()?;
        Some(
            self.positions
                .iter()
                .fold([first, first], |[low, high], p| {
                    [
                        std::array::from_fn(|axis| low[axis].min(p[axis])),
                        std::array::from_fn(|axis| high[axis].max(p[axis])),
                    ]
                }),
        )
    }

    /// Only the pieces that have at least `share` of the triangles of the largest.
    #[must_use]
    pub fn without_crumbs(&self, share: f64) -> Self {
        let mut pieces = Pieces::apart(self.positions.len());
        for t in &self.triangles {
            pieces.join(t[0] as usize, t[1] as usize);
            pieces.join(t[0] as usize, t[2] as usize);
        }
        let mut counts = vec![0_usize; self.positions.len()];
        for t in &self.triangles {
            counts[pieces.of(t[0] as usize)] += 1;
        }
        let least = counts.iter().copied().max().unwrap_or(0) as f64 * share;
        let mut place = vec![u32::MAX; self.positions.len()];
        let mut kept = Self::default();
        for t in &self.triangles {
            if (counts[pieces.of(t[0] as usize)] as f64) < least {
                continue;
            }
            kept.triangles.push(t.map(|vertex| {
                let at = vertex as usize;
                if place[at] == u32::MAX {
                    place[at] = kept.positions.len() as u32;
                    kept.positions.push(self.positions[at]);
                }
                place[at]
            }));
        }
        kept
    }

    /// Evens out the steps of the grid without shrinking (Taubin 1995, λ|μ), `rounds` times there and back.
    pub(crate) fn smooth(&mut self, rounds: usize) {
        let mut neighbours = vec![Vec::new(); self.positions.len()];
        for t in &self.triangles {
            for k in 0..3 {
                neighbours[t[k] as usize].push(t[(k + 1) % 3]);
            }
        }
        for _ in 0..rounds {
            for by in [0.5, -0.53] {
                let moved: Vec<Vec3> = self
                    .positions
                    .iter()
                    .zip(&neighbours)
                    .map(|(p, around)| {
                        if around.is_empty() {
                            return *p;
                        }
                        let sum = around
                            .iter()
                            .fold([0.0; 3], |sum, n| add(sum, self.positions[*n as usize]));
                        let mean = scale(sum, 1.0 / around.len() as f64);
                        add(*p, scale(sub(mean, *p), by))
                    })
                    .collect();
                self.positions = moved;
            }
        }
    }
}

/// The surface where the field is 0, by surface nets (Gibson 1998): a vertex in each cell that it crosses, at the mean
/// of the crossings of the cell's edges.
pub(crate) fn surface(grid: &Grid) -> Mesh {
    const EDGES: [(usize, usize); 12] = [
        (0, 1),
        (2, 3),
        (4, 5),
        (6, 7),
        (0, 2),
        (1, 3),
        (4, 6),
        (5, 7),
        (0, 4),
        (1, 5),
        (2, 6),
        (3, 7),
    ];
    let [w, h, d] = grid.size;
    let mut mesh = Mesh::default();
    // The vertices of the cells of this slice and of the one before.
    let mut slices = [vec![u32::MAX; w * h], vec![u32::MAX; w * h]];
    let inside = |x: usize, y: usize, z: usize| grid.values[grid.index(x, y, z)] > 0.0;
    for z in 0..d - 1 {
        slices.swap(0, 1);
        slices[1].fill(u32::MAX);
        for y in 0..h - 1 {
            for x in 0..w - 1 {
                let at = grid.index(x, y, z);
                let corners: [f32; 8] = std::array::from_fn(|k| {
                    grid.values[at + (k & 1) + (k >> 1 & 1) * w + (k >> 2) * w * h]
                });
                let count = corners.iter().filter(|v| **v > 0.0).count();
                if count == 0 || count == 8 {
                    continue;
                }
                let (mut sum, mut crossings) = ([0.0; 3], 0.0);
                for (a, b) in EDGES {
                    let (va, vb) = (f64::from(corners[a]), f64::from(corners[b]));
                    if (va > 0.0) != (vb > 0.0) {
                        let t = va / (va - vb);
                        for (axis, sum) in sum.iter_mut().enumerate() {
                            let (ka, kb) = ((a >> axis & 1) as f64, (b >> axis & 1) as f64);
                            *sum += ka + t * (kb - ka);
                        }
                        crossings += 1.0;
                    }
                }
                slices[1][y * w + x] = mesh.positions.len() as u32;
                let place = grid.place(x, y, z);
                mesh.positions
                    .push(add(place, scale(sum, grid.cell / crossings)));
            }
        }
        // The faces about each edge that leaves the corner, once all four cells around it have their vertex.
        for y in 1..h - 1 {
            for x in 1..w - 1 {
                let here = inside(x, y, z);
                let cell = |x: usize, y: usize, back: usize| slices[1 - back][y * w + x];
                if here != inside(x, y, z + 1) {
                    let ring = [
                        cell(x - 1, y - 1, 0),
                        cell(x, y - 1, 0),
                        cell(x, y, 0),
                        cell(x - 1, y, 0),
                    ];
                    quad(&mut mesh, ring, here);
                }
                if z == 0 {
                    continue;
                }
                if here != inside(x + 1, y, z) {
                    let ring = [
                        cell(x, y - 1, 1),
                        cell(x, y, 1),
                        cell(x, y, 0),
                        cell(x, y - 1, 0),
                    ];
                    quad(&mut mesh, ring, here);
                }
                if here != inside(x, y + 1, z) {
                    let ring = [
                        cell(x - 1, y, 1),
                        cell(x - 1, y, 0),
                        cell(x, y, 0),
                        cell(x, y, 1),
                    ];
                    quad(&mut mesh, ring, here);
                }
            }
        }
    }
    mesh
}

fn quad(mesh: &mut Mesh, ring: [u32; 4], forward: bool) {
    if ring.contains(&u32::MAX) {
        return;
    }
    let [a, b, c, d] = if forward {
        ring
    } else {
        [ring[3], ring[2], ring[1], ring[0]]
    };
    // Along the shorter diagonal.
    let apart = |p: u32, q: u32| {
        let d = sub(mesh.positions[p as usize], mesh.positions[q as usize]);
        dot(d, d)
    };
    if apart(a, c) <= apart(b, d) {
        mesh.triangles.extend([[a, b, c], [a, c, d]]);
    } else {
        mesh.triangles.extend([[a, b, d], [b, c, d]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn field(size: usize, value: impl Fn(Vec3) -> f64) -> Grid {
        let cell = 2.0 / (size - 1) as f64;
        let mut grid = Grid {
            origin: [-1.0; 3],
            cell,
            size: [size; 3],
            values: Vec::new(),
        };
        for z in 0..size {
            for y in 0..size {
                for x in 0..size {
                    let place = grid.place(x, y, z);
                    grid.values.push(value(place) as f32);
                }
            }
        }
        grid
    }

    #[test]
    fn a_ball_is_closed_round_and_turned_outwards() {
        let mesh = surface(&field(41, |p| 0.7 - length(p)));
        assert!(
            mesh.positions
                .iter()
                .all(|p| (length(*p) - 0.7).abs() < 0.006)
        );
        let mut volume = 0.0;
        let mut edges = std::collections::HashMap::new();
        for t in &mesh.triangles {
            let [a, b, c] = mesh.corners(*t);
            volume += dot(a, cross(b, c)) / 6.0;
            for k in 0..3 {
                *edges.entry((t[k], t[(k + 1) % 3])).or_insert(0) += 1;
            }
        }
        let ball = 4.0 / 3.0 * std::f64::consts::PI * 0.7_f64.powi(3);
        assert!((volume / ball - 1.0).abs() < 0.01, "{volume} of {ball}");
        for ((a, b), count) in &edges {
            assert_eq!(
                (*count, edges.get(&(*b, *a))),
                (1, Some(&1)),
                "each edge has two sides"
            );
        }
    }

    #[test]
    fn crumbs_go_and_the_product_stays() {
        let two = field(41, |p| {
            (0.5 - length(p)).max(0.1 - length(sub(p, [0.8, 0.8, 0.8])))
        });
        let mesh = surface(&two);
        let kept = mesh.without_crumbs(0.2);
        assert!(kept.triangles.len() < mesh.triangles.len());
        assert!(kept.positions.iter().all(|p| length(*p) < 0.52));
    }

    #[test]
    fn a_crease_keeps_its_sides_apart_and_a_ball_stays_smooth() {
        // A roof: two squares that meet at a right angle along x.
        let roof = Mesh {
            positions: vec![
                [0.0, 1.0, 0.0],
                [1.0, 1.0, 0.0],
                [0.0, 0.0, 1.0],
                [1.0, 0.0, 1.0],
                [0.0, 0.0, -1.0],
                [1.0, 0.0, -1.0],
            ],
            triangles: vec![[0, 2, 3], [0, 3, 1], [0, 5, 4], [0, 1, 5]],
        };
        let normals = roof.corner_normals();
        let half = 0.5_f64.sqrt();
        for (at, side) in [(0, half), (1, half), (2, -half), (3, -half)] {
            for normal in normals[at] {
                let off = dot(normal, [0.0, half, side]);
                assert!(off > 0.999, "{at}: {normal:?}");
            }
        }
        let ball = surface(&field(24, |p| 0.8 - length(p)));
        let smooth = ball.normals();
        for (t, corners) in ball.triangles.iter().zip(ball.corner_normals()) {
            for (vertex, corner) in t.iter().zip(corners) {
                assert!(length(sub(smooth[*vertex as usize], corner)) < 1e-12);
            }
        }
    }
}
