//! Rows of a matrix, stored with their zeros or without.
//!
//! A product of a row with a vector keeps 32 partial sums by column, or 8 where a row is short and adding 32 together would cost
//! more than the products. A zero adds nothing to a sum, so rows with and without their zeros give the same bits.

use super::add_scaled_inline;
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
            Storage::Dense(rows) => row_dot(rows.row(i), w),
            Storage::Sparse(entries) => SparseRows(entries, self.stride).row(i).dot(w),
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
            Storage::Sparse(entries) => SparseRows(entries, self.stride).row(i).add_scaled(c, y),
        }
    }
}

/// Partial sums of the product of a short row, and of one longer than [`SHORT`].
const FEW: usize = 8;
const MANY: usize = 32;
const SHORT: usize = 64;

#[multiversion(targets("x86_64+avx2+fma"))]
fn row_dot(x: &[f64], w: &[f64]) -> f64 {
    x.dot(w)
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

/// Adds products by column modulo N, then the sums by halves.
#[inline(always)]
fn dot_in_parts<const N: usize>(x: &[f64], w: &[f64]) -> f64 {
    let mut partial = [0.0; N];
    let (x_chunks, x_rest) = x.as_chunks::<N>();
    let (w_chunks, w_rest) = w.as_chunks::<N>();
    for (x, w) in x_chunks.iter().zip(w_chunks) {
        for l in 0..N {
            partial[l] = x[l].mul_add(w[l], partial[l]);
        }
    }
    // Rows are padded to a multiple of 8.
    for (k, (x, w)) in x_rest.as_chunks::<FEW>().0.iter().zip(w_rest.as_chunks::<FEW>().0).enumerate() {
        for l in 0..FEW {
            partial[k * FEW + l] = x[l].mul_add(w[l], partial[k * FEW + l]);
        }
    }
    halves(partial)
}

#[inline(always)]
fn halves<const N: usize>(mut partial: [f64; N]) -> f64 {
    let mut half = N / 2;
    while half > 0 {
        for i in 0..half {
            partial[i] += partial[i + half];
        }
        half /= 2;
    }
    partial[0]
}

impl Row for &[f64] {
    #[inline(always)]
    fn dot(self, w: &[f64]) -> f64 {
        if self.len() <= SHORT { dot_in_parts::<FEW>(self, w) } else { dot_in_parts::<MANY>(self, w) }
    }

    #[inline(always)]
    fn add_scaled(self, c: f64, y: &mut [f64]) {
        add_scaled_inline(c, self, y);
    }

    #[inline(always)]
    fn add_four(c: [f64; 4], rows: [Self; 4], y: &mut [f64]) {
        let length = y.len();
        let [a, b, d, e] = [&rows[0][..length], &rows[1][..length], &rows[2][..length], &rows[3][..length]];
        for j in 0..length {
            y[j] = c[3].mul_add(e[j], c[2].mul_add(d[j], c[1].mul_add(b[j], c[0].mul_add(a[j], y[j]))));
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct SparseRow<'a> {
    columns: &'a [u32],
    values: &'a [f64],
    /// As long as with its zeros.
    length: usize,
}

impl Row for SparseRow<'_> {
    #[inline(always)]
    fn dot(self, w: &[f64]) -> f64 {
        if self.length <= SHORT { self.dot_in_parts::<FEW>(w) } else { self.dot_in_parts::<MANY>(w) }
    }

    #[inline(always)]
    fn add_scaled(self, c: f64, y: &mut [f64]) {
        for (column, value) in self.columns.iter().zip(self.values) {
            let y = &mut y[*column as usize];
            *y = c.mul_add(*value, *y);
        }
    }
}

impl SparseRow<'_> {
    #[inline(always)]
    fn dot_in_parts<const N: usize>(self, w: &[f64]) -> f64 {
        let mut partial = [0.0f64; N];
        for (column, value) in self.columns.iter().zip(self.values) {
            let lane = &mut partial[*column as usize % N];
            *lane = value.mul_add(w[*column as usize], *lane);
        }
        halves(partial)
    }
}

/// Where a pass finds its rows. Methods, not closures: these are inlined.
pub(super) trait RowSource: Copy {
    type Row: Row;
    fn row(self, i: usize) -> Self::Row;
}

impl<'a> RowSource for &'a DenseRows {
    type Row = &'a [f64];
    #[inline(always)]
    fn row(self, i: usize) -> Self::Row {
        DenseRows::row(self, i)
    }
}

/// Rows without their zeros, with the length of a row.
#[derive(Clone, Copy)]
pub(super) struct SparseRows<'a>(pub(super) &'a SparseMatrix, pub(super) usize);

impl<'a> RowSource for SparseRows<'a> {
    type Row = SparseRow<'a>;
    #[inline(always)]
    fn row(self, i: usize) -> Self::Row {
        let (columns, values) = self.0.row(i);
        SparseRow { columns, values, length: self.1 }
    }
}

/// Which rows a pass takes, in order.
pub(super) trait Order: Copy {
    fn index(self, i: usize) -> usize;
}

/// One after the other from this one on.
#[derive(Clone, Copy)]
pub(super) struct From(pub(super) usize);

impl Order for From {
    #[inline(always)]
    fn index(self, i: usize) -> usize {
        self.0 + i
    }
}

/// As they are listed.
impl Order for &[usize] {
    #[inline(always)]
    fn index(self, i: usize) -> usize {
        self[i]
    }
}

/// Calls a pass with the rows as they are stored.
macro_rules! with_rows {
    ($rows:expr, $source:ident => $pass:expr) => {
        match &$rows.storage {
            Storage::Dense($source) => $pass,
            Storage::Sparse(entries) => {
                let $source = SparseRows(entries, $rows.stride);
                $pass
            }
        }
    };
}
pub(super) use with_rows;
