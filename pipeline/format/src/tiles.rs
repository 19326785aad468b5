//! Deep zoom: one file a frame that holds the frame's tiles at several sizes, with an index at its head.
//!
//! A reader fetches the first [`Tiles::index_bytes`] bytes of a frame's file, learns where each tile is, and fetches the
//! tiles in view by HTTP range requests. So a spin of 72 frames is 72 files and not 10,000.
//!
//! All numbers are little-endian.
//!
//! | offset | bytes | holds |
//! |---|---|---|
//! | 0 | 8 | `XTILES`, 0, and the version, 1 |
//! | 8 | 4 | width of the whole picture in pixels |
//! | 12 | 4 | its height |
//! | 16 | 2 | side of a tile in pixels |
//! | 18 | 1 | format of the tiles: 1 WebP, 2 JPEG |
//! | 19 | 1 | how many levels there are |
//! | 20 | 4 | bytes of this index |
//! | 24 | 4 each | bytes of each tile |
//! | index | | the tiles, one behind the other, without gaps |
//!
//! Level 0 has the whole size; each further one half of it, rounded up. Tiles stand level by level, within a level row by
//! row from the top left. Those at the right and lower edge are as small as what is left; tiles do not overlap.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ImageFormat, Url};

const MAGIC: [u8; 8] = *b"XTILES\0\x01";
const HEAD_BYTES: usize = 24;
/// The longest side of a picture in pixels, far beyond any camera's.
const MAX_SIDE: u32 = 1 << 20;
const MAX_LEVELS: u8 = 16;

/// The deep-zoom tiles of a spin, as its manifest names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tiles {
    /// Format of the tiles.
    pub format: ImageFormat,
    /// Width in pixels of a frame at its largest.
    pub width: u32,
    /// Height in pixels of a frame at its largest.
    pub height: u32,
    /// Side of a tile in pixels.
    pub tile_size: u32,
    /// How many sizes there are, each half of the one before.
    pub levels: u32,
    /// Bytes at the head of each file that hold its index.
    pub index_bytes: u32,
    /// Bytes of all files together.
    pub size_bytes: u64,
    /// One address a frame, in the order of the frames.
    pub urls: Vec<Url>,
}

/// Sizes and places of the tiles of one picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileLayout {
    width: u32,
    height: u32,
    tile_size: u16,
    levels: u8,
}

/// Where a tile is in its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileArea {
    /// Left edge in the level's pixels.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Width in pixels, at least 1.
    pub width: u32,
    /// Height in pixels, at least 1.
    pub height: u32,
}

impl TileLayout {
    /// The layout of a picture; `None` where a side or the tile is 0 or too long, or a level would be of less than a
    /// pixel.
    #[must_use]
    pub const fn new(width: u32, height: u32, tile_size: u16, levels: u8) -> Option<Self> {
        let longest = if width > height { width } else { height };
        let sound = width > 0
            && height > 0
            && longest <= MAX_SIDE
            && tile_size > 0
            && levels > 0
            && levels <= MAX_LEVELS
            && longest >> (levels - 1) > 0;
        if !sound {
            return None;
        }
        Some(Self {
            width,
            height,
            tile_size,
            levels,
        })
    }

    /// How many levels there are.
    #[must_use]
    pub const fn levels(&self) -> u8 {
        self.levels
    }

    /// Side of a tile in pixels.
    #[must_use]
    pub const fn tile_size(&self) -> u16 {
        self.tile_size
    }

    /// Width and height of a level in pixels; of the last one for a level beyond it.
    #[must_use]
    pub const fn level_size(&self, level: u8) -> (u32, u32) {
        let last = self.levels - 1;
        let halvings = if level < last { level } else { last };
        (
            self.width.div_ceil(1 << halvings),
            self.height.div_ceil(1 << halvings),
        )
    }

    /// Columns and rows of a level.
    #[must_use]
    pub const fn grid(&self, level: u8) -> (u32, u32) {
        let (width, height) = self.level_size(level);
        let side = self.tile_size as u32;
        (width.div_ceil(side), height.div_ceil(side))
    }

    /// The place of a tile; `None` where there is none.
    #[must_use]
    pub fn area(&self, level: u8, column: u32, row: u32) -> Option<TileArea> {
        let (columns, rows) = self.grid(level);
        if level >= self.levels || column >= columns || row >= rows {
            return None;
        }
        let (width, height) = self.level_size(level);
        let side = u32::from(self.tile_size);
        let (x, y) = (column * side, row * side);
        Some(TileArea {
            x,
            y,
            width: side.min(width - x),
            height: side.min(height - y),
        })
    }

    /// Tiles before the first of `level`; all of them for the level behind the last.
    fn tiles_before(&self, level: u8) -> u64 {
        (0..level.min(self.levels))
            .map(|level| {
                let (columns, rows) = self.grid(level);
                u64::from(columns) * u64::from(rows)
            })
            .sum()
    }

    /// Tiles of all levels.
    #[must_use]
    pub fn tile_count(&self) -> u64 {
        self.tiles_before(self.levels)
    }

    /// Bytes of the index, the same for every picture of this layout; `None` beyond 4 GiB.
    #[must_use]
    pub fn index_bytes(&self) -> Option<u32> {
        u32::try_from(HEAD_BYTES as u64 + 4 * self.tile_count()).ok()
    }

    /// The index of a file whose tiles have these lengths, level by level, row by row.
    ///
    /// `None` where their number is not the layout's, or the format is none that tiles have.
    #[must_use]
    pub fn index(&self, format: ImageFormat, tile_bytes: &[u32]) -> Option<Vec<u8>> {
        let format = match format {
            ImageFormat::Webp => 1,
            ImageFormat::Jpg => 2,
            _ => return None,
        };
        if tile_bytes.len() as u64 != self.tile_count() {
            return None;
        }
        let index_bytes = self.index_bytes()?;
        let mut index = Vec::with_capacity(index_bytes as usize);
        index.extend(MAGIC);
        index.extend(self.width.to_le_bytes());
        index.extend(self.height.to_le_bytes());
        index.extend(self.tile_size.to_le_bytes());
        index.extend([format, self.levels]);
        index.extend(index_bytes.to_le_bytes());
        index.extend(tile_bytes.iter().flat_map(|bytes| bytes.to_le_bytes()));
        Some(index)
    }
}

/// What is wrong with an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TileError {
    /// The bytes are no tiles at all, or of a version that is not known.
    NotTiles,
    /// The index ends after these bytes, beyond what there is.
    Truncated {
        /// Bytes that it takes at least.
        needed: u32,
    },
    /// The numbers contradict each other.
    Damaged,
}

impl fmt::Display for TileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTiles => f.write_str("not a file of tiles of a known version"),
            Self::Truncated { needed } => write!(f, "the tiles' index takes {needed} bytes"),
            Self::Damaged => f.write_str("the tiles' index is damaged"),
        }
    }
}

impl std::error::Error for TileError {}

/// The index at the head of a frame's file, read in place. Nothing is allocated, whatever the bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileIndex<'a> {
    layout: TileLayout,
    format: ImageFormat,
    lengths: &'a [u8],
}

/// A tile's bytes in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileRange {
    /// Offset of the first byte.
    pub start: u64,
    /// How many there are.
    pub bytes: u32,
}

impl<'a> TileIndex<'a> {
    /// Reads the index from the first bytes of a file; what follows it does not matter.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(file: &'a [u8]) -> Result<Self, TileError> {
        let Some((head, rest)) = file.split_at_checked(HEAD_BYTES) else {
            let begins =
                MAGIC.starts_with(&file[..file.len().min(MAGIC.len())]) || file.starts_with(&MAGIC);
            return Err(if begins {
                TileError::Truncated {
                    needed: HEAD_BYTES as u32,
                }
            } else {
                TileError::NotTiles
            });
        };
        if !head.starts_with(&MAGIC) {
            return Err(TileError::NotTiles);
        }
        let number =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let format = match head[18] {
            1 => ImageFormat::Webp,
            2 => ImageFormat::Jpg,
            _ => return Err(TileError::Damaged),
        };
        let tile_size = u16::from_le_bytes([head[16], head[17]]);
        let layout = TileLayout::new(number(8), number(12), tile_size, head[19])
            .filter(|layout| layout.index_bytes() == Some(number(20)))
            .ok_or(TileError::Damaged)?;
        let lengths = rest
            .get(..number(20) as usize - HEAD_BYTES)
            .ok_or(TileError::Truncated { needed: number(20) })?;
        Ok(Self {
            layout,
            format,
            lengths,
        })
    }

    /// Sizes and places of the tiles.
    #[must_use]
    pub const fn layout(&self) -> TileLayout {
        self.layout
    }

    /// Format of the tiles.
    #[must_use]
    pub const fn format(&self) -> ImageFormat {
        self.format
    }

    /// Where the tile's bytes are; `None` where there is no such tile.
    #[must_use]
    pub fn range(&self, level: u8, column: u32, row: u32) -> Option<TileRange> {
        self.layout.area(level, column, row)?;
        let (columns, _) = self.layout.grid(level);
        let number = self.layout.tiles_before(level)
            + u64::from(row) * u64::from(columns)
            + u64::from(column);
        let number = usize::try_from(number).ok()?;
        let (lengths, _) = self.lengths.as_chunks::<4>();
        let bytes = u32::from_le_bytes(*lengths.get(number)?);
        let before: u64 = lengths[..number]
            .iter()
            .map(|length| u64::from(u32::from_le_bytes(*length)))
            .sum();
        Some(TileRange {
            start: (HEAD_BYTES + self.lengths.len()) as u64 + before,
            bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn index(layout: TileLayout) -> Vec<u8> {
        let lengths: Vec<u32> = (0..layout.tile_count() as u32)
            .map(|at| at * 7 + 1)
            .collect();
        layout.index(ImageFormat::Webp, &lengths).unwrap()
    }

    #[test]
    fn the_written_form_is_stable() {
        let layout = TileLayout::new(700, 300, 512, 2).unwrap();
        let written = layout.index(ImageFormat::Jpg, &[10, 20, 30]).unwrap();
        let expected = [
            b"XTILES\0\x01".as_slice(),
            &[0xBC, 2, 0, 0, 0x2C, 1, 0, 0, 0, 2, 2, 2, 36, 0, 0, 0],
            &[10, 0, 0, 0, 20, 0, 0, 0, 30, 0, 0, 0],
        ];
        assert_eq!(written, expected.concat());
        let read = TileIndex::read(&written).unwrap();
        assert_eq!((read.layout(), read.format()), (layout, ImageFormat::Jpg));
        assert_eq!(
            read.range(0, 1, 0),
            Some(TileRange {
                start: 46,
                bytes: 20
            })
        );
        assert_eq!(
            read.range(1, 0, 0),
            Some(TileRange {
                start: 66,
                bytes: 30
            })
        );
        assert_eq!(read.range(1, 1, 0), None);
        assert_eq!(read.range(2, 0, 0), None);
    }

    #[test]
    fn what_is_no_index_says_so() {
        assert_eq!(TileIndex::read(b"RIFF"), Err(TileError::NotTiles));
        assert_eq!(TileIndex::read(&[0; 64]), Err(TileError::NotTiles));
        assert_eq!(
            TileIndex::read(b""),
            Err(TileError::Truncated { needed: 24 })
        );
        let whole = index(TileLayout::new(4000, 3000, 512, 2).unwrap());
        for at in [9, 13, 17, 18, 19, 20] {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x80;
            assert_eq!(TileIndex::read(&damaged), Err(TileError::Damaged), "{at}");
        }
    }

    #[test]
    fn a_lie_about_the_size_allocates_nothing() {
        let mut file = MAGIC.to_vec();
        for number in [MAX_SIDE, MAX_SIDE, 0x0101_0001, u32::MAX] {
            file.extend(number.to_le_bytes());
        }
        assert_eq!(TileIndex::read(&file), Err(TileError::Damaged));
    }

    fn layouts() -> impl Strategy<Value = TileLayout> {
        (1_u32..9000, 1_u32..9000, 64_u16..1025, 1_u8..6)
            .prop_filter_map("levels", |(w, h, side, levels)| {
                TileLayout::new(w, h, side, levels)
            })
    }

    proptest! {
        #[test]
        fn tiles_cover_each_level_exactly(layout in layouts()) {
            for level in 0..layout.levels() {
                let (width, height) = layout.level_size(level);
                let (columns, rows) = layout.grid(level);
                let mut covered = 0;
                for row in 0..rows {
                    for column in 0..columns {
                        let area = layout.area(level, column, row).unwrap();
                        prop_assert!(area.width >= 1 && area.height >= 1);
                        // Each begins where its neighbours end, and the last ends with the level.
                        prop_assert_eq!(area.x, column * u32::from(layout.tile_size()));
                        prop_assert_eq!(area.y, row * u32::from(layout.tile_size()));
                        prop_assert!(area.x + area.width <= width && area.y + area.height <= height);
                        covered += u64::from(area.width) * u64::from(area.height);
                    }
                }
                prop_assert_eq!(covered, u64::from(width) * u64::from(height));
                prop_assert_eq!(layout.area(level, columns, 0), None);
                prop_assert_eq!(layout.area(level, 0, rows), None);
            }
        }

        #[test]
        fn every_truncated_prefix_is_an_error(layout in layouts()) {
            let whole = index(layout);
            prop_assert!(TileIndex::read(&whole).is_ok());
            for length in (0..whole.len()).rev().take(64).chain(0..64.min(whole.len())) {
                prop_assert!(TileIndex::read(&whole[..length]).is_err());
            }
        }

        #[test]
        fn ranges_follow_each_other_without_gaps(layout in layouts()) {
            let whole = index(layout);
            let read = TileIndex::read(&whole).unwrap();
            let mut expected = whole.len() as u64;
            for level in 0..layout.levels().min(3) {
                let (columns, rows) = layout.grid(level);
                prop_assume!(columns * rows < 500);
                for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
                    let range = read.range(level, column, row).unwrap();
                    prop_assert_eq!(range.start, expected);
                    expected += u64::from(range.bytes);
                }
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200), magic in any::<bool>()) {
            if magic && bytes.len() >= MAGIC.len() {
                bytes[..MAGIC.len()].copy_from_slice(&MAGIC);
            }
            if let Ok(index) = TileIndex::read(&bytes) {
                for level in 0..=index.layout().levels() {
                    let _ = index.range(level, 0, 0);
                }
            }
        }
    }
}
