/// The middle value, the mean of the two middle ones for an even count; `None` of nothing. Not-a-numbers sort last.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        length if length % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

/// The spread about `center` as the standard deviation that a normal distribution of the same median distance has:
/// a few odd values do not move it.
pub(super) fn spread(values: &[f64], center: f64) -> f64 {
    /// Standard deviations in the median absolute deviation of a normal distribution.
    const NORMAL: f64 = 1.4826;
    NORMAL * median(values.iter().map(|value| (value - center).abs())).unwrap_or(0.0)
}

/// The value that a `share` (0 to 1) of all values lies at or below; `None` of nothing.
pub(super) fn quantile(values: impl IntoIterator<Item = f64>, share: f64) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    values.get((share * last as f64).round() as usize).copied()
}

/// For each place of a row the median of up to `reach` values on either side, its own left out. A row that `closes`
/// goes on from its end to its beginning.
pub(super) fn medians_of_neighbours(values: &[f64], reach: usize) -> Vec<f64> {
    let count = values.len();
    let reach = reach.min(count.saturating_sub(1) / 2);
    (0..count)
        .map(|at| {
            let around = (1..=reach)
                .flat_map(|step| [at + step, at + count - step])
                .map(|place| values[place % count]);
            median(around).unwrap_or(values[at])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_stands_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median([]), None);
    }

    #[test]
    fn one_odd_value_does_not_move_the_spread() {
        let calm = [1.0, 1.1, 0.9, 1.0, 1.1, 0.9, 1.0];
        let mut odd = calm;
        odd[3] = 50.0;
        assert!((spread(&calm, 1.0) - spread(&odd, 1.0)).abs() < 0.2);
    }

    #[test]
    fn neighbours_go_round_the_turn_and_leave_the_place_itself_out() {
        assert_eq!(
            medians_of_neighbours(&[9.0, 1.0, 2.0, 3.0, 4.0], 1),
            [2.5, 5.5, 2.0, 3.0, 6.0]
        );
        assert_eq!(medians_of_neighbours(&[7.0], 3), [7.0]);
    }
}
