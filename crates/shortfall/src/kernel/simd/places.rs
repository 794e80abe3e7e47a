//! Where the rows of a panel are.

use super::{PARTS, ROWS};

/// Rows of one length, a multiple of 8.
pub(in super::super) trait Places: Copy {
    fn count(self) -> usize;
    /// Their length, if there are any.
    fn stride(self) -> usize;
    fn row<'r>(self, r: usize) -> &'r [f64]
    where
        Self: 'r;
    /// Where a row begins, if it is there.
    fn place(self, r: usize) -> *const f64;
    /// Where each of so many rows begins, in order, from one of them on; the last may be fewer.
    fn places(self, from: usize, most: usize) -> impl Iterator<Item = *const f64>;
    /// What follows the last in memory, as far as it goes, if that is far from the processor: the rows of the next panel are asked for
    /// meanwhile.
    fn next<'r>(self) -> &'r [f64]
    where
        Self: 'r;
}

/// Rows that follow each other.
#[derive(Default)]
pub(in super::super) struct Run<'a> {
    entries: &'a [f64],
    stride: usize,
    count: usize,
    next: &'a [f64],
}

impl<'a> Run<'a> {
    /// Rows of `stride` entries, a multiple of 8; `next` is what follows if it is far, else empty.
    #[inline(always)]
    pub(in super::super) fn new(entries: &'a [f64], stride: usize, count: usize, next: &'a [f64]) -> Self {
        assert!(entries.len() == count * stride && stride > 0 && stride.is_multiple_of(PARTS));
        Self { entries, stride, count, next }
    }

    /// As many rows as that, or as are left, from one of them on.
    #[inline(always)]
    pub(in super::super) fn part(&self, from: usize, most: usize) -> Self {
        let count = most.min(self.count - from);
        let (entries, rest) = self.entries[from * self.stride..].split_at(count * self.stride);
        let next = if self.next.is_empty() || rest.is_empty() { self.next } else { rest };
        Self { entries, stride: self.stride, count, next }
    }
}

// For a reference: a run that was just written word by word would be copied by two words at a time, which the processor can read only
// after all of them have left its store buffer.
impl Places for &Run<'_> {
    #[inline(always)]
    fn count(self) -> usize {
        self.count
    }
    #[inline(always)]
    fn stride(self) -> usize {
        self.stride
    }
    #[inline(always)]
    fn row<'r>(self, r: usize) -> &'r [f64]
    where
        Self: 'r,
    {
        &self.entries[r * self.stride..][..self.stride]
    }
    #[inline(always)]
    fn place(self, r: usize) -> *const f64 {
        self.entries.as_ptr().wrapping_add(r * self.stride)
    }
    #[inline(always)]
    fn places(self, from: usize, most: usize) -> impl Iterator<Item = *const f64> {
        let (first, stride) = (self.place(from), self.stride);
        (0..most.min(self.count - from)).map(move |r| first.wrapping_add(r * stride))
    }
    #[inline(always)]
    fn next<'r>(self) -> &'r [f64]
    where
        Self: 'r,
    {
        self.next
    }
}

impl Places for &[&[f64]] {
    #[inline(always)]
    fn count(self) -> usize {
        self.len()
    }
    #[inline(always)]
    fn stride(self) -> usize {
        self[0].len()
    }
    #[inline(always)]
    fn row<'r>(self, r: usize) -> &'r [f64]
    where
        Self: 'r,
    {
        self[r]
    }
    #[inline(always)]
    fn place(self, r: usize) -> *const f64 {
        self[r].as_ptr()
    }
    #[inline(always)]
    fn places(self, from: usize, most: usize) -> impl Iterator<Item = *const f64> {
        self[from..].iter().take(most).map(|row| row.as_ptr())
    }
    #[inline(always)]
    fn next<'r>(self) -> &'r [f64]
    where
        Self: 'r,
    {
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
    /// Takes these rows.
    #[inline(always)]
    pub(in super::super) fn set_run(&mut self, run: Run<'a>) {
        assert!(run.count <= ROWS);
        (self.count, self.run) = (0, run);
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

    pub(super) fn run(&self) -> Option<&Run<'a>> {
        (self.count == 0).then_some(&self.run)
    }
}
