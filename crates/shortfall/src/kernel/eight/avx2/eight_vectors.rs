//! Passes of linear models over rows with eight vectors side by side, or twice eight, in one loop.

use super::super::super::LANES;
use super::super::super::linear::residual;
use super::super::super::logistic::{TOGETHER, weights, weights_and_losses};
use super::super::super::simd::avx2::eight_vectors::{Ahead, Aligned, add_to_eights, products_with_eights};
use super::super::super::simd::{Places, ROWS, Run};
use super::super::super::tree;
use super::*;

/// Sums of the losses of eight vectors by row modulo 32.
type Losses = [[f64; GROUP]; LANES];

/// Adds to `y` what [`add_weighed_run`](super::add_weighed_run) adds for each of eight vectors that lie side by side in `w`, or for
/// each of several groups of eight, and the losses to their sums, if they are wanted. Of rows the first columns are taken; the others
/// are zeros.
#[target_feature(enable = "avx2,fma")]
pub(in super::super::super) fn add_weighed_eights<const G: usize, const LOSSES: bool>(
    rows: &Run,
    columns: usize,
    signs: &[f64],
    w: &[f64],
    y: &mut [f64],
    losses: &mut [f64],
) {
    assert!(rows.count() == signs.len());
    add_eights::<G>(rows, columns, w, y, losses, |from, products, sums| {
        let signs = &signs[from..][..products.len()];
        weigh::<LOSSES>(signs, products, sums);
    });
}

/// The same of regression with Huber's loss.
#[target_feature(enable = "avx2,fma")]
pub(in super::super::super) fn add_clipped_eights<const G: usize>(
    rows: &Run,
    columns: usize,
    targets: &[f64],
    threshold: f64,
    w: &[f64],
    y: &mut [f64],
    losses: &mut [f64],
) {
    assert!(rows.count() == targets.len());
    add_eights::<G>(rows, columns, w, y, losses, |from, products, sums| {
        for (r, (products, target)) in products.iter_mut().zip(&targets[from..]).enumerate() {
            for (prediction, sum) in products.iter_mut().zip(&mut sums[r % LANES]) {
                let [weight, loss] = residual(*prediction, *target, threshold);
                (*prediction, *sum) = (weight, *sum + loss);
            }
        }
    });
}

/// Products of 64 rows, their weights and their sums, then of the next. `weigh` makes weights of the products of some rows from one of
/// them on with eight vectors.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn add_eights<const G: usize>(
    rows: &Run,
    columns: usize,
    w: &[f64],
    y: &mut [f64],
    losses: &mut [f64],
    weigh: impl Fn(usize, &mut [[f64; GROUP]], &mut Losses),
) {
    let stride = rows.stride();
    assert!((GROUP..=stride).contains(&columns) && losses.len() == G * GROUP);
    assert!(w.len() == G * GROUP * stride && y.len() == w.len());
    let group = |g: usize, columns: usize| g * stride..g * stride + columns;
    let w = w.as_chunks::<GROUP>().0;
    let w: [_; G] = std::array::from_fn(|g| &w[group(g, columns.next_multiple_of(4))]);
    let Aligned(c) = &mut Aligned([[[0.0; GROUP]; ROWS]; G]);
    let Aligned(sums) = &mut Aligned([[[0.0; GROUP]; LANES]; G]);
    for from in (0..rows.count()).step_by(ROWS) {
        let rows = rows.part(from, ROWS);
        let mut ahead = Ahead::of(&rows.next()[..rows.next().len().min(ROWS * stride)]);
        let mut some = c.each_mut().map(|c| &mut c[..rows.count()]);
        products_with_eights(&rows, &w, &mut some, &mut ahead);
        some.iter_mut().zip(&mut *sums).for_each(|(products, sums)| weigh(from, products, sums));
        let mut y = y.as_chunks_mut::<GROUP>().0.chunks_exact_mut(stride);
        let y: [_; G] = std::array::from_fn(|_| y.next().map_or(&mut [][..], |y| &mut y[..columns]));
        add_to_eights(some.map(|c| &*c), &rows, y, &mut ahead);
    }
    for (sums, losses) in sums.iter().zip(losses.as_chunks_mut::<GROUP>().0) {
        for (k, loss) in losses.iter_mut().enumerate() {
            *loss += tree(std::array::from_fn(|r| sums[r][k]));
        }
    }
}

/// From predictions to weights, row after row; adds the losses to the sums of rows modulo 32, if they are wanted.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn weigh<const LOSSES: bool>(signs: &[f64], rows: &mut [[f64; GROUP]], sums: &mut Losses) {
    let (signs, last_signs) = signs.as_chunks::<TOGETHER>();
    let (rows, last) = rows.as_chunks_mut::<TOGETHER>();
    let done = rows.len() * TOGETHER;
    for (k, (signs, rows)) in signs.iter().zip(rows).enumerate() {
        weigh_rows::<LOSSES, TOGETHER>(signs, rows, &mut sums[k * TOGETHER % LANES..]);
    }
    for (k, (sign, row)) in last_signs.iter().zip(last).enumerate() {
        let sums = &mut sums[(done + k) % LANES..];
        weigh_rows::<LOSSES, 1>(std::array::from_ref(sign), std::array::from_mut(row), sums);
    }
}

#[target_feature(enable = "avx2,fma")]
#[inline]
fn weigh_rows<const LOSSES: bool, const N: usize>(
    signs: &[f64; N],
    rows: &mut [[f64; GROUP]; N],
    sums: &mut [[f64; GROUP]],
) {
    let [mut own, mut predictions] = [[Pair::all(1.0); N]; 2];
    for i in 0..N {
        (own[i], predictions[i]) = (Pair::all(signs[i]), Pair::load(&rows[i]));
    }
    if LOSSES {
        let [weights, losses] = weights_and_losses(own, predictions);
        for i in 0..N {
            weights[i].store(&mut rows[i]);
            Pair::load(&sums[i]).add(losses[i]).store(&mut sums[i]);
        }
    } else {
        let weights = weights(own, predictions);
        for i in 0..N {
            weights[i].store(&mut rows[i]);
        }
    }
}
