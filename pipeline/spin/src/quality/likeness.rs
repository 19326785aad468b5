use super::measures::PhotoMeasures;
use super::statistics::{median, quantile};

/// Which photos of a row belong together, by their coarse forms and colours, whatever their order.
pub(super) struct Likeness {
    /// Groups of places, the largest first, each in the order in which the photos lie.
    pub groups: Vec<Vec<usize>>,
    /// Of each group but the first: how far it stands off, in the largest usual distances to a nearest neighbour.
    pub apart: Vec<f64>,
}

/// Photos farther from all others than this many usual distances form a group of their own.
pub(super) const APART: f64 = 1.8;
/// Natural logarithms of light; nearer than this nothing is foreign, however alike the row's photos are.
const LEAST_APART: f64 = 0.12;

const COLUMNS: usize = 16;
const ROWS: usize = 12;

impl Likeness {
    pub(super) fn of(row: &[&PhotoMeasures]) -> Self {
        let forms: Vec<Vec<f32>> = row.iter().map(|photo| form(photo)).collect();
        let count = forms.len();
        let mut nearest = vec![f64::INFINITY; count];
        for a in 0..count {
            for b in a + 1..count {
                let distance = distance(&forms[a], &forms[b]);
                nearest[a] = nearest[a].min(distance);
                nearest[b] = nearest[b].min(distance);
            }
        }
        let usual = quantile(nearest.iter().copied(), 0.9).unwrap_or(0.0);
        let limit = (APART * usual).max(LEAST_APART);
        let groups = linked(&forms, limit);
        let apart = groups
            .iter()
            .skip(1)
            .map(|group| {
                let others = (0..count).filter(|place| !group.contains(place));
                let gap = others
                    .flat_map(|other| group.iter().map(move |&place| (other, place)))
                    .map(|(a, b)| distance(&forms[a], &forms[b]))
                    .fold(f64::INFINITY, f64::min);
                gap / (limit / APART)
            })
            .collect();
        Self { groups, apart }
    }
}

/// Groups by single linkage: a photo belongs where any member is near.
fn linked(forms: &[Vec<f32>], limit: f64) -> Vec<Vec<usize>> {
    let mut left: Vec<usize> = (0..forms.len()).collect();
    let mut groups = Vec::new();
    while let Some(seed) = left.first().copied() {
        left.remove(0);
        let mut group = vec![seed];
        let mut reached = 0;
        while let Some(&from) = group.get(reached) {
            reached += 1;
            left.retain(|&to| {
                let near = distance(&forms[from], &forms[to]) <= limit;
                if near {
                    group.push(to);
                }
                !near
            });
        }
        group.sort_unstable();
        groups.push(group);
    }
    groups.sort_by(|a, b| b.len().cmp(&a.len()).then(a[0].cmp(&b[0])));
    groups
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    let sum: f32 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
    f64::from(sum / a.len().max(1) as f32).sqrt()
}

/// The logarithm of light in a coarse grid, the backdrop's brightness taken off.
fn form(photo: &PhotoMeasures) -> Vec<f32> {
    let thumbnail = &photo.thumbnail;
    let part = |at: usize, parts: usize, whole: usize| {
        let start = at * whole / parts;
        start..((at + 1) * whole / parts).max(start + 1).min(whole.max(1))
    };
    let mut form = Vec::with_capacity(COLUMNS * ROWS * 3);
    for y in 0..ROWS {
        for x in 0..COLUMNS {
            let (mut sums, mut count) = ([0.0_f32; 3], 0.0_f32);
            for line in part(y, ROWS, thumbnail.height) {
                for column in part(x, COLUMNS, thumbnail.width) {
                    let pixel = thumbnail.pixels[line * thumbnail.width + column];
                    for (sum, value) in sums.iter_mut().zip(pixel) {
                        *sum += f32::from(value);
                    }
                    count += 1.0;
                }
            }
            // 2.2: near enough to linear light for a coarse likeness.
            form.extend(sums.map(|sum| 2.2 * (sum / count.max(1.0) + 8.0).ln()));
        }
    }
    let at_border = (0..COLUMNS * ROWS).filter(|cell| {
        let (x, y) = (cell % COLUMNS, cell / COLUMNS);
        y == 0 || (y < ROWS * 2 / 3 && (x == 0 || x == COLUMNS - 1))
    });
    let backdrop = median(
        at_border
            .map(|cell| f64::from(form[cell * 3] + form[cell * 3 + 1] + form[cell * 3 + 2]) / 3.0),
    );
    let backdrop = backdrop.unwrap_or(0.0) as f32;
    for value in &mut form {
        *value -= backdrop;
    }
    form
}
