//! One pass over rows of a matrix: margins, logistic weights and the gradient, 32 rows at a time.

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

/// Adds `sum_i c_i z_i` over `count` rows to `gradient`, `c_i = -1/(1 + e^{m_i})`, `m_i = z_i'w`, and returns the sum
/// of the losses `log(1 + e^{-m_i})` if they are wanted, else 0. Rows are added one after the other; `w` and `gradient` are padded like a row.
#[inline(always)]
fn logistic_pass<'a>(
    count: usize,
    row: impl Fn(usize) -> &'a [f64],
    w: &[f64],
    gradient: &mut [f64],
    wants_losses: bool,
) -> f64 {
    let mut sums = [0.0; LANES];
    let mut start = 0;
    while start < count {
        let panel = LANES.min(count - start);
        let mut weights = [0.0; LANES];
        for (i, margin) in weights[..panel].iter_mut().enumerate() {
            *margin = dot_inline(row(start + i), w);
        }
        if wants_losses {
            let mut losses = [0.0; LANES];
            logistic_losses_inline(&mut weights, &mut losses);
            for i in 0..panel {
                sums[i] += losses[i];
            }
        } else {
            logistic_weights_inline(&mut weights);
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

/// Over the rows `from..to`.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn logistic_block(rows: &Rows, from: usize, to: usize, w: &[f64], gradient: &mut [f64], wants_losses: bool) -> f64 {
    logistic_pass(to - from, |i| rows.row(from + i), w, gradient, wants_losses)
}

/// Over the rows of a batch, in its order; no losses.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn logistic_batch(rows: &Rows, batch: &[usize], w: &[f64], gradient: &mut [f64]) {
    logistic_pass(batch.len(), |i| rows.row(batch[i]), w, gradient, false);
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
