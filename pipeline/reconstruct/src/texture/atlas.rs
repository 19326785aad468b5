//! Charts side by side in one picture.

use std::collections::HashMap;

use rayon::prelude::*;

use super::blend::{Blend, place_in};
use super::charts::{Chart, Label};
use super::{Surface, TextureOptions};
use crate::mesh::Mesh;
use crate::raster::fill;

/// Free pixels about each chart.
const MARGIN: usize = 3;

/// A picture: sRGB, three bytes a pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Atlas {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Row by row from the top.
    pub rgb: Vec<u8>,
}

/// A mesh with its colours.
#[derive(Clone, Debug, PartialEq)]
pub struct TexturedMesh {
    /// Vertices are doubled where charts meet.
    pub mesh: Mesh,
    /// Unit normals, smooth across the seams.
    pub normals: Vec<[f64; 3]>,
    /// Texture coordinates as glTF counts them: from the upper left corner, 0 to 1.
    pub coordinates: Vec<[f64; 2]>,
    /// The base colour.
    pub atlas: Atlas,
    /// The share of the surface's area that photos show, 0 to 1.
    pub seen_share: f64,
}

/// Where a chart lies.
#[derive(Clone, Copy, Debug)]
struct Berth {
    /// Least corner in the chart's own pixels.
    low: [f64; 2],
    /// Corner in the atlas.
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

pub(super) fn fill_atlas(
    surface: &Surface<'_>,
    charts: &[Chart],
    blend: &Blend<'_>,
    options: TextureOptions,
) -> TexturedMesh {
    let (berths, side, scale) = pack(charts, options.max_side as usize);
    let place = |chart: usize, vertex: u32| -> [f64; 2] {
        let berth = &berths[chart];
        let own = charts[chart].places[&vertex];
        [
            (own[0] - berth.low[0]) * scale + (berth.left + MARGIN) as f64,
            (own[1] - berth.low[1]) * scale + (berth.top + MARGIN) as f64,
        ]
    };
    let painted: Vec<Vec<(usize, [f32; 3])>> = charts
        .par_iter()
        .enumerate()
        .map(|(number, chart)| texels(surface, chart, side, blend, |v| place(number, v)))
        .collect();
    let mut pixels = vec![[0.0_f32; 3]; side * side];
    let mut filled = vec![false; side * side];
    for (at, color) in painted.into_iter().flatten() {
        pixels[at] = color;
        filled[at] = true;
    }
    spread(&mut pixels, &mut filled, side);
    let rgb = pixels
        .iter()
        .flatten()
        .map(|v| (v + 0.5).clamp(0.0, 255.0) as u8)
        .collect();
    let atlas = Atlas {
        width: side as u32,
        height: side as u32,
        rgb,
    };
    assemble(surface, charts, atlas, |chart, vertex| {
        place(chart, vertex).map(|v| v / side as f64)
    })
}

/// The texels of a chart and their colours; a texel between two triangles comes twice.
fn texels(
    surface: &Surface<'_>,
    chart: &Chart,
    side: usize,
    blend: &Blend<'_>,
    place: impl Fn(u32) -> [f64; 2],
) -> Vec<(usize, [f32; 3])> {
    let mut out = Vec::new();
    for t in &chart.triangles {
        let vertices = surface.mesh.triangles[*t as usize];
        let places = surface.mesh.corners(vertices);
        let normals = surface.normals[*t as usize];
        let corners = vertices.map(|vertex| {
            let [x, y] = place(vertex);
            [x, y, 1.0]
        });
        let Some(weigh) = weights(corners) else {
            continue;
        };
        fill(grown(corners), side, side, |at, _| {
            let w = weigh([(at % side) as f64 + 0.5, (at / side) as f64 + 0.5]);
            let (point, normal) = place_in(places, normals, w);
            let color = blend.color(point, normal).unwrap_or_else(|| {
                std::array::from_fn(|c| {
                    (0..3)
                        .map(|k| w[k] as f32 * surface.colors[vertices[k] as usize][c])
                        .sum::<f32>()
                        .clamp(0.0, 255.0)
                })
            });
            out.push((at, color));
        });
    }
    out
}

/// The weights of a triangle's corners at a place, beyond its sides too; `None` where it has no area.
fn weights([a, b, c]: [[f64; 3]; 3]) -> Option<impl Fn([f64; 2]) -> [f64; 3]> {
    let area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    let part = move |p: [f64; 3], q: [f64; 3], at: [f64; 2]| {
        ((p[0] - at[0]) * (q[1] - at[1]) - (p[1] - at[1]) * (q[0] - at[0])) / area
    };
    (area.abs() > 1e-9).then_some(move |at| {
        let weights = [part(b, c, at), part(c, a, at), part(a, b, at)];
        if weights.iter().all(|w| (-0.5..1.5).contains(w)) {
            return weights;
        }
        // A sliver throws its weights far out.
        let held = weights.map(|w| w.clamp(0.0, 1.0));
        let sum: f64 = held.iter().sum();
        held.map(|w| w / sum)
    })
}

/// A triangle about half a pixel larger on all sides, so that filtering at its edge finds its own colours.
fn grown(corners: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let middle: [f64; 2] =
        std::array::from_fn(|axis| corners.iter().map(|c| c[axis]).sum::<f64>() / 3.0);
    corners.map(|c| {
        let away = [c[0] - middle[0], c[1] - middle[1]];
        let length = away[0].hypot(away[1]).max(1e-9);
        let by = 1.0 + 1.2 / length;
        [middle[0] + away[0] * by, middle[1] + away[1] * by, c[2]]
    })
}

/// Shelves, the tallest charts first, at the largest scale up to the photos' own that fits.
fn pack(charts: &[Chart], max_side: usize) -> (Vec<Berth>, usize, f64) {
    let boxes: Vec<[[f64; 2]; 2]> = charts
        .iter()
        .map(|chart| {
            chart
                .places
                .values()
                .fold([[f64::MAX; 2], [f64::MIN; 2]], |[low, high], p| {
                    [
                        [low[0].min(p[0]), low[1].min(p[1])],
                        [high[0].max(p[0]), high[1].max(p[1])],
                    ]
                })
        })
        .collect();
    let mut scale = 1.0_f64;
    loop {
        let mut berths: Vec<Berth> = boxes
            .iter()
            .map(|[low, high]| Berth {
                low: *low,
                left: 0,
                top: 0,
                width: ((high[0] - low[0]) * scale).ceil() as usize + 2 * MARGIN,
                height: ((high[1] - low[1]) * scale).ceil() as usize + 2 * MARGIN,
            })
            .collect();
        let area: usize = berths.iter().map(|b| b.width * b.height).sum();
        // Multiples of 256: powers of two waste half the picture.
        let mut side = ((area as f64).sqrt() / 256.0).ceil() as usize * 256;
        while side <= max_side {
            if shelve(&mut berths, side) {
                return (berths, side, scale);
            }
            side += 256;
        }
        scale *= 0.93;
    }
}

fn shelve(berths: &mut [Berth], side: usize) -> bool {
    let mut order: Vec<usize> = (0..berths.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(berths[*at].height), *at));
    let (mut x, mut y, mut shelf) = (0, 0, 0);
    for at in order {
        let berth = &mut berths[at];
        if x + berth.width > side {
            (x, y) = (0, y + shelf);
            shelf = 0;
        }
        shelf = shelf.max(berth.height);
        if berth.width > side || y + berth.height > side {
            return false;
        }
        (berth.left, berth.top) = (x, y);
        x += berth.width;
    }
    true
}

/// Fills what lies between the charts with the colours about it, coarser with distance (Gortler and others 1996,
/// push and pull): smaller copies of the picture then mix no strange colours in.
fn spread(pixels: &mut [[f32; 3]], filled: &mut [bool], side: usize) {
    if side < 2 {
        return;
    }
    let half = side.div_ceil(2);
    let mut small = vec![[0.0_f32; 3]; half * half];
    let mut small_filled = vec![false; half * half];
    for y in 0..half {
        for x in 0..half {
            let (mut sum, mut count) = ([0.0; 3], 0.0);
            for (sx, sy) in [
                (2 * x, 2 * y),
                (2 * x + 1, 2 * y),
                (2 * x, 2 * y + 1),
                (2 * x + 1, 2 * y + 1),
            ] {
                if sx < side && sy < side && filled[sy * side + sx] {
                    let p = pixels[sy * side + sx];
                    sum = std::array::from_fn(|c| sum[c] + p[c]);
                    count += 1.0;
                }
            }
            if count > 0.0 {
                small[y * half + x] = sum.map(|v| v / count);
                small_filled[y * half + x] = true;
            }
        }
    }
    if small_filled.iter().any(|f| !f) && half > 1 {
        spread(&mut small, &mut small_filled, half);
    }
    for y in 0..side {
        for x in 0..side {
            let at = y * side + x;
            if !filled[at] {
                pixels[at] = small[(y / 2) * half + x / 2];
                filled[at] = true;
            }
        }
    }
}

fn assemble(
    surface: &Surface<'_>,
    charts: &[Chart],
    atlas: Atlas,
    coordinate: impl Fn(usize, u32) -> [f64; 2],
) -> TexturedMesh {
    let mesh = surface.mesh;
    let mut out = Mesh::default();
    let (mut normals, mut coordinates) = (Vec::new(), Vec::new());
    let (mut seen, mut whole) = (0.0, 0.0);
    for (number, chart) in charts.iter().enumerate() {
        let mut new: HashMap<(u32, [u64; 3]), u32> = HashMap::with_capacity(chart.places.len());
        for t in &chart.triangles {
            let vertices = mesh.triangles[*t as usize];
            let [a, b, c] = mesh.corners(vertices);
            let area = crate::vector::length(crate::vector::cross(
                crate::vector::sub(b, a),
                crate::vector::sub(c, a),
            ));
            whole += area;
            if matches!(chart.label, Label::View(_)) {
                seen += area;
            }
            let corners: [u32; 3] = std::array::from_fn(|k| {
                let (vertex, normal) = (vertices[k], surface.normals[*t as usize][k]);
                *new.entry((vertex, normal.map(f64::to_bits)))
                    .or_insert_with(|| {
                        out.positions.push(mesh.positions[vertex as usize]);
                        // Slivers have none.
                        let has_length = normal.iter().any(|v| *v != 0.0);
                        normals.push(if has_length { normal } else { [0.0, 1.0, 0.0] });
                        coordinates.push(coordinate(number, vertex));
                        out.positions.len() as u32 - 1
                    })
            });
            out.triangles.push(corners);
        }
    }
    TexturedMesh {
        mesh: out,
        normals,
        coordinates,
        atlas,
        seen_share: if whole > 0.0 { seen / whole } else { 0.0 },
    }
}
