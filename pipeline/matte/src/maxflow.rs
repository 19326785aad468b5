//! The minimum cut of a pixel grid, by Boykov and Kolmogorov's two search trees ("An Experimental Comparison of
//! Min-Cut/Max-Flow Algorithms for Energy Minimization in Vision", PAMI 2004).

use std::collections::VecDeque;

use crate::plane::Mask;

/// Steps to the eight neighbours; the opposite of `d` is `d ^ 1`.
pub(crate) const STEPS: [(isize, isize); 8] = [
    (1, 0),
    (-1, 0),
    (0, 1),
    (0, -1),
    (1, 1),
    (-1, -1),
    (1, -1),
    (-1, 1),
];

const TERMINAL: u8 = 8;
const NONE: u8 = 9;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Tree {
    Free,
    Source,
    Sink,
}

/// A grid of pixels, each tied to its eight neighbours and to "inside" or "outside".
pub(crate) struct GridCut {
    width: usize,
    height: usize,
    /// What may still flow to each neighbour.
    capacity: Vec<[i32; 8]>,
    /// What may still flow from the source (positive) or to the sink (negative).
    excess: Vec<i32>,
    tree: Vec<Tree>,
    parent: Vec<u8>,
    stamp: Vec<u32>,
    depth: Vec<u32>,
    active: VecDeque<u32>,
    is_active: Vec<bool>,
    orphans: VecDeque<u32>,
    time: u32,
}

impl GridCut {
    /// `excess[p]`: how much pixel `p` would rather be inside (positive) than outside.
    pub(crate) fn new(width: usize, height: usize, excess: Vec<i32>) -> Self {
        let pixels = width * height;
        debug_assert_eq!(excess.len(), pixels);
        Self {
            width,
            height,
            capacity: vec![[0; 8]; pixels],
            excess,
            tree: vec![Tree::Free; pixels],
            parent: vec![NONE; pixels],
            stamp: vec![0; pixels],
            depth: vec![0; pixels],
            active: VecDeque::new(),
            is_active: vec![false; pixels],
            orphans: VecDeque::new(),
            time: 0,
        }
    }

    /// Ties `pixel` to its neighbour in `direction`, both ways.
    pub(crate) fn tie(&mut self, pixel: usize, direction: usize, weight: i32) {
        if let Some(other) = self.neighbour(pixel, direction) {
            self.capacity[pixel][direction] = weight;
            self.capacity[other][direction ^ 1] = weight;
        }
    }

    fn neighbour(&self, pixel: usize, direction: usize) -> Option<usize> {
        let (dx, dy) = STEPS[direction];
        let x = (pixel % self.width).checked_add_signed(dx)?;
        let y = (pixel / self.width).checked_add_signed(dy)?;
        (x < self.width && y < self.height).then(|| y * self.width + x)
    }

    /// The pixel behind a link that is known to exist.
    fn step(&self, pixel: usize, direction: u8) -> usize {
        let (dx, dy) = STEPS[direction as usize];
        pixel.wrapping_add_signed(dy * self.width as isize + dx)
    }

    fn activate(&mut self, pixel: usize) {
        if !self.is_active[pixel] {
            self.is_active[pixel] = true;
            self.active.push_back(pixel as u32);
        }
    }

    /// Pixels on the source's side of the minimum cut.
    pub(crate) fn solve(mut self) -> Mask {
        for pixel in 0..self.excess.len() {
            let tree = match self.excess[pixel] {
                0 => continue,
                1.. => Tree::Source,
                _ => Tree::Sink,
            };
            self.tree[pixel] = tree;
            self.parent[pixel] = TERMINAL;
            self.depth[pixel] = 1;
            self.activate(pixel);
        }
        while let Some(pixel) = self.active.pop_front() {
            let pixel = pixel as usize;
            self.is_active[pixel] = false;
            // The same pixel may meet the other tree many times before it is done.
            while let Some((from, direction)) = self.grow(pixel) {
                self.time += 1;
                self.augment(from, direction);
                self.adopt();
            }
        }
        Mask {
            width: self.width,
            height: self.height,
            data: self.tree.iter().map(|tree| *tree == Tree::Source).collect(),
        }
    }

    /// Adds free neighbours to the tree of `pixel`; gives the link at which the trees meet, seen from the source's.
    fn grow(&mut self, pixel: usize) -> Option<(usize, u8)> {
        let tree = self.tree[pixel];
        if tree == Tree::Free {
            return None;
        }
        for direction in 0..8_u8 {
            let Some(other) = self.neighbour(pixel, direction as usize) else {
                continue;
            };
            let open = match tree {
                Tree::Source => self.capacity[pixel][direction as usize],
                _ => self.capacity[other][direction as usize ^ 1],
            };
            if open == 0 {
                continue;
            }
            if self.tree[other] == Tree::Free {
                self.tree[other] = tree;
                self.parent[other] = direction ^ 1;
                self.stamp[other] = self.stamp[pixel];
                self.depth[other] = self.depth[pixel] + 1;
                self.activate(other);
            } else if self.tree[other] != tree {
                return Some(match tree {
                    Tree::Source => (pixel, direction),
                    _ => (other, direction ^ 1),
                });
            } else if self.stamp[other] <= self.stamp[pixel]
                && self.depth[other] > self.depth[pixel] + 1
            {
                self.parent[other] = direction ^ 1;
                self.stamp[other] = self.stamp[pixel];
                self.depth[other] = self.depth[pixel] + 1;
            }
        }
        None
    }

    /// Sends as much as possible along the path through the link and cuts off what is full.
    fn augment(&mut self, from: usize, direction: u8) {
        let to = self.step(from, direction);
        let mut flow = self.capacity[from][direction as usize];
        let mut at = from;
        while self.parent[at] != TERMINAL {
            let up = self.step(at, self.parent[at]);
            flow = flow.min(self.capacity[up][self.parent[at] as usize ^ 1]);
            at = up;
        }
        flow = flow.min(self.excess[at]);
        at = to;
        while self.parent[at] != TERMINAL {
            flow = flow.min(self.capacity[at][self.parent[at] as usize]);
            at = self.step(at, self.parent[at]);
        }
        flow = flow.min(-self.excess[at]);

        self.push(from, direction as usize, flow);
        at = from;
        while self.parent[at] != TERMINAL {
            let toward = self.parent[at];
            let up = self.step(at, toward);
            self.push(up, toward as usize ^ 1, flow);
            if self.capacity[up][toward as usize ^ 1] == 0 {
                self.orphan(at);
            }
            at = up;
        }
        self.excess[at] -= flow;
        if self.excess[at] == 0 {
            self.orphan(at);
        }
        at = to;
        while self.parent[at] != TERMINAL {
            let toward = self.parent[at];
            let up = self.step(at, toward);
            self.push(at, toward as usize, flow);
            if self.capacity[at][toward as usize] == 0 {
                self.orphan(at);
            }
            at = up;
        }
        self.excess[at] += flow;
        if self.excess[at] == 0 {
            self.orphan(at);
        }
    }

    fn push(&mut self, pixel: usize, direction: usize, flow: i32) {
        let other = self.step(pixel, direction as u8);
        self.capacity[pixel][direction] -= flow;
        self.capacity[other][direction ^ 1] += flow;
    }

    fn orphan(&mut self, pixel: usize) {
        self.orphans.push_back(pixel as u32);
    }

    fn adopt(&mut self) {
        // A path is walked by its parents after it was cut; only now the cut pixels lose theirs.
        for at in 0..self.orphans.len() {
            self.parent[self.orphans[at] as usize] = NONE;
        }
        while let Some(orphan) = self.orphans.pop_front() {
            let orphan = orphan as usize;
            match self.new_parent(orphan) {
                Some((direction, depth)) => {
                    self.parent[orphan] = direction;
                    self.stamp[orphan] = self.time;
                    self.depth[orphan] = depth + 1;
                }
                None => self.abandon(orphan),
            }
        }
    }

    /// The neighbour of the same tree that is nearest to its root, if any leads there.
    fn new_parent(&mut self, orphan: usize) -> Option<(u8, u32)> {
        let tree = self.tree[orphan];
        let mut best: Option<(u8, u32)> = None;
        for direction in 0..8_u8 {
            let Some(other) = self.neighbour(orphan, direction as usize) else {
                continue;
            };
            let open = match tree {
                Tree::Source => self.capacity[other][direction as usize ^ 1],
                _ => self.capacity[orphan][direction as usize],
            };
            if open == 0 || self.tree[other] != tree {
                continue;
            }
            if let Some(depth) = self.depth_of(other)
                && best.is_none_or(|(_, least)| depth < least)
            {
                best = Some((direction, depth));
            }
        }
        best
    }

    /// How far `pixel` lies from its tree's root; nothing if it hangs on an orphan.
    fn depth_of(&mut self, pixel: usize) -> Option<u32> {
        let mut at = pixel;
        let mut steps = 0;
        let root_depth = loop {
            if self.stamp[at] == self.time {
                break self.depth[at];
            }
            match self.parent[at] {
                NONE => return None,
                TERMINAL => {
                    self.stamp[at] = self.time;
                    self.depth[at] = 1;
                    break 1;
                }
                direction => at = self.step(at, direction),
            }
            steps += 1;
        };
        // Leave the answer along the way for those who ask next.
        let depth = root_depth + steps;
        let mut at = pixel;
        let mut left = depth;
        while self.stamp[at] != self.time {
            self.stamp[at] = self.time;
            self.depth[at] = left;
            left -= 1;
            at = self.step(at, self.parent[at]);
        }
        Some(depth)
    }

    /// Sets `orphan` free, and its children orphans.
    fn abandon(&mut self, orphan: usize) {
        let tree = self.tree[orphan];
        self.tree[orphan] = Tree::Free;
        for direction in 0..8_u8 {
            let Some(other) = self.neighbour(orphan, direction as usize) else {
                continue;
            };
            if self.tree[other] != tree {
                continue;
            }
            let open = match tree {
                Tree::Source => self.capacity[other][direction as usize ^ 1],
                _ => self.capacity[orphan][direction as usize],
            };
            if open > 0 {
                self.activate(other);
            }
            if self.parent[other] == direction ^ 1 {
                self.parent[other] = NONE;
                self.orphans.push_back(other as u32);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn energy(excess: &[i32], ties: &[(usize, usize, i32)], inside: &[bool]) -> i64 {
        let alone: i64 = excess
            .iter()
            .zip(inside)
            .map(|(&e, &inside)| match (e > 0, inside) {
                (true, false) => i64::from(e),
                (false, true) => i64::from(-e),
                _ => 0,
            })
            .sum();
        let between: i64 = ties
            .iter()
            .filter(|(a, b, _)| inside[*a] != inside[*b])
            .map(|(_, _, w)| i64::from(*w))
            .sum();
        alone + between
    }

    proptest! {
        /// On grids small enough to try every labelling, the cut is the cheapest one.
        #[test]
        fn no_labelling_is_cheaper(
            excess in prop::collection::vec(-20_i32..20, 12),
            weights in prop::collection::vec(0_i32..15, 48),
        ) {
            let (width, height) = (4, 3);
            let mut cut = GridCut::new(width, height, excess.clone());
            let mut ties = Vec::new();
            let mut weights = weights.into_iter();
            for pixel in 0..width * height {
                for direction in [0, 2, 4, 6] {
                    if let Some(other) = cut.neighbour(pixel, direction) {
                        let weight = weights.next().unwrap();
                        cut.tie(pixel, direction, weight);
                        ties.push((pixel, other, weight));
                    }
                }
            }
            let found = energy(&excess, &ties, &cut.solve().data);
            let best = (0..1_u32 << 12)
                .map(|bits| {
                    let inside: Vec<bool> = (0..12).map(|p| bits >> p & 1 == 1).collect();
                    energy(&excess, &ties, &inside)
                })
                .min()
                .unwrap();
            prop_assert_eq!(found, best);
        }
    }
}
