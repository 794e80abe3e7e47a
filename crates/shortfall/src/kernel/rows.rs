//! Rows of a matrix, stored with their zeros or without.
//!
//! A product of a row with a vector keeps 8 partial sums by column. A zero adds nothing to a sum, so rows with and without their
//! zeros give the same bits.

use super::cache_lines::{CACHE_LINE, before_cache_line};
use super::panel::STRIP;
use super::simd::{self, PARTS, ROWS, Run, SomeRows};
use super::stored::StoredDense;
use super::tree;
use super::use_large_pages;
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
    Stored(StoredDense),
}

/// A matrix of more numbers (1 MB) does not stay near the processor from one pass to the next.
const FAR: usize = 1 << 17;

/// A matrix of at most so many (16 MB) comes from the third cache fast enough for the loop over short rows: measured on Zen 3 and 4,
/// with 32 MB. Of larger ones the memory is asked for more at a time.
const IN_THIRD_CACHE: usize = 1 << 21;

/// Rows with their zeros, row-major, each padded with zeros to `stride`, a multiple of 8.
#[derive(Debug)]
pub struct DenseRows {
    stride: usize,
    /// What is beyond them is zeros.
    columns: usize,
    /// Where the first row begins: at a cache line, so that no eight entries lie across two.
    lead: usize,
    entries: Vec<f64>,
}

impl DenseRows {
    /// From `columns` entries a row, row-major, each row to be followed by a 1 if `ones`. In place: large tables are
    /// not copied.
    pub fn new(columns: usize, mut entries: Vec<f64>, ones: bool) -> Self {
        let rows = entries.len() / columns.max(1);
        let stride = (columns + usize::from(ones)).next_multiple_of(8);
        entries.truncate(rows * columns);
        entries.reserve_exact(rows * (stride - columns) + CACHE_LINE - 1);
        let lead = before_cache_line(&entries);
        entries.resize(lead + rows * stride, 0.0);
        for i in (0..rows).rev() {
            let start = lead + i * stride;
            entries.copy_within(i * columns..(i + 1) * columns, start);
            let padding = &mut entries[start + columns..start + stride];
            padding.fill(0.0);
            if ones {
                padding[0] = 1.0;
            }
        }
        use_large_pages(&mut entries);
        Self { stride, columns: columns + usize::from(ones), lead, entries }
    }

    /// Length of a row.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Columns that are not all zeros for the sake of the length.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Number of rows.
    pub fn count(&self) -> usize {
        self.stored() / self.stride
    }

    fn stored(&self) -> usize {
        self.entries.len() - self.lead
    }

    /// Whether a cache has room for them.
    pub(super) fn are_in_third_cache(&self) -> bool {
        self.stored() <= IN_THIRD_CACHE
    }

    /// The entries of the rows from one to another.
    #[inline(always)]
    pub(super) fn between(&self, from: usize, to: usize) -> &[f64] {
        &self.entries[self.lead..][from * self.stride..to * self.stride]
    }

    /// So many rows from one of them on.
    #[inline(always)]
    pub(super) fn run(&self, from: usize, count: usize) -> Run<'_> {
        let (rows, rest) = self.entries[self.lead + from * self.stride..].split_at(count * self.stride);
        Run::new(rows, self.stride, count, if self.entries.len() > FAR { rest } else { &[] })
    }

    /// A row.
    #[inline(always)]
    pub fn row(&self, i: usize) -> &[f64] {
        &self.entries[self.lead + i * self.stride..][..self.stride]
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

    /// Rows that stay where they are.
    pub(crate) fn stored(rows: StoredDense) -> Self {
        Self { stride: rows.stride(), storage: Storage::Stored(rows) }
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
            Storage::Stored(rows) => rows.count(),
        }
    }

    /// Number of entries that a pass goes over.
    pub fn entries(&self) -> usize {
        match &self.storage {
            Storage::Dense(rows) => rows.stored(),
            Storage::Sparse(entries) => entries.stored(),
            Storage::Stored(rows) => rows.count() * rows.stride(),
        }
    }

    /// Whether they are in memory.
    pub fn are_held(&self) -> bool {
        !matches!(self.storage, Storage::Stored(_))
    }

    /// The rows, if they are held with their zeros.
    pub fn as_dense(&self) -> Option<&DenseRows> {
        match &self.storage {
            Storage::Dense(rows) => Some(rows),
            Storage::Sparse(_) | Storage::Stored(_) => None,
        }
    }

    /// `x_i'w`, w of length stride.
    pub fn dot(&self, i: usize, w: &[f64]) -> f64 {
        let product = |row: &[f64]| {
            let (mut some, mut product) = (SomeRows::default(), [[0.0; STRIP]]);
            some.set(std::iter::once(row));
            simd::products(&some, w, &mut product);
            product[0][0]
        };
        match &self.storage {
            Storage::Dense(rows) => product(rows.row(i)),
            Storage::Stored(rows) => rows.with_row(i, product),
            Storage::Sparse(entries) => SparseRows(entries, self.stride).product(i, w),
        }
    }

    /// `|x_i|^2`
    pub fn square(&self, i: usize) -> f64 {
        let square = |row: &[f64]| super::dot(row, row);
        match &self.storage {
            Storage::Dense(rows) => square(rows.row(i)),
            Storage::Stored(rows) => rows.with_row(i, square),
            Storage::Sparse(entries) => square(entries.row(i).1),
        }
    }

    /// Adds the squares of a row's entries to `y`, of length stride.
    pub fn add_squares(&self, i: usize, y: &mut [f64]) {
        self.each(i, |j, x| y[j] += x * x);
    }

    /// `sum_j |x_ij| w_j`
    pub fn dot_absolute(&self, i: usize, w: &[f64]) -> f64 {
        let mut sum = 0.0;
        self.each(i, |j, x| sum += x.abs() * w[j]);
        sum
    }

    /// `y_j += c |x_ij|`, y of length stride.
    pub fn add_absolute(&self, i: usize, c: f64, y: &mut [f64]) {
        self.each(i, |j, x| y[j] += c * x.abs());
    }

    /// `y += c x_i`, y of length stride.
    pub fn add_scaled(&self, i: usize, c: f64, y: &mut [f64]) {
        match &self.storage {
            Storage::Dense(rows) => super::add_scaled(c, rows.row(i), y),
            Storage::Stored(rows) => rows.with_row(i, |row| super::add_scaled(c, row, y)),
            Storage::Sparse(entries) => SparseRows(entries, self.stride).add_row(i, c, y),
        }
    }

    /// The entries of a row with their columns; zeros may be passed over.
    #[inline]
    fn each(&self, i: usize, mut see: impl FnMut(usize, f64)) {
        let mut all = |row: &[f64]| row.iter().enumerate().for_each(|(j, x)| see(j, *x));
        match &self.storage {
            Storage::Dense(rows) => all(rows.row(i)),
            Storage::Stored(rows) => rows.with_row(i, all),
            Storage::Sparse(entries) => {
                let (columns, values) = entries.row(i);
                columns.iter().zip(values).for_each(|(column, x)| see(*column as usize, *x));
            }
        }
    }
}

/// Rows that a pass goes over, in its order.
#[derive(Clone, Copy)]
pub(super) enum Which<'a> {
    /// They follow each other.
    Run {
        from: usize,
        count: usize,
    },
    Listed(&'a [usize]),
}

impl Which<'_> {
    #[inline(always)]
    pub(super) fn count(self) -> usize {
        match self {
            Self::Run { count, .. } => count,
            Self::Listed(rows) => rows.len(),
        }
    }

    /// Up to so many of them, from the one with this place on.
    #[inline(always)]
    pub(super) fn some(self, place: usize, most: usize) -> Self {
        let some = most.min(self.count() - place);
        match self {
            Self::Run { from, .. } => Self::Run { from: from + place, count: some },
            Self::Listed(rows) => Self::Listed(&rows[place..place + some]),
        }
    }

    /// Writes what belongs to each of them.
    #[inline(always)]
    pub(super) fn gather<T: Copy>(self, all: &[T], own: &mut [T]) {
        match self {
            Self::Run { from, count } => own[..count].copy_from_slice(&all[from..from + count]),
            Self::Listed(rows) => own.iter_mut().zip(rows).for_each(|(own, i)| *own = all[*i]),
        }
    }

    /// Calls `see` with what belongs to each of up to 64 of them, strip after strip; `missing` stands for rows that the last lacks.
    #[inline(always)]
    pub(super) fn with_strips(self, all: &[f64], missing: f64, see: impl FnOnce(&[[f64; STRIP]])) {
        let mut own;
        see(match self {
            // Not of a copy, which would be read before it has left the store buffer.
            Self::Run { from, count } if count.is_multiple_of(STRIP) => all[from..from + count].as_chunks().0,
            _ => {
                own = [[missing; STRIP]; ROWS / STRIP];
                self.gather(all, own.as_flattened_mut());
                &own[..simd::strips(self.count())]
            }
        });
    }

    #[inline(always)]
    fn for_each(self, see: impl FnMut(usize)) {
        match self {
            Self::Run { from, count } => (from..from + count).for_each(see),
            Self::Listed(rows) => rows.iter().copied().for_each(see),
        }
    }
}

/// Where a pass finds its rows.
pub(super) trait RowSource: Copy {
    /// Up to 64 rows.
    type Taken: Default;

    fn take(self, which: Which, taken: &mut Self::Taken);

    /// As [`simd::products`], of these rows.
    fn products(self, rows: &Self::Taken, w: &[f64], out: &mut [[f64; STRIP]]);

    /// As [`simd::add_rows`], of these rows.
    fn add(self, rows: &Self::Taken, c: &[[f64; STRIP]], y: &mut [f64]);
}

impl<'a> RowSource for &'a DenseRows {
    type Taken = SomeRows<'a>;

    #[inline(always)]
    fn take(self, which: Which, taken: &mut SomeRows<'a>) {
        match which {
            Which::Run { from, count } => {
                taken.set_run(self.run(from, count));
            }
            Which::Listed(rows) => taken.set(rows.iter().map(|i| self.row(*i))),
        }
    }

    #[inline(always)]
    fn products(self, rows: &SomeRows, w: &[f64], out: &mut [[f64; STRIP]]) {
        simd::products(rows, w, out);
    }

    #[inline(always)]
    fn add(self, rows: &SomeRows, c: &[[f64; STRIP]], y: &mut [f64]) {
        simd::add_rows(c, rows, y);
    }
}

/// Rows without their zeros, with the length of a row.
#[derive(Clone, Copy)]
pub(super) struct SparseRows<'a>(pub(super) &'a SparseMatrix, pub(super) usize);

impl SparseRows<'_> {
    fn product(self, i: usize, w: &[f64]) -> f64 {
        let mut partial = [0.0f64; PARTS];
        let (columns, values) = self.0.row(i);
        for (column, value) in columns.iter().zip(values) {
            let lane = &mut partial[*column as usize % PARTS];
            *lane = value.mul_add(w[*column as usize], *lane);
        }
        tree(partial)
    }

    fn add_row(self, i: usize, c: f64, y: &mut [f64]) {
        let (columns, values) = self.0.row(i);
        for (column, value) in columns.iter().zip(values) {
            let y = &mut y[*column as usize];
            *y = c.mul_add(*value, *y);
        }
    }
}

impl RowSource for SparseRows<'_> {
    type Taken = Vec<usize>;

    #[inline(always)]
    fn take(self, which: Which, taken: &mut Vec<usize>) {
        taken.clear();
        which.for_each(|i| taken.push(i));
    }

    #[inline(always)]
    fn products(self, indices: &Vec<usize>, w: &[f64], out: &mut [[f64; STRIP]]) {
        let vectors = w.len() / self.1;
        for (r, i) in indices.iter().enumerate() {
            let strip = &mut out[r / STRIP * vectors..][..vectors];
            strip.iter_mut().zip(w.chunks_exact(self.1)).for_each(|(out, w)| out[r % STRIP] = self.product(*i, w));
        }
    }

    #[inline(always)]
    fn add(self, indices: &Vec<usize>, c: &[[f64; STRIP]], y: &mut [f64]) {
        let vectors = y.len() / self.1;
        for (r, i) in indices.iter().enumerate() {
            let strip = &c[r / STRIP * vectors..][..vectors];
            y.chunks_exact_mut(self.1).zip(strip).for_each(|(y, c)| self.add_row(*i, c[r % STRIP], y));
        }
    }
}

/// Calls a pass with the rows as they are stored.
macro_rules! with_rows {
    ($rows:expr, $source:ident => $pass:expr) => {
        match &$rows.storage {
            Storage::Dense($source) => $pass,
            Storage::Stored($source) => $pass,
            Storage::Sparse(entries) => {
                let $source = SparseRows(entries, $rows.stride);
                $pass
            }
        }
    };
}
pub(super) use with_rows;
