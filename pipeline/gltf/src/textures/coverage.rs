//! Which parts of a texture any triangle shows.

use std::collections::BTreeMap;

use super::slot::{Affine, slots, variant_materials};
use crate::Document;
use crate::references::Kind;

/// Pixels a side of a cell: a macroblock of WebP.
pub(super) const CELL: u32 = 16;
/// Cells beyond the outermost ones that triangles touch: texture filters and smaller sizes read there.
const MARGIN_CELLS: i64 = 1;
/// Beyond so many repetitions of a texture by one triangle nothing of it is left out.
const MOST_REPEATS: f64 = 4.0;

const CLAMP_TO_EDGE: u64 = 33071;
const MIRRORED_REPEAT: u64 = 33648;

/// The cells of one image that triangles show, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Coverage {
    pub columns: u32,
    pub rows: u32,
    shown: Vec<bool>,
}

impl Coverage {
    fn none(width: u32, height: u32) -> Self {
        let (columns, rows) = (width.div_ceil(CELL), height.div_ceil(CELL));
        Self {
            columns,
            rows,
            shown: vec![false; columns as usize * rows as usize],
        }
    }

    /// Everything is shown.
    pub fn all(width: u32, height: u32) -> Self {
        let mut all = Self::none(width, height);
        all.shown.fill(true);
        all
    }

    pub fn shows(&self, column: u32, row: u32) -> bool {
        self.shown[(row * self.columns + column) as usize]
    }

    /// Share of the cells that is shown.
    pub fn share(&self) -> f64 {
        self.shown.iter().filter(|shown| **shown).count() as f64 / self.shown.len().max(1) as f64
    }

    /// The same parts of the texture at another size.
    pub fn resized(&self, from: (u32, u32), to: (u32, u32)) -> Self {
        if from == to {
            return self.clone();
        }
        let mut resized = Self::none(to.0, to.1);
        let span = |cell: u32, from: u32, to: u32, count: u32| {
            let scale = f64::from(from) / f64::from(to);
            let first = f64::from(cell * CELL) * scale / f64::from(CELL);
            let end = f64::from((cell + 1) * CELL) * scale / f64::from(CELL);
            (first as u32)..(end.ceil() as u32).min(count)
        };
        for row in 0..resized.rows {
            for column in 0..resized.columns {
                let shown = span(row, from.1, to.1, self.rows)
                    .any(|y| span(column, from.0, to.0, self.columns).any(|x| self.shows(x, y)));
                resized.shown[(row * resized.columns + column) as usize] = shown;
            }
        }
        resized
    }

    fn grow(&mut self, wraps: [Wrap; 2]) {
        let before = self.clone();
        for row in 0..self.rows {
            for column in 0..self.columns {
                if !before.shows(column, row) {
                    continue;
                }
                for dy in -MARGIN_CELLS..=MARGIN_CELLS {
                    for dx in -MARGIN_CELLS..=MARGIN_CELLS {
                        let x = wraps[0].cell(i64::from(column) + dx, self.columns);
                        let y = wraps[1].cell(i64::from(row) + dy, self.rows);
                        self.shown[(y * self.columns + x) as usize] = true;
                    }
                }
            }
        }
    }

    /// Marks all cells that a triangle touches, at least.
    fn add(&mut self, corners: [[f64; 2]; 3], wraps: [Wrap; 2]) -> bool {
        let cells = [f64::from(self.columns), f64::from(self.rows)];
        let scaled = corners.map(|uv| [uv[0] * cells[0], uv[1] * cells[1]]);
        if scaled.iter().flatten().any(|value| !value.is_finite()) {
            return false;
        }
        let span = |axis: usize| {
            let values = scaled.map(|corner| corner[axis]);
            let least = values.into_iter().fold(f64::INFINITY, f64::min);
            let most = values.into_iter().fold(f64::NEG_INFINITY, f64::max);
            (least.floor(), most.floor())
        };
        let ((left, right), (top, bottom)) = (span(0), span(1));
        if right - left > cells[0] * MOST_REPEATS || bottom - top > cells[1] * MOST_REPEATS {
            return false;
        }
        for y in top as i64..=bottom as i64 {
            for x in left as i64..=right as i64 {
                if touches(&scaled, x as f64, y as f64) {
                    let column = wraps[0].cell(x, self.columns);
                    let row = wraps[1].cell(y, self.rows);
                    self.shown[(row * self.columns + column) as usize] = true;
                }
            }
        }
        true
    }
}

/// Whether the triangle may touch the unit square at (x, y): no edge has the whole square on its outer side.
fn touches(corners: &[[f64; 2]; 3], x: f64, y: f64) -> bool {
    let [a, b, c] = corners;
    let area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    if area == 0.0 {
        return true;
    }
    [(a, b), (b, c), (c, a)].into_iter().all(|(p, q)| {
        let (nx, ny) = ((p[1] - q[1]) * area.signum(), (q[0] - p[0]) * area.signum());
        // The corner of the square that lies farthest inwards.
        let corner_x = if nx > 0.0 { x + 1.0 } else { x };
        let corner_y = if ny > 0.0 { y + 1.0 } else { y };
        nx * (corner_x - p[0]) + ny * (corner_y - p[1]) >= 0.0
    })
}

/// What a sampler does beyond 0…1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrap {
    Repeat,
    Clamp,
    Mirror,
}

impl Wrap {
    fn of(code: Option<u64>) -> Self {
        match code {
            Some(CLAMP_TO_EDGE) => Self::Clamp,
            Some(MIRRORED_REPEAT) => Self::Mirror,
            _ => Self::Repeat,
        }
    }

    fn cell(self, cell: i64, count: u32) -> u32 {
        let count = i64::from(count.max(1));
        (match self {
            Self::Repeat => cell.rem_euclid(count),
            Self::Clamp => cell.clamp(0, count - 1),
            Self::Mirror => {
                let folded = cell.rem_euclid(2 * count);
                folded.min(2 * count - 1 - folded)
            }
        }) as u32
    }
}

/// For each image of `sizes` (pixels; `None` where unknown) what of it is shown.
pub(super) fn coverage(document: &Document, sizes: &[Option<(u32, u32)>]) -> Vec<Option<Coverage>> {
    let mut coverages: Vec<Option<Coverage>> = sizes
        .iter()
        .map(|size| size.map(|(width, height)| Coverage::none(width, height)))
        .collect();
    let mut complete: Vec<bool> = vec![true; sizes.len()];
    let mut wraps_of: Vec<[Wrap; 2]> = vec![[Wrap::Repeat; 2]; sizes.len()];
    // Primitives that read an image in the same way are rasterised once for it.
    let mut uses: BTreeMap<(usize, usize, Option<usize>), Vec<Use>> = BTreeMap::new();
    for primitive in document.root.meshes.iter().flat_map(|m| &m.primitives) {
        for material in variant_materials(primitive) {
            slots(&document.root.materials[material], &mut |slot| {
                let texture = &document.root.textures[slot.texture];
                let wraps = wraps(document, texture.sampler);
                let semantic = format!("TEXCOORD_{}", slot.set);
                let coordinates = primitive.attributes.get(&semantic).copied();
                texture.clone().visit(&mut |kind, image| {
                    if kind != Kind::Image {
                        return;
                    }
                    let Some(coordinates) = coordinates else {
                        // Without coordinates a reader is free to choose.
                        complete[*image] = false;
                        return;
                    };
                    let list = uses
                        .entry((*image, coordinates, primitive.indices))
                        .or_default();
                    let this = Use {
                        transform: slot.transform,
                        wraps,
                    };
                    if !list.contains(&this) {
                        list.push(this);
                        wraps_of[*image] = wraps;
                        let Some(coverage) = &mut coverages[*image] else {
                            return;
                        };
                        complete[*image] &=
                            rasterize(document, primitive, coordinates, this, coverage);
                    }
                });
            });
        }
    }
    for ((coverage, complete), wraps) in coverages.iter_mut().zip(complete).zip(wraps_of) {
        if let Some(coverage) = coverage {
            if !complete || coverage.shown.iter().all(|shown| !shown) {
                coverage.shown.fill(true);
            }
            coverage.grow(wraps);
        }
    }
    coverages
}

#[derive(Clone, Copy, PartialEq)]
struct Use {
    transform: Affine,
    wraps: [Wrap; 2],
}

fn wraps(document: &Document, sampler: Option<usize>) -> [Wrap; 2] {
    let code = |name: &str| {
        let sampler = sampler.and_then(|sampler| document.root.samplers.get(sampler));
        sampler.and_then(|sampler| sampler.get(name)?.as_u64())
    };
    [Wrap::of(code("wrapS")), Wrap::of(code("wrapT"))]
}

/// `false` where the triangles do not tell what is shown.
fn rasterize(
    document: &Document,
    primitive: &crate::json::Primitive,
    coordinates: usize,
    by: Use,
    coverage: &mut Coverage,
) -> bool {
    let triangles = document.triangles(primitive);
    if triangles.is_empty() || !primitive.targets.is_empty() {
        return false;
    }
    let values = document.accessors[coordinates].to_f32();
    let corner = |vertex: u32| {
        let start = vertex as usize * 2;
        let uv = [values[start], values[start + 1]].map(f64::from);
        by.transform.apply(uv)
    };
    triangles.chunks_exact(3).all(|corners| {
        coverage.add(
            [corner(corners[0]), corner(corners[1]), corner(corners[2])],
            by.wraps,
        )
    })
}

#[cfg(test)]
impl Coverage {
    pub(super) fn hide(&mut self, column: u32, row: u32) {
        let at = (row * self.columns + column) as usize;
        self.shown[at] = false;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_point_of_a_triangle_lies_in_a_shown_cell(
            corners in [[-1.5f64..2.5, -1.5f64..2.5], [-1.5f64..2.5, -1.5f64..2.5], [-1.5f64..2.5, -1.5f64..2.5]],
            shares in prop::collection::vec([0.0f64..1.0, 0.0f64..1.0], 40),
        ) {
            for wrap in [Wrap::Repeat, Wrap::Clamp, Wrap::Mirror] {
                let mut coverage = Coverage::none(256, 128);
                prop_assert!(coverage.add(corners, [wrap; 2]));
                for [s, t] in &shares {
                    let (s, t) = if s + t > 1.0 { (1.0 - s, 1.0 - t) } else { (*s, *t) };
                    let point = [0, 1].map(|i| corners[0][i]
                        + s * (corners[1][i] - corners[0][i]) + t * (corners[2][i] - corners[0][i]));
                    let column = wrap.cell((point[0] * 16.0).floor() as i64, 16);
                    let row = wrap.cell((point[1] * 8.0).floor() as i64, 8);
                    prop_assert!(coverage.shows(column, row), "{point:?}");
                }
            }
        }
    }

    #[test]
    fn what_no_triangle_touches_is_not_shown() {
        let mut coverage = Coverage::none(256, 256);
        coverage.add([[0.1, 0.1], [0.2, 0.1], [0.1, 0.2]], [Wrap::Repeat; 2]);
        assert!(coverage.shows(2, 2) && !coverage.shows(3, 3) && !coverage.shows(12, 12));
        coverage.grow([Wrap::Repeat; 2]);
        assert!(coverage.shows(3, 3) && !coverage.shows(12, 12));
    }

    #[test]
    fn broken_coordinates_show_everything() {
        let mut coverage = Coverage::none(64, 64);
        assert!(!coverage.add([[f64::NAN, 0.0], [1.0, 0.0], [0.0, 1.0]], [Wrap::Repeat; 2]));
    }
}
