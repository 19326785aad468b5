//! One exposure for all photos, and colours for what none of them shows.

use std::collections::HashMap;

use rayon::prelude::*;

use super::blend::Blend;
use super::views::Sight;
use crate::camera::Pixel;
use crate::mesh::Mesh;
use crate::observation::Observation;
use crate::rig::Camera;

/// The strongest gain of a photo, natural logarithm of linear light.
const MOST_GAIN: f32 = 0.4;
/// How firmly a photo keeps its light, in vertices.
const KEEP: f32 = 20.0;
const GAIN_ROUNDS: usize = 30;
/// Rounds in which colours spread over what no photo shows.
const SPREAD_ROUNDS: usize = 200;

type Color = [f32; 3];

fn sampled(observation: &Observation, place: [f64; 3]) -> Option<Color> {
    let mut sum = [0.0; 3];
    for (dx, dy) in [(0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
        let pixel = observation.window.sample(Pixel {
            x: place[0] + dx,
            y: place[1] + dy,
        })?;
        for (sum, value) in sum.iter_mut().zip(pixel) {
            *sum += value / 5.0;
        }
    }
    Some(sum)
}

/// The factors of sRGB values under which each vertex is as bright in all photos that see it: Jacobi's rounds on the
/// logarithms. A power law of 2.2 suffices for ratios.
pub(crate) fn gains(views: &[(Camera, &Observation)], sights: &[Sight]) -> Vec<Color> {
    let count = sights.first().map_or(0, |s| s.vertex_seen.len());
    let stride = (count / 4000).max(1);
    // For each vertex the photos that see it and their logarithms.
    let mut seen: Vec<Vec<(usize, Color)>> = Vec::new();
    for vertex in (0..count).step_by(stride) {
        let mut by = Vec::new();
        for (view, sight) in sights.iter().enumerate() {
            let Some(place) = sight.places[vertex].filter(|_| sight.vertex_seen[vertex]) else {
                continue;
            };
            if let Some(color) = sampled(views[view].1, place) {
                // What is nearly black or burnt out tells no gain.
                if color.iter().all(|v| (12.0..248.0).contains(v)) {
                    by.push((view, color.map(|v| 2.2 * (v / 255.0).ln())));
                }
            }
        }
        if by.len() >= 2 {
            seen.push(by);
        }
    }
    let mut gains = vec![[0.0; 3]; views.len()];
    for _ in 0..GAIN_ROUNDS {
        let mut sums = vec![([0.0; 3], KEEP); views.len()];
        for by in &seen {
            let n = by.len() as f32;
            let mean: Color = std::array::from_fn(|c| {
                by.iter()
                    .map(|(view, log)| log[c] + gains[*view][c])
                    .sum::<f32>()
                    / n
            });
            for (view, log) in by {
                let (sum, weight) = &mut sums[*view];
                for c in 0..3 {
                    // A highlight is no difference of exposure.
                    sum[c] += (mean[c] - log[c]).clamp(-0.5, 0.5);
                }
                *weight += 1.0;
            }
        }
        for (gain, (sum, weight)) in gains.iter_mut().zip(&sums) {
            *gain = std::array::from_fn(|c| (sum[c] / weight).clamp(-MOST_GAIN, MOST_GAIN));
        }
    }
    gains
        .into_iter()
        .map(|gain: Color| gain.map(|log| (log / 2.2).exp()))
        .collect()
}

/// A colour for each vertex: the photos', and where none shows it those of the vertices about it, spread evenly.
pub(crate) fn vertex_colors(mesh: &Mesh, blend: &Blend<'_>) -> Vec<Color> {
    let known: Vec<Option<Color>> = mesh
        .positions
        .par_iter()
        .zip(&mesh.normals())
        .map(|(place, normal)| blend.color(*place, *normal))
        .collect();
    let (sum, count) = known
        .iter()
        .flatten()
        .fold(([0.0_f32; 3], 0.0_f32), |(sum, count), color| {
            (std::array::from_fn(|c| sum[c] + color[c]), count + 1.0)
        });
    let mean = sum.map(|v| v / count.max(1.0));
    let mut colors: Vec<Color> = known.iter().map(|color| color.unwrap_or(mean)).collect();
    let mut around: HashMap<usize, Vec<usize>> = HashMap::new();
    for t in &mesh.triangles {
        for k in 0..3 {
            let (a, b) = (t[k] as usize, t[(k + 1) % 3] as usize);
            if known[a].is_none() {
                around.entry(a).or_default().push(b);
            }
        }
    }
    let open: Vec<usize> = (0..known.len())
        .filter(|at| known[*at].is_none() && around.contains_key(at))
        .collect();
    for _ in 0..SPREAD_ROUNDS {
        for at in &open {
            let list = &around[at];
            let n = list.len() as f32;
            colors[*at] =
                std::array::from_fn(|c| list.iter().map(|b| colors[*b][c]).sum::<f32>() / n);
        }
    }
    colors
}
