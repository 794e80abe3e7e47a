//! Matrices of which only what is not zero is stored.

/// Rows one after the other, each as its columns, increasing, and their values (CSR).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SparseMatrix {
    /// Where each row begins in the two lists; one number more than rows.
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f64>,
}

impl SparseMatrix {
    /// Without rows.
    pub fn new() -> Self {
        Self { starts: vec![0], columns: Vec::new(), values: Vec::new() }
    }

    /// Adds an entry to the row that is being written; columns must increase within a row.
    pub fn push(&mut self, column: u32, value: f64) {
        debug_assert!(self.columns[self.starts[self.count()]..].last().is_none_or(|last| *last < column));
        self.columns.push(column);
        self.values.push(value);
    }

    /// Ends the row that is being written.
    pub fn end_row(&mut self) {
        self.starts.push(self.columns.len());
    }

    /// Number of rows that have ended.
    pub fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// Number of entries stored.
    pub fn stored(&self) -> usize {
        self.values.len()
    }

    /// A row: columns and values.
    #[inline(always)]
    pub fn row(&self, i: usize) -> (&[u32], &[f64]) {
        let range = self.starts[i]..self.starts[i + 1];
        (&self.columns[range.clone()], &self.values[range])
    }

    /// All entries, column and value, to be changed in place.
    pub fn entries_mut(&mut self) -> impl Iterator<Item = (u32, &mut f64)> {
        self.columns.iter().copied().zip(&mut self.values)
    }

    /// All entries, column and value, row after row.
    pub fn entries(&self) -> impl Iterator<Item = (u32, f64)> {
        self.columns.iter().copied().zip(self.values.iter().copied())
    }

    /// Changes the number of every column by one map that keeps their order.
    pub fn renumber(&mut self, map: impl Fn(u32) -> u32) {
        self.columns.iter_mut().for_each(|column| *column = map(*column));
    }

    /// Adds an entry at the end of every row, in place.
    pub fn append_column(&mut self, column: u32, value: f64) {
        let (count, stored) = (self.count(), self.stored());
        self.columns.reserve_exact(count);
        self.values.reserve_exact(count);
        self.columns.resize(stored + count, column);
        self.values.resize(stored + count, value);
        for i in (0..count).rev() {
            let (from, to) = (self.starts[i], self.starts[i + 1]);
            self.columns.copy_within(from..to, from + i);
            self.values.copy_within(from..to, from + i);
            (self.columns[to + i], self.values[to + i]) = (column, value);
            self.starts[i + 1] = to + i + 1;
        }
    }

    /// Stores the zeros of some columns, given in increasing order, too.
    pub fn fill(&mut self, columns: &[u32]) {
        let mut filled = Self::new();
        for i in 0..self.count() {
            let (present, values) = self.row(i);
            let mut missing =
                columns.iter().copied().filter(|column| present.binary_search(column).is_err()).peekable();
            for (column, value) in present.iter().zip(values) {
                while let Some(zero) = missing.next_if(|zero| zero < column) {
                    filled.push(zero, 0.0);
                }
                filled.push(*column, *value);
            }
            missing.for_each(|zero| filled.push(zero, 0.0));
            filled.end_row();
        }
        *self = filled;
    }

    /// With its zeros, row-major, `width` columns.
    pub fn to_dense(&self, width: usize) -> Vec<f64> {
        let mut dense = vec![0.0; self.count() * width];
        for i in 0..self.count() {
            let (columns, values) = self.row(i);
            for (column, value) in columns.iter().zip(values) {
                dense[i * width + *column as usize] = *value;
            }
        }
        dense
    }
}
