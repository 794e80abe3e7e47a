//! Eight vectors side by side: the first entries of all, then the second, and so on.

use super::cache_lines::Aligned;
use super::eight::{Eight, widest};
use super::linear::residual;
use super::logistic::{TOGETHER, weights, weights_and_losses};
use super::panel::STRIP;
use super::simd::{Ahead, Places, ROWS, Run};
use super::{DenseRows, PARTIAL_SUMS, tree};

/// Whether passes of linear models over these rows take so many vectors, eight or sixteen, eight side by side, from w as in gradients.
pub(crate) fn are_side_by_side(rows: &DenseRows, vectors: usize) -> bool {
    [STRIP, 2 * STRIP].contains(&vectors) && rows.columns() >= STRIP
}

/// What makes weights `c_i` of predictions `x_i'w`, and losses.
#[derive(Clone, Copy)]
pub(super) enum Weigh<'a> {
    /// Logistic regression with the labels +-1.
    Logistic { signs: &'a [f64], wants_losses: bool },
    /// Regression with Huber's loss.
    Clipped { targets: &'a [f64], threshold: f64 },
}

/// Adds what [`logistic_block`](super::logistic_block) or [`residual_block`](super::residual_block) adds for each of eight vectors side
/// by side, or of sixteen in two groups; rows have so many columns, then zeros.
pub(super) fn add_eights(rows: &Run, columns: usize, weigh: Weigh, w: &[f64], y: &mut [f64], losses: &mut [f64]) {
    widest!(add_eights(rows, columns, weigh, w, y, losses))
}

#[inline(always)]
pub(super) fn add_eights_by<E: Eight>(
    rows: &Run,
    columns: usize,
    weigh: Weigh,
    w: &[f64],
    y: &mut [f64],
    losses: &mut [f64],
) {
    match losses.len() / STRIP {
        1 => add_groups::<E, 1>(rows, columns, weigh, w, y, losses),
        _ => add_groups::<E, 2>(rows, columns, weigh, w, y, losses),
    }
}

/// Sums of the losses of eight vectors by row modulo 32.
type Losses = [[f64; STRIP]; PARTIAL_SUMS];

/// Products of some rows, their weights and their sums, then of the next.
#[inline(always)]
fn add_groups<E: Eight, const G: usize>(
    rows: &Run,
    columns: usize,
    weigh: Weigh,
    w: &[f64],
    y: &mut [f64],
    losses: &mut [f64],
) {
    let stride = rows.stride();
    assert!((STRIP..=stride).contains(&columns) && losses.len() == G * STRIP);
    assert!(w.len() == G * STRIP * stride && y.len() == w.len());
    let group = |g: usize, columns: usize| g * stride..g * stride + columns;
    let w = w.as_chunks::<STRIP>().0;
    let w: [_; G] = std::array::from_fn(|g| &w[group(g, columns.next_multiple_of(4))]);
    let Aligned(c) = &mut Aligned([[[0.0; STRIP]; ROWS]; G]);
    let Aligned(sums) = &mut Aligned([[[0.0; STRIP]; PARTIAL_SUMS]; G]);
    for from in (0..rows.count()).step_by(E::NEAR_ROWS) {
        let rows = rows.part(from, E::NEAR_ROWS);
        let mut ahead = Ahead::of(&rows.next()[..rows.next().len().min(E::NEAR_ROWS * stride)]);
        let mut some = c.each_mut().map(|c| &mut c[..rows.count()]);
        E::products_with_eights(&rows, &w, &mut some, &mut ahead);
        let of = from..from + rows.count();
        for (products, sums) in some.iter_mut().zip(&mut *sums) {
            match weigh {
                Weigh::Logistic { signs, wants_losses: true } => {
                    weigh_margins::<E, true>(&signs[of.clone()], products, sums)
                }
                Weigh::Logistic { signs, .. } => weigh_margins::<E, false>(&signs[of.clone()], products, sums),
                Weigh::Clipped { targets, threshold } => clip(&targets[of.clone()], threshold, products, sums),
            }
        }
        let mut y = y.as_chunks_mut::<STRIP>().0.chunks_exact_mut(stride);
        let mut y: [_; G] = std::array::from_fn(|_| y.next().map_or(&mut [][..], |y| &mut y[..columns]));
        E::add_to_eights(&some.map(|c| &*c), &rows, &mut y, &mut ahead);
    }
    for (sums, losses) in sums.iter().zip(losses.as_chunks_mut::<STRIP>().0) {
        for (k, loss) in losses.iter_mut().enumerate() {
            *loss += tree::<PARTIAL_SUMS>(std::array::from_fn(|r| sums[r][k]));
        }
    }
}

/// From predictions to weights, row after row; adds the losses to the sums of rows modulo 32.
#[inline(always)]
fn clip(targets: &[f64], threshold: f64, rows: &mut [[f64; STRIP]], sums: &mut Losses) {
    for (r, (row, target)) in rows.iter_mut().zip(targets).enumerate() {
        for (prediction, sum) in row.iter_mut().zip(&mut sums[r % PARTIAL_SUMS]) {
            let [weight, loss] = residual(*prediction, *target, threshold);
            (*prediction, *sum) = (weight, *sum + loss);
        }
    }
}

/// The same of labels; the losses if they are wanted.
#[inline(always)]
fn weigh_margins<E: Eight, const LOSSES: bool>(signs: &[f64], rows: &mut [[f64; STRIP]], sums: &mut Losses) {
    let (signs, last_signs) = signs.as_chunks::<TOGETHER>();
    let (rows, last) = rows.as_chunks_mut::<TOGETHER>();
    let done = rows.len() * TOGETHER;
    for (k, (signs, rows)) in signs.iter().zip(rows).enumerate() {
        weigh_rows::<E, LOSSES, TOGETHER>(signs, rows, &mut sums[k * TOGETHER % PARTIAL_SUMS..]);
    }
    for (k, (sign, row)) in last_signs.iter().zip(last).enumerate() {
        let sums = &mut sums[(done + k) % PARTIAL_SUMS..];
        weigh_rows::<E, LOSSES, 1>(std::array::from_ref(sign), std::array::from_mut(row), sums);
    }
}

#[inline(always)]
fn weigh_rows<E: Eight, const LOSSES: bool, const N: usize>(
    signs: &[f64; N],
    rows: &mut [[f64; STRIP]; N],
    sums: &mut [[f64; STRIP]],
) {
    let [mut own, mut predictions] = [[E::splat(1.0); N]; 2];
    for i in 0..N {
        (own[i], predictions[i]) = (E::splat(signs[i]), E::load(&rows[i]));
    }
    if LOSSES {
        let [weights, losses] = weights_and_losses(own, predictions);
        for i in 0..N {
            weights[i].store(&mut rows[i]);
            E::load(&sums[i]).add(losses[i]).store(&mut sums[i]);
        }
    } else {
        let weights = weights(own, predictions);
        for i in 0..N {
            weights[i].store(&mut rows[i]);
        }
    }
}

/// From eight vectors one after the other.
pub(crate) fn lay_side_by_side(apart: &[f64], side_by_side: &mut [[f64; STRIP]]) {
    let length = side_by_side.len();
    assert!(apart.len() == STRIP * length, "eight vectors");
    for (j, entries) in side_by_side.iter_mut().enumerate() {
        *entries = std::array::from_fn(|k| apart[k * length + j]);
    }
}

/// And back.
pub(crate) fn lay_apart(side_by_side: &[[f64; STRIP]], apart: &mut [f64]) {
    let length = side_by_side.len();
    assert!(apart.len() == STRIP * length, "eight vectors");
    for (j, entries) in side_by_side.iter().enumerate() {
        for (k, entry) in entries.iter().enumerate() {
            apart[k * length + j] = *entry;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::linear::{logistic_block, logistic_blocks, residual_block, residual_blocks};
    use super::super::{Blocks, Rows, eight};
    use super::*;

    /// Every remainder of columns modulo 8 and of rows modulo 6, blocks that end anywhere.
    #[test]
    fn side_by_side_each_gives_what_it_gives_alone() {
        for columns in (1..=26).chain([48, 100, 104, 250]) {
            for (count, vectors) in [(1, 8), (2, 16), (35, 9), (70, 16), (129, 8), (200, 16), (331, 8), (100, 8)] {
                check(count, columns, vectors, &|i| (i as f64 * 0.731).sin() * 3.0);
            }
        }
    }

    #[test]
    fn a_table_far_from_the_processor_and_huge_infinite_and_missing_numbers() {
        check(2000, 100, 16, &|i| f64::from((i * i % 1009) as u16) * 1e-3 - 0.5);
        check(150, 30, 16, &|i| match i % 601 {
            7 => 1e200,
            11 => f64::INFINITY,
            13 => f64::NAN,
            17 => -0.0,
            _ => (i as f64 * 0.37).cos(),
        });
    }

    fn check(count: usize, columns: usize, vectors: usize, entry: &dyn Fn(usize) -> f64) {
        let rows = Rows::dense(columns, (0..count * columns).map(entry).collect(), false);
        let (stride, block) = (rows.stride(), 128);
        let values: Vec<f64> = (0..count).map(|i| if i % 3 == 0 { -1.0 } else { 1.0 }).collect();
        let of_column = |k: usize, j: usize| if j < columns { ((k * 31 + j) as f64 * 0.37).cos() } else { 0.0 };
        let w: Vec<f64> = (0..vectors * stride).map(|i| of_column(i / stride, i % stride)).collect();
        let are_turned = are_side_by_side(rows.as_dense().unwrap(), vectors);
        assert_eq!(are_turned, columns >= STRIP && vectors != 9, "{columns} {vectors}");
        let groups = if are_turned { w.len() } else { 0 };
        let mut turned = w.clone();
        for (apart, turned) in w[..groups].chunks(STRIP * stride).zip(turned.chunks_mut(STRIP * stride)) {
            lay_side_by_side(apart, turned.as_chunks_mut().0);
        }
        let apart = vectors * stride + vectors;
        let lengths = [vectors * stride, vectors];
        let same = |[from, to]: [usize; 2], way: usize, sums: &mut [f64], what: &str| {
            let (gradients, losses) = sums.split_at_mut(lengths[0]);
            for group in gradients[..groups].chunks_mut(STRIP * stride) {
                let copy = group.to_vec();
                lay_apart(copy.as_chunks().0, group);
            }
            for (k, w) in w.chunks_exact(stride).enumerate() {
                let (mut alone, mut loss) = (vec![0.0; stride], [0.0]);
                match way {
                    0 | 1 => logistic_block(&rows, &values, [from, to], w, &mut alone, &mut loss, way == 1),
                    _ => residual_block(&rows, &values, 0.7, [from, to], w, &mut alone, &mut loss),
                }
                // Padding that would be NaN stays 0.
                let own = &gradients[k * stride..][..columns];
                let same = |a: &f64, b: &f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
                let are_same = own.iter().zip(&alone).all(|(a, b)| same(a, b)) && same(&losses[k], &loss[0]);
                assert!(are_same, "{what}: {count} rows of {columns}, {k}, {way}");
            }
        };
        for way in 0..3 {
            let mut sums = vec![7.0; count.div_ceil(block) * apart];
            let blocks = Blocks { from: 0, to: count, block, lengths, apart, sums: &mut sums };
            match way {
                0 => logistic_blocks(&rows, &values, &turned, blocks, false),
                1 => logistic_blocks(&rows, &values, &turned, blocks, true),
                _ => residual_blocks(&rows, &values, 0.7, &turned, blocks),
            }
            for (number, sums) in sums.chunks_exact_mut(apart).enumerate() {
                same([number * block, ((number + 1) * block).min(count)], way, sums, "blocks");
            }
            for (kind, add) in KINDS.iter().filter(|_| are_turned) {
                let run = rows.as_dense().unwrap().run(0, count);
                let weigh = match way {
                    0 | 1 => Weigh::Logistic { signs: &values, wants_losses: way == 1 },
                    _ => Weigh::Clipped { targets: &values, threshold: 0.7 },
                };
                let mut sums = vec![0.0; apart];
                let (gradients, losses) = sums.split_at_mut(lengths[0]);
                add(&run, columns, weigh, &turned, gradients, losses);
                same([0, count], way, &mut sums, kind);
            }
        }
    }

    type Add = fn(&Run, usize, Weigh, &[f64], &mut [f64], &mut [f64]);

    const KINDS: [(&str, Add); 2] = [("plain", eight::plain::add_eights), ("AVX2", with_avx2)];

    /// What the processor has, without AVX2.
    fn with_avx2(rows: &Run, columns: usize, weigh: Weigh, w: &[f64], y: &mut [f64], losses: &mut [f64]) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has AVX2 and FMA.
            #[allow(unsafe_code)]
            return unsafe { eight::avx2::add_eights(rows, columns, weigh, w, y, losses) };
        }
        add_eights(rows, columns, weigh, w, y, losses);
    }

    #[test]
    fn there_and_back() {
        for length in [0, 1, 8, 13] {
            let apart: Vec<f64> = (0..STRIP * length).map(|i| i as f64).collect();
            let (mut sides, mut back) = (vec![[0.0; STRIP]; length], vec![7.0; apart.len()]);
            lay_side_by_side(&apart, &mut sides);
            for (j, entries) in sides.iter().enumerate() {
                assert_eq!(entries.map(|entry| entry as usize), std::array::from_fn(|k| k * length + j));
            }
            lay_apart(&sides, &mut back);
            assert_eq!(apart, back);
        }
    }
}
