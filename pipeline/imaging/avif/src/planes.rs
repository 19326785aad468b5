//! RGB to and from `YCbCr` planes: ITU-R BT.601 coefficients, full range, as JPEG has them.

/// 8-bit planes of a picture. Chroma has half the resolution on both axes, rounded up, and is centred between the four
/// luma samples that it belongs to.
pub(crate) struct Planes {
    pub width: usize,
    pub height: usize,
    pub luma: Vec<u8>,
    pub blue: Vec<u8>,
    pub red: Vec<u8>,
}

impl Planes {
    /// Sides of the chroma planes.
    pub(crate) const fn chroma_size(width: usize, height: usize) -> (usize, usize) {
        (width.div_ceil(2), height.div_ceil(2))
    }

    /// From pixels of `N` bytes, of which the first three are red, green and blue.
    pub(crate) fn from_rgb<const N: usize>(pixels: &[u8], width: usize, height: usize) -> Self {
        let (pixels, _) = pixels.as_chunks::<N>();
        let luma = pixels.iter().map(|p| luma(p[0], p[1], p[2])).collect();
        let (chroma_width, chroma_height) = Self::chroma_size(width, height);
        let mut blue = Vec::with_capacity(chroma_width * chroma_height);
        let mut red = Vec::with_capacity(chroma_width * chroma_height);
        for y in 0..chroma_height {
            let row = |y: usize| &pixels[y * width..(y + 1) * width];
            let (upper, lower) = (row(2 * y), row((2 * y + 1).min(height - 1)));
            // An odd last column counts twice, like an odd last row.
            for (upper, lower) in upper.chunks(2).zip(lower.chunks(2)) {
                let last = upper.len() - 1;
                let sum = |c: usize| {
                    i32::from(upper[0][c])
                        + i32::from(upper[last][c])
                        + i32::from(lower[0][c])
                        + i32::from(lower[last][c])
                };
                let (b, r) = chroma_of_four(sum(0), sum(1), sum(2));
                blue.push(b);
                red.push(r);
            }
        }
        Self {
            width,
            height,
            luma,
            blue,
            red,
        }
    }
}

/// Bits behind the point in the coefficients.
const BITS: u32 = 16;

fn luma(r: u8, g: u8, b: u8) -> u8 {
    let sum = 19_595 * u32::from(r) + 38_470 * u32::from(g) + 7_471 * u32::from(b);
    ((sum + (1 << (BITS - 1))) >> BITS) as u8
}

/// Blue and red difference of four pixels' sums.
fn chroma_of_four(r: i32, g: i32, b: i32) -> (u8, u8) {
    const SHIFT: u32 = BITS + 2;
    const HALF: i32 = 1 << (SHIFT - 1);
    let middle = 128 << SHIFT;
    let blue = (-11_059 * r - 21_709 * g + 32_768 * b + middle + HALF - 1) >> SHIFT;
    let red = (32_768 * r - 27_439 * g - 5_329 * b + middle + HALF - 1) >> SHIFT;
    (blue.clamp(0, 255) as u8, red.clamp(0, 255) as u8)
}

/// Red, green and blue of one pixel.
pub(crate) fn rgb(luma: u8, blue: u8, red: u8) -> [u8; 3] {
    const HALF: i32 = 1 << (BITS - 1);
    let y = (i32::from(luma) << BITS) + HALF;
    let (cb, cr) = (i32::from(blue) - 128, i32::from(red) - 128);
    [
        (y + 91_881 * cr) >> BITS,
        (y - 22_554 * cb - 46_802 * cr) >> BITS,
        (y + 116_130 * cb) >> BITS,
    ]
    .map(|value| value.clamp(0, 255) as u8)
}

/// Doubles a row of chroma samples: each new one lies a quarter step from its nearest, three quarters from the next.
pub(crate) fn stretch(near: &[u8], far: &[u8], stretched: &mut Vec<u8>, width: usize) {
    let mixed = |x: usize| 3 * u32::from(near[x]) + u32::from(far[x]);
    let last = near.len() - 1;
    stretched.clear();
    for x in 0..near.len() {
        let here = mixed(x);
        let left = mixed(x.saturating_sub(1));
        let right = mixed((x + 1).min(last));
        stretched.push(((3 * here + left + 8) >> 4) as u8);
        stretched.push(((3 * here + right + 8) >> 4) as u8);
    }
    stretched.truncate(width);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greys_have_no_colour_and_come_back() {
        for grey in 0..=255 {
            let planes = Planes::from_rgb::<3>(&[grey; 12], 2, 2);
            assert_eq!((planes.blue[0], planes.red[0]), (128, 128), "{grey}");
            assert_eq!(rgb(planes.luma[0], 128, 128), [grey; 3]);
        }
    }

    #[test]
    fn flat_colours_come_back_within_two_steps() {
        for color in [
            [255, 0, 0],
            [0, 255, 0],
            [0, 0, 255],
            [255, 255, 0],
            [13, 200, 77],
        ] {
            let planes = Planes::from_rgb::<3>(&color.repeat(15), 5, 3);
            assert_eq!(planes.blue.len(), 6);
            let back = rgb(planes.luma[7], planes.blue[5], planes.red[5]);
            let near = back.iter().zip(color).all(|(a, b)| a.abs_diff(b) <= 2);
            assert!(near, "{color:?} came back as {back:?}");
        }
    }

    #[test]
    fn stretching_keeps_what_is_flat_and_the_length() {
        let mut row = Vec::new();
        stretch(&[40; 3], &[40; 3], &mut row, 5);
        assert_eq!(row, [40; 5]);
        stretch(&[0, 160], &[0, 160], &mut row, 4);
        assert_eq!(row, [0, 40, 120, 160]);
    }
}
