//! Bounds on the rounding errors of regression.
//!
//! Predictions are off by `e_i <= gamma_k |x_i||w|`, the subtraction of the target by `u |r_i|`. With `h` convex,
//! `h'' <= 1`: a loss moves by at most `|h'(r_i)| e_i + e_i^2/2`, and `h'(r)^2 <= 2 h(r)`, `|r h'(r)| <= 2 h(r)`, so that
//! `mean |h'(r_i)||x_i| <= sqrt(2 f N)` by Cauchy and Schwarz, `N = mean |x_i|^2`. All `r_i` here are the computed ones.

use super::super::linear_model::{BLOCK, DataConstants};
use crate::constants::eigen::{UNIT, gamma};
use crate::kernel::{dot, norm};

/// Covers the rounding of these bounds themselves.
const SLACK: f64 = 1.0 + 1e-9;

/// `gamma_k` of a prediction: 32 partial sums, so that a term passes at most columns/32 + 6 additions.
fn prediction(data: &DataConstants) -> f64 {
    gamma(data.columns / 32 + 8)
}

/// `sqrt(2 f N)`, which `mean |h'(r_i)||x_i|` does not exceed.
fn slope(data: &DataConstants, value: f64) -> f64 {
    (2.0 * value.abs()).sqrt() * data.mean_square.high.sqrt()
}

pub(super) fn value_error(data: &DataConstants, threshold: f64, x: &[f64], value: f64) -> f64 {
    let off = prediction(data) * norm(x);
    let root = off * data.mean_square.high.sqrt();
    let smooth = off * slope(data, value) + root * root / 2.0;
    // Huber's slope is at most the threshold, least squares' is not bounded.
    let steep = threshold * off * data.mean_norm.high;
    let margin = if steep < smooth { steep } else { smooth };
    // The subtraction (2 u of a loss), the loss, sums (32 partial ones, then blocks), the division and the ridge.
    let relative = 12.0 * UNIT + gamma(16 + BLOCK / 32 + data.rows / BLOCK + data.columns / 32);
    (margin + relative * value.abs()) * SLACK + f64::MIN_POSITIVE
}

/// Of the data part of a gradient, as a vector; `h'` is 1-Lipschitz.
pub(super) fn gradient_error(data: &DataConstants, x: &[f64], value: f64) -> f64 {
    let blocks = data.rows / BLOCK + 1;
    let sums = (gamma(BLOCK + blocks + 4) + 4.0 * UNIT) * slope(data, value);
    let weights = prediction(data) * norm(x) * data.mean_square.high;
    (sums + weights) * SLACK + data.columns as f64 * f64::MIN_POSITIVE
}

/// Root mean square over samples: `u |h'(r_i)||x_i|` a few times, with `|x_i|` at most the largest.
pub(super) fn sample_gradient_error(data: &DataConstants, x: &[f64], value: f64, ridge: f64) -> f64 {
    let size = norm(x);
    let predictions = prediction(data) * size * data.mean_fourth.high.sqrt();
    let steepest = (2.0 * value.abs()).sqrt() * data.largest_square.high.sqrt();
    (predictions + 8.0 * UNIT * (steepest + ridge * size)) * SLACK + data.columns as f64 * f64::MIN_POSITIVE
}

/// Of one residual, for the question on which side of the threshold it is.
pub(super) fn residual_error(row: &[f64], w: &[f64], target: f64, residual: f64) -> f64 {
    let prediction = gamma(row.len() / 32 + 8) * dot(row, row).sqrt() * norm(w);
    (prediction + 2.0 * UNIT * (residual.abs() + target.abs())) * SLACK + f64::MIN_POSITIVE
}
