//! How far each pixel lies from the product's outline.

use rayon::prelude::*;

use crate::camera::Pixel;
use crate::observation::{Observation, Window};

/// Signed distance to the outline in pixels, positive inside, at the pixels of a window.
#[derive(Clone, Debug)]
pub(crate) struct DistanceField {
    left: f64,
    top: f64,
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl DistanceField {
    pub fn of_all(observations: &[Observation]) -> Vec<Self> {
        observations
            .par_iter()
            .map(|o| Self::of(&o.window))
            .collect()
    }

    /// Exact between pixel centres (Felzenszwalb and Huttenlocher 2012); on the edge itself the cover tells.
    pub fn of(window: &Window) -> Self {
        let cover: Vec<u8> = window.rgba.chunks_exact(4).map(|p| p[3]).collect();
        Self::of_cover(window, &cover)
    }

    /// The same with another cover of the window's pixels.
    pub fn of_cover(window: &Window, cover: &[u8]) -> Self {
        let (width, height) = (window.width, window.height);
        let inside: Vec<bool> = cover.iter().map(|c| *c >= 128).collect();
        let to_product = squared_distance(&inside, true, width, height);
        let to_rest = squared_distance(&inside, false, width, height);
        let values = cover
            .iter()
            .zip(to_product.iter().zip(&to_rest))
            .map(|(cover, (product, rest))| {
                let cover = f32::from(*cover) / 255.0 - 0.5;
                if cover > 0.0 {
                    let far = rest.sqrt() - 0.5;
                    if cover < 0.47 { cover.min(far) } else { far }
                } else {
                    let far = 0.5 - product.sqrt();
                    if cover > -0.47 { cover.max(far) } else { far }
                }
            })
            .collect();
        Self {
            left: window.left as f64 + 0.5,
            top: window.top as f64 + 0.5,
            width,
            height,
            values,
        }
    }

    /// The distance at the middle of each pixel of the window, row by row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The distance at a place of the whole photo. Outside of the window it grows by the distance to the window.
    pub fn at(&self, place: Pixel) -> f32 {
        if self.width < 2 || self.height < 2 {
            return -1e6;
        }
        let (x, y) = (place.x - self.left, place.y - self.top);
        let within = |v: f64, side: usize| v.clamp(0.0, side as f64 - 1.001);
        let (cx, cy) = (within(x, self.width), within(y, self.height));
        let (x0, y0) = (cx as usize, cy as usize);
        let (fx, fy) = ((cx - x0 as f64) as f32, (cy - y0 as f64) as f32);
        let at = y0 * self.width + x0;
        let v = &self.values;
        let above = v[at] + (v[at + 1] - v[at]) * fx;
        let below = at + self.width;
        let below = v[below] + (v[below + 1] - v[below]) * fx;
        let value = above + (below - above) * fy;
        let beyond = (x - cx).hypot(y - cy);
        if beyond > 0.01 {
            value - beyond as f32
        } else {
            value
        }
    }
}

fn squared_distance(inside: &[bool], to: bool, width: usize, height: usize) -> Vec<f32> {
    // Larger than any squared distance in a photo, small enough for exact sums.
    const FAR: f32 = 1e9;
    let mut field: Vec<f32> = inside
        .iter()
        .map(|i| if *i == to { 0.0 } else { FAR })
        .collect();
    let longest = width.max(height);
    let mut line = vec![0.0; longest];
    let mut envelope = Envelope::new(longest);
    for x in 0..width {
        for y in 0..height {
            line[y] = field[y * width + x];
        }
        envelope.lower(&line[..height], |y, value| field[y * width + x] = value);
    }
    for row in field.chunks_exact_mut(width.max(1)) {
        line[..width].copy_from_slice(row);
        envelope.lower(&line[..width], |x, value| row[x] = value);
    }
    field
}

/// The lower envelope of parabolas over a line.
struct Envelope {
    feet: Vec<usize>,
    starts: Vec<f32>,
}

impl Envelope {
    fn new(longest: usize) -> Self {
        Self {
            feet: vec![0; longest],
            starts: vec![0.0; longest + 1],
        }
    }

    fn lower(&mut self, f: &[f32], mut put: impl FnMut(usize, f32)) {
        let (feet, starts) = (&mut self.feet, &mut self.starts);
        let mut k = 0;
        feet[0] = 0;
        starts[0] = f32::NEG_INFINITY;
        starts[1] = f32::INFINITY;
        let meet = |p: usize, q: usize| {
            let (a, b) = (p as f32, q as f32);
            ((f[q] + b * b) - (f[p] + a * a)) / (2.0 * (b - a))
        };
        for q in 1..f.len() {
            let mut s = meet(feet[k], q);
            while s <= starts[k] && k > 0 {
                k -= 1;
                s = meet(feet[k], q);
            }
            k += 1;
            feet[k] = q;
            starts[k] = s;
            starts[k + 1] = f32::INFINITY;
        }
        k = 0;
        for q in 0..f.len() {
            while starts[k + 1] < q as f32 {
                k += 1;
            }
            let away = q as f32 - feet[k] as f32;
            put(q, away * away + f[feet[k]]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disc_has_its_distance_everywhere() {
        let mut rgba = Vec::new();
        for y in 0..80 {
            for x in 0..80 {
                let away = (f64::from(x) + 0.5 - 40.0).hypot(f64::from(y) + 0.5 - 40.0);
                let cover = (20.3 - away + 0.5).clamp(0.0, 1.0);
                rgba.extend([0, 0, 0, (cover * 255.0).round() as u8]);
            }
        }
        let field = DistanceField::of(&Window::about_product(80, 80, &rgba, 4));
        for (x, y) in [
            (40.0, 40.0),
            (55.0, 48.0),
            (60.3, 40.0),
            (40.0, 66.0),
            (5.0, 5.0),
        ] {
            let away: f64 = (x - 40.0_f64).hypot(y - 40.0_f64);
            let found = f64::from(field.at(Pixel { x, y }));
            assert!((found - (20.3 - away)).abs() < 1.2, "{found} at {x}, {y}");
        }
        let edge = f64::from(field.at(Pixel { x: 60.3, y: 40.0 }));
        assert!(edge.abs() < 0.1, "{edge} on the edge");
    }
}
