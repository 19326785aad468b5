//! Markers in a photo: dark quadrilaterals on a lighter ground whose cells spell a number.

use super::dictionary::{CELLS, recognise};
use crate::camera::Pixel;
use crate::outline::convex_hull;
use crate::pieces::Pieces;

/// Half the side of the squares whose mean says what is dark, as shares of the photo's long side: small markers take small
/// ones, and large ones large.
const REACHES: [f64; 3] = [0.003, 0.01, 0.03];
/// How much darker than that mean, of 255.
const DARKER: f32 = 7.0;
/// A marker's shorter side has at least so many pixels: its cells cannot be told below.
const LEAST_SIDE_PX: f64 = 7.0;
/// Its longer side at most this share of the photo's.
const MOST_SIDE: f64 = 0.3;
/// Of the hull about a dark piece a marker's corners span at least this share.
const SQUARE: f64 = 0.88;
/// Cells along a side with the border.
const SIDE: usize = CELLS + 2;
/// Cells of the border that may be misread.
const MOST_BORDER_WRONG: usize = 2;
/// The least difference of black and white, of 255.
const LEAST_CONTRAST: f32 = 24.0;
/// Corners of the hull beyond this make no square.
const MOST_CORNERS: usize = 80;

/// A marker that a photo shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeenMarker {
    /// Its number in the dictionary.
    pub id: u8,
    /// Its corners as printed: upper left, upper right, lower right, lower left.
    pub corners: [Pixel; 4],
}

struct Grey<'a> {
    values: &'a [f32],
    width: usize,
    height: usize,
}

impl Grey<'_> {
    fn sample(&self, x: f64, y: f64) -> Option<f32> {
        let (x, y) = (x - 0.5, y - 0.5);
        let inside =
            x >= 0.0 && y >= 0.0 && x < self.width as f64 - 1.0 && y < self.height as f64 - 1.0;
        if !inside {
            return None;
        }
        let (x0, y0) = (x as usize, y as usize);
        let (fx, fy) = ((x - x0 as f64) as f32, (y - y0 as f64) as f32);
        let at = y0 * self.width + x0;
        let v = self.values;
        let above = v[at] + (v[at + 1] - v[at]) * fx;
        let below = v[at + self.width] + (v[at + self.width + 1] - v[at + self.width]) * fx;
        Some(above + (below - above) * fy)
    }
}

/// Finds the markers of the dictionary in a photo of `width` × `height` pixels, straight sRGB with `channels` (3 or 4)
/// bytes a pixel. Each number at most once, the largest; sorted by number. Empty where the pixels do not fit the size.
#[must_use]
pub fn detect_markers(
    pixels: &[u8],
    width: usize,
    height: usize,
    channels: usize,
) -> Vec<SeenMarker> {
    let fits = matches!(channels, 3 | 4)
        && width
            .checked_mul(height)
            .and_then(|count| count.checked_mul(channels))
            == Some(pixels.len());
    if !fits || width < 16 || height < 16 {
        return Vec::new();
    }
    let values: Vec<f32> = pixels
        .chunks_exact(channels)
        .map(|p| 0.299 * f32::from(p[0]) + 0.587 * f32::from(p[1]) + 0.114 * f32::from(p[2]))
        .collect();
    let grey = Grey {
        values: &values,
        width,
        height,
    };
    let sums = integral(&grey);
    let long = width.max(height) as f64;
    let mut found: Vec<(f64, SeenMarker)> = Vec::new();
    for reach in REACHES {
        let reach = ((reach * long) as usize).max(3);
        for hull in dark_pieces(&grey, &sums, reach) {
            let Some(corners) = four_corners(&hull, MOST_SIDE * long) else {
                continue;
            };
            let Some(corners) = sharpened(&grey, corners) else {
                continue;
            };
            if let Some(marker) = read(&grey, corners) {
                found.push((area(&corners.map(|p| [p.x, p.y])), marker));
            }
        }
    }
    found.sort_by(|a, b| a.1.id.cmp(&b.1.id).then(b.0.total_cmp(&a.0)));
    found.dedup_by_key(|(_, marker)| marker.id);
    found.into_iter().map(|(_, marker)| marker).collect()
}

/// Sums of all that lies above and to the left, one wider and higher than the photo.
fn integral(grey: &Grey<'_>) -> Vec<f64> {
    let wide = grey.width + 1;
    let mut sums = vec![0.0; wide * (grey.height + 1)];
    for y in 0..grey.height {
        let mut line = 0.0;
        for x in 0..grey.width {
            line += f64::from(grey.values[y * grey.width + x]);
            sums[(y + 1) * wide + x + 1] = sums[y * wide + x + 1] + line;
        }
    }
    sums
}

/// The convex hulls of what is darker than the mean of the squares about it, piece by piece.
fn dark_pieces(grey: &Grey<'_>, sums: &[f64], reach: usize) -> Vec<Vec<[f64; 2]>> {
    let (w, h) = (grey.width, grey.height);
    let wide = w + 1;
    let mut pieces = Pieces::apart(w * h);
    let mut dark = vec![false; w * h];
    for y in 0..h {
        let (top, bottom) = (y.saturating_sub(reach), (y + reach + 1).min(h));
        for x in 0..w {
            let (left, right) = (x.saturating_sub(reach), (x + reach + 1).min(w));
            let sum =
                sums[bottom * wide + right] - sums[top * wide + right] - sums[bottom * wide + left]
                    + sums[top * wide + left];
            let mean = (sum / ((bottom - top) * (right - left)) as f64) as f32;
            let at = y * w + x;
            if grey.values[at] + DARKER >= mean {
                continue;
            }
            dark[at] = true;
            if x > 0 && dark[at - 1] {
                pieces.join(at, at - 1);
            }
            if y > 0 {
                for above in [at - w - usize::from(x > 0), at - w, at - w + 1] {
                    let beside = above % w;
                    if dark[above] && beside.abs_diff(x) <= 1 {
                        pieces.join(at, above);
                    }
                }
            }
        }
    }
    // The ends of each line of each piece are enough for its hull.
    let mut ends: std::collections::BTreeMap<usize, Vec<[usize; 3]>> =
        std::collections::BTreeMap::new();
    for at in (0..w * h).filter(|at| dark[*at]) {
        let (x, y) = (at % w, at / w);
        let lines = ends.entry(pieces.of(at)).or_default();
        match lines.last_mut() {
            Some([line, _, right]) if *line == y => *right = x,
            _ => lines.push([y, x, x]),
        }
    }
    ends.into_values()
        .filter(|lines| lines.len() as f64 >= LEAST_SIDE_PX)
        .map(|lines| {
            let points = lines.iter().flat_map(|[y, left, right]| {
                let (y, x0, x1) = (*y as f64, *left as f64, *right as f64 + 1.0);
                [[x0, y], [x0, y + 1.0], [x1, y], [x1, y + 1.0]]
            });
            convex_hull(points.collect())
        })
        .collect()
}

fn cross(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

fn area(corners: &[[f64; 2]]) -> f64 {
    let mut sum = 0.0;
    for (at, a) in corners.iter().enumerate() {
        let b = corners[(at + 1) % corners.len()];
        sum += a[0] * b[1] - a[1] * b[0];
    }
    sum.abs() / 2.0
}

/// The four corners of the hull that span most of it, clockwise on the screen; `None` where they leave too much out.
fn four_corners(hull: &[[f64; 2]], most_side: f64) -> Option<[Pixel; 4]> {
    if hull.len() < 4 || hull.len() > MOST_CORNERS {
        return None;
    }
    let range = |axis: usize| {
        let values = hull.iter().map(|p| p[axis]);
        let (low, high) = values.fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
        high - low
    };
    if range(0).min(range(1)) < LEAST_SIDE_PX || range(0).max(range(1)) > most_side {
        return None;
    }
    let n = hull.len();
    let mut best = (0.0, [0; 4]);
    for i in 0..n {
        for k in i + 2..n {
            let far = |from: usize, to: usize| {
                (from + 1..to)
                    .map(|j| (cross(hull[i], hull[k], hull[j % n]).abs(), j % n))
                    .fold((0.0, usize::MAX), |a, b| if b.0 > a.0 { b } else { a })
            };
            let (one, other) = (far(i, k), far(k, n + i));
            if one.1 != usize::MAX && other.1 != usize::MAX && one.0 + other.0 > best.0 {
                best = (one.0 + other.0, [i, one.1, k, other.1]);
            }
        }
    }
    if best.0 / 2.0 < SQUARE * area(hull) {
        return None;
    }
    let corners = best.1.map(|at| hull[at]);
    let side = |a: usize| {
        let (p, q) = (corners[a], corners[(a + 1) % 4]);
        (p[0] - q[0]).hypot(p[1] - q[1])
    };
    if (0..4).map(side).fold(f64::MAX, f64::min) < LEAST_SIDE_PX {
        return None;
    }
    // The hull runs counter-clockwise with y up, which is clockwise on the screen.
    Some(corners.map(|[x, y]| Pixel { x, y }))
}

/// The corners as the crossings of their sides, each side where light changes most.
fn sharpened(grey: &Grey<'_>, corners: [Pixel; 4]) -> Option<[Pixel; 4]> {
    const ALONG: usize = 12;
    const STEP_PX: f64 = 0.25;
    let mut lines = [[0.0; 3]; 4];
    for (at, line) in lines.iter_mut().enumerate() {
        let (a, b) = (corners[at], corners[(at + 1) % 4]);
        let length = (b.x - a.x).hypot(b.y - a.y);
        // Outwards is to the left of a way that is clockwise on the screen.
        let out = [(b.y - a.y) / length, -(b.x - a.x) / length];
        let reach = (length / 12.0).clamp(1.5, 4.0);
        let steps = (2.0 * reach / STEP_PX) as usize;
        let mut points = Vec::with_capacity(ALONG);
        for k in 0..ALONG {
            let share = 0.12 + 0.76 * k as f64 / (ALONG - 1) as f64;
            let middle = [a.x + share * (b.x - a.x), a.y + share * (b.y - a.y)];
            let value =
                |away: f64| grey.sample(middle[0] + away * out[0], middle[1] + away * out[1]);
            let (mut sum, mut weight) = (0.0, 0.0);
            for step in 0..steps {
                let away = (step as f64 + 0.5) * STEP_PX - reach;
                let rise = value(away + STEP_PX)? - value(away - STEP_PX)?;
                let rise = f64::from(rise.max(0.0)).powi(2);
                sum += rise * away;
                weight += rise;
            }
            if weight > 0.0 {
                let away = sum / weight;
                points.push([middle[0] + away * out[0], middle[1] + away * out[1]]);
            }
        }
        *line = fitted(&points)?;
    }
    let mut found = [Pixel { x: 0.0, y: 0.0 }; 4];
    for (at, corner) in found.iter_mut().enumerate() {
        let ([a, b, c], [d, e, f]) = (lines[(at + 3) % 4], lines[at]);
        let det = a * e - b * d;
        if det.abs() < 0.05 {
            return None;
        }
        *corner = Pixel {
            x: (b * f - c * e) / det,
            y: (c * d - a * f) / det,
        };
        let moved = (corner.x - corners[at].x).hypot(corner.y - corners[at].y);
        if moved > 6.0 {
            return None;
        }
    }
    Some(found)
}

/// The line `a·x + b·y + c = 0` of least squares, `a² + b² = 1`, with the worst third of the points left out.
fn fitted(points: &[[f64; 2]]) -> Option<[f64; 3]> {
    let line = |points: &[[f64; 2]]| -> Option<[f64; 3]> {
        if points.len() < 4 {
            return None;
        }
        let n = points.len() as f64;
        let mean: [f64; 2] = std::array::from_fn(|k| points.iter().map(|p| p[k]).sum::<f64>() / n);
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for p in points {
            let (x, y) = (p[0] - mean[0], p[1] - mean[1]);
            (xx, xy, yy) = (xx + x * x, xy + x * y, yy + y * y);
        }
        let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
        let (a, b) = (-angle.sin(), angle.cos());
        Some([a, b, -a * mean[0] - b * mean[1]])
    };
    let [a, b, c] = line(points)?;
    let mut ranked = points.to_vec();
    let away = |p: &[f64; 2]| (a * p[0] + b * p[1] + c).abs();
    ranked.sort_by(|p, q| away(p).total_cmp(&away(q)));
    ranked.truncate(points.len() * 2 / 3);
    line(&ranked)
}

/// Reads the cells within the corners.
fn read(grey: &Grey<'_>, corners: [Pixel; 4]) -> Option<SeenMarker> {
    let place = square_to(corners.map(|p| [p.x, p.y]))?;
    let mut cells = [0.0_f32; SIDE * SIDE];
    for (at, cell) in cells.iter_mut().enumerate() {
        let (row, column) = ((at / SIDE) as f64, (at % SIDE) as f64);
        for k in 0..9 {
            let u = (column + 0.3 + 0.2 * f64::from(k % 3)) / SIDE as f64;
            let v = (row + 0.3 + 0.2 * f64::from(k / 3)) / SIDE as f64;
            let [x, y] = place(u, v);
            *cell += grey.sample(x, y)? / 9.0;
        }
    }
    let is_border = |at: usize| {
        let (row, column) = (at / SIDE, at % SIDE);
        row == 0 || column == 0 || row == SIDE - 1 || column == SIDE - 1
    };
    let border: Vec<f32> = (0..cells.len())
        .filter(|at| is_border(*at))
        .map(|at| cells[at])
        .collect();
    let black = border.iter().sum::<f32>() / border.len() as f32;
    let white = (0..cells.len())
        .filter(|at| !is_border(*at))
        .map(|at| cells[at])
        .fold(0.0, f32::max);
    if white - black < LEAST_CONTRAST {
        return None;
    }
    let middle = f32::midpoint(black, white);
    if border.iter().filter(|v| **v > middle).count() > MOST_BORDER_WRONG {
        return None;
    }
    let mut bits = 0;
    for at in (0..cells.len()).filter(|at| !is_border(*at)) {
        bits = bits << 1 | u16::from(cells[at] > middle);
    }
    let (id, turns) = recognise(bits)?;
    // Turned clockwise by quarters, its upper left corner stands so many corners further.
    Some(SeenMarker {
        id,
        corners: std::array::from_fn(|k| corners[(k + turns) % 4]),
    })
}

/// The projective map of the unit square to a quadrilateral (Heckbert 1989).
fn square_to(c: [[f64; 2]; 4]) -> Option<impl Fn(f64, f64) -> [f64; 2]> {
    let d1: [f64; 2] = std::array::from_fn(|k| c[1][k] - c[2][k]);
    let d2: [f64; 2] = std::array::from_fn(|k| c[3][k] - c[2][k]);
    let s: [f64; 2] = std::array::from_fn(|k| c[0][k] - c[1][k] + c[2][k] - c[3][k]);
    let det = d1[0] * d2[1] - d2[0] * d1[1];
    if det.abs() < 1e-9 {
        return None;
    }
    let g = (s[0] * d2[1] - d2[0] * s[1]) / det;
    let h = (d1[0] * s[1] - s[0] * d1[1]) / det;
    Some(move |u: f64, v: f64| {
        let w = g * u + h * v + 1.0;
        std::array::from_fn(|k| {
            let a = c[1][k] - c[0][k] + g * c[1][k];
            let b = c[3][k] - c[0][k] + h * c[3][k];
            (a * u + b * v + c[0][k]) / w
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::dictionary::bits;
    use super::*;

    /// A white sheet with one marker whose corners lie at `corners`, four rays a pixel.
    fn drawn(id: u8, corners: [[f64; 2]; 4], width: usize, height: usize) -> Vec<u8> {
        let code = bits(id).unwrap();
        // The inverse map by Newton's steps is not needed: cells are painted through small squares.
        let place = square_to(corners).unwrap();
        let mut sums = vec![0.0_f32; width * height];
        let mut counts = vec![0.0_f32; width * height];
        let fine = 900;
        for j in 0..fine {
            for i in 0..fine {
                let (u, v) = (
                    f64::from(i) / f64::from(fine),
                    f64::from(j) / f64::from(fine),
                );
                let [x, y] = place(u * 1.5 - 0.25, v * 1.5 - 0.25);
                let cell = |s: f64| ((s * 1.5 - 0.25) * 6.0).floor() as i32;
                let (column, row) = (cell(u), cell(v));
                let white = match (column, row) {
                    (1..=4, 1..=4) => code >> (15 - ((row - 1) * 4 + column - 1)) & 1 == 1,
                    (0..=5, 0..=5) => false,
                    _ => true,
                };
                let at = y as usize * width + x as usize;
                sums[at] += if white { 230.0 } else { 25.0 };
                counts[at] += 1.0;
            }
        }
        sums.iter()
            .zip(&counts)
            .flat_map(|(sum, count)| {
                let v = if *count > 0.0 { sum / count } else { 230.0 };
                [v as u8; 3]
            })
            .collect()
    }

    #[test]
    fn a_marker_seen_aslant_is_found_turned_as_it_is_within_a_third_of_a_pixel() {
        let corners = [[60.3, 40.2], [140.7, 52.1], [128.2, 96.4], [44.9, 80.8]];
        for (id, turns) in [(0, 0), (7, 1), (17, 2), (49, 3)] {
            let turned = std::array::from_fn(|k| corners[(k + turns) % 4]);
            let seen = detect_markers(&drawn(id, turned, 360, 260), 360, 260, 3);
            assert_eq!(seen.len(), 1, "marker {id}");
            assert_eq!(seen[0].id, id);
            for (found, wanted) in seen[0].corners.iter().zip(turned) {
                let away = (found.x - wanted[0]).hypot(found.y - wanted[1]);
                assert!(away < 0.34, "{away} pixels at marker {id}");
            }
        }
    }

    #[test]
    fn what_is_no_marker_or_no_picture_gives_none() {
        let mut black_square = vec![230_u8; 200 * 140 * 3];
        for y in 40..90 {
            black_square[(y * 200 + 60) * 3..(y * 200 + 120) * 3].fill(20);
        }
        assert!(detect_markers(&black_square, 200, 140, 3).is_empty());
        assert!(detect_markers(&black_square, 200, 141, 3).is_empty());
        assert!(detect_markers(&[], usize::MAX, 4, 3).is_empty());
    }
}
