//! One light for all photos: a gain for each, then smooth offsets within the charts that close the seams.

use std::collections::HashMap;

use rayon::prelude::*;

use super::charts::{Chart, Label};
use super::views::Sight;
use crate::camera::Pixel;
use crate::mesh::Mesh;
use crate::observation::Observation;
use crate::rig::Camera;
use crate::vector::{dot, sub, unit};

/// The strongest gain of a photo, natural logarithm of linear light.
const MOST_GAIN: f32 = 0.4;
/// How firmly a photo keeps its light, in vertices.
const KEEP: f32 = 20.0;
const GAIN_ROUNDS: usize = 30;
/// Weight of smooth offsets within a chart against closed seams.
const SMOOTH: f32 = 0.1;
const SEAM_ROUNDS: usize = 300;

/// How often the difference to the mean light is averaged with the vertices about: what stays is broad light, not print.
const BROAD_ROUNDS: usize = 12;

type Color = [f32; 3];

/// Colour offsets of the charts' vertices, sRGB from 0 to 255, to be added to the photo's.
pub(crate) struct Levels {
    /// For each chart, the offset of each of its vertices; for unseen charts the colour itself.
    pub offsets: Vec<HashMap<u32, Color>>,
    /// For each photo the logarithm of its gain.
    pub gains: Vec<Color>,
}

/// sRGB of a channel, 0 to 255, under a gain in linear light. A power law of 2.2 suffices for ratios.
pub(crate) fn under_gain(value: f32, log_gain: f32) -> f32 {
    (value * (log_gain / 2.2).exp()).min(255.0)
}

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

/// Levels all charts.
pub(crate) fn level(
    mesh: &Mesh,
    views: &[(Camera, &Observation)],
    sights: &[Sight],
    charts: &[Chart],
) -> Levels {
    let gains = gains(views, sights);
    let nodes = Nodes::of(charts);
    let colors: Vec<Option<Color>> = nodes
        .list
        .iter()
        .map(|(chart, vertex)| {
            let Label::View(view) = charts[*chart].label else {
                return None;
            };
            let view = view as usize;
            let place = sights[view].places[*vertex as usize]?;
            let color = sampled(views[view].1, place)?;
            Some(std::array::from_fn(|c| {
                under_gain(color[c], gains[view][c])
            }))
        })
        .collect();
    let broad = to_mean_light(mesh, views, sights, &gains, charts, &nodes, &colors);
    let evened: Vec<Option<Color>> = colors
        .iter()
        .zip(&broad)
        .map(|(color, by)| color.map(|color| std::array::from_fn(|c| color[c] + by[c])))
        .collect();
    let offsets = close_seams(mesh, charts, &nodes, &evened);
    let mut out: Vec<HashMap<u32, Color>> = vec![HashMap::new(); charts.len()];
    for ((chart, vertex), (offset, broad)) in nodes.list.iter().zip(offsets.iter().zip(&broad)) {
        let whole = std::array::from_fn(|c| offset[c] + broad[c]);
        out[*chart].insert(*vertex, whole);
    }
    fill_unseen(mesh, charts, &nodes, &colors, &mut out);
    Levels {
        offsets: out,
        gains,
    }
}

/// Each vertex should be as bright in all photos that see it: Jacobi's rounds on the photos' gains.
fn gains(views: &[(Camera, &Observation)], sights: &[Sight]) -> Vec<Color> {
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
}

/// What takes each node's broad light to the mean of all photos that see it: gloss and shading stand still while the
/// product turns, so that each photo by itself is right for its own side only. Fine detail stays the chosen photo's
/// (two bands of Burt and Adelson 1983).
fn to_mean_light(
    mesh: &Mesh,
    views: &[(Camera, &Observation)],
    sights: &[Sight],
    gains: &[Color],
    charts: &[Chart],
    nodes: &Nodes,
    colors: &[Option<Color>],
) -> Vec<Color> {
    let normals = mesh.normals();
    let centres: Vec<[f64; 3]> = views.iter().map(|(camera, _)| camera.centre()).collect();
    let mean = |vertex: usize| -> Option<Color> {
        let (mut sum, mut whole) = ([0.0; 3], 0.0);
        for (view, sight) in sights.iter().enumerate() {
            let Some(place) = sight.places[vertex].filter(|_| sight.vertex_seen[vertex]) else {
                continue;
            };
            let towards = unit(sub(centres[view], mesh.positions[vertex]));
            let weight = dot(towards, normals[vertex]).max(0.0) as f32;
            if let Some(color) = sampled(views[view].1, place) {
                for c in 0..3 {
                    sum[c] += weight * under_gain(color[c], gains[view][c]);
                }
                whole += weight;
            }
        }
        (whole > 0.0).then(|| sum.map(|v| v / whole))
    };
    let means: Vec<Option<Color>> = (0..mesh.positions.len())
        .into_par_iter()
        .map(mean)
        .collect();
    let mut by: Vec<Color> = nodes
        .list
        .iter()
        .zip(colors)
        .map(|((_, vertex), own)| match (own, means[*vertex as usize]) {
            (Some(own), Some(mean)) => std::array::from_fn(|c| mean[c] - own[c]),
            _ => [0.0; 3],
        })
        .collect();
    let within = nodes.within(mesh, charts);
    for _ in 0..BROAD_ROUNDS {
        by = by
            .par_iter()
            .zip(&within)
            .map(|(own, around)| {
                let share = 0.5 / around.len().max(1) as f32;
                std::array::from_fn(|c| {
                    let others: f32 = around.iter().map(|n| by[*n][c]).sum();
                    0.5 * own[c] + share * others
                })
            })
            .collect();
    }
    by
}

/// The vertices of the charts, one node for each chart that a vertex is in.
struct Nodes {
    list: Vec<(usize, u32)>,
    of: Vec<HashMap<u32, usize>>,
}

impl Nodes {
    fn of(charts: &[Chart]) -> Self {
        let mut list = Vec::new();
        let mut of = Vec::with_capacity(charts.len());
        for (chart, piece) in charts.iter().enumerate() {
            let mut vertices: Vec<u32> = piece.places.keys().copied().collect();
            vertices.sort_unstable();
            let mut here = HashMap::with_capacity(vertices.len());
            for vertex in vertices {
                here.insert(vertex, list.len());
                list.push((chart, vertex));
            }
            of.push(here);
        }
        Self { list, of }
    }

    /// The nodes beside each node in its chart.
    fn within(&self, mesh: &Mesh, charts: &[Chart]) -> Vec<Vec<usize>> {
        let mut within: Vec<Vec<usize>> = vec![Vec::new(); self.list.len()];
        for (chart, piece) in charts.iter().enumerate() {
            for t in &piece.triangles {
                let [a, b, c] = mesh.triangles[*t as usize].map(|v| self.of[chart][&v]);
                for (from, to) in [(a, b), (b, c), (c, a)] {
                    within[from].push(to);
                }
            }
        }
        within
    }
}

/// Offsets `g` that minimise `Σ_seams (f_a + g_a − f_b − g_b)² + SMOOTH · Σ_edges (g_i − g_j)²` (Lempitsky and Ivanov
/// 2007), by Gauss and Seidel's rounds.
fn close_seams(
    mesh: &Mesh,
    charts: &[Chart],
    nodes: &Nodes,
    colors: &[Option<Color>],
) -> Vec<Color> {
    let mut across: Vec<Vec<usize>> = vec![Vec::new(); nodes.list.len()];
    let mut by_vertex: Vec<Vec<usize>> = vec![Vec::new(); mesh.positions.len()];
    for (node, (_, vertex)) in nodes.list.iter().enumerate() {
        if colors[node].is_some() {
            by_vertex[*vertex as usize].push(node);
        }
    }
    for group in by_vertex.iter().filter(|group| group.len() > 1) {
        for a in group {
            across[*a].extend(group.iter().filter(|b| *b != a));
        }
    }
    let within = nodes.within(mesh, charts);
    let mut offsets = vec![[0.0_f32; 3]; nodes.list.len()];
    for _ in 0..SEAM_ROUNDS {
        for node in 0..offsets.len() {
            let Some(own) = colors[node] else { continue };
            let mut sum = [0.0; 3];
            let mut weight = 1e-4;
            for other in &across[node] {
                if let Some(color) = colors[*other] {
                    for c in 0..3 {
                        sum[c] += color[c] + offsets[*other][c] - own[c];
                    }
                    weight += 1.0;
                }
            }
            for other in &within[node] {
                for c in 0..3 {
                    sum[c] += SMOOTH * offsets[*other][c];
                }
                weight += SMOOTH;
            }
            offsets[node] = sum.map(|v| v / weight);
        }
    }
    offsets
}

/// Colours of what no photo shows: those of the vertices about it, spread evenly.
fn fill_unseen(
    mesh: &Mesh,
    charts: &[Chart],
    nodes: &Nodes,
    colors: &[Option<Color>],
    out: &mut [HashMap<u32, Color>],
) {
    const ROUNDS: usize = 200;
    let mut known = vec![false; mesh.positions.len()];
    let mut color = vec![[0.0_f32; 3]; mesh.positions.len()];
    let (mut sum, mut count) = ([0.0_f32; 3], 0.0_f32);
    for (node, (chart, vertex)) in nodes.list.iter().enumerate() {
        if let Some(own) = colors[node] {
            let offset = out[*chart].get(vertex).copied().unwrap_or_default();
            let at = *vertex as usize;
            color[at] = std::array::from_fn(|c| (own[c] + offset[c]).clamp(0.0, 255.0));
            known[at] = true;
            sum = std::array::from_fn(|c| sum[c] + color[at][c]);
            count += 1.0;
        }
    }
    let mean = sum.map(|v| v / count.max(1.0));
    let open: Vec<usize> = (0..known.len()).filter(|at| !known[*at]).collect();
    let mut around: HashMap<usize, Vec<usize>> = HashMap::new();
    for t in &mesh.triangles {
        for k in 0..3 {
            let (a, b) = (t[k] as usize, t[(k + 1) % 3] as usize);
            if !known[a] {
                around.entry(a).or_default().push(b);
            }
        }
    }
    for at in &open {
        color[*at] = mean;
    }
    for _ in 0..ROUNDS {
        for at in &open {
            let Some(list) = around.get(at) else { continue };
            let n = list.len() as f32;
            color[*at] =
                std::array::from_fn(|c| list.iter().map(|b| color[*b][c]).sum::<f32>() / n);
        }
    }
    for (chart, piece) in charts.iter().enumerate() {
        if let Label::Unseen(_) = piece.label {
            for vertex in piece.places.keys() {
                out[chart].insert(*vertex, color[*vertex as usize]);
            }
        }
    }
}
