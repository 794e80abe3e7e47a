//! Rows that are read from where they are stored, a few at a time, whenever a pass needs them.

use super::PARTIAL_SUMS;
use super::panel::STRIP;
use super::rows::{RowSource, Which};
use super::scales::Scales;
use super::simd::{self, Run, SomeRows};
use crate::source::{Budget, StoredRows};
use crate::spare::Spare;
use std::sync::Arc;

/// Rows as the kernels take them, each padded with zeros to `stride`; nothing of them is kept but a few blocks for each thread.
#[derive(Debug)]
pub(crate) struct StoredDense {
    source: Arc<dyn StoredRows>,
    columns: usize,
    stride: usize,
    /// Whether a 1 follows each row.
    ones: bool,
    scales: Option<Scales>,
    blocks: Spare<Block>,
}

/// Rows that were read last.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// As they are stored.
    raw: Vec<f64>,
    entries: Vec<f64>,
    count: usize,
    /// The first, if they follow each other.
    first: usize,
}

impl StoredDense {
    /// Of `columns` entries a row. Columns are brought to mean 0 and variance 1 if `standardize`, to the bits that
    /// standardising them in memory gives; `None` if that was stopped.
    pub(crate) fn new(
        columns: usize,
        source: Arc<dyn StoredRows>,
        standardize: bool,
        ones: bool,
        budget: &dyn Budget,
    ) -> Option<Self> {
        let scales = if standardize { Some(scales(columns, source.as_ref(), budget)?) } else { None };
        let stride = (columns + usize::from(ones)).next_multiple_of(STRIP);
        Some(Self { source, columns, stride, ones, scales, blocks: Spare::default() })
    }

    pub(super) fn count(&self) -> usize {
        self.source.count()
    }

    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    /// A row.
    pub(super) fn with_row<R>(&self, i: usize, work: impl FnOnce(&[f64]) -> R) -> R {
        self.blocks.with(Block::default, |block| {
            if !(block.first..block.first + block.count).contains(&i) {
                let first = i / PARTIAL_SUMS * PARTIAL_SUMS;
                self.load_from(first, PARTIAL_SUMS.min(self.count() - first), block);
            }
            work(&block.entries[(i - block.first) * self.stride..][..self.stride])
        })
    }

    fn load_from(&self, first: usize, count: usize, block: &mut Block) {
        block.entries.resize(count * self.stride, 0.0);
        (block.first, block.count) = (first, count);
        self.write(first, &mut block.raw, &mut block.entries);
    }

    /// Reads consecutive rows.
    fn write(&self, first: usize, raw: &mut Vec<f64>, entries: &mut [f64]) {
        raw.resize(entries.len() / self.stride * self.columns, 0.0);
        self.source.read(first, raw);
        for (row, raw) in entries.chunks_exact_mut(self.stride).zip(raw.chunks_exact(self.columns)) {
            let (numbers, padding) = row.split_at_mut(self.columns);
            numbers.copy_from_slice(raw);
            if let Some(scales) = &self.scales {
                scales.apply(numbers);
            }
            padding.fill(0.0);
            if self.ones {
                padding[0] = 1.0;
            }
        }
    }
}

/// Numbers that are read at once before a run.
const CHUNK: usize = 1 << 20;

/// `None` if the user stopped it.
fn scales(columns: usize, source: &dyn StoredRows, budget: &dyn Budget) -> Option<Scales> {
    let (rows, mut chunk) = (source.count(), Vec::new());
    let step = (CHUNK / columns.max(1)).max(1);
    Scales::of(columns, rows, |number, see| {
        for first in (0..rows).step_by(step) {
            chunk.resize(step.min(rows - first) * columns, 0.0);
            source.read(first, &mut chunk);
            chunk.chunks_exact(columns).for_each(&mut *see);
            let done = (number as f64 + first as f64 / rows as f64) / 3.0;
            if budget.is_interrupted("standardising", Some(done)) {
                return None;
            }
        }
        Some(())
    })
}

impl RowSource for &StoredDense {
    type Taken = Block;

    fn take(self, which: Which, taken: &mut Block) {
        taken.count = which.count();
        taken.entries.resize(which.count() * self.stride, 0.0);
        let indices = match which {
            Which::Run { from, .. } => return self.write(from, &mut taken.raw, &mut taken.entries),
            Which::Listed(indices) => indices,
        };
        // Runs of rows that follow each other are read at once.
        let mut begin = 0;
        for (end, i) in indices.iter().enumerate().map(|(k, i)| (k + 1, i)) {
            if indices.get(end) != Some(&(i + 1)) {
                let rows = &mut taken.entries[begin * self.stride..end * self.stride];
                self.write(indices[begin], &mut taken.raw, rows);
                begin = end;
            }
        }
    }

    fn products(self, rows: &Block, w: &[f64], out: &mut [[f64; STRIP]]) {
        simd::products(&self.some(rows), w, out);
    }

    fn add(self, rows: &Block, c: &[[f64; STRIP]], y: &mut [f64]) {
        simd::add_rows(c, &self.some(rows), y);
    }
}

impl StoredDense {
    fn some<'b>(&self, block: &'b Block) -> SomeRows<'b> {
        let mut some = SomeRows::default();
        some.set_run(Run::new(&block.entries[..block.count * self.stride], self.stride, block.count, &[]));
        some
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::linear::logistic_block;
    use super::super::{Rows, logistic_batch};
    use super::*;
    use crate::source::Unlimited;

    /// A table that pretends to be elsewhere.
    #[derive(Debug)]
    pub(crate) struct Elsewhere {
        pub(crate) columns: usize,
        pub(crate) entries: Vec<f64>,
    }

    impl StoredRows for Elsewhere {
        fn count(&self) -> usize {
            self.entries.len() / self.columns
        }

        fn read(&self, from: usize, rows: &mut [f64]) {
            rows.copy_from_slice(&self.entries[from * self.columns..][..rows.len()]);
        }
    }

    #[test]
    fn rows_that_are_read_give_the_bits_of_rows_that_are_held() {
        for (count, columns) in [(1, 1), (31, 3), (101, 8), (70, 15), (333, 40)] {
            let entries: Vec<f64> = (0..count * columns).map(|i| (i as f64 * 0.731).sin() * 3.0).collect();
            for ones in [false, true] {
                let held = Rows::dense(columns, entries.clone(), ones);
                let source = Arc::new(Elsewhere { columns, entries: entries.clone() });
                let read = StoredDense::new(columns, source, false, ones, &Unlimited).expect("never stopped");
                let read = Rows::stored(read);
                assert_eq!(
                    (held.stride(), held.count(), held.entries()),
                    (read.stride(), read.count(), read.entries())
                );
                let signs: Vec<f64> = (0..count).map(|i| if i % 3 == 0 { -1.0 } else { 1.0 }).collect();
                let w: Vec<f64> = (0..2 * held.stride()).map(|j| (j as f64 * 0.37).cos()).collect();
                let batch: Vec<usize> = (0..50).map(|k| (k * k + k / 7) % count).collect();
                let of = |rows: &Rows| {
                    let (mut gradient, mut loss) = (vec![0.0; w.len()], [0.0; 2]);
                    logistic_block(rows, &signs, [count / 3, count], &w, &mut gradient, &mut loss, true);
                    let one = rows.stride();
                    logistic_batch(rows, &signs, &batch, &w[..one], &mut gradient[..one]);
                    let i = count / 2;
                    rows.add_squares(i, &mut gradient[..one]);
                    rows.add_absolute(i, 0.5, &mut gradient[..one]);
                    rows.add_scaled(count - 1, -2.0, &mut gradient[..one]);
                    let numbers = [rows.dot(0, &w[..one]), rows.square(i), rows.dot_absolute(i, &w[..one])];
                    (gradient, loss, numbers)
                };
                assert_eq!(of(&held), of(&read), "{count} {columns} {ones}");
            }
        }
    }
}
