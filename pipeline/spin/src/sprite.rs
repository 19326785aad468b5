use std::path::Path;

use xoay_format::{ImageFile, ImageFormat, Sprite};
use xoay_imaging::{Channels, Encoding, Raster, encode};

use crate::plan::height_for;
use crate::{Sink, SpinError};

/// Pixels of all tiles together, whatever the number of frames: what a phone decodes in some ten milliseconds.
const MAX_PIXELS: u64 = 2_000_000;
const MAX_TILE_WIDTH: u32 = 240;
/// What a first touch may cost over a poor network.
const TARGET_BYTES: usize = 120_000;
/// Tried in this order until the file is small enough; the last is taken in any case.
const QUALITIES: [u8; 6] = [70, 60, 50, 40, 30, 20];
/// WebP ends here.
const MAX_SIDE: u64 = 16_383;

/// Width and height of a tile for `frames` frames of the shape and at most the size of `largest`.
pub(crate) fn tile_size(largest: (u32, u32), frames: usize) -> (u32, u32) {
    let aspect = f64::from(largest.1) / f64::from(largest.0);
    let fitting = (MAX_PIXELS as f64 / (frames.max(1) as f64 * aspect))
        .sqrt()
        .floor();
    let width = (fitting as u32).clamp(1, MAX_TILE_WIDTH).min(largest.0);
    (width, height_for(largest, width))
}

/// Puts all `tiles`, of the size `tile`, into one picture and stores it.
///
/// Without a result where the shape is so extreme that the picture would be longer than its format allows.
pub(crate) fn compose(
    tiles: &[Raster],
    (tile_width, tile_height): (u32, u32),
    formats: &[ImageFormat],
    sink: &dyn Sink,
) -> Result<Option<Sprite>, SpinError> {
    let columns = columns(tiles.len(), (tile_width, tile_height));
    let lines = tiles.len().div_ceil(columns as usize) as u32;
    let width = u64::from(columns) * u64::from(tile_width);
    let height = u64::from(lines) * u64::from(tile_height);
    if width.max(height) > MAX_SIDE || width * height > 4 * MAX_PIXELS {
        return Ok(None);
    }
    let (width, height) = (width as u32, height as u32);
    let format = if formats.contains(&ImageFormat::Jpg) && !formats.contains(&ImageFormat::Webp) {
        ImageFormat::Jpg
    } else {
        ImageFormat::Webp
    };
    let path = format!("sprite.{}", format.extension());
    let failed = |source| SpinError::Encode {
        path: path.clone(),
        source,
    };
    let sheet = sheet(tiles, columns, (width, height)).map_err(failed)?;
    let mut bytes = Vec::new();
    for quality in QUALITIES {
        let encoding = match format {
            ImageFormat::Jpg => Encoding::Jpeg {
                quality,
                progressive: true,
            },
            _ => Encoding::Webp { quality, method: 6 },
        };
        bytes = encode(&sheet, encoding).map_err(failed)?;
        if bytes.len() <= TARGET_BYTES {
            break;
        }
    }
    sink.put(&path, &bytes)
        .map_err(|source| SpinError::Output {
            path: path.clone(),
            source,
        })?;
    let image = ImageFile {
        url: path,
        format,
        width,
        height,
        size_bytes: bytes.len() as u64,
    };
    Ok(Some(Sprite {
        image,
        columns,
        tile_width,
        tile_height,
    }))
}

/// One picture of all `tiles`, which are of one size, encoded in the format that `path` ends with; PNG where it tells
/// none.
///
/// # Errors
/// [`SpinError::Encode`] where the picture is too large for the format.
pub fn contact_sheet(tiles: &[Raster], path: &Path) -> Result<Vec<u8>, SpinError> {
    let failed = |source| SpinError::Encode {
        path: path.display().to_string(),
        source,
    };
    let Some(first) = tiles.first() else {
        return Ok(Vec::new());
    };
    let columns = columns(tiles.len(), (first.width(), first.height()));
    let lines = tiles.len().div_ceil(columns as usize) as u32;
    let sheet = sheet(
        tiles,
        columns,
        (columns * first.width(), lines * first.height()),
    )
    .map_err(failed)?;
    let ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default();
    let encoding = match ending.parse() {
        Ok(ImageFormat::Jpg) => Encoding::Jpeg {
            quality: 88,
            progressive: true,
        },
        Ok(ImageFormat::Webp) => Encoding::Webp {
            quality: 85,
            method: 4,
        },
        Ok(ImageFormat::Avif) => Encoding::Avif {
            quality: 80,
            speed: 7,
        },
        Ok(ImageFormat::Png) | Err(_) => Encoding::Png,
    };
    encode(&sheet, encoding).map_err(failed)
}

/// How many tiles stand in a line: nearly square, with as few empty places as that allows.
fn columns(tiles: usize, (tile_width, tile_height): (u32, u32)) -> u32 {
    let square = (tiles as f64 * f64::from(tile_height) / f64::from(tile_width)).sqrt();
    let most = tiles.max(1) as u32;
    let from = ((square * 0.75).floor() as u32).clamp(1, most);
    let to = ((square * 1.34).ceil() as u32).clamp(from, most);
    let empty = |columns: u32| (columns as usize * tiles.div_ceil(columns as usize)) - tiles;
    let far = |columns: u32| ((f64::from(columns) - square).abs() * 1000.0) as u64;
    (from..=to)
        .min_by_key(|&columns| (empty(columns), far(columns)))
        .unwrap_or(1)
}

fn sheet(
    tiles: &[Raster],
    columns: u32,
    (width, height): (u32, u32),
) -> Result<Raster, xoay_imaging::ImagingError> {
    let any_alpha = tiles.iter().any(|tile| tile.channels() == Channels::Rgba);
    let channels = if any_alpha {
        Channels::Rgba
    } else {
        Channels::Rgb
    };
    let stride = width as usize * channels.count();
    let mut pixels = vec![255_u8; stride * height as usize];
    for (number, tile) in tiles.iter().enumerate() {
        let (column, line) = (number % columns as usize, number / columns as usize);
        let left = column * tile.width() as usize * channels.count();
        let top = line * tile.height() as usize;
        let tile_stride = tile.width() as usize * tile.channels().count();
        for (y, row) in tile.pixels().chunks_exact(tile_stride).enumerate() {
            let start = (top + y) * stride + left;
            let out = &mut pixels[start..start + tile.width() as usize * channels.count()];
            if tile.channels() == channels {
                out.copy_from_slice(row);
            } else {
                // An opaque tile among transparent ones; the sheet's alpha is 255 already.
                for (out, pixel) in out.chunks_exact_mut(4).zip(row.chunks_exact(3)) {
                    out[..3].copy_from_slice(pixel);
                }
            }
        }
    }
    Raster::new(width, height, channels, pixels)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn usual_counts_leave_no_place_empty() {
        for (frames, expected) in [(24, 4), (36, 6), (48, 6), (72, 8)] {
            let tile = tile_size((1600, 1200), frames);
            assert_eq!(
                columns(frames, tile),
                expected,
                "{frames} frames of {tile:?}"
            );
        }
    }

    #[test]
    fn opaque_and_transparent_tiles_share_a_sheet() {
        let opaque = Raster::new(1, 1, Channels::Rgb, vec![1, 2, 3]).unwrap();
        let clear = Raster::new(1, 1, Channels::Rgba, vec![4, 5, 6, 7]).unwrap();
        let sheet = sheet(&[opaque, clear], 2, (2, 1)).unwrap();
        assert_eq!(sheet.pixels(), [1, 2, 3, 255, 4, 5, 6, 7]);
    }

    proptest! {
        #[test]
        fn all_tiles_together_stay_small(width in 1_u32..6000, height in 1_u32..6000, frames in 1_usize..2000) {
            let (w, h) = tile_size((width, height), frames);
            prop_assert!(w >= 1 && h >= 1 && w <= width && w <= MAX_TILE_WIDTH);
            let shape = f64::from(height) / f64::from(width);
            if (0.1..10.0).contains(&shape) {
                // Rounding the height up can add half a row a tile.
                prop_assert!(u64::from(w) * u64::from(h) * frames as u64 <= MAX_PIXELS * 11 / 10);
            }
            let columns = columns(frames, (w, h));
            prop_assert!(columns >= 1 && columns as usize <= frames);
        }
    }
}
