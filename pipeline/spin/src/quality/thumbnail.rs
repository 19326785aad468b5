use xoay_imaging::{Channels, Raster};

/// A very small picture, enough to tell which photo follows which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Thumbnail {
    pub width: usize,
    pub height: usize,
    /// Red, green and blue of each pixel, gamma-encoded.
    pub pixels: Vec<[u8; 3]>,
}

/// Pixels of the long side, and the most of the short one.
const LONG_SIDE: u32 = 96;
const SHORT_SIDE: u32 = 96;

impl Thumbnail {
    /// `picture` averaged over the area of each pixel; on white where it is transparent.
    pub(super) fn of(picture: &Raster) -> Self {
        let long = f64::from(picture.width().max(picture.height()));
        let side = |side: u32| {
            let small = f64::from(side) * f64::from(LONG_SIDE) / long;
            (small.round() as u32).clamp(1, SHORT_SIDE).min(side) as usize
        };
        let (width, height) = (side(picture.width()), side(picture.height()));
        let mut pixels = Vec::with_capacity(width * height);
        let edge = |at: usize, parts: usize, whole: u32| at * whole as usize / parts;
        for y in 0..height {
            let rows = edge(y, height, picture.height())..edge(y + 1, height, picture.height());
            let mut sums = vec![([0_u64; 3], 0_u64); width];
            for row in rows.filter_map(|row| picture.row(row as u32)) {
                for (x, (sum, count)) in sums.iter_mut().enumerate() {
                    let columns =
                        edge(x, width, picture.width())..edge(x + 1, width, picture.width());
                    let bytes = picture.channels().count();
                    for pixel in row[columns.start * bytes..columns.end * bytes].chunks_exact(bytes)
                    {
                        *count += 1;
                        for (sum, value) in sum.iter_mut().zip(on_white(pixel, picture.channels()))
                        {
                            *sum += u64::from(value);
                        }
                    }
                }
            }
            pixels
                .extend(sums.iter().map(|(sum, count)| {
                    sum.map(|sum| ((sum + count / 2) / (*count).max(1)) as u8)
                }));
        }
        Self {
            width,
            height,
            pixels,
        }
    }
}

/// The colour of one pixel on a white ground.
pub(super) fn on_white(pixel: &[u8], channels: Channels) -> [u8; 3] {
    let color = [pixel[0], pixel[1], pixel[2]];
    match channels {
        Channels::Rgb => color,
        Channels::Rgba => {
            let alpha = u32::from(pixel[3]);
            color.map(|value| ((u32::from(value) * alpha + 255 * (255 - alpha) + 127) / 255) as u8)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pixel_counts_once_and_the_shape_is_kept() {
        let left_dark: Vec<u8> = (0..200 * 100)
            .flat_map(|i| [if i % 200 < 100 { 0 } else { 240 }; 3])
            .collect();
        let small = Thumbnail::of(&Raster::new(200, 100, Channels::Rgb, left_dark).unwrap());
        assert_eq!((small.width, small.height), (96, 48));
        assert_eq!(small.pixels[0], [0; 3]);
        assert_eq!(small.pixels[95], [240; 3]);
    }

    #[test]
    fn tiny_and_extreme_pictures_are_not_enlarged() {
        for (width, height, expected) in [(1, 1, (1, 1)), (3000, 1, (96, 1)), (5, 7, (5, 7))] {
            let pixels = vec![9; width as usize * height as usize * 3];
            let small = Thumbnail::of(&Raster::new(width, height, Channels::Rgb, pixels).unwrap());
            assert_eq!((small.width, small.height), expected);
            assert!(small.pixels.iter().all(|pixel| *pixel == [9; 3]));
        }
    }
}
