//! Where the rows of a panel are.

use super::{PARTS, ROWS};

/// Rows of one length, a multiple of 8.
pub(super) trait Places<'a>: Copy {
    fn count(self) -> usize;
    /// Their length, if there are any.
    fn stride(self) -> usize;
    fn row(self, r: usize) -> &'a [f64];
    /// Where a row begins, if it is there.
    fn place(self, r: usize) -> *const f64;
    /// Where all begin, in order.
    fn places(self) -> impl Iterator<Item = *const f64>;
    /// Some of them, from one on; fewer where they end.
    fn some(self, from: usize, most: usize) -> Self;
    /// What follows the last in memory, as far as it goes, if that is far from the processor: AVX2 asks for the rows of the next panel
    /// meanwhile.
    fn next(self) -> &'a [f64];
}

/// Rows that follow each other.
#[derive(Clone, Copy, Default)]
pub(super) struct Run<'a> {
    entries: &'a [f64],
    stride: usize,
    count: usize,
    next: &'a [f64],
}

#[cfg(test)]
impl<'a> Run<'a> {
    pub(super) fn new(entries: &'a [f64], stride: usize, next: &'a [f64]) -> Self {
        Self { entries, stride, count: entries.len() / stride, next }
    }
}

impl<'a> Places<'a> for Run<'a> {
    #[inline(always)]
    fn count(self) -> usize {
        self.count
    }
    #[inline(always)]
    fn stride(self) -> usize {
        self.stride
    }
    #[inline(always)]
    fn row(self, r: usize) -> &'a [f64] {
        &self.entries[r * self.stride..][..self.stride]
    }
    #[inline(always)]
    fn place(self, r: usize) -> *const f64 {
        self.entries.as_ptr().wrapping_add(r * self.stride)
    }
    #[inline(always)]
    fn places(self) -> impl Iterator<Item = *const f64> {
        (0..self.count).map(move |r| self.place(r))
    }
    #[inline(always)]
    fn some(self, from: usize, most: usize) -> Self {
        let count = most.min(self.count - from);
        Self { entries: &self.entries[from * self.stride..][..count * self.stride], count, ..self }
    }
    #[inline(always)]
    fn next(self) -> &'a [f64] {
        self.next
    }
}

impl<'a> Places<'a> for &[&'a [f64]] {
    #[inline(always)]
    fn count(self) -> usize {
        self.len()
    }
    #[inline(always)]
    fn stride(self) -> usize {
        self[0].len()
    }
    #[inline(always)]
    fn row(self, r: usize) -> &'a [f64] {
        self[r]
    }
    #[inline(always)]
    fn place(self, r: usize) -> *const f64 {
        self[r].as_ptr()
    }
    #[inline(always)]
    fn places(self) -> impl Iterator<Item = *const f64> {
        self.iter().map(|row| row.as_ptr())
    }
    #[inline(always)]
    fn some(self, from: usize, most: usize) -> Self {
        &self[from..][..most.min(self.len() - from)]
    }
    #[inline(always)]
    fn next(self) -> &'a [f64] {
        &[]
    }
}

/// Up to [`ROWS`] rows of one length, a multiple of 8.
pub(in super::super) struct SomeRows<'a> {
    run: Run<'a>,
    listed: [&'a [f64]; ROWS],
    /// How many are listed; none if they follow each other.
    count: usize,
}

impl Default for SomeRows<'_> {
    fn default() -> Self {
        Self { run: Run::default(), listed: [&[]; ROWS], count: 0 }
    }
}

impl<'a> SomeRows<'a> {
    /// Takes the rows of `stride` entries that these are, `next` being what follows if it is far, else empty.
    #[inline(always)]
    pub(in super::super) fn set_run(&mut self, entries: &'a [f64], stride: usize, count: usize, next: &'a [f64]) {
        assert!(count <= ROWS && entries.len() == count * stride && stride > 0 && stride.is_multiple_of(PARTS));
        self.count = 0;
        self.run = Run { entries, stride, count, next };
    }

    /// Takes these rows.
    #[inline(always)]
    pub(in super::super) fn set(&mut self, rows: impl ExactSizeIterator<Item = &'a [f64]>) {
        assert!(rows.len() <= ROWS);
        let (mut stride, mut count) = (None, 0);
        for (slot, row) in self.listed.iter_mut().zip(rows) {
            let stride = *stride.get_or_insert(row.len());
            assert!(row.len() == stride && stride > 0 && stride.is_multiple_of(PARTS));
            *slot = row;
            count += 1;
        }
        (self.count, self.run) = (count, Run::default());
    }

    pub(super) fn listed(&self) -> &[&'a [f64]] {
        &self.listed[..self.count]
    }

    pub(super) fn run(&self) -> Option<Run<'a>> {
        (self.count == 0).then_some(self.run)
    }
}
