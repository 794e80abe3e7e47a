//! Products and sums of rows in registers of AVX-512.
#![allow(unsafe_code)]

pub(in super::super) mod eight_vectors;

use super::{PARTS, Places, STRIP, ask};
use std::arch::x86_64::*;

/// Eight sums of each of eight rows to one of each, by halves: `((p0+p4)+(p2+p6)) + ((p1+p5)+(p3+p7))`.
#[inline]
#[target_feature(enable = "avx512f")]
pub(in super::super) fn eight_sums(rows: [__m512d; STRIP]) -> __m512d {
    let halved = |a, b| _mm512_add_pd(_mm512_shuffle_f64x2::<0x44>(a, b), _mm512_shuffle_f64x2::<0xee>(a, b));
    let quartered = |a, b| _mm512_add_pd(_mm512_shuffle_f64x2::<0x88>(a, b), _mm512_shuffle_f64x2::<0xdd>(a, b));
    let [r0, r1, r2, r3, r4, r5, r6, r7] = rows;
    // Two numbers are left of each of the rows 0, 2, 4, 6, and of the others.
    let even = quartered(halved(r0, r2), halved(r4, r6));
    let odd = quartered(halved(r1, r3), halved(r5, r7));
    _mm512_add_pd(_mm512_unpacklo_pd(even, odd), _mm512_unpackhi_pd(even, odd))
}

/// # Safety
/// There are rows, all of one length, a multiple of 8; w holds so many vectors of that length, at least one, and `out` as many entries
/// for each strip.
#[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
pub(super) unsafe fn products(rows: impl Places, w: &[f64], vectors: usize, out: &mut [[f64; STRIP]]) {
    let stride = rows.stride();
    if vectors == 1 {
        // SAFETY: of the caller.
        return unsafe {
            match rows.next() {
                [] => alone::<_, false>(rows, w, stride, out),
                _ => alone::<_, true>(rows, w, stride, out),
            }
        };
    }
    for (number, out) in out.chunks_exact_mut(vectors).enumerate() {
        let strip = Strip::of(rows, number);
        let (mut k, mut asked) = (0, 0);
        while k < vectors {
            let (w, out) = (&w[k * stride..], &mut out[k..]);
            // SAFETY: so many vectors begin in w, and strips in `out`.
            k += unsafe {
                match (strip.count, vectors - k) {
                    (5.., 3 | 5..) => tile_of_3(&strip, w, stride, out),
                    (5.., 2 | 4) => tile_of_2(&strip, w, stride, out),
                    (5.., _) => tile_of_1(&strip, w, stride, out),
                    _ => row_by_row(&strip, w, stride, out),
                }
            };
            let until = if stride <= 64 { 0 } else { (STRIP * k).div_ceil(vectors).min(strip.count) };
            strip.rows[asked.min(until)..until].iter().for_each(|row| ask_for_next(*row, stride));
            asked = until;
        }
    }
}

/// Where the rows of a strip begin; the last stands for those that are missing.
struct Strip {
    rows: [*const f64; STRIP],
    count: usize,
}

impl Strip {
    #[inline(always)]
    fn of(rows: impl Places, number: usize) -> Self {
        let (first, count) = (number * STRIP, STRIP.min(rows.count() - number * STRIP));
        if count == STRIP { Self::full(rows, first) } else { Self::by(count, |r| rows.place(first + r.min(count - 1))) }
    }

    /// Eight rows from one of them on.
    #[inline(always)]
    fn full(rows: impl Places, first: usize) -> Self {
        Self::by(STRIP, |r| rows.place(first + r))
    }

    #[inline(always)]
    fn by(count: usize, row: impl Fn(usize) -> *const f64) -> Self {
        // Not by `map`, which may become a call.
        Self { rows: [row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7)], count }
    }
}

/// [`products`] with one vector. Half of what follows the rows is asked for meanwhile, the other half while they are added: line after
/// line, so that the memory delivers all the time.
///
/// # Safety
/// As [`products`].
#[inline(never)]
#[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
unsafe fn alone<P: Places, const ASKS: bool>(rows: P, w: &[f64], stride: usize, out: &mut [[f64; STRIP]]) {
    let next = rows.next().as_ptr();
    let full = rows.count() / STRIP;
    for (number, out) in out.iter_mut().enumerate() {
        let far = next.wrapping_add(number * STRIP / 2 * stride);
        let out = std::slice::from_mut(out);
        // SAFETY: of the caller.
        unsafe {
            if number < full {
                tile::<1, ASKS>(&Strip::full(rows, number * STRIP), w, stride, out, far);
                continue;
            }
            let strip = Strip::of(rows, number);
            match strip.count {
                5.. => tile::<1, ASKS>(&strip, w, stride, out, far),
                _ => row_by_row(&strip, w, stride, out),
            }
        };
    }
}

/// Asks the memory for the row eight further on, if rows follow each other, as they mostly do: a few at a time, so that it delivers while
/// others are multiplied.
#[inline]
#[target_feature(enable = "avx512f")]
fn ask_for_next(row: *const f64, stride: usize) {
    ask(row.wrapping_add(STRIP * stride), stride / PARTS);
}

/// Functions of their own: of several tiles in one the compiler leaves the registers.
macro_rules! tile_of {
    ($name:ident, $k:literal) => {
        #[inline(never)]
        #[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
        unsafe fn $name(strip: &Strip, w: &[f64], stride: usize, out: &mut [[f64; STRIP]]) -> usize {
            // SAFETY: as promised by the caller.
            unsafe { tile::<$k, false>(strip, w, stride, out, w.as_ptr()) }
        }
    };
}
tile_of!(tile_of_1, 1);
tile_of!(tile_of_2, 2);
tile_of!(tile_of_3, 3);

/// # Safety
/// A strip of rows of length `stride`, a multiple of 8; K vectors as long begin in w, and K strips in `out`.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
unsafe fn tile<const K: usize, const ASKS: bool>(
    strip: &Strip,
    w: &[f64],
    stride: usize,
    out: &mut [[f64; STRIP]],
    far: *const f64,
) -> usize {
    let mut sums = [[_mm512_setzero_pd(); STRIP]; K];
    for j in (0..stride).step_by(PARTS) {
        if ASKS {
            ask(far.wrapping_add(STRIP / 2 * j), STRIP / 2);
        }
        // SAFETY: j + 8 is at most the length of each row and of each of the K vectors in w.
        unsafe {
            let mut all = [_mm512_setzero_pd(); K];
            for (k, part) in all.iter_mut().enumerate() {
                *part = _mm512_loadu_pd(w.as_ptr().add(k * stride + j));
            }
            for (r, row) in strip.rows.into_iter().enumerate() {
                let x = _mm512_loadu_pd(row.add(j));
                for (sums, w) in sums.iter_mut().zip(all) {
                    sums[r] = _mm512_fmadd_pd(x, w, sums[r]);
                }
            }
        }
    }
    let mask = u8::MAX >> (STRIP - strip.count);
    for (sums, out) in sums.into_iter().zip(out) {
        // SAFETY: a strip has eight entries.
        unsafe { _mm512_mask_storeu_pd(out.as_mut_ptr(), mask, eight_sums(sums)) };
    }
    K
}

/// [`tile`] of one vector and few rows, one after the other.
///
/// # Safety
/// A strip of rows of length `stride`, a multiple of 8; a vector as long begins in w, and a strip in `out`.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
unsafe fn row_by_row(strip: &Strip, w: &[f64], stride: usize, out: &mut [[f64; STRIP]]) -> usize {
    for (row, out) in strip.rows.into_iter().take(strip.count).zip(&mut out[0]) {
        let mut sum = _mm512_setzero_pd();
        for j in (0..stride).step_by(PARTS) {
            // SAFETY: j + 8 is at most the length of the row and of the vector.
            unsafe {
                sum = _mm512_fmadd_pd(_mm512_loadu_pd(row.add(j)), _mm512_loadu_pd(w.as_ptr().add(j)), sum);
            }
        }
        *out = _mm512_cvtsd_f64(eight_sums([sum; STRIP]));
    }
    1
}

/// # Safety
/// There are rows, all of one length, a multiple of 8; y holds so many vectors of that length, at least one, and `c` as many entries
/// for each strip.
#[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
pub(super) unsafe fn add_rows(c: &[[f64; STRIP]], rows: impl Places, vectors: usize, y: &mut [f64]) {
    let stride = rows.stride();
    let next = (vectors == 1 && !rows.next().is_empty()).then(|| rows.next().as_ptr());
    let mut k = 0;
    while k < vectors {
        let some = (vectors - k).min(4);
        let mut from = 0;
        while from < stride {
            let left = (stride - from) / PARTS;
            let far = next.map(|next| next.wrapping_add(rows.count() / 2 * (stride + from)));
            let (c, y) = (&c[k..], &mut y[k * stride..]);
            // SAFETY: so many vectors begin in y, so many columns are left, and `c` has the coefficients of every strip.
            from += unsafe {
                match some {
                    4 => some_sums::<_, 4>(left, c, rows, vectors, y, from, far),
                    3 => some_sums::<_, 3>(left, c, rows, vectors, y, from, far),
                    2 => some_sums::<_, 2>(left, c, rows, vectors, y, from, far),
                    _ if left >= 8 => sums::<_, 1, 8>(c, rows, vectors, y, from, far),
                    _ => some_sums::<_, 1>(left, c, rows, vectors, y, from, far),
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
unsafe fn some_sums<P: Places, const K: usize>(
    left: usize,
    c: &[[f64; STRIP]],
    rows: P,
    vectors: usize,
    y: &mut [f64],
    from: usize,
    far: Option<*const f64>,
) -> usize {
    // SAFETY: as promised by the caller.
    unsafe {
        match left {
            5 => sums::<P, K, 5>(c, rows, vectors, y, from, far),
            3 | 6 => sums::<P, K, 3>(c, rows, vectors, y, from, far),
            2 => sums::<P, K, 2>(c, rows, vectors, y, from, far),
            1 => sums::<P, K, 1>(c, rows, vectors, y, from, far),
            _ => sums::<P, K, 4>(c, rows, vectors, y, from, far),
        }
    }
}

/// Columns that were added up.
///
/// # Safety
/// From column `from` on, 8 N columns are left of every row and of each of the K vectors that begin in y; `c` begins with the
/// first vector's coefficients.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
unsafe fn sums<P: Places, const K: usize, const N: usize>(
    c: &[[f64; STRIP]],
    rows: P,
    vectors: usize,
    y: &mut [f64],
    from: usize,
    far: Option<*const f64>,
) -> usize {
    // SAFETY: as promised by the caller.
    unsafe {
        match far {
            Some(far) => asking_sums::<P, K, N, true>(c, rows, vectors, y, from, far),
            None => asking_sums::<P, K, N, false>(c, rows, vectors, y, from, c.as_ptr().cast()),
        }
    }
    N * PARTS
}

/// # Safety
/// As [`sums`].
#[inline(never)] // several of these in one function: the compiler runs out of registers
#[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
unsafe fn asking_sums<P: Places, const K: usize, const N: usize, const ASKS: bool>(
    c: &[[f64; STRIP]],
    rows: P,
    vectors: usize,
    y: &mut [f64],
    from: usize,
    mut far: *const f64,
) {
    let mut sums = [[_mm512_setzero_pd(); N]; K];
    let stride = rows.stride();
    // SAFETY: from + 8 N is at most the length of a row and of each of the K vectors in y; row r has its coefficients in
    // strip r / 8.
    unsafe {
        let y = y.as_mut_ptr().add(from);
        for (k, sums) in sums.iter_mut().enumerate() {
            for (n, sum) in sums.iter_mut().enumerate() {
                *sum = _mm512_loadu_pd(y.add(k * stride + n * PARTS));
            }
        }
        for (r, row) in rows.places(0, rows.count()).enumerate() {
            if ASKS {
                ask(far, N.div_ceil(2));
                far = far.wrapping_add(N * PARTS / 2);
            }
            let (c, row) = (c.as_ptr().add(r / STRIP * vectors), row.add(from));
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
}
