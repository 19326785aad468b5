use xoay_imaging::Raster;

/// Brightness of a picture at a size at which blur is judged, gamma-encoded, 8 bits.
pub(super) struct Luma {
    pub width: usize,
    pub height: usize,
    pub values: Vec<u8>,
}

/// The long side is brought below twice this by averaging whole blocks: blur that such a picture does not show is no
/// fault of a spin, and photos of different cameras are judged alike.
const LONG_SIDE: usize = 1200;

impl Luma {
    /// The brightness of `picture` by the weights of ITU-R BT.709, on white where it is transparent.
    pub(super) fn of(picture: &Raster) -> Self {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let block = (width.max(height) / LONG_SIDE).max(1);
        let (small_width, small_height) = ((width / block).max(1), (height / block).max(1));
        let count = picture.channels().count();
        let stride = width * count;
        let mut values = Vec::with_capacity(small_width * small_height);
        let mut sums = vec![0_u32; small_width];
        for band in picture.pixels().chunks(stride * block).take(small_height) {
            sums.fill(0);
            let mut rows = 0;
            for row in band.chunks_exact(stride) {
                rows += 1;
                for (sum, pixels) in sums.iter_mut().zip(row.chunks(block * count)) {
                    *sum += pixels.chunks_exact(count).map(brightness).sum::<u32>();
                }
            }
            let columns = block.min(width) as u32;
            let divisor = (columns * rows).max(1) << 8;
            values.extend(
                sums.iter()
                    .map(|sum| ((sum + divisor / 2) / divisor).min(255) as u8),
            );
        }
        Self {
            width: small_width,
            height: small_height,
            values,
        }
    }
}

/// 256 times the brightness of one pixel.
fn brightness(pixel: &[u8]) -> u32 {
    let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
    let seen = 54 * red + 183 * green + 19 * blue;
    match pixel.get(3) {
        Some(&alpha) => {
            let alpha = u32::from(alpha);
            (seen * alpha + 255 * 256 * (255 - alpha)) / 255
        }
        None => seen,
    }
}

#[cfg(test)]
mod tests {
    use xoay_imaging::Channels;

    use super::*;

    #[test]
    fn large_pictures_are_averaged_and_small_ones_left() {
        let stripes: Vec<u8> = (0..2400 * 4)
            .flat_map(|i| [if i % 2 == 0 { 100 } else { 200 }; 3])
            .collect();
        let luma = Luma::of(&Raster::new(2400, 4, Channels::Rgb, stripes.clone()).unwrap());
        assert_eq!((luma.width, luma.height), (1200, 2));
        assert!(luma.values.iter().all(|&value| value == 150));
        let luma =
            Luma::of(&Raster::new(2399, 4, Channels::Rgb, stripes[..2399 * 12].to_vec()).unwrap());
        assert_eq!((luma.width, luma.height), (2399, 4));
        assert_eq!(luma.values[..2], [100, 200]);
    }

    #[test]
    fn extreme_shapes_and_transparency_are_survived() {
        let line = Raster::new(1, 5000, Channels::Rgba, [0, 0, 0, 0].repeat(5000)).unwrap();
        let luma = Luma::of(&line);
        assert_eq!((luma.width, luma.height), (1, 1250));
        assert!(luma.values.iter().all(|&value| value == 255));
    }
}
