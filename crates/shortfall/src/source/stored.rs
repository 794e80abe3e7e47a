//! Rows that stay where they are, in a file larger than the memory.

use std::fmt;

/// Rows of numbers that are read again whenever they are needed.
pub trait StoredRows: fmt::Debug + Send + Sync {
    /// How many there are.
    fn count(&self) -> usize;

    /// Writes consecutive rows from `from` on, so many as fit, one after the other: the same numbers every time. Where they cannot
    /// be read any more, NaN: then nothing found out about them counts, and whoever made the rows says why.
    fn read(&self, from: usize, rows: &mut [f64]);
}

/// The same if they are one.
impl PartialEq for dyn StoredRows {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::addr_eq(self, other)
    }
}
