use super::luma::Luma;

/// How much fine detail a photo shows, in each of four directions.
///
/// Fine detail is compared with coarse detail of the same photo, so that neither contrast nor exposure counts; what
/// remains is blur and the product's own texture, which neighbouring photos share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sharpness {
    /// Along 0° (to the right), 45° (down right), 90° (down) and 135° (down left).
    pub along: [Detail; 4],
}

/// Detail along one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Detail {
    /// Natural logarithm of the energy of fine differences over that of coarse ones, noise taken off.
    pub energy_ln: f64,
    /// The strongest fine differences over the strongest coarse ones: 1 at a sharp edge, about 0.4 where edges are
    /// blurred by a Gaussian of 2 pixels.
    pub edge_ratio: f64,
    /// The strongest coarse differences in levels of 255.
    pub edge_levels: f64,
}

const DIRECTIONS: [(isize, isize); 4] = [(1, 0), (1, 1), (0, 1), (-1, 1)];
/// Steps of the differences in pixels of the judged size.
const FINE: isize = 2;
const COARSE: isize = 8;

impl Sharpness {
    pub(super) fn of(luma: &Luma) -> Self {
        Self {
            along: DIRECTIONS.map(|direction| {
                let fine = Differences::of(luma, direction, FINE);
                let coarse = Differences::of(luma, direction, COARSE);
                detail(&fine, &coarse)
            }),
        }
    }

    /// The edges' ratio in the direction where it is best; `None` where no direction has an edge worth the name.
    pub(super) fn best_edge_ratio(&self) -> Option<f64> {
        const FAINT_LEVELS: f64 = 12.0;
        let edges = self
            .along
            .iter()
            .filter(|detail| detail.edge_levels >= FAINT_LEVELS);
        edges.map(|detail| detail.edge_ratio).max_by(f64::total_cmp)
    }
}

fn detail(fine: &Differences, coarse: &Differences) -> Detail {
    /// Of all differences; only edges are above it.
    const EDGES: f64 = 0.999;
    // Most of a photo is backdrop, so the median difference is that of noise (0.6745 deviations of a normal one).
    let noise = (fine.quantile(0.5) / 0.6745).powi(2);
    let (fine_energy, coarse_energy) = (fine.mean_square() - noise, coarse.mean_square() - noise);
    // A tenth of a level: below it there is nothing to judge.
    let least = 0.01;
    let edge_levels = coarse.quantile(EDGES);
    Detail {
        energy_ln: (fine_energy.max(least) / coarse_energy.max(least)).ln(),
        edge_ratio: fine.quantile(EDGES) / edge_levels.max(1.0),
        edge_levels,
    }
}

/// How often each absolute difference occurs between pixels that lie some way apart.
struct Differences {
    counts: [u32; 256],
    total: u64,
}

impl Differences {
    fn of(luma: &Luma, (right, down): (isize, isize), step: isize) -> Self {
        let (right, down) = (right * step, (down * step) as usize);
        let mut counts = [0_u32; 256];
        let columns = luma.width.saturating_sub(right.unsigned_abs());
        // Where the other pixel lies to the left, the pair begins as far to the right.
        let (from, to) = if right < 0 {
            (right.unsigned_abs(), 0)
        } else {
            (0, right.unsigned_abs())
        };
        let rows = if columns == 0 {
            0
        } else {
            luma.height.saturating_sub(down)
        };
        for y in 0..rows {
            let here = y * luma.width + from;
            let there = (y + down) * luma.width + to;
            let pairs = luma.values[here..here + columns]
                .iter()
                .zip(&luma.values[there..there + columns]);
            for (a, b) in pairs {
                counts[usize::from(a.abs_diff(*b))] += 1;
            }
        }
        let total = counts.iter().map(|&count| u64::from(count)).sum();
        Self { counts, total }
    }

    fn mean_square(&self) -> f64 {
        let squares = self
            .counts
            .iter()
            .enumerate()
            .map(|(difference, &count)| (difference * difference) as f64 * f64::from(count));
        squares.sum::<f64>() / self.total.max(1) as f64
    }

    /// The difference that a `share` of all lie below, between whole levels too; 0 of nothing.
    fn quantile(&self, share: f64) -> f64 {
        let wanted = share * self.total as f64;
        let mut below = 0.0;
        for (level, &count) in self.counts.iter().enumerate() {
            let count = f64::from(count);
            if count > 0.0 && below + count >= wanted {
                let within = (wanted - below) / count;
                // A level stands for half a level on either side; differences have no sign.
                return if level == 0 {
                    within * 0.5
                } else {
                    level as f64 - 0.5 + within
                };
            }
            below += count;
        }
        0.0
    }
}
