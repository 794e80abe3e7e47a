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
pub(super) use constants::constants;
pub(super) use dataset::Dataset;
#[cfg(test)]
pub(super) use dataset::tests as dataset_tests;
pub(super) use design::Design;
pub(super) use moments::Moments;
pub(super) use newton::Optimum;
pub(super) use pass::{Pass, block_of};
pub(super) use spectrum::LARGEST_DENSE;

use super::{FiniteSum, Hessian, Problem};
use crate::constants::Number;
use crate::constants::directed::{add_down, mul_down};

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
}

/// A problem of this kind.
pub(super) trait LinearModel: Problem + FiniteSum + Hessian {
    fn base(&self) -> &Base;
    fn loss(&self) -> Loss;

    /// Hands over `|h_i'|^2` of all rows in order, h_i' the derivative of a row's loss by its predictions.
    fn each_squared_slope(&self, x: &[f64], see: &mut dyn FnMut(f64));

    /// A bound on the rounding error of the data part of the gradient computed at `x`, as a vector; `value` is that
    /// of f computed there.
    fn data_gradient_error(&self, x: &[f64], value: f64) -> f64;

    /// A bound on the root mean square over samples of the rounding errors of their gradients.
    fn sample_gradient_error(&self, x: &[f64], value: f64) -> f64;

    /// The minimiser, found once.
    fn optimum(&self) -> &Optimum;

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
