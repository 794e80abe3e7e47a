//! Bounds on the rounding errors of a network's loss and gradient, by norms, layer after layer.
//!
//! `z = W a` is a chain of fused multiply-adds: off by `gamma_k |W|_F |a|`, and by `|W|_F |da|` where a is off by da. tanh
//! has slope at most 1 and is off by 6e-16 in each unit, and `|a| <= sqrt(units)`. Backwards, `d = (W'd) (1 - a^2)` is off
//! by the errors of d and W'd and, since `|d(1 - a^2)| <= 2|da|`, by `2 |W|_F |d| |da|`. At the top as for softmax: slope
//! at most sqrt(2) in the scores, probabilities at most 1/2, `|p - e_y| <= sqrt(2)`.

use super::network::Network;
use crate::constants::eigen::{UNIT, gamma};
use crate::kernel::{DenseRows, norm};

/// Covers the rounding of these bounds themselves.
const SLACK: f64 = 1.0 + 1e-9;
/// At least sqrt(2).
const ROOT_OF_TWO: f64 = 1.4143;
/// Error of tanh, whose values are at most 1.
const TANH: f64 = 6e-16;

/// How large the rows are: upper bounds.
#[derive(Debug)]
pub(super) struct Sizes {
    /// `mean |x_i|`
    mean: f64,
    /// `max |x_i|`
    largest: f64,
    /// n.
    rows: usize,
}

/// What goes into a layer, as a vector.
struct Input {
    size: f64,
    off: f64,
    /// `|W|_F` of the layer.
    weights: f64,
}

impl Sizes {
    pub(super) fn of(rows: &DenseRows) -> Self {
        let n = rows.count();
        // Entries whose squares underflow are covered by the least normal number.
        let slack = SLACK + gamma(rows.stride() + n + 8);
        let norms: Vec<f64> = (0..n).map(|i| norm(rows.row(i)) * slack + f64::MIN_POSITIVE).collect();
        let largest = norms.iter().copied().fold(0.0, f64::max);
        Self { mean: norms.iter().sum::<f64>() / n as f64 * slack, largest, rows: n }
    }

    /// What goes into each layer, and the error of the scores, differences from the largest included.
    fn forward(network: &Network, x: &[f64], size: f64) -> (Vec<Input>, f64) {
        let (mut size, mut off, mut inputs) = (size, 0.0, Vec::new());
        for layer in &network.layers {
            let weights = norm(layer.of(x)) * (SLACK + gamma(layer.inputs * layer.outputs / 32 + 8));
            inputs.push(Input { size, off, weights });
            let tiny = (layer.inputs * layer.outputs) as f64 * f64::MIN_POSITIVE;
            off = weights * ((gamma(layer.inputs) + 2.0 * UNIT) * size + off) + tiny;
            // Of the next layer's input, if there is one: tanh, and the bias.
            if inputs.len() < network.layers.len() {
                size = (layer.outputs as f64 + 1.0).sqrt();
                off += TANH * size;
            }
        }
        (inputs, off * SLACK)
    }

    /// Of the value at `x`.
    pub(super) fn value_error(&self, network: &Network, x: &[f64], value: f64) -> f64 {
        let classes = network.layers.last().map_or(1, |last| last.outputs);
        let (_, scores) = Self::forward(network, x, self.mean);
        // e^x is 4 units off, K of them are added, the logarithm is 11 units off; the rows; the ridge.
        let relative = 30.0 * UNIT + gamma(classes + 16 + self.rows + x.len() / 32);
        // Below 1e-307 e^x is 0, or less exact.
        (ROOT_OF_TWO * scores + relative * value.abs()) * SLACK + classes as f64 * 1e-303
    }

    /// Of the data part of the gradient at `x`, in Euclidean norm; every row is taken to be as large as the largest.
    pub(super) fn gradient_error(&self, network: &Network, x: &[f64]) -> f64 {
        let classes = network.layers.last().map_or(1, |last| last.outputs);
        let (inputs, scores) = Self::forward(network, x, self.largest);
        let mut off = scores / 2.0 + ROOT_OF_TWO * gamma(2 * classes + 12);
        let (mut size, mut total) = (ROOT_OF_TWO + off, 0.0);
        for (layer, input) in network.layers.iter().zip(&inputs).rev() {
            let tiny = (layer.inputs * layer.outputs) as f64 * f64::MIN_POSITIVE;
            total += off * (input.size + input.off) + size * (input.off + gamma(self.rows + 4) * input.size) + tiny;
            off = input.weights * (off + size * (gamma(layer.outputs) + 2.0 * input.off + 4.0 * UNIT)) + tiny;
            size = input.weights * size + off;
        }
        total * SLACK
    }
}
