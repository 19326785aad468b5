//! Depth maps fused: what photos see through is taken from the hull.
//!
//! At each corner of the grid the median of the signed distances that the maps tell, cut off at a band about their
//! surfaces (truncated signed distances, Curless and Levoy 1996; the median, as mistakes are no noise). A map says nothing
//! of what lies behind its surface. Hollows that are shallow are left to the search for where photos agree, which is more
//! exact and does not mistake what it cannot tell for a dent.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::depths::DepthMap;
use crate::grid::Grid;
use crate::pieces::Pieces;
use crate::vector::Vec3;

/// Half of the band about a surface, in cells: a wider one fills thin walls.
const BAND_CELLS: f64 = 2.0;
/// Maps that must have a word.
const LEAST_WORDS: usize = 3;
/// How far a hollow must reach below the hull, in cells.
const DEEP_CELLS: f64 = 3.0;
/// Corners that it must have: less are mistakes.
const LEAST_CORNERS: usize = 500;
/// Cells about a hollow whose values make its wall.
const WALL_CELLS: usize = 2;

/// Takes from `grid`, the hull, the hollows that the maps see into. True where there were any.
pub(crate) fn fuse(grid: &mut Grid, maps: &[DepthMap]) -> bool {
    let seen = told(grid, maps);
    let hollow = hollows(grid, &seen);
    if !hollow.contains(&true) {
        return false;
    }
    let near = widened(grid, hollow);
    for ((value, seen), near) in grid.values.iter_mut().zip(&seen).zip(near) {
        if near {
            *value = value.min(*seen);
        }
    }
    true
}

/// What the maps tell of each corner; [`f32::MAX`] where that is nothing.
fn told(grid: &Grid, maps: &[DepthMap]) -> Vec<f32> {
    let band = BAND_CELLS * grid.cell;
    let [wide, tall, _] = grid.size;
    let mut seen = vec![f32::MAX; grid.values.len()];
    seen.par_chunks_exact_mut(wide * tall)
        .zip(grid.values.par_chunks_exact(wide * tall))
        .enumerate()
        .for_each(|(z, (seen, hull))| {
            let mut words = Vec::with_capacity(maps.len());
            for (at, (seen, hull)) in seen.iter_mut().zip(hull).enumerate() {
                // Outside there is nothing to take.
                if f64::from(*hull) < -grid.cell {
                    continue;
                }
                let point: Vec3 = grid.place(at % wide, at / wide, z);
                words.clear();
                words.extend(maps.iter().filter_map(|map| {
                    let (surface, own) = map.depths_at(point)?;
                    let inside = own - surface;
                    (inside <= band).then(|| inside.max(-band) as f32)
                }));
                if words.len() >= LEAST_WORDS {
                    words.sort_by(f32::total_cmp);
                    *seen = words[words.len() / 2];
                }
            }
        });
    seen
}

/// Which corners of the hull lie in hollows that reach deep enough.
fn hollows(grid: &Grid, seen: &[f32]) -> Vec<bool> {
    let open: Vec<bool> = grid
        .values
        .iter()
        .zip(seen)
        .map(|(hull, seen)| *hull > 0.0 && *seen < 0.0)
        .collect();
    let [wide, tall, _] = grid.size;
    let mut pieces = Pieces::apart(open.len());
    for at in 0..open.len() {
        for step in [1, wide, wide * tall] {
            // The grid's rim is empty: no step from an open corner leads around it.
            if open[at] && open.get(at + step) == Some(&true) {
                pieces.join(at, at + step);
            }
        }
    }
    let mut found: HashMap<usize, (f32, usize)> = HashMap::new();
    for at in (0..open.len()).filter(|at| open[*at]) {
        let (deepest, corners) = found.entry(pieces.of(at)).or_default();
        *deepest = deepest.max(grid.values[at]);
        *corners += 1;
    }
    let deep = (DEEP_CELLS * grid.cell) as f32;
    found.retain(|_, (deepest, corners)| *deepest >= deep && *corners >= LEAST_CORNERS);
    (0..open.len())
        .map(|at| open[at] && found.contains_key(&pieces.of(at)))
        .collect()
}

/// The corners named and those about them.
fn widened(grid: &Grid, mut named: Vec<bool>) -> Vec<bool> {
    let [wide, tall, _] = grid.size;
    for step in [1, wide, wide * tall] {
        for _ in 0..WALL_CELLS {
            let before = named.clone();
            for (at, named) in named.iter_mut().enumerate() {
                let back = at.checked_sub(step).is_some_and(|back| before[back]);
                *named |= back || before.get(at + step) == Some(&true);
            }
        }
    }
    named
}
