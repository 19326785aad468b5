//! The studio as a function of direction.

/// A direction or a vector.
pub type Vec3 = [f32; 3];

/// A lamp behind a rectangle of cloth.
struct SoftBox {
    /// Where its middle is.
    towards: Vec3,
    /// Half its width and height, at distance 1.
    half: [f32; 2],
    /// How bright its cloth is.
    radiance: f32,
}

/// The key light left of the camera, a fill on its right, a wide one overhead, and two narrow ones behind the product that
/// draw its edges.
const BOXES: [SoftBox; 5] = [
    SoftBox {
        towards: [-0.72, 0.55, 0.62],
        half: [0.46, 0.62],
        radiance: 5.2,
    },
    SoftBox {
        towards: [0.88, 0.30, 0.52],
        half: [0.34, 0.60],
        radiance: 2.3,
    },
    SoftBox {
        towards: [0.0, 1.0, 0.06],
        half: [0.80, 0.62],
        radiance: 2.1,
    },
    SoftBox {
        towards: [-0.80, 0.22, -0.58],
        half: [0.16, 0.72],
        radiance: 6.0,
    },
    SoftBox {
        towards: [0.76, 0.30, -0.62],
        half: [0.18, 0.72],
        radiance: 6.4,
    },
];

/// Walls at the horizon, ceiling, and a light floor that throws light back.
const WALL: f32 = 0.36;
const CEILING: f32 = 0.24;
const FLOOR: f32 = 0.40;

/// What comes from a direction of length 1; edges are as soft as `blur`, a part of distance 1.
#[must_use]
pub fn radiance(d: Vec3, blur: f32) -> f32 {
    let beyond = if d[1] > 0.0 { CEILING } else { FLOOR };
    // The room has no hard corner: the walls run into floor and ceiling over a third of the height.
    let mut sum = WALL + (beyond - WALL) * smooth(d[1].abs() / 0.75);
    // A darker wall behind the camera gives curved surfaces their shape.
    sum *= 1.0 - 0.35 * smooth((d[2] - 0.2) / 0.8) * (1.0 - d[1].abs());
    for lamp in &BOXES {
        let c = unit(lamp.towards);
        let near = dot(d, c);
        if near <= 0.05 {
            continue;
        }
        let right = unit(cross([0.0, 1.0, 0.001], c));
        let up = cross(c, right);
        let x = dot(d, right) / near;
        let y = dot(d, up) / near;
        let soft = blur + 0.05;
        let inside = |at: f32, half: f32| smooth((half - at.abs()) / soft * 0.5 + 0.5);
        // Cloth is brightest in its middle.
        let fall = 1.0 - 0.25 * (x / lamp.half[0]).hypot(y / lamp.half[1]).min(1.4);
        sum += lamp.radiance * fall * inside(x, lamp.half[0]) * inside(y, lamp.half[1]);
    }
    sum * EXPOSURE
}

/// Makes a white matt surface that faces the camera come out at 1; a test holds it.
const EXPOSURE: f32 = 0.90;

fn smooth(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

pub(crate) fn dot(a: Vec3, b: Vec3) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn cross(a: Vec3, b: Vec3) -> Vec3 {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

pub(crate) fn unit(v: Vec3) -> Vec3 {
    let length = dot(v, v).sqrt();
    v.map(|n| n / length)
}
