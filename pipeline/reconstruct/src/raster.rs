//! Triangles drawn as a camera sees them: which one lies in front at each pixel.

use crate::mesh::Mesh;
use crate::observation::Window;
use crate::rig::Camera;

/// No triangle.
pub(crate) const NONE: u32 = u32::MAX;

/// A part of a photo at which triangles are drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// Pixels of the whole photo from its left and top edge.
    pub left: f64,
    pub top: f64,
    /// Pixels of the drawing.
    pub width: usize,
    pub height: usize,
    /// Pixels of the drawing for one of the photo.
    pub scale: f64,
}

impl Frame {
    /// The part of a photo that a window is, pixel by pixel.
    pub(crate) fn of(window: &Window) -> Self {
        Self {
            left: window.left as f64,
            top: window.top as f64,
            width: window.width,
            height: window.height,
            scale: 1.0,
        }
    }
}

/// What lies in front.
#[derive(Clone, Debug)]
pub(crate) struct Drawing {
    /// Reciprocal depth, 0 where nothing is.
    pub nearness: Vec<f32>,
    /// The triangle's number, or [`NONE`].
    pub triangle: Vec<u32>,
}

/// A vertex in the drawing: x, y in its pixels, and the reciprocal of its depth. Nothing behind the camera.
pub(crate) type Seen = Option<[f64; 3]>;

pub(crate) fn see(mesh: &Mesh, camera: &Camera, frame: &Frame) -> Vec<Seen> {
    mesh.positions
        .iter()
        .map(|p| {
            let point = camera.camera_point(*p);
            let at = camera.intrinsics.project(point)?;
            Some([
                (at.x - frame.left) * frame.scale,
                (at.y - frame.top) * frame.scale,
                1.0 / point[2],
            ])
        })
        .collect()
}

/// Draws the mesh. Triangles that reach behind the camera are left out.
pub(crate) fn draw(mesh: &Mesh, seen: &[Seen], frame: Frame) -> Drawing {
    let mut drawing = Drawing {
        nearness: vec![0.0; frame.width * frame.height],
        triangle: vec![NONE; frame.width * frame.height],
    };
    for (number, t) in mesh.triangles.iter().enumerate() {
        let [Some(a), Some(b), Some(c)] = t.map(|vertex| seen[vertex as usize]) else {
            continue;
        };
        fill([a, b, c], frame.width, frame.height, |at, [wa, wb, wc]| {
            let near = (wa * a[2] + wb * b[2] + wc * c[2]) as f32;
            if near > drawing.nearness[at] {
                drawing.nearness[at] = near;
                drawing.triangle[at] = number as u32;
            }
        });
    }
    drawing
}

/// Calls `put` with the place and the corners' weights for each pixel whose centre lies in a triangle.
pub(crate) fn fill(
    [a, b, c]: [[f64; 3]; 3],
    width: usize,
    height: usize,
    mut put: impl FnMut(usize, [f64; 3]),
) {
    let area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    if area.abs() < 1e-12 || !area.is_finite() {
        return;
    }
    let range = |values: [f64; 3], side: usize| {
        let low = values.iter().copied().fold(f64::MAX, f64::min);
        let high = values.iter().copied().fold(f64::MIN, f64::max);
        let from = (low - 0.5).ceil().clamp(0.0, side as f64) as usize;
        let to = ((high - 0.5).floor() + 1.0).clamp(0.0, side as f64) as usize;
        from..to
    };
    let columns = range([a[0], b[0], c[0]], width);
    for y in range([a[1], b[1], c[1]], height) {
        let py = y as f64 + 0.5;
        for x in columns.clone() {
            let px = x as f64 + 0.5;
            let wa = ((b[0] - px) * (c[1] - py) - (b[1] - py) * (c[0] - px)) / area;
            let wb = ((c[0] - px) * (a[1] - py) - (c[1] - py) * (a[0] - px)) / area;
            let wc = 1.0 - wa - wb;
            if wa >= 0.0 && wb >= 0.0 && wc >= 0.0 {
                put(y * width + x, [wa, wb, wc]);
            }
        }
    }
}
