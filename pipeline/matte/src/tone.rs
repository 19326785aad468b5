//! Photos of one row in logarithmic linear light, brought to one exposure and white balance.

use crate::Proxy;
use crate::plane::Plane;
use crate::proxy::LogTable;

/// Three logarithms of linear light a pixel: `[ln r, ln g, ln b]`.
pub(crate) type LogImage = Plane<[f32; 3]>;

/// Differences of exposure beyond this factor (in natural logarithms) are no drift but another scene.
const MAX_GAIN: f32 = 1.5;

pub(crate) fn log_image(proxy: &Proxy, table: &LogTable, gain: [f32; 3]) -> LogImage {
    Plane {
        width: proxy.width(),
        height: proxy.height(),
        data: proxy
            .rgb()
            .chunks_exact(3)
            .map(|p| {
                let [r, g, b] = table.rgb([p[0], p[1], p[2]]);
                [r - gain[0], g - gain[1], b - gain[2]]
            })
            .collect(),
    }
}

/// How much brighter each frame is than the row's median, in natural logarithms a channel, told by the pixels of
/// `watched` that no frame clips.
pub(crate) fn gains(frames: &[&Proxy], watched: &[usize], table: &LogTable) -> Vec<[f32; 3]> {
    let clipped = |pixel: &[u8]| pixel.iter().any(|v| *v > 250 || *v < 6);
    let usable: Vec<usize> = watched
        .iter()
        .copied()
        .filter(|&at| {
            let bad = frames
                .iter()
                .filter(|f| clipped(&f.rgb()[at * 3..at * 3 + 3]))
                .count();
            bad * 10 <= frames.len()
        })
        .collect();
    if usable.len() < 50 || frames.len() < 2 {
        return vec![[0.0; 3]; frames.len()];
    }
    let mut out = vec![[0.0_f32; 3]; frames.len()];
    for channel in 0..3 {
        let value = |frame: &Proxy, at: usize| table.rgb([frame.rgb()[at * 3 + channel]; 3])[0];
        let medians: Vec<f32> = usable
            .iter()
            .map(|&at| median(frames.iter().map(|frame| value(frame, at)).collect()))
            .collect();
        for (frame, gain) in frames.iter().zip(&mut out) {
            let differences: Vec<f32> = usable
                .iter()
                .zip(&medians)
                .map(|(&at, m)| value(frame, at) - m)
                .collect();
            gain[channel] = trimmed_mean(&differences).clamp(-MAX_GAIN, MAX_GAIN);
        }
    }
    out
}

/// Pixels of the outer twentieth at the top, the left and the right. The disc may reach the lower edge.
pub(crate) fn border(width: usize, height: usize) -> Vec<usize> {
    let band = (width.max(height) / 20).max(1);
    let low = height - height / 4;
    (0..width * height)
        .filter(|at| {
            let (x, y) = (at % width, at / width);
            y < band || (y < low && (x < band || x + band >= width))
        })
        .collect()
}

pub(crate) fn median(mut values: Vec<f32>) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

/// The value below which `share` of `values` lie.
pub(crate) fn quantile(mut values: Vec<f32>, share: f32) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let at = ((values.len() - 1) as f32 * share).round() as usize;
    *values.select_nth_unstable_by(at, f32::total_cmp).1
}

/// The mean of what lies near the median: steadier than the median itself where samples are rounded to 8 bits, and blind
/// to a product that covers a part of them.
fn trimmed_mean(values: &[f32]) -> f32 {
    let middle = median(values.to_vec());
    let off = median(values.iter().map(|value| (value - middle).abs()).collect());
    let near = (3.0 * off).max(0.004);
    let (sum, count) = values
        .iter()
        .filter(|value| (*value - middle).abs() <= near)
        .fold((0.0, 0_usize), |(sum, count), value| {
            (sum + value, count + 1)
        });
    sum / count.max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_are_found_to_a_few_thousandths_beside_a_moving_product() {
        // A grey ramp; a dark block that moves and covers a part of the border; exposures that differ.
        let linear = |v: f32| {
            if v <= 0.0031 {
                12.92 * v
            } else {
                1.055 * v.powf(1.0 / 2.4) - 0.055
            }
        };
        let factors = [1.0_f32, 1.2, 0.9, 1.05, 0.8];
        let frames: Vec<Proxy> = factors
            .iter()
            .enumerate()
            .map(|(number, factor)| {
                let rgb: Vec<u8> = (0..480 * 360)
                    .flat_map(|at| {
                        let (x, y) = (at % 480, at / 480);
                        let covered = (number * 80 + 30..number * 80 + 110).contains(&x);
                        let light = if covered {
                            0.02
                        } else {
                            0.3 + 0.2 * y as f32 / 360.0
                        };
                        let dither = (at * 7919 % 97) as f32 / 97.0 - 0.5;
                        [(linear(light * factor) * 255.0 + 0.5 + dither) as u8; 3]
                    })
                    .collect();
                Proxy::of(480, 360, &rgb)
            })
            .collect();
        let frames: Vec<&Proxy> = frames.iter().collect();
        let found = gains(&frames, &border(480, 360), &LogTable::new());
        for (found, factor) in found.iter().zip(factors) {
            let expected = factor.ln();
            assert!((found[1] - found[0]).abs() < 1e-6);
            assert!((found[0] - expected).abs() < 0.006, "{found:?} {expected}");
        }
    }
}
