//! Regularised regression: `f(w) = (1/n) sum_i h(x_i'w - y_i) + (ridge/2)|w|^2`, with `h(r) = r^2/2` (least squares) or
//! Huber's loss, `r^2/2` for `|r| <= t` and `t (|r| - t/2)` beyond. Least squares is Huber's loss at `t = inf`.
//!
//! The gradient is `(1/n) sum_i clip(r_i, -t, t) x_i + ridge w`. Samples are single rows, each with the whole ridge.

mod rounding;
#[cfg(test)]
mod tests;

use super::linear_model::{self, DataConstants, Design, LinearModel, Loss, Optimum};
use super::{Ask, FiniteSum, Hessian, Minimum, Problem, Samples};
use crate::arguments::{Arguments, BadInput};
use crate::constants::{Constants, Number};
use crate::kernel::{Rows, add_scaled, dot, norm, residual_batch, residual_block};
use crate::parallel::Parallel;
use crate::source::DataSource;
use std::sync::OnceLock;

/// Least squares or Huber regression on a table.
#[derive(Debug)]
pub struct Regression {
    rows: Rows,
    targets: Vec<f64>,
    dimension: usize,
    ridge: f64,
    /// t; infinite for least squares.
    threshold: f64,
    data: DataConstants,
    optimum: OnceLock<Optimum>,
}

impl Regression {
    /// Least squares from features (row-major, `rows x columns`), targets and the ridge. A column of ones is an
    /// intercept like any other column.
    pub fn least_squares(columns: usize, features: &[f64], targets: &[f64], ridge: f64) -> Self {
        Self::huber(columns, features, targets, ridge, f64::INFINITY)
    }

    /// Huber regression with a threshold above 0.
    pub fn huber(columns: usize, features: &[f64], targets: &[f64], ridge: f64, threshold: f64) -> Self {
        let rows = Rows::new(columns, features);
        let data = DataConstants::of(&rows, columns);
        Self { rows, targets: targets.to_vec(), dimension: columns, ridge, threshold, data, optimum: OnceLock::new() }
    }

    pub(super) fn build_least_squares(
        arguments: &Arguments,
        source: &dyn DataSource,
    ) -> Result<Box<dyn Problem>, BadInput> {
        Self::build(arguments, source, f64::INFINITY)
    }

    pub(super) fn build_huber(arguments: &Arguments, source: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
        Self::build(arguments, source, arguments.positive("threshold")?)
    }

    fn build(arguments: &Arguments, source: &dyn DataSource, threshold: f64) -> Result<Box<dyn Problem>, BadInput> {
        let design = Design::read(arguments, source)?;
        let targets = design.numbers().map_err(|message| design.bad(arguments, &message))?;
        Ok(Box::new(Self::huber(design.columns, &design.features, &targets, design.ridge, threshold)))
    }

    fn padded(&self, x: &[f64]) -> Vec<f64> {
        linear_model::padded(x, 1, self.rows.stride())
    }

    fn evaluate(&self, x: &[f64], gradient: &mut [f64], parallel: Option<&dyn Parallel>) -> f64 {
        let (n, w) = (self.rows.count(), self.padded(x));
        let (loss, total) = linear_model::evaluate(n, self.rows.stride(), parallel, &|from, to, gradient| {
            residual_block(&self.rows, &self.targets, self.threshold, [from, to], &w, gradient)
        });
        let n = n as f64;
        for ((gradient, total), x) in gradient.iter_mut().zip(&total).zip(x) {
            *gradient = self.ridge.mul_add(*x, total / n);
        }
        (0.5 * self.ridge).mul_add(dot(x, x), loss / n)
    }

    /// `h''` at a row's residual, and whether the residual is certainly off the threshold.
    fn curvature(&self, sample: usize, w: &[f64]) -> (f64, bool) {
        let (row, target) = (self.rows.row(sample), self.targets[sample]);
        let residual = (dot(row, w) - target).abs();
        let smooth = !self.threshold.is_finite()
            || (residual - self.threshold).abs() > rounding::residual_error(row, w, target, residual);
        (if residual <= self.threshold { 1.0 } else { 0.0 }, smooth)
    }
}

impl Problem for Regression {
    fn dimension(&self) -> usize {
        self.dimension
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
        rounding::value_error(&self.data, self.threshold, x, value)
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
        format!("{} rows", self.rows.count())
    }

    fn work(&self) -> usize {
        self.rows.count() * (4 * self.rows.stride() + 10)
    }
}

impl LinearModel for Regression {
    fn ridge(&self) -> f64 {
        self.ridge
    }

    fn data(&self) -> &DataConstants {
        &self.data
    }

    fn loss(&self) -> Loss {
        let threshold = self.threshold.is_finite().then(|| Number::exact(self.threshold));
        Loss {
            most_curved: 1.0,
            least_curved: if threshold.is_none() { 1.0 } else { 0.0 },
            steepest: threshold,
            steepest_square: threshold.map(Number::square),
            beta: "lambda_max(X'X/n)",
            sigma2: "threshold^2 mean |x_i|^2",
            lipschitz: "threshold mean |x_i|",
        }
    }

    fn optimum(&self) -> &Optimum {
        self.optimum.get_or_init(|| Optimum::of(self))
    }

    fn data_gradient_error(&self, x: &[f64], value: f64) -> f64 {
        rounding::gradient_error(&self.data, x, value)
    }

    fn sample_gradient_error(&self, x: &[f64], value: f64) -> f64 {
        rounding::sample_gradient_error(&self.data, x, value, self.ridge)
    }
}

impl Hessian for Regression {
    fn matrix_at(&self, x: &[f64], matrix: &mut [f64]) -> bool {
        let (d, w, n) = (self.dimension, self.padded(x), self.rows.count());
        let mut smooth = true;
        matrix.fill(0.0);
        for i in 0..n {
            let (curvature, off_threshold) = self.curvature(i, &w);
            smooth &= off_threshold;
            if curvature > 0.0 {
                let row = &self.rows.row(i)[..d];
                for j in 0..d {
                    add_scaled(row[j] / n as f64, &row[..=j], &mut matrix[j * d..j * d + j + 1]);
                }
            }
        }
        for j in 0..d {
            matrix[j * d + j] += self.ridge;
            for k in 0..j {
                matrix[k * d + j] = matrix[j * d + k];
            }
        }
        smooth
    }
}

impl FiniteSum for Regression {
    fn count(&self) -> usize {
        self.rows.count()
    }

    fn batch_gradient(&self, batch: &[usize], x: &[f64], gradient: &mut [f64]) {
        let w = self.padded(x);
        let mut sum = vec![0.0; self.rows.stride()];
        residual_batch(&self.rows, &self.targets, self.threshold, batch, &w, &mut sum);
        let size = batch.len() as f64;
        for ((gradient, sum), x) in gradient.iter_mut().zip(&sum).zip(x) {
            *gradient = self.ridge.mul_add(*x, sum / size);
        }
    }

    fn batch_hessian_product(&self, batch: &[usize], x: &[f64], v: &[f64], product: &mut [f64]) -> bool {
        let w = self.padded(x);
        let mut smooth = true;
        product.iter_mut().zip(v).for_each(|(p, v)| *p = self.ridge * v);
        for &sample in batch {
            let (curvature, off_threshold) = self.curvature(sample, &w);
            smooth &= off_threshold;
            let row = &self.rows.row(sample)[..self.dimension];
            add_scaled(curvature * dot(row, v) / batch.len() as f64, row, product);
        }
        smooth
    }

    fn smoothness(&self, sample: usize) -> f64 {
        let row = self.rows.row(sample);
        dot(row, row) + self.ridge
    }

    fn evaluation_is_cheap(&self) -> bool {
        false
    }
}
