//! Rows that are read from where they are stored, a few at a time, whenever a pass needs them.

use super::panel::STRIP;
use super::rows::{RowSource, Which};
use super::simd::{self, SomeRows};
use super::{LANES, tree};
use crate::source::{Budget, StoredRows};
use crate::spare::Spare;
use std::sync::Arc;

/// What becomes of a column: `(x/largest - mean)/deviation`, or 0 if it is constant.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Scale {
    largest: f64,
    mean: f64,
    deviation: f64,
}

/// Rows as the kernels take them, each padded with zeros to `stride`; nothing of them is kept but a few blocks for each thread.
#[derive(Debug)]
pub(crate) struct StoredDense {
    source: Arc<dyn StoredRows>,
    columns: usize,
    stride: usize,
    /// Whether a 1 follows each row.
    ones: bool,
    scales: Option<Vec<Scale>>,
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
                let first = i / LANES * LANES;
                self.load_from(first, LANES.min(self.count() - first), block);
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
            match &self.scales {
                None => numbers.copy_from_slice(raw),
                Some(scales) => scale(raw, scales, numbers),
            }
            padding.fill(0.0);
            if self.ones {
                padding[0] = 1.0;
            }
        }
    }
}

fn scale(raw: &[f64], scales: &[Scale], numbers: &mut [f64]) {
    for ((number, x), scale) in numbers.iter_mut().zip(raw).zip(scales) {
        // A deviation of 0 says that the column is constant.
        *number = if scale.deviation == 0.0 { 0.0 } else { (x / scale.largest - scale.mean) / scale.deviation };
    }
}

/// Rows that are read at once before a run.
const CHUNK: usize = 1 << 20;

/// `None` if the user stopped it.
fn scales(columns: usize, source: &dyn StoredRows, budget: &dyn Budget) -> Option<Vec<Scale>> {
    let rows = source.count();
    let mut chunk = Vec::new();
    let mut pass = |number: f64, see: &mut dyn FnMut(usize, &[f64])| {
        let step = (CHUNK / columns.max(1)).max(1);
        for first in (0..rows).step_by(step) {
            chunk.resize(step.min(rows - first) * columns, 0.0);
            source.read(first, &mut chunk);
            chunk.chunks_exact(columns).zip(first..).for_each(|(row, i)| see(i, row));
            if budget.is_interrupted("standardising", Some((number + first as f64 / rows as f64) / 3.0)) {
                return None;
            }
        }
        Some(())
    };
    let n = rows as f64;
    let mut firsts = vec![0.0; columns];
    let mut differs = vec![false; columns];
    let mut scales = vec![Scale { largest: 0.0, mean: 0.0, deviation: 0.0 }; columns];
    pass(0.0, &mut |i, row| {
        if i == 0 {
            firsts.copy_from_slice(row);
        }
        for (((scale, differs), first), x) in scales.iter_mut().zip(&mut differs).zip(&firsts).zip(row) {
            scale.largest = scale.largest.max(x.abs());
            *differs |= x != first;
        }
    })?;
    // Sums as `sum` and `dot` take them of a column, by index modulo 32.
    let mut partial = vec![[0.0; LANES]; columns];
    pass(1.0, &mut |i, row| {
        for ((partial, x), scale) in partial.iter_mut().zip(row).zip(&scales) {
            partial[i % LANES] += x / scale.largest;
        }
    })?;
    scales.iter_mut().zip(&mut partial).for_each(|(scale, partial)| {
        scale.mean = tree(std::mem::replace(partial, [0.0; LANES])) / n;
    });
    pass(2.0, &mut |i, row| {
        for ((partial, x), scale) in partial.iter_mut().zip(row).zip(&scales) {
            let x = x / scale.largest - scale.mean;
            partial[i % LANES] = x.mul_add(x, partial[i % LANES]);
        }
    })?;
    for ((scale, partial), differs) in scales.iter_mut().zip(partial).zip(differs) {
        scale.deviation = if differs { (tree(partial) / n).sqrt() } else { 0.0 };
    }
    Some(scales)
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
        some.set_run(&block.entries[..block.count * self.stride], self.stride, block.count, &[]);
        some
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::{Rows, logistic_batch, logistic_block};
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
