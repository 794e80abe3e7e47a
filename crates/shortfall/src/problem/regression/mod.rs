//! Regularised regression: `f(w) = (1/n) sum_i h(x_i'w - y_i) + (ridge/2)|w|^2`, with `h(r) = r^2/2` (least squares) or
//! Huber's loss, `r^2/2` for `|r| <= t` and `t (|r| - t/2)` beyond. Least squares is Huber's loss at `t = inf`.
//!
//! The gradient is `(1/n) sum_i clip(r_i, -t, t) x_i + ridge w`. Samples are single rows, each with the whole ridge.

mod rounding;
#[cfg(test)]
mod tests;

use super::linear_model::{Base, Dataset, Design, LinearModel, Loss};
use super::{FiniteSum, Hessian, Problem};
use crate::arguments::{Arguments, BadInput};
use crate::constants::Number;
use crate::constants::eigen::gamma;
use crate::kernel::{residual_batch, residual_blocks};
use crate::parallel::Parallel;
use crate::source::DataSource;

/// Least squares or Huber regression on a table.
#[derive(Debug)]
pub struct Regression {
    base: Base,
    targets: Vec<f64>,
    /// t; infinite for least squares.
    threshold: f64,
}

impl Regression {
    /// Least squares from features (row-major, `rows x columns`), targets and the ridge. A column of ones is an
    /// intercept like any other column.
    pub fn least_squares(columns: usize, features: &[f64], targets: &[f64], ridge: f64) -> Self {
        Self::huber(columns, features, targets, ridge, f64::INFINITY)
    }

    /// Huber regression with a threshold above 0.
    pub fn huber(columns: usize, features: &[f64], targets: &[f64], ridge: f64, threshold: f64) -> Self {
        Self::on(Base::new(Design::dense(columns, features.to_vec(), false), ridge), targets.to_vec(), threshold)
    }

    pub(super) fn on(base: Base, targets: Vec<f64>, threshold: f64) -> Self {
        Self { base, targets, threshold }
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
        let mut dataset = Dataset::read(arguments, source)?;
        let targets = dataset.take_numbers().map_err(|message| dataset.bad(arguments, &message))?;
        Ok(Box::new(Self::on(Base::of(dataset), targets, threshold)))
    }

    fn residual(&self, sample: usize, w: &[f64]) -> f64 {
        self.base.design.rows().dot(sample, w) - self.targets[sample]
    }

    /// `h''` at a row's residual.
    fn curvature(&self, sample: usize, w: &[f64]) -> f64 {
        if self.residual(sample, w).abs() <= self.threshold { 1.0 } else { 0.0 }
    }

    /// Whether a row's residual is certainly off the threshold, where `h''` jumps.
    fn is_smooth_at(&self, sample: usize, w: &[f64], x: &[f64]) -> bool {
        if !self.threshold.is_finite() {
            return true;
        }
        let (design, residual) = (&self.base.design, self.residual(sample, w));
        let error = rounding::residual_error(design.columns(), design.size(sample), x, self.targets[sample], residual);
        (residual.abs() - self.threshold).abs() > error
    }
}

impl LinearModel for Regression {
    fn base(&self) -> &Base {
        &self.base
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
            operations: 10,
        }
    }

    fn evaluate(
        &self,
        points: &[&[f64]],
        gradients: &mut [&mut [f64]],
        values: &mut [f64],
        _: bool,
        parallel: Option<&dyn Parallel>,
    ) {
        self.base.evaluate(points, gradients, values, parallel, &|w, blocks| {
            residual_blocks(self.base.design.rows(), &self.targets, self.threshold, w, blocks);
        });
    }

    fn value_rounding(&self, x: &[f64], value: f64) -> f64 {
        rounding::value_error(&self.base.moments, self.threshold, x, value)
    }

    fn each_squared_slope(&self, x: &[f64], see: &mut dyn FnMut(f64)) {
        let w = self.base.design.embed(x, 1);
        let slope = |i: usize| self.residual(i, &w).clamp(-self.threshold, self.threshold);
        (0..self.targets.len()).for_each(|i| see(slope(i).powi(2)));
    }

    fn data_gradient_error(&self, x: &[f64], value: f64) -> f64 {
        rounding::gradient_error(&self.base.moments, x, value)
    }

    fn sample_gradient_error(&self, x: &[f64], value: f64) -> f64 {
        rounding::sample_gradient_error(&self.base.moments, x, value, self.base.ridge)
    }
}

impl Hessian for Regression {
    fn matrix_at(&self, x: &[f64], matrix: &mut [f64]) -> bool {
        let w = self.base.design.embed(x, 1);
        self.base.write_hessian(&|i| self.curvature(i, &w), matrix);
        (0..self.targets.len()).all(|i| self.is_smooth_at(i, &w, x))
    }

    fn is_constant(&self) -> bool {
        self.threshold.is_infinite()
    }

    /// Of least squares; rows that are centred on the way have errors of their own.
    fn constant(&self) -> Option<(Vec<f64>, f64)> {
        if self.threshold.is_finite() || self.base.design.is_centred() {
            return None;
        }
        let d = self.dimension();
        let mut matrix = vec![0.0; d * d];
        self.base.write_hessian(&|_| 1.0, &mut matrix);
        let trace: f64 = matrix.iter().step_by(d + 1).sum();
        let error = gamma(self.targets.len().max(d) + 8) * trace * (1.0 + 1e-9) + (d * d) as f64 * f64::MIN_POSITIVE;
        Some((matrix, error))
    }
}

impl FiniteSum for Regression {
    fn count(&self) -> usize {
        self.targets.len()
    }

    fn batch_gradient(&self, batch: &[usize], x: &[f64], gradient: &mut [f64]) {
        self.base.batch_gradient(batch.len(), x, 1, gradient, |w, sums| {
            residual_batch(self.base.design.rows(), &self.targets, self.threshold, batch, w, sums);
        });
    }

    fn batch_hessian_product(&self, batch: &[usize], x: &[f64], v: &[f64], product: &mut [f64]) -> bool {
        let w = self.base.design.embed(x, 1);
        self.base.batch_hessian_product(batch, &|i| self.curvature(i, &w), v, product);
        batch.iter().all(|i| self.is_smooth_at(*i, &w, x))
    }

    fn smoothness(&self, sample: usize) -> f64 {
        self.base.design.square(sample).most() + self.base.ridge
    }

    fn evaluation_is_cheap(&self) -> bool {
        false
    }
}
