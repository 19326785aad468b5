use xoay_format::wrap_deg;

use super::finding::FindingKind;
use super::report::QualityReport;

/// How much of what the report found is put right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RepairMode {
    /// Duplicates are left out; the order stays as the photos lie.
    #[default]
    DropDuplicates,
    /// Also photos out of order are put in order, and rows that turn against the others are turned round.
    PutInOrder,
}

/// Which photos become frames, in which order, and at which steps of the turn; photos by their index in the capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repairs {
    /// The photos left out.
    pub dropped: Vec<usize>,
    /// The others, row after row.
    pub order: Vec<usize>,
    /// How many each row has.
    pub row_lengths: Vec<u32>,
    /// Photos that steps are missing after, and how many.
    pub missing_after: Vec<(usize, u32)>,
}

impl QualityReport {
    /// What putting right as far as `mode` allows comes to.
    #[must_use]
    pub fn repairs(&self, mode: RepairMode) -> Repairs {
        let mut repairs = Repairs {
            dropped: Vec::new(),
            order: Vec::new(),
            row_lengths: Vec::new(),
            missing_after: Vec::new(),
        };
        for row in &self.rows {
            repairs.dropped.extend(&row.dropped);
            repairs.row_lengths.push(row.kept.len() as u32);
            let in_order = mode == RepairMode::PutInOrder;
            let order = if in_order { &row.in_order } else { &row.kept };
            if !(in_order && row.turned) {
                repairs.order.extend(order);
                repairs.missing_after.extend(&row.missing_after);
                continue;
            }
            // The first photo stays the first.
            repairs.order.extend(order.first());
            repairs.order.extend(order.iter().skip(1).rev());
            // What followed a photo now stands before it: after the one that used to be next.
            repairs
                .missing_after
                .extend(row.missing_after.iter().filter_map(|&(photo, missing)| {
                    let at = order.iter().position(|&p| p == photo)?;
                    Some((order[(at + 1) % order.len()], missing))
                }));
        }
        repairs.dropped.sort_unstable();
        repairs
    }

    /// The report once `mode` was carried out: what it put right is marked so.
    #[must_use]
    pub fn repaired(mut self, mode: RepairMode) -> Self {
        if mode == RepairMode::PutInOrder {
            for finding in &mut self.findings {
                let in_order = matches!(
                    finding.kind,
                    FindingKind::SwappedNeighbours | FindingKind::WrongDirection
                );
                finding.repaired |= in_order;
            }
        }
        self
    }
}

impl Repairs {
    /// Repairs that change nothing about rows of these lengths.
    #[must_use]
    pub fn none(row_lengths: &[u32]) -> Self {
        Self {
            dropped: Vec::new(),
            order: (0..row_lengths.iter().sum::<u32>() as usize).collect(),
            row_lengths: row_lengths.to_vec(),
            missing_after: Vec::new(),
        }
    }

    /// `items`, one a photo of the capture, as the frames need them.
    #[must_use]
    pub fn apply<T: Clone>(&self, items: &[T]) -> Vec<T> {
        self.order
            .iter()
            .filter_map(|&at| items.get(at).cloned())
            .collect()
    }

    /// At which step each frame of `row` stands, and how many steps the whole turn has, missing ones included. A row
    /// that is not there has none.
    #[must_use]
    pub fn steps(&self, row: usize) -> (Vec<u32>, u32) {
        let Some(&length) = self.row_lengths.get(row) else {
            return (Vec::new(), 0);
        };
        let first: u32 = self.row_lengths[..row].iter().sum();
        let photos = self.order.iter().skip(first as usize).take(length as usize);
        let mut step = 0;
        let steps = photos
            .map(|photo| {
                let here = step;
                let missing = self.missing_after.iter().find(|(after, _)| after == photo);
                step += 1 + missing.map_or(0, |(_, missing)| *missing);
                here
            })
            .collect();
        (steps, step)
    }

    /// The angle of each frame of `row` in degrees, 0 for its first, rising with the turn: even steps, and a wider one
    /// where a step is missing.
    #[must_use]
    pub fn azimuths_deg(&self, row: usize) -> Vec<f64> {
        let (steps, turn) = self.steps(row);
        steps
            .into_iter()
            .map(|step| wrap_deg(360.0 * f64::from(step) / f64::from(turn.max(1))))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::RowQuality;
    use super::*;

    fn report() -> QualityReport {
        QualityReport {
            findings: Vec::new(),
            rows: vec![
                RowQuality {
                    kept: vec![0, 1, 3, 4],
                    in_order: vec![0, 3, 1, 4],
                    dropped: vec![2],
                    missing_after: vec![(4, 2)],
                    turned: false,
                },
                RowQuality {
                    kept: vec![5, 6, 7],
                    in_order: vec![5, 6, 7],
                    dropped: Vec::new(),
                    missing_after: vec![(5, 1)],
                    turned: true,
                },
            ],
        }
    }

    #[test]
    fn duplicates_go_always_and_the_order_only_on_request() {
        let repairs = report().repairs(RepairMode::DropDuplicates);
        assert_eq!(
            repairs.apply(&["a", "b", "b'", "c", "d", "e", "f", "g"]),
            ["a", "b", "c", "d", "e", "f", "g"]
        );
        assert_eq!(repairs.row_lengths, [4, 3]);
        let repairs = report().repairs(RepairMode::PutInOrder);
        assert_eq!(repairs.order, [0, 3, 1, 4, 5, 7, 6]);
        assert_eq!(repairs.dropped, [2]);
    }

    #[test]
    fn missing_steps_leave_the_others_their_true_angles() {
        let repairs = report().repairs(RepairMode::PutInOrder);
        assert_eq!(repairs.azimuths_deg(0), [0.0, 60.0, 120.0, 180.0]);
        // One is missing between 5 and 6; turned round that is the end of the turn.
        assert_eq!(repairs.azimuths_deg(1), [0.0, 90.0, 180.0]);
        let as_lying = report().repairs(RepairMode::DropDuplicates);
        assert_eq!(as_lying.azimuths_deg(1), [0.0, 180.0, 270.0]);
        assert_eq!(as_lying.azimuths_deg(2), [0.0; 0]);
    }

    #[test]
    fn no_repairs_change_nothing() {
        let none = Repairs::none(&[2, 1]);
        assert_eq!(none.apply(&[7, 8, 9]), [7, 8, 9]);
        assert_eq!(none.azimuths_deg(0), [0.0, 180.0]);
    }
}
