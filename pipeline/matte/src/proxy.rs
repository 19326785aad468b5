use crate::plane::Plane;

/// The long side of a [`Proxy`] in pixels.
pub const PROXY_SIDE: u32 = 480;

/// A small copy of a photo, all that the cut needs of it until the edges are refined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    width: usize,
    height: usize,
    /// sRGB, three bytes a pixel.
    rgb: Vec<u8>,
    /// How rough the photo is at its own resolution: the root mean square of log luminance less its local mean, in
    /// steps of 1/400.
    roughness: Vec<u8>,
}

impl Proxy {
    /// The proxy of an upright sRGB photo of three bytes a pixel. It should have at least 1000 pixels on its long
    /// side, or roughness says little.
    ///
    /// # Panics
    /// Where `rgb` does not hold `width` × `height` pixels, or there are none.
    #[must_use]
    pub fn of(width: u32, height: u32, rgb: &[u8]) -> Self {
        let (full_width, full_height) = (width as usize, height as usize);
        assert!(full_width > 0 && full_height > 0 && rgb.len() == full_width * full_height * 3);
        let long = full_width.max(full_height);
        let side = (PROXY_SIDE as usize).min(long);
        let scaled = |length: usize| ((length * side + long / 2) / long).max(1);
        let (width, height) = (scaled(full_width), scaled(full_height));
        let mut out = Self {
            width,
            height,
            rgb: vec![0; width * height * 3],
            roughness: vec![0; width * height],
        };
        let bounds = |at: usize, from: usize, to: usize| {
            (
                at * from / to,
                ((at + 1) * from / to).max(at * from / to + 1),
            )
        };
        let log = LogTable::new();
        for first in (0..height).step_by(STRIP) {
            let last = (first + STRIP).min(height);
            let top = bounds(first, full_height, height).0;
            let bottom = bounds(last - 1, full_height, height).1;
            let strip = Roughness::of(full_width, full_height, rgb, top..bottom, &log);
            for y in first..last {
                let (top, bottom) = bounds(y, full_height, height);
                for x in 0..width {
                    let (left, right) = bounds(x, full_width, width);
                    let mut sum = [0_u32; 3];
                    let mut square = 0.0_f32;
                    for source_y in top..bottom {
                        let row = &rgb[(source_y * full_width + left) * 3
                            ..(source_y * full_width + right) * 3];
                        for pixel in row.chunks_exact(3) {
                            for (sum, value) in sum.iter_mut().zip(pixel) {
                                *sum += u32::from(*value);
                            }
                        }
                        square += strip.row(source_y)[left..right].iter().sum::<f32>();
                    }
                    let count = ((bottom - top) * (right - left)) as u32;
                    let at = y * width + x;
                    for (out, sum) in out.rgb[at * 3..at * 3 + 3].iter_mut().zip(sum) {
                        *out = ((sum + count / 2) / count) as u8;
                    }
                    out.roughness[at] =
                        ((square / count as f32).sqrt() * ROUGHNESS_STEPS).min(255.0) as u8;
                }
            }
        }
        out
    }

    /// Width in pixels.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.height
    }

    /// sRGB, three bytes a pixel.
    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The root mean square over 3 × 3 pixels: a single pixel's is as uncertain as it is high.
    pub(crate) fn roughness(&self) -> Plane<f32> {
        let squares = Plane {
            width: self.width,
            height: self.height,
            data: self
                .roughness
                .iter()
                .map(|v| (f32::from(*v) / ROUGHNESS_STEPS).powi(2))
                .collect(),
        };
        squares.box_filtered(1).map(|v| v.max(0.0).sqrt())
    }
}

const ROUGHNESS_STEPS: f32 = 400.0;

/// Rows of a proxy that are made at once: few, because logarithms of a whole photo are six times its size.
const STRIP: usize = 16;
/// How far the local mean reaches to each side, in the photo's pixels.
const MEAN_REACH: usize = 2;

/// Squares of log luminance less its mean over 5 × 5 pixels, for some rows of a photo.
struct Roughness {
    first_row: usize,
    squares: Plane<f32>,
}

impl Roughness {
    fn of(
        width: usize,
        height: usize,
        rgb: &[u8],
        rows: std::ops::Range<usize>,
        log: &LogTable,
    ) -> Self {
        let first_row = rows.start.saturating_sub(MEAN_REACH);
        let last_row = (rows.end + MEAN_REACH).min(height);
        let luminance = Plane {
            width,
            height: last_row - first_row,
            data: rgb[first_row * width * 3..last_row * width * 3]
                .chunks_exact(3)
                .map(|p| log.luminance([p[0], p[1], p[2]]))
                .collect(),
        };
        let mean = luminance.box_filtered(MEAN_REACH);
        let mut squares = luminance;
        for (value, mean) in squares.data.iter_mut().zip(&mean.data) {
            *value = (*value - mean) * (*value - mean);
        }
        Self { first_row, squares }
    }

    /// One of the rows asked for.
    fn row(&self, y: usize) -> &[f32] {
        let width = self.squares.width;
        &self.squares.data[(y - self.first_row) * width..][..width]
    }
}

/// Natural logarithms of linear light for the 256 values of an sRGB sample.
///
/// A little is added before the logarithm: below it a camera's noise exceeds its signal.
#[derive(Clone, Debug)]
pub(crate) struct LogTable([f32; 256]);

/// What is added to linear light, of which white is 1.
pub(crate) const DARK: f32 = 0.004;

impl LogTable {
    pub(crate) fn new() -> Self {
        Self(std::array::from_fn(|value| {
            (linear_of(value as u8) + DARK).ln()
        }))
    }

    pub(crate) fn rgb(&self, pixel: [u8; 3]) -> [f32; 3] {
        pixel.map(|value| self.0[value as usize])
    }

    /// Mean of the logarithms weighed like luminance: near enough to the logarithm of luminance and without a call.
    pub(crate) fn luminance(&self, pixel: [u8; 3]) -> f32 {
        let [r, g, b] = self.rgb(pixel);
        0.25 * r + 0.65 * g + 0.1 * b
    }
}

/// Linear light, 0 to 1, of an sRGB sample (IEC 61966-2-1).
pub(crate) fn linear_of(value: u8) -> f32 {
    let v = f32::from(value) / 255.0;
    if v <= 0.040_45 {
        v / 12.92
    } else {
        ((v + 0.055) / 1.055).powf(2.4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_photo_has_a_flat_smooth_proxy() {
        let proxy = Proxy::of(1000, 750, &[120, 130, 140].repeat(1000 * 750));
        assert_eq!((proxy.width(), proxy.height()), (480, 360));
        assert!(proxy.rgb().chunks_exact(3).all(|p| p == [120, 130, 140]));
        assert!(proxy.roughness.iter().all(|v| *v == 0));
    }

    #[test]
    fn fine_texture_shows_where_colour_is_averaged_away() {
        let rgb: Vec<u8> = (0..1200 * 900)
            .flat_map(|at| {
                let (x, y) = (at % 1200, at / 1200);
                [if x < 600 || (x / 2 + y / 2) % 2 == 0 {
                    200
                } else {
                    210
                }; 3]
            })
            .collect();
        let proxy = Proxy::of(1200, 900, &rgb);
        let rough = proxy.roughness();
        assert!(
            rough.at(100, 180) < 0.005 && rough.at(400, 180) > 0.02,
            "{}",
            rough.at(400, 180)
        );
    }

    #[test]
    fn odd_sizes_are_covered() {
        for (width, height) in [(1, 1), (7, 900), (481, 3), (480, 480)] {
            let proxy = Proxy::of(width, height, &vec![9; (width * height * 3) as usize]);
            assert!(
                proxy.width() >= 1
                    && proxy.height() >= 1
                    && proxy.width().max(proxy.height()) <= 480
            );
        }
    }
}
