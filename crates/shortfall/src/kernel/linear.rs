//! One pass over rows of a matrix: predictions, their weights and the gradient, 32 rows at a time, or 64 short ones.

use super::logistic::{self, LossSums, SIDE_BY_SIDE};
use super::panel::STRIP;
use super::rows::{DenseRows, RowSource, Rows, SparseRows, Storage, Which, with_rows};
use super::side_by_side::{Weigh, add_eights, are_side_by_side};
use super::simd::ROWS;
use super::{Blocks, PARTIAL_SUMS, tree};
use multiversion::multiversion;

/// Most vectors that share a pass.
pub const MOST_VECTORS: usize = 16;
/// Strips of 8 in as many rows as there are partial sums of losses.
const STRIPS: usize = PARTIAL_SUMS / STRIP;
/// Most strips of a panel.
const MOST_STRIPS: usize = ROWS / STRIP;
/// Entries of a panel: 16 KB, so that it is still in the first cache when its rows are added.
const NEAR: usize = 1 << 11;

/// Adds `sum_i c_i x_i` over some rows to `gradient` and the sum of the losses to `loss`, for every vector of w: so many as there
/// are losses, and each gives the bits it gives alone. `weigh(which, strips, losses)` turns the predictions `x_i'w` of up to 64 rows,
/// strip after strip and in each vector after vector, into the weights `c_i` and writes their losses, if they are wanted. Rows are
/// added one after the other; the vectors in `w` and `gradient` are padded like a row.
#[inline(always)]
fn linear_pass<S: RowSource>(
    rows: S,
    which: Which,
    weigh: impl Fn(Which, &mut [[f64; STRIP]], &mut [[f64; STRIP]]),
    w: &[f64],
    gradient: &mut [f64],
    loss: &mut [f64],
    wants_losses: bool,
) {
    if loss.len() == 1 {
        panels::<S, 1>(rows, which, weigh, w, gradient, loss, wants_losses);
    } else {
        panels::<S, MOST_VECTORS>(rows, which, weigh, w, gradient, loss, wants_losses);
    }
}

/// [`linear_pass`] with room for N vectors.
#[inline(always)]
fn panels<S: RowSource, const N: usize>(
    rows: S,
    which: Which,
    weigh: impl Fn(Which, &mut [[f64; STRIP]], &mut [[f64; STRIP]]),
    w: &[f64],
    gradient: &mut [f64],
    loss: &mut [f64],
    wants_losses: bool,
) {
    let vectors = loss.len();
    assert!(vectors > 0, "a loss for each vector");
    let mut taken = S::Taken::default();
    let [mut kept, mut losses] = [[[[0.0; STRIP]; N]; MOST_STRIPS]; 2];
    let mut sums = [[[0.0; STRIP]; N]; STRIPS];
    let length = if w.len() * ROWS <= NEAR * vectors { ROWS } else { PARTIAL_SUMS };
    for start in (0..which.count()).step_by(length) {
        let some = which.some(start, length);
        rows.take(some, &mut taken);
        let (panel, there) = (some.count(), some.count().div_ceil(STRIP) * vectors);
        let (strips, losses) = (&mut kept.as_flattened_mut()[..there], &mut losses.as_flattened_mut()[..there]);
        rows.products(&taken, w, strips);
        let filled = panel - (panel - 1) / STRIP * STRIP;
        strips[there - vectors..].iter_mut().for_each(|predictions| predictions[filled..].fill(0.0));
        weigh(some, strips, losses);
        if wants_losses {
            losses[there - vectors..].iter_mut().for_each(|losses| losses[filled..].fill(0.0));
            for losses in losses.chunks(STRIPS * vectors) {
                for (sum, loss) in sums.as_flattened_mut().iter_mut().zip(losses) {
                    sum.iter_mut().zip(loss).for_each(|(sum, loss)| *sum += loss);
                }
            }
        }
        rows.add(&taken, strips, gradient);
    }
    for (k, loss) in loss.iter_mut().enumerate() {
        let mut partial = [0.0; PARTIAL_SUMS];
        let strips = sums.as_flattened().iter().skip(k).step_by(vectors);
        partial.as_chunks_mut::<STRIP>().0.iter_mut().zip(strips).for_each(|(partial, sums)| *partial = *sums);
        *loss += tree(partial);
    }
}

/// `c_i = -y_i/(1 + e^{m_i})` of margins `m_i = y_i x_i'w`, and the losses `log(1 + e^{-m_i})` if they are wanted.
#[inline(always)]
fn logistic_weigh(
    signs: &[f64],
    which: Which,
    strips: &mut [[f64; STRIP]],
    losses: &mut [[f64; STRIP]],
    wants_losses: bool,
) {
    which.with_strips(signs, 1.0, |signs| {
        if wants_losses {
            logistic::weigh_with_losses(signs, strips, losses);
        } else {
            logistic::weigh(signs, strips);
        }
    });
}

/// `c_i = clip(r_i, -threshold, threshold)` of `r_i = x_i'w - y_i`, and Huber's loss: `m (|r| - m/2)` with
/// `m = min(|r|, threshold)`, which is `r^2/2` below the threshold.
#[inline(always)]
pub(super) fn residual(prediction: f64, target: f64, threshold: f64) -> [f64; 2] {
    let residual = prediction - target;
    let size = residual.abs();
    let clipped = if size > threshold { threshold } else { size };
    [clipped.copysign(residual), clipped * (size - 0.5 * clipped)]
}

/// [`residual`] of each.
#[inline(always)]
fn residual_weigh(
    targets: &[f64],
    threshold: f64,
    which: Which,
    strips: &mut [[f64; STRIP]],
    losses: &mut [[f64; STRIP]],
) {
    which.with_strips(targets, 0.0, |targets| {
        let vectors = strips.len() / targets.len();
        for (k, (strip, losses)) in strips.iter_mut().zip(losses).enumerate() {
            for ((prediction, target), loss) in strip.iter_mut().zip(&targets[k / vectors]).zip(losses) {
                [*prediction, *loss] = residual(*prediction, *target, threshold);
            }
        }
    });
}

/// Logistic regression over the rows `from..to`, labels y = +-1, with as many vectors of weights as there are losses: adds the
/// gradients, and the losses if they are wanted.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn logistic_block(
    rows: &Rows,
    signs: &[f64],
    [from, to]: [usize; 2],
    w: &[f64],
    gradient: &mut [f64],
    loss: &mut [f64],
    wants_losses: bool,
) {
    let weigh = |which: Which, strips: &mut [_], losses: &mut [_]| {
        logistic_weigh(signs, which, strips, losses, wants_losses);
    };
    if let (Some(rows), [loss]) = (rows.as_dense(), &mut *loss)
        && add_dense_rows(rows, signs, [from, to], w, gradient, wants_losses.then_some(loss))
    {
        return;
    }
    with_rows!(rows, source => linear_pass(source, Which::Run { from, count: to - from }, weigh, w, gradient, loss, wants_losses));
}

/// [`logistic_block`] of each, some side by side where that is faster: rows from the memory, and one vector. Several vectors are taken and
/// written side by side where [`are_side_by_side`] says so.
pub(crate) fn logistic_blocks(rows: &Rows, signs: &[f64], w: &[f64], mut blocks: Blocks, wants_losses: bool) {
    if let Some(dense) = rows.as_dense().filter(|rows| !rows.are_in_third_cache())
        && w.len() == dense.stride()
        && blocks.block.is_multiple_of(STRIP)
    {
        while let Some((from, sums)) = blocks.split() {
            add_side_by_side(rows, dense, signs, [from, blocks.block], w, sums, wants_losses);
        }
    }
    blocks.each(|from, to, gradients, losses| match rows.as_dense() {
        Some(rows) if are_side_by_side(rows, losses.len()) => {
            let weigh = Weigh::Logistic { signs: &signs[from..to], wants_losses };
            add_eights(&rows.run(from, to - from), rows.columns(), weigh, w, gradients, losses);
        }
        _ => logistic_block(rows, signs, [from, to], w, gradients, losses, wants_losses),
    });
}

/// [`logistic_block`] of blocks of so many rows each that follow each other.
fn add_side_by_side(
    rows: &Rows,
    dense: &DenseRows,
    signs: &[f64],
    [from, block]: [usize; 2],
    w: &[f64],
    [mut gradients, mut losses]: [[&mut [f64]; SIDE_BY_SIDE]; 2],
    wants_losses: bool,
) {
    let first = |k: usize| from + k * block;
    let runs = std::array::from_fn(|k| dense.run(first(k), block));
    let own = std::array::from_fn(|k| &signs[first(k)..first(k) + block]);
    let mut found = [LossSums::default(); SIDE_BY_SIDE];
    let add = if wants_losses { logistic::add_weighed_runs::<true> } else { logistic::add_weighed_runs::<false> };
    if add(&runs, &own, w, &mut gradients, &mut found) {
        if wants_losses {
            losses.iter_mut().zip(&found).for_each(|(loss, found)| loss[0] += sum_of(found));
        }
        return;
    }
    for (k, (gradient, loss)) in gradients.into_iter().zip(losses).enumerate() {
        logistic_block(rows, signs, [first(k), first(k + 1)], w, gradient, loss, wants_losses);
    }
}

/// As [`logistic_block`] of one vector, in one loop; false, and nothing is done, if there is none for such rows.
fn add_dense_rows(
    rows: &DenseRows,
    signs: &[f64],
    [from, to]: [usize; 2],
    w: &[f64],
    gradient: &mut [f64],
    loss: Option<&mut f64>,
) -> bool {
    let (entries, signs) = (rows.between(from, to), &signs[from..to]);
    match (rows.are_in_third_cache(), rows.stride() / STRIP) {
        (true, 1) => add_rows_of::<1>(entries, signs, w, gradient, loss),
        (true, 2) => add_rows_of::<2>(entries, signs, w, gradient, loss),
        (true, 3) => add_rows_of::<3>(entries, signs, w, gradient, loss),
        (true, 4) => add_rows_of::<4>(entries, signs, w, gradient, loss),
        (true, 5) => add_rows_of::<5>(entries, signs, w, gradient, loss),
        (true, 6) => add_rows_of::<6>(entries, signs, w, gradient, loss),
        (true, 7) => add_rows_of::<7>(entries, signs, w, gradient, loss),
        (true, 8) => add_rows_of::<8>(entries, signs, w, gradient, loss),
        _ => {
            let run = rows.run(from, to - from);
            add_with_losses(loss, |losses| match losses {
                Some(losses) => logistic::add_weighed_run::<true>(&run, signs, w, gradient, losses),
                None => logistic::add_weighed_run::<false>(&run, signs, w, gradient, &mut LossSums::default()),
            })
        }
    }
}

fn sum_of(losses: &LossSums) -> f64 {
    tree::<PARTIAL_SUMS>(std::array::from_fn(|i| losses[i / STRIP][i % STRIP]))
}

/// Lets `add` add the losses to their sums, if they are wanted, and adds these, if it says that it did.
#[inline(always)]
fn add_with_losses(loss: Option<&mut f64>, add: impl FnOnce(Option<&mut LossSums>) -> bool) -> bool {
    let Some(loss) = loss else { return add(None) };
    let mut losses = LossSums::default();
    let added = add(Some(&mut losses));
    if added {
        *loss += sum_of(&losses);
    }
    added
}

/// [`logistic::add_weighed`], with rows of N eights.
fn add_rows_of<const N: usize>(rows: &[f64], signs: &[f64], w: &[f64], y: &mut [f64], loss: Option<&mut f64>) -> bool {
    debug_assert!(w.len() == N * STRIP && y.len() == w.len());
    let rows = rows.as_chunks().0.as_chunks().0;
    let (Some(w), Some(y)) = (w.as_chunks().0.as_array(), y.as_chunks_mut().0.as_mut_array()) else { return false };
    add_with_losses(loss, |losses| match losses {
        Some(losses) => logistic::add_weighed::<N, true>(rows, signs, w, y, losses),
        None => logistic::add_weighed::<N, false>(rows, signs, w, y, &mut LossSums::default()),
    })
}

/// Over the rows of a batch, in its order; no losses.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn logistic_batch(rows: &Rows, signs: &[f64], batch: &[usize], w: &[f64], gradient: &mut [f64]) {
    let weigh = |which: Which, strips: &mut [_], losses: &mut [_]| logistic_weigh(signs, which, strips, losses, false);
    with_rows!(rows, source => linear_pass(source, Which::Listed(batch), weigh, w, gradient, &mut [0.0], false));
}

/// Regression with Huber's loss over the rows `from..to`, with as many vectors of weights as there are losses: adds the gradients
/// and the losses. An infinite threshold is least squares.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn residual_block(
    rows: &Rows,
    targets: &[f64],
    threshold: f64,
    [from, to]: [usize; 2],
    w: &[f64],
    gradient: &mut [f64],
    loss: &mut [f64],
) {
    let weigh = |which: Which, strips: &mut [_], losses: &mut [_]| {
        residual_weigh(targets, threshold, which, strips, losses);
    };
    with_rows!(rows, source => linear_pass(source, Which::Run { from, count: to - from }, weigh, w, gradient, loss, true));
}

/// [`residual_block`] of each. Several vectors are taken and written side by side where [`are_side_by_side`] says so.
pub(crate) fn residual_blocks(rows: &Rows, targets: &[f64], threshold: f64, w: &[f64], blocks: Blocks) {
    blocks.each(|from, to, gradients, losses| match rows.as_dense() {
        Some(rows) if are_side_by_side(rows, losses.len()) => {
            let weigh = Weigh::Clipped { targets: &targets[from..to], threshold };
            add_eights(&rows.run(from, to - from), rows.columns(), weigh, w, gradients, losses);
        }
        _ => residual_block(rows, targets, threshold, [from, to], w, gradients, losses),
    });
}

/// Over the rows of a batch, in its order.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn residual_batch(rows: &Rows, targets: &[f64], threshold: f64, batch: &[usize], w: &[f64], gradient: &mut [f64]) {
    let weigh = |which: Which, strips: &mut [_], losses: &mut [_]| {
        residual_weigh(targets, threshold, which, strips, losses);
    };
    with_rows!(rows, source => linear_pass(source, Which::Listed(batch), weigh, w, gradient, &mut [0.0], false));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SparseMatrix;

    #[test]
    fn against_one_row_after_the_other() {
        for (count, columns) in [(1, 1), (31, 3), (70, 9), (33, 40)] {
            let entries: Vec<f64> = (0..count * columns).map(|i| (i as f64 * 0.731).sin() * 3.0).collect();
            let rows = Rows::dense(columns, entries.clone(), false);
            let signs: Vec<f64> = (0..count).map(|i| if i % 3 == 0 { -1.0 } else { 1.0 }).collect();
            let mut w = vec![0.0; rows.stride()];
            w[..columns].iter_mut().enumerate().for_each(|(j, w)| *w = (j as f64 * 0.37).cos());
            let mut gradient = vec![0.0; rows.stride()];
            let mut sum = [0.0];
            logistic_block(&rows, &signs, [0, count], &w, &mut gradient, &mut sum, true);
            let [sum] = sum;
            let (mut plain, mut loss) = (vec![0.0; columns], 0.0);
            for (row, sign) in entries.chunks(columns).zip(&signs) {
                let margin: f64 = sign * row.iter().zip(&w).map(|(a, b)| a * b).sum::<f64>();
                loss += (-margin).exp().ln_1p();
                let c = -sign / (1.0 + margin.exp());
                plain.iter_mut().zip(row).for_each(|(g, x)| *g += c * x);
            }
            assert!((sum - loss).abs() < 1e-13 * loss, "{count} {columns}: {sum} {loss}");
            for (a, b) in gradient.iter().zip(&plain) {
                assert!((a - b).abs() < 1e-12, "{a} {b}");
            }
            let batch: Vec<usize> = (0..count).collect();
            let mut again = vec![0.0; rows.stride()];
            logistic_batch(&rows, &signs, &batch, &w, &mut again);
            assert_eq!(gradient, again, "the batch of all rows in order is the same sum");
        }
    }

    /// One pass in one loop, where there is one, against panel after panel.
    #[test]
    fn short_rows_that_follow_each_other_give_what_listed_ones_give() {
        for columns in (1..=10).chain([16, 17, 24, 30, 33, 41, 55, 64, 65]) {
            for count in (0..=34).chain([64, 71, 200]) {
                let first = 3;
                let entries: Vec<f64> =
                    (0..(first + count) * columns).map(|i| (i as f64 * 0.731).sin() * 3.0).collect();
                let rows = Rows::dense(columns, entries.clone(), false);
                let signs: Vec<f64> = (0..first + count).map(|i| if i % 3 == 0 { -1.0 } else { 1.0 }).collect();
                let mut w = vec![0.0; rows.stride()];
                w[..columns].iter_mut().enumerate().for_each(|(j, w)| *w = 2.0 * (j as f64 * 0.37).cos());
                let start: Vec<f64> = (0..rows.stride()).map(|j| (j as f64 * 0.2).sin()).collect();
                let [mut block, mut batch] = [start.clone(), start.clone()];
                logistic_block(&rows, &signs, [first, first + count], &w, &mut block, &mut [0.0], false);
                let listed: Vec<usize> = (first..first + count).collect();
                logistic_batch(&rows, &signs, &listed, &w, &mut batch);
                let bits = |sums: Vec<f64>| sums.into_iter().map(f64::to_bits).collect::<Vec<_>>();
                assert_eq!(bits(block), bits(batch), "{count} rows of {columns}");
                let with_losses = |rows: &Rows| {
                    let (mut gradient, mut loss) = (start.clone(), [0.25]);
                    logistic_block(rows, &signs, [first, first + count], &w, &mut gradient, &mut loss, true);
                    (bits(gradient), loss[0].to_bits())
                };
                let sparse = Rows::sparse(columns, without_zeros(&entries, columns));
                assert_eq!(with_losses(&rows), with_losses(&sparse), "{count} rows of {columns}");
            }
        }
    }

    #[test]
    fn vectors_that_share_a_pass_give_what_each_gives_alone() {
        let (count, columns) = (101, 77);
        let rows = Rows::dense(columns, (0..count * columns).map(|i| (i as f64 * 0.731).sin()).collect(), true);
        let values: Vec<f64> = (0..count).map(|i| if i % 3 == 0 { -1.0 } else { 1.0 }).collect();
        for vectors in [1, 2, 7, MOST_VECTORS] {
            let w: Vec<f64> = (0..vectors * rows.stride()).map(|j| (j as f64).cos()).collect();
            let (mut shared, mut losses) = (vec![0.0; w.len()], vec![0.0; vectors]);
            logistic_block(&rows, &values, [3, count], &w, &mut shared, &mut losses, true);
            residual_block(&rows, &values, 0.7, [3, count], &w, &mut shared, &mut losses);
            for (k, w) in w.chunks_exact(rows.stride()).enumerate() {
                let (mut alone, mut loss) = (vec![0.0; w.len()], [0.0]);
                logistic_block(&rows, &values, [3, count], w, &mut alone, &mut loss, true);
                residual_block(&rows, &values, 0.7, [3, count], w, &mut alone, &mut loss);
                assert_eq!((&shared[k * w.len()..][..w.len()], losses[k]), (&alone[..], loss[0]), "{vectors} {k}");
            }
        }
    }

    /// A table that the third cache has no room for, with a last block that is shorter.
    #[test]
    fn blocks_side_by_side_give_what_each_gives_alone() {
        let (count, columns, block) = (9000, 240, 256);
        let entries: Vec<f64> = (0..count * columns).map(|i| f64::from((i * i % 1009) as u16) * 1e-3 - 0.5).collect();
        let rows = Rows::dense(columns, entries, false);
        assert!(!rows.as_dense().unwrap().are_in_third_cache());
        let signs: Vec<f64> = (0..count).map(|i| if i % 3 == 0 { -1.0 } else { 1.0 }).collect();
        let w: Vec<f64> = (0..columns).map(|j| (j as f64 * 0.37).cos()).collect();
        let apart = columns + 8;
        for (from, wants_losses) in [(0, true), (256, true), (0, false)] {
            let number = (count - from).div_ceil(block);
            let mut sums = vec![7.0; number * apart];
            let blocks = Blocks { from, to: count, block, lengths: [columns, 1], apart, sums: &mut sums };
            logistic_blocks(&rows, &signs, &w, blocks, wants_losses);
            for (k, sums) in sums.chunks_exact(apart).enumerate() {
                let (mut gradient, mut loss) = (vec![0.0; columns], [0.0]);
                let first = from + k * block;
                let range = [first, (first + block).min(count)];
                logistic_block(&rows, &signs, range, &w, &mut gradient, &mut loss, wants_losses);
                assert!(gradient == sums[..columns] && loss[0] == sums[columns], "block {k} of {number}");
            }
        }
    }

    fn without_zeros(entries: &[f64], columns: usize) -> SparseMatrix {
        let mut matrix = SparseMatrix::new();
        for row in entries.chunks(columns) {
            row.iter().enumerate().filter(|(_, x)| **x != 0.0).for_each(|(j, x)| matrix.push(j as u32, *x));
            matrix.end_row();
        }
        matrix
    }

    #[test]
    fn rows_without_their_zeros_give_the_same_bits() {
        let (count, columns) = (101, 77);
        let entry = |i: usize| if (i * i + i / 7).is_multiple_of(5) { (i as f64 * 0.731).sin() * 3.0 } else { 0.0 };
        let entries: Vec<f64> = (0..count * columns).map(entry).collect();
        let matrix = without_zeros(&entries, columns);
        assert_eq!(matrix.to_dense(columns), entries);
        let (dense, sparse) = (Rows::dense(columns, entries, false), Rows::sparse(columns, matrix));
        let values: Vec<f64> = (0..count).map(|i| if i % 3 == 0 { -1.0 } else { 1.0 }).collect();
        let w: Vec<f64> = (0..dense.stride()).map(|j| if j < columns { (j as f64).cos() } else { 0.0 }).collect();
        let bits = |of: &dyn Fn(&Rows, &mut [f64]) -> f64| {
            [&dense, &sparse].map(|rows| {
                let mut gradient = vec![0.0; rows.stride()];
                let loss = of(rows, &mut gradient);
                (loss.to_bits(), gradient.iter().map(|g| g.to_bits()).collect::<Vec<_>>())
            })
        };
        let batch = [3, 99, 3, 0, 57, 20];
        for pair in [
            bits(&|rows, gradient| {
                let mut loss = [0.0];
                logistic_block(rows, &values, [2, 90], &w, gradient, &mut loss, true);
                loss[0]
            }),
            bits(&|rows, gradient| {
                let mut loss = [0.0];
                residual_block(rows, &values, 0.7, [2, 90], &w, gradient, &mut loss);
                loss[0]
            }),
            bits(&|rows, gradient| {
                logistic_batch(rows, &values, &batch, &w, gradient);
                residual_batch(rows, &values, f64::INFINITY, &batch, &w, gradient);
                rows.add_scaled(5, -0.3, gradient);
                rows.dot(7, &w)
            }),
        ] {
            assert_eq!(pair[0], pair[1]);
        }
    }
}
