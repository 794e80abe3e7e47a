//! A pass of logistic regression over short rows in one loop.

use super::super::super::logistic::{LossSums, ShortRows, weights, weights_and_losses};
use super::super::super::simd::avx2::{FOUR, four_sums};
use super::*;
use std::hint::black_box;

/// Strips that go through the loop together: fewer weights would wait for each other.
pub(super) const STRIPS: usize = 2;
/// Rows that go through the loop together.
pub(super) const ROWS: usize = STRIPS * GROUP;

/// Products of some rows are formed beside the weights of those before them and the sums of these; what follows is asked for
/// meanwhile.
#[target_feature(enable = "avx2,fma")]
pub(in super::super::super) fn add_weighed<const N: usize, const LOSSES: bool>(
    rows: &ShortRows<N>,
    signs: &[f64],
    w: &[[f64; GROUP]; N],
    y: &mut [[f64; GROUP]; N],
    losses: &mut LossSums,
) {
    let [mut predictions, mut c] = [[[0.0; GROUP]; STRIPS]; 2];
    let mut parts = rows.chunks(ROWS).zip(signs.chunks(ROWS)).enumerate();
    let mut before = None;
    loop {
        let next = parts.next();
        // So that both are read anew in each round: the compiler would keep them in registers, of which there are too few.
        let (w, y) = (black_box(w), black_box(&mut *y));
        if let Some((k, (_, signs))) = before {
            let sums = losses.as_chunks_mut().0;
            let of_part = k % sums.len();
            weigh::<LOSSES>(signs, &predictions, &mut c, &mut sums[of_part]);
        }
        if let Some((_, (rows, _))) = next {
            multiply(rows, w, &mut predictions);
        }
        if let Some((_, (rows, _))) = before {
            add(rows, &c, y);
        }
        if next.is_none() {
            return;
        }
        before = next;
    }
}

/// From predictions to weights, those of missing rows left unsaid; adds the losses, if they are wanted.
#[target_feature(enable = "avx2,fma")]
#[inline]
pub(super) fn weigh<const LOSSES: bool>(
    signs: &[f64],
    predictions: &[[f64; GROUP]; STRIPS],
    c: &mut [[f64; GROUP]; STRIPS],
    sums: &mut [[f64; GROUP]; STRIPS],
) {
    let mut own;
    let padded = match signs.as_chunks().0.as_array() {
        Some(signs) => signs,
        None => {
            own = [[1.0; GROUP]; STRIPS];
            own.as_flattened_mut()[..signs.len()].copy_from_slice(signs);
            &own
        }
    };
    let [pairs, predictions] = [padded, predictions].map(|[a, b]| [Pair::load(a), Pair::load(b)]);
    if !LOSSES {
        weights(pairs, predictions).iter().zip(c).for_each(|(weights, c)| weights.store(c));
        return;
    }
    let [weights, losses] = weights_and_losses(pairs, predictions);
    let mut found = [[0.0; GROUP]; STRIPS];
    for (k, sum) in sums.iter_mut().enumerate() {
        weights[k].store(&mut c[k]);
        losses[k].store(&mut found[k]);
        found[k][signs.len().saturating_sub(k * GROUP).min(GROUP)..].fill(0.0);
        Pair::load(sum).add(Pair::load(&found[k])).store(sum);
    }
}

/// `x_i'w` of up to [`ROWS`] rows.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn multiply<const N: usize>(rows: &ShortRows<N>, w: &[[f64; GROUP]; N], predictions: &mut [[f64; GROUP]; STRIPS]) {
    let (fours, rest) = rows.as_chunks();
    let mut predictions = predictions.as_flattened_mut().as_chunks_mut().0.iter_mut();
    for (rows, predictions) in fours.iter().zip(&mut predictions) {
        multiply_four(rows.each_ref(), w, predictions);
    }
    if let (Some(last), Some(predictions)) = (rest.last(), predictions.next()) {
        multiply_four([&rest[0], rest.get(1).unwrap_or(last), last, last], w, predictions);
    }
}

/// `x_i'w` of four rows; those after the next four are asked for.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn multiply_four<const N: usize>(
    rows: [&[[f64; GROUP]; N]; FOUR],
    w: &[[f64; GROUP]; N],
    predictions: &mut [f64; FOUR],
) {
    let mut parts = [Pair::splat(0.0); FOUR];
    for n in 0..N {
        let w = Pair::load(&w[n]);
        for r in 0..FOUR {
            _mm_prefetch::<_MM_HINT_T0>(rows[r].as_ptr().wrapping_add(2 * FOUR * N + n).cast());
            parts[r] = Pair::load(&rows[r][n]).mul_add(w, parts[r]);
        }
    }
    // SAFETY: four numbers are written to four.
    unsafe {
        let sums = four_sums(parts.map(|Pair([low, high])| _mm256_add_pd(low, high)));
        _mm256_storeu_pd(predictions.as_mut_ptr(), sums);
    }
}

/// Adds some rows: so many columns at a time as there are registers for.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn add<const N: usize>(rows: &ShortRows<N>, c: &[[f64; GROUP]; STRIPS], y: &mut [[f64; GROUP]; N]) {
    match N {
        6 => {
            add_columns::<N, 3>(rows, c, y, 0);
            add_columns::<N, 3>(rows, c, y, 3);
        }
        7 => {
            add_columns::<N, 4>(rows, c, y, 0);
            add_columns::<N, 3>(rows, c, y, 4);
        }
        8 => {
            add_columns::<N, 4>(rows, c, y, 0);
            add_columns::<N, 4>(rows, c, y, 4);
        }
        _ => add_columns::<N, N>(rows, c, y, 0),
    }
}

/// Adds some rows, in the M eights of columns from one of them on.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn add_columns<const N: usize, const M: usize>(
    rows: &ShortRows<N>,
    c: &[[f64; GROUP]; STRIPS],
    y: &mut [[f64; GROUP]; N],
    from: usize,
) {
    let mut sums = [Pair::splat(0.0); M];
    for m in 0..M {
        sums[m] = Pair::load(&y[from + m]);
    }
    for (row, c) in rows.iter().zip(c.as_flattened()) {
        let c = Pair::splat(*c);
        for m in 0..M {
            sums[m] = c.mul_add(Pair::load(&row[from + m]), sums[m]);
        }
    }
    for m in 0..M {
        sums[m].store(&mut y[from + m]);
    }
}
