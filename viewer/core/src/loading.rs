//! Which frame to load next, and which width of it.

use xoay_format::ImageFormat;

/// The wanted frame that is nearest to `current`, the one ahead before the one behind. `loaded` has one flag a frame of the row.
///
/// With `loops` the last and the first frame are neighbours. `None` once all are loaded.
#[must_use]
pub fn next_frame(loaded: &[bool], current: usize, loops: bool) -> Option<usize> {
    let count = loaded.len();
    let current = current.min(count.checked_sub(1)?);
    for distance in 0..count {
        let ahead = current + distance;
        let ahead = if loops {
            Some(ahead % count)
        } else {
            Some(ahead).filter(|&f| f < count)
        };
        let behind = if loops {
            Some((current + count - distance % count) % count)
        } else {
            current.checked_sub(distance)
        };
        for frame in [ahead, behind].into_iter().flatten() {
            if !loaded[frame] {
                return Some(frame);
            }
        }
    }
    None
}

/// How far apart two frames are in a row of `count`.
#[must_use]
pub fn distance(a: usize, b: usize, count: usize, loops: bool) -> usize {
    let straight = a.abs_diff(b);
    if loops {
        straight.min(count.saturating_sub(straight))
    } else {
        straight
    }
}

/// One choice of format and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its format.
    pub format: ImageFormat,
    /// Its width in pixels.
    pub width: u32,
}

/// The best of `choices` for a picture drawn `wanted_px` device pixels wide; `None` where no format is `readable`.
///
/// The best readable format wins ([`ImageFormat::ALL`] is the order), then the least width that is not visibly soft
/// (90% of what is drawn), else the greatest.
#[must_use]
pub fn best_rendition(
    choices: &[Choice],
    wanted_px: f64,
    readable: &dyn Fn(ImageFormat) -> bool,
) -> Option<usize> {
    let format = ImageFormat::ALL
        .into_iter()
        .find(|&format| readable(format) && choices.iter().any(|c| c.format == format))?;
    let of_format = || {
        choices
            .iter()
            .enumerate()
            .filter(|(_, c)| c.format == format)
    };
    of_format()
        .filter(|(_, c)| f64::from(c.width) >= 0.9 * wanted_px)
        .min_by_key(|(_, c)| c.width)
        .or_else(|| of_format().max_by_key(|(_, c)| c.width))
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_frame_is_loaded_once_the_nearest_first(count in 1..80_usize, current in 0..80_usize, loops: bool) {
            let current = current % count;
            let mut loaded = vec![false; count];
            let mut last = 0;
            for _ in 0..count {
                let frame = next_frame(&loaded, current, loops).unwrap();
                prop_assert!(!loaded[frame]);
                loaded[frame] = true;
                let far = distance(frame, current, count, loops);
                prop_assert!(far >= last);
                last = far;
            }
            prop_assert_eq!(next_frame(&loaded, current, loops), None);
        }
    }

    #[test]
    fn odd_input_is_survived() {
        assert_eq!(next_frame(&[], 3, true), None);
        assert_eq!(next_frame(&[false], 99, false), Some(0));
    }

    #[test]
    fn the_least_sharp_width_of_the_best_readable_format_is_chosen() {
        use ImageFormat::{Avif, Jpg, Webp};
        let choices: Vec<_> = [
            (Jpg, 1024),
            (Avif, 512),
            (Avif, 1024),
            (Avif, 2048),
            (Webp, 512),
        ]
        .map(|(format, width)| Choice { format, width })
        .to_vec();
        let pick = |px, no: &[ImageFormat]| best_rendition(&choices, px, &|f| !no.contains(&f));
        assert_eq!(pick(500.0, &[]), Some(1));
        assert_eq!(pick(560.0, &[]), Some(1), "a little soft is not seen");
        assert_eq!(pick(700.0, &[]), Some(2));
        assert_eq!(pick(9000.0, &[]), Some(3));
        assert_eq!(pick(500.0, &[Avif]), Some(4));
        assert_eq!(pick(500.0, &[Avif, Webp]), Some(0));
        assert_eq!(pick(500.0, &[Avif, Webp, Jpg]), None);
    }
}
