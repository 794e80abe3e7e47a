//! Bounds on the rounding errors of logistic regression.

use super::super::linear_model::Moments;
use crate::constants::eigen::{UNIT, gamma};
use crate::kernel::norm;

/// A bound on the rounding error of a value: margins are off by `gamma_k |x_i||w|` and the loss has slope at most
/// 1; the loss itself, the sums and the ridge add relative errors.
pub(super) fn value_error(data: &Moments, x: &[f64], value: f64) -> f64 {
    // 8 partial sums: a term passes at most columns/8 + 4 additions (rows likewise, then blocks).
    let margin = gamma(data.columns / 8 + 8) * data.rounding.mean * norm(x);
    let relative = 12.0 * UNIT + gamma(16 + data.panel_additions + data.columns / 8);
    (margin + relative * value.abs()) * (1.0 + 1e-9)
}

/// A bound on the rounding error of the data part of a gradient, as a vector.
pub(super) fn gradient_error(data: &Moments, x: &[f64]) -> f64 {
    let size = norm(x);
    let sums = gamma(data.additions + 4) * data.rounding.mean;
    let weights =
        4.0 * UNIT * data.rounding.mean + gamma(data.columns / 8 + 8) / 4.0 * data.rounding.mean_square * size;
    (sums + weights) * (1.0 + 1e-9)
}

/// A bound on the root mean square over samples of the rounding errors of their gradients.
pub(super) fn sample_gradient_error(data: &Moments, x: &[f64], ridge: f64) -> f64 {
    let size = norm(x);
    let margins = gamma(data.columns / 8 + 8) / 4.0 * size * data.rounding.mean_fourth.sqrt();
    let products = 8.0 * UNIT * (data.rounding.mean_square.sqrt() + ridge * size);
    (margins + products) * (1.0 + 1e-9)
}
