//! Bounds on the rounding errors of softmax regression with K classes.
//!
//! Scores `w_k'x_i` are off by `gamma_k |x_i||w_k|`, as a vector by `gamma_k |x_i||W|`; a difference from the largest
//! score, at most `sqrt(2)|x_i||W|`, by `u` of itself more. The loss has slope at most `sqrt(2)` in the scores, the
//! probabilities at most 1/2. Exponentials, the sum over the classes and the logarithm add relative errors.

use super::super::linear_model::Moments;
use crate::constants::eigen::{UNIT, gamma};
use crate::kernel::norm;

/// Covers the rounding of these bounds themselves.
const SLACK: f64 = 1.0 + 1e-9;
/// At least sqrt(2).
const ROOT_OF_TWO: f64 = 1.4143;

pub(super) fn value_error(data: &Moments, classes: usize, x: &[f64], value: f64) -> f64 {
    // sqrt(2) (gamma_k + 2 u): 8 partial sums, so that a term of a score passes at most columns/8 + 4 additions.
    let margin = ROOT_OF_TWO * gamma(data.columns / 8 + 12) * data.rounding.mean * norm(x);
    // e^x is 4 units off, K of them are added, the logarithm is 11 units off; rows and blocks; the ridge.
    let relative = 30.0 * UNIT + gamma(classes + 16 + data.additions + classes * data.columns / 8);
    // Below 1e-307 e^x is 0, or less exact.
    (margin + relative * value.abs()) * SLACK + classes as f64 * 1e-303
}

/// Of the data part of a gradient, as a vector; `|p - e_y| <= sqrt(2)`.
pub(super) fn gradient_error(data: &Moments, classes: usize, x: &[f64]) -> f64 {
    let sums = ROOT_OF_TWO * gamma(data.additions + 4 + weights(classes)) * data.rounding.mean;
    let scores = gamma(scores(data, classes)) / 2.0 * data.rounding.mean_square * norm(x);
    (sums + scores) * SLACK + (classes * data.columns) as f64 * f64::MIN_POSITIVE
}

/// Root mean square over samples.
pub(super) fn sample_gradient_error(data: &Moments, classes: usize, x: &[f64], ridge: f64) -> f64 {
    let size = norm(x);
    let scores = gamma(scores(data, classes)) / 2.0 * size * data.rounding.mean_fourth.sqrt();
    let products = gamma(8 + weights(classes)) * (ROOT_OF_TWO * data.rounding.mean_square.sqrt() + ridge * size);
    (scores + products) * SLACK + (classes * data.columns) as f64 * f64::MIN_POSITIVE
}

/// Units by which a weight is off: its exponential 4, two sums of K, the reciprocal of one and the product with it.
fn weights(classes: usize) -> usize {
    2 * classes + 12
}

/// Units by which the vector of scores is off, differences from the largest included: `sqrt(2 K) <= 2 K` for those.
fn scores(data: &Moments, classes: usize) -> usize {
    data.columns / 8 + 8 + 2 * classes
}
