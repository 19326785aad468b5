//! What cameras and hands do to a picture.

use std::collections::BTreeMap;

use xoay_imaging::{Channels, Raster};

/// Gaussian blur of `sigma` pixels, on encoded values as they are.
pub fn gaussian(picture: &Raster, sigma: f64) -> Raster {
    let reach = (sigma * 3.0).ceil() as isize;
    let taps: Vec<(isize, isize, f64)> = (-reach..=reach)
        .map(|at| (at, 0, (-0.5 * (at as f64 / sigma).powi(2)).exp()))
        .collect();
    let down: Vec<_> = taps
        .iter()
        .map(|(at, _, weight)| (0, *at, *weight))
        .collect();
    filtered(&filtered(picture, &taps), &down)
}

/// Linear motion over `length` pixels.
pub fn motion(picture: &Raster, length: f64, angle_deg: f64) -> Raster {
    let (sin, cos) = angle_deg.to_radians().sin_cos();
    let mut taps: BTreeMap<(isize, isize), f64> = BTreeMap::new();
    let points = (length * 4.0) as usize;
    for point in 0..=points {
        let along = length * (point as f64 / points as f64 - 0.5);
        let to = (
            (along * cos).round() as isize,
            (along * sin).round() as isize,
        );
        *taps.entry(to).or_default() += 1.0;
    }
    let taps: Vec<_> = taps
        .into_iter()
        .map(|((x, y), weight)| (x, y, weight))
        .collect();
    filtered(picture, &taps)
}

fn filtered(picture: &Raster, taps: &[(isize, isize, f64)]) -> Raster {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let count = picture.channels().count();
    let total: f64 = taps.iter().map(|tap| tap.2).sum();
    let source = picture.pixels();
    let mut sums = vec![0.0_f32; source.len()];
    for &(right, down, weight) in taps {
        let weight = (weight / total) as f32;
        for y in 0..height {
            let from = y.saturating_add_signed(down).min(height - 1) * width;
            for x in 0..width {
                let from = (from + x.saturating_add_signed(right).min(width - 1)) * count;
                let to = (y * width + x) * count;
                for channel in 0..count {
                    sums[to + channel] += weight * f32::from(source[from + channel]);
                }
            }
        }
    }
    let pixels = sums.iter().map(|sum| sum.round() as u8).collect();
    Raster::new(
        picture.width(),
        picture.height(),
        picture.channels(),
        pixels,
    )
    .unwrap()
}

/// Without this share of its height from above.
pub fn cropped(picture: &Raster, top: f64) -> Raster {
    let rows = (f64::from(picture.height()) * top) as u32;
    let stride = picture.width() as usize * picture.channels().count();
    let pixels = picture.pixels()[rows as usize * stride..].to_vec();
    Raster::new(
        picture.width(),
        picture.height() - rows,
        picture.channels(),
        pixels,
    )
    .unwrap()
}

/// Gains in linear light.
pub fn gained(picture: &Raster, gains: [f64; 3]) -> Raster {
    let tables = gains.map(|gain| {
        (0..=255)
            .map(|value| {
                let encoded = f64::from(value) / 255.0;
                let light = if encoded <= 0.04045 {
                    encoded / 12.92
                } else {
                    ((encoded + 0.055) / 1.055).powf(2.4)
                };
                let light = (light * gain).min(1.0);
                let encoded = if light <= 0.003_130_8 {
                    light * 12.92
                } else {
                    1.055 * light.powf(1.0 / 2.4) - 0.055
                };
                (encoded * 255.0).round() as u8
            })
            .collect::<Vec<u8>>()
    });
    let rgb = picture.flattened([255; 3]);
    let pixels = rgb
        .pixels()
        .chunks_exact(3)
        .flat_map(|pixel| [0, 1, 2].map(|channel| tables[channel][usize::from(pixel[channel])]))
        .collect();
    Raster::new(picture.width(), picture.height(), Channels::Rgb, pixels).unwrap()
}

/// Numbers that look random and are the same each time (xorshift64*, Marsaglia 2003).
pub struct Noise(u64);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// From 0 up to `below`.
    pub fn below(&mut self, below: usize) -> usize {
        (self.next() >> 33) as usize % below
    }

    /// Any number.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// `picture` with about as much noise as a second photo has.
    pub fn add(&mut self, picture: &Raster) -> Raster {
        let pixels = picture
            .pixels()
            .iter()
            .map(|&value| {
                // The sum of four is nearly normal, with a deviation of about 1.2 levels.
                let bits = self.next();
                let sum: i32 = (0..4)
                    .map(|at| (bits >> (at * 16) & 0x3FF) as i32 - 512)
                    .sum();
                (i32::from(value) + (f64::from(sum) / 500.0).round() as i32).clamp(0, 255) as u8
            })
            .collect();
        Raster::new(
            picture.width(),
            picture.height(),
            picture.channels(),
            pixels,
        )
        .unwrap()
    }
}
