use crate::Raster;
use crate::raster::Channels;

/// How the stored picture must be turned to stand upright: EXIF 2.32, tag 0x0112.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Orientation {
    /// 1: stored upright.
    #[default]
    Upright = 1,
    /// 2: mirrored left to right.
    FlipHorizontal = 2,
    /// 3: upside down.
    Rotate180 = 3,
    /// 4: mirrored top to bottom.
    FlipVertical = 4,
    /// 5: mirrored along the falling diagonal.
    Transpose = 5,
    /// 6: must be turned 90° with the clock.
    Rotate90 = 6,
    /// 7: mirrored along the rising diagonal.
    Transverse = 7,
    /// 8: must be turned 90° against the clock.
    Rotate270 = 8,
}

impl Orientation {
    /// Every value, in the order of its number.
    pub const ALL: [Self; 8] = [
        Self::Upright,
        Self::FlipHorizontal,
        Self::Rotate180,
        Self::FlipVertical,
        Self::Transpose,
        Self::Rotate90,
        Self::Transverse,
        Self::Rotate270,
    ];

    /// The orientation of an EXIF value. Values outside 1 to 8 mean nothing and are taken as upright.
    #[must_use]
    pub fn from_exif(value: u32) -> Self {
        let found = Self::ALL.into_iter().find(|o| *o as u32 == value);
        found.unwrap_or_default()
    }

    /// The EXIF value, 1 to 8.
    #[must_use]
    pub const fn exif(self) -> u8 {
        self as u8
    }

    /// Whether width and height change places.
    #[must_use]
    pub const fn swaps_sides(self) -> bool {
        matches!(
            self,
            Self::Transpose | Self::Rotate90 | Self::Transverse | Self::Rotate270
        )
    }

    /// The upright size of a picture stored as `width` × `height`.
    #[must_use]
    pub const fn upright_size(self, width: u32, height: u32) -> (u32, u32) {
        if self.swaps_sides() {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// Turns `stored` upright. Flips work in place; the others need a second buffer of the same size.
    #[must_use]
    pub fn apply(self, stored: Raster) -> Raster {
        match stored.channels() {
            Channels::Rgb => self.apply_to::<3>(stored),
            Channels::Rgba => self.apply_to::<4>(stored),
        }
    }

    fn apply_to<const N: usize>(self, stored: Raster) -> Raster {
        let (width, height, channels) = (stored.width(), stored.height(), stored.channels());
        let (w, h) = (width as usize, height as usize);
        let mut pixels = stored.into_pixels();
        let (cells, _) = pixels.as_chunks_mut::<N>();
        match self {
            Self::Upright => {}
            Self::FlipHorizontal => cells.chunks_exact_mut(w).for_each(<[_]>::reverse),
            Self::Rotate180 => cells.reverse(),
            Self::FlipVertical => {
                let (upper, lower) = cells.split_at_mut(h / 2 * w);
                for (a, b) in upper
                    .chunks_exact_mut(w)
                    .zip(lower.chunks_exact_mut(w).rev())
                {
                    a.swap_with_slice(b);
                }
            }
            Self::Transpose => pixels = turned::<N>(cells, w, h, |x, y| (y, x)),
            Self::Rotate90 => pixels = turned::<N>(cells, w, h, |x, y| (y, h - 1 - x)),
            Self::Transverse => pixels = turned::<N>(cells, w, h, |x, y| (w - 1 - y, h - 1 - x)),
            Self::Rotate270 => pixels = turned::<N>(cells, w, h, |x, y| (w - 1 - y, x)),
        }
        let (width, height) = self.upright_size(width, height);
        Raster::new(width, height, channels, pixels)
            .expect("turning keeps the number of pixels of a valid raster")
    }
}

/// A copy whose pixel `(x, y)` is `cells[source(x, y)]`; `w` and `h` are the stored sides, which change places.
///
/// It walks in square blocks: row by row, every read of a tall column would miss the cache.
fn turned<const N: usize>(
    cells: &[[u8; N]],
    w: usize,
    h: usize,
    source: impl Fn(usize, usize) -> (usize, usize),
) -> Vec<u8> {
    const BLOCK: usize = 32;
    let (out_w, out_h) = (h, w);
    let mut out = vec![[0_u8; N]; cells.len()];
    for y0 in (0..out_h).step_by(BLOCK) {
        for x0 in (0..out_w).step_by(BLOCK) {
            for y in y0..(y0 + BLOCK).min(out_h) {
                for x in x0..(x0 + BLOCK).min(out_w) {
                    let (sx, sy) = source(x, y);
                    out[y * out_w + x] = cells[sy * w + sx];
                }
            }
        }
    }
    out.into_flattened()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two wide, three high; the digit is what a person should read when it stands upright.
    const UPRIGHT: [u8; 6] = [
        1, 2, //
        3, 4, //
        5, 6,
    ];

    fn raster(width: u32, height: u32, digits: &[u8]) -> Raster {
        let pixels = digits.iter().flat_map(|&d| [d, d, d]).collect();
        Raster::new(width, height, Channels::Rgb, pixels).unwrap()
    }

    #[test]
    fn all_eight_values_stand_upright_afterwards() {
        // How a camera that is held so stores the picture, worked out by hand from the EXIF table.
        let stored: [(u32, u32, [u8; 6]); 8] = [
            (2, 3, [1, 2, 3, 4, 5, 6]),
            (2, 3, [2, 1, 4, 3, 6, 5]),
            (2, 3, [6, 5, 4, 3, 2, 1]),
            (2, 3, [5, 6, 3, 4, 1, 2]),
            (3, 2, [1, 3, 5, 2, 4, 6]),
            (3, 2, [2, 4, 6, 1, 3, 5]),
            (3, 2, [6, 4, 2, 5, 3, 1]),
            (3, 2, [5, 3, 1, 6, 4, 2]),
        ];
        for (orientation, (width, height, digits)) in Orientation::ALL.into_iter().zip(stored) {
            let upright = orientation.apply(raster(width, height, &digits));
            assert_eq!(
                (upright.width(), upright.height()),
                (2, 3),
                "{orientation:?}"
            );
            let read: Vec<u8> = upright.pixels().iter().step_by(3).copied().collect();
            assert_eq!(read, UPRIGHT, "{orientation:?}");
        }
    }

    #[test]
    fn turning_four_times_gives_the_same_picture_beyond_one_block() {
        let digits: Vec<u8> = (0..70 * 41).map(|i| (i % 251) as u8).collect();
        let start = raster(70, 41, &digits);
        let mut turned = start.clone();
        for _ in 0..4 {
            turned = Orientation::Rotate90.apply(turned);
        }
        assert!(turned == start);
    }

    #[test]
    fn nonsense_is_taken_as_upright() {
        for value in [0, 9, 65535, u32::MAX] {
            assert_eq!(Orientation::from_exif(value), Orientation::Upright);
        }
    }
}
