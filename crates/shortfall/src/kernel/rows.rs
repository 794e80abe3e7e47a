//! Rows of a matrix, stored with their zeros or without.
//!
//! A zero adds nothing to a sum, so rows with and without their zeros give the same bits: partial sums go by column.

use super::{LANES, add_scaled_inline, dot_inline, tree};
use crate::source::SparseMatrix;

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
