//! A small part of a texture, to find a quality with.

use xoay_imaging::{Encoding, Raster, Reference, encode};

use super::coverage::{CELL, Coverage};
use super::role::Role;
use crate::GltfError;

/// Pixels a side of a tile.
const TILE: u32 = 64;
/// Tiles a side of the sample.
const TILES: u32 = 5;
/// Pixels along a tile's edge that are not judged: an encoder smears its neighbours' colours into them, which lie elsewhere
/// in the texture.
const SEAM: u32 = 3;
/// Tiles with less than this part of the detail of the liveliest are left out.
const LIVELY_SHARE: u64 = 10;

/// Tiles of a texture, from the lively parts of what triangles show, as one square picture.
pub(super) struct Sample {
    picture: Raster,
    /// Whether it is made of tiles, else it is the texture itself.
    tiled: bool,
    judge: Judge,
}

/// How far a picture may be from the sample.
enum Judge {
    /// SSIMULACRA2.
    Color(Box<Reference>),
    /// Root mean square of the angle, degrees.
    Normal,
    /// Root mean square over the channels in use, steps of 255.
    Data([bool; 4]),
}

impl Sample {
    /// The sample of `raster`; all of it where it is small.
    pub fn new(
        raster: &Raster,
        coverage: &Coverage,
        role: Role,
        channels: [bool; 4],
    ) -> Result<Self, GltfError> {
        let tiles = tiles(raster, coverage);
        let tiled = tiles.is_some();
        let picture = tiles.map_or_else(|| Ok(raster.clone()), |t| t.cut(raster))?;
        let judge = match role {
            Role::Color => {
                Judge::Color(Box::new(Reference::new(&picture).map_err(|e| failed(&e))?))
            }
            Role::Normal => Judge::Normal,
            Role::Data => Judge::Data(channels),
        };
        Ok(Self {
            picture,
            tiled,
            judge,
        })
    }

    /// Whether it can be halved `times` times without tiles running into each other.
    pub fn can_halve(&self, times: u32) -> bool {
        let side = 1 << times;
        self.picture.width().is_multiple_of(side * 4)
            && self.picture.height().is_multiple_of(side * 4)
    }

    /// The sample at a half, a quarter … of its size.
    pub fn halved(&self, times: u32) -> Result<Raster, GltfError> {
        (0..times).try_fold(self.picture.clone(), |picture, _| halve(&picture))
    }

    /// Bytes of the sample in WebP without loss, at 1/2^`times` of its size.
    pub fn exact_bytes(&self, times: u32) -> Result<usize, GltfError> {
        let bytes = encode(&self.halved(times)?, Encoding::WebpLossless);
        Ok(bytes.map_err(|error| failed(&error))?.len())
    }

    /// How far `shown`, the sample at 1/2^`times` of its size, is from it when a graphics card enlarges it again: never
    /// negative, 0 the same. In points of SSIMULACRA2 below 100, degrees, or steps of 255.
    pub fn distance(&self, shown: &Raster, times: u32) -> Result<f64, GltfError> {
        let mut shown = enlarged(shown, times)?;
        // Parts of an area count as the whole would.
        let mut share = 1.0;
        if self.tiled {
            shown = self.with_true_seams(shown)?;
            share = f64::from((TILE - 2 * SEAM).pow(2)) / f64::from(TILE.pow(2));
        }
        match &self.judge {
            Judge::Color(reference) => {
                let score = reference.score(&shown).map_err(|error| failed(&error))?;
                Ok((100.0 - score).max(0.0))
            }
            Judge::Normal => Ok(angle_deg(&self.picture, &shown) / share.sqrt()),
            Judge::Data(channels) => Ok(deviation(&self.picture, &shown, *channels) / share.sqrt()),
        }
    }

    /// `shown` with the sample's own pixels along the edges of tiles.
    ///
    /// Judged with its seams, a painting of six colours seemed no better at quality 82 than at 54.
    fn with_true_seams(&self, shown: Raster) -> Result<Raster, GltfError> {
        let (width, height, channels) = (shown.width(), shown.height(), shown.channels());
        if channels != self.picture.channels() {
            return Ok(shown);
        }
        let count = channels.count();
        let truth = self.picture.pixels();
        let mut pixels = shown.into_pixels();
        let in_seam = |at: u32| at % TILE < SEAM || at % TILE >= TILE - SEAM;
        for y in 0..height {
            let row = (y * width) as usize * count;
            if in_seam(y) {
                let row = row..row + width as usize * count;
                pixels[row.clone()].copy_from_slice(&truth[row]);
                continue;
            }
            for x in (0..width).filter(|x| in_seam(*x)) {
                let at = row + x as usize * count;
                pixels[at..at + count].copy_from_slice(&truth[at..at + count]);
            }
        }
        Raster::new(width, height, channels, pixels).map_err(|error| failed(&error))
    }
}

/// Where the tiles lie.
struct Tiles(Vec<(u32, u32)>);

/// `None` where the texture is hardly larger than the sample.
fn tiles(raster: &Raster, coverage: &Coverage) -> Option<Tiles> {
    let (columns, rows) = (raster.width() / TILE, raster.height() / TILE);
    if columns * rows <= 2 * TILES * TILES {
        return None;
    }
    let cells = TILE / CELL;
    let shown: Vec<(u32, u32)> = (0..rows)
        .flat_map(|row| (0..columns).map(move |column| (column, row)))
        .filter(|&(column, row)| {
            let inside = (0..cells * cells).filter(|cell| {
                let (x, y) = (column * cells + cell % cells, row * cells + cell / cells);
                coverage.shows(x.min(coverage.columns - 1), y.min(coverage.rows - 1))
            });
            inside.count() as u32 * 2 > cells * cells
        })
        .collect();
    let wanted = (TILES * TILES) as usize;
    if shown.len() < wanted {
        return None;
    }
    // The liveliest first. Flat parts need no quality, and a few fine marks on a plain ground need all of it: the sample
    // is taken from the lively parts alone.
    let mut by_detail: Vec<(u64, (u32, u32))> = shown
        .into_iter()
        .map(|(column, row)| {
            let place = (column * TILE, row * TILE);
            (detail(raster, place), place)
        })
        .collect();
    by_detail.sort_unstable_by_key(|&(detail, place)| (std::cmp::Reverse(detail), place));
    let threshold = by_detail[by_detail.len() / 50].0 / LIVELY_SHARE;
    let lively = by_detail.partition_point(|(detail, _)| *detail >= threshold);
    let lively = lively.max(wanted);
    Some(Tiles(
        (0..wanted)
            .map(|at| by_detail[at * lively / wanted].1)
            .collect(),
    ))
}

/// What halving the size of a tile would lose: the sum of squares within each four pixels.
fn detail(raster: &Raster, (left, top): (u32, u32)) -> u64 {
    let count = raster.channels().count();
    let stride = raster.width() as usize * count;
    let width = TILE as usize * count;
    let row = |y: u32| {
        let start = y as usize * stride + left as usize * count;
        &raster.pixels()[start..start + width]
    };
    let mut sum = 0;
    // Every other pair of rows tells enough.
    for y in (top..top + TILE).step_by(4) {
        let (above, below) = (row(y), row(y + 1));
        for x in (0..width).step_by(2 * count) {
            for c in x..x + count {
                let four = [above[c], above[c + count], below[c], below[c + count]].map(u64::from);
                let total: u64 = four.iter().sum();
                let squares: u64 = four.iter().map(|value| value * value).sum();
                sum += 4 * squares - total * total;
            }
        }
    }
    sum
}

impl Tiles {
    fn cut(&self, raster: &Raster) -> Result<Raster, GltfError> {
        let count = raster.channels().count();
        let side = (TILE * TILES) as usize;
        let mut pixels = vec![0; side * side * count];
        let stride = raster.width() as usize * count;
        let tile = TILE as usize;
        for (at, &(left, top)) in self.0.iter().enumerate() {
            let (column, row) = (at % TILES as usize, at / TILES as usize);
            for y in 0..tile {
                let from = (top as usize + y) * stride + left as usize * count;
                let to = ((row * tile + y) * side + column * tile) * count;
                pixels[to..to + tile * count]
                    .copy_from_slice(&raster.pixels()[from..from + tile * count]);
            }
        }
        let side = side as u32;
        Raster::new(side, side, raster.channels(), pixels).map_err(|error| failed(&error))
    }
}

/// Each pixel the mean of four. Odd sides lose their last row or column.
pub(super) fn halve(raster: &Raster) -> Result<Raster, GltfError> {
    let count = raster.channels().count();
    let (width, height) = ((raster.width() / 2).max(1), (raster.height() / 2).max(1));
    let stride = raster.width() as usize * count;
    let from = raster.pixels();
    let right = if raster.width() > 1 { count } else { 0 };
    let below = if raster.height() > 1 { stride } else { 0 };
    let mut pixels = Vec::with_capacity(width as usize * height as usize * count);
    for y in 0..height as usize {
        for x in 0..width as usize {
            let at = 2 * y * stride + 2 * x * count;
            for c in at..at + count {
                let sum = u16::from(from[c])
                    + u16::from(from[c + right])
                    + u16::from(from[c + below])
                    + u16::from(from[c + right + below]);
                pixels.push(((sum + 2) / 4) as u8);
            }
        }
    }
    Raster::new(width, height, raster.channels(), pixels).map_err(|error| failed(&error))
}

/// Bilinear, as graphics cards do, doubling `times` times; tiles of a sample stay apart.
fn enlarged(raster: &Raster, times: u32) -> Result<Raster, GltfError> {
    let mut current = raster.clone();
    for time in (0..times).rev() {
        let tile = (TILE >> (time + 1)) as usize;
        current = doubled(&current, tile)?;
    }
    Ok(current)
}

fn doubled(raster: &Raster, tile: usize) -> Result<Raster, GltfError> {
    let count = raster.channels().count();
    let (width, height) = (raster.width() as usize, raster.height() as usize);
    let from = raster.pixels();
    // The neighbour in the same tile, or the pixel itself at the tile's edge.
    let neighbour = |at: usize, forward: bool, whole: usize| {
        let next = if forward { at + 1 } else { at.wrapping_sub(1) };
        if next < whole && next / tile == at / tile {
            next
        } else {
            at
        }
    };
    let mut pixels = Vec::with_capacity(from.len() * 4);
    for y in 0..2 * height {
        let (near_y, far_y) = (y / 2, neighbour(y / 2, y % 2 == 1, height));
        for x in 0..2 * width {
            let (near_x, far_x) = (x / 2, neighbour(x / 2, x % 2 == 1, width));
            for c in 0..count {
                let at = |x: usize, y: usize| u16::from(from[(y * width + x) * count + c]);
                let sum = 9 * at(near_x, near_y)
                    + 3 * at(far_x, near_y)
                    + 3 * at(near_x, far_y)
                    + at(far_x, far_y);
                pixels.push(((sum + 8) / 16) as u8);
            }
        }
    }
    Raster::new(
        raster.width() * 2,
        raster.height() * 2,
        raster.channels(),
        pixels,
    )
    .map_err(|error| failed(&error))
}

/// Pixels of two rasters of one size side by side; only what both have of channels.
fn pairs<'a>(a: &'a Raster, b: &'a Raster) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    let count = |raster: &Raster| raster.channels().count();
    a.pixels()
        .chunks_exact(count(a))
        .zip(b.pixels().chunks_exact(count(b)))
}

fn angle_deg(a: &Raster, b: &Raster) -> f64 {
    let direction = |pixel: &[u8]| {
        let v = [0, 1, 2].map(|i| f32::from(pixel[i]) / 127.5 - 1.0);
        let length = v.iter().map(|x| x * x).sum::<f32>().sqrt();
        (length > 1e-3).then(|| v.map(|x| x / length))
    };
    let (mut sum, mut number) = (0.0, 0u32);
    for (a, b) in pairs(a, b) {
        if let (Some(a), Some(b)) = (direction(a), direction(b)) {
            // The chord is exact enough for small angles, where the cosine is not.
            let chord = (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f32>();
            sum += f64::from(chord);
            number += 1;
        }
    }
    (sum / f64::from(number.max(1))).sqrt().to_degrees()
}

fn deviation(a: &Raster, b: &Raster, channels: [bool; 4]) -> f64 {
    let (mut sum, mut number) = (0u64, 0u64);
    let count = a.channels().count().min(b.channels().count());
    for (a, b) in pairs(a, b) {
        for c in (0..count).filter(|&c| channels[c]) {
            sum += u64::from(a[c].abs_diff(b[c])).pow(2);
            number += 1;
        }
    }
    (sum as f64 / number.max(1) as f64).sqrt()
}

fn failed(error: &xoay_imaging::ImagingError) -> GltfError {
    let text = xoay_format::Localize::text(error);
    GltfError::texture("texture", text.vi, text.en)
}

#[cfg(test)]
mod tests {
    use xoay_imaging::Channels;

    use super::*;

    fn waves(side: u32, period: f64) -> Raster {
        let pixels = (0..side * side).flat_map(|at| {
            let (x, y) = (f64::from(at % side), f64::from(at / side));
            let value = |p: f64| (128.0 + 100.0 * (p * std::f64::consts::TAU / period).sin()) as u8;
            [value(x), value(y), 255]
        });
        Raster::new(side, side, Channels::Rgb, pixels.collect()).unwrap()
    }

    #[test]
    fn slow_changes_survive_halving_and_fast_ones_do_not() {
        for role in [Role::Color, Role::Normal, Role::Data] {
            let distance = |period: f64| {
                let raster = waves(1024, period);
                let all = Coverage::all(1024, 1024);
                let sample = Sample::new(&raster, &all, role, [true, true, true, false]).unwrap();
                let small = sample.halved(1).unwrap();
                sample.distance(&small, 1).unwrap()
            };
            let (slow, fast) = (distance(64.0), distance(4.0));
            assert!(slow * 5.0 < fast, "{role:?}: {slow} {fast}");
        }
    }

    #[test]
    fn the_same_is_at_no_distance() {
        let raster = waves(512, 9.0);
        for role in [Role::Color, Role::Normal, Role::Data] {
            let sample = Sample::new(&raster, &Coverage::all(512, 512), role, [true; 4]).unwrap();
            let same = sample.halved(0).unwrap();
            assert!(sample.distance(&same, 0).unwrap() < 1e-3, "{role:?}");
        }
    }

    #[test]
    fn halving_means() {
        let pixels = vec![0, 0, 0, 4, 8, 12, 8, 0, 0, 4, 8, 12];
        let raster = Raster::new(2, 2, Channels::Rgb, pixels).unwrap();
        assert_eq!(halve(&raster).unwrap().pixels(), [4, 4, 6]);
    }
}
