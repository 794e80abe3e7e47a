//! Products and sums of rows in registers of AVX2.
#![allow(unsafe_code)]

use super::{AHEAD, PARTS, STRIP};
use std::arch::x86_64::*;

/// Rows whose products are formed together.
const FOUR: usize = 4;

/// Four sums of each of four rows to one of each: `((p0+p4)+(p2+p6)) + ((p1+p5)+(p3+p7))`, given the sums of halves.
#[inline]
#[target_feature(enable = "avx2")]
fn four_sums([a, b, c, d]: [__m256d; FOUR]) -> __m256d {
    let pair = |a, b| _mm256_add_pd(_mm256_permute2f128_pd::<0x20>(a, b), _mm256_permute2f128_pd::<0x31>(a, b));
    // [a0, a1, c0, c1] and [b0, b1, d0, d1]; sums of neighbours: a, b, c, d.
    _mm256_hadd_pd(pair(a, c), pair(b, d))
}

/// Calls with the beginnings of four rows each, where they go in a strip, and how many there are: the last stands for those that are
/// missing.
#[inline(always)]
fn by_fours(rows: &[&[f64]], mut take: impl FnMut([*const f64; FOUR], [usize; 3])) {
    let (fours, rest) = rows.as_chunks::<FOUR>();
    for (k, four) in fours.iter().enumerate() {
        take(four.map(|row| row.as_ptr()), [k / 2, k % 2 * FOUR, FOUR]);
    }
    if let Some(last) = rest.last() {
        let four = std::array::from_fn(|r| rest.get(r).unwrap_or(last).as_ptr());
        take(four, [fours.len() / 2, fours.len() % 2 * FOUR, rest.len()]);
    }
}

/// Writes the first of four sums to a strip, from its entry `at` on.
///
/// # Safety
/// `at + count` is at most 8.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn keep(sums: __m256d, strip: &mut [f64; STRIP], at: usize, count: usize) {
    if count == FOUR {
        // SAFETY: as promised by the caller.
        unsafe { _mm256_storeu_pd(strip.as_mut_ptr().add(at), sums) };
        return;
    }
    let mut all = [0.0; FOUR];
    // SAFETY: four numbers.
    unsafe { _mm256_storeu_pd(all.as_mut_ptr(), sums) };
    for (out, sum) in strip[at..].iter_mut().zip(all).take(count) {
        *out = sum;
    }
}

/// # Safety
/// All rows have one length, a multiple of 8; w holds so many vectors of that length, and `out` as many entries for each strip.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn products(rows: &[&[f64]], w: &[f64], vectors: usize, out: &mut [[f64; STRIP]]) {
    let Some(stride) = rows.first().map(|row| row.len()) else { return };
    if vectors == 1 {
        by_fours(rows, |four, [strip, at, count]| {
            // SAFETY: four rows as long as w; the place is in the strip.
            unsafe { keep(alone(four, w), &mut out[strip], at, count) };
        });
        return;
    }
    by_fours(rows, |four, [strip, at, count]| {
        let mut k = 0;
        while k < vectors {
            let (w, out) = (&w[k * stride..], &mut out[strip * vectors + k..]);
            // Rows mostly follow each other in memory.
            let ahead = if k == 0 && stride > 64 { AHEAD * stride } else { 0 };
            // SAFETY: four rows; so many vectors begin in w; the place is in the strips.
            k += unsafe {
                match vectors - k {
                    3 | 5.. => tile::<3>(four, w, [stride, ahead], out, at, count),
                    2 | 4 => tile::<2>(four, w, [stride, ahead], out, at, count),
                    _ => tile::<1>(four, w, [stride, ahead], out, at, count),
                }
            };
        }
    });
}

/// Products of four rows with one vector.
///
/// # Safety
/// Four rows as long as w, a multiple of 8.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn alone(rows: [*const f64; FOUR], w: &[f64]) -> __m256d {
    let [mut low, mut high] = [[_mm256_setzero_pd(); FOUR]; 2];
    for (j, w) in (0..).step_by(PARTS).zip(w.as_chunks::<PARTS>().0) {
        // SAFETY: j + 8 is at most the length of each row.
        unsafe {
            let (first, second) = (_mm256_loadu_pd(w.as_ptr()), _mm256_loadu_pd(w.as_ptr().add(4)));
            for r in 0..FOUR {
                low[r] = _mm256_fmadd_pd(_mm256_loadu_pd(rows[r].add(j)), first, low[r]);
                high[r] = _mm256_fmadd_pd(_mm256_loadu_pd(rows[r].add(j + 4)), second, high[r]);
            }
        }
    }
    four_sums(std::array::from_fn(|r| _mm256_add_pd(low[r], high[r])))
}

/// # Safety
/// Four rows of one length, a multiple of 8; K vectors as long begin in w, and K strips in `out`; `at + count` is at most 8.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn tile<const K: usize>(
    rows: [*const f64; FOUR],
    w: &[f64],
    [stride, ahead]: [usize; 2],
    out: &mut [[f64; STRIP]],
    at: usize,
    count: usize,
) -> usize {
    let [mut low, mut high] = [[[_mm256_setzero_pd(); FOUR]; K]; 2];
    // SAFETY: as promised by the caller.
    unsafe {
        if ahead > 0 {
            half::<K, true>(rows, w, [stride, ahead], 0, &mut low);
        } else {
            half::<K, false>(rows, w, [stride, 0], 0, &mut low);
        }
        half::<K, false>(rows, w, [stride, 0], 4, &mut high);
    }
    for ((low, high), strip) in low.into_iter().zip(high).zip(out) {
        let sums = four_sums(std::array::from_fn(|r| _mm256_add_pd(low[r], high[r])));
        // SAFETY: as promised by the caller.
        unsafe { keep(sums, strip, at, count) };
    }
    K
}

/// The sums of columns `from..from + 4` modulo 8: all eight do not fit the registers. Asks for rows further on, if so told.
///
/// # Safety
/// As [`tile`]; `from` is 0 or 4.
#[inline(never)] // with anything beside it the compiler runs out of registers
#[target_feature(enable = "avx2,fma")]
unsafe fn half<const K: usize, const ASKS: bool>(
    rows: [*const f64; FOUR],
    w: &[f64],
    [stride, ahead]: [usize; 2],
    from: usize,
    kept: &mut [[__m256d; FOUR]; K],
) {
    let mut sums = [[_mm256_setzero_pd(); FOUR]; K];
    for j in (from..stride).step_by(PARTS) {
        // SAFETY: j + 4 is at most the length of each row and of each of the K vectors in w.
        unsafe {
            let mut all = [_mm256_setzero_pd(); K];
            for (k, part) in all.iter_mut().enumerate() {
                *part = _mm256_loadu_pd(w.as_ptr().add(k * stride + j));
            }
            for (r, row) in rows.into_iter().enumerate() {
                if ASKS {
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
    *kept = sums;
}

/// # Safety
/// All rows have one length, a multiple of 8; y holds so many vectors of that length, and `c` as many entries for each strip.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn add_rows(c: &[[f64; STRIP]], rows: &[&[f64]], vectors: usize, y: &mut [f64]) {
    let Some(stride) = rows.first().map(|row| row.len()) else { return };
    let mut from = 0;
    while from < stride {
        let left = stride - from;
        if vectors == 1 {
            // SAFETY: so many columns are left, and `c` has the coefficients of every strip.
            from += unsafe {
                match left {
                    32.. => sums::<1, 8>(c, rows, 1, y, from),
                    16.. => sums::<1, 4>(c, rows, 1, y, from),
                    _ => sums::<1, 2>(c, rows, 1, y, from),
                }
            };
            continue;
        }
        // Some columns of the rows stay in the first cache for all vectors.
        let (mut k, mut added) = (0, 0);
        while k < vectors {
            let some = if matches!(vectors - k, 2 | 4) { 2 } else { (vectors - k).min(3) };
            let (c, y) = (&c[k..], &mut y[k * stride..]);
            // SAFETY: so many vectors begin in y, so many columns are left, and `c` has the coefficients of every strip.
            added = unsafe {
                match (some, left) {
                    (3, 16..) => sums::<3, 4>(c, rows, vectors, y, from),
                    (3, _) => sums::<3, 2>(c, rows, vectors, y, from),
                    (2, 16..) => sums::<2, 4>(c, rows, vectors, y, from),
                    (2, _) => sums::<2, 2>(c, rows, vectors, y, from),
                    (_, 16..) => sums::<1, 4>(c, rows, vectors, y, from),
                    _ => sums::<1, 2>(c, rows, vectors, y, from),
                }
            };
            k += some;
        }
        from += added;
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
    // SAFETY: as promised by the caller; the coefficients of the next strip are `vectors` further on.
    unsafe {
        let (y, mut c) = (y.as_mut_ptr().add(from), c.as_ptr().cast::<f64>());
        for (k, sums) in sums.iter_mut().enumerate() {
            for (n, sum) in sums.iter_mut().enumerate() {
                *sum = _mm256_loadu_pd(y.add(k * stride + n * 4));
            }
        }
        for rows in rows.chunks(STRIP) {
            for (r, row) in rows.iter().enumerate() {
                let row = row.as_ptr().add(from);
                let mut all = [_mm256_setzero_pd(); K];
                for (k, one) in all.iter_mut().enumerate() {
                    *one = _mm256_set1_pd(*c.add(k * STRIP + r));
                }
                for n in 0..N {
                    let x = _mm256_loadu_pd(row.add(n * 4));
                    for (sums, c) in sums.iter_mut().zip(all) {
                        sums[n] = _mm256_fmadd_pd(c, x, sums[n]);
                    }
                }
            }
            c = c.wrapping_add(vectors * STRIP);
        }
        for (k, sums) in sums.iter().enumerate() {
            for (n, sum) in sums.iter().enumerate() {
                _mm256_storeu_pd(y.add(k * stride + n * 4), *sum);
            }
        }
    }
    N * 4
}
