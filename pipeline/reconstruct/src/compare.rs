//! A model beside a photo that it was not made from.

use crate::mesh::Mesh;
use crate::observation::Observation;
use crate::raster::{Drawing, Frame, NONE, draw, see};
use crate::rig::Camera;
use crate::texture::{Atlas, TexturedMesh};

/// How far a model's picture is from a photo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Intersection over union of the outlines.
    pub iou: f64,
    /// Peak signal-to-noise ratio of sRGB values inside both outlines, after one gain a channel, dB.
    pub psnr_db: f64,
}

/// A model's picture, as large as the photo's window.
#[derive(Clone, Debug)]
pub struct Rendering {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Straight sRGB with alpha, 255 where the model is.
    pub rgba: Vec<u8>,
}

fn drawn(mesh: &Mesh, camera: &Camera, observation: &Observation) -> Drawing {
    let frame = Frame::of(&observation.window);
    draw(mesh, &see(mesh, camera, &frame), frame)
}

/// Intersection over union of the mesh's outline and the photo's.
pub(crate) fn outline_agreement(mesh: &Mesh, camera: &Camera, observation: &Observation) -> f64 {
    let drawing = drawn(mesh, camera, observation);
    let (mut both, mut any) = (0_usize, 0_usize);
    for (pixel, triangle) in observation
        .window
        .rgba
        .chunks_exact(4)
        .zip(&drawing.triangle)
    {
        let (photo, model) = (pixel[3] >= 128, *triangle != NONE);
        both += usize::from(photo && model);
        any += usize::from(photo || model);
    }
    both as f64 / any.max(1) as f64
}

/// What a pixel of a model's picture shows.
pub(crate) struct Spot {
    /// The pixel's number in the window.
    pub at: usize,
    /// The texture's colour, sRGB from 0 to 255.
    pub color: [f64; 3],
    /// The normal there, table's frame, about 1 long.
    pub normal: [f64; 3],
    /// The direction in which the camera sees it, camera's frame.
    pub sight: [f64; 3],
}

/// Calls `put` for each pixel of the observation's window that shows the model.
pub(crate) fn spots(
    model: &TexturedMesh,
    camera: &Camera,
    observation: &Observation,
    mut put: impl FnMut(Spot),
) {
    let frame = Frame::of(&observation.window);
    let seen = see(&model.mesh, camera, &frame);
    let drawing = draw(&model.mesh, &seen, frame);
    let lens = camera.intrinsics;
    for (at, triangle) in drawing.triangle.iter().enumerate() {
        if *triangle == NONE {
            continue;
        }
        let vertices = model.mesh.triangles[*triangle as usize];
        let [Some(a), Some(b), Some(c)] = vertices.map(|vertex| seen[vertex as usize]) else {
            continue;
        };
        let place = [
            (at % frame.width) as f64 + 0.5,
            (at / frame.width) as f64 + 0.5,
        ];
        let area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
        let weight = |p: [f64; 3], q: [f64; 3]| {
            ((p[0] - place[0]) * (q[1] - place[1]) - (p[1] - place[1]) * (q[0] - place[0])) / area
        };
        // On the surface, not in the picture: the nearer corner weighs more.
        let weights = [
            weight(b, c) * a[2],
            weight(c, a) * b[2],
            weight(a, b) * c[2],
        ];
        let sum: f64 = weights.iter().sum();
        let weights = weights.map(|w| w / sum);
        let mixed = |value: &dyn Fn(usize) -> f64| -> f64 {
            (0..3)
                .map(|k| weights[k] * value(vertices[k] as usize))
                .sum()
        };
        let uv = [0, 1].map(|axis| mixed(&|vertex| model.coordinates[vertex][axis]));
        put(Spot {
            at,
            color: sample(&model.atlas, uv).map(f64::from),
            normal: [0, 1, 2].map(|axis| mixed(&|vertex| model.normals[vertex][axis])),
            sight: [
                (place[0] + frame.left - lens.centre.x) / lens.focal_px[0],
                (place[1] + frame.top - lens.centre.y) / lens.focal_px[1],
                1.0,
            ],
        });
    }
}

/// The model's picture, each pixel's colour as `color` makes it.
pub(crate) fn rendering_of(
    model: &TexturedMesh,
    camera: &Camera,
    observation: &Observation,
    color: impl Fn(&Spot) -> [f64; 3],
) -> Rendering {
    let (width, height) = (observation.window.width, observation.window.height);
    let mut rgba = vec![0; width * height * 4];
    spots(model, camera, observation, |spot| {
        let color = color(&spot);
        let pixel = &mut rgba[spot.at * 4..spot.at * 4 + 4];
        for (value, color) in pixel.iter_mut().zip(color) {
            *value = (color + 0.5) as u8;
        }
        pixel[3] = 255;
    });
    Rendering {
        width,
        height,
        rgba,
    }
}

/// Draws the model as `camera` sees it in the window of `observation`, unlit.
#[must_use]
pub fn render(model: &TexturedMesh, camera: &Camera, observation: &Observation) -> Rendering {
    rendering_of(model, camera, observation, |spot| spot.color)
}

/// The atlas at a texture coordinate, between texels.
fn sample(atlas: &Atlas, uv: [f64; 2]) -> [f32; 3] {
    let (w, h) = (atlas.width as usize, atlas.height as usize);
    let x = (uv[0] * w as f64 - 0.5).clamp(0.0, w as f64 - 1.001);
    let y = (uv[1] * h as f64 - 0.5).clamp(0.0, h as f64 - 1.001);
    let (x0, y0) = (x as usize, y as usize);
    let (fx, fy) = ((x - x0 as f64) as f32, (y - y0 as f64) as f32);
    std::array::from_fn(|c| {
        let value = |x: usize, y: usize| f32::from(atlas.rgb[(y * w + x) * 3 + c]);
        let top = value(x0, y0) + (value(x0 + 1, y0) - value(x0, y0)) * fx;
        let bottom = value(x0, y0 + 1) + (value(x0 + 1, y0 + 1) - value(x0, y0 + 1)) * fx;
        top + (bottom - top) * fy
    })
}

/// Compares the model's picture with the photo.
#[must_use]
pub fn compare(rendering: &Rendering, observation: &Observation) -> Comparison {
    let (mut both, mut any) = (0_usize, 0_usize);
    let mut pairs: Vec<([f64; 3], [f64; 3])> = Vec::new();
    for (photo, model) in observation
        .window
        .rgba
        .chunks_exact(4)
        .zip(rendering.rgba.chunks_exact(4))
    {
        let (in_photo, in_model) = (photo[3] >= 128, model[3] >= 128);
        both += usize::from(in_photo && in_model);
        any += usize::from(in_photo || in_model);
        if in_photo && in_model {
            let values = |p: &[u8]| [f64::from(p[0]), f64::from(p[1]), f64::from(p[2])];
            pairs.push((values(photo), values(model)));
        }
    }
    // The photos' exposures differ; the model has one.
    let gains: [f64; 3] = std::array::from_fn(|c| {
        let (photo, model) = pairs
            .iter()
            .fold((0.0, 0.0), |(a, b), (p, m)| (a + p[c], b + m[c]));
        if model > 0.0 { photo / model } else { 1.0 }
    });
    let square: f64 = pairs
        .iter()
        .map(|(p, m)| {
            (0..3)
                .map(|c| (p[c] - gains[c] * m[c]).powi(2))
                .sum::<f64>()
        })
        .sum();
    let mean = square / (3 * pairs.len()).max(1) as f64;
    Comparison {
        iou: both as f64 / any.max(1) as f64,
        psnr_db: 10.0 * (255.0 * 255.0 / mean.max(1e-6)).log10(),
    }
}
