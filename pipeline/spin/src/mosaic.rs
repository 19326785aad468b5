use xoay_imaging::{ImagingError, Raster};

/// Side of a tile in pixels. A multiple of every codec's block, so that no block of the mosaic spans two tiles.
const TILE: u32 = 128;
/// Of at least how many tiles one is taken.
const LEAST_STRIDE: u32 = 4;
/// Smaller pictures are taken whole: there is little to save, and few tiles to choose from. Mosaics have no more
/// pixels than this: the metric holds some hundred bytes of each.
const MOST_PIXELS: u64 = 500_000;

/// What a mosaic scores more than its picture, mean of 64 measurements: four photos each of four captures at 1200×900,
/// AVIF at two qualities, WebP and JPEG. The edges between tiles are in both pictures and hide a little of what differs
/// beside them. Corrected for it, four mosaics together are within 0.9 of the four whole pictures in every case; tiles of 64
/// scored 1.9 too much, and of 256 too few fit to be like the whole.
const EDGE_BONUS: f64 = 1.1;

/// What is judged in place of a picture.
pub(crate) struct Mosaic {
    /// A part of it, or all.
    pub picture: Raster,
    /// To be taken off the score of `picture`.
    pub bonus: f64,
}

/// A quarter of `picture` or, where that is much, less: tiles from a regular lattice over all of it, put together. Encoding and judging it costs a
/// part and predicts the whole, since the tiles hold product and background in the picture's own proportion; a
/// window on the finest detail would not.
///
/// `number` shifts the lattice: four pictures of consecutive numbers show no place twice and, where each is a quarter, every
/// place.
///
/// # Errors
/// Never for a picture that is one.
pub(crate) fn mosaic(picture: &Raster, number: usize) -> Result<Mosaic, ImagingError> {
    let (columns, rows) = (picture.width() / TILE, picture.height() / TILE);
    let pixels = u64::from(picture.width()) * u64::from(picture.height());
    let mut stride = LEAST_STRIDE;
    while pixels / u64::from(stride) > MOST_PIXELS {
        stride *= 2;
    }
    // In fewer columns the lattice would miss whole rows.
    if pixels < MOST_PIXELS || columns < LEAST_STRIDE || rows < LEAST_STRIDE {
        return Ok(Mosaic {
            picture: picture.clone(),
            bonus: 0.0,
        });
    }
    // What does not divide into tiles is left out on both sides alike, in whole chroma blocks.
    let margin = |side: u32| side % TILE / 2 / 16 * 16;
    let (left, top) = (margin(picture.width()), margin(picture.height()));
    let shift = number as u32 % LEAST_STRIDE * (stride / LEAST_STRIDE);
    let places: Vec<(u32, u32)> = (0..rows)
        .flat_map(|row| (0..columns).map(move |column| (column, row)))
        .filter(|(column, row)| (column + 2 * row + shift).is_multiple_of(stride))
        .map(|(column, row)| (left + column * TILE, top + row * TILE))
        .collect();
    let across = places.len().isqrt();
    let down = places.len() / across;
    let mut pixels = Vec::with_capacity(across * down * (TILE * TILE) as usize * 4);
    let channels = picture.channels();
    let stride = picture.width() as usize * channels.count();
    for line in places.chunks_exact(across).take(down) {
        for y in 0..TILE {
            for &(x, top) in line {
                let start = (top + y) as usize * stride + x as usize * channels.count();
                let length = TILE as usize * channels.count();
                pixels.extend_from_slice(&picture.pixels()[start..start + length]);
            }
        }
    }
    Ok(Mosaic {
        picture: Raster::new(across as u32 * TILE, down as u32 * TILE, channels, pixels)?,
        bonus: EDGE_BONUS,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use xoay_imaging::Channels;

    use super::*;

    /// Each tile's pixels carry its column and row.
    fn numbered(width: u32, height: u32) -> Raster {
        let (left, top) = (width % TILE / 2 / 16 * 16, height % TILE / 2 / 16 * 16);
        let pixels = (0..width * height).flat_map(|i| {
            let (x, y) = (i % width, i / width);
            let tile = |at: u32, margin: u32| (at.wrapping_sub(margin) / TILE) as u8;
            [tile(x, left), tile(y, top), 0]
        });
        Raster::new(width, height, Channels::Rgb, pixels.collect()).unwrap()
    }

    #[test]
    fn four_pictures_show_nearly_every_place_once() {
        let picture = numbered(1600, 1200);
        let mut seen = HashSet::new();
        let mut count = 0;
        for number in 0..4 {
            let part = mosaic(&picture, number).unwrap().picture;
            let whole = u64::from(1600_u32 * 1200);
            assert!(u64::from(part.width() * part.height()) * 4 <= whole);
            for y in (0..part.height()).step_by(TILE as usize) {
                let row = part.row(y).unwrap();
                for tile in row.chunks_exact((TILE * 3) as usize) {
                    assert!(
                        tile.chunks(3).all(|pixel| pixel == &tile[..3]),
                        "cut across tiles"
                    );
                    seen.insert((tile[0], tile[1]));
                    count += 1;
                }
            }
        }
        assert_eq!(seen.len(), count, "a tile was taken twice");
        assert!(count * 10 >= 12 * 9 * 8, "only {count} of 108 tiles");
    }

    #[test]
    fn of_a_large_picture_no_more_is_taken_than_can_be_held() {
        let picture = numbered(3000, 4000);
        let mut seen = HashSet::new();
        for number in 0..4 {
            let part = mosaic(&picture, number).unwrap().picture;
            let pixels = u64::from(part.width() * part.height());
            assert!(
                (MOST_PIXELS / 3..=MOST_PIXELS).contains(&pixels),
                "{pixels}"
            );
            for y in (0..part.height()).step_by(TILE as usize) {
                for tile in part.row(y).unwrap().chunks_exact((TILE * 3) as usize) {
                    assert!(seen.insert((tile[0], tile[1])), "a tile was taken twice");
                }
            }
        }
    }

    #[test]
    fn small_and_thin_pictures_are_taken_whole() {
        for (width, height) in [(400, 300), (20_000, 100), (130, 9000)] {
            let picture = Raster::new(
                width,
                height,
                Channels::Rgb,
                vec![7; (width * height * 3) as usize],
            )
            .unwrap();
            assert!(mosaic(&picture, 1).unwrap().picture == picture);
        }
    }
}
