//! Regularised logistic regression: `f(w) = (1/n) sum_i log(1 + exp(-y_i x_i'w)) + (ridge/2)|w|^2`.
//!
//! Rows are stored as `z_i = y_i x_i`, n x d, so that margins are `z_i'w` and the gradient is
//! `(1/n) sum_i c_i z_i + ridge w` with `c_i = -1/(1 + exp(z_i'w))`. Samples are single rows, each with the whole ridge.

mod constants;
mod newton;

use super::{Ask, FiniteSum, Hessian, Minimum, Problem, Samples};
use crate::arguments::{Arguments, BadInput, DataSource, Table};
use crate::constants::Constants;
use crate::kernel::{Rows, add_scaled, dot, logistic_batch, logistic_block};
use crate::parallel::Parallel;
use std::sync::{Mutex, OnceLock};

/// Rows whose sums are added one after the other; blocks are added in order. Fixed, so that the number of threads
/// changes no bit.
const BLOCK: usize = 256;
/// Entries of a matrix above which several threads share a pass.
const WORTH_SHARING: usize = 1 << 17;

/// Logistic regression on a table.
#[derive(Debug)]
pub struct Logistic {
    rows: Rows,
    dimension: usize,
    ridge: f64,
    /// The label of y = +1, if there are labels.
    positive: Option<String>,
    data: constants::DataConstants,
    optimum: OnceLock<newton::Optimum>,
}

impl Logistic {
    /// From features (row-major, `rows x columns`), labels +1 or -1 and the ridge. A column of ones is an intercept
    /// like any other column.
    pub fn new(columns: usize, features: &[f64], labels: &[f64], ridge: f64) -> Self {
        let signed: Vec<f64> =
            features.chunks_exact(columns).zip(labels).flat_map(|(row, y)| row.iter().map(move |x| x * y)).collect();
        let rows = Rows::new(columns, &signed);
        let data = constants::DataConstants::of(&rows, columns);
        Self { rows, dimension: columns, ridge, positive: None, data, optimum: OnceLock::new() }
    }

    pub(super) fn build(arguments: &Arguments, source: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
        let ridge = arguments.non_negative("ridge")?;
        let (standardize, intercept) = (arguments.bool("standardize")?, arguments.bool("intercept")?);
        let target = arguments.get("target").map(|_| arguments.text("target")).transpose()?;
        let name = arguments.text("data")?;
        let table = source.table(name, target)?;
        let (labels, positive) =
            binary_labels(&table).map_err(|message| arguments.bad("data", format_args!("{name:?}: {message}")))?;
        let columns = table.columns.len();
        let mut features = table.features;
        if standardize {
            standardize_columns(columns, &mut features);
        }
        let (columns, features) = if intercept { with_ones(columns, &features) } else { (columns, features) };
        Ok(Box::new(Self { positive: Some(positive), ..Self::new(columns, &features, &labels, ridge) }))
    }

    fn padded(&self, x: &[f64]) -> Vec<f64> {
        let mut padded = vec![0.0; self.rows.stride()];
        padded[..self.dimension].copy_from_slice(x);
        padded
    }

    fn block(&self, block: usize, w: &[f64], gradient: &mut [f64], wants_losses: bool) -> f64 {
        let from = block * BLOCK;
        let to = (from + BLOCK).min(self.rows.count());
        logistic_block(&self.rows, from, to, w, gradient, wants_losses)
    }

    /// The mean of the data part plus the ridge; returns the value, or 0 if it is not wanted.
    fn evaluate(&self, x: &[f64], gradient: &mut [f64], wants_value: bool, parallel: Option<&dyn Parallel>) -> f64 {
        let (n, stride) = (self.rows.count(), self.rows.stride());
        let w = self.padded(x);
        let blocks = n.div_ceil(BLOCK);
        let (mut loss, mut total) = (0.0, vec![0.0; stride]);
        match parallel.filter(|_| blocks > 1 && n * stride >= WORTH_SHARING) {
            None => {
                let mut partial = vec![0.0; stride];
                for block in 0..blocks {
                    partial.fill(0.0);
                    loss += self.block(block, &w, &mut partial, wants_value);
                    total.iter_mut().zip(&partial).for_each(|(total, partial)| *total += partial);
                }
            }
            Some(parallel) => {
                let partials: Vec<Mutex<(f64, Vec<f64>)>> =
                    (0..blocks).map(|_| Mutex::new((0.0, Vec::new()))).collect();
                parallel.run(blocks, &|block| {
                    let mut partial = vec![0.0; stride];
                    let loss = self.block(block, &w, &mut partial, wants_value);
                    *partials[block].lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = (loss, partial);
                });
                for partial in partials {
                    let (block_loss, partial) = partial.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
                    loss += block_loss;
                    total.iter_mut().zip(&partial).for_each(|(total, partial)| *total += partial);
                }
            }
        }
        let n = n as f64;
        for ((gradient, total), x) in gradient.iter_mut().zip(&total).zip(x) {
            *gradient = self.ridge.mul_add(*x, total / n);
        }
        if wants_value { (0.5 * self.ridge).mul_add(dot(x, x), loss / n) } else { 0.0 }
    }

    fn optimum(&self) -> &newton::Optimum {
        self.optimum.get_or_init(|| newton::solve(self))
    }

    /// `p_i (1 - p_i)` of a row.
    fn curvature_weight(&self, sample: usize, w: &[f64]) -> f64 {
        let mut c = [dot(self.rows.row(sample), w)];
        crate::kernel::logistic_weights(&mut c);
        -c[0] * (1.0 + c[0])
    }
}

/// +1 for the label that sorts last (numbers before text, numbers by value), -1 for the other.
fn binary_labels(table: &Table) -> Result<(Vec<f64>, String), String> {
    let mut classes: Vec<&str> = table.labels.iter().map(String::as_str).collect();
    classes.sort_by(|a, b| match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.total_cmp(&b),
        (Ok(_), Err(_)) => std::cmp::Ordering::Less,
        (Err(_), Ok(_)) => std::cmp::Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    });
    classes.dedup();
    match classes[..] {
        [_, last] => {
            Ok((table.labels.iter().map(|label| if label == last { 1.0 } else { -1.0 }).collect(), last.to_owned()))
        }
        [only] => Err(format!("target `{}` has one class ({only}); logistic needs two", table.target)),
        _ => {
            let shown = classes.iter().take(5).copied().collect::<Vec<_>>().join(", ");
            let more = if classes.len() > 5 { ", ..." } else { "" };
            Err(format!("target `{}` has {} classes ({shown}{more}); logistic needs two", table.target, classes.len()))
        }
    }
}

/// Columns to mean 0 and population variance 1; constant columns to 0. Works at the scale of each column's largest
/// entry, so that no finite table overflows.
fn standardize_columns(columns: usize, features: &mut [f64]) {
    for j in 0..columns {
        let mut column: Vec<f64> = features.iter().skip(j).step_by(columns).copied().collect();
        let largest = crate::kernel::max_abs(&column);
        let constant = column.iter().all(|x| *x == column[0]);
        if !constant {
            column.iter_mut().for_each(|x| *x /= largest);
            let n = column.len() as f64;
            let mean = crate::kernel::sum(&column) / n;
            column.iter_mut().for_each(|x| *x -= mean);
            let deviation = (dot(&column, &column) / n).sqrt();
            column.iter_mut().for_each(|x| *x /= deviation);
        }
        for (i, x) in column.into_iter().enumerate() {
            features[i * columns + j] = if constant { 0.0 } else { x };
        }
    }
}

fn with_ones(columns: usize, features: &[f64]) -> (usize, Vec<f64>) {
    (columns + 1, features.chunks_exact(columns).flat_map(|row| row.iter().copied().chain([1.0])).collect())
}

impl Problem for Logistic {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn value_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.evaluate(x, gradient, true, None)
    }

    fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        self.evaluate(x, gradient, false, None);
    }

    fn value_gradient_on(&self, x: &[f64], gradient: &mut [f64], parallel: &dyn Parallel) -> f64 {
        self.evaluate(x, gradient, true, Some(parallel))
    }

    fn gradient_on(&self, x: &[f64], gradient: &mut [f64], parallel: &dyn Parallel) {
        self.evaluate(x, gradient, false, Some(parallel));
    }

    fn value_error(&self, x: &[f64], value: f64) -> f64 {
        self.data.value_error(x, value)
    }

    fn constants(&self, ask: &Ask) -> Constants {
        constants::constants(self, ask)
    }

    fn minimum(&self) -> Minimum {
        self.optimum().minimum(self)
    }

    fn samples(&self) -> Samples<'_> {
        Samples::Finite(self)
    }

    fn hessian(&self) -> Option<&dyn Hessian> {
        Some(self)
    }

    fn default_start(&self) -> Vec<f64> {
        vec![0.0; self.dimension]
    }

    fn about(&self) -> String {
        let positive = self.positive.as_ref().map_or(String::new(), |label| format!("; y = +1 is `{label}`"));
        format!("{} rows{positive}", self.rows.count())
    }

    fn work(&self) -> usize {
        self.rows.count() * (4 * self.rows.stride() + 60)
    }
}

impl Hessian for Logistic {
    fn matrix_at(&self, x: &[f64], matrix: &mut [f64]) -> bool {
        let (d, w, n) = (self.dimension, self.padded(x), self.rows.count());
        matrix.fill(0.0);
        for i in 0..n {
            let weight = self.curvature_weight(i, &w) / n as f64;
            let row = &self.rows.row(i)[..d];
            for j in 0..d {
                add_scaled(weight * row[j], &row[..=j], &mut matrix[j * d..j * d + j + 1]);
            }
        }
        for j in 0..d {
            matrix[j * d + j] += self.ridge;
            for k in 0..j {
                matrix[k * d + j] = matrix[j * d + k];
            }
        }
        true
    }
}

impl FiniteSum for Logistic {
    fn count(&self) -> usize {
        self.rows.count()
    }

    fn batch_gradient(&self, batch: &[usize], x: &[f64], gradient: &mut [f64]) {
        let w = self.padded(x);
        let mut sum = vec![0.0; self.rows.stride()];
        logistic_batch(&self.rows, batch, &w, &mut sum);
        let size = batch.len() as f64;
        for ((gradient, sum), x) in gradient.iter_mut().zip(&sum).zip(x) {
            *gradient = self.ridge.mul_add(*x, sum / size);
        }
    }

    fn batch_hessian_product(&self, batch: &[usize], x: &[f64], v: &[f64], product: &mut [f64]) -> bool {
        let w = self.padded(x);
        product.iter_mut().zip(v).for_each(|(p, v)| *p = self.ridge * v);
        for &sample in batch {
            let row = &self.rows.row(sample)[..self.dimension];
            let scale = self.curvature_weight(sample, &w) * dot(row, v) / batch.len() as f64;
            add_scaled(scale, row, product);
        }
        true
    }

    fn smoothness(&self, sample: usize) -> f64 {
        let row = self.rows.row(sample);
        dot(row, row) / 4.0 + self.ridge
    }

    fn evaluation_is_cheap(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::Sequential;

    /// A small problem with irregular entries: n = 37, d = 5.
    pub(super) fn small(ridge: f64) -> Logistic {
        let features: Vec<f64> = (0..37 * 5).map(|i| (i as f64 * 1.37).sin() * (1.0 + (i % 3) as f64)).collect();
        let labels: Vec<f64> = (0..37).map(|i| if (i * i) % 7 < 3 { 1.0 } else { -1.0 }).collect();
        Logistic::new(5, &features, &labels, ridge)
    }

    #[test]
    fn gradient_and_hessian_by_finite_differences() {
        let problem = small(0.07);
        let x = [0.3, -1.2, 0.8, 2.1, -0.4];
        let (mut gradient, mut matrix, mut scratch) = ([0.0; 5], [0.0; 25], [0.0; 5]);
        problem.value_gradient(&x, &mut gradient);
        assert!(problem.matrix_at(&x, &mut matrix));
        let h = 1e-5;
        for j in 0..5 {
            let shifted = |by: f64| {
                let mut y = x;
                y[j] += by;
                y
            };
            let (mut up, mut down) = ([0.0; 5], [0.0; 5]);
            let slope = (problem.value_gradient(&shifted(h), &mut up)
                - problem.value_gradient(&shifted(-h), &mut down))
                / (2.0 * h);
            assert!((slope - gradient[j]).abs() < 1e-9, "{slope} {}", gradient[j]);
            for k in 0..5 {
                assert!(((up[k] - down[k]) / (2.0 * h) - matrix[j * 5 + k]).abs() < 1e-9);
            }
        }
        problem.gradient(&x, &mut scratch);
        assert_eq!(scratch, gradient, "the gradient alone has the same bits");
    }

    #[test]
    fn the_mean_over_samples_is_the_gradient() {
        let problem = small(0.07);
        let x = [0.3, -1.2, 0.8, 2.1, -0.4];
        let (mut gradient, mut sample, mut mean) = ([0.0; 5], [0.0; 5], [0.0; 5]);
        problem.gradient(&x, &mut gradient);
        for i in 0..problem.count() {
            problem.batch_gradient(&[i], &x, &mut sample);
            mean.iter_mut().zip(&sample).for_each(|(m, s)| *m += s / 37.0);
        }
        assert!(mean.iter().zip(&gradient).all(|(a, b)| (a - b).abs() < 1e-14));
    }

    #[test]
    fn shared_passes_have_the_same_bits() {
        let n = 5000;
        let features: Vec<f64> = (0..n * 30).map(|i| (i as f64 * 0.731).sin()).collect();
        let labels: Vec<f64> = (0..n).map(|i| if i % 3 == 0 { 1.0 } else { -1.0 }).collect();
        let problem = Logistic::new(30, &features, &labels, 0.01);
        let x: Vec<f64> = (0..30).map(|j| (j as f64).cos()).collect();
        let (mut a, mut b) = (vec![0.0; 30], vec![0.0; 30]);
        let alone = problem.value_gradient(&x, &mut a);
        let shared = problem.value_gradient_on(&x, &mut b, &Sequential);
        assert_eq!((alone.to_bits(), a), (shared.to_bits(), b));
    }

    #[test]
    fn standardized_columns_have_mean_zero_and_variance_one() {
        let mut features = vec![1.0, 7.0, 1e308, 2.0, 7.0, -1e308, 6.0, 7.0, 5e307];
        standardize_columns(3, &mut features);
        for j in 0..3 {
            let column: Vec<f64> = features.iter().skip(j).step_by(3).copied().collect();
            let mean = column.iter().sum::<f64>() / 3.0;
            let variance = column.iter().map(|x| x * x).sum::<f64>() / 3.0;
            let wanted = if j == 1 { 0.0 } else { 1.0 };
            assert!(mean.abs() < 1e-15 && (variance - wanted).abs() < 1e-14, "{j}: {mean} {variance}");
        }
    }

    #[test]
    fn the_label_that_sorts_last_is_plus_one() {
        let table = |labels: &[&str]| Table {
            columns: vec![],
            features: vec![],
            target: "y".into(),
            labels: labels.iter().map(|label| label.to_string()).collect(),
        };
        assert_eq!(binary_labels(&table(&["malignant", "benign"])), Ok((vec![1.0, -1.0], "malignant".to_owned())));
        assert_eq!(binary_labels(&table(&["10", "9"])), Ok((vec![1.0, -1.0], "10".to_owned())));
        assert!(binary_labels(&table(&["a", "a"])).unwrap_err().contains("one class"));
        assert!(binary_labels(&table(&["a", "b", "c"])).unwrap_err().contains("3 classes"));
    }
}
