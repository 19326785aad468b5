//! Shapes that tests draw.

/// A sphere of radius 1 around the origin: its points, which are its normals too, and its triangles.
pub fn sphere() -> (Vec<f32>, Vec<u32>) {
    let (rings, sectors) = (48_u32, 96_u32);
    let mut points = Vec::new();
    for ring in 0..=rings {
        let (sin_polar, cos_polar) = (std::f32::consts::PI * ring as f32 / rings as f32).sin_cos();
        for sector in 0..=sectors {
            let (sin, cos) = (std::f32::consts::TAU * sector as f32 / sectors as f32).sin_cos();
            points.extend([sin_polar * sin, cos_polar, sin_polar * cos]);
        }
    }
    let mut indices = Vec::new();
    for ring in 0..rings {
        for sector in 0..sectors {
            let a = ring * (sectors + 1) + sector;
            let b = a + sectors + 1;
            indices.extend([a, b, a + 1, a + 1, b, b + 1]);
        }
    }
    (points, indices)
}
