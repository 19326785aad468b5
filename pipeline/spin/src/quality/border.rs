use std::sync::LazyLock;

use xoay_imaging::Raster;

use super::thumbnail::on_white;

/// The light on the backdrop, piece by piece along the frame's upper, left and right sides. The lower side is left
/// out: there is the table, and what lies on it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Border {
    /// Mean red, green and blue in linear light, 0 to 1; `None` where the piece is clipped.
    pub pieces: Vec<Option<[f32; 3]>>,
}

/// Depth of the strip as a share of the frame's shorter side.
const DEPTH: f64 = 0.04;
const ACROSS: usize = 12;
const DOWN: usize = 8;

impl Border {
    pub(super) fn of(picture: &Raster) -> Self {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let depth = ((width.min(height) as f64 * DEPTH) as usize).max(1);
        let part =
            |at: usize, parts: usize, whole: usize| at * whole / parts..(at + 1) * whole / parts;
        let top = (0..ACROSS).map(|at| (part(at, ACROSS, width), 0..depth));
        let sides = [0..depth, width - depth..width]
            .into_iter()
            .flat_map(|columns| (0..DOWN).map(move |at| (columns.clone(), part(at, DOWN, height))));
        Self {
            pieces: top
                .chain(sides)
                .map(|(columns, rows)| mean(picture, columns, rows))
                .collect(),
        }
    }
}

/// The mean in linear light, or nothing where the piece is empty or more than a tenth of it is clipped.
fn mean(
    picture: &Raster,
    columns: std::ops::Range<usize>,
    rows: std::ops::Range<usize>,
) -> Option<[f32; 3]> {
    const CLIPPED: [u8; 2] = [1, 254];
    let bytes = picture.channels().count();
    let (mut sums, mut count, mut clipped) = ([0.0_f64; 3], 0_usize, 0_usize);
    // Every other row and column: a mean of thousands is exact enough.
    for row in rows.step_by(2).filter_map(|row| picture.row(row as u32)) {
        let pixels = row[columns.start * bytes..columns.end * bytes].chunks_exact(bytes);
        for pixel in pixels.step_by(2) {
            let color = on_white(pixel, picture.channels());
            count += 1;
            if color
                .iter()
                .any(|value| *value <= CLIPPED[0] || *value >= CLIPPED[1])
            {
                clipped += 1;
            }
            for (sum, value) in sums.iter_mut().zip(color) {
                *sum += f64::from(LINEAR[usize::from(value)]);
            }
        }
    }
    (count > 0 && clipped * 10 <= count).then(|| sums.map(|sum| (sum / count as f64) as f32))
}

/// Linear light of each sRGB value (IEC 61966-2-1).
pub(super) static LINEAR: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|value| {
        let encoded = value as f32 / 255.0;
        if encoded <= 0.04045 {
            encoded / 12.92
        } else {
            ((encoded + 0.055) / 1.055).powf(2.4)
        }
    })
});

#[cfg(test)]
mod tests {
    use xoay_imaging::Channels;

    use super::*;

    #[test]
    fn pieces_are_in_linear_light_and_clipped_ones_are_left_out() {
        let mut pixels = [188, 188, 188].repeat(240 * 160);
        // The upper left twelfth of the upper strip is blown.
        for y in 0..6 {
            pixels[y * 240 * 3..y * 240 * 3 + 20 * 3].fill(255);
        }
        let border = Border::of(&Raster::new(240, 160, Channels::Rgb, pixels).unwrap());
        assert_eq!(border.pieces.len(), ACROSS + 2 * DOWN);
        assert_eq!(border.pieces[0], None);
        let [red, ..] = border.pieces[5].unwrap();
        assert!((red - 0.503).abs() < 0.001, "{red}");
    }

    #[test]
    fn the_smallest_picture_has_a_border() {
        let one = Raster::new(1, 1, Channels::Rgb, vec![100; 3]).unwrap();
        assert!(Border::of(&one).pieces.iter().any(Option::is_some));
    }
}
