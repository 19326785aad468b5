//! Which photos are less sharp than the others: out of focus, or moved.

use rayon::prelude::*;

use crate::observation::Window;

/// How steeply belief falls with sharpness against that of most photos.
const STEEPNESS: i32 = 6;
/// A photo is never left out altogether: it may be the only one of its side.
const LEAST: f32 = 0.01;
/// Cover below this is the edge.
const SOLID: u8 = 250;

/// For each photo from [`LEAST`] to 1 how far its detail is believed.
///
/// Sharpness is how much of the differences between pixels goes when the photo is blurred once more (Crete and others
/// 2007): a ratio, which depends little on what is shown.
pub(crate) fn clearness(windows: &[&Window]) -> Vec<f32> {
    let sharp: Vec<f32> = windows.par_iter().map(|window| sharpness(window)).collect();
    let mut sorted = sharp.clone();
    sorted.sort_by(f32::total_cmp);
    let usual = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
    sharp
        .into_iter()
        .map(|value| {
            if usual <= 0.0 {
                return 1.0;
            }
            (value / usual).min(1.0).powi(STEEPNESS).max(LEAST)
        })
        .collect()
}

/// The share of the squares of differences between pixels that blurring takes, 0 to 1.
fn sharpness(window: &Window) -> f32 {
    let (w, h) = (window.width, window.height);
    let luma = |at: usize| {
        let p = &window.rgba[at * 4..at * 4 + 4];
        2.0 * f32::from(p[1]) + f32::from(p[0]) + f32::from(p[2])
    };
    let solid = |at: usize| window.rgba[at * 4 + 3] >= SOLID;
    let (mut plain, mut blurred) = (0.0_f64, 0.0_f64);
    for y in 0..h {
        for x in 2..w.saturating_sub(2) {
            let at = y * w + x;
            if !(at - 2..=at + 2).all(solid) {
                continue;
            }
            // Along the row: the table moves things sideways.
            let own = luma(at + 1) - luma(at);
            let soft = (luma(at + 2) + luma(at + 1) + luma(at)) / 3.0
                - (luma(at + 1) + luma(at) + luma(at - 1)) / 3.0;
            plain += f64::from(own * own);
            blurred += f64::from(soft * soft);
        }
    }
    if plain <= 0.0 {
        return 0.0;
    }
    ((plain - blurred) / plain).max(0.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stripes of a few pixels, blurred by a box of `reach` pixels to each side.
    fn stripes(reach: i64) -> Window {
        let (width, height) = (96_usize, 8_usize);
        let value = |x: i64| if x.rem_euclid(14) < 6 { 200.0 } else { 60.0 };
        let rgba = (0..width * height)
            .flat_map(|at| {
                let x = (at % width) as i64;
                let sum: f64 = (x - reach..=x + reach).map(value).sum();
                let level = (sum / (2 * reach + 1) as f64) as u8;
                [level, level, level, 255]
            })
            .collect();
        Window {
            left: 0,
            top: 0,
            width,
            height,
            rgba,
        }
    }

    #[test]
    fn a_blurred_photo_is_believed_less_and_the_others_stay() {
        let windows: Vec<Window> = [0, 0, 3, 0, 0].map(stripes).into();
        let all: Vec<&Window> = windows.iter().collect();
        let clear = clearness(&all);
        assert!(clear[2] < 0.3, "{clear:?}");
        assert!(
            clear.iter().filter(|c| **c > 0.99).count() == 4,
            "{clear:?}"
        );
    }

    #[test]
    fn blank_photos_are_all_alike() {
        let mut blank = stripes(0);
        blank.rgba.fill(255);
        assert_eq!(clearness(&[&blank, &blank]), [1.0, 1.0]);
        assert!(clearness(&[]).is_empty());
    }
}
