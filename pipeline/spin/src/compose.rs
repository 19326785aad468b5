//! One photo made into one frame: toned, cut out, placed, set before its backdrop.

use xoay_imaging::{Channels, ImagingError, Raster};

use crate::placement::Placement;
use crate::studio::{Backdrop, Treatment};

/// A frame at the resolution that its photo was decoded at, and the matte of the whole photo.
pub(crate) struct Composed {
    pub frame: Raster,
    /// Alpha of the photo before it was placed, at the size that it was decoded at.
    pub matte: Option<Matte>,
}

/// One byte a pixel; 255 is product.
pub(crate) struct Matte {
    pub width: u32,
    pub height: u32,
    pub alpha: Vec<u8>,
}

/// `size` is that of the finished box in pixels of `photo` as decoded.
pub(crate) fn compose(
    photo: Raster,
    treatment: &Treatment,
    size: (u32, u32),
    wants_matte: bool,
) -> Result<Composed, ImagingError> {
    let Some(cut) = &treatment.cut else {
        let photo = toned(photo, treatment)?;
        return Ok(Composed {
            frame: placed(photo, &treatment.placement, size, false)?,
            matte: None,
        });
    };
    let photo = match photo.channels() {
        Channels::Rgb => photo,
        Channels::Rgba => photo.flattened([255; 3]),
    };
    // What the frame does not show need not be cut out: of large photos that is most of the memory.
    let whole = (photo.width(), photo.height());
    let window = Window::of(&treatment.placement, whole);
    let photo = toned(window.cut(photo)?, treatment)?;
    let placement = window.inside(&treatment.placement, whole);
    let (width, height) = (photo.width(), photo.height());
    let cutout = xoay_matte::refine(width, height, photo.pixels(), cut, window.part(whole));
    let matte = wants_matte.then(|| window.matte(&cutout.rgba, whole));
    let frame = match treatment.backdrop {
        Backdrop::AsPhotographed => {
            drop(cutout);
            placed(photo, &placement, size, false)?
        }
        Backdrop::Transparent | Backdrop::White { .. } => {
            drop(photo);
            let cutout = Raster::new(width, height, Channels::Rgba, cutout.rgba)?;
            let cutout = placed(cutout, &placement, size, true)?;
            match treatment.backdrop {
                Backdrop::White {
                    contact_shadow: true,
                } => on_white_with_shadow(&cutout)?,
                Backdrop::White { .. } => cutout.flattened([255; 3]),
                _ => cutout,
            }
        }
    };
    Ok(Composed { frame, matte })
}

/// The rectangle of a photo, in its pixels, that its frame needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

/// More than the frame's area, as a share of the photo: what a turn or a shift brings in, and what edges are told from.
const WINDOW_MARGIN: f64 = 0.04;

impl Window {
    fn of(placement: &Placement, (width, height): (u32, u32)) -> Self {
        let range = |from: f64, length: f64, side: u32| {
            let side = f64::from(side);
            let low = ((from - WINDOW_MARGIN) * side)
                .floor()
                .clamp(0.0, side - 1.0);
            let high = ((from + length + WINDOW_MARGIN) * side)
                .ceil()
                .clamp(low + 1.0, side);
            (low as u32, (high - low) as u32)
        };
        let [left, top, across, down] = placement.area;
        let (left, width) = range(left, across, width);
        let (top, height) = range(top, down, height);
        Self {
            left,
            top,
            width,
            height,
        }
    }

    fn cut(self, photo: Raster) -> Result<Raster, ImagingError> {
        if (self.width, self.height) == (photo.width(), photo.height()) {
            return Ok(photo);
        }
        let count = photo.channels().count();
        let mut pixels = Vec::with_capacity(self.width as usize * self.height as usize * count);
        for y in self.top..self.top + self.height {
            if let Some(row) = photo.row(y) {
                let from = self.left as usize * count;
                pixels.extend_from_slice(&row[from..from + self.width as usize * count]);
            }
        }
        Raster::new(self.width, self.height, photo.channels(), pixels)
    }

    fn part(self, (width, height): (u32, u32)) -> xoay_matte::Part {
        xoay_matte::Part {
            left: self.left as f32 / width as f32,
            top: self.top as f32 / height as f32,
            width: self.width as f32 / width as f32,
            height: self.height as f32 / height as f32,
        }
    }

    /// The placement of the photo as that of the window.
    fn inside(self, placement: &Placement, (width, height): (u32, u32)) -> Placement {
        let [w, h] = [
            f64::from(width) / f64::from(self.width),
            f64::from(height) / f64::from(self.height),
        ];
        let left = f64::from(self.left) / f64::from(width);
        let top = f64::from(self.top) / f64::from(height);
        let [x, y, across, down] = placement.area;
        Placement {
            lean: placement.lean,
            pivot: [
                (placement.pivot[0] - left) * w,
                (placement.pivot[1] - top) * h,
            ],
            shift: [placement.shift[0] * w, placement.shift[1] * h],
            area: [(x - left) * w, (y - top) * h, across * w, down * h],
        }
    }

    /// The matte of the whole photo: beyond the window there is no product.
    fn matte(self, rgba: &[u8], (width, height): (u32, u32)) -> Matte {
        let mut alpha = vec![0; width as usize * height as usize];
        for (y, row) in rgba.chunks_exact(self.width as usize * 4).enumerate() {
            let from = (y + self.top as usize) * width as usize + self.left as usize;
            for (alpha, pixel) in alpha[from..].iter_mut().zip(row.chunks_exact(4)) {
                *alpha = pixel[3];
            }
        }
        Matte {
            width,
            height,
            alpha,
        }
    }
}

fn toned(photo: Raster, treatment: &Treatment) -> Result<Raster, ImagingError> {
    let Some(tones) = treatment
        .tones
        .as_ref()
        .filter(|_| photo.channels() == Channels::Rgb)
    else {
        return Ok(photo);
    };
    let (width, height) = (photo.width(), photo.height());
    let mut pixels = photo.into_pixels();
    tones.apply(&mut pixels);
    Raster::new(width, height, Channels::Rgb, pixels)
}

/// The placed photo; outside of it lies nothing (`clear_outside`) or its nearest pixel.
fn placed(
    photo: Raster,
    placement: &Placement,
    size: (u32, u32),
    clear_outside: bool,
) -> Result<Raster, ImagingError> {
    if *placement == Placement::whole() {
        return Ok(photo);
    }
    let (w, h) = (photo.width() as usize, photo.height() as usize);
    let count = photo.channels().count();
    let pixels = photo.pixels();
    let mut out = Vec::with_capacity(size.0 as usize * size.1 as usize * count);
    if placement.is_cut_only() {
        let left = (placement.area[0] * w as f64).round() as i64;
        let top = (placement.area[1] * h as f64).round() as i64;
        for y in 0..i64::from(size.1) {
            for x in 0..i64::from(size.0) {
                let (sx, sy) = (x + left, y + top);
                let inside = sx >= 0 && sy >= 0 && sx < w as i64 && sy < h as i64;
                if inside || !clear_outside {
                    let at =
                        sy.clamp(0, h as i64 - 1) as usize * w + sx.clamp(0, w as i64 - 1) as usize;
                    out.extend_from_slice(&pixels[at * count..at * count + count]);
                } else {
                    out.extend(std::iter::repeat_n(0, count));
                }
            }
        }
    } else {
        let matrix = placement.matrix((photo.width(), photo.height()), size);
        let back = inverse(matrix);
        for y in 0..size.1 {
            for x in 0..size.0 {
                let (fx, fy) = (f64::from(x) + 0.5, f64::from(y) + 0.5);
                let [sx, sy] = back.map(|[a, b, c]| a * fx + b * fy + c - 0.5);
                sample(
                    pixels,
                    (w, h),
                    count,
                    sx as f32,
                    sy as f32,
                    clear_outside,
                    &mut out,
                );
            }
        }
    }
    Raster::new(size.0, size.1, photo.channels(), out)
}

fn inverse([[a, b, c], [d, e, f]]: [[f64; 3]; 2]) -> [[f64; 3]; 2] {
    let determinant = a * e - b * d;
    let (a2, b2, d2, e2) = (
        e / determinant,
        -b / determinant,
        -d / determinant,
        a / determinant,
    );
    [[a2, b2, -(a2 * c + b2 * f)], [d2, e2, -(d2 * c + e2 * f)]]
}

/// Catmull and Rom's cubic over 4 × 4 pixels: it moves pixels by fractions and keeps them sharp. Colours count by
/// their alpha.
fn sample(
    pixels: &[u8],
    (w, h): (usize, usize),
    count: usize,
    x: f32,
    y: f32,
    clear_outside: bool,
    out: &mut Vec<u8>,
) {
    let (x0, y0) = (x.floor(), y.floor());
    let weights_x = catmull_rom(x - x0);
    let weights_y = catmull_rom(y - y0);
    let mut sum = [0.0_f32; 4];
    let mut plain = [0.0_f32; 3];
    for (j, wy) in weights_y.iter().enumerate() {
        let sy = y0 as i64 + j as i64 - 1;
        for (i, wx) in weights_x.iter().enumerate() {
            let sx = x0 as i64 + i as i64 - 1;
            let inside = sx >= 0 && sy >= 0 && sx < w as i64 && sy < h as i64;
            if !inside && clear_outside {
                continue;
            }
            let at = (sy.clamp(0, h as i64 - 1) as usize * w + sx.clamp(0, w as i64 - 1) as usize)
                * count;
            let weight = wx * wy;
            let alpha = if count == 4 {
                f32::from(pixels[at + 3]) / 255.0
            } else {
                1.0
            };
            for c in 0..3 {
                let value = f32::from(pixels[at + c]);
                sum[c] += weight * alpha * value;
                plain[c] += weight * value;
            }
            sum[3] += weight * alpha;
        }
    }
    for c in 0..3 {
        let value = if sum[3] > 1e-3 {
            sum[c] / sum[3]
        } else {
            plain[c]
        };
        out.push((value + 0.5).clamp(0.0, 255.0) as u8);
    }
    if count == 4 {
        out.push((sum[3] * 255.0 + 0.5).clamp(0.0, 255.0) as u8);
    }
}

fn catmull_rom(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        -0.5 * t3 + t2 - 0.5 * t,
        1.5 * t3 - 2.5 * t2 + 1.0,
        -1.5 * t3 + 2.0 * t2 + 0.5 * t,
        0.5 * t3 - 0.5 * t2,
    ]
}

/// How dark the contact shadow is at most.
const SHADOW: f32 = 0.38;

/// The cut-out on white, with a soft shadow where it stands.
fn on_white_with_shadow(cutout: &Raster) -> Result<Raster, ImagingError> {
    let (w, h) = (cutout.width() as usize, cutout.height() as usize);
    let shadow = contact_shadow(cutout);
    let mut out = Vec::with_capacity(w * h * 3);
    for (pixel, shade) in cutout.pixels().chunks_exact(4).zip(&shadow) {
        let alpha = f32::from(pixel[3]) / 255.0;
        let ground = 255.0 * (1.0 - SHADOW * shade);
        out.extend(
            pixel[..3]
                .iter()
                .map(|v| (f32::from(*v) * alpha + ground * (1.0 - alpha) + 0.5) as u8),
        );
    }
    Raster::new(cutout.width(), cutout.height(), Channels::Rgb, out)
}

/// The lowest tenth of the product, flattened and blurred: 0 to 1 a pixel.
fn contact_shadow(cutout: &Raster) -> Vec<f32> {
    let (w, h) = (cutout.width() as usize, cutout.height() as usize);
    let covered = |x: usize, y: usize| cutout.pixels()[(y * w + x) * 4 + 3] > 127;
    let bottom = (0..h).rev().find(|y| (0..w).any(|x| covered(x, *y)));
    let mut shade = vec![0.0_f32; w * h];
    let Some(bottom) = bottom else {
        return shade;
    };
    let top = (0..h).find(|y| (0..w).any(|x| covered(x, *y))).unwrap_or(0);
    let foot = bottom.saturating_sub((bottom - top) / 10);
    for y in foot..=bottom {
        for x in 0..w {
            shade[y * w + x] = f32::from(u8::from(covered(x, y)));
        }
    }
    let reach = (w / 90).max(2);
    for _ in 0..3 {
        shade = blurred(&shade, w, h, reach, (reach / 3).max(1));
    }
    shade
}

/// The mean over a box of `2 · rx + 1` by `2 · ry + 1` pixels.
fn blurred(plane: &[f32], w: usize, h: usize, rx: usize, ry: usize) -> Vec<f32> {
    let mut across = vec![0.0; w * h];
    for (row, out) in plane.chunks_exact(w).zip(across.chunks_exact_mut(w)) {
        let mut sum: f32 = row.iter().take(rx).sum();
        for x in 0..w {
            sum += row.get(x + rx).copied().unwrap_or(0.0);
            if x > rx {
                sum -= row[x - rx - 1];
            }
            out[x] = sum / (2 * rx + 1) as f32;
        }
    }
    let mut out = vec![0.0; w * h];
    let mut sums = vec![0.0_f32; w];
    for y in 0..h + ry {
        if y < h {
            for (sum, value) in sums.iter_mut().zip(&across[y * w..(y + 1) * w]) {
                *sum += value;
            }
        }
        if y > 2 * ry {
            let gone = y - 2 * ry - 1;
            for (sum, value) in sums.iter_mut().zip(&across[gone * w..(gone + 1) * w]) {
                *sum -= value;
            }
        }
        if let Some(target) = y.checked_sub(ry).filter(|target| *target < h) {
            for (out, sum) in out[target * w..(target + 1) * w].iter_mut().zip(&sums) {
                *out = (sum / (2 * ry + 1) as f32).max(0.0);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradient(w: u32, h: u32) -> Raster {
        let pixels = (0..w * h)
            .flat_map(|at| [(at % w * 2) as u8, (at / w * 3) as u8, 77])
            .collect();
        Raster::new(w, h, Channels::Rgb, pixels).unwrap()
    }

    #[test]
    fn a_fraction_of_a_pixel_is_moved_exactly_on_a_gradient() {
        let placement = Placement {
            shift: [0.25 / 60.0, 0.0],
            ..Placement::whole()
        };
        let moved = placed(gradient(60, 40), &placement, (60, 40), false).unwrap();
        // Two levels a pixel: a quarter of a pixel is half a level.
        let value = moved.pixels()[(20 * 60 + 30) * 3];
        assert!((60..=61).contains(&value), "{value}");
        assert_eq!(moved.pixels()[(20 * 60 + 30) * 3 + 1], 60);
    }

    #[test]
    fn a_window_places_pixels_where_the_whole_photo_would() {
        let placement = Placement {
            lean: 0.02,
            pivot: [0.45, 0.5],
            shift: [0.003, -0.002],
            area: [0.3, 0.2, 0.4, 0.5],
        };
        let whole = (600, 400);
        let window = Window::of(&placement, whole);
        let inside = window.inside(&placement, whole);
        let from_whole = placement.matrix(whole, (240, 200));
        let from_window = inside.matrix((window.width, window.height), (240, 200));
        for (x, y) in [(200.0, 100.0), (330.0, 250.0)] {
            let (wx, wy) = (x - f64::from(window.left), y - f64::from(window.top));
            for row in 0..2 {
                let [a, b, c] = from_whole[row];
                let [d, e, f] = from_window[row];
                assert!((a * x + b * y + c - (d * wx + e * wy + f)).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn what_lies_outside_is_clear_or_goes_on() {
        let placement = Placement {
            area: [-0.5, 0.0, 1.0, 1.0],
            ..Placement::whole()
        };
        let cut = placed(gradient(16, 8), &placement, (16, 8), false).unwrap();
        assert_eq!(&cut.pixels()[..3], &[0, 0, 77]);
        assert_eq!(&cut.pixels()[10 * 3..10 * 3 + 3], &[4, 0, 77]);
        let clear = Raster::new(16, 8, Channels::Rgba, [9, 9, 9, 255].repeat(128)).unwrap();
        let clear = placed(clear, &placement, (16, 8), true).unwrap();
        assert_eq!((clear.pixels()[3], clear.pixels()[9 * 4 + 3]), (0, 255));
    }

    #[test]
    fn a_shadow_lies_beside_the_foot_and_nowhere_else() {
        let mut pixels = vec![0_u8; 100 * 100 * 4];
        for y in 20..80 {
            for x in 30..70 {
                pixels[(y * 100 + x) * 4..][..4].copy_from_slice(&[200, 30, 30, 255]);
            }
        }
        let cutout = Raster::new(100, 100, Channels::Rgba, pixels).unwrap();
        let shown = on_white_with_shadow(&cutout).unwrap();
        let red = |x: usize, y: usize| shown.pixels()[(y * 100 + x) * 3 + 1];
        assert!(red(28, 78) < 240, "{}", red(28, 78));
        assert_eq!((red(28, 30), red(5, 95), red(50, 50)), (255, 255, 30));
    }
}
