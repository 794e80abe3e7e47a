//! What problems on data tables share: `f(w) = (1/n) sum_i l_i(x_i'w) + (ridge/2)|w|^2`, the losses `l_i` convex, not
//! negative, with a bounded second derivative; `x_i'w` is one number, or one for each class. Samples are single rows,
//! each with the whole ridge.

mod base;
mod constants;
mod dataset;
mod design;
mod moments;
mod newton;
mod pass;
mod spectrum;
#[cfg(test)]
mod tests;

pub(super) use base::Base;
pub(super) use dataset::Dataset;
#[cfg(test)]
pub(super) use dataset::tests as dataset_tests;
pub(super) use design::Design;
pub(super) use moments::Moments;
pub(super) use pass::{Pass, block_of};
pub(super) use spectrum::LARGEST_DENSE;

use super::{Ask, FiniteSum, Hessian, Minimum, Problem, Samples};
use crate::constants::directed::{add_down, mul_down};
use crate::constants::{Constants, Number};
use crate::kernel::norm;
use crate::parallel::Parallel;

/// What a loss is as a function of the predictions; with the data this gives the constants of THEORY.md section 15.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loss {
    /// Largest second derivative c, a power of two: `beta_i = c |x_i|^2 + ridge`.
    pub(super) most_curved: f64,
    /// Least second derivative.
    pub(super) least_curved: f64,
    /// Largest first derivative s, if bounded: `|grad l_i| <= s |x_i|`.
    pub(super) steepest: Option<Number>,
    /// `s^2`.
    pub(super) steepest_square: Option<Number>,
    /// How beta reads, ridge aside.
    pub(super) beta: &'static str,
    /// How sigma2 of single samples reads.
    pub(super) sigma2: &'static str,
    /// How L reads.
    pub(super) lipschitz: &'static str,
    /// Operations of its value and derivative, a prediction, roughly.
    pub(super) operations: usize,
}

/// A problem of this kind: what is its own. The rest is the same for all, below.
pub(super) trait LinearModel: Problem + FiniteSum + Hessian {
    fn base(&self) -> &Base;
    fn loss(&self) -> Loss;

    /// Predictions a row: vectors of weights.
    fn predictions(&self) -> usize {
        1
    }

    /// Values (any numbers if they are not wanted) and gradients at several points.
    fn evaluate(
        &self,
        points: &[&[f64]],
        gradients: &mut [&mut [f64]],
        values: &mut [f64],
        wants_values: bool,
        parallel: Option<&dyn Parallel>,
    );

    /// The value, if it is wanted, and the gradient at one.
    fn evaluate_one(&self, x: &[f64], gradient: &mut [f64], wants_value: bool, parallel: Option<&dyn Parallel>) -> f64 {
        let mut value = [0.0];
        self.evaluate(&[x], &mut [gradient], &mut value, wants_value, parallel);
        value[0]
    }

    /// What a reader should know of the target; empty or from a semicolon on.
    fn about_target(&self) -> String {
        String::new()
    }

    /// A bound on the rounding error of the `value` computed at `x`.
    fn value_rounding(&self, x: &[f64], value: f64) -> f64;

    /// Hands over `|h_i'|^2` of all rows in order, h_i' the derivative of a row's loss by its predictions.
    fn each_squared_slope(&self, x: &[f64], see: &mut dyn FnMut(f64));

    /// A bound on the rounding error of the data part of the gradient computed at `x`, as a vector; `value` is that
    /// of f computed there.
    fn data_gradient_error(&self, x: &[f64], value: f64) -> f64;

    /// A bound on the root mean square over samples of the rounding errors of their gradients.
    fn sample_gradient_error(&self, x: &[f64], value: f64) -> f64;

    /// A lower bound of the strong convexity; 0 if none is known.
    fn strong_convexity(&self) -> f64 {
        let (least, ridge) = (self.loss().least_curved, self.base().ridge);
        if least == 0.0 { ridge } else { add_down(mul_down(least, self.base().ends().bottom), ridge) }
    }

    /// A lower bound of m in `|grad f|^2 >= 2 m (f - f*)` (Polyak and Lojasiewicz); 0 if none is known. Strong convexity
    /// gives one, and so does least squares with more columns than independent rows: gradients lie in their span, where the
    /// Hessian is at least `lambda_min(XX'/n)`.
    fn polyak_lojasiewicz(&self) -> f64 {
        let convexity = self.strong_convexity();
        if convexity > 0.0 { convexity } else { mul_down(self.loss().least_curved, self.base().ends().bottom_of_rows) }
    }
}

impl<M: LinearModel> Problem for M {
    fn dimension(&self) -> usize {
        self.predictions() * self.base().design.columns()
    }

    fn value_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.evaluate_one(x, gradient, true, None)
    }

    fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        self.evaluate_one(x, gradient, false, None);
    }

    fn value_gradient_on(&self, x: &[f64], gradient: &mut [f64], parallel: &dyn Parallel) -> f64 {
        self.evaluate_one(x, gradient, true, Some(parallel))
    }

    fn gradient_on(&self, x: &[f64], gradient: &mut [f64], parallel: &dyn Parallel) {
        self.evaluate_one(x, gradient, false, Some(parallel));
    }

    fn values_gradients_on(
        &self,
        points: &[&[f64]],
        gradients: &mut [&mut [f64]],
        wants_values: bool,
        parallel: &dyn Parallel,
    ) -> Vec<f64> {
        let mut values = vec![0.0; points.len()];
        self.evaluate(points, gradients, &mut values, wants_values, Some(parallel));
        values
    }

    fn company(&self) -> usize {
        if self.predictions() == 1 { self.base().company() } else { 1 }
    }

    fn value_error(&self, x: &[f64], value: f64) -> f64 {
        self.value_rounding(x, value)
    }

    fn gradient_error(&self, x: &[f64], value: f64, _: &[f64]) -> f64 {
        self.data_gradient_error(x, value) + 4.0 * f64::EPSILON * self.base().ridge * norm(x)
    }

    fn constants(&self, ask: &Ask) -> Constants {
        constants::constants(self, ask)
    }

    fn minimum(&self) -> Minimum {
        self.base().optimum(self).minimum(self)
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
        self.base().about_rows() + &self.about_target()
    }

    fn work(&self) -> usize {
        let design = &self.base().design;
        self.predictions() * (4 * design.rows().entries() + self.loss().operations * design.count())
    }
}
