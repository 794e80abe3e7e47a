//! One pass over rows of a matrix: predictions, their weights and the gradient, 32 rows at a time.

use super::functions::{logistic_losses_inline, logistic_weights_inline};
use super::{LANES, add_scaled_inline, dot_inline, tree};
use multiversion::multiversion;

/// A row-major matrix whose rows are padded with zeros to `stride`, a multiple of 8.
#[derive(Debug)]
pub struct Rows {
    stride: usize,
    entries: Vec<f64>,
}

impl Rows {
    /// From `columns` entries a row.
    pub fn new(columns: usize, entries: &[f64]) -> Self {
        let stride = columns.div_ceil(8) * 8;
        let mut padded = vec![0.0; entries.len() / columns.max(1) * stride];
        for (row, source) in padded.chunks_exact_mut(stride.max(1)).zip(entries.chunks_exact(columns.max(1))) {
            row[..columns].copy_from_slice(source);
        }
        Self { stride, entries: padded }
    }

    /// Length of a row.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Number of rows.
    pub fn count(&self) -> usize {
        self.entries.len() / self.stride
    }

    /// A row.
    #[inline(always)]
    pub fn row(&self, i: usize) -> &[f64] {
        &self.entries[i * self.stride..][..self.stride]
    }
}

/// Adds `sum_i c_i x_i` over `count` rows to `gradient` and returns the sum of the losses. `weigh(first, panel, losses)`
/// turns the predictions `x_i'w` of 32 rows into the weights `c_i` and writes their losses, if they are wanted. Rows are
/// added one after the other; `w` and `gradient` are padded like a row.
#[inline(always)]
fn linear_pass<'a>(
    count: usize,
    row: impl Fn(usize) -> &'a [f64],
    weigh: impl Fn(usize, &mut [f64; LANES], &mut [f64; LANES]),
    w: &[f64],
    gradient: &mut [f64],
) -> f64 {
    let mut sums = [0.0; LANES];
    let mut start = 0;
    while start < count {
        let panel = LANES.min(count - start);
        let mut weights = [0.0; LANES];
        for (i, margin) in weights[..panel].iter_mut().enumerate() {
            *margin = dot_inline(row(start + i), w);
        }
        let mut losses = [0.0; LANES];
        weigh(start, &mut weights, &mut losses);
        for i in 0..panel {
            sums[i] += losses[i];
        }
        let mut i = 0;
        while i + 4 <= panel {
            let rows: [&[f64]; 4] = std::array::from_fn(|k| &row(start + i + k)[..gradient.len()]);
            let c = [weights[i], weights[i + 1], weights[i + 2], weights[i + 3]];
            for (j, g) in gradient.iter_mut().enumerate() {
                let mut sum = *g;
                for k in 0..4 {
                    sum = c[k].mul_add(rows[k][j], sum);
                }
                *g = sum;
            }
            i += 4;
        }
        while i < panel {
            add_scaled_inline(weights[i], row(start + i), gradient);
            i += 1;
        }
        start += panel;
    }
    tree(sums)
}

/// `c_i = -1/(1 + e^{m_i})` of margins `m_i = z_i'w`, and the losses `log(1 + e^{-m_i})` if they are wanted, else 0.
#[inline(always)]
fn logistic_weigh(margins: &mut [f64; LANES], losses: &mut [f64; LANES], wants_losses: bool) {
    if wants_losses {
        logistic_losses_inline(margins, losses);
    } else {
        logistic_weights_inline(margins);
    }
}

/// `c_i = clip(r_i, -threshold, threshold)` of `r_i = x_i'w - y_i`, and Huber's losses: `m (|r| - m/2)` with
/// `m = min(|r|, threshold)`, which is `r^2/2` below the threshold.
#[inline(always)]
fn residual_weigh(
    target: impl Fn(usize) -> f64,
    count: usize,
    threshold: f64,
    predictions: &mut [f64; LANES],
    losses: &mut [f64; LANES],
) {
    for (i, prediction) in predictions.iter_mut().enumerate().take(count) {
        let residual = *prediction - target(i);
        let size = residual.abs();
        let clipped = if size > threshold { threshold } else { size };
        losses[i] = clipped * (size - 0.5 * clipped);
        *prediction = clipped.copysign(residual);
    }
}

/// Logistic regression over the rows `from..to`: adds the gradients, returns the losses if they are wanted, else 0.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn logistic_block(rows: &Rows, from: usize, to: usize, w: &[f64], gradient: &mut [f64], wants_losses: bool) -> f64 {
    let weigh = |_, margins: &mut _, losses: &mut _| logistic_weigh(margins, losses, wants_losses);
    linear_pass(to - from, |i| rows.row(from + i), weigh, w, gradient)
}

/// Over the rows of a batch, in its order; no losses.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn logistic_batch(rows: &Rows, batch: &[usize], w: &[f64], gradient: &mut [f64]) {
    let weigh = |_, margins: &mut _, losses: &mut _| logistic_weigh(margins, losses, false);
    linear_pass(batch.len(), |i| rows.row(batch[i]), weigh, w, gradient);
}

/// Regression with Huber's loss over the rows `from..to`: adds the gradients, returns the losses. An infinite threshold
/// is least squares.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn residual_block(
    rows: &Rows,
    targets: &[f64],
    threshold: f64,
    [from, to]: [usize; 2],
    w: &[f64],
    gradient: &mut [f64],
) -> f64 {
    let weigh = |start, predictions: &mut _, losses: &mut _| {
        let targets = &targets[from + start..to];
        residual_weigh(|i| targets[i], targets.len(), threshold, predictions, losses);
    };
    linear_pass(to - from, |i| rows.row(from + i), weigh, w, gradient)
}

/// Over the rows of a batch, in its order.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn residual_batch(rows: &Rows, targets: &[f64], threshold: f64, batch: &[usize], w: &[f64], gradient: &mut [f64]) {
    let weigh = |start, predictions: &mut _, losses: &mut _| {
        let batch = &batch[start..];
        residual_weigh(|i| targets[batch[i]], batch.len(), threshold, predictions, losses);
    };
    linear_pass(batch.len(), |i| rows.row(batch[i]), weigh, w, gradient);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn against_one_row_after_the_other() {
        for (count, columns) in [(1, 1), (31, 3), (70, 9), (33, 40)] {
            let entries: Vec<f64> = (0..count * columns).map(|i| (i as f64 * 0.731).sin() * 3.0).collect();
            let rows = Rows::new(columns, &entries);
            let mut w = vec![0.0; rows.stride()];
            w[..columns].iter_mut().enumerate().for_each(|(j, w)| *w = (j as f64 * 0.37).cos());
            let mut gradient = vec![0.0; rows.stride()];
            let sum = logistic_block(&rows, 0, count, &w, &mut gradient, true);
            let (mut plain, mut loss) = (vec![0.0; columns], 0.0);
            for row in entries.chunks(columns) {
                let margin: f64 = row.iter().zip(&w).map(|(a, b)| a * b).sum();
                loss += (-margin).exp().ln_1p();
                let c = -1.0 / (1.0 + margin.exp());
                plain.iter_mut().zip(row).for_each(|(g, x)| *g += c * x);
            }
            assert!((sum - loss).abs() < 1e-13 * loss, "{count} {columns}: {sum} {loss}");
            for (a, b) in gradient.iter().zip(&plain) {
                assert!((a - b).abs() < 1e-12, "{a} {b}");
            }
            let batch: Vec<usize> = (0..count).collect();
            let mut again = vec![0.0; rows.stride()];
            logistic_batch(&rows, &batch, &w, &mut again);
            assert_eq!(gradient, again, "the batch of all rows in order is the same sum");
        }
    }
}
