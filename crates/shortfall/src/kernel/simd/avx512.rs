//! Products and sums of rows in registers of AVX-512.
#![allow(unsafe_code)]

use super::avx2::{four, four_sums, keep};
use super::{AHEAD, PARTS, STRIP};
use std::arch::x86_64::*;

#[target_feature(enable = "avx512f")]
fn halved(sums: __m512d) -> __m256d {
    _mm256_add_pd(_mm512_castpd512_pd256(sums), _mm512_extractf64x4_pd::<1>(sums))
}

/// # Safety
/// All rows have one length, a multiple of 8; w holds so many vectors of that length, and `out` as many entries for each strip.
#[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
pub(super) unsafe fn products(rows: &[&[f64]], w: &[f64], vectors: usize, out: &mut [[f64; STRIP]]) {
    let Some(stride) = rows.first().map(|row| row.len()) else { return };
    if vectors == 1 {
        for r in (0..rows.len()).step_by(4) {
            let (four, count) = four(rows, r);
            // SAFETY: four rows, one vector; r % 8 + count is at most 8.
            unsafe { tile::<1>(four, w, [stride, 0], &mut out[r / STRIP..], r % STRIP, count) };
        }
        return;
    }
    for r in (0..rows.len()).step_by(4) {
        let (four, count) = four(rows, r);
        let (strip, at) = (r / STRIP * vectors, r % STRIP);
        let mut k = 0;
        while k < vectors {
            let (w, out) = (&w[k * stride..], &mut out[strip + k..]);
            // Rows mostly follow each other in memory.
            let ahead = if k == 0 && stride > 64 { AHEAD * stride } else { 0 };
            // SAFETY: four rows; so many vectors begin in w; r % 8 + count is at most 8.
            k += unsafe {
                match vectors - k {
                    4.. => tile_of_4(four, w, [stride, ahead], out, at, count),
                    3 => tile_of_3(four, w, [stride, ahead], out, at, count),
                    2 => tile_of_2(four, w, [stride, ahead], out, at, count),
                    _ => tile::<1>(four, w, [stride, ahead], out, at, count),
                }
            };
        }
    }
}

/// Functions of their own: of several tiles in one the compiler leaves the registers.
macro_rules! tile_of {
    ($name:ident, $k:literal) => {
        #[inline(never)]
        #[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
        unsafe fn $name(
            rows: [*const f64; 4],
            w: &[f64],
            lengths: [usize; 2],
            out: &mut [[f64; STRIP]],
            at: usize,
            count: usize,
        ) -> usize {
            // SAFETY: as promised by the caller.
            unsafe { tile::<$k>(rows, w, lengths, out, at, count) }
        }
    };
}
tile_of!(tile_of_2, 2);
tile_of!(tile_of_3, 3);
tile_of!(tile_of_4, 4);

/// # Safety
/// Four rows of the first length, a multiple of 8; K vectors as long begin in w, and K strips in `out`; `at + count` is at most 8.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
unsafe fn tile<const K: usize>(
    rows: [*const f64; 4],
    w: &[f64],
    [stride, ahead]: [usize; 2],
    out: &mut [[f64; STRIP]],
    at: usize,
    count: usize,
) -> usize {
    let mut sums = [[_mm512_setzero_pd(); 4]; K];
    for j in (0..stride).step_by(PARTS) {
        // SAFETY: j + 8 is at most the length of each row and of each of the K vectors in w.
        unsafe {
            let mut x = [_mm512_setzero_pd(); 4];
            for (x, row) in x.iter_mut().zip(rows) {
                if K > 1 {
                    // No access: any address will do.
                    _mm_prefetch::<_MM_HINT_T0>(row.wrapping_add(j + ahead).cast());
                }
                *x = _mm512_loadu_pd(row.add(j));
            }
            for (k, sums) in sums.iter_mut().enumerate() {
                let w = _mm512_loadu_pd(w.as_ptr().add(k * stride + j));
                for (sum, x) in sums.iter_mut().zip(x) {
                    *sum = _mm512_fmadd_pd(x, w, *sum);
                }
            }
        }
    }
    for ([a, b, c, d], strip) in sums.into_iter().zip(out) {
        // SAFETY: as promised by the caller.
        unsafe { keep(four_sums([halved(a), halved(b), halved(c), halved(d)]), strip, at, count) };
    }
    K
}

/// # Safety
/// All rows have one length, a multiple of 8; y holds so many vectors of that length, and `c` as many entries for each strip.
#[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
pub(super) unsafe fn add_rows(c: &[[f64; STRIP]], rows: &[&[f64]], vectors: usize, y: &mut [f64]) {
    let Some(stride) = rows.first().map(|row| row.len()) else { return };
    let mut k = 0;
    while k < vectors {
        let some = (vectors - k).min(4);
        let mut from = 0;
        while from < stride {
            let left = (stride - from) / PARTS;
            let (c, y) = (&c[k..], &mut y[k * stride..]);
            // SAFETY: so many vectors begin in y, so many columns are left, and `c` has the coefficients of every strip.
            from += unsafe {
                match some {
                    4 => some_sums::<4>(left, c, rows, vectors, y, from),
                    3 => some_sums::<3>(left, c, rows, vectors, y, from),
                    2 => some_sums::<2>(left, c, rows, vectors, y, from),
                    _ if left >= 8 => sums::<1, 8>(c, rows, vectors, y, from),
                    _ => some_sums::<1>(left, c, rows, vectors, y, from),
                }
            };
        }
        k += some;
    }
}

/// Up to five registers of columns: the last is not left by itself, where it would wait for its own additions.
///
/// # Safety
/// As [`sums`], with `left` registers of columns.
#[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
unsafe fn some_sums<const K: usize>(
    left: usize,
    c: &[[f64; STRIP]],
    rows: &[&[f64]],
    vectors: usize,
    y: &mut [f64],
    from: usize,
) -> usize {
    // SAFETY: as promised by the caller.
    unsafe {
        match left {
            5 => sums::<K, 5>(c, rows, vectors, y, from),
            3 | 6 => sums::<K, 3>(c, rows, vectors, y, from),
            2 => sums::<K, 2>(c, rows, vectors, y, from),
            1 => sums::<K, 1>(c, rows, vectors, y, from),
            _ => sums::<K, 4>(c, rows, vectors, y, from),
        }
    }
}

#[inline(never)] // several of these in one function: the compiler runs out of registers
#[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
unsafe fn sums<const K: usize, const N: usize>(
    c: &[[f64; STRIP]],
    rows: &[&[f64]],
    vectors: usize,
    y: &mut [f64],
    from: usize,
) -> usize {
    let mut sums = [[_mm512_setzero_pd(); N]; K];
    let stride = rows[0].len();
    // SAFETY: from + 8 N is at most the length of a row and of each of the K vectors in y; row r has its coefficients in
    // strip r / 8.
    unsafe {
        let y = y.as_mut_ptr().add(from);
        for (k, sums) in sums.iter_mut().enumerate() {
            for (n, sum) in sums.iter_mut().enumerate() {
                *sum = _mm512_loadu_pd(y.add(k * stride + n * PARTS));
            }
        }
        for (r, row) in rows.iter().enumerate() {
            let (c, row) = (c.as_ptr().add(r / STRIP * vectors), row.as_ptr().add(from));
            let mut x = [_mm512_setzero_pd(); N];
            for (n, x) in x.iter_mut().enumerate() {
                *x = _mm512_loadu_pd(row.add(n * PARTS));
            }
            for (k, sums) in sums.iter_mut().enumerate() {
                let c = _mm512_set1_pd(*c.add(k).cast::<f64>().add(r % STRIP));
                for (sum, x) in sums.iter_mut().zip(x) {
                    *sum = _mm512_fmadd_pd(c, x, *sum);
                }
            }
        }
        for (k, sums) in sums.iter().enumerate() {
            for (n, sum) in sums.iter().enumerate() {
                _mm512_storeu_pd(y.add(k * stride + n * PARTS), *sum);
            }
        }
    }
    N * PARTS
}
