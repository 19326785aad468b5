//! A field of signed distances over a box.

use crate::vector::Vec3;

/// Values at the corners of cubic cells; positive inside the product, in the rig's unit.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    /// Place of the first corner, table's frame.
    pub origin: Vec3,
    /// Length of a cell's edge.
    pub cell: f64,
    /// Corners along x, y, z.
    pub size: [usize; 3],
    /// x runs fastest, then y, then z.
    pub values: Vec<f32>,
}

impl Grid {
    pub fn index(&self, x: usize, y: usize, z: usize) -> usize {
        (z * self.size[1] + y) * self.size[0] + x
    }

    pub fn place(&self, x: usize, y: usize, z: usize) -> Vec3 {
        [
            self.origin[0] + x as f64 * self.cell,
            self.origin[1] + y as f64 * self.cell,
            self.origin[2] + z as f64 * self.cell,
        ]
    }

    pub fn height(&self, y: usize) -> f64 {
        self.origin[1] + y as f64 * self.cell
    }

    /// Takes away what lies below `height`.
    pub fn clip_below(&mut self, height: f64) {
        self.clip(|y| y - height);
    }

    /// Takes away what lies above `height`.
    pub fn clip_above(&mut self, height: f64) {
        self.clip(|y| height - y);
    }

    fn clip(&mut self, limit: impl Fn(f64) -> f64) {
        let limits: Vec<f32> = (0..self.size[1])
            .map(|y| limit(self.height(y)) as f32)
            .collect();
        for (line, limit) in self
            .values
            .chunks_exact_mut(self.size[0])
            .zip(limits.iter().cycle())
        {
            for value in line {
                *value = value.min(*limit);
            }
        }
    }
}
