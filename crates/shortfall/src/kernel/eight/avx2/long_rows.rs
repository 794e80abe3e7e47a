//! A pass of logistic regression over rows of any length in one loop.

use super::super::super::PARTIAL_SUMS;
use super::super::super::logistic::{LossSums, weights, weights_and_losses};
use super::super::super::simd::avx2::FOUR;
use super::super::super::simd::avx2::one_vector::{
    add_eight_to_one, add_to_one, products_side_by_side, products_with_one,
};
use super::super::super::simd::{Places, Run, ask};
use super::short_rows::{ROWS, STRIPS, weigh};
use super::*;

/// As [`add_weighed`](super::add_weighed): products, weights and sums of 16 rows, which stay in the first cache, then of the next.
#[target_feature(enable = "avx2,fma")]
pub(in super::super::super) fn add_weighed_run<const LOSSES: bool>(
    rows: &Run,
    signs: &[f64],
    w: &[f64],
    y: &mut [f64],
    losses: &mut LossSums,
) {
    assert!(rows.count() == signs.len() && rows.stride() == w.len() && rows.stride() == y.len());
    let [mut predictions, mut c] = [[[0.0; GROUP]; STRIPS]; 2];
    for (k, signs) in signs.chunks(ROWS).enumerate() {
        let (rows, sums) = (rows.part(k * ROWS, ROWS), losses.as_chunks_mut().0);
        let of_part = k % sums.len();
        // SAFETY: rows, w and y are of one length, and there are as many products and weights as rows.
        unsafe {
            products_with_one(&rows, w, predictions.as_flattened_mut());
            weigh::<LOSSES>(signs, &predictions, &mut c, &mut sums[of_part]);
            add_to_one(c.as_flattened(), &rows, y);
        }
    }
}

/// [`add_weighed_run`] of four as long as each other, a multiple of eight rows, each with its sums: eight rows of each at a time. The
/// memory has more to do at a time.
#[target_feature(enable = "avx2,fma")]
pub(in super::super::super) fn add_weighed_runs<const LOSSES: bool>(
    runs: &[Run; FOUR],
    signs: &[&[f64]; FOUR],
    w: &[f64],
    y: &mut [&mut [f64]; FOUR],
    losses: &mut [LossSums; FOUR],
) {
    let count = signs[0].len();
    for ((run, signs), y) in runs.iter().zip(signs).zip(&*y) {
        assert!(run.count() == count && signs.len() == count && count.is_multiple_of(GROUP));
        assert!(run.stride() == w.len() && y.len() == w.len());
    }
    let stride = w.len();
    for from in (0..count).step_by(GROUP) {
        let first = runs.each_ref().map(|run| run.place(from));
        let mut predictions = [Pair::splat(0.0); FOUR];
        for half in 0..2 {
            let mut products = [_mm256_setzero_pd(); FOUR];
            for (r, products) in products.iter_mut().enumerate() {
                let rows = first.map(|first| first.wrapping_add((half * FOUR + r) * stride));
                // SAFETY: the rows are as long as w.
                *products = unsafe { products_side_by_side(rows, w) };
            }
            let products = transposed(products);
            for k in 0..FOUR {
                predictions[k].0[half] = products[k];
            }
        }
        let next = first.map(|first| first.wrapping_add(GROUP * stride));
        next.iter().for_each(|next| ask(*next, ASKED_OF_EACH));
        let mut own = predictions;
        for (own, signs) in own.iter_mut().zip(signs) {
            *own = Pair::load(signs[from..].first_chunk().unwrap_or(&[1.0; GROUP]));
        }
        let (mut c, strip) = ([[0.0; GROUP]; FOUR], from / GROUP % (PARTIAL_SUMS / GROUP));
        if LOSSES {
            let [weights, found] = weights_and_losses(own, predictions);
            for k in 0..FOUR {
                weights[k].store(&mut c[k]);
                let sum = &mut losses[k][strip];
                Pair::load(sum).add(found[k]).store(sum);
            }
        } else {
            let weights = weights(own, predictions);
            for k in 0..FOUR {
                weights[k].store(&mut c[k]);
            }
        }
        for k in 0..FOUR {
            // SAFETY: rows and y are of one length.
            unsafe { add_eight_to_one(&c[k], first[k], y[k], next[k].wrapping_add(ASKED_OF_EACH * GROUP)) };
        }
    }
}

/// Cache lines of the next rows of each run that are asked for before the weights are formed of the products.
const ASKED_OF_EACH: usize = 8;

/// The first of each, the second of each, and so on.
#[inline]
#[target_feature(enable = "avx2")]
fn transposed([a, b, c, d]: [__m256d; FOUR]) -> [__m256d; FOUR] {
    let (even, odd) = (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
    let (even_on, odd_on) = (_mm256_unpacklo_pd(c, d), _mm256_unpackhi_pd(c, d));
    [
        _mm256_permute2f128_pd::<0x20>(even, even_on),
        _mm256_permute2f128_pd::<0x20>(odd, odd_on),
        _mm256_permute2f128_pd::<0x31>(even, even_on),
        _mm256_permute2f128_pd::<0x31>(odd, odd_on),
    ]
}
