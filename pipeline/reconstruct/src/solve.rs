//! Least squares: Levenberg and Marquardt's method on a dense normal matrix, and what the matrix says of certainty.

/// Residuals in groups that depend on few or all of the parameters.
pub(crate) trait Residuals {
    /// How many residuals a group has.
    const PER_GROUP: usize;

    /// How many groups there are.
    fn groups(&self) -> usize;

    /// The residuals of one group.
    fn evaluate(&self, parameters: &[f64], group: usize, out: &mut [f64]);

    /// The groups that `parameter` moves; `None` where it moves all.
    fn moved_by(&self, parameter: usize) -> Option<&[usize]>;
}

/// What holds a parameter near a value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prior {
    pub mean: f64,
    /// Standard deviation.
    pub sigma: f64,
}

/// A parameter to be found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unknown {
    /// Whether it may move.
    pub free: bool,
    /// What it is held near to.
    pub prior: Option<Prior>,
    /// The step of its numeric derivative.
    pub step: f64,
}

/// Where a descent ended.
#[derive(Clone, Debug)]
pub(crate) struct Solution {
    pub parameters: Vec<f64>,
    /// Root mean square of the plain residuals.
    pub rms: f64,
    /// The robust cost.
    pub cost: f64,
    /// The normal matrix of the free parameters at the end, in units of residual² per parameter².
    pub hessian: Vec<Vec<f64>>,
    /// Which parameters the rows of `hessian` are.
    pub free: Vec<usize>,
}

const MOST_STEPS: usize = 60;

/// Minimises `Σ ρ(r)` with the soft-L1 loss `ρ(r) = 2c²(√(1 + r²/c²) − 1)` (Charbonnier), from `start`.
pub(crate) fn minimise<R: Residuals>(
    residuals: &R,
    start: &[f64],
    unknowns: &[Unknown],
    c: f64,
) -> Solution {
    let free: Vec<usize> = (0..start.len()).filter(|at| unknowns[*at].free).collect();
    let mut parameters = start.to_vec();
    let mut values = all(residuals, &parameters);
    let mut cost = cost_of(&values, &parameters, unknowns, c);
    let mut damping = 1e-3;
    let mut normal = normal_matrix(residuals, &parameters, unknowns, &free, &values, c);
    for _ in 0..MOST_STEPS {
        let (hessian, gradient) = &normal;
        let mut damped = hessian.clone();
        for (at, row) in damped.iter_mut().enumerate() {
            row[at] += damping * (row[at] + 1e-12);
        }
        let Some(step) = solve_symmetric(damped, gradient) else {
            damping *= 10.0;
            continue;
        };
        let mut next = parameters.clone();
        for (at, step) in free.iter().zip(&step) {
            next[*at] -= step;
        }
        let next_values = all(residuals, &next);
        let next_cost = cost_of(&next_values, &next, unknowns, c);
        if next_cost < cost {
            let gain = (cost - next_cost) / cost.max(1e-300);
            (parameters, values, cost) = (next, next_values, next_cost);
            damping = (damping / 5.0).max(1e-12);
            normal = normal_matrix(residuals, &parameters, unknowns, &free, &values, c);
            if gain < 1e-9 {
                break;
            }
        } else {
            damping *= 8.0;
            if damping > 1e10 {
                break;
            }
        }
    }
    let count = values.len().max(1) as f64;
    Solution {
        rms: (values.iter().map(|r| r * r).sum::<f64>() / count).sqrt(),
        cost,
        hessian: normal.0,
        parameters,
        free,
    }
}

fn all<R: Residuals>(residuals: &R, parameters: &[f64]) -> Vec<f64> {
    let mut values = vec![0.0; residuals.groups() * R::PER_GROUP];
    for (group, out) in values.chunks_exact_mut(R::PER_GROUP).enumerate() {
        residuals.evaluate(parameters, group, out);
    }
    values
}

fn cost_of(values: &[f64], parameters: &[f64], unknowns: &[Unknown], c: f64) -> f64 {
    let robust = |r: f64| 2.0 * c * c * ((1.0 + r * r / (c * c)).sqrt() - 1.0);
    let held = parameters.iter().zip(unknowns).filter_map(|(p, unknown)| {
        let prior = unknown.prior.filter(|_| unknown.free)?;
        Some(((p - prior.mean) / prior.sigma).powi(2))
    });
    let cost = values.iter().map(|r| robust(*r)).sum::<f64>() + held.sum::<f64>();
    if cost.is_finite() { cost } else { f64::MAX }
}

fn normal_matrix<R: Residuals>(
    residuals: &R,
    parameters: &[f64],
    unknowns: &[Unknown],
    free: &[usize],
    values: &[f64],
    c: f64,
) -> (Vec<Vec<f64>>, Vec<f64>) {
    let every: Vec<usize> = (0..residuals.groups()).collect();
    // One column of the Jacobian a parameter, kept for the groups that it moves.
    let columns: Vec<(&[usize], Vec<f64>)> = free
        .iter()
        .map(|&at| {
            let groups = residuals.moved_by(at).unwrap_or(&every);
            let mut moved = parameters.to_vec();
            let mut column = vec![0.0; groups.len() * R::PER_GROUP];
            let mut other = vec![0.0; R::PER_GROUP];
            let step = unknowns[at].step;
            for (group, out) in groups.iter().zip(column.chunks_exact_mut(R::PER_GROUP)) {
                moved[at] = parameters[at] + step;
                residuals.evaluate(&moved, *group, out);
                moved[at] = parameters[at] - step;
                residuals.evaluate(&moved, *group, &mut other);
                for (out, other) in out.iter_mut().zip(&other) {
                    *out = (*out - other) / (2.0 * step);
                }
            }
            (groups, column)
        })
        .collect();
    let weights: Vec<f64> = values
        .iter()
        .map(|r| 1.0 / (1.0 + r * r / (c * c)).sqrt())
        .collect();
    let n = free.len();
    let mut hessian = vec![vec![0.0; n]; n];
    let mut gradient = vec![0.0; n];
    let per = R::PER_GROUP;
    let mut full = vec![0.0; values.len()];
    for i in 0..n {
        let (groups, column) = &columns[i];
        for (at, group) in groups.iter().enumerate() {
            for k in 0..per {
                let place = group * per + k;
                full[place] = column[at * per + k] * weights[place];
                gradient[i] += full[place] * values[place];
            }
        }
        for (j, (groups_j, column_j)) in columns.iter().enumerate().take(i + 1) {
            let mut sum = 0.0;
            for (at, group) in groups_j.iter().enumerate() {
                for k in 0..per {
                    sum += full[group * per + k] * column_j[at * per + k];
                }
            }
            hessian[i][j] = sum;
            hessian[j][i] = sum;
        }
        for group in *groups {
            full[group * per..(group + 1) * per].fill(0.0);
        }
    }
    for (i, &at) in free.iter().enumerate() {
        if let Some(prior) = unknowns[at].prior {
            let weight = 1.0 / (prior.sigma * prior.sigma);
            hessian[i][i] += weight;
            gradient[i] += weight * (parameters[at] - prior.mean);
        }
    }
    (hessian, gradient)
}

/// Solves `a·x = b` for a symmetric positive definite `a` by Cholesky's method; `None` where it is not.
pub(crate) fn solve_symmetric(mut a: Vec<Vec<f64>>, b: &[f64]) -> Option<Vec<f64>> {
    let n = b.len();
    for j in 0..n {
        for i in j..n {
            let sum = a[i][j] - (0..j).map(|k| a[i][k] * a[j][k]).sum::<f64>();
            if i == j {
                if sum.is_nan() || sum <= 0.0 {
                    return None;
                }
                a[j][j] = sum.sqrt();
            } else {
                a[i][j] = sum / a[j][j];
            }
        }
    }
    let mut x = b.to_vec();
    for i in 0..n {
        x[i] = (x[i] - (0..i).map(|k| a[i][k] * x[k]).sum::<f64>()) / a[i][i];
    }
    for i in (0..n).rev() {
        x[i] = (x[i] - (i + 1..n).map(|k| a[k][i] * x[k]).sum::<f64>()) / a[i][i];
    }
    Some(x)
}

/// The diagonal of the inverse of a symmetric positive definite matrix; `None` where it has none.
pub(crate) fn inverse_diagonal(a: &[Vec<f64>]) -> Option<Vec<f64>> {
    (0..a.len())
        .map(|at| {
            let mut unit = vec![0.0; a.len()];
            unit[at] = 1.0;
            Some(solve_symmetric(a.to_vec(), &unit)?[at])
        })
        .collect()
}

/// The eigenvalues of a symmetric matrix, smallest first (Jacobi's rotations).
#[expect(
    clippy::needless_range_loop,
    reason = "a rotation mixes two rows and two columns"
)]
pub(crate) fn eigenvalues(mut a: Vec<Vec<f64>>) -> Vec<f64> {
    let n = a.len();
    for _ in 0..64 {
        let off: f64 = (0..n)
            .flat_map(|i| (0..i).map(move |j| (i, j)))
            .map(|(i, j)| a[i][j] * a[i][j])
            .sum();
        let on: f64 = (0..n).map(|i| a[i][i] * a[i][i]).sum();
        if off <= 1e-24 * on.max(f64::MIN_POSITIVE) {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                if a[p][q] == 0.0 {
                    continue;
                }
                let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let cos = 1.0 / (t * t + 1.0).sqrt();
                let sin = t * cos;
                for row in &mut a {
                    let (x, y) = (row[p], row[q]);
                    (row[p], row[q]) = (cos * x - sin * y, sin * x + cos * y);
                }
                for k in 0..n {
                    let (x, y) = (a[p][k], a[q][k]);
                    (a[p][k], a[q][k]) = (cos * x - sin * y, sin * x + cos * y);
                }
            }
        }
    }
    let mut values: Vec<f64> = (0..n).map(|i| a[i][i]).collect();
    values.sort_by(f64::total_cmp);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line through points, one of which lies far off.
    struct Line(Vec<[f64; 2]>);

    impl Residuals for Line {
        const PER_GROUP: usize = 1;
        fn groups(&self) -> usize {
            self.0.len()
        }
        fn evaluate(&self, p: &[f64], group: usize, out: &mut [f64]) {
            let [x, y] = self.0[group];
            out[0] = p[0] * x + p[1] - y;
        }
        fn moved_by(&self, _: usize) -> Option<&[usize]> {
            None
        }
    }

    const FREE: Unknown = Unknown {
        free: true,
        prior: None,
        step: 1e-5,
    };

    #[test]
    fn an_outlier_hardly_moves_a_line() {
        let mut points: Vec<[f64; 2]> = (0..20)
            .map(|x| [f64::from(x), 0.5 * f64::from(x) + 2.0])
            .collect();
        points[7][1] += 50.0;
        let found = minimise(&Line(points), &[0.0, 0.0], &[FREE; 2], 0.01);
        assert!((found.parameters[0] - 0.5).abs() < 1e-2, "{found:?}");
        assert!((found.parameters[1] - 2.0).abs() < 5e-2);
    }

    #[test]
    fn a_prior_holds_what_the_data_leave_open() {
        let points = vec![[0.0, 3.0]; 4];
        let mut unknowns = [FREE; 2];
        unknowns[0].prior = Some(Prior {
            mean: 7.0,
            sigma: 1.0,
        });
        let found = minimise(&Line(points), &[0.0, 0.0], &unknowns, 1.0);
        assert!((found.parameters[0] - 7.0).abs() < 1e-6);
        assert!((found.parameters[1] - 3.0).abs() < 1e-6);
    }

    #[test]
    fn eigenvalues_and_the_inverse_of_a_small_matrix() {
        let a = vec![
            vec![2.0, 1.0, 0.0],
            vec![1.0, 2.0, 0.0],
            vec![0.0, 0.0, 5.0],
        ];
        let values = eigenvalues(a.clone());
        for (value, expected) in values.iter().zip([1.0, 3.0, 5.0]) {
            assert!((value - expected).abs() < 1e-12);
        }
        let diagonal = inverse_diagonal(&a).unwrap();
        for (value, expected) in diagonal.iter().zip([2.0 / 3.0, 2.0 / 3.0, 0.2]) {
            assert!((value - expected).abs() < 1e-12);
        }
        assert!(inverse_diagonal(&[vec![-1.0]]).is_none());
    }
}
