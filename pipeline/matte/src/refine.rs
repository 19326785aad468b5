//! From a small mask to an alpha at a photo's own resolution, and the product's colours without its background's.

use crate::FrameCut;
use crate::maxflow::{GridCut, STEPS};
use crate::plane::{Mask, Plane};
use crate::proxy::linear_of;

/// A cut-out: straight (not multiplied) sRGB with alpha.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cutout {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Four bytes a pixel. Colours under a partial alpha are the product's own, freed of what shone through.
    pub rgba: Vec<u8>,
}

/// Which part of a photo is looked at, in shares of its width and height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// From the left.
    pub left: f32,
    /// From the top.
    pub top: f32,
    /// Its width.
    pub width: f32,
    /// Its height.
    pub height: f32,
}

impl Part {
    /// All of it.
    pub const WHOLE: Self = Self {
        left: 0.0,
        top: 0.0,
        width: 1.0,
        height: 1.0,
    };
}

/// How far from the small mask's edge, in its pixels, the true edge may lie.
const REACH: f32 = 2.2;
/// Colours on either side are looked up on a raster of this long side.
const COLOR_SIDE: usize = 960;
/// The distance of the two sides' colours, in square roots of linear light, from which the edge is told by them alone.
const CLEAR_CONTRAST: f32 = 0.16;
/// Below this distance colours tell nothing.
const FAINT_CONTRAST: f32 = 0.05;

/// Finds the edge of `cut` in the photo that its proxy was made of, at any size, three bytes a pixel.
///
/// `rgb` may be a part of the photo only, as `part` says.
///
/// # Panics
/// Where `rgb` does not hold `width` × `height` pixels.
#[must_use]
pub fn refine(width: u32, height: u32, rgb: &[u8], cut: &FrameCut, part: Part) -> Cutout {
    let (w, h) = (width as usize, height as usize);
    assert!(w > 0 && h > 0 && rgb.len() == w * h * 3);
    let linear: [f32; 256] = std::array::from_fn(|v| linear_of(v as u8));
    let middle = Middle::of(w, h, rgb, &linear);
    let cut = &middle.sharpened(cut, part);
    let sides = Sides::of(&middle, cut);
    let encode = SrgbTable::new();
    let mut rgba = Vec::with_capacity(w * h * 4);
    let scale = [
        cut.mask.width as f32 / w as f32,
        cut.mask.height as f32 / h as f32,
    ];
    let color_scale = [
        sides.product[0].width as f32 / w as f32,
        sides.product[0].height as f32 / h as f32,
    ];
    for y in 0..h {
        for x in 0..w {
            let pixel = &rgb[(y * w + x) * 3..][..3];
            let place = |scale: [f32; 2]| {
                (
                    (x as f32 + 0.5) * scale[0] - 0.5,
                    (y as f32 + 0.5) * scale[1] - 0.5,
                )
            };
            let (px, py) = place(scale);
            // In pixels of the mask, positive inside.
            let depth = cut.depth.sample(px, py);
            if depth >= REACH || depth <= -REACH {
                rgba.extend_from_slice(pixel);
                rgba.push(if depth > 0.0 { 255 } else { 0 });
                continue;
            }
            let (cx, cy) = place(color_scale);
            let product: [f32; 3] = std::array::from_fn(|c| sides.product[c].sample(cx, cy));
            let around: [f32; 3] = std::array::from_fn(|c| sides.around[c].sample(cx, cy));
            let here: [f32; 3] = std::array::from_fn(|c| linear[pixel[c] as usize]);
            let alpha = alpha(here.map(f32::sqrt), product, around, depth);
            let [product, around] = [product, around].map(|side| side.map(|v| v * v));
            // What is left of the pixel once the background's share is taken away.
            let own: [f32; 3] = std::array::from_fn(|c| {
                let freed = (here[c] - (1.0 - alpha) * around[c]) / alpha.max(0.2);
                let trust = ((alpha - 0.1) / 0.5).clamp(0.0, 1.0);
                (product[c] + (freed - product[c]) * trust).clamp(0.0, 1.0)
            });
            if alpha >= 0.995 {
                rgba.extend_from_slice(pixel);
                rgba.push(255);
            } else {
                rgba.extend(own.map(|v| encode.at(v)));
                rgba.push((alpha * 255.0 + 0.5) as u8);
            }
        }
    }
    Cutout {
        width,
        height,
        rgba,
    }
}

/// The share of the product in a pixel between two colours, `depth` mask pixels inside the mask's edge.
fn alpha(here: [f32; 3], product: [f32; 3], around: [f32; 3], depth: f32) -> f32 {
    let (by_color, contrast) = share(here, product, around);
    let by_place = (0.5 + depth / 1.6).clamp(0.0, 1.0);
    // Well inside, what resembles the background is a detail of the product; well outside, the reverse.
    let leaning = (depth / REACH).powi(3) * 0.9;
    // Texture and noise on either side are not transparency.
    let by_color = ((by_color + leaning).clamp(0.0, 1.0) - 0.12) / 0.76;
    by_place + (by_color.clamp(0.0, 1.0) - by_place) * trust(contrast)
}

/// The photo at [`COLOR_SIDE`], each value the square root of linear light.
struct Middle {
    color: [Plane<f32>; 3],
}

impl Middle {
    fn of(width: usize, height: usize, rgb: &[u8], linear: &[f32; 256]) -> Self {
        let long = width.max(height);
        let side = COLOR_SIDE.min(long);
        let (w, h) = ((width * side / long).max(1), (height * side / long).max(1));
        let roots: [f32; 256] = std::array::from_fn(|v| linear[v].sqrt());
        let color = [0, 1, 2].map(|channel| {
            Plane::from_fn(w, h, |x, y| {
                let (left, right) = (x * width / w, ((x + 1) * width / w).max(x * width / w + 1));
                let (top, bottom) = (
                    y * height / h,
                    ((y + 1) * height / h).max(y * height / h + 1),
                );
                let mut sum = 0.0;
                for sy in top..bottom {
                    for sx in left..right {
                        sum += roots[rgb[(sy * width + sx) * 3 + channel] as usize];
                    }
                }
                sum / ((right - left) * (bottom - top)) as f32
            })
        });
        Self { color }
    }

    fn size(&self) -> (usize, usize) {
        (self.color[0].width, self.color[0].height)
    }

    fn at(&self, x: usize, y: usize) -> [f32; 3] {
        [0, 1, 2].map(|c| self.color[c].at(x, y))
    }

    /// The small mask at this size, its edge moved to the strongest edge of the photo within reach: a minimum cut of
    /// the band alone.
    fn sharpened(&self, cut: &FrameCut, part: Part) -> FrameCut {
        let (w, h) = self.size();
        let depth = resampled(&cut.depth, part, w, h);
        let unit = w as f32 / (cut.mask.width as f32 * part.width);
        let sides = Sides::spread(self, &depth, unit);
        let in_band = |at: usize| depth.data[at].abs() < REACH;
        let excess = (0..w * h)
            .map(|at| {
                let d = depth.data[at];
                if !in_band(at) {
                    return if d > 0.0 { FIRM } else { -FIRM };
                }
                let (x, y) = (at % w, at / w);
                let (product, around) = sides.at(x, y);
                let (share, contrast) = share(self.at(x, y), product, around);
                let trust = trust(contrast);
                let leaning = d / REACH;
                let odds = COLOR_ODDS * trust * (2.0 * share.clamp(0.0, 1.0) - 1.0)
                    + 0.5 * leaning.powi(3);
                (odds * CUT_UNIT) as i32
            })
            .collect();
        let mut grid = GridCut::new(w, h, excess);
        for y in 0..h {
            for x in 0..w {
                let at = y * w + x;
                for direction in [0, 2, 4, 6] {
                    let (dx, dy) = STEPS[direction];
                    let (Some(ox), Some(oy)) = (x.checked_add_signed(dx), y.checked_add_signed(dy))
                    else {
                        continue;
                    };
                    if ox >= w || oy >= h || !(in_band(at) || in_band(oy * w + ox)) {
                        continue;
                    }
                    let (here, there) = (self.at(x, y), self.at(ox, oy));
                    let step = distance(here, there);
                    let (product, around) = sides.at(x, y);
                    // What is an edge depends on how far the two sides are apart.
                    let usual = USUAL_EDGE * distance(product, around) + 0.006;
                    let length = if direction < 4 {
                        1.0
                    } else {
                        std::f32::consts::FRAC_1_SQRT_2
                    };
                    let weight = 0.05 + 3.0 * (-step * step / (2.0 * usual * usual)).exp();
                    grid.tie(at, direction, (weight * length * CUT_UNIT) as i32);
                }
            }
        }
        FrameCut::new(grid.solve(), cut.shift, cut.confidence)
    }
}

/// How much colour pulls at the edge. The edge itself pulls harder: a product that darkens towards its outline would
/// lose it to the background.
const COLOR_ODDS: f32 = 0.15;
/// The usual step across an edge from pixel to pixel, as a share of the sides' distance.
const USUAL_EDGE: f32 = 0.15;
const CUT_UNIT: f32 = 64.0;
/// What no cut can outweigh.
const FIRM: i32 = 100_000;

fn resampled(plane: &Plane<f32>, part: Part, width: usize, height: usize) -> Plane<f32> {
    let (w, h) = (plane.width as f32, plane.height as f32);
    let (sx, sy) = (
        part.width * w / width as f32,
        part.height * h / height as f32,
    );
    Plane::from_fn(width, height, |x, y| {
        plane.sample(
            part.left * w + (x as f32 + 0.5) * sx - 0.5,
            part.top * h + (y as f32 + 0.5) * sy - 0.5,
        )
    })
}

fn distance(a: [f32; 3], b: [f32; 3]) -> f32 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b) * (a - b))
        .sum::<f32>()
        .sqrt()
}

/// Where `here` lies from the background's colour (0) to the product's (1), and how far these are apart. Square roots
/// of linear light even out the eye's and the sensor's sensitivity over the range.
fn share(here: [f32; 3], product: [f32; 3], around: [f32; 3]) -> (f32, f32) {
    let (mut along, mut square) = (0.0, 0.0);
    for c in 0..3 {
        let span = product[c] - around[c];
        along += (here[c] - around[c]) * span;
        square += span * span;
    }
    (along / square.max(1e-6), square.sqrt())
}

fn trust(contrast: f32) -> f32 {
    ((contrast - FAINT_CONTRAST) / (CLEAR_CONTRAST - FAINT_CONTRAST)).clamp(0.0, 1.0)
}

/// The colours on both sides of the edge, spread across it: square roots of linear light.
struct Sides {
    product: [Plane<f32>; 3],
    around: [Plane<f32>; 3],
}

impl Sides {
    fn of(middle: &Middle, cut: &FrameCut) -> Self {
        Self::spread(middle, &cut.depth, 1.0)
    }

    fn at(&self, x: usize, y: usize) -> ([f32; 3], [f32; 3]) {
        (
            [0, 1, 2].map(|c| self.product[c].at(x, y)),
            [0, 1, 2].map(|c| self.around[c].at(x, y)),
        )
    }

    /// `depth` is counted in units of `unit` pixels.
    fn spread(middle: &Middle, depth: &Plane<f32>, unit: f32) -> Self {
        let (w, h) = middle.size();
        let sigma = 2.2 * unit;
        let side = |inside: bool| {
            // Near but not at the edge; the nearest count most.
            let weight = depth.map(|d| {
                let d = if inside { *d } else { -*d };
                if d > 0.8 {
                    1.0 / (1.0 + (d - 0.8) * 0.5)
                } else {
                    0.0
                }
            });
            let total = weight.blurred(sigma);
            let wide_total = weight.blurred(sigma * 4.0);
            [0, 1, 2].map(|channel| {
                let weighted = Plane {
                    width: w,
                    height: h,
                    data: middle.color[channel]
                        .data
                        .iter()
                        .zip(&weight.data)
                        .map(|(c, w)| c * w)
                        .collect(),
                };
                let near = weighted.blurred(sigma);
                let wide = weighted.blurred(sigma * 4.0);
                Plane {
                    width: w,
                    height: h,
                    data: (0..w * h)
                        .map(|at| {
                            // Where a part is thinner than the filter, its wider surroundings speak.
                            let doubt = 1e-3;
                            (near.data[at] + doubt * wide.data[at])
                                / (total.data[at] + doubt * wide_total.data[at]).max(1e-9)
                        })
                        .collect(),
                }
            })
        };
        Self {
            product: side(true),
            around: side(false),
        }
    }
}

/// Signed distance to the mask's edge in pixels, positive inside, 0 on the edge between two pixels.
pub(crate) fn signed_depth(mask: &Mask) -> Plane<f32> {
    let inside = mask.inverted().distance();
    let outside = mask.distance();
    Plane {
        width: mask.width,
        height: mask.height,
        data: inside
            .data
            .iter()
            .zip(&outside.data)
            .map(|(i, o)| {
                if *i > 0.0 {
                    (i - 0.5).min(60.0)
                } else {
                    (0.5 - o).max(-60.0)
                }
            })
            .collect(),
    }
}

/// sRGB samples of linear light, from a table of 4096 steps.
struct SrgbTable(Vec<u8>);

impl SrgbTable {
    fn new() -> Self {
        Self(
            (0..=4096)
                .map(|at| {
                    // Spaced by square roots: even steps for the eye.
                    let v = (at as f32 / 4096.0).powi(2);
                    let encoded = if v <= 0.003_130_8 {
                        12.92 * v
                    } else {
                        1.055 * v.powf(1.0 / 2.4) - 0.055
                    };
                    (encoded * 255.0 + 0.5) as u8
                })
                .collect(),
        )
    }

    fn at(&self, linear: f32) -> u8 {
        self.0[(linear.clamp(0.0, 1.0).sqrt() * 4096.0) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A dark disc on a bright ground, its edge anti-aliased in linear light.
    fn disc_photo(side: usize, radius: f32) -> Vec<u8> {
        let table = SrgbTable::new();
        (0..side * side)
            .flat_map(|at| {
                let (x, y) = ((at % side) as f32 + 0.5, (at / side) as f32 + 0.5);
                let d = (x - side as f32 / 2.0).hypot(y - side as f32 / 2.0);
                let share = (radius - d + 0.5).clamp(0.0, 1.0);
                [0.08, 0.02, 0.3].map(|c| table.at(c * share + 0.8 * (1.0 - share)))
            })
            .collect()
    }

    #[test]
    fn an_edge_is_found_to_a_fraction_of_the_small_masks_pixel() {
        let photo = disc_photo(900, 300.0);
        // The mask's edge is a pixel of its own (2.5 of the photo's) too far out.
        let mask = Mask::from_fn(360, 360, |x, y| {
            (x as f32 - 179.5).hypot(y as f32 - 179.5) < 121.0
        });
        let cut = FrameCut::new(mask, [0.0; 2], 1.0);
        let out = refine(900, 900, &photo, &cut, Part::WHOLE);
        let mut wrong = 0.0;
        let mut band = 0;
        for at in 0..900 * 900 {
            let (x, y) = ((at % 900) as f32 + 0.5, (at / 900) as f32 + 0.5);
            let d = (x - 450.0).hypot(y - 450.0);
            if (d - 300.0).abs() < 10.0 {
                let truth = (300.0 - d + 0.5).clamp(0.0, 1.0);
                wrong += (f32::from(out.rgba[at * 4 + 3]) / 255.0 - truth).abs();
                band += 1;
                if truth < 0.6 && out.rgba[at * 4 + 3] > 50 {
                    // No white fringe on what is left of the product.
                    assert!(
                        out.rgba[at * 4 + 1] < 110,
                        "{:?}",
                        &out.rgba[at * 4..at * 4 + 4]
                    );
                }
            }
        }
        assert!(wrong / (band as f32) < 0.02, "{}", wrong / band as f32);
    }
}
