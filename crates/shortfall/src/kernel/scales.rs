//! Columns to mean 0 and population variance 1, constant ones to 0, in passes over the rows.

use super::{PARTIAL_SUMS, tree};
use multiversion::multiversion;

/// What becomes of the entries of each column: `(x/largest - mean)/deviation`, at the scale of the largest so that no finite table
/// overflows. A deviation of 0 says that the column is constant.
#[derive(Debug, PartialEq)]
pub(crate) struct Scales {
    largest: Vec<f64>,
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Scales {
    /// `pass(number, see)`, with the numbers 0, 1 and 2, calls `see` with all rows in order, of which there are `rows`; `None` ends it.
    /// Sums are [`sum`](super::sum) and [`dot`](super::dot) of columns, bit for bit.
    pub(crate) fn of(
        columns: usize,
        rows: usize,
        mut pass: impl FnMut(usize, &mut dyn FnMut(&[f64])) -> Option<()>,
    ) -> Option<Self> {
        let zeros = || vec![0.0; columns];
        let (mut firsts, mut differs) = (None, vec![false; columns]);
        let mut scales = Self { largest: zeros(), mean: zeros(), deviation: zeros() };
        pass(0, &mut |row| {
            let firsts = firsts.get_or_insert_with(|| row.to_vec());
            for (((largest, differs), first), x) in scales.largest.iter_mut().zip(&mut differs).zip(firsts).zip(row) {
                *largest = largest.max(x.abs());
                *differs |= *x != *first;
            }
        })?;
        let mut sums = Sums::new(columns, rows);
        pass(1, &mut |row| add_quotients(row, &scales.largest, sums.next()))?;
        sums.write_means(rows, &mut scales.mean);
        sums.clear();
        pass(2, &mut |row| add_squares(row, [&scales.largest, &scales.mean], sums.next()))?;
        sums.write_means(rows, &mut scales.deviation);
        for (deviation, differs) in scales.deviation.iter_mut().zip(differs) {
            *deviation = if differs { deviation.sqrt() } else { 0.0 };
        }
        Some(scales)
    }

    /// Scales a row in place.
    pub(crate) fn apply(&self, row: &mut [f64]) {
        scale(row, [&self.largest, &self.mean, &self.deviation]);
    }
}

/// Sums of every column over the rows 32 apart.
struct Sums {
    partial: Vec<f64>,
    columns: usize,
    rows: usize,
}

impl Sums {
    fn new(columns: usize, rows: usize) -> Self {
        Self { partial: vec![0.0; PARTIAL_SUMS.min(rows) * columns], columns, rows: 0 }
    }

    fn clear(&mut self) {
        self.partial.fill(0.0);
        self.rows = 0;
    }

    /// Those that the next row belongs to.
    fn next(&mut self) -> &mut [f64] {
        let lane = self.rows % PARTIAL_SUMS;
        self.rows += 1;
        &mut self.partial[lane * self.columns..][..self.columns]
    }

    fn write_means(&self, rows: usize, means: &mut [f64]) {
        for (j, mean) in means.iter_mut().enumerate() {
            let mut partial = [0.0; PARTIAL_SUMS];
            let there = self.partial.iter().skip(j).step_by(self.columns);
            partial.iter_mut().zip(there).for_each(|(partial, sum)| *partial = *sum);
            *mean = tree(partial) / rows as f64;
        }
    }
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn add_quotients(row: &[f64], largest: &[f64], sums: &mut [f64]) {
    for ((sum, x), largest) in sums.iter_mut().zip(row).zip(largest) {
        *sum += x / largest;
    }
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn add_squares(row: &[f64], [largest, mean]: [&[f64]; 2], sums: &mut [f64]) {
    for (((sum, x), largest), mean) in sums.iter_mut().zip(row).zip(largest).zip(mean) {
        let x = x / largest - mean;
        *sum = x.mul_add(x, *sum);
    }
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn scale(row: &mut [f64], [largest, mean, deviation]: [&[f64]; 3]) {
    for (((x, largest), mean), deviation) in row.iter_mut().zip(largest).zip(mean).zip(deviation) {
        let scaled = (*x / largest - mean) / deviation;
        *x = if *deviation == 0.0 { 0.0 } else { scaled };
    }
}

#[cfg(test)]
mod tests {
    use super::super::{dot, max_abs, sum};
    use super::*;

    /// Column after column.
    #[test]
    fn rows_are_scaled_as_columns_are() {
        for (rows, columns) in [(1, 1), (31, 2), (32, 5), (33, 9), (200, 17)] {
            let entry = |i: usize, j: usize| match j % 6 {
                0 => 7.0,
                4 => 0.0,
                5 => [0.0, -0.0][i % 2],
                1 => ((i * columns + j) as f64 * 0.731).sin() * 1e308,
                2 => 1e-300 * (i % 3) as f64,
                _ => 5.0 + (i as f64 * 1.3).cos(),
            };
            let mut table: Vec<f64> = (0..rows * columns).map(|k| entry(k / columns, k % columns)).collect();
            let given = table.clone();
            let scales = Scales::of(columns, rows, |_, see| {
                given.chunks_exact(columns).for_each(see);
                Some(())
            });
            let scales = scales.expect("it was not stopped");
            table.chunks_exact_mut(columns).for_each(|row| scales.apply(row));
            for j in 0..columns {
                let mut column: Vec<f64> = (0..rows).map(|i| entry(i, j)).collect();
                if column.iter().all(|x| *x == column[0]) {
                    column.fill(0.0);
                } else {
                    let largest = max_abs(&column);
                    column.iter_mut().for_each(|x| *x /= largest);
                    let mean = sum(&column) / rows as f64;
                    column.iter_mut().for_each(|x| *x -= mean);
                    let deviation = (dot(&column, &column) / rows as f64).sqrt();
                    column.iter_mut().for_each(|x| *x /= deviation);
                }
                for (i, x) in column.iter().enumerate() {
                    assert_eq!(x.to_bits(), table[i * columns + j].to_bits(), "{rows} {columns}: {i} {j}");
                }
            }
        }
        assert_eq!(Scales::of(2, 5, |number, _| (number < 1).then_some(())), None);
        assert!(Scales::of(0, 0, |_, _| Some(())).is_some());
    }
}
