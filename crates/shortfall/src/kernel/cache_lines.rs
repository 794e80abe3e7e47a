//! Numbers that begin at a cache line.

use std::ops::{Deref, DerefMut};

/// Numbers in a cache line.
pub(crate) const CACHE_LINE: usize = 8;

/// At a cache line, on the stack.
#[repr(align(64))]
pub(super) struct Aligned<T>(pub(super) T);

/// Cache lines of eight numbers: no eight of them that are loaded together lie across two.
#[derive(Debug, Default)]
pub struct CacheLines {
    numbers: Vec<f64>,
    lead: usize,
}

impl CacheLines {
    /// Makes room for so many lines; what is in them is not said.
    pub fn resize(&mut self, lines: usize) {
        if self.len() != lines {
            self.numbers.resize(lines * CACHE_LINE + CACHE_LINE - 1, 0.0);
            self.lead = before_cache_line(&self.numbers);
        }
    }

    /// So many lines of zeros.
    pub fn reset(&mut self, lines: usize) {
        self.resize(lines);
        self.fill([0.0; CACHE_LINE]);
    }
}

impl Clone for CacheLines {
    fn clone(&self) -> Self {
        let mut lines = Self::default();
        lines.resize(self.len());
        lines.copy_from_slice(self);
        lines
    }
}

impl Deref for CacheLines {
    type Target = [[f64; CACHE_LINE]];

    fn deref(&self) -> &Self::Target {
        self.numbers[self.lead..].as_chunks().0
    }
}

impl DerefMut for CacheLines {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.numbers[self.lead..].as_chunks_mut().0
    }
}

/// How many numbers there are room for before the first that begins a cache line: from there on no eight, and no four, lie across two.
pub(crate) fn before_cache_line(numbers: &[f64]) -> usize {
    numbers.as_ptr().align_offset(CACHE_LINE * size_of::<f64>()).min(CACHE_LINE - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_lines_from_a_multiple_of_their_size() {
        let mut lines = CacheLines::default();
        assert!(lines.is_empty());
        for count in [0, 1, 5, 1000, 3, 0, 70_000, 2] {
            lines.resize(count);
            assert_eq!((lines.len(), lines.as_ptr().addr() % 64 * usize::from(count > 0)), (count, 0));
            lines.iter_mut().for_each(|line| *line = [1.0; CACHE_LINE]);
            let other = lines.clone();
            assert!(other.iter().eq(lines.iter()) && (count == 0 || other.as_ptr().addr() % 64 == 0));
            lines.reset(count);
            assert!(lines.as_flattened().iter().all(|x| *x == 0.0));
        }
    }
}
