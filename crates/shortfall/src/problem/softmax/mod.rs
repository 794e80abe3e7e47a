//! Regularised softmax regression with K classes: `f(W) = (1/n) sum_i (log sum_k e^{w_k'x_i} - w_{y_i}'x_i) +
//! (ridge/2)|W|^2`.
//!
//! W is K x d, row-major: the weights of class 1, then those of class 2, and so on. The gradient's row of class k is
//! `(1/n) sum_i (p_ik - 1{k = y_i}) x_i + ridge w_k`. Samples are single rows, each with the whole ridge.

mod rounding;
#[cfg(test)]
mod tests;

use super::linear_model::{self, DataConstants, Design, LARGEST_DENSE, LinearModel, Loss, Optimum};
use super::{Ask, FiniteSum, Hessian, Minimum, Problem, Samples, labels};
use crate::arguments::{Arguments, BadInput};
use crate::constants::{Constants, Number};
use crate::kernel::{Rows, add_scaled, dot, norm, softmax_batch, softmax_block, softmax_weights};
use crate::parallel::Parallel;
use crate::source::DataSource;
use std::sync::OnceLock;

/// Softmax regression on a table.
#[derive(Debug)]
pub struct Softmax {
    rows: Rows,
    columns: usize,
    /// Of each row, from 0.
    labels: Vec<usize>,
    /// K.
    classes: usize,
    ridge: f64,
    /// The classes' names in order, if they have any.
    names: Vec<String>,
    data: DataConstants,
    optimum: OnceLock<Optimum>,
}

impl Softmax {
    /// From features (row-major, `rows x columns`), labels `0..classes` and the ridge. A column of ones is an intercept
    /// like any other column.
    pub fn new(columns: usize, features: &[f64], labels: &[usize], classes: usize, ridge: f64) -> Self {
        assert!(labels.iter().all(|label| *label < classes), "labels are below the number of classes");
        let rows = Rows::new(columns, features);
        let data = DataConstants::of(&rows, columns);
        let labels = labels.to_vec();
        Self { rows, columns, labels, classes, ridge, names: Vec::new(), data, optimum: OnceLock::new() }
    }

    pub(super) fn build(arguments: &Arguments, source: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
        let design = Design::read(arguments, source)?;
        let (labels, names) =
            labels::of(&design.labels, &design.target).map_err(|message| design.bad(arguments, &message))?;
        let Design { columns, features, ridge, .. } = design;
        Ok(Box::new(Self { names: names.clone(), ..Self::new(columns, &features, &labels, names.len(), ridge) }))
    }

    fn padded(&self, x: &[f64]) -> Vec<f64> {
        linear_model::padded(x, self.classes, self.rows.stride())
    }

    /// The mean of padded sums over `count` rows, and the ridge.
    fn finish(&self, total: &[f64], count: usize, x: &[f64], gradient: &mut [f64]) {
        let parts = gradient.chunks_exact_mut(self.columns).zip(x.chunks_exact(self.columns));
        for ((gradient, x), total) in parts.zip(total.chunks_exact(self.rows.stride())) {
            for ((gradient, total), x) in gradient.iter_mut().zip(total).zip(x) {
                *gradient = self.ridge.mul_add(*x, total / count as f64);
            }
        }
    }

    fn evaluate(&self, x: &[f64], gradient: &mut [f64], parallel: Option<&dyn Parallel>) -> f64 {
        let (n, w) = (self.rows.count(), self.padded(x));
        let (loss, total) = linear_model::evaluate(n, w.len(), parallel, &|from, to, gradient| {
            let mut scores = vec![0.0; self.classes];
            softmax_block(&self.rows, &self.labels, [from, to], &w, gradient, &mut scores)
        });
        self.finish(&total, n, x, gradient);
        (0.5 * self.ridge).mul_add(dot(x, x), loss / n as f64)
    }

    /// The probabilities of the classes at a row.
    fn probabilities(&self, sample: usize, w: &[f64]) -> Vec<f64> {
        let row = self.rows.row(sample);
        let mut p: Vec<f64> = w.chunks_exact(self.rows.stride()).map(|w| dot(row, w)).collect();
        softmax_weights(&mut p, self.labels[sample]);
        p[self.labels[sample]] += 1.0;
        p
    }
}

impl Problem for Softmax {
    fn dimension(&self) -> usize {
        self.classes * self.columns
    }

    fn value_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.evaluate(x, gradient, None)
    }

    fn value_gradient_on(&self, x: &[f64], gradient: &mut [f64], parallel: &dyn Parallel) -> f64 {
        self.evaluate(x, gradient, Some(parallel))
    }

    fn gradient_on(&self, x: &[f64], gradient: &mut [f64], parallel: &dyn Parallel) {
        self.evaluate(x, gradient, Some(parallel));
    }

    fn value_error(&self, x: &[f64], value: f64) -> f64 {
        rounding::value_error(&self.data, self.classes, x, value)
    }

    fn gradient_error(&self, x: &[f64], value: f64, _: &[f64]) -> f64 {
        self.data_gradient_error(x, value) + 4.0 * f64::EPSILON * self.ridge * norm(x)
    }

    fn constants(&self, ask: &Ask) -> Constants {
        linear_model::constants(self, ask)
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
        vec![0.0; self.dimension()]
    }

    fn about(&self) -> String {
        let names = labels::shown(&self.names);
        let order = if names.is_empty() { names } else { format!(", in this order: {names}") };
        format!("{} rows; {} classes of {} weights{order}", self.rows.count(), self.classes, self.columns)
    }

    fn work(&self) -> usize {
        self.rows.count() * self.classes * (4 * self.rows.stride() + 40)
    }
}

impl LinearModel for Softmax {
    fn ridge(&self) -> f64 {
        self.ridge
    }

    fn data(&self) -> &DataConstants {
        &self.data
    }

    fn loss(&self) -> Loss {
        Loss {
            most_curved: 0.5,
            least_curved: 0.0,
            steepest: Some(Number::exact(2.0).sqrt()),
            steepest_square: Some(Number::exact(2.0)),
            beta: "lambda_max(X'X/n)/2",
            sigma2: "2 mean |x_i|^2",
            lipschitz: "sqrt(2) mean |x_i|",
        }
    }

    fn optimum(&self) -> &Optimum {
        let d = self.dimension();
        self.optimum.get_or_init(|| if d <= LARGEST_DENSE { Optimum::of(self) } else { Optimum::unsolved(d) })
    }

    fn data_gradient_error(&self, x: &[f64], _: f64) -> f64 {
        rounding::gradient_error(&self.data, self.classes, x)
    }

    fn sample_gradient_error(&self, x: &[f64], _: f64) -> f64 {
        rounding::sample_gradient_error(&self.data, self.classes, x, self.ridge)
    }
}

impl Hessian for Softmax {
    fn matrix_at(&self, x: &[f64], matrix: &mut [f64]) -> bool {
        let (c, d, n) = (self.columns, self.dimension(), self.rows.count());
        let w = self.padded(x);
        matrix.fill(0.0);
        for i in 0..n {
            let (row, p) = (&self.rows.row(i)[..c], self.probabilities(i, &w));
            for k in 0..self.classes {
                for l in 0..=k {
                    let weight = p[k] * (if k == l { 1.0 } else { 0.0 } - p[l]) / n as f64;
                    for j in 0..c {
                        let from = (k * c + j) * d + l * c;
                        add_scaled(weight * row[j], row, &mut matrix[from..from + c]);
                    }
                }
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

impl FiniteSum for Softmax {
    fn count(&self) -> usize {
        self.rows.count()
    }

    fn batch_gradient(&self, batch: &[usize], x: &[f64], gradient: &mut [f64]) {
        let w = self.padded(x);
        let (mut sum, mut scores) = (vec![0.0; w.len()], vec![0.0; self.classes]);
        softmax_batch(&self.rows, &self.labels, batch, &w, &mut sum, &mut scores);
        self.finish(&sum, batch.len(), x, gradient);
    }

    fn batch_hessian_product(&self, batch: &[usize], x: &[f64], v: &[f64], product: &mut [f64]) -> bool {
        let (w, c) = (self.padded(x), self.columns);
        product.iter_mut().zip(v).for_each(|(p, v)| *p = self.ridge * v);
        for &sample in batch {
            let (row, p) = (&self.rows.row(sample)[..c], self.probabilities(sample, &w));
            let along: Vec<f64> = v.chunks_exact(c).map(|v| dot(row, v)).collect();
            let mean = dot(&p, &along);
            for ((product, p), along) in product.chunks_exact_mut(c).zip(&p).zip(&along) {
                add_scaled(p * (along - mean) / batch.len() as f64, row, product);
            }
        }
        true
    }

    fn smoothness(&self, sample: usize) -> f64 {
        let row = self.rows.row(sample);
        dot(row, row) / 2.0 + self.ridge
    }

    fn evaluation_is_cheap(&self) -> bool {
        false
    }
}
