//! Bounds on the rounding errors of regression.
//!
//! Predictions are off by `e_i <= gamma_k |x_i||w|`, the subtraction of the target by `u |r_i|`. With `h` convex,
//! `h'' <= 1`: a loss moves by at most `|h'(r_i)| e_i + e_i^2/2`, and `h'(r)^2 <= 2 h(r)`, `|r h'(r)| <= 2 h(r)`, so that
//! `mean |h'(r_i)||x_i| <= sqrt(2 f N)` by Cauchy and Schwarz, `N = mean |x_i|^2`. All `r_i` here are the computed ones.

use super::super::linear_model::Moments;
use crate::constants::eigen::{UNIT, gamma};
use crate::kernel::norm;

/// Covers the rounding of these bounds themselves.
const SLACK: f64 = 1.0 + 1e-9;

/// `gamma_k` of a prediction: 8 partial sums, so that a term passes at most columns/8 + 4 additions.
fn prediction(data: &Moments) -> f64 {
    gamma(data.columns / 8 + 8)
}

/// `sqrt(2 f N)`, which `mean |h'(r_i)||x_i|` does not exceed.
fn slope(data: &Moments, value: f64) -> f64 {
    (2.0 * value.abs()).sqrt() * data.rounding.mean_square.sqrt()
}

pub(super) fn value_error(data: &Moments, threshold: f64, x: &[f64], value: f64) -> f64 {
    let off = prediction(data) * norm(x);
    let root = off * data.rounding.mean_square.sqrt();
    let smooth = off * slope(data, value) + root * root / 2.0;
    // Huber's slope is at most the threshold, least squares' is not bounded.
    let steep = threshold * off * data.rounding.mean;
    let margin = if steep < smooth { steep } else { smooth };
    // The subtraction (2 u of a loss), the loss, sums (32 partial ones, then blocks), the division and the ridge.
    let relative = 12.0 * UNIT + gamma(16 + data.panel_additions + data.columns / 8);
    (margin + relative * value.abs()) * SLACK + f64::MIN_POSITIVE
}

/// Of the data part of a gradient, as a vector; `h'` is 1-Lipschitz.
pub(super) fn gradient_error(data: &Moments, x: &[f64], value: f64) -> f64 {
    let sums = (gamma(data.additions + 4) + 4.0 * UNIT) * slope(data, value);
    let weights = prediction(data) * norm(x) * data.rounding.mean_square;
    (sums + weights) * SLACK + data.columns as f64 * f64::MIN_POSITIVE
}

/// Root mean square over samples: `u |h'(r_i)||x_i|` a few times, with `|x_i|` at most the largest.
pub(super) fn sample_gradient_error(data: &Moments, x: &[f64], value: f64, ridge: f64) -> f64 {
    let size = norm(x);
    let predictions = prediction(data) * size * data.rounding.mean_fourth.sqrt();
    let steepest = (2.0 * value.abs()).sqrt() * data.rounding.largest_square.sqrt();
    (predictions + 8.0 * UNIT * (steepest + ridge * size)) * SLACK + data.columns as f64 * f64::MIN_POSITIVE
}

/// Of one residual, for the question on which side of the threshold it is; `size` is what rounding at its row is relative
/// to.
pub(super) fn residual_error(columns: usize, size: f64, x: &[f64], target: f64, residual: f64) -> f64 {
    let prediction = gamma(columns / 8 + 8) * size * norm(x);
    (prediction + 2.0 * UNIT * (residual.abs() + target.abs())) * SLACK + f64::MIN_POSITIVE
}
