//! A pass of logistic regression over rows of any length in one loop.

use super::super::super::logistic::LossSums;
use super::super::super::simd::avx2::{add_to_one, products_with_one};
use super::super::super::simd::{Places, Run};
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
    for (k, (rows, signs)) in rows.parts(ROWS).zip(signs.chunks(ROWS)).enumerate() {
        let sums = losses.as_chunks_mut().0;
        let of_part = k % sums.len();
        // SAFETY: rows, w and y are of one length, and there are as many products and weights as rows.
        unsafe {
            products_with_one(&rows, w, predictions.as_flattened_mut());
            weigh::<LOSSES>(signs, &predictions, &mut c, &mut sums[of_part]);
            add_to_one(c.as_flattened(), &rows, y);
        }
    }
}
