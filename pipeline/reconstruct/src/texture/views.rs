//! Which photo sees which triangle how well.

use rayon::prelude::*;

use crate::mesh::Mesh;
use crate::observation::Observation;
use crate::raster::{Frame, NONE, Seen, draw, see};
use crate::rig::Camera;
use crate::vector::{cross, dot, sub, unit};

/// Cover below this is the edge, where the background shines in.
const SOLID: u8 = 250;
/// How far from the edge a triangle must stay, pixels of the photo.
const EDGE_PX: i64 = 2;
/// Cosine of the steepest angle at which a triangle is painted: a lid just below the camera is better painted from a
/// slant of 7° than not at all, and what is seen better elsewhere is painted from there.
const LEAST_FACING: f64 = 0.04;
/// Triangles of more pixels are seen as far as their pixels are, at least by this share.
const LARGE_PX: f64 = 24.0;
const LEAST_SHOWN: f64 = 0.3;
/// How much nearer something else may be, as a share of the depth.
const DEPTH_SLACK: f64 = 0.004;

/// What one photo sees.
pub(crate) struct Sight {
    /// For each triangle how well it is seen, 0 where it is not: pixels that it covers, less where it is seen aslant.
    pub quality: Vec<f32>,
    /// For each vertex its place in the photo's pixels, from the photo's corner.
    pub places: Vec<Seen>,
    /// Whether each vertex is seen.
    pub vertex_seen: Vec<bool>,
}

pub(crate) fn look(mesh: &Mesh, views: &[(Camera, &Observation)]) -> Vec<Sight> {
    views
        .par_iter()
        .map(|(camera, observation)| one(mesh, camera, observation))
        .collect()
}

fn one(mesh: &Mesh, camera: &Camera, observation: &Observation) -> Sight {
    let window = &observation.window;
    let frame = Frame::of(window);
    let seen = see(mesh, camera, &frame);
    let drawing = draw(mesh, &seen, frame);
    let centre = camera.centre();
    let (width, height) = (window.width as i64, window.height as i64);
    // In front at its own pixel or one beside it, and away from the edge.
    let in_front = |place: &Seen| {
        let Some([x, y, near]) = *place else {
            return false;
        };
        let (px, py) = (x.floor() as i64, y.floor() as i64);
        if px < EDGE_PX || py < EDGE_PX || px >= width - EDGE_PX || py >= height - EDGE_PX {
            return false;
        }
        let solid = |dx: i64, dy: i64| {
            let at = ((py + dy) * width + px + dx) as usize;
            window.rgba[at * 4 + 3] >= SOLID
        };
        let edges = [
            (0, 0),
            (EDGE_PX, 0),
            (-EDGE_PX, 0),
            (0, EDGE_PX),
            (0, -EDGE_PX),
        ];
        if !edges.iter().all(|(dx, dy)| solid(*dx, *dy)) {
            return false;
        }
        let front = (-1..=1)
            .flat_map(|dy| (-1..=1).map(move |dx| ((py + dy) * width + px + dx) as usize))
            .filter(|at| drawing.triangle[*at] != NONE)
            .map(|at| f64::from(drawing.nearness[at]))
            .fold(f64::MAX, f64::min);
        near > front * (1.0 - DEPTH_SLACK)
    };
    let vertex_seen: Vec<bool> = seen.iter().map(in_front).collect();
    let mut shown = vec![0_u32; mesh.triangles.len()];
    for (triangle, pixel) in drawing.triangle.iter().zip(window.rgba.chunks_exact(4)) {
        if *triangle != NONE && pixel[3] >= SOLID {
            shown[*triangle as usize] += 1;
        }
    }
    let quality = mesh
        .triangles
        .iter()
        .zip(shown)
        .map(|(t, shown)| {
            let [a, b, c] = mesh.corners(*t);
            let normal = cross(sub(b, a), sub(c, a));
            let towards = unit(sub(centre, a));
            let facing = dot(unit(normal), towards);
            if facing < LEAST_FACING {
                return 0.0;
            }
            let [Some(pa), Some(pb), Some(pc)] = t.map(|vertex| seen[vertex as usize]) else {
                return 0.0;
            };
            let pixels =
                ((pb[0] - pa[0]) * (pc[1] - pa[1]) - (pb[1] - pa[1]) * (pc[0] - pa[0])).abs() / 2.0;
            // Corners of large triangles lie on edges of the product: their pixels tell, corners those of small ones.
            let seen = if pixels > LARGE_PX {
                (f64::from(shown) / pixels).min(1.0)
            } else if t.iter().all(|vertex| vertex_seen[*vertex as usize]) {
                1.0
            } else {
                0.0
            };
            if seen < LEAST_SHOWN {
                return 0.0;
            }
            // Of equal size, the view from the front: gloss and edges lie at slants.
            (pixels * facing * seen) as f32
        })
        .collect();
    let places = seen
        .into_iter()
        .map(|place| place.map(|[x, y, near]| [x + frame.left, y + frame.top, near]))
        .collect();
    Sight {
        quality,
        places,
        vertex_seen,
    }
}
