use bytemuck::cast_slice;
use meshopt::{SimplifyOptions, VertexDataAdapter, simplify};

/// Fewer triangles over the same vertices.
#[derive(Clone, Debug, PartialEq)]
pub struct Simplified {
    /// Three vertices a triangle; vertices that none uses stay in the list.
    pub triangles: Vec<[u32; 3]>,
    /// How far the surface has moved at most, as a share of the mesh's longest side.
    pub error: f32,
}

/// Takes triangles away where the surface is flat (meshopt's quadrics), down to `target` or until the surface would
/// move by more than `max_error` of its longest side.
///
/// For meshes that are being made; [`crate::optimize`] never calls it.
///
/// # Panics
/// Where a triangle names a vertex that is not there.
#[must_use]
pub fn simplify_triangles(
    positions: &[[f32; 3]],
    triangles: &[[u32; 3]],
    target: usize,
    max_error: f32,
) -> Simplified {
    assert!(
        triangles
            .iter()
            .flatten()
            .all(|vertex| (*vertex as usize) < positions.len()),
        "triangles of these vertices"
    );
    let bytes: &[u8] = cast_slice(positions);
    let kept = || Simplified {
        triangles: triangles.to_vec(),
        error: 0.0,
    };
    if positions.is_empty() || triangles.is_empty() {
        return kept();
    }
    let Ok(vertices) = VertexDataAdapter::new(bytes, 12, 0) else {
        return kept();
    };
    let mut error = 0.0;
    let indices = simplify(
        triangles.as_flattened(),
        &vertices,
        target * 3,
        max_error,
        SimplifyOptions::None,
        Some(&mut error),
    );
    Simplified {
        triangles: indices.as_chunks::<3>().0.to_vec(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_sheet_keeps_its_corners_and_few_triangles() {
        let side = 21_u32;
        let positions: Vec<[f32; 3]> = (0..side * side)
            .map(|at| [(at % side) as f32, (at / side) as f32, 0.0])
            .collect();
        let triangles: Vec<[u32; 3]> = (0..side - 1)
            .flat_map(|y| (0..side - 1).map(move |x| y * side + x))
            .flat_map(|a| [[a, a + 1, a + side + 1], [a, a + side + 1, a + side]])
            .collect();
        let few = simplify_triangles(&positions, &triangles, 2, 1e-3);
        assert!(few.triangles.len() < 20, "{}", few.triangles.len());
        let area: f32 = few
            .triangles
            .iter()
            .map(|t| {
                let [a, b, c] = t.map(|v| positions[v as usize]);
                ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])) / 2.0
            })
            .sum();
        assert!((area - 400.0).abs() < 1e-2);
    }
}
