use xoay_imaging::{Channels, Raster};

/// Sum of border colours, exact, so that the order in which frames arrive does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BorderColor {
    sum: [u64; 3],
    pixels: u64,
}

impl BorderColor {
    /// The outermost pixels of `picture` on all four sides; transparent ones count as white.
    pub(crate) fn of(picture: &Raster) -> Self {
        let mut border = Self::default();
        let last = picture.height() - 1;
        let count = picture.channels().count();
        let rows = picture
            .pixels()
            .chunks_exact(picture.width() as usize * count);
        for (y, row) in rows.enumerate() {
            let step = if y == 0 || y == last as usize {
                count
            } else {
                // Only the first and the last pixel.
                (row.len() - count).max(count)
            };
            for pixel in row.chunks(step) {
                border.add(&pixel[..count], picture.channels());
            }
        }
        border
    }

    fn add(&mut self, pixel: &[u8], channels: Channels) {
        let alpha = match channels {
            Channels::Rgb => 255,
            Channels::Rgba => u64::from(pixel[3]),
        };
        for (sum, &value) in self.sum.iter_mut().zip(&pixel[..3]) {
            *sum += (u64::from(value) * alpha + 255 * (255 - alpha) + 127) / 255;
        }
        self.pixels += 1;
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (sum, more) in self.sum.iter_mut().zip(other.sum) {
            *sum += more;
        }
        self.pixels += other.pixels;
    }

    /// The mean as `#rrggbb`; white where nothing was added.
    pub(crate) fn hex(self) -> String {
        let [r, g, b] = self.sum.map(|sum| {
            (sum + self.pixels / 2)
                .checked_div(self.pixels)
                .unwrap_or(255)
        });
        format!("#{r:02x}{g:02x}{b:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_does_not_count() {
        let mut pixels = [10, 20, 30].repeat(5 * 4);
        pixels[3 * 6..3 * 9].fill(255); // row 1, columns 1 to 3
        let picture = Raster::new(5, 4, Channels::Rgb, pixels).unwrap();
        let border = BorderColor::of(&picture);
        assert_eq!(border.hex(), "#0a141e");
        assert_eq!(border.pixels, 14);
    }

    #[test]
    fn single_rows_and_columns_count_once() {
        for (width, height) in [(1, 1), (1, 7), (7, 1), (2, 2)] {
            let count = (width * height) as usize;
            let picture =
                Raster::new(width, height, Channels::Rgb, [1, 2, 3].repeat(count)).unwrap();
            assert_eq!(
                BorderColor::of(&picture).pixels,
                count as u64,
                "{width}×{height}"
            );
        }
    }

    #[test]
    fn transparent_counts_as_white_and_nothing_too() {
        let clear = Raster::new(2, 2, Channels::Rgba, [9, 9, 9, 0].repeat(4)).unwrap();
        assert_eq!(BorderColor::of(&clear).hex(), "#ffffff");
        assert_eq!(BorderColor::default().hex(), "#ffffff");
    }
}
