//! One pass over rows of a matrix: predictions, their weights and the gradient, 32 rows at a time.
//!
//! A zero adds nothing to a sum, so rows with and without their zeros give the same bits: partial sums go by column.

use super::functions::{logistic_losses_inline, logistic_weights_inline};
use super::{LANES, add_scaled_inline, dot_inline, tree};
use crate::source::SparseMatrix;
use multiversion::multiversion;

/// A matrix by rows of `stride` entries, a multiple of 8; those beyond its columns are zeros.
#[derive(Debug)]
pub struct Rows {
    pub(super) stride: usize,
    pub(super) storage: Storage,
}

#[derive(Debug)]
pub(super) enum Storage {
    Dense(DenseRows),
    Sparse(SparseMatrix),
}

/// Rows with their zeros, row-major, each padded with zeros to `stride`, a multiple of 8.
#[derive(Debug)]
pub struct DenseRows {
    stride: usize,
    entries: Vec<f64>,
}

impl DenseRows {
    /// From `columns` entries a row, row-major, each row to be followed by a 1 if `ones`. In place: large tables are
    /// not copied.
    pub fn new(columns: usize, mut entries: Vec<f64>, ones: bool) -> Self {
        let rows = entries.len() / columns.max(1);
        let stride = (columns + usize::from(ones)).next_multiple_of(8);
        if stride > columns {
            entries.reserve_exact(rows * stride - rows * columns);
            entries.resize(rows * stride, 0.0);
            for i in (0..rows).rev() {
                entries.copy_within(i * columns..(i + 1) * columns, i * stride);
                let padding = &mut entries[i * stride + columns..(i + 1) * stride];
                padding.fill(0.0);
                if ones {
                    padding[0] = 1.0;
                }
            }
        }
        Self { stride, entries }
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

impl Rows {
    /// From `columns` entries a row, row-major, each row to be followed by a 1 if `ones`.
    pub fn dense(columns: usize, entries: Vec<f64>, ones: bool) -> Self {
        let rows = DenseRows::new(columns, entries, ones);
        Self { stride: rows.stride, storage: Storage::Dense(rows) }
    }

    /// From rows whose columns are below `columns`.
    pub fn sparse(columns: usize, entries: SparseMatrix) -> Self {
        Self { stride: columns.div_ceil(8) * 8, storage: Storage::Sparse(entries) }
    }

    /// Length of a row.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Number of rows.
    pub fn count(&self) -> usize {
        match &self.storage {
            Storage::Dense(rows) => rows.count(),
            Storage::Sparse(entries) => entries.count(),
        }
    }

    /// Number of entries stored.
    pub fn stored(&self) -> usize {
        match &self.storage {
            Storage::Dense(rows) => rows.entries.len(),
            Storage::Sparse(entries) => entries.stored(),
        }
    }

    /// The rows, if they are stored with their zeros.
    pub fn as_dense(&self) -> Option<&DenseRows> {
        match &self.storage {
            Storage::Dense(rows) => Some(rows),
            Storage::Sparse(_) => None,
        }
    }

    /// `x_i'w`, w of length stride.
    pub fn dot(&self, i: usize, w: &[f64]) -> f64 {
        match &self.storage {
            Storage::Dense(rows) => super::dot(rows.row(i), w),
            Storage::Sparse(entries) => SparseRow::of(entries, i).dot(w),
        }
    }

    /// `|x_i|^2`
    pub fn square(&self, i: usize) -> f64 {
        match &self.storage {
            Storage::Dense(rows) => {
                let row = rows.row(i);
                super::dot(row, row)
            }
            Storage::Sparse(entries) => {
                let (_, values) = entries.row(i);
                super::dot(values, values)
            }
        }
    }

    /// Adds the squares of a row's entries to `y`, of length stride.
    pub fn add_squares(&self, i: usize, y: &mut [f64]) {
        match &self.storage {
            Storage::Dense(rows) => {
                y.iter_mut().zip(rows.row(i)).for_each(|(y, x)| *y += x * x);
            }
            Storage::Sparse(entries) => {
                let (columns, values) = entries.row(i);
                columns.iter().zip(values).for_each(|(column, x)| y[*column as usize] += x * x);
            }
        }
    }

    /// `sum_j |x_ij| w_j`
    pub fn dot_absolute(&self, i: usize, w: &[f64]) -> f64 {
        match &self.storage {
            Storage::Dense(rows) => rows.row(i).iter().zip(w).map(|(x, w)| x.abs() * w).sum(),
            Storage::Sparse(entries) => {
                let (columns, values) = entries.row(i);
                columns.iter().zip(values).map(|(column, x)| x.abs() * w[*column as usize]).sum()
            }
        }
    }

    /// `y_j += c |x_ij|`, y of length stride.
    pub fn add_absolute(&self, i: usize, c: f64, y: &mut [f64]) {
        match &self.storage {
            Storage::Dense(rows) => {
                y.iter_mut().zip(rows.row(i)).for_each(|(y, x)| *y += c * x.abs());
            }
            Storage::Sparse(entries) => {
                let (columns, values) = entries.row(i);
                columns.iter().zip(values).for_each(|(column, x)| y[*column as usize] += c * x.abs());
            }
        }
    }

    /// `y += c x_i`, y of length stride.
    pub fn add_scaled(&self, i: usize, c: f64, y: &mut [f64]) {
        match &self.storage {
            Storage::Dense(rows) => super::add_scaled(c, rows.row(i), y),
            Storage::Sparse(entries) => SparseRow::of(entries, i).add_scaled(c, y),
        }
    }
}

/// A row, with its zeros or without.
pub(super) trait Row: Copy {
    /// `x'w`
    fn dot(self, w: &[f64]) -> f64;

    /// `y += c x`
    fn add_scaled(self, c: f64, y: &mut [f64]);

    /// `y += c_0 x_0`, then `c_1 x_1`, and so on.
    #[inline(always)]
    fn add_four(c: [f64; 4], rows: [Self; 4], y: &mut [f64]) {
        for k in 0..4 {
            rows[k].add_scaled(c[k], y);
        }
    }
}

impl Row for &[f64] {
    #[inline(always)]
    fn dot(self, w: &[f64]) -> f64 {
        dot_inline(self, w)
    }

    #[inline(always)]
    fn add_scaled(self, c: f64, y: &mut [f64]) {
        add_scaled_inline(c, self, y);
    }

    #[inline(always)]
    fn add_four(c: [f64; 4], rows: [Self; 4], y: &mut [f64]) {
        let rows = rows.map(|row| &row[..y.len()]);
        for (j, y) in y.iter_mut().enumerate() {
            let mut sum = *y;
            for k in 0..4 {
                sum = c[k].mul_add(rows[k][j], sum);
            }
            *y = sum;
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct SparseRow<'a> {
    columns: &'a [u32],
    values: &'a [f64],
}

impl<'a> SparseRow<'a> {
    #[inline(always)]
    pub(super) fn of(entries: &'a SparseMatrix, i: usize) -> Self {
        let (columns, values) = entries.row(i);
        Self { columns, values }
    }
}

impl Row for SparseRow<'_> {
    #[inline(always)]
    fn dot(self, w: &[f64]) -> f64 {
        let mut partial = [0.0f64; LANES];
        for (column, value) in self.columns.iter().zip(self.values) {
            let lane = &mut partial[*column as usize % LANES];
            *lane = value.mul_add(w[*column as usize], *lane);
        }
        tree(partial)
    }

    #[inline(always)]
    fn add_scaled(self, c: f64, y: &mut [f64]) {
        for (column, value) in self.columns.iter().zip(self.values) {
            let y = &mut y[*column as usize];
            *y = c.mul_add(*value, *y);
        }
    }
}

/// Calls a pass with the rows as they are stored.
macro_rules! with_rows {
    ($rows:expr, $row:ident => $pass:expr) => {
        match &$rows.storage {
            Storage::Dense(rows) => {
                let $row = |i: usize| rows.row(i);
                $pass
            }
            Storage::Sparse(entries) => {
                let $row = |i: usize| SparseRow::of(entries, i);
                $pass
            }
        }
    };
}
pub(super) use with_rows;

/// Adds `sum_i c_i x_i` over `count` rows to `gradient` and returns the sum of the losses. `weigh(first, panel, losses)`
/// turns the predictions `x_i'w` of 32 rows into the weights `c_i` and writes their losses, if they are wanted. Rows are
/// added one after the other; `w` and `gradient` are padded like a row.
#[inline(always)]
fn linear_pass<R: Row>(
    count: usize,
    row: impl Fn(usize) -> R,
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
            *margin = row(start + i).dot(w);
        }
        let mut losses = [0.0; LANES];
        weigh(start, &mut weights, &mut losses);
        for i in 0..panel {
            sums[i] += losses[i];
        }
        let mut i = 0;
        while i + 4 <= panel {
            let c = [weights[i], weights[i + 1], weights[i + 2], weights[i + 3]];
            R::add_four(c, std::array::from_fn(|k| row(start + i + k)), gradient);
            i += 4;
        }
        while i < panel {
            row(start + i).add_scaled(weights[i], gradient);
            i += 1;
        }
        start += panel;
    }
    tree(sums)
}

/// `c_i = -y_i/(1 + e^{m_i})` of margins `m_i = y_i x_i'w`, and the losses `log(1 + e^{-m_i})` if they are wanted, else 0.
#[inline(always)]
fn logistic_weigh(
    sign: impl Fn(usize) -> f64,
    count: usize,
    predictions: &mut [f64; LANES],
    losses: &mut [f64; LANES],
    wants_losses: bool,
) {
    let mut signs = [1.0; LANES];
    for (i, slot) in signs[..count.min(LANES)].iter_mut().enumerate() {
        *slot = sign(i);
    }
    predictions.iter_mut().zip(&signs).for_each(|(prediction, sign)| *prediction *= sign);
    if wants_losses {
        logistic_losses_inline(predictions, losses);
    } else {
        logistic_weights_inline(predictions);
    }
    predictions.iter_mut().zip(&signs).for_each(|(prediction, sign)| *prediction *= sign);
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

/// Logistic regression over the rows `from..to`, labels y = +-1: adds the gradients, returns the losses if they are
/// wanted, else 0.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn logistic_block(
    rows: &Rows,
    signs: &[f64],
    [from, to]: [usize; 2],
    w: &[f64],
    gradient: &mut [f64],
    wants_losses: bool,
) -> f64 {
    let weigh = |start, predictions: &mut _, losses: &mut _| {
        let signs = &signs[from + start..to];
        logistic_weigh(|i| signs[i], signs.len(), predictions, losses, wants_losses);
    };
    with_rows!(rows, row => linear_pass(to - from, |i| row(from + i), weigh, w, gradient))
}

/// Over the rows of a batch, in its order; no losses.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn logistic_batch(rows: &Rows, signs: &[f64], batch: &[usize], w: &[f64], gradient: &mut [f64]) {
    let weigh = |start, predictions: &mut _, losses: &mut _| {
        let batch = &batch[start..];
        logistic_weigh(|i| signs[batch[i]], batch.len(), predictions, losses, false);
    };
    with_rows!(rows, row => linear_pass(batch.len(), |i| row(batch[i]), weigh, w, gradient));
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
    with_rows!(rows, row => linear_pass(to - from, |i| row(from + i), weigh, w, gradient))
}

/// Over the rows of a batch, in its order.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn residual_batch(rows: &Rows, targets: &[f64], threshold: f64, batch: &[usize], w: &[f64], gradient: &mut [f64]) {
    let weigh = |start, predictions: &mut _, losses: &mut _| {
        let batch = &batch[start..];
        residual_weigh(|i| targets[batch[i]], batch.len(), threshold, predictions, losses);
    };
    with_rows!(rows, row => linear_pass(batch.len(), |i| row(batch[i]), weigh, w, gradient));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn against_one_row_after_the_other() {
        for (count, columns) in [(1, 1), (31, 3), (70, 9), (33, 40)] {
            let entries: Vec<f64> = (0..count * columns).map(|i| (i as f64 * 0.731).sin() * 3.0).collect();
            let rows = Rows::dense(columns, entries.clone(), false);
            let signs: Vec<f64> = (0..count).map(|i| if i % 3 == 0 { -1.0 } else { 1.0 }).collect();
            let mut w = vec![0.0; rows.stride()];
            w[..columns].iter_mut().enumerate().for_each(|(j, w)| *w = (j as f64 * 0.37).cos());
            let mut gradient = vec![0.0; rows.stride()];
            let sum = logistic_block(&rows, &signs, [0, count], &w, &mut gradient, true);
            let (mut plain, mut loss) = (vec![0.0; columns], 0.0);
            for (row, sign) in entries.chunks(columns).zip(&signs) {
                let margin: f64 = sign * row.iter().zip(&w).map(|(a, b)| a * b).sum::<f64>();
                loss += (-margin).exp().ln_1p();
                let c = -sign / (1.0 + margin.exp());
                plain.iter_mut().zip(row).for_each(|(g, x)| *g += c * x);
            }
            assert!((sum - loss).abs() < 1e-13 * loss, "{count} {columns}: {sum} {loss}");
            for (a, b) in gradient.iter().zip(&plain) {
                assert!((a - b).abs() < 1e-12, "{a} {b}");
            }
            let batch: Vec<usize> = (0..count).collect();
            let mut again = vec![0.0; rows.stride()];
            logistic_batch(&rows, &signs, &batch, &w, &mut again);
            assert_eq!(gradient, again, "the batch of all rows in order is the same sum");
        }
    }

    #[test]
    fn rows_without_their_zeros_give_the_same_bits() {
        let (count, columns) = (101, 77);
        let entry = |i: usize| if (i * i + i / 7).is_multiple_of(5) { (i as f64 * 0.731).sin() * 3.0 } else { 0.0 };
        let entries: Vec<f64> = (0..count * columns).map(entry).collect();
        let mut matrix = SparseMatrix::new();
        for row in entries.chunks(columns) {
            row.iter().enumerate().filter(|(_, x)| **x != 0.0).for_each(|(j, x)| matrix.push(j as u32, *x));
            matrix.end_row();
        }
        assert_eq!(matrix.to_dense(columns), entries);
        let (dense, sparse) = (Rows::dense(columns, entries, false), Rows::sparse(columns, matrix));
        let values: Vec<f64> = (0..count).map(|i| if i % 3 == 0 { -1.0 } else { 1.0 }).collect();
        let w: Vec<f64> = (0..dense.stride()).map(|j| if j < columns { (j as f64).cos() } else { 0.0 }).collect();
        let bits = |of: &dyn Fn(&Rows, &mut [f64]) -> f64| {
            [&dense, &sparse].map(|rows| {
                let mut gradient = vec![0.0; rows.stride()];
                let loss = of(rows, &mut gradient);
                (loss.to_bits(), gradient.iter().map(|g| g.to_bits()).collect::<Vec<_>>())
            })
        };
        let batch = [3, 99, 3, 0, 57, 20];
        for pair in [
            bits(&|rows, gradient| logistic_block(rows, &values, [2, 90], &w, gradient, true)),
            bits(&|rows, gradient| residual_block(rows, &values, 0.7, [2, 90], &w, gradient)),
            bits(&|rows, gradient| {
                logistic_batch(rows, &values, &batch, &w, gradient);
                residual_batch(rows, &values, f64::INFINITY, &batch, &w, gradient);
                rows.add_scaled(5, -0.3, gradient);
                rows.dot(7, &w)
            }),
        ] {
            assert_eq!(pair[0], pair[1]);
        }
    }
}
