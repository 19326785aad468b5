use xoay_imaging::Raster;

use super::thumbnail::on_white;

/// Where a photo has lost its lightest and darkest tones, cell by cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tones {
    /// Share of each cell's pixels that are blown out, 0 to 255; row by row.
    pub blown: Vec<u8>,
    /// Share of each cell's pixels that are black, 0 to 255.
    pub black: Vec<u8>,
    /// The level of green, gamma-encoded, that 99 of 100 pixels do not exceed.
    pub brightest: u8,
}

/// Cells across and down, whatever the frame's shape.
pub(super) const CELLS: usize = 24;
/// A colour with two channels at or above this has lost its detail; one alone is merely a strong colour.
const BLOWN: u8 = 253;
const BLACK: u8 = 3;

impl Tones {
    pub(super) fn of(picture: &Raster) -> Self {
        let width = picture.width() as usize;
        let bytes = picture.channels().count();
        let mut counts = vec![[0_u32; 3]; CELLS * CELLS];
        let mut levels = [0_u32; 256];
        let rows = (0..picture.height()).step_by(2);
        for (y, row) in rows.filter_map(|y| Some((y, picture.row(y)?))) {
            let cell_row = y as usize * CELLS / picture.height() as usize * CELLS;
            for (x, pixel) in row.chunks_exact(bytes).enumerate().step_by(2) {
                let color = on_white(pixel, picture.channels());
                let cell = &mut counts[cell_row + x * CELLS / width];
                let high = color.iter().filter(|value| **value >= BLOWN).count();
                cell[0] += 1;
                cell[1] += u32::from(high >= 2);
                cell[2] += u32::from(color.iter().all(|value| *value <= BLACK));
                levels[usize::from(color[1])] += 1;
            }
        }
        let share = |kind: usize| {
            counts
                .iter()
                .map(|cell| (cell[kind] * 255 / cell[0].max(1)) as u8)
                .collect()
        };
        Self {
            blown: share(1),
            black: share(2),
            brightest: quantile(&levels, 0.99),
        }
    }
}

fn quantile(levels: &[u32; 256], share: f64) -> u8 {
    let total: u64 = levels.iter().map(|&count| u64::from(count)).sum();
    let wanted = (total as f64 * share) as u64;
    let mut below = 0;
    for (level, &count) in (0..=u8::MAX).zip(levels) {
        below += u64::from(count);
        if below > wanted {
            return level;
        }
    }
    u8::MAX
}

#[cfg(test)]
mod tests {
    use xoay_imaging::Channels;

    use super::*;

    #[test]
    fn strong_colours_are_not_blown_and_white_is() {
        let mut pixels = [255, 40, 10].repeat(48 * 48);
        pixels[..48 * 3 * 24].fill(255); // the upper half
        let tones = Tones::of(&Raster::new(48, 48, Channels::Rgb, pixels).unwrap());
        assert_eq!(tones.blown[0], 255);
        assert_eq!(tones.blown[CELLS * CELLS - 1], 0);
        assert_eq!(tones.brightest, 255);
        assert!(tones.black.iter().all(|&share| share == 0));
    }
}
