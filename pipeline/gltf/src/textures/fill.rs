//! What nobody sees in a texture, replaced by what costs nothing.

use xoay_imaging::Raster;

use super::coverage::{CELL, Coverage};

/// Fills every cell that no triangle shows with one colour, that of the pixels beside it: flat blocks that continue their
/// neighbours take next to no bytes, and smaller sizes of the texture mix in nothing foreign.
pub(super) fn fill_unseen(raster: Raster, coverage: &Coverage) -> Raster {
    if coverage.share() >= 1.0 {
        return raster;
    }
    let (width, height, channels) = (raster.width(), raster.height(), raster.channels());
    let count = channels.count();
    let mut pixels = raster.into_pixels();
    for row in 0..coverage.rows {
        for column in (0..coverage.columns).filter(|&column| !coverage.shows(column, row)) {
            let (left, top) = (column * CELL, row * CELL);
            let (right, bottom) = ((left + CELL).min(width), (top + CELL).min(height));
            // Those to the left and above are final.
            let mut beside: Vec<(u32, u32)> = Vec::with_capacity(2 * CELL as usize);
            if left > 0 {
                beside.extend((top..bottom).map(|y| (left - 1, y)));
            }
            if top > 0 {
                beside.extend((left..right).map(|x| (x, top - 1)));
            }
            if beside.is_empty() {
                beside.push((0, 0));
            }
            let mut sum = [0u32; 4];
            for &(x, y) in &beside {
                let at = (y as usize * width as usize + x as usize) * count;
                for (sum, value) in sum.iter_mut().zip(&pixels[at..at + count]) {
                    *sum += u32::from(*value);
                }
            }
            let number = beside.len() as u32;
            let color = sum.map(|sum| ((sum + number / 2) / number) as u8);
            for y in top..bottom {
                let start = (y as usize * width as usize + left as usize) * count;
                let end = start + (right - left) as usize * count;
                for pixel in pixels[start..end].chunks_exact_mut(count) {
                    pixel.copy_from_slice(&color[..count]);
                }
            }
        }
    }
    Raster::new(width, height, channels, pixels).expect("as many pixels as before")
}

#[cfg(test)]
mod tests {
    use xoay_imaging::Channels;

    use super::*;

    #[test]
    fn what_is_shown_stays_and_the_rest_is_flat() {
        let pixels = (0..40 * 40 * 3).map(|i| (i * 7 % 251) as u8).collect();
        let raster = Raster::new(40, 40, Channels::Rgb, pixels).unwrap();
        let mut coverage = Coverage::all(40, 40);
        coverage.hide(1, 1);
        coverage.hide(2, 2);
        let filled = fill_unseen(raster.clone(), &coverage);
        for y in 0..40 {
            for x in 0..40u32 {
                let pixel = |r: &Raster| r.row(y).unwrap()[x as usize * 3..][..3].to_vec();
                if coverage.shows(x / 16, y / 16) {
                    assert_eq!(pixel(&filled), pixel(&raster));
                } else {
                    let first = |r: &Raster| {
                        r.row(y / 16 * 16).unwrap()[(x / 16 * 16) as usize * 3..][..3].to_vec()
                    };
                    assert_eq!(pixel(&filled), first(&filled));
                }
            }
        }
    }
}
