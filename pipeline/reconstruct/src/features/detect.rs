//! Blobs of a photo and what surrounds them: difference of Gaussians and gradient histograms (Lowe 2004), upright,
//! compared as Arandjelović and Zisserman 2012 do (`RootSIFT`).
//!
//! Nothing turns in the picture while the table turns, so descriptors have no orientation of their own: that keeps more
//! of what tells them apart.

use crate::camera::Pixel;
use crate::distance::DistanceField;
use crate::observation::Window;

/// Scales of an octave.
const SCALES: usize = 3;
/// Blur of the first scale, pixels.
const SIGMA: f32 = 1.6;
/// Blur that a photo has, pixels.
const CAMERA_SIGMA: f32 = 0.5;
/// Octaves that are looked at.
const OCTAVES: usize = 4;
/// Least difference of Gaussians, of values 0 to 1.
const LEAST_CONTRAST: f32 = 0.008;
/// Ratio of curvatures beyond which a blob is an edge.
const EDGE_RATIO: f32 = 10.0;
/// How far from the outline features lie, on either side, pixels.
const EDGE_PX: f32 = 9.0;
/// Most features of a photo on the product and as many beside it, the strongest first.
const MOST: usize = 1200;

/// A blob.
#[derive(Clone, Debug)]
pub(crate) struct Feature {
    /// Its place in the whole photo.
    pub place: [f64; 2],
    /// Whether it lies on the product; else on what stands about it.
    pub on_product: bool,
    /// Square roots of its histogram's shares, 0 to 255 for 0 to ½.
    pub descriptor: [u8; 128],
}

#[derive(Clone)]
struct Picture {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Picture {
    fn at(&self, x: usize, y: usize) -> f32 {
        self.values[y * self.width + x]
    }

    fn blurred(&self, sigma: f32) -> Self {
        let reach = (sigma * 3.0).ceil() as usize;
        let mut kernel: Vec<f32> = (0..=reach)
            .map(|k| (-((k * k) as f32) / (2.0 * sigma * sigma)).exp())
            .collect();
        let sum = kernel[0] + 2.0 * kernel[1..].iter().sum::<f32>();
        for k in &mut kernel {
            *k /= sum;
        }
        let (w, h) = (self.width, self.height);
        let mut across = vec![0.0; w * h];
        let mut padded = vec![0.0; w + 2 * reach];
        for (row, out) in self.values.chunks_exact(w).zip(across.chunks_exact_mut(w)) {
            padded[..reach].fill(row[0]);
            padded[reach..reach + w].copy_from_slice(row);
            padded[reach + w..].fill(row[w - 1]);
            for (x, out) in out.iter_mut().enumerate() {
                let centre = x + reach;
                let mut sum = padded[centre] * kernel[0];
                for (k, weight) in kernel.iter().enumerate().skip(1) {
                    sum += (padded[centre - k] + padded[centre + k]) * weight;
                }
                *out = sum;
            }
        }
        let mut values = vec![0.0; w * h];
        for (y, out) in values.chunks_exact_mut(w).enumerate() {
            for (k, weight) in kernel.iter().enumerate() {
                let above = y.saturating_sub(k) * w;
                let below = (y + k).min(h - 1) * w;
                let factor = if k == 0 { 0.5 * weight } else { *weight };
                let rows = across[above..above + w]
                    .iter()
                    .zip(&across[below..below + w]);
                for (out, (a, b)) in out.iter_mut().zip(rows) {
                    *out += (a + b) * factor;
                }
            }
        }
        Self {
            width: w,
            height: h,
            values,
        }
    }

    fn halved(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let mut values = Vec::with_capacity(width * height);
        for y in 0..height {
            values.extend((0..width).map(|x| self.at(2 * x, 2 * y)));
        }
        Self {
            width,
            height,
            values,
        }
    }
}

/// The features in a window, but for those near the product's outline.
pub(crate) fn detect(window: &Window, field: &DistanceField) -> Vec<Feature> {
    if window.width < 32 || window.height < 32 {
        return Vec::new();
    }
    let values = window
        .rgba
        .chunks_exact(4)
        .map(|p| {
            (0.299 * f32::from(p[0]) + 0.587 * f32::from(p[1]) + 0.114 * f32::from(p[2])) / 255.0
        })
        .collect();
    let first = Picture {
        width: window.width,
        height: window.height,
        values,
    };
    let mut base = first.blurred((SIGMA * SIGMA - CAMERA_SIGMA * CAMERA_SIGMA).sqrt());
    let mut found: Vec<(f32, Feature)> = Vec::new();
    for octave in 0..OCTAVES {
        if base.width < 24 || base.height < 24 {
            break;
        }
        let mut gaussians = vec![base.clone()];
        let step = 2_f32.powf(1.0 / SCALES as f32);
        for scale in 1..SCALES + 3 {
            let before = SIGMA * step.powi(scale as i32 - 1);
            let more = before * (step * step - 1.0).sqrt();
            gaussians.push(gaussians[scale - 1].blurred(more));
        }
        let differences: Vec<Picture> = gaussians
            .windows(2)
            .map(|pair| Picture {
                values: pair[1]
                    .values
                    .iter()
                    .zip(&pair[0].values)
                    .map(|(b, a)| b - a)
                    .collect(),
                ..pair[0].clone()
            })
            .collect();
        let pixels = f64::from(1_u32 << octave);
        for (scale, around) in differences.windows(3).enumerate() {
            extrema(around, |x, y, value| {
                let Some([dx, dy, ds]) = refined(around, x, y) else {
                    return;
                };
                let place = [
                    (x as f64 + f64::from(dx) + 0.5) * pixels - 0.5 * (pixels - 1.0)
                        + window.left as f64,
                    (y as f64 + f64::from(dy) + 0.5) * pixels - 0.5 * (pixels - 1.0)
                        + window.top as f64,
                ];
                let inside = field.at(Pixel {
                    x: place[0],
                    y: place[1],
                });
                if inside.abs() < EDGE_PX {
                    return;
                }
                let sigma = SIGMA * step.powf(scale as f32 + 1.0 + ds);
                let at = [x as f32 + dx, y as f32 + dy];
                if let Some(descriptor) = describe(&gaussians[scale + 1], at, sigma) {
                    found.push((
                        value.abs(),
                        Feature {
                            place,
                            on_product: inside > 0.0,
                            descriptor,
                        },
                    ));
                }
            });
        }
        base = gaussians[SCALES].halved();
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    // Neither side may crowd the other out.
    let mut room = [MOST; 2];
    found.retain(|(_, feature)| {
        let room = &mut room[usize::from(feature.on_product)];
        let kept = *room > 0;
        *room = room.saturating_sub(1);
        kept
    });
    found.into_iter().map(|(_, feature)| feature).collect()
}

fn extrema(around: &[Picture], mut put: impl FnMut(usize, usize, f32)) {
    let [below, here, above] = around else { return };
    let w = here.width;
    for y in 2..here.height - 2 {
        for x in 2..w - 2 {
            let value = here.at(x, y);
            if value.abs() < LEAST_CONTRAST * 0.7 {
                continue;
            }
            let larger = |other: f32| {
                if value > 0.0 {
                    value > other
                } else {
                    value < other
                }
            };
            let all = [below, here, above]
                .iter()
                .enumerate()
                .all(|(layer, picture)| {
                    (y - 1..=y + 1).all(|ny| {
                        let row = &picture.values[ny * w + x - 1..ny * w + x + 2];
                        row.iter()
                            .enumerate()
                            .all(|(k, v)| (layer == 1 && ny == y && k == 1) || larger(*v))
                    })
                });
            if all && !is_edge(here, x, y) {
                put(x, y, value);
            }
        }
    }
}

fn is_edge(picture: &Picture, x: usize, y: usize) -> bool {
    let v = |dx: usize, dy: usize| picture.at(x + dx - 1, y + dy - 1);
    let xx = v(2, 1) + v(0, 1) - 2.0 * v(1, 1);
    let yy = v(1, 2) + v(1, 0) - 2.0 * v(1, 1);
    let xy = (v(2, 2) + v(0, 0) - v(2, 0) - v(0, 2)) / 4.0;
    let (trace, determinant) = (xx + yy, xx * yy - xy * xy);
    determinant <= 0.0
        || trace * trace * EDGE_RATIO >= (EDGE_RATIO + 1.0) * (EDGE_RATIO + 1.0) * determinant
}

/// The extremum between pixels and scales: one step of Newton's method, axis by axis. `None` where it lies elsewhere or
/// is faint.
fn refined(around: &[Picture], x: usize, y: usize) -> Option<[f32; 3]> {
    let [below, here, above] = around else {
        return None;
    };
    let value = here.at(x, y);
    let lines = [
        [here.at(x - 1, y), here.at(x + 1, y)],
        [here.at(x, y - 1), here.at(x, y + 1)],
        [below.at(x, y), above.at(x, y)],
    ];
    let mut offset = [0.0; 3];
    let mut peak = value;
    for (offset, [before, after]) in offset.iter_mut().zip(lines) {
        let slope = (after - before) / 2.0;
        let bend = before + after - 2.0 * value;
        if bend == 0.0 {
            return None;
        }
        *offset = -slope / bend;
        peak += 0.5 * slope * *offset;
    }
    (offset.iter().all(|o| o.abs() < 0.8) && peak.abs() >= LEAST_CONTRAST).then_some(offset)
}

/// Histograms of gradients over 4 × 4 fields about a place, `sigma` in pixels of `picture`.
fn describe(picture: &Picture, [cx, cy]: [f32; 2], sigma: f32) -> Option<[u8; 128]> {
    let field = 3.0 * sigma;
    let reach = (field * 2.5).ceil() as i64;
    let (x0, y0) = (cx.round() as i64, cy.round() as i64);
    let (w, h) = (picture.width as i64, picture.height as i64);
    if x0 - reach < 1 || y0 - reach < 1 || x0 + reach >= w - 1 || y0 + reach >= h - 1 {
        return None;
    }
    let mut bins = [0.0_f32; 128];
    for y in y0 - reach..=y0 + reach {
        for x in x0 - reach..=x0 + reach {
            let (u, v) = ((x as f32 - cx) / field + 1.5, (y as f32 - cy) / field + 1.5);
            if u <= -1.0 || v <= -1.0 || u >= 4.0 || v >= 4.0 {
                continue;
            }
            let (px, py) = (x as usize, y as usize);
            let dx = picture.at(px + 1, py) - picture.at(px - 1, py);
            let dy = picture.at(px, py + 1) - picture.at(px, py - 1);
            let away = ((u - 1.5) * (u - 1.5) + (v - 1.5) * (v - 1.5)) / 8.0;
            let strength = dx.hypot(dy) * (-away).exp();
            let turn = dy.atan2(dx) / std::f32::consts::TAU * 8.0 + 8.0;
            share(&mut bins, u, v, turn, strength);
        }
    }
    let length = bins.iter().map(|b| b * b).sum::<f32>().sqrt();
    if length < 1e-6 {
        return None;
    }
    // No single gradient may outweigh the rest.
    for bin in &mut bins {
        *bin = (*bin / length).min(0.2);
    }
    let sum: f32 = bins.iter().sum();
    Some(bins.map(|b| ((b / sum).sqrt() * 510.0).min(255.0) as u8))
}

fn share(bins: &mut [f32; 128], u: f32, v: f32, turn: f32, strength: f32) {
    let (u0, v0, t0) = (u.floor(), v.floor(), turn.floor());
    let parts = [u - u0, v - v0, turn - t0];
    for corner in 0..8_usize {
        let take = |axis: usize| {
            let part = parts[axis];
            if corner >> axis & 1 == 1 {
                part
            } else {
                1.0 - part
            }
        };
        let (bu, bv) = (
            u0 as i64 + (corner & 1) as i64,
            v0 as i64 + (corner >> 1 & 1) as i64,
        );
        if (0..4).contains(&bu) && (0..4).contains(&bv) {
            let bt = (t0 as usize + (corner >> 2)) % 8;
            bins[(bv as usize * 4 + bu as usize) * 8 + bt] +=
                strength * take(0) * take(1) * take(2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Dots of several sizes on grey, shifted by a part of a pixel.
    fn dots(shift: f64) -> Window {
        let spots = [
            (40.0, 44.0, 4.0),
            (88.0, 52.0, 6.0),
            (60.0, 92.0, 5.0),
            (104.0, 100.0, 3.5),
        ];
        let mut rgba = Vec::new();
        for y in 0..140 {
            for x in 0..140 {
                let mut value = 120.0;
                for (sx, sy, radius) in spots {
                    let away = (f64::from(x) + 0.5 - sx - shift).powi(2)
                        + (f64::from(y) + 0.2 - sy).powi(2);
                    value += 100.0 * (-away / (2.0 * radius * radius)).exp();
                }
                let value = value.min(255.0) as u8;
                rgba.extend([value, value, value, 255]);
            }
        }
        Window {
            left: 10,
            top: 20,
            width: 140,
            height: 140,
            rgba,
        }
    }

    #[test]
    fn dots_are_found_where_they_lie_and_know_each_other_again() {
        let find = |shift| {
            let window = dots(shift);
            detect(&window, &DistanceField::of(&window))
        };
        let (still, moved) = (find(0.15), find(0.55));
        for (x, y) in [(40.0, 44.0), (88.0, 52.0), (60.0, 92.0), (104.0, 100.0)] {
            let near = |features: &[Feature], shift: f64| {
                features
                    .iter()
                    .find(|f| (f.place[0] - x - 10.0 - shift).hypot(f.place[1] - y - 20.3) < 0.3)
                    .map(|f| f.descriptor)
            };
            let (a, b) = (near(&still, 0.15).unwrap(), near(&moved, 0.55).unwrap());
            let apart: i32 = a
                .iter()
                .zip(&b)
                .map(|(a, b)| (i32::from(*a) - i32::from(*b)).pow(2))
                .sum();
            assert!(apart < 6000, "{apart}");
        }
    }
}
