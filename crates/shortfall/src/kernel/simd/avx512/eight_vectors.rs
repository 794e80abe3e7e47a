//! Eight vectors side by side: one register holds their entries of a column. Sums are never added up across a register.

use super::super::{Ahead, PARTS, Places, Run, STRIP, ask};
use std::arch::x86_64::*;

/// Partial sums formed together: of the even columns, then of the odd ones.
const HALF: usize = PARTS / 2;

/// The products of rows with eight vectors side by side, in one group of eight or two, as [`products`](super::products) forms them;
/// columns beyond those of w, a multiple of four and at least eight, are zeros.
#[target_feature(enable = "avx512f")]
pub(in super::super::super) fn products_with_eights<const G: usize>(
    rows: &Run,
    w: &[&[[f64; STRIP]]; G],
    out: &mut [&mut [[f64; STRIP]]; G],
    ahead: &mut Ahead,
) {
    let (stride, count) = (rows.stride(), rows.count());
    let columns = w[0].len();
    assert!(columns.is_multiple_of(HALF) && (PARTS..=stride).contains(&columns));
    for (w, out) in w.iter().zip(&*out) {
        assert!(w.len() == columns && out.len() == count);
    }
    let mut start = 0;
    while start < count {
        let first = rows.place(start);
        // SAFETY: so many rows and products are left; rows are at least as long as w.
        start += unsafe {
            match (count - start, G) {
                (6.., 1) => some_products::<6, G>(first, stride, w, out, start, ahead),
                (4.., 1) => some_products::<4, G>(first, stride, w, out, start, ahead),
                (3.., _) => some_products::<3, G>(first, stride, w, out, start, ahead),
                (2, _) => some_products::<2, G>(first, stride, w, out, start, ahead),
                _ => some_products::<1, G>(first, stride, w, out, start, ahead),
            }
        };
    }
}

/// Of R rows; R.
///
/// # Safety
/// There are R rows from the first on, `stride` apart and at least as long as w, and products of rows from `start` on.
#[inline(never)] // several of these in one function: the compiler runs out of registers
#[target_feature(enable = "avx512f")]
unsafe fn some_products<const R: usize, const G: usize>(
    first: *const f64,
    stride: usize,
    w: &[&[[f64; STRIP]]; G],
    out: &mut [&mut [[f64; STRIP]]; G],
    start: usize,
    ahead: &mut Ahead,
) -> usize {
    // SAFETY: of the caller; eight numbers are read and written.
    unsafe {
        let even = half_products::<R, G, 0>(first, stride, w, ahead);
        for (r, even) in even.into_iter().enumerate() {
            for (out, even) in out.iter_mut().zip(even) {
                _mm512_storeu_pd(out[start + r].as_mut_ptr(), even);
            }
        }
        let odd = half_products::<R, G, 1>(first, stride, w, ahead);
        for (r, odd) in odd.into_iter().enumerate() {
            for (out, odd) in out.iter_mut().zip(odd) {
                let out = &mut out[start + r];
                _mm512_storeu_pd(out.as_mut_ptr(), _mm512_add_pd(_mm512_loadu_pd(out.as_ptr()), odd));
            }
        }
    }
    R
}

/// Over the even columns, or over the odd ones. A line is asked for with each line of a row, so that the memory delivers all the time.
///
/// # Safety
/// As [`some_products`].
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn half_products<const R: usize, const G: usize, const ODD: usize>(
    first: *const f64,
    stride: usize,
    w: &[&[[f64; STRIP]]; G],
    ahead: &mut Ahead,
) -> [[__m512d; G]; R] {
    let (columns, far) = (w[0].len(), ahead.at);
    let whole = columns / PARTS * PARTS;
    let mut sums = [[[_mm512_setzero_pd(); G]; R]; HALF];
    let add = |sums: &mut [[__m512d; G]; R], j: usize| {
        let mut all = [_mm512_setzero_pd(); G];
        for (all, w) in all.iter_mut().zip(w) {
            // SAFETY: of the caller.
            *all = unsafe { _mm512_loadu_pd(w.as_ptr().add(j).cast()) };
        }
        for (r, sums) in sums.iter_mut().enumerate() {
            // SAFETY: of the caller.
            let x = _mm512_set1_pd(unsafe { *first.add(r * stride + j) });
            for (sum, w) in sums.iter_mut().zip(all) {
                *sum = _mm512_fmadd_pd(x, w, *sum);
            }
        }
    };
    for from in (0..whole).step_by(PARTS) {
        ask(far.wrapping_add(from), 1);
        for (part, sums) in sums.iter_mut().enumerate() {
            add(sums, from + 2 * part + ODD);
        }
    }
    if whole < columns {
        for (part, sums) in sums.iter_mut().enumerate().take(HALF / 2) {
            add(sums, whole + 2 * part + ODD);
        }
    }
    ahead.move_on(far.wrapping_add(whole));
    let ([p, q, r, s], mut products) = (sums, [[_mm512_setzero_pd(); G]; R]);
    for (k, products) in products.iter_mut().enumerate() {
        for (g, product) in products.iter_mut().enumerate() {
            *product = _mm512_add_pd(_mm512_add_pd(p[k][g], r[k][g]), _mm512_add_pd(q[k][g], s[k][g]));
        }
    }
    products
}

/// Adds the rows with their weights to eight vectors of sums side by side, in one group of eight or two, as
/// [`add_rows`](super::add_rows) does.
#[target_feature(enable = "avx512f")]
pub(in super::super::super) fn add_to_eights<const G: usize>(
    c: &[&[[f64; STRIP]]; G],
    rows: &Run,
    y: &mut [&mut [[f64; STRIP]]; G],
    ahead: &mut Ahead,
) {
    let columns = y.iter().map(|y| y.len()).min().unwrap_or(0);
    assert!(columns <= rows.stride() && c.iter().all(|c| c.len() == rows.count()));
    let most = if G == 1 { 16 } else { 8 };
    let portion = ahead.portion(columns.div_ceil(most).max(1));
    let mut from = 0;
    while from < columns {
        ahead.ask(portion);
        // SAFETY: there are as many weights as rows, and so many columns and sums are left.
        from += unsafe {
            match (columns - from, G) {
                (16.., 1) => some_sums::<16, G>(c, rows, y, from),
                (8.., _) => some_sums::<8, G>(c, rows, y, from),
                (4.., _) => some_sums::<4, G>(c, rows, y, from),
                (2.., _) => some_sums::<2, G>(c, rows, y, from),
                _ => some_sums::<1, G>(c, rows, y, from),
            }
        };
    }
}

/// Of C columns; C.
///
/// # Safety
/// There are as many rows as weights, and from one column on C of them and of sums.
#[inline(never)] // several of these in one function: the compiler runs out of registers
#[target_feature(enable = "avx512f")]
unsafe fn some_sums<const C: usize, const G: usize>(
    c: &[&[[f64; STRIP]]; G],
    rows: &Run,
    y: &mut [&mut [[f64; STRIP]]; G],
    from: usize,
) -> usize {
    let mut sums = [[_mm512_setzero_pd(); G]; C];
    let (mut x, stride) = (rows.place(0).wrapping_add(from), rows.stride());
    // SAFETY, of each block: of the caller; eight numbers are read or written.
    for (j, sums) in sums.iter_mut().enumerate() {
        for (sum, y) in sums.iter_mut().zip(&*y) {
            *sum = unsafe { _mm512_loadu_pd(y.as_ptr().add(from + j).cast()) };
        }
    }
    for r in 0..rows.count() {
        let mut all = [_mm512_setzero_pd(); G];
        for (all, c) in all.iter_mut().zip(c) {
            *all = unsafe { _mm512_loadu_pd(c.as_ptr().add(r).cast()) };
        }
        for (j, sums) in sums.iter_mut().enumerate() {
            let x = _mm512_set1_pd(unsafe { *x.add(j) });
            for (sum, c) in sums.iter_mut().zip(all) {
                *sum = _mm512_fmadd_pd(c, x, *sum);
            }
        }
        x = x.wrapping_add(stride);
    }
    for (j, sums) in sums.into_iter().enumerate() {
        for (y, sum) in y.iter_mut().zip(sums) {
            unsafe { _mm512_storeu_pd(y.as_mut_ptr().add(from + j).cast(), sum) };
        }
    }
    C
}
