//! Which point of a model a ray meets first.

use crate::gltf::Model;
use crate::math::{Vec3, cross, dot, normalize, sub};
use crate::pose::Pose;

/// More triangles than this are not sorted: the answer would cost more memory than it is worth.
const MOST_TRIANGLES: usize = 2_000_000;
/// Triangles in a leaf.
const LEAF: usize = 8;

/// The triangles of a posed model, sorted into nested boxes.
#[derive(Clone, Debug, Default)]
pub struct Pick {
    triangles: Vec<[Vec3; 3]>,
    boxes: Vec<Branch>,
}

#[derive(Clone, Copy, Debug)]
struct Branch {
    min: Vec3,
    max: Vec3,
    first: u32,
    /// 0: the two boxes at `first` are within this one; else so many triangles.
    count: u32,
}

/// Where a ray meets a surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// How far along the ray, in lengths of its direction.
    pub distance: f32,
    /// The point.
    pub position: Vec3,
    /// The surface's direction there, towards the ray's origin, one long.
    pub normal: Vec3,
}

impl Pick {
    /// Sorts the triangles of a model in this pose; none of a model with more than two million.
    #[must_use]
    pub fn new(model: &Model, pose: &Pose) -> Self {
        let mut pick = Self::default();
        if model.triangles() > MOST_TRIANGLES {
            return pick;
        }
        for draw in &model.draws {
            let vertices: Vec<Vec3> = pose.vertices(model, draw).collect();
            let corner = |i: usize| {
                let index = match &draw.indices {
                    Some(indices) => indices.read_index(&model.views[indices.view], i)?,
                    None => i,
                };
                vertices.get(index).copied()
            };
            let count = match draw.mode {
                4 => draw.count / 3,
                5 | 6 => draw.count.saturating_sub(2),
                _ => 0,
            };
            pick.triangles.extend((0..count).filter_map(|t| {
                let [a, b, c] = match draw.mode {
                    4 => [3 * t, 3 * t + 1, 3 * t + 2],
                    5 => [t, t + 1, t + 2],
                    _ => [0, t + 1, t + 2],
                };
                let triangle = [corner(a)?, corner(b)?, corner(c)?];
                let finite = triangle.iter().flatten().all(|n| n.is_finite());
                finite.then_some(triangle)
            }));
        }
        if !pick.triangles.is_empty() {
            pick.sort();
        }
        pick
    }

    fn sort(&mut self) {
        self.boxes.push(Branch {
            min: [0.0; 3],
            max: [0.0; 3],
            first: 0,
            count: self.triangles.len() as u32,
        });
        let mut open = vec![0];
        while let Some(at) = open.pop() {
            let Branch { first, count, .. } = self.boxes[at];
            let triangles = &mut self.triangles[first as usize..(first + count) as usize];
            let (mut min, mut max) = ([f32::INFINITY; 3], [f32::NEG_INFINITY; 3]);
            for corner in triangles.iter().flatten() {
                for k in 0..3 {
                    min[k] = min[k].min(corner[k]);
                    max[k] = max[k].max(corner[k]);
                }
            }
            (self.boxes[at].min, self.boxes[at].max) = (min, max);
            if triangles.len() <= LEAF {
                continue;
            }
            let wide = sub(max, min);
            let axis = (0..3).fold(0, |a, b| if wide[b] > wide[a] { b } else { a });
            // Halves of the room first; where that leaves one side empty, halves of the triangles.
            let parting = (min[axis] + max[axis]) * 1.5;
            let mut half = 0;
            for i in 0..triangles.len() {
                let [a, b, c] = triangles[i];
                if a[axis] + b[axis] + c[axis] < parting {
                    triangles.swap(i, half);
                    half += 1;
                }
            }
            if half == 0 || half == triangles.len() {
                half = triangles.len() / 2;
            }
            let children = self.boxes.len();
            for (from, size) in [
                (first, half as u32),
                (first + half as u32, count - half as u32),
            ] {
                self.boxes.push(Branch {
                    min,
                    max,
                    first: from,
                    count: size,
                });
            }
            (self.boxes[at].first, self.boxes[at].count) = (children as u32, 0);
            open.extend([children, children + 1]);
        }
    }

    /// The nearest meeting of the ray from `origin` along `direction`, on either side of a surface, not farther than
    /// `farthest` lengths of the direction.
    #[must_use]
    pub fn ray(&self, origin: Vec3, direction: Vec3, farthest: f32) -> Option<Hit> {
        let inverse = direction.map(|d| 1.0 / d);
        let mut best = farthest;
        let mut found = None;
        let mut open = Vec::with_capacity(64);
        open.extend((!self.boxes.is_empty()).then_some(0_usize));
        while let Some(at) = open.pop() {
            let branch = &self.boxes[at];
            if !branch.met(origin, inverse, best) {
                continue;
            }
            let first = branch.first as usize;
            if branch.count == 0 {
                open.extend([first, first + 1]);
                continue;
            }
            for triangle in &self.triangles[first..first + branch.count as usize] {
                if let Some(distance) = meets(triangle, origin, direction).filter(|&t| t < best) {
                    best = distance;
                    found = Some(triangle);
                }
            }
        }
        found.map(|[a, b, c]| {
            let normal = normalize(cross(sub(*b, *a), sub(*c, *a)));
            let away = dot(normal, direction) > 0.0;
            Hit {
                distance: best,
                position: core::array::from_fn(|k| origin[k] + direction[k] * best),
                normal: if away { normal.map(|n| -n) } else { normal },
            }
        })
    }
}

impl Branch {
    /// Whether the ray passes through the box before `farthest`. Comparisons are such that a NaN, which a ray within a
    /// face makes, counts as passing.
    fn met(&self, origin: Vec3, inverse: Vec3, farthest: f32) -> bool {
        let (mut from, mut to) = (0.0_f32, farthest);
        for k in 0..3 {
            let a = (self.min[k] - origin[k]) * inverse[k];
            let b = (self.max[k] - origin[k]) * inverse[k];
            from = from.max(a.min(b));
            to = to.min(a.max(b));
        }
        from <= to * 1.000_01
    }
}

/// Möller and Trumbore, "Fast, minimum storage ray/triangle intersection", 1997; both sides count.
fn meets([a, b, c]: &[Vec3; 3], origin: Vec3, direction: Vec3) -> Option<f32> {
    let (e1, e2) = (sub(*b, *a), sub(*c, *a));
    let p = cross(direction, e2);
    let det = dot(e1, p);
    if det == 0.0 {
        return None;
    }
    let to = sub(origin, *a);
    let u = dot(to, p) / det;
    let q = cross(to, e1);
    let v = dot(direction, q) / det;
    let t = dot(e2, q) / det;
    (u >= 0.0 && v >= 0.0 && u + v <= 1.0 && t > 0.0).then_some(t)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sorted(triangles: Vec<[Vec3; 3]>) -> Pick {
        let mut pick = Pick {
            triangles,
            boxes: Vec::new(),
        };
        pick.sort();
        pick
    }

    fn point() -> impl Strategy<Value = Vec3> {
        prop::array::uniform3(-1.0..1.0_f32)
    }

    proptest! {
        #[test]
        fn the_boxes_lose_no_triangle(
            triangles in prop::collection::vec(prop::array::uniform3(point()), 1..200),
            origin in prop::array::uniform3(-3.0..3.0_f32),
            direction in point(),
        ) {
            let brute = triangles.iter().filter_map(|t| meets(t, origin, direction));
            let nearest = brute.fold(1e9, f32::min);
            let hit = sorted(triangles).ray(origin, direction, 1e9);
            let got = hit.map_or(1e9, |h| h.distance);
            prop_assert!((got - nearest).abs() <= 1e-6 * nearest, "{got} for {nearest}");
        }
    }

    #[test]
    fn the_nearest_of_many_layers_is_met_with_its_face_towards_the_eye() {
        let layer = |z: f32| [[-1.0, -1.0, z], [3.0, -1.0, z], [-1.0, 3.0, z]];
        let pick = sorted((0..100_u8).map(|i| layer(f32::from(i) / 100.0)).collect());
        let hit = pick.ray([0.0, 0.0, 5.0], [0.0, 0.0, -1.0], 1e9).unwrap();
        assert!((hit.position[2] - 0.99).abs() < 1e-5 && hit.normal[2] > 0.99);
        let hit = pick.ray([0.0, 0.0, -5.0], [0.0, 0.0, 1.0], 1e9).unwrap();
        assert!(hit.position[2].abs() < 1e-5 && hit.normal[2] < -0.99);
        assert!(pick.ray([0.0, 0.0, 5.0], [0.0, 0.0, 1.0], 1e9).is_none());
        assert!(pick.ray([0.0, 0.0, 5.0], [0.0, 0.0, -1.0], 4.0).is_none());
        assert!(
            Pick::default()
                .ray([0.0; 3], [0.0, 1.0, 0.0], 1e9)
                .is_none()
        );
    }
}
