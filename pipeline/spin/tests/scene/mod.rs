//! Turntable photos of a made-up product: a printed jar on a disc with marks.

use xoay_imaging::{Channels, Raster};

use crate::faults::pictures::Noise;

pub const WIDTH: usize = 480;
pub const HEIGHT: usize = 360;

/// How a jar looks.
#[derive(Clone, Copy)]
pub struct Jar {
    /// What is printed on it.
    pub print: u64,
    pub colors: [[f64; 3]; 2],
    /// Half its width as a share of the frame's.
    pub radius: f64,
    /// Where its top stands, from 0 at the frame's upper edge to 1 at its lower.
    pub top: f64,
}

pub const HONEY: Jar = Jar {
    print: 5,
    colors: [[190.0, 120.0, 40.0], [250.0, 240.0, 200.0]],
    radius: 0.17,
    top: 0.2,
};

pub const SAUCE: Jar = Jar {
    print: 11,
    colors: [[90.0, 20.0, 25.0], [30.0, 120.0, 60.0]],
    radius: 0.10,
    top: 0.1,
};

/// A turn of `count` photos against the clock, each with noise of its own.
pub fn turn(jar: Jar, count: usize) -> Vec<Raster> {
    let mut noise = Noise::new(jar.print);
    (0..count)
        .map(|step| {
            noise.add(&photo(
                jar,
                std::f64::consts::TAU * step as f64 / count as f64,
            ))
        })
        .collect()
}

fn photo(jar: Jar, angle: f64) -> Raster {
    let mut pixels = Vec::with_capacity(WIDTH * HEIGHT * 3);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let (across, down) = (x as f64 / WIDTH as f64 - 0.5, y as f64 / HEIGHT as f64);
            let color = jar_at(jar, angle, across, down)
                .or_else(|| disc_at(angle, across, down))
                .unwrap_or([
                    215.0 - 25.0 * down,
                    214.0 - 25.0 * down,
                    210.0 - 25.0 * down,
                ]);
            pixels.extend(color.map(|value| value.clamp(0.0, 255.0) as u8));
        }
    }
    Raster::new(WIDTH as u32, HEIGHT as u32, Channels::Rgb, pixels).unwrap()
}

fn jar_at(jar: Jar, angle: f64, across: f64, down: f64) -> Option<[f64; 3]> {
    let offset = across / jar.radius;
    if offset.abs() >= 1.0 || down < jar.top || down > 0.8 {
        return None;
    }
    let round = offset.asin() - angle;
    let turns = (round / std::f64::consts::TAU).rem_euclid(1.0);
    let height = (down - jar.top) / (0.8 - jar.top);
    let ink = printed(jar.print, turns * 14.0, 14, height * 9.0);
    let shade = 0.55 + 0.45 * (1.0 - offset * offset).sqrt();
    let [ground, print] = jar.colors;
    Some(
        [0, 1, 2]
            .map(|channel| shade * (ground[channel] + (print[channel] - ground[channel]) * ink)),
    )
}

/// Soft blotches with hard edges, the same after `around` cells.
fn printed(seed: u64, x: f64, around: u64, y: f64) -> f64 {
    let cell = |x: u64, y: u64| {
        let mixed = (x % around).wrapping_mul(0x9E37_79B9)
            ^ y.wrapping_mul(0x85EB_CA6B)
            ^ seed.wrapping_mul(0xC2B2_AE35);
        (Noise::new(mixed).below(1000) as f64) / 1000.0
    };
    let (left, upper) = (x.floor(), y.floor());
    let (right, lower) = (x - left, y - upper);
    let (left, upper) = (left as u64, upper as u64);
    let mix = |a: f64, b: f64, share: f64| a + (b - a) * share;
    let value = mix(
        mix(cell(left, upper), cell(left + 1, upper), right),
        mix(cell(left, upper + 1), cell(left + 1, upper + 1), right),
        lower,
    );
    if value > 0.55 { 1.0 } else { value * 0.6 }
}

fn disc_at(angle: f64, across: f64, down: f64) -> Option<[f64; 3]> {
    let (x, y) = (across / 0.33, (down - 0.8) / 0.14);
    let from_center = x.hypot(y);
    if from_center > 1.0 {
        return None;
    }
    let turns = ((y.atan2(x) + angle) / std::f64::consts::TAU).rem_euclid(1.0);
    let marked = from_center > 0.85 && (turns * 13.0).fract() < 0.3;
    Some(if marked {
        [60.0; 3]
    } else {
        [235.0, 235.0, 233.0]
    })
}
