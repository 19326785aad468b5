//! Which things belong together, by pairs that do (Tarjan 1975, union-find with path halving).

/// Sets of the numbers from 0, each with the least of its numbers as its name.
#[derive(Clone, Debug)]
pub(crate) struct Pieces(Vec<usize>);

impl Pieces {
    /// Each number by itself.
    pub fn apart(count: usize) -> Self {
        Self((0..count).collect())
    }

    /// The name of the set that `number` is in.
    pub fn of(&mut self, mut number: usize) -> usize {
        while self.0[number] != number {
            self.0[number] = self.0[self.0[number]];
            number = self.0[number];
        }
        number
    }

    /// Makes one set of those of `a` and `b`.
    pub fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.of(a), self.of(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_joined_has_one_name() {
        let mut pieces = Pieces::apart(6);
        pieces.join(4, 2);
        pieces.join(5, 4);
        let names: Vec<usize> = (0..6).map(|number| pieces.of(number)).collect();
        assert_eq!(names, [0, 1, 2, 3, 2, 2]);
    }
}
