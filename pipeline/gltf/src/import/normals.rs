//! Normals for models that have none.

use std::collections::HashMap;

/// More faces than this at one point are shaded as one: asking each about each takes time by their square.
const MOST_FACES: usize = 64;

/// A normal for each corner of each triangle, unit length: the mean of the faces around its point that `joined` says
/// belong to one surface with the corner's own, weighted by their angles there (Thürmer and Wüthrich 1998).
///
/// Points are the same where their coordinates are, whatever their indices.
pub(super) fn smooth(
    positions: &[[f32; 3]],
    triangles: &[[u32; 3]],
    joined: impl Fn(usize, usize) -> bool,
) -> Vec<[f32; 3]> {
    let faces: Vec<[f64; 3]> = triangles
        .iter()
        .map(|triangle| normal(positions, *triangle))
        .collect();
    let (points, count) = points(positions);
    // The corners at each point, one list after the other.
    let mut starts = vec![0_u32; count + 1];
    for corner in triangles.iter().flatten() {
        starts[points[*corner as usize] as usize + 1] += 1;
    }
    for point in 0..count {
        starts[point + 1] += starts[point];
    }
    let mut next = starts.clone();
    let mut corners = vec![0_u32; triangles.len() * 3];
    for (corner, &vertex) in triangles.iter().flatten().enumerate() {
        let slot = &mut next[points[vertex as usize] as usize];
        corners[*slot as usize] = corner as u32;
        *slot += 1;
    }
    let weighted = |corner: u32| {
        let face = corner as usize / 3;
        let angle = angle(positions, triangles[face], corner as usize % 3);
        faces[face].map(|value| value * angle)
    };
    let mut normals = vec![[0.0; 3]; corners.len()];
    for point in 0..count {
        let around = &corners[starts[point] as usize..starts[point + 1] as usize];
        let all = around.len() > MOST_FACES;
        let weights: Vec<[f64; 3]> = around.iter().map(|&corner| weighted(corner)).collect();
        let mut whole = None;
        for &corner in around {
            let own = corner as usize / 3;
            let sum = || {
                let mut sum = [0.0; 3];
                for (&other, weight) in around.iter().zip(&weights) {
                    let other = other as usize / 3;
                    if all || other == own || joined(own, other) {
                        for axis in 0..3 {
                            sum[axis] += weight[axis];
                        }
                    }
                }
                sum
            };
            let sum = if all {
                *whole.get_or_insert_with(sum)
            } else {
                sum()
            };
            normals[corner as usize] = unit(sum)
                .or_else(|| unit(faces[own]))
                .unwrap_or([0.0, 1.0, 0.0]);
        }
    }
    normals
}

/// Whether two faces meet at less than an angle, for [`smooth`].
pub(super) fn creases(
    positions: &[[f32; 3]],
    triangles: &[[u32; 3]],
    crease_deg: f32,
) -> impl Fn(usize, usize) -> bool {
    let faces: Vec<Option<[f32; 3]>> = triangles
        .iter()
        .map(|triangle| unit(normal(positions, *triangle)))
        .collect();
    let least = crease_deg.clamp(0.0, 180.0).to_radians().cos() - 1e-5;
    move |a, b| match (faces[a], faces[b]) {
        (Some(a), Some(b)) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2] >= least,
        _ => false,
    }
}

/// For each vertex the number of its point, and how many points there are.
fn points(positions: &[[f32; 3]]) -> (Vec<u32>, usize) {
    let mut known = HashMap::with_capacity(positions.len());
    let points = positions
        .iter()
        .map(|position| {
            let next = known.len() as u32;
            // Adding 0 makes −0 the same as 0.
            *known
                .entry(position.map(|value| (value + 0.0).to_bits()))
                .or_insert(next)
        })
        .collect();
    (points, known.len())
}

fn edge(positions: &[[f32; 3]], from: u32, to: u32) -> [f64; 3] {
    let (a, b) = (positions[from as usize], positions[to as usize]);
    [0, 1, 2].map(|axis| f64::from(b[axis]) - f64::from(a[axis]))
}

/// The face's normal, unit length; zero where it has no area.
fn normal(positions: &[[f32; 3]], [a, b, c]: [u32; 3]) -> [f64; 3] {
    let (u, v) = (edge(positions, a, b), edge(positions, a, c));
    let cross = [
        u[1] * v[2] - u[2] * v[1],
        u[2] * v[0] - u[0] * v[2],
        u[0] * v[1] - u[1] * v[0],
    ];
    let length = cross.iter().map(|x| x * x).sum::<f64>().sqrt();
    if length.is_finite() && length > 0.0 {
        cross.map(|value| value / length)
    } else {
        [0.0; 3]
    }
}

/// The triangle's angle at its corner, radians.
fn angle(positions: &[[f32; 3]], triangle: [u32; 3], corner: usize) -> f64 {
    let at = triangle[corner];
    let u = edge(positions, at, triangle[(corner + 1) % 3]);
    let v = edge(positions, at, triangle[(corner + 2) % 3]);
    let dot = |a: [f64; 3], b: [f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    let cosine = dot(u, v) / (dot(u, u) * dot(v, v)).sqrt();
    if cosine.is_finite() {
        cosine.clamp(-1.0, 1.0).acos()
    } else {
        0.0
    }
}

/// A vector at unit length; `None` where it has no direction.
pub(super) fn unit(v: [f64; 3]) -> Option<[f32; 3]> {
    let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
    (length.is_finite() && length > 1e-12).then(|| v.map(|value| (value / length) as f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two faces that meet along the Z axis at `angle_deg`; their points have indices of their own.
    fn fold(angle_deg: f32) -> ([[f32; 3]; 6], [[u32; 3]; 2]) {
        let (sin, cos) = angle_deg.to_radians().sin_cos();
        let positions = [
            [0.0, 0.0, 0.0],
            [0.0, 0.0, 1.0],
            [1.0, 0.0, 0.0],
            [-0.0, 0.0, 1.0],
            [0.0, 0.0, 0.0],
            [-cos, -sin, 0.0],
        ];
        (positions, [[0, 1, 2], [3, 4, 5]])
    }

    #[test]
    fn faces_below_the_crease_are_one_surface() {
        let (positions, triangles) = fold(40.0);
        let normals = smooth(
            &positions,
            &triangles,
            creases(&positions, &triangles, 60.0),
        );
        let same =
            |normals: &[[f32; 3]]| normals[0].map(f32::to_bits) == normals[4].map(f32::to_bits);
        assert!(same(&normals), "{normals:?}");
        assert!(normals[0][0] < -0.2, "{normals:?}");
        let flat = smooth(
            &positions,
            &triangles,
            creases(&positions, &triangles, 30.0),
        );
        assert!(!same(&flat), "{flat:?}");
        assert!((flat[0][1] - 1.0).abs() < 1e-6, "{flat:?}");
    }

    #[test]
    fn faces_without_area_get_a_normal_all_the_same() {
        let positions = [[0.0; 3], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0]];
        let normals = smooth(&positions, &[[0, 1, 2]], |_, _| true);
        let up = [0.0_f32, 1.0, 0.0].map(f32::to_bits);
        assert!(normals.iter().all(|normal| normal.map(f32::to_bits) == up));
    }
}
