//! Products and sums of rows in registers of AVX2.
#![allow(unsafe_code)]

use super::{AHEAD, PARTS, STRIP};
use std::arch::x86_64::*;

/// Four sums of each of four rows to one of each: `((p0+p4)+(p2+p6)) + ((p1+p5)+(p3+p7))`, given the sums of halves.
#[target_feature(enable = "avx2")]
fn four_sums([a, b, c, d]: [__m256d; 4]) -> __m256d {
    let pair = |a, b| _mm256_add_pd(_mm256_permute2f128_pd::<0x20>(a, b), _mm256_permute2f128_pd::<0x31>(a, b));
    // [a0, a1, c0, c1] and [b0, b1, d0, d1]; sums of neighbours: a, b, c, d.
    _mm256_hadd_pd(pair(a, c), pair(b, d))
}

/// Four rows from r on, the last standing for those that are missing, and how many there are.
fn four(rows: &[&[f64]], r: usize) -> ([*const f64; 4], usize) {
    let last = rows.len() - 1;
    let row = |k: usize| rows[(r + k).min(last)].as_ptr();
    ([row(0), row(1), row(2), row(3)], (rows.len() - r).min(4))
}

/// Writes the first of four sums to a strip, from its entry `at` on.
///
/// # Safety
/// `at + count` is at most 8.
#[target_feature(enable = "avx2")]
unsafe fn keep(sums: __m256d, strip: &mut [f64; STRIP], at: usize, count: usize) {
    if count == 4 {
        // SAFETY: as promised by the caller.
        unsafe { _mm256_storeu_pd(strip.as_mut_ptr().add(at), sums) };
        return;
    }
    let mut all = [0.0; 4];
    // SAFETY: four numbers.
    unsafe { _mm256_storeu_pd(all.as_mut_ptr(), sums) };
    strip[at..at + count].copy_from_slice(&all[..count]);
}

/// # Safety
/// All rows have one length, a multiple of 8; w holds so many vectors of that length, and `out` as many entries for each strip.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn products(rows: &[&[f64]], w: &[f64], vectors: usize, out: &mut [[f64; STRIP]]) {
    let Some(stride) = rows.first().map(|row| row.len()) else { return };
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
                    3 | 5.. => tile::<3>(four, w, [stride, ahead], out, at, count),
                    2 | 4 => tile::<2>(four, w, [stride, ahead], out, at, count),
                    _ => tile::<1>(four, w, [stride, 0], out, at, count),
                }
            };
        }
    }
}

/// # Safety
/// Four rows of one length, a multiple of 8; K vectors as long begin in w, and K strips in `out`; `at + count` is at most 8.
#[inline(never)] // several of these in one function: the compiler runs out of registers
#[target_feature(enable = "avx2,fma")]
unsafe fn tile<const K: usize>(
    rows: [*const f64; 4],
    w: &[f64],
    [stride, ahead]: [usize; 2],
    out: &mut [[f64; STRIP]],
    at: usize,
    count: usize,
) -> usize {
    // SAFETY: as promised by the caller.
    let [low, high] = unsafe { [half::<K>(rows, w, [stride, ahead], 0), half::<K>(rows, w, [stride, 0], 4)] };
    for ((low, high), strip) in low.into_iter().zip(high).zip(out) {
        let sums = four_sums([0, 1, 2, 3].map(|r: usize| _mm256_add_pd(low[r], high[r])));
        // SAFETY: as promised by the caller.
        unsafe { keep(sums, strip, at, count) };
    }
    K
}

/// The sums of columns `from..from + 4` modulo 8: all eight do not fit the registers.
///
/// # Safety
/// As [`tile`]; `from` is 0 or 4.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn half<const K: usize>(
    rows: [*const f64; 4],
    w: &[f64],
    [stride, ahead]: [usize; 2],
    from: usize,
) -> [[__m256d; 4]; K] {
    let mut sums = [[_mm256_setzero_pd(); 4]; K];
    for j in (from..stride).step_by(PARTS) {
        // SAFETY: j + 4 is at most the length of each row and of each of the K vectors in w.
        unsafe {
            let mut all = [_mm256_setzero_pd(); K];
            for (k, part) in all.iter_mut().enumerate() {
                *part = _mm256_loadu_pd(w.as_ptr().add(k * stride + j));
            }
            for (r, row) in rows.into_iter().enumerate() {
                if K > 1 && ahead > 0 {
                    // No access: any address will do.
                    _mm_prefetch::<_MM_HINT_T0>(row.wrapping_add(j + ahead).cast());
                }
                let x = _mm256_loadu_pd(row.add(j));
                for (sums, w) in sums.iter_mut().zip(all) {
                    sums[r] = _mm256_fmadd_pd(x, w, sums[r]);
                }
            }
        }
    }
    sums
}

/// # Safety
/// All rows have one length, a multiple of 8; y holds so many vectors of that length, and `c` as many entries for each strip.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn add_rows(c: &[[f64; STRIP]], rows: &[&[f64]], vectors: usize, y: &mut [f64]) {
    let Some(stride) = rows.first().map(|row| row.len()) else { return };
    let mut k = 0;
    while k < vectors {
        let some = if matches!(vectors - k, 2 | 4) { 2 } else { (vectors - k).min(3) };
        let mut from = 0;
        while from < stride {
            let (c, y) = (&c[k..], &mut y[k * stride..]);
            // SAFETY: so many vectors begin in y, so many columns are left, and `c` has the coefficients of every strip.
            from += unsafe {
                match (some, stride - from) {
                    (3, 16..) => sums::<3, 4>(c, rows, vectors, y, from),
                    (3, _) => sums::<3, 2>(c, rows, vectors, y, from),
                    (2, 16..) => sums::<2, 4>(c, rows, vectors, y, from),
                    (2, _) => sums::<2, 2>(c, rows, vectors, y, from),
                    (_, 32..) => sums::<1, 8>(c, rows, vectors, y, from),
                    (_, 16..) => sums::<1, 4>(c, rows, vectors, y, from),
                    _ => sums::<1, 2>(c, rows, vectors, y, from),
                }
            };
        }
        k += some;
    }
}

/// # Safety
/// From column `from` on, 4 N columns are left of every row and of each of the K vectors that begin in y; `c` begins with the
/// first vector's coefficients.
#[inline(never)] // several of these in one function: the compiler runs out of registers
#[target_feature(enable = "avx2,fma")]
unsafe fn sums<const K: usize, const N: usize>(
    c: &[[f64; STRIP]],
    rows: &[&[f64]],
    vectors: usize,
    y: &mut [f64],
    from: usize,
) -> usize {
    let mut sums = [[_mm256_setzero_pd(); N]; K];
    let stride = rows[0].len();
    // SAFETY: as promised by the caller; row r has its coefficients in strip r / 8.
    unsafe {
        let y = y.as_mut_ptr().add(from);
        for (k, sums) in sums.iter_mut().enumerate() {
            for (n, sum) in sums.iter_mut().enumerate() {
                *sum = _mm256_loadu_pd(y.add(k * stride + n * 4));
            }
        }
        for (r, row) in rows.iter().enumerate() {
            let (c, row) = (c.as_ptr().add(r / STRIP * vectors), row.as_ptr().add(from));
            let mut all = [_mm256_setzero_pd(); K];
            for (k, one) in all.iter_mut().enumerate() {
                *one = _mm256_set1_pd(*c.add(k).cast::<f64>().add(r % STRIP));
            }
            for n in 0..N {
                let x = _mm256_loadu_pd(row.add(n * 4));
                for (sums, c) in sums.iter_mut().zip(all) {
                    sums[n] = _mm256_fmadd_pd(c, x, sums[n]);
                }
            }
        }
        for (k, sums) in sums.iter().enumerate() {
            for (n, sum) in sums.iter().enumerate() {
                _mm256_storeu_pd(y.add(k * stride + n * 4), *sum);
            }
        }
    }
    N * 4
}
