//! Products and sums of rows in registers of AVX2.
#![allow(unsafe_code)]

use super::{PARTS, ROWS, STRIP};
use std::arch::x86_64::*;

/// Rows whose products are formed together.
const FOUR: usize = 4;
/// Vectors that share the loads of four rows, at most.
const MOST: usize = 3;

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
pub(super) unsafe fn products(rows: &[&[f64]], next: &[f64], w: &[f64], vectors: usize, out: &mut [[f64; STRIP]]) {
    if rows.is_empty() {
        return;
    }
    // SAFETY: of the caller; where there is one vector w is as long as a row.
    unsafe {
        match (vectors, next) {
            (1, []) => alone::<false>(rows, next, w, out),
            (1, _) => alone::<true>(rows, next, w, out),
            _ => together(rows, next, w, vectors, out),
        }
    }
}

/// Asks for some cache lines. Half of the next rows are asked for while products are formed, the other half while rows are added:
/// line after line, in small portions, so that the memory delivers all the time.
#[inline(always)]
fn ask(at: *const f64, lines: usize) {
    for line in 0..lines {
        // SAFETY: no access: any address will do.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(at.wrapping_add(line * PARTS).cast()) };
    }
}

/// [`products`] with one vector.
///
/// # Safety
/// As [`products`].
#[inline(never)]
#[target_feature(enable = "avx2,fma")]
unsafe fn alone<const ASKS: bool>(rows: &[&[f64]], next: &[f64], w: &[f64], out: &mut [[f64; STRIP]]) {
    let mut far = next.as_ptr();
    by_fours(rows, |four, [strip, at, count]| {
        let [mut low, mut high] = [[_mm256_setzero_pd(); FOUR]; 2];
        for (j, w) in (0..).step_by(PARTS).zip(w.as_chunks::<PARTS>().0) {
            if ASKS {
                ask(far, 2);
                far = far.wrapping_add(2 * PARTS);
            }
            // SAFETY: rows are as long as w.
            unsafe {
                let (first, second) = (_mm256_loadu_pd(w.as_ptr()), _mm256_loadu_pd(w.as_ptr().add(4)));
                for r in 0..FOUR {
                    low[r] = _mm256_fmadd_pd(_mm256_loadu_pd(four[r].add(j)), first, low[r]);
                    high[r] = _mm256_fmadd_pd(_mm256_loadu_pd(four[r].add(j + 4)), second, high[r]);
                }
            }
        }
        let sums = four_sums(std::array::from_fn(|r| _mm256_add_pd(low[r], high[r])));
        // SAFETY: the place is in the strip.
        unsafe { keep(sums, &mut out[strip], at, count) };
    });
}

/// [`products`] with several vectors.
///
/// # Safety
/// As [`products`].
#[target_feature(enable = "avx2,fma")]
unsafe fn together(rows: &[&[f64]], next: &[f64], w: &[f64], vectors: usize, out: &mut [[f64; STRIP]]) {
    let stride = rows[0].len();
    let (mut ahead, mut halves) = (next.as_ptr(), [[[_mm256_setzero_pd(); FOUR]; MOST]; 2]);
    by_fours(rows, |four, [strip, at, count]| {
        let (mut k, mut far) = (0, (!next.is_empty()).then_some(ahead));
        while k < vectors {
            let (w, out) = (&w[k * stride..], &mut out[strip * vectors + k..]);
            // SAFETY: four rows; so many vectors begin in w; the place is in the strips.
            k += unsafe {
                match vectors - k {
                    1 => tile::<1>(four, w, stride, far, out, [at, count], &mut halves),
                    2 | 4 => tile::<2>(four, w, stride, far, out, [at, count], &mut halves),
                    _ => tile::<3>(four, w, stride, far, out, [at, count], &mut halves),
                }
            };
            far = None;
        }
        ahead = ahead.wrapping_add(2 * stride);
    });
}

/// # Safety
/// Four rows of one length, a multiple of 8; K vectors as long begin in w, and K strips in `out`; `at + count` is at most 8.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn tile<const K: usize>(
    rows: [*const f64; FOUR],
    w: &[f64],
    stride: usize,
    far: Option<*const f64>,
    out: &mut [[f64; STRIP]],
    [at, count]: [usize; 2],
    [low, high]: &mut [[[__m256d; FOUR]; MOST]; 2],
) -> usize {
    // SAFETY: as promised by the caller.
    unsafe {
        match far {
            Some(far) => half::<K, true>(rows, w, [stride, 0], far, low),
            None => half::<K, false>(rows, w, [stride, 0], rows[0], low),
        }
        half::<K, false>(rows, w, [stride, 4], rows[0], high);
    }
    for ((low, high), strip) in low.iter().zip(high).zip(out).take(K) {
        let sums = four_sums(std::array::from_fn(|r| _mm256_add_pd(low[r], high[r])));
        // SAFETY: as promised by the caller.
        unsafe { keep(sums, strip, at, count) };
    }
    K
}

/// The sums of columns `from..from + 4` modulo 8: all eight do not fit the registers. ASKS: for what is at `far`, which else is any
/// address.
///
/// # Safety
/// As [`tile`]; `from` is 0 or 4.
#[inline(never)] // with anything beside it the compiler runs out of registers
#[target_feature(enable = "avx2,fma")]
unsafe fn half<const K: usize, const ASKS: bool>(
    rows: [*const f64; FOUR],
    w: &[f64],
    [stride, from]: [usize; 2],
    far: *const f64,
    kept: &mut [[__m256d; FOUR]; MOST],
) {
    let mut sums = [[_mm256_setzero_pd(); FOUR]; K];
    for j in (from..stride).step_by(PARTS) {
        if ASKS {
            ask(far.wrapping_add(2 * j), 2);
        }
        // SAFETY: j + 4 is at most the length of each row and of each of the K vectors in w.
        unsafe {
            let mut all = [_mm256_setzero_pd(); K];
            for (k, part) in all.iter_mut().enumerate() {
                *part = _mm256_loadu_pd(w.as_ptr().add(k * stride + j));
            }
            for (r, row) in rows.into_iter().enumerate() {
                let x = _mm256_loadu_pd(row.add(j));
                for (sums, w) in sums.iter_mut().zip(all) {
                    sums[r] = _mm256_fmadd_pd(x, w, sums[r]);
                }
            }
        }
    }
    kept[..K].copy_from_slice(&sums);
}

/// # Safety
/// All rows have one length, a multiple of 8; y holds so many vectors of that length, and `c` as many entries for each strip.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn add_rows(c: &[[f64; STRIP]], rows: &[&[f64]], next: &[f64], vectors: usize, y: &mut [f64]) {
    let Some(stride) = rows.first().map(|row| row.len()).filter(|_| vectors > 0) else { return };
    let far = (!next.is_empty()).then(|| next.as_ptr().wrapping_add(ROWS / 2 * stride));
    let mut from = 0;
    while from < stride {
        let left = stride - from;
        let mut far = far.map(|far| far.wrapping_add(ROWS / 2 * from));
        let (mut k, mut added) = (0, 0);
        // Some columns of the rows stay in the first cache for all vectors.
        while k < vectors {
            let (c, y) = (&c[k..], &mut y[k * stride..]);
            // SAFETY: so many vectors begin in y, so many columns are left, and `c` has the coefficients of every strip.
            let done = unsafe {
                match (vectors - k, left) {
                    (1, 32..) if vectors == 1 => sums::<1, 8>(c, rows, vectors, y, from, far),
                    (1, 16..) => sums::<1, 4>(c, rows, vectors, y, from, far),
                    (1, _) => sums::<1, 2>(c, rows, vectors, y, from, far),
                    (2 | 4, 16..) => sums::<2, 4>(c, rows, vectors, y, from, far),
                    (2 | 4, _) => sums::<2, 2>(c, rows, vectors, y, from, far),
                    (_, 16..) => sums::<3, 4>(c, rows, vectors, y, from, far),
                    _ => sums::<3, 2>(c, rows, vectors, y, from, far),
                }
            };
            (k, added, far) = (k + done[0], done[1], None);
        }
        from += added;
    }
}

/// # Safety
/// From column `from` on, 4 N columns are left of every row and of each of the K vectors that begin in y; `c` begins with the
/// first vector's coefficients.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn sums<const K: usize, const N: usize>(
    c: &[[f64; STRIP]],
    rows: &[&[f64]],
    vectors: usize,
    y: &mut [f64],
    from: usize,
    far: Option<*const f64>,
) -> [usize; 2] {
    // SAFETY: as promised by the caller.
    unsafe {
        match far {
            Some(far) => asking_sums::<K, N, true>(c, rows, vectors, y, from, far),
            None => asking_sums::<K, N, false>(c, rows, vectors, y, from, c.as_ptr().cast()),
        }
    }
    [K, N * 4]
}

/// # Safety
/// As [`sums`].
#[inline(never)] // several of these in one function: the compiler runs out of registers
#[target_feature(enable = "avx2,fma")]
unsafe fn asking_sums<const K: usize, const N: usize, const ASKS: bool>(
    c: &[[f64; STRIP]],
    rows: &[&[f64]],
    vectors: usize,
    y: &mut [f64],
    from: usize,
    mut far: *const f64,
) {
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
                if ASKS {
                    ask(far, N.div_ceil(4));
                    far = far.wrapping_add(N * 2);
                }
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
}
