/// One value a pixel, row by row from the top left.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plane<T> {
    pub width: usize,
    pub height: usize,
    pub data: Vec<T>,
}

/// A plane of truth values.
pub(crate) type Mask = Plane<bool>;

impl<T: Copy> Plane<T> {
    pub(crate) fn new(width: usize, height: usize, value: T) -> Self {
        Self {
            width,
            height,
            data: vec![value; width * height],
        }
    }

    pub(crate) fn from_fn(
        width: usize,
        height: usize,
        mut value: impl FnMut(usize, usize) -> T,
    ) -> Self {
        let mut data = Vec::with_capacity(width * height);
        for y in 0..height {
            data.extend((0..width).map(|x| value(x, y)));
        }
        Self {
            width,
            height,
            data,
        }
    }

    pub(crate) fn at(&self, x: usize, y: usize) -> T {
        self.data[y * self.width + x]
    }

    pub(crate) fn map<U>(&self, value: impl FnMut(&T) -> U) -> Plane<U> {
        Plane {
            width: self.width,
            height: self.height,
            data: self.data.iter().map(value).collect(),
        }
    }
}

impl Plane<f32> {
    /// The value between pixels; pixel centres lie at whole numbers, and outside the border's value holds.
    pub(crate) fn sample(&self, x: f32, y: f32) -> f32 {
        let x = x.clamp(0.0, (self.width - 1) as f32);
        let y = y.clamp(0.0, (self.height - 1) as f32);
        let (x0, y0) = (x as usize, y as usize);
        let (x1, y1) = ((x0 + 1).min(self.width - 1), (y0 + 1).min(self.height - 1));
        let (fx, fy) = (x - x0 as f32, y - y0 as f32);
        let top = self.at(x0, y0) + (self.at(x1, y0) - self.at(x0, y0)) * fx;
        let bottom = self.at(x0, y1) + (self.at(x1, y1) - self.at(x0, y1)) * fx;
        top + (bottom - top) * fy
    }

    /// Smoothed by three box filters in a row, close to a Gaussian of standard deviation `sigma` pixels.
    pub(crate) fn blurred(&self, sigma: f32) -> Self {
        let mut out = self.clone();
        // The box of radius r has the variance ((2r + 1)² − 1) / 12; three of them add up.
        let radius = (((4.0 * sigma * sigma + 1.0).sqrt() - 1.0) / 2.0)
            .round()
            .max(1.0) as usize;
        for _ in 0..3 {
            out = out.box_filtered(radius);
        }
        out
    }

    /// The mean over a square of `2 · radius + 1` pixels, cut at the border.
    pub(crate) fn box_filtered(&self, radius: usize) -> Self {
        let (width, height) = (self.width, self.height);
        let mut across = Self::new(width, height, 0.0);
        for (row, out) in self
            .data
            .chunks_exact(width)
            .zip(across.data.chunks_exact_mut(width))
        {
            running_mean(row, radius, out);
        }
        // Down the columns, a whole row at a time.
        let mut out = Self::new(width, height, 0.0);
        let mut sum = vec![0.0_f64; width];
        let mut count = 0_usize;
        let row_of = |y: usize| &across.data[y * width..(y + 1) * width];
        for y in 0..radius.min(height) {
            for (sum, value) in sum.iter_mut().zip(row_of(y)) {
                *sum += f64::from(*value);
            }
            count += 1;
        }
        for y in 0..height {
            if y + radius < height {
                for (sum, value) in sum.iter_mut().zip(row_of(y + radius)) {
                    *sum += f64::from(*value);
                }
                count += 1;
            }
            if y > radius {
                for (sum, value) in sum.iter_mut().zip(row_of(y - radius - 1)) {
                    *sum -= f64::from(*value);
                }
                count -= 1;
            }
            let target = &mut out.data[y * width..(y + 1) * width];
            for (target, sum) in target.iter_mut().zip(&sum) {
                *target = (sum / count as f64) as f32;
            }
        }
        out
    }
}

fn running_mean(row: &[f32], radius: usize, out: &mut [f32]) {
    let mut sum = 0.0_f64;
    let mut count = 0_usize;
    for value in row.iter().take(radius) {
        sum += f64::from(*value);
        count += 1;
    }
    for x in 0..row.len() {
        if let Some(value) = row.get(x + radius) {
            sum += f64::from(*value);
            count += 1;
        }
        if x > radius {
            sum -= f64::from(row[x - radius - 1]);
            count -= 1;
        }
        out[x] = (sum / count as f64) as f32;
    }
}

impl Mask {
    pub(crate) fn count(&self) -> usize {
        self.data.iter().filter(|set| **set).count()
    }

    /// Distance in pixels to the nearest set pixel, by two chamfer passes (3-4 metric, within 8% of Euclid's).
    pub(crate) fn distance(&self) -> Plane<f32> {
        const STRAIGHT: f32 = 1.0;
        const DIAGONAL: f32 = 1.351;
        let (width, height) = (self.width, self.height);
        let far = (width + height) as f32;
        let mut out = self.map(|set| if *set { 0.0 } else { far });
        for y in 0..height {
            for x in 0..width {
                let mut best = out.at(x, y);
                if x > 0 {
                    best = best.min(out.at(x - 1, y) + STRAIGHT);
                }
                if y > 0 {
                    best = best.min(out.at(x, y - 1) + STRAIGHT);
                    if x > 0 {
                        best = best.min(out.at(x - 1, y - 1) + DIAGONAL);
                    }
                    if x + 1 < width {
                        best = best.min(out.at(x + 1, y - 1) + DIAGONAL);
                    }
                }
                out.data[y * width + x] = best;
            }
        }
        for y in (0..height).rev() {
            for x in (0..width).rev() {
                let mut best = out.at(x, y);
                if x + 1 < width {
                    best = best.min(out.at(x + 1, y) + STRAIGHT);
                }
                if y + 1 < height {
                    best = best.min(out.at(x, y + 1) + STRAIGHT);
                    if x + 1 < width {
                        best = best.min(out.at(x + 1, y + 1) + DIAGONAL);
                    }
                    if x > 0 {
                        best = best.min(out.at(x - 1, y + 1) + DIAGONAL);
                    }
                }
                out.data[y * width + x] = best;
            }
        }
        out
    }

    pub(crate) fn inverted(&self) -> Self {
        self.map(|set| !set)
    }

    /// Labels of the 4-connected areas of set pixels, from 1; and how many pixels each has, by label − 1.
    pub(crate) fn components(&self) -> (Plane<u32>, Vec<usize>) {
        let mut labels = Plane::new(self.width, self.height, 0_u32);
        let mut sizes = Vec::new();
        let mut stack = Vec::new();
        for start in 0..self.data.len() {
            if !self.data[start] || labels.data[start] != 0 {
                continue;
            }
            let label = sizes.len() as u32 + 1;
            let mut size = 0;
            labels.data[start] = label;
            stack.push(start);
            while let Some(at) = stack.pop() {
                size += 1;
                let (x, y) = (at % self.width, at / self.width);
                let mut visit = |next: usize| {
                    if self.data[next] && labels.data[next] == 0 {
                        labels.data[next] = label;
                        stack.push(next);
                    }
                };
                if x > 0 {
                    visit(at - 1);
                }
                if x + 1 < self.width {
                    visit(at + 1);
                }
                if y > 0 {
                    visit(at - self.width);
                }
                if y + 1 < self.height {
                    visit(at + self.width);
                }
            }
            sizes.push(size);
        }
        (labels, sizes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blur_keeps_the_mean_inside_and_flat_planes_flat() {
        let flat = Plane::new(17, 9, 0.25_f32);
        assert!(
            flat.blurred(2.5)
                .data
                .iter()
                .all(|v| (v - 0.25).abs() < 1e-6)
        );
        let mut dot = Plane::new(41, 41, 0.0_f32);
        dot.data[20 * 41 + 20] = 1.0;
        let sum: f32 = dot.blurred(2.0).data.iter().sum();
        assert!((sum - 1.0).abs() < 1e-3, "{sum}");
    }

    #[test]
    fn distances_are_near_euclid() {
        let mut mask = Mask::new(41, 41, false);
        mask.data[20 * 41 + 20] = true;
        let distance = mask.distance();
        for (x, y) in [(25, 20), (23, 24), (30, 30), (0, 0)] {
            let true_distance = ((x as f32 - 20.0).powi(2) + (y as f32 - 20.0).powi(2)).sqrt();
            let ratio = distance.at(x, y) / true_distance;
            assert!((0.9..1.1).contains(&ratio), "{x} {y}: {ratio}");
        }
    }

    #[test]
    fn areas_that_touch_at_corners_are_two() {
        let mask = Mask::from_fn(4, 4, |x, y| (x < 2) == (y < 2));
        let (_, sizes) = mask.components();
        assert_eq!(sizes, [4, 4]);
    }
}
