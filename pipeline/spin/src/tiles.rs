//! The deep-zoom tiles of one frame; the file's layout is described in `xoay_format`.

use serde::{Deserialize, Serialize};
use xoay_format::{ImageFormat, TileLayout};
use xoay_imaging::{Encoding, ImagingError, Raster, Resizer, encode};

use crate::{Sink, SpinError};

/// Side of a tile in pixels: some fifteen cover a phone's screen, and each is worth its request.
const TILE_SIZE: u16 = 512;

/// How tiles are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileSettings {
    /// WebP, or JPEG where WebP is not wanted.
    pub format: ImageFormat,
    /// The codec's quality.
    pub quality: u8,
}

impl TileSettings {
    /// The settings for a spin with renditions in `formats`: WebP, but JPEG where only JPEG is asked for.
    ///
    /// Seen at one pixel to one and from near, so a little better than renditions are at most.
    #[must_use]
    pub fn for_formats(formats: &[ImageFormat]) -> Self {
        if formats.contains(&ImageFormat::Jpg) && !formats.contains(&ImageFormat::Webp) {
            Self {
                format: ImageFormat::Jpg,
                quality: 82,
            }
        } else {
            Self {
                format: ImageFormat::Webp,
                quality: 82,
            }
        }
    }

    /// Method 2 of WebP: 0.4 CPU seconds for the tiles of 12 megapixels, where method 4 takes 0.95 to save 2 to 4% of
    /// the bytes.
    const fn encoding(self) -> Encoding {
        match self.format {
            ImageFormat::Jpg => Encoding::Jpeg {
                quality: self.quality,
                progressive: false,
            },
            _ => Encoding::Webp {
                quality: self.quality,
                method: 2,
            },
        }
    }
}

/// The tiles of one frame, stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameTiles {
    /// Width of the largest level in pixels.
    pub width: u32,
    /// Height of the largest level in pixels.
    pub height: u32,
    /// Side of a tile in pixels.
    pub tile_size: u32,
    /// How many levels there are.
    pub levels: u32,
    /// Bytes of the index at the file's head.
    pub index_bytes: u32,
    /// Bytes of the file.
    pub size_bytes: u64,
}

/// The path of the tiles of frame `number` (from 0).
#[must_use]
pub fn tiles_path(number: usize) -> String {
    format!("tiles/{:04}.xtiles", number + 1)
}

/// Stores the tiles of frame `number` (from 0): `full`, then halves of it as long as they are wider than `above`, the
/// largest rendition.
///
/// Without a result where `full` is not larger than `above`: there is nothing to zoom into.
///
/// # Errors
/// [`SpinError::Encode`], [`SpinError::Output`], or [`SpinError::Cancelled`].
pub fn put_pyramid(
    number: usize,
    full: &Raster,
    above: (u32, u32),
    settings: TileSettings,
    resizer: &mut Resizer,
    sink: &dyn Sink,
    cancelled: &dyn Fn() -> bool,
) -> Result<Option<FrameTiles>, SpinError> {
    let path = tiles_path(number);
    let levels = levels((full.width(), full.height()), above);
    let layout = TileLayout::new(full.width(), full.height(), TILE_SIZE, levels);
    let Some(layout) = layout else {
        return Ok(None);
    };
    let failed = |source| SpinError::Encode {
        path: path.clone(),
        source,
    };
    let mut lengths = Vec::new();
    let mut tiles = Vec::new();
    let mut smaller: Option<Raster> = None;
    for level in 0..levels {
        if level > 0 {
            let (width, height) = layout.level_size(level);
            let larger = smaller.as_ref().unwrap_or(full);
            smaller = Some(resizer.resize(larger, width, height).map_err(failed)?);
        }
        let picture = smaller.as_ref().unwrap_or(full);
        let (columns, rows) = layout.grid(level);
        for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)))
        {
            if cancelled() {
                return Err(SpinError::Cancelled);
            }
            let Some(area) = layout.area(level, column, row) else {
                continue;
            };
            let tile = cut(picture, area).and_then(|tile| encode(&tile, settings.encoding()));
            let tile = tile.map_err(failed)?;
            lengths.push(tile.len() as u32);
            tiles.extend(tile);
        }
    }
    let mut file = layout.index(settings.format, &lengths).ok_or_else(|| {
        failed(ImagingError::Encode {
            format: settings.format,
            detail: "tiles are WebP or JPEG".into(),
        })
    })?;
    let index_bytes = file.len() as u32;
    file.append(&mut tiles);
    sink.put(&path, &file)
        .map_err(|source| SpinError::Output { path, source })?;
    Ok(Some(FrameTiles {
        width: full.width(),
        height: full.height(),
        tile_size: u32::from(TILE_SIZE),
        levels: u32::from(levels),
        index_bytes,
        size_bytes: file.len() as u64,
    }))
}

/// How many halvings of `full`, itself included, are larger than `above`.
fn levels(full: (u32, u32), above: (u32, u32)) -> u8 {
    let larger = |level: &u8| {
        let (width, height) = (full.0.div_ceil(1 << level), full.1.div_ceil(1 << level));
        width > above.0 && height > above.1
    };
    (0..16).take_while(larger).count() as u8
}

fn cut(picture: &Raster, area: xoay_format::TileArea) -> Result<Raster, ImagingError> {
    let channels = picture.channels().count();
    let stride = picture.width() as usize * channels;
    let (start, length) = (area.x as usize * channels, area.width as usize * channels);
    let rows = picture.pixels().chunks_exact(stride);
    let rows = rows.skip(area.y as usize).take(area.height as usize);
    let mut pixels = Vec::with_capacity(length * area.height as usize);
    for row in rows {
        pixels.extend_from_slice(&row[start..start + length]);
    }
    Raster::new(area.width, area.height, picture.channels(), pixels)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io;
    use std::sync::Mutex;

    use xoay_format::TileIndex;
    use xoay_imaging::{Channels, read_back};

    use super::*;

    #[derive(Default)]
    struct Memory(Mutex<BTreeMap<String, Vec<u8>>>);

    impl Sink for Memory {
        fn put(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
            self.0.lock().unwrap().insert(path.into(), bytes.into());
            Ok(())
        }
    }

    fn gradient(width: u32, height: u32) -> Raster {
        let pixels = (0..width * height).flat_map(|i| {
            let (x, y) = (i % width, i / width);
            [(x * 255 / width) as u8, (y * 255 / height) as u8, 128]
        });
        Raster::new(width, height, Channels::Rgb, pixels.collect()).unwrap()
    }

    fn put(full: &Raster, above: (u32, u32), format: ImageFormat) -> (Option<FrameTiles>, Memory) {
        let sink = Memory::default();
        let settings = TileSettings {
            format,
            quality: 90,
        };
        let tiles = put_pyramid(
            4,
            full,
            above,
            settings,
            &mut Resizer::new(),
            &sink,
            &|| false,
        );
        (tiles.unwrap(), sink)
    }

    #[test]
    fn the_tiles_put_together_are_the_picture() {
        let full = gradient(1300, 700);
        for format in [ImageFormat::Webp, ImageFormat::Jpg] {
            let (tiles, sink) = put(&full, (400, 215), format);
            let tiles = tiles.unwrap();
            let files = sink.0.lock().unwrap();
            let file = &files["tiles/0005.xtiles"];
            assert_eq!(tiles.size_bytes, file.len() as u64);
            let index = TileIndex::read(&file[..tiles.index_bytes as usize]).unwrap();
            let layout = index.layout();
            assert_eq!((tiles.levels, layout.levels()), (2, 2));
            for level in 0..layout.levels() {
                let (width, height) = layout.level_size(level);
                let (columns, rows) = layout.grid(level);
                for (row, column) in (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c))) {
                    let range = index.range(level, column, row).unwrap();
                    let bytes = &file[range.start as usize..][..range.bytes as usize];
                    let tile = read_back(bytes, format).unwrap();
                    let area = layout.area(level, column, row).unwrap();
                    assert_eq!((tile.width(), tile.height()), (area.width, area.height));
                    // The middle of the tile shows the colour of its place.
                    let (x, y) = (area.x + area.width / 2, area.y + area.height / 2);
                    let at = (area.width / 2) as usize * 3;
                    let pixel = &tile.row(area.height / 2).unwrap()[at..at + 2];
                    let expected = [x * 255 / width, y * 255 / height];
                    let near = pixel
                        .iter()
                        .zip(expected)
                        .all(|(&p, e)| u32::from(p).abs_diff(e) <= 6);
                    assert!(
                        near,
                        "{format} level {level} {column},{row}: {pixel:?} {expected:?}"
                    );
                }
            }
            let last = index.range(1, 1, 0).unwrap();
            assert_eq!(last.start + u64::from(last.bytes), file.len() as u64);
        }
    }

    #[test]
    fn levels_end_above_the_largest_rendition() {
        assert_eq!(levels((4000, 3000), (1600, 1200)), 2);
        assert_eq!(levels((6000, 4000), (1600, 1067)), 2);
        assert_eq!(levels((1601, 1201), (1600, 1200)), 1);
        assert_eq!(levels((1600, 1200), (1600, 1200)), 0);
        assert_eq!(levels((u32::MAX, u32::MAX), (1, 1)), 16);
    }

    #[test]
    fn nothing_is_stored_where_there_is_nothing_to_zoom_into() {
        let (tiles, sink) = put(&gradient(300, 200), (300, 200), ImageFormat::Webp);
        assert_eq!(tiles, None);
        assert!(sink.0.lock().unwrap().is_empty());
    }

    #[test]
    fn a_stop_is_obeyed_and_other_formats_are_refused() {
        let sink = Memory::default();
        let webp = TileSettings::for_formats(&[ImageFormat::Avif]);
        let full = gradient(600, 600);
        let put = |settings, stop: bool| {
            put_pyramid(
                0,
                &full,
                (9, 9),
                settings,
                &mut Resizer::new(),
                &sink,
                &|| stop,
            )
        };
        assert!(matches!(put(webp, true), Err(SpinError::Cancelled)));
        let png = TileSettings {
            format: ImageFormat::Png,
            quality: 1,
        };
        assert!(matches!(put(png, false), Err(SpinError::Encode { .. })));
    }
}
