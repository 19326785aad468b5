//! The similarity that lays one surface on another, and how much of each lies near the other then.
//!
//! As photogrammetry's benchmarks do (Knapitsch and others 2017, "Tanks and Temples"): a start for each way the model may
//! stand, then nearest points in turn on both sides, the worst of them left out; the start with the best F-score wins.

use std::f64::consts::TAU;

use rayon::prelude::*;

use super::surface::{Dice, Point, Tree, Triangle, diagonal, dot, samples, sub};

/// Points on each surface that are measured.
const POINTS: usize = 60_000;
/// Points that find the start and those that end the alignment.
const COARSE: usize = 4000;
const FINE: usize = 15_000;
/// Starts that are gone on from, and turns about the axis at which they lie.
const KEPT: usize = 8;
const YAWS: usize = 12;
/// The shares of nearest points that take part.
const TRIMS: [f64; 2] = [0.9, 0.6];
/// The share of the true diagonal within which a point is right.
const NEAR: f64 = 0.01;

/// A turn, a scale and a shift: `scale · turn · p + shift`.
#[derive(Clone, Copy, Debug)]
pub struct Similarity {
    pub turn: [Point; 3],
    pub scale: f64,
    pub shift: Point,
}

impl Similarity {
    const NONE: Self = Self {
        turn: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        scale: 1.0,
        shift: [0.0; 3],
    };

    fn apply(&self, p: Point) -> Point {
        std::array::from_fn(|k| self.scale * dot(self.turn[k], p) + self.shift[k])
    }

    fn undo(&self, p: Point) -> Point {
        let from = sub(p, self.shift);
        std::array::from_fn(|k| (0..3).map(|j| self.turn[j][k] * from[j]).sum::<f64>() / self.scale)
    }
}

/// How near two surfaces lie.
#[derive(Clone, Copy, Debug)]
pub struct Score {
    /// Share of the model's points near the truth.
    pub precision: f64,
    /// Share of the truth's points near the model.
    pub recall: f64,
    /// Mean of both distances, in per cent of the true diagonal.
    pub chamfer_pct: f64,
}

impl Score {
    /// The harmonic mean of precision and recall.
    pub fn f(&self) -> f64 {
        2.0 * self.precision * self.recall / (self.precision + self.recall).max(1e-9)
    }

    fn rank(&self) -> f64 {
        self.f() - 0.02 * self.chamfer_pct.min(20.0)
    }
}

/// The model against the truth, after the similarity that suits it best. `visible` says which points of the truth count.
pub fn evaluate(
    truth: &[Triangle],
    model: &[Triangle],
    visible: impl Fn(&Tree, Point) -> bool + Sync,
) -> (Score, Similarity) {
    let size = diagonal(truth);
    let sides = Sides {
        truth: Tree::of(truth),
        model: Tree::of(model),
        size,
    };
    let wanted: Vec<Point> = samples(truth, POINTS, 1)
        .into_par_iter()
        .filter(|p| visible(&sides.truth, *p))
        .collect();
    let made = samples(model, POINTS, 2);
    let mut dice = Dice(3);
    let (p, q) = (dice.some(&made, COARSE), dice.some(&wanted, COARSE));
    let mut best = (
        sides.score(&Similarity::NONE, &made, &wanted),
        Similarity::NONE,
    );
    let half: Vec<Point> = p.iter().copied().step_by(2).collect();
    let half_wanted: Vec<Point> = q.iter().copied().step_by(2).collect();
    let scales = [
        size / diagonal(model),
        spread_about_median(&q) / spread_about_median(&p).max(1e-12),
    ];
    let tries: Vec<(Score, Similarity)> = starts(&p, &q, scales)
        .into_par_iter()
        .flat_map(|start| TRIMS.map(|trim| (start, trim)))
        .map(|(start, trim)| {
            let found = settle(&half, &half_wanted, start, 25, trim);
            (sides.score(&found, &p, &q), found)
        })
        .collect();
    for found in tries {
        if found.0.rank() > best.0.rank() {
            best = found;
        }
    }
    let (fine, fine_wanted) = (dice.some(&made, FINE), dice.some(&wanted, FINE));
    // What was told by a few points is told again by all.
    best.0 = sides.score(&best.1, &made, &wanted);
    for trim in TRIMS {
        let found = settle(&fine, &fine_wanted, best.1, 15, trim);
        let score = sides.score(&found, &made, &wanted);
        if score.rank() > best.0.rank() {
            best = (score, found);
        }
    }
    best
}

/// The share of the truth's points that `counts` names which lie near the aligned model.
pub fn recall(
    truth: &[Triangle],
    model: &[Triangle],
    to_truth: &Similarity,
    counts: impl Fn(&Tree, Point) -> bool + Sync,
) -> f64 {
    let size = diagonal(truth);
    let (tree, model) = (Tree::of(truth), Tree::of(model));
    let near: Vec<bool> = samples(truth, POINTS, 1)
        .into_par_iter()
        .filter(|p| counts(&tree, *p))
        .map(|p| model.nearest(to_truth.undo(p)).0 * to_truth.scale < NEAR * size)
        .collect();
    near.iter().filter(|near| **near).count() as f64 / near.len().max(1) as f64
}

struct Sides {
    truth: Tree,
    model: Tree,
    size: f64,
}

impl Sides {
    fn score(&self, to_truth: &Similarity, made: &[Point], wanted: &[Point]) -> Score {
        let near = |distances: &[f64]| {
            let count = distances.iter().filter(|d| **d < NEAR * self.size).count();
            count as f64 / distances.len().max(1) as f64
        };
        let mean = |d: &[f64]| d.iter().sum::<f64>() / d.len().max(1) as f64;
        let there: Vec<f64> = made
            .par_iter()
            .map(|p| self.truth.nearest(to_truth.apply(*p)).0)
            .collect();
        let back: Vec<f64> = wanted
            .par_iter()
            .map(|p| self.model.nearest(to_truth.undo(*p)).0 * to_truth.scale)
            .collect();
        Score {
            precision: near(&there),
            recall: near(&back),
            chamfer_pct: 50.0 * (mean(&there) + mean(&back)) / self.size,
        }
    }
}

/// The best of the ways in which the model may stand: four axes up, turns about them, by box or by median.
fn starts(p: &[Point], q: &[Point], scales: [f64; 2]) -> Vec<Similarity> {
    let ups: [[Point; 3]; 4] = [
        Similarity::NONE.turn,
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]],
        [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]],
        [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]],
    ];
    let mut all = Vec::new();
    for up in ups {
        for k in 0..YAWS {
            let (sin, cos) = (TAU * k as f64 / YAWS as f64).sin_cos();
            let yaw = [[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]];
            let turn: [Point; 3] = std::array::from_fn(|i| {
                std::array::from_fn(|j| (0..3).map(|m| yaw[i][m] * up[m][j]).sum())
            });
            for (scale, centre) in scales.into_iter().zip([middle, median]) {
                let turned = Similarity {
                    turn,
                    scale,
                    shift: [0.0; 3],
                };
                let shift = sub(centre(q), turned.apply(centre(p)));
                all.push(Similarity { shift, ..turned });
            }
        }
    }
    let (few, few_wanted): (Vec<Point>, Vec<Point>) = (
        p.iter().copied().step_by(4).collect(),
        q.iter().copied().step_by(4).collect(),
    );
    let there = Tree::of_points(&few_wanted);
    let back = Tree::of_points(&few);
    let cost = |s: &Similarity| {
        let low = |mut d: Vec<f64>| {
            d.sort_by(f64::total_cmp);
            d.truncate(d.len() * 7 / 10);
            d.iter().sum::<f64>() / d.len().max(1) as f64
        };
        low(few.iter().map(|p| there.nearest(s.apply(*p)).0).collect())
            + low(few_wanted
                .iter()
                .map(|q| back.nearest(s.undo(*q)).0 * s.scale)
                .collect())
    };
    let mut ranked: Vec<(f64, Similarity)> = all.par_iter().map(|s| (cost(s), *s)).collect();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    std::iter::once(Similarity::NONE)
        .chain(ranked.into_iter().take(KEPT).map(|(_, s)| s))
        .collect()
}

fn middle(points: &[Point]) -> Point {
    std::array::from_fn(|k| {
        let values = points.iter().map(|p| p[k]);
        let (low, high) = values.fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
        f64::midpoint(low, high)
    })
}

fn median(points: &[Point]) -> Point {
    std::array::from_fn(|k| {
        let mut values: Vec<f64> = points.iter().map(|p| p[k]).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(0.0)
    })
}

fn spread_about_median(points: &[Point]) -> f64 {
    let centre = median(points);
    let mut away: Vec<f64> = points
        .iter()
        .map(|p| dot(sub(*p, centre), sub(*p, centre)).sqrt())
        .collect();
    away.sort_by(f64::total_cmp);
    away.get(away.len() / 2).copied().unwrap_or(0.0)
}

/// Nearest points in turn, both ways, the worst left out (Besl and `McKay` 1992; Chetverikov and others 2002).
fn settle(p: &[Point], q: &[Point], start: Similarity, rounds: usize, trim: f64) -> Similarity {
    let to_q = Tree::of_points(q);
    let mut found = start;
    let mut last = f64::MAX;
    for _ in 0..rounds {
        let moved: Vec<Point> = p.iter().map(|p| found.apply(*p)).collect();
        let to_p = Tree::of_points(&moved);
        let there: Vec<(f64, usize)> = moved.iter().map(|p| to_q.nearest(*p)).collect();
        let back: Vec<(f64, usize)> = q.iter().map(|q| to_p.nearest(*q)).collect();
        let mut pairs = Vec::with_capacity(p.len() + q.len());
        let mut sum = 0.0;
        let (most_there, most_back) = (quantile(&there, trim), quantile(&back, trim));
        for (at, (away, other)) in there.iter().enumerate() {
            if *away <= most_there {
                pairs.push((p[at], q[*other]));
                sum += away;
            }
        }
        for (at, (away, other)) in back.iter().enumerate() {
            if *away <= most_back {
                pairs.push((p[*other], q[at]));
                sum += away;
            }
        }
        found = similarity(&pairs);
        let mean = sum / pairs.len().max(1) as f64;
        if (last - mean).abs() < 1e-5 * last {
            break;
        }
        last = mean;
    }
    found
}

fn quantile(distances: &[(f64, usize)], share: f64) -> f64 {
    let mut values: Vec<f64> = distances.iter().map(|(d, _)| *d).collect();
    values.sort_by(f64::total_cmp);
    let at = (values.len().saturating_sub(1) as f64 * share) as usize;
    values.get(at).copied().unwrap_or(0.0)
}

/// The similarity that takes the first points of the pairs nearest to the second (Horn 1987, by unit quaternions).
fn similarity(pairs: &[(Point, Point)]) -> Similarity {
    let count = pairs.len().max(1) as f64;
    let mean = |of: fn(&(Point, Point)) -> Point| -> Point {
        std::array::from_fn(|k| pairs.iter().map(|pair| of(pair)[k]).sum::<f64>() / count)
    };
    let (ma, mb) = (mean(|p| p.0), mean(|p| p.1));
    let mut s = [[0.0; 3]; 3];
    let mut size = 0.0;
    for (a, b) in pairs {
        let (a, b) = (sub(*a, ma), sub(*b, mb));
        size += dot(a, a);
        for (i, row) in s.iter_mut().enumerate() {
            for (j, value) in row.iter_mut().enumerate() {
                *value += a[i] * b[j];
            }
        }
    }
    let [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]] = s;
    let n = [
        [xx + yy + zz, yz - zy, zx - xz, xy - yx],
        [yz - zy, xx - yy - zz, xy + yx, zx + xz],
        [zx - xz, xy + yx, yy - xx - zz, yz + zy],
        [xy - yx, zx + xz, yz + zy, zz - xx - yy],
    ];
    let (value, [w, x, y, z]) = largest(n);
    let turn = [
        [
            w * w + x * x - y * y - z * z,
            2.0 * (x * y - w * z),
            2.0 * (x * z + w * y),
        ],
        [
            2.0 * (x * y + w * z),
            w * w - x * x + y * y - z * z,
            2.0 * (y * z - w * x),
        ],
        [
            2.0 * (x * z - w * y),
            2.0 * (y * z + w * x),
            w * w - x * x - y * y + z * z,
        ],
    ];
    // The largest value is the sum of what the turned points have in common with the others.
    let scale = if size > 0.0 { value / size } else { 1.0 };
    let turned = Similarity {
        turn,
        scale,
        shift: [0.0; 3],
    };
    Similarity {
        shift: sub(mb, turned.apply(ma)),
        ..turned
    }
}

/// The largest eigenvalue of a symmetric matrix and its vector (Jacobi's rotations).
fn largest(mut a: [[f64; 4]; 4]) -> (f64, [f64; 4]) {
    let mut v = [[0.0; 4]; 4];
    for (k, row) in v.iter_mut().enumerate() {
        row[k] = 1.0;
    }
    for _ in 0..32 {
        for p in 0..4 {
            for q in p + 1..4 {
                if a[p][q].abs() < 1e-300 {
                    continue;
                }
                let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let cos = 1.0 / (t * t + 1.0).sqrt();
                let sin = t * cos;
                for row in a.iter_mut().chain(v.iter_mut()) {
                    let (x, y) = (row[p], row[q]);
                    (row[p], row[q]) = (cos * x - sin * y, sin * x + cos * y);
                }
                let (x, y) = (a[p], a[q]);
                for k in 0..4 {
                    (a[p][k], a[q][k]) = (cos * x[k] - sin * y[k], sin * x[k] + cos * y[k]);
                }
            }
        }
    }
    let at = (0..4).fold(0, |best, k| if a[k][k] > a[best][best] { k } else { best });
    (a[at][at], std::array::from_fn(|k| v[k][at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points() -> Vec<Point> {
        let mut dice = Dice(9);
        (0..400)
            .map(|_| [dice.unit(), 0.5 * dice.unit(), 0.25 * dice.unit()])
            .collect()
    }

    #[test]
    fn a_similarity_is_found_again_from_its_pairs() {
        let (sin, cos) = 0.7_f64.sin_cos();
        let known = Similarity {
            turn: [[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]],
            scale: 1.7,
            shift: [0.1, -2.0, 3.0],
        };
        let pairs: Vec<_> = points().into_iter().map(|p| (p, known.apply(p))).collect();
        let found = similarity(&pairs);
        assert!((found.scale - 1.7).abs() < 1e-9);
        for (p, q) in pairs {
            let away = sub(found.apply(p), q);
            assert!(dot(away, away) < 1e-18);
            let back = sub(found.undo(q), p);
            assert!(dot(back, back) < 1e-18);
        }
    }

    #[test]
    fn the_tree_finds_what_a_search_of_all_finds() {
        let points = points();
        let tree = Tree::of_points(&points);
        for q in [[0.5, 0.2, 0.1], [-1.0, 0.0, 4.0], [0.9, 0.5, 0.0]] {
            let plain = points
                .iter()
                .map(|p| dot(sub(*p, q), sub(*p, q)).sqrt())
                .fold(f64::MAX, f64::min);
            let (away, at) = tree.nearest(q);
            assert!((away - plain).abs() < 1e-12);
            assert!((dot(sub(points[at], q), sub(points[at], q)).sqrt() - plain).abs() < 1e-12);
        }
    }
}
