use super::distances::Distances;
use super::statistics::median;

/// How far a row of photos goes round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TurnShape {
    /// All the way: the first photo follows the last.
    #[default]
    Full,
    /// Only part of the way.
    Arc,
}

/// One row of photos on its way from the order in which they lie to the order in which they belong.
pub(super) struct Turn<'a> {
    pub distances: &'a Distances,
    shape: TurnShape,
    /// Places within the row; what was dropped is gone, what was moved stands where it belongs.
    pub order: Vec<usize>,
}

/// How much farther the last photo may be from the first than a photo from the next, for the row to be a full turn.
const CLOSES: f64 = 2.6;

impl<'a> Turn<'a> {
    pub(super) fn new(distances: &'a Distances, shape: TurnShape) -> Self {
        Self {
            distances,
            shape,
            order: (0..distances.len()).collect(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// The place of the photo that stands `at`, round the turn.
    pub(super) fn place(&self, at: isize) -> usize {
        self.order[at.rem_euclid(self.order.len().max(1) as isize) as usize]
    }

    /// Both scales' distance between the photos that stand at `a` and `b`.
    pub(super) fn between(&self, a: isize, b: isize) -> Option<f64> {
        self.distances.between(self.place(a), self.place(b))
    }

    /// The coarse distance between them: the one that tells near from far best.
    pub(super) fn coarse(&self, a: isize, b: isize) -> Option<f64> {
        self.distances.coarse(self.place(a), self.place(b))
    }

    /// The usual distance from a photo to the next.
    pub(super) fn usual_step(&self) -> f64 {
        let steps = (0..self.len() as isize - 1).filter_map(|at| self.between(at, at + 1));
        median(steps).unwrap_or(0.0)
    }

    /// Whether the first photo follows the last as the others follow each other, be it across a missing one.
    pub(super) fn closes(&self) -> bool {
        let last = self.len() as isize - 1;
        // Near the seam, since steps look larger on some sides of a product than on others.
        let near = [0, 1, last - 1, last - 2].map(|at| self.between(at, at + 1));
        let usual = median(near.into_iter().flatten()).unwrap_or(0.0);
        self.shape == TurnShape::Full
            && self.len() > 2
            && self
                .between(last, 0)
                .is_some_and(|seam| seam <= CLOSES * usual.max(self.usual_step() * 0.5))
    }
}
