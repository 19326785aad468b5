//! Polygons into triangles.

/// Beyond so many corners a polygon becomes a fan: cutting ears takes time by their square.
const MOST_EARS: usize = 2048;

/// The triangles of a polygon as indices of its corners: a fan where it is convex, ears cut off where it is not
/// (Meisters 1975). A polygon of `n` corners gives `n − 2`, whatever its shape.
pub(super) fn triangulate(corners: &[[f32; 3]]) -> Vec<[usize; 3]> {
    let count = corners.len();
    if count < 3 {
        return Vec::new();
    }
    let fan = || (1..count - 1).map(|k| [0, k, k + 1]).collect();
    let flat = project(corners);
    if count == 3 || count > MOST_EARS || convex(&flat) {
        return fan();
    }
    let mut left: Vec<usize> = (0..count).collect();
    let mut triangles = Vec::with_capacity(count - 2);
    while left.len() > 3 {
        let n = left.len();
        let triple = |k: usize| [left[(k + n - 1) % n], left[k], left[(k + 1) % n]];
        let is_ear = |k: &usize| {
            let [a, b, c] = triple(*k);
            let ear = [flat[a], flat[b], flat[c]];
            turn(ear[0], ear[1], ear[2]) > 0.0
                && left.iter().all(|&other| {
                    [a, b, c].contains(&other)
                        || ear.contains(&flat[other])
                        || !inside(ear, flat[other])
                })
        };
        // A polygon that crosses itself may have no ear; something is cut off then.
        let ear = (0..n).find(is_ear).unwrap_or(0);
        triangles.push(triple(ear));
        left.remove(ear);
    }
    triangles.push([left[0], left[1], left[2]]);
    triangles
}

/// The corners in the plane that the polygon fills most, counter-clockwise (Newell's normal).
fn project(corners: &[[f32; 3]]) -> Vec<[f64; 2]> {
    let mut normal = [0.0_f64; 3];
    for (k, a) in corners.iter().enumerate() {
        let b = corners[(k + 1) % corners.len()];
        for (axis, sum) in normal.iter_mut().enumerate() {
            let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
            *sum += (f64::from(a[u]) - f64::from(b[u])) * (f64::from(a[v]) + f64::from(b[v]));
        }
    }
    let axis = (0..3)
        .max_by(|&a, &b| normal[a].abs().total_cmp(&normal[b].abs()))
        .unwrap_or(2);
    let (mut u, mut v) = ((axis + 1) % 3, (axis + 2) % 3);
    // Newell's sum is along −n in this order of differences where it is negative.
    if normal[axis] < 0.0 {
        std::mem::swap(&mut u, &mut v);
    }
    corners
        .iter()
        .map(|p| [f64::from(p[u]), f64::from(p[v])])
        .collect()
}

/// Twice the signed area of a triangle.
fn turn(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

fn inside([a, b, c]: [[f64; 2]; 3], p: [f64; 2]) -> bool {
    turn(a, b, p) >= 0.0 && turn(b, c, p) >= 0.0 && turn(c, a, p) >= 0.0
}

/// Whether no corner turns the other way. A star may turn so, too, but goes round more than once.
fn convex(flat: &[[f64; 2]]) -> bool {
    let n = flat.len();
    let turns = (0..n).all(|k| turn(flat[k], flat[(k + 1) % n], flat[(k + 2) % n]) >= 0.0);
    let fan = (1..n - 1).all(|k| turn(flat[0], flat[k], flat[k + 1]) >= 0.0);
    turns && fan
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn area(corners: &[[f32; 3]], triangles: &[[usize; 3]]) -> f64 {
        let flat = |k: usize| [f64::from(corners[k][0]), f64::from(corners[k][1])];
        triangles
            .iter()
            .map(|&[a, b, c]| turn(flat(a), flat(b), flat(c)) / 2.0)
            .sum()
    }

    fn covered(corners: &[[f32; 3]], triangles: &[[usize; 3]]) -> f64 {
        triangles
            .iter()
            .map(|&triangle| area(corners, &[triangle]).abs())
            .sum()
    }

    #[test]
    fn a_concave_polygon_is_filled_once() {
        // An L; a fan from its first corner would leave it.
        let corner = [
            [0.0, 2.0],
            [0.0, 0.0],
            [2.0, 0.0],
            [2.0, 1.0],
            [1.0, 1.0],
            [1.0, 2.0],
        ]
        .map(|[x, y]: [f32; 2]| [x, y, 0.0]);
        for turned in 0..6 {
            let mut corners = corner.to_vec();
            corners.rotate_left(turned);
            let triangles = triangulate(&corners);
            assert_eq!(triangles.len(), 4);
            assert!(
                (covered(&corners, &triangles) - 3.0).abs() < 1e-9,
                "{turned}"
            );
            assert!((area(&corners, &triangles) - 3.0).abs() < 1e-9);
            corners.reverse();
            let triangles = triangulate(&corners);
            assert!((area(&corners, &triangles) + 3.0).abs() < 1e-9);
            assert!((covered(&corners, &triangles) - 3.0).abs() < 1e-9);
        }
    }

    proptest! {
        #[test]
        fn stars_keep_their_area_in_every_plane(
            radii in prop::collection::vec(0.2f64..2.0, 3..40), plane in 0usize..3, back in any::<bool>()
        ) {
            let n = radii.len();
            let mut corners: Vec<[f32; 3]> = radii.iter().enumerate().map(|(k, r)| {
                let (sin, cos) = (std::f64::consts::TAU * k as f64 / n as f64).sin_cos();
                [(r * cos) as f32, (r * sin) as f32, 0.0]
            }).collect();
            let flat = corners.clone();
            let whole: f64 = (0..n).map(|k| {
                let (a, b) = (flat[k], flat[(k + 1) % n]);
                (f64::from(a[0]) * f64::from(b[1]) - f64::from(a[1]) * f64::from(b[0])) / 2.0
            }).sum();
            for corner in &mut corners {
                corner.rotate_right(plane);
            }
            let mut triangles = triangulate(&corners);
            prop_assert_eq!(triangles.len(), n - 2);
            if back {
                triangles.reverse();
            }
            prop_assert!((area(&flat, &triangles) - whole).abs() < 1e-5);
            prop_assert!((covered(&flat, &triangles) - whole).abs() < 1e-5);
        }

        #[test]
        fn any_corners_give_two_triangles_less(
            corners in prop::collection::vec(prop::array::uniform3(-1.0f32..1.0), 3..60)
        ) {
            prop_assert_eq!(triangulate(&corners).len(), corners.len() - 2);
        }
    }
}
