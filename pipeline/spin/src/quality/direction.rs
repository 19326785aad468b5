use super::measures::PhotoMeasures;

/// How two rows of the same product turn against each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Agreement {
    /// Mean difference of the rows' photos at their best alignment when both turn the same way.
    pub same: f64,
    /// The same when one of them is turned round.
    pub opposite: f64,
}

/// Rows are told to turn against each other when that fits better by this factor.
pub(super) const CLEARLY: f64 = 1.15;

impl Agreement {
    /// Compares two rows, each in the order of its turn.
    pub(super) fn of(first: &[&PhotoMeasures], second: &[&PhotoMeasures]) -> Self {
        /// Photos of each row that are compared: enough for any turn, few enough for hundreds.
        const SAMPLES: usize = 48;
        let samples = first.len().min(second.len()).clamp(1, SAMPLES);
        let taken = |row: &[&PhotoMeasures]| -> Vec<Profile> {
            let at = (0..samples).map(|sample| sample * row.len() / samples);
            let mut profiles: Vec<Profile> = at.map(|at| profile(row[at])).collect();
            take_off_mean(&mut profiles);
            profiles
        };
        let (first, second) = (taken(first), taken(second));
        let table: Vec<f64> = first
            .iter()
            .flat_map(|a| second.iter().map(|b| difference(a, b)))
            .collect();
        let best = |place: &dyn Fn(usize, usize) -> usize| {
            let sums = (0..samples).map(|shift| {
                let pairs = (0..samples).map(|at| table[at * samples + place(at, shift) % samples]);
                pairs.sum::<f64>() / samples as f64
            });
            sums.fold(f64::INFINITY, f64::min)
        };
        Self {
            same: best(&|at, shift| at + shift),
            opposite: best(&|at, shift| shift + samples - at),
        }
    }

    /// How much better the rows fit when one of them is turned round.
    pub(super) fn opposite_is_better(&self) -> f64 {
        self.same / self.opposite.max(f64::MIN_POSITIVE)
    }
}

/// Colour along the frame's width, in bands of its height: what two camera heights see alike.
type Profile = Vec<f32>;

const COLUMNS: usize = 48;
const BANDS: usize = 3;

fn profile(photo: &PhotoMeasures) -> Profile {
    let thumbnail = &photo.thumbnail;
    let mut sums = vec![0.0_f32; COLUMNS * BANDS * 3];
    let mut counts = vec![0.0_f32; COLUMNS * BANDS];
    for (at, pixel) in thumbnail.pixels.iter().enumerate() {
        let (x, y) = (at % thumbnail.width, at / thumbnail.width);
        let cell = y * BANDS / thumbnail.height * COLUMNS + x * COLUMNS / thumbnail.width;
        counts[cell] += 1.0;
        for (channel, value) in pixel.iter().enumerate() {
            sums[cell * 3 + channel] += (f32::from(*value) + 16.0).ln();
        }
    }
    for (cell, count) in counts.iter().enumerate() {
        for sum in &mut sums[cell * 3..cell * 3 + 3] {
            *sum /= count.max(1.0);
        }
    }
    sums
}

/// Takes off what all photos of the row have in common: backdrop, disc, the product's outline.
fn take_off_mean(profiles: &mut [Profile]) {
    let length = profiles.first().map_or(0, Vec::len);
    for at in 0..length {
        let mean = profiles.iter().map(|profile| profile[at]).sum::<f32>() / profiles.len() as f32;
        for profile in profiles.iter_mut() {
            profile[at] -= mean;
        }
    }
}

fn difference(a: &Profile, b: &Profile) -> f64 {
    let sum: f32 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
    f64::from(sum / a.len().max(1) as f32).sqrt()
}
