/// What brings a photo's exposure and white balance to its row's: one table a channel, from sRGB to sRGB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToneCurves([[u8; 256]; 3]);

/// Differences below this, in log light, are noise; correcting them would only cost grey levels.
const LEAST_GAIN: f32 = 0.002;

impl ToneCurves {
    /// The curves that divide linear light by `exp(gain)`; none where nothing would change.
    pub(crate) fn undoing(gain: [f32; 3]) -> Option<Self> {
        if gain.iter().all(|gain| gain.abs() < LEAST_GAIN) {
            return None;
        }
        Some(Self(gain.map(|gain| {
            let factor = (-gain).exp();
            std::array::from_fn(|value| {
                // White stays white: what was clipped has no colour to give.
                let light = linear(value as f32 / 255.0) * factor;
                let kept = if value >= 254 {
                    light.max(linear(value as f32 / 255.0))
                } else {
                    light
                };
                (encoded(kept.clamp(0.0, 1.0)) * 255.0 + 0.5) as u8
            })
        })))
    }

    /// Applies them to pixels of three bytes.
    pub(crate) fn apply(&self, rgb: &mut [u8]) {
        for pixel in rgb.chunks_exact_mut(3) {
            for (value, curve) in pixel.iter_mut().zip(&self.0) {
                *value = curve[*value as usize];
            }
        }
    }
}

/// Linear light of an sRGB value, both 0 to 1 (IEC 61966-2-1).
fn linear(value: f32) -> f32 {
    if value <= 0.040_45 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    }
}

fn encoded(light: f32) -> f32 {
    if light <= 0.003_130_8 {
        12.92 * light
    } else {
        1.055 * light.powf(1.0 / 2.4) - 0.055
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_a_stop_is_undone() {
        let gain = 0.1 * std::f32::consts::LN_2;
        let curves = ToneCurves::undoing([gain; 3]).unwrap();
        for original in [20_u8, 90, 180, 230] {
            let brighter =
                (encoded(linear(f32::from(original) / 255.0) * gain.exp()) * 255.0).round() as u8;
            let mut pixel = [brighter; 3];
            curves.apply(&mut pixel);
            assert!(pixel[0].abs_diff(original) <= 1, "{original}: {pixel:?}");
        }
        let mut white = [255; 3];
        curves.apply(&mut white);
        assert_eq!(white, [255; 3]);
    }

    #[test]
    fn noise_is_not_corrected() {
        assert_eq!(ToneCurves::undoing([0.001, -0.0015, 0.0]), None);
    }
}
