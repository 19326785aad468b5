//! Triangles of a model file, points on them, and a tree that finds the nearest triangle or what a ray hits.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use xoay_gltf::scene::transform_point;
use xoay_gltf::{Limits, read};

pub type Point = [f64; 3];
pub type Triangle = [Point; 3];

/// Triangles in a leaf of the tree.
const LEAF: usize = 4;

pub fn sub(a: Point, b: Point) -> Point {
    std::array::from_fn(|k| a[k] - b[k])
}

pub fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: Point, b: Point) -> Point {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn area(t: &Triangle) -> f64 {
    let normal = cross(sub(t[1], t[0]), sub(t[2], t[0]));
    dot(normal, normal).sqrt() / 2.0
}

/// All triangles of the model's default scene at their places.
pub fn triangles(model: &Path) -> Result<Vec<Triangle>> {
    let document = read(model, &Limits::default()).with_context(|| model.display().to_string())?;
    let mut all = Vec::new();
    for instance in document.instances() {
        for primitive in &document.root.meshes[instance.mesh].primitives {
            let Some(&accessor) = primitive.attributes.get("POSITION") else {
                continue;
            };
            let places: Vec<Point> = document.accessors[accessor]
                .to_f32()
                .chunks_exact(3)
                .map(|p| {
                    let place = [f64::from(p[0]), f64::from(p[1]), f64::from(p[2])];
                    transform_point(&instance.world_from_mesh, place)
                })
                .collect();
            let order = document.triangles(primitive);
            all.extend(
                order
                    .chunks_exact(3)
                    .map(|t| [t[0], t[1], t[2]].map(|vertex| places[vertex as usize])),
            );
        }
    }
    ensure!(!all.is_empty(), "{} has no triangles", model.display());
    Ok(all)
}

/// Length of the diagonal of the box about all corners.
pub fn diagonal(triangles: &[Triangle]) -> f64 {
    let (low, high) = triangles
        .iter()
        .fold(EMPTY, |both, t| joined(both, bounds(t)));
    let size = sub(high, low);
    dot(size, size).sqrt()
}

/// Numbers that look random and are the same in every run (Steele, Lea and Flood 2014, `SplitMix64`).
pub struct Dice(pub u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Some `count` of `all`, each at most once.
    pub fn some(&mut self, all: &[Point], count: usize) -> Vec<Point> {
        let mut all = all.to_vec();
        let count = count.min(all.len());
        for at in 0..count {
            let other = at + (self.unit() * (all.len() - at) as f64) as usize;
            all.swap(at, other);
        }
        all.truncate(count);
        all
    }
}

/// Points spread evenly over the area.
pub fn samples(triangles: &[Triangle], count: usize, seed: u64) -> Vec<Point> {
    let mut dice = Dice(seed);
    let mut ends = Vec::with_capacity(triangles.len());
    let mut whole = 0.0;
    for t in triangles {
        whole += area(t);
        ends.push(whole);
    }
    (0..count)
        .map(|_| {
            let at = dice.unit() * whole;
            let t = &triangles[ends.partition_point(|end| *end <= at).min(ends.len() - 1)];
            let (mut u, mut v) = (dice.unit(), dice.unit());
            if u + v > 1.0 {
                (u, v) = (1.0 - u, 1.0 - v);
            }
            std::array::from_fn(|k| t[0][k] + u * (t[1][k] - t[0][k]) + v * (t[2][k] - t[0][k]))
        })
        .collect()
}

type Bounds = (Point, Point);
const EMPTY: Bounds = ([f64::MAX; 3], [f64::MIN; 3]);

fn bounds(t: &Triangle) -> Bounds {
    t.iter().fold(EMPTY, |(low, high), p| {
        (
            std::array::from_fn(|k| low[k].min(p[k])),
            std::array::from_fn(|k| high[k].max(p[k])),
        )
    })
}

fn joined(a: Bounds, b: Bounds) -> Bounds {
    (
        std::array::from_fn(|k| a.0[k].min(b.0[k])),
        std::array::from_fn(|k| a.1[k].max(b.1[k])),
    )
}

struct Node {
    bounds: Bounds,
    /// A leaf's triangles, or the two children.
    from: usize,
    to: usize,
    leaf: bool,
}

/// A tree of boxes about triangles.
pub struct Tree {
    triangles: Vec<Triangle>,
    /// The number that each triangle had.
    numbers: Vec<usize>,
    nodes: Vec<Node>,
}

impl Tree {
    pub fn of(triangles: &[Triangle]) -> Self {
        let mut items: Vec<(Point, usize)> = triangles
            .iter()
            .enumerate()
            .map(|(number, t)| {
                let middle = std::array::from_fn(|k| (t[0][k] + t[1][k] + t[2][k]) / 3.0);
                (middle, number)
            })
            .collect();
        let mut nodes = Vec::new();
        let count = items.len();
        build(&mut nodes, &mut items, 0, count, triangles);
        let numbers: Vec<usize> = items.into_iter().map(|(_, number)| number).collect();
        Self {
            triangles: numbers.iter().map(|number| triangles[*number]).collect(),
            numbers,
            nodes,
        }
    }

    /// A tree of points alone: triangles without size.
    pub fn of_points(points: &[Point]) -> Self {
        let triangles: Vec<Triangle> = points.iter().map(|p| [*p; 3]).collect();
        Self::of(&triangles)
    }

    /// How far `p` is from the nearest triangle, and its number.
    pub fn nearest(&self, p: Point) -> (f64, usize) {
        let mut best = (f64::MAX, 0);
        let mut stack = vec![(0, 0.0)];
        while let Some((at, away)) = stack.pop() {
            if away >= best.0 {
                continue;
            }
            let node = &self.nodes[at];
            if node.leaf {
                for k in node.from..node.to {
                    let to = sub(p, closest(p, &self.triangles[k]));
                    let square = dot(to, to);
                    if square < best.0 {
                        best = (square, self.numbers[k]);
                    }
                }
                continue;
            }
            let mut children = [node.from, node.to].map(|child| {
                let (low, high) = &self.nodes[child].bounds;
                let out: Point =
                    std::array::from_fn(|k| (low[k] - p[k]).max(p[k] - high[k]).max(0.0));
                (child, dot(out, out))
            });
            // The nearer one comes off the stack first.
            if children[0].1 < children[1].1 {
                children.swap(0, 1);
            }
            stack.extend(children);
        }
        (best.0.sqrt(), best.1)
    }

    /// Whether a triangle lies between `from` and `to`, before the share `until` of the way.
    pub fn hides(&self, from: Point, to: Point, until: f64) -> bool {
        let way = sub(to, from);
        let mut stack = vec![0];
        while let Some(at) = stack.pop() {
            let node = &self.nodes[at];
            let (low, high) = &node.bounds;
            let (mut near, mut far) = (0.0_f64, until);
            for k in 0..3 {
                let a = (low[k] - from[k]) / way[k];
                let b = (high[k] - from[k]) / way[k];
                near = near.max(a.min(b));
                far = far.min(a.max(b));
            }
            if near > far {
                continue;
            }
            if !node.leaf {
                stack.extend([node.from, node.to]);
            } else if self.triangles[node.from..node.to]
                .iter()
                .any(|t| hit(from, way, t).is_some_and(|share| share < until))
            {
                return true;
            }
        }
        false
    }
}

fn build(
    nodes: &mut Vec<Node>,
    items: &mut [(Point, usize)],
    from: usize,
    to: usize,
    triangles: &[Triangle],
) -> usize {
    let here = &mut items[from..to];
    let whole = here
        .iter()
        .fold(EMPTY, |both, (_, n)| joined(both, bounds(&triangles[*n])));
    let at = nodes.len();
    nodes.push(Node {
        bounds: whole,
        from,
        to,
        leaf: true,
    });
    if here.len() > LEAF {
        let size = sub(whole.1, whole.0);
        let axis = (0..3).fold(0, |a, b| if size[b] > size[a] { b } else { a });
        let half = here.len() / 2;
        here.select_nth_unstable_by(half, |a, b| a.0[axis].total_cmp(&b.0[axis]));
        let left = build(nodes, items, from, from + half, triangles);
        let right = build(nodes, items, from + half, to, triangles);
        (nodes[at].from, nodes[at].to, nodes[at].leaf) = (left, right, false);
    }
    at
}

/// The point of a triangle nearest to `p` (Ericson 2004, "Real-Time Collision Detection", 5.1.5).
fn closest(p: Point, [a, b, c]: &Triangle) -> Point {
    let along = |from: &Point, way: Point, by: f64| std::array::from_fn(|k| from[k] + by * way[k]);
    let (ab, ac, ap) = (sub(*b, *a), sub(*c, *a), sub(p, *a));
    let (d1, d2) = (dot(ab, ap), dot(ac, ap));
    if d1 <= 0.0 && d2 <= 0.0 {
        return *a;
    }
    let bp = sub(p, *b);
    let (d3, d4) = (dot(ab, bp), dot(ac, bp));
    if d3 >= 0.0 && d4 <= d3 {
        return *b;
    }
    let vc = d1 * d4 - d3 * d2;
    if vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 {
        return along(a, ab, d1 / (d1 - d3));
    }
    let cp = sub(p, *c);
    let (d5, d6) = (dot(ab, cp), dot(ac, cp));
    if d6 >= 0.0 && d5 <= d6 {
        return *c;
    }
    let vb = d5 * d2 - d1 * d6;
    if vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 {
        return along(a, ac, d2 / (d2 - d6));
    }
    let va = d3 * d6 - d5 * d4;
    if va <= 0.0 && d4 >= d3 && d5 >= d6 {
        return along(b, sub(*c, *b), (d4 - d3) / ((d4 - d3) + (d5 - d6)));
    }
    let whole = va + vb + vc;
    std::array::from_fn(|k| a[k] + ab[k] * vb / whole + ac[k] * vc / whole)
}

/// At which share of `way` it hits the triangle (Möller and Trumbore 1997).
fn hit(from: Point, way: Point, [a, b, c]: &Triangle) -> Option<f64> {
    let (ab, ac) = (sub(*b, *a), sub(*c, *a));
    let p = cross(way, ac);
    let det = dot(ab, p);
    if det.abs() < 1e-18 {
        return None;
    }
    let t = sub(from, *a);
    let u = dot(t, p) / det;
    let q = cross(t, ab);
    let v = dot(way, q) / det;
    let share = dot(ac, q) / det;
    (u >= 0.0 && v >= 0.0 && u + v <= 1.0 && share > 0.0).then_some(share)
}
