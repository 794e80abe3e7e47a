//! Regularised logistic regression: `f(w) = (1/n) sum_i log(1 + exp(-y_i x_i'w)) + (ridge/2)|w|^2`.
//!
//! Rows are stored as `z_i = y_i x_i`, n x d, so that margins are `z_i'w` and the gradient is
//! `(1/n) sum_i c_i z_i + ridge w` with `c_i = -1/(1 + exp(z_i'w))`. Samples are single rows, each with the whole ridge.

mod rounding;
#[cfg(test)]
mod tests;

use super::linear_model::{self, DataConstants, Design, LinearModel, Loss, Optimum};
use super::{Ask, FiniteSum, Hessian, Minimum, Problem, Samples};
use crate::arguments::{Arguments, BadInput};
use crate::constants::{Constants, Number};
use crate::kernel::{Rows, add_scaled, dot, logistic_batch, logistic_block, norm};
use crate::parallel::Parallel;
use crate::source::{DataSource, Labels};
use std::sync::OnceLock;

/// Logistic regression on a table.
#[derive(Debug)]
pub struct Logistic {
    rows: Rows,
    dimension: usize,
    ridge: f64,
    /// The label of y = +1, if there are labels.
    positive: Option<String>,
    data: DataConstants,
    optimum: OnceLock<Optimum>,
}

impl Logistic {
    /// From features (row-major, `rows x columns`), labels +1 or -1 and the ridge. A column of ones is an intercept
    /// like any other column.
    pub fn new(columns: usize, features: &[f64], labels: &[f64], ridge: f64) -> Self {
        let signed: Vec<f64> =
            features.chunks_exact(columns).zip(labels).flat_map(|(row, y)| row.iter().map(move |x| x * y)).collect();
        let rows = Rows::new(columns, &signed);
        let data = DataConstants::of(&rows, columns);
        Self { rows, dimension: columns, ridge, positive: None, data, optimum: OnceLock::new() }
    }

    pub(super) fn build(arguments: &Arguments, source: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
        let design = Design::read(arguments, source)?;
        let (labels, positive) =
            binary_labels(&design.labels, &design.target).map_err(|message| design.bad(arguments, &message))?;
        let Design { columns, features, ridge, .. } = design;
        Ok(Box::new(Self { positive: Some(positive), ..Self::new(columns, &features, &labels, ridge) }))
    }

    fn padded(&self, x: &[f64]) -> Vec<f64> {
        linear_model::padded(x, 1, self.rows.stride())
    }

    /// The mean of the data part plus the ridge; returns the value, or 0 if it is not wanted.
    fn evaluate(&self, x: &[f64], gradient: &mut [f64], wants_value: bool, parallel: Option<&dyn Parallel>) -> f64 {
        let (n, stride) = (self.rows.count(), self.rows.stride());
        let w = self.padded(x);
        let (loss, total) = linear_model::evaluate(n, stride, parallel, &|from, to, gradient| {
            logistic_block(&self.rows, from, to, &w, gradient, wants_value)
        });
        let n = n as f64;
        for ((gradient, total), x) in gradient.iter_mut().zip(&total).zip(x) {
            *gradient = self.ridge.mul_add(*x, total / n);
        }
        if wants_value { (0.5 * self.ridge).mul_add(dot(x, x), loss / n) } else { 0.0 }
    }

    /// `p_i (1 - p_i)` of a row.
    fn curvature_weight(&self, sample: usize, w: &[f64]) -> f64 {
        let mut c = [dot(self.rows.row(sample), w)];
        crate::kernel::logistic_weights(&mut c);
        -c[0] * (1.0 + c[0])
    }
}

/// +1 for the label that sorts last (numbers before text, numbers by value), -1 for the other.
fn binary_labels(labels: &Labels, target: &str) -> Result<(Vec<f64>, String), String> {
    let (rows, classes) = labels.classes(2);
    match &classes[..] {
        [_, last] => Ok((rows.iter().map(|class| if *class == 1 { 1.0 } else { -1.0 }).collect(), last.clone())),
        [only] => Err(format!("target `{target}` has one class ({only}); logistic needs two")),
        _ => {
            let shown = classes[..classes.len().min(5)].join(", ");
            let more = if classes.len() > 5 { ", ..." } else { "" };
            Err(format!("target `{target}` has {} classes ({shown}{more}); logistic needs two", classes.len()))
        }
    }
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
        rounding::value_error(&self.data, x, value)
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

impl LinearModel for Logistic {
    fn ridge(&self) -> f64 {
        self.ridge
    }

    fn data(&self) -> &DataConstants {
        &self.data
    }

    fn loss(&self) -> Loss {
        Loss {
            most_curved: 0.25,
            least_curved: 0.0,
            steepest: Some(Number::exact(1.0)),
            steepest_square: Some(Number::exact(1.0)),
            beta: "lambda_max(X'X/n)/4",
            sigma2: "mean |x_i|^2",
            lipschitz: "mean |x_i|",
        }
    }

    fn optimum(&self) -> &Optimum {
        self.optimum.get_or_init(|| Optimum::of(self))
    }

    fn data_gradient_error(&self, x: &[f64], _: f64) -> f64 {
        rounding::gradient_error(&self.data, x)
    }

    fn sample_gradient_error(&self, x: &[f64], _: f64) -> f64 {
        rounding::sample_gradient_error(&self.data, x, self.ridge)
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
