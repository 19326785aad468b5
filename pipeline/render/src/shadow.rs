//! The soft shadow where the model stands: its underside seen from below, darker the nearer it is, blurred. The same as
//! the viewer's, but made on the processor: it is small, and so needs no further passes.

use crate::bake::{Baked, Part};

/// Pixels of the shadow's picture, each side.
pub(crate) const SIZE_PX: usize = 192;
/// Room around the model, as a part of its width.
const ROOM: f64 = 0.34;
/// Taps of the blur to either side, and the way between them, pixels.
const TAPS: i32 = 12;
const STEP_PX: f32 = 1.83;

/// The square of floor that holds the shadow.
pub(crate) struct Floor {
    pub center: [f32; 3],
    pub half: f32,
    /// Height over which things cast less and less of a shadow.
    fade: f32,
}

impl Floor {
    pub fn new(baked: &Baked) -> Self {
        let (min, max) = (baked.min, baked.max);
        let wide = |axis: usize| (max[axis] - min[axis]) / 2.0;
        let height = max[1] - min[1];
        let widest = wide(0).max(wide(2)).max(height * 0.05).max(1e-6);
        let center = [
            f64::midpoint(min[0], max[0]),
            min[1],
            f64::midpoint(min[2], max[2]),
        ];
        Self {
            center: center.map(|value| value as f32),
            half: (widest * (1.0 + ROOM)) as f32,
            fade: height.min(widest * 2.5).max(widest * 0.05) as f32,
        }
    }

    /// A point's place in the picture, pixels, and its height as a part of what casts.
    fn place(&self, [x, y, z]: [f32; 3]) -> [f32; 3] {
        let across =
            |value: f32, center: f32| ((value - center) / self.half * 0.5 + 0.5) * SIZE_PX as f32;
        [
            across(x, self.center[0]),
            across(z, self.center[2]),
            (y - self.center[1]) / self.fade,
        ]
    }
}

/// The shadow as RGBA, rows towards +Z: the touch in red, the cover in green. `alphas` says how much of the light each
/// part keeps.
pub(crate) fn cast(baked: &Baked, floor: &Floor, alphas: &[f32]) -> Vec<u8> {
    let mut heights = vec![f32::INFINITY; SIZE_PX * SIZE_PX];
    let mut shades = vec![[0.0_f32; 2]; SIZE_PX * SIZE_PX];
    for (part, &alpha) in baked.parts.iter().zip(alphas) {
        stamp(part, floor, alpha, &mut heights, &mut shades);
    }
    let wide = blurred(&shades, 1);
    blurred(&wide, SIZE_PX)
        .iter()
        .flat_map(|shade| {
            let [touch, cover] = shade.map(|value| (value.clamp(0.0, 1.0) * 255.0).round() as u8);
            [touch, cover, 0, 255]
        })
        .collect()
}

/// Draws a part's triangles; of several above one another the lowest counts.
fn stamp(part: &Part, floor: &Floor, alpha: f32, heights: &mut [f32], shades: &mut [[f32; 2]]) {
    for corners in part.indices.chunks_exact(3) {
        let [a, b, c] = [0, 1, 2].map(|k| floor.place(part.vertices[corners[k] as usize].position));
        let area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
        if area == 0.0 || !area.is_finite() || a[2].min(b[2]).min(c[2]) > 1.0 {
            continue;
        }
        let range = |axis: usize| {
            let least = a[axis].min(b[axis]).min(c[axis]) - 0.5;
            let greatest = a[axis].max(b[axis]).max(c[axis]) - 0.5;
            let last = SIZE_PX as f32 - 1.0;
            (
                least.ceil().clamp(0.0, last) as usize,
                greatest.floor().clamp(-1.0, last) as i32,
            )
        };
        let ((left, right), (top, bottom)) = (range(0), range(1));
        for y in top as i32..=bottom {
            for x in left as i32..=right {
                let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
                let weight = |p: [f32; 3], q: [f32; 3]| {
                    ((p[0] - px) * (q[1] - py) - (p[1] - py) * (q[0] - px)) / area
                };
                let (u, v, w) = (weight(b, c), weight(c, a), weight(a, b));
                if u < 0.0 || v < 0.0 || w < 0.0 {
                    continue;
                }
                let height = u * a[2] + v * b[2] + w * c[2];
                let at = y as usize * SIZE_PX + x as usize;
                if height <= 1.0 && height < heights[at] {
                    heights[at] = height;
                    let height = height.max(0.0);
                    // Dark where it stands, and a wide soft part from all that is above.
                    let cover = (1.0 - height) * (1.0 - height);
                    shades[at] = [(-14.0 * height).exp2() * alpha, cover * alpha];
                }
            }
        }
    }
}

/// One direction of a blur by a Gaussian, along steps of `stride`; the touch is kept narrower than the cover.
fn blurred(source: &[[f32; 2]], stride: usize) -> Vec<[f32; 2]> {
    let last = SIZE_PX as f32 - 1.0;
    let weights: Vec<[f32; 2]> = (-TAPS..=TAPS)
        .map(|tap| {
            let at = tap as f32 / 6.0;
            [14.0, 2.2].map(|narrow: f32| (-narrow * at * at).exp())
        })
        .collect();
    let mut whole = [0.0; 2];
    for weight in &weights {
        whole = [whole[0] + weight[0], whole[1] + weight[1]];
    }
    let mut out = vec![[0.0; 2]; source.len()];
    for (index, sum) in out.iter_mut().enumerate() {
        let along = index / stride % SIZE_PX;
        let first = index - along * stride;
        for (tap, weight) in (-TAPS..=TAPS).zip(&weights) {
            // Between two pixels, as a texture is read.
            let at = (along as f32 + tap as f32 * STEP_PX).clamp(0.0, last);
            let (near, part) = (at.floor() as usize, at.fract());
            let far = (near + 1).min(SIZE_PX - 1);
            let (near, far) = (source[first + near * stride], source[first + far * stride]);
            for channel in 0..2 {
                let value = near[channel] + (far[channel] - near[channel]) * part;
                sum[channel] += value * weight[channel] / whole[channel];
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blur_keeps_the_whole_and_spreads_the_cover_wider() {
        let mut source = vec![[0.0; 2]; SIZE_PX * SIZE_PX];
        let middle = SIZE_PX / 2 * SIZE_PX + SIZE_PX / 2;
        for x in 0..8 {
            source[middle + x] = [1.0; 2];
        }
        let out = blurred(&source, 1);
        for channel in 0..2 {
            let sum: f32 = out.iter().map(|shade| shade[channel]).sum();
            assert!((sum - 8.0).abs() < 0.5, "{channel}: {sum}");
        }
        assert!(out[middle - 8][1] > 4.0 * out[middle - 8][0]);
        // Other rows stay as they are.
        assert!(out[middle + SIZE_PX].iter().all(|&value| value == 0.0));
    }
}
