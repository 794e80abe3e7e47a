//! Products and sums of rows in registers of AVX2.
#![allow(unsafe_code)]

pub(in super::super) mod eight_vectors;
pub(in super::super) mod one_vector;

use super::{PARTS, Places, STRIP, ask};
use one_vector::{add_to_one, products_with_one};
use std::arch::asm;
use std::arch::x86_64::*;

/// Rows whose products are formed together.
pub(in super::super) const FOUR: usize = 4;
/// Rows whose products with several vectors are formed together.
const TWO: usize = 2;

/// Four sums of each of four rows to one of each: `((p0+p4)+(p2+p6)) + ((p1+p5)+(p3+p7))`, given the sums of halves.
#[inline]
#[target_feature(enable = "avx2")]
pub(in super::super) fn four_sums([a, b, c, d]: [__m256d; FOUR]) -> __m256d {
    from_quarters([quarters([a, c]), quarters([b, d])])
}

/// `p0+p2` and `p1+p3` of one row, then of another. Half of the numbers are blended: multiply-adds wait for shuffles across halves.
#[inline]
#[target_feature(enable = "avx2")]
fn quarters([a, b]: [__m256d; TWO]) -> __m256d {
    _mm256_add_pd(_mm256_blend_pd::<0b1100>(a, b), _mm256_permute2f128_pd::<0x21>(a, b))
}

/// The sums of four rows, given the [`quarters`] of the first and the third, and of the second and the fourth.
#[inline]
#[target_feature(enable = "avx2")]
fn from_quarters([even, odd]: [__m256d; TWO]) -> __m256d {
    _mm256_add_pd(_mm256_blend_pd::<0b1010>(even, odd), _mm256_shuffle_pd::<0b0101>(even, odd))
}

/// Where four rows begin; the last stands for those that are missing.
#[inline(always)]
fn four(rows: impl Places, number: usize) -> [*const f64; FOUR] {
    let place = |r: usize| rows.place((number * FOUR + r).min(rows.count() - 1));
    [place(0), place(1), place(2), place(3)]
}

/// # Safety
/// There are rows, all of one length, a multiple of 8; w holds so many vectors of that length, at least one, and `out` as many entries
/// for each strip.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn products(rows: impl Places, w: &[f64], vectors: usize, out: &mut [[f64; STRIP]]) {
    // SAFETY: of the caller; where there is one vector w is as long as a row.
    unsafe {
        match vectors {
            1 => products_with_one(rows, w, out.as_flattened_mut()),
            _ => together(rows, w, vectors, out),
        }
    }
}

/// [`products`] with several vectors.
///
/// # Safety
/// As [`products`], with at least two vectors.
#[target_feature(enable = "avx2,fma")]
unsafe fn together(rows: impl Places, w: &[f64], vectors: usize, out: &mut [[f64; STRIP]]) {
    let (stride, next) = (rows.stride(), rows.next());
    for number in 0..rows.count().div_ceil(FOUR) {
        let (four, half) = (four(rows, number), number % 2 * FOUR);
        let out = &mut out[number / 2 * vectors..][..vectors];
        // Two rows of the next panel are asked for: half of it while products are formed.
        let far = next.as_ptr().wrapping_add(2 * number * stride);
        let (mut done, mut asks) = (0, !next.is_empty());
        while done < vectors {
            let (w, out) = (w[done * stride..].as_ptr(), &mut out[done..]);
            // SAFETY: the rows are as long as each of the vectors, of which so many begin in w; `half` is 0 or 4.
            done += unsafe {
                match (vectors - done, asks) {
                    (2 | 4, true) => keep(with_two::<true>(four, w, stride, far), out, half),
                    (2 | 4, false) => keep(with_two::<false>(four, w, stride, far), out, half),
                    (_, true) => keep(with_three::<true>(four, w, stride, far), out, half),
                    (_, false) => keep(with_three::<false>(four, w, stride, far), out, half),
                }
            };
            asks = false;
        }
    }
}

/// Writes the products of four rows with K vectors to their strips, given the [`quarters`] of two rows each; K.
///
/// # Safety
/// `at + 4` is at most 8, and there are K strips.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn keep<const K: usize>([even, odd]: [[__m256d; K]; TWO], strips: &mut [[f64; STRIP]], at: usize) -> usize {
    for (k, strip) in strips.iter_mut().enumerate().take(K) {
        // SAFETY: as promised by the caller.
        unsafe { _mm256_storeu_pd(strip.as_mut_ptr().add(at), from_quarters([even[k], odd[k]])) };
    }
    K
}

/// [`quarters`] of the products of two rows with vectors, as assembly: the compiler has too few registers for twelve sums of columns
/// modulo 8 and what is added to them, and keeps them in memory when it orders what follows. Each vector with its eight-fold sums
/// of the first row and of the second.
macro_rules! products_of_two {
    ($rows:expr, $stride:expr, $far:expr, $($w:ident = $vector:expr => [$a:ident, $b:ident, $c:ident, $d:ident]),*) => {{
        let zero = _mm256_setzero_pd();
        $(let $a: __m256d;)*
        // SAFETY: the caller's rows and vectors are read from their first to their last entry.
        unsafe {
            asm!(
                "2:",
                ".if {asks}",
                "prefetcht1 [{far} + {at}]",
                ".endif",
                "vmovupd {x}, [{first} + {at}]",
                "vmovupd {y}, [{second} + {at}]",
                $(
                    concat!("vmovupd {w}, [{", stringify!($w), "} + {at}]"),
                    concat!("vfmadd231pd {", stringify!($a), "}, {x}, {w}"),
                    concat!("vfmadd231pd {", stringify!($c), "}, {y}, {w}"),
                )*
                "vmovupd {x}, [{first} + {at} + 32]",
                "vmovupd {y}, [{second} + {at} + 32]",
                $(
                    concat!("vmovupd {w}, [{", stringify!($w), "} + {at} + 32]"),
                    concat!("vfmadd231pd {", stringify!($b), "}, {x}, {w}"),
                    concat!("vfmadd231pd {", stringify!($d), "}, {y}, {w}"),
                )*
                "add {at}, 64",
                "cmp {at}, {end}",
                "jb 2b",
                $(
                    concat!("vaddpd {", stringify!($a), "}, {", stringify!($a), "}, {", stringify!($b), "}"),
                    concat!("vaddpd {", stringify!($c), "}, {", stringify!($c), "}, {", stringify!($d), "}"),
                    concat!("vblendpd {", stringify!($b), "}, {", stringify!($a), "}, {", stringify!($c), "}, 12"),
                    concat!("vperm2f128 {", stringify!($a), "}, {", stringify!($a), "}, {", stringify!($c), "}, 33"),
                    concat!("vaddpd {", stringify!($a), "}, {", stringify!($a), "}, {", stringify!($b), "}"),
                )*
                asks = const ASKS as usize,
                far = in(reg) $far,
                first = in(reg) $rows[0],
                second = in(reg) $rows[1],
                at = inout(reg) 0usize => _,
                end = in(reg) $stride * size_of::<f64>(),
                x = out(ymm_reg) _,
                y = out(ymm_reg) _,
                w = out(ymm_reg) _,
                $(
                    $w = in(reg) $vector,
                    $a = inout(ymm_reg) zero => $a,
                    $b = inout(ymm_reg) zero => _,
                    $c = inout(ymm_reg) zero => _,
                    $d = inout(ymm_reg) zero => _,
                )*
                options(pure, readonly, nostack)
            );
        }
        [$($a),*]
    }};
}

/// [`products_of_two`] of the first and the third of four rows, and of the others; a row from `far` on is asked for with either.
macro_rules! products_of_four {
    ($rows:expr, $stride:expr, $far:expr, $($vectors:tt)*) => {{
        let ([a, b, c, d], far) = ($rows, $far);
        let even = products_of_two!([a, c], $stride, far, $($vectors)*);
        [even, products_of_two!([b, d], $stride, far.wrapping_add($stride), $($vectors)*)]
    }};
}

/// # Safety
/// `stride`, a multiple of 8 that is not 0, entries of each row, and twice as many of w, may be read; `far` is any address.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn with_two<const ASKS: bool>(
    rows: [*const f64; FOUR],
    w: *const f64,
    stride: usize,
    far: *const f64,
) -> [[__m256d; 2]; TWO] {
    products_of_four!(rows, stride, far, u = w => [a, b, c, d], v = w.wrapping_add(stride) => [e, f, g, h])
}

/// # Safety
/// As [`with_two`], with three times as many of w.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn with_three<const ASKS: bool>(
    rows: [*const f64; FOUR],
    w: *const f64,
    stride: usize,
    far: *const f64,
) -> [[__m256d; 3]; TWO] {
    products_of_four!(
        rows, stride, far,
        u = w => [a, b, c, d],
        v = w.wrapping_add(stride) => [e, f, g, h],
        z = w.wrapping_add(2 * stride) => [i, j, k, l]
    )
}

/// # Safety
/// There are rows, all of one length, a multiple of 8; y holds so many vectors of that length, at least one, and `c` as many entries
/// for each strip.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn add_rows(c: &[[f64; STRIP]], rows: impl Places, vectors: usize, y: &mut [f64]) {
    // SAFETY: of the caller.
    unsafe {
        match vectors {
            1 => add_to_one(c.as_flattened(), rows, y),
            _ => add_to_many(c, rows, vectors, y),
        }
    }
}

/// [`add_rows`] to several vectors.
///
/// # Safety
/// As [`add_rows`].
#[target_feature(enable = "avx2,fma")]
unsafe fn add_to_many(c: &[[f64; STRIP]], rows: impl Places, vectors: usize, y: &mut [f64]) {
    let (stride, next) = (rows.stride(), rows.next());
    let far = (!next.is_empty()).then(|| next.as_ptr().wrapping_add(rows.count() / 2 * stride));
    let mut from = 0;
    while from < stride {
        let left = stride - from;
        // Eight columns alone have too few sums: each would wait for the one before.
        let is_odd = !left.is_multiple_of(16);
        let mut far = far.map(|far| far.wrapping_add(rows.count() / 2 * from));
        let (mut k, mut added) = (0, 0);
        // Some columns of the rows stay in the first cache for all vectors.
        while k < vectors {
            let (c, y) = (&c[k..], &mut y[k * stride..]);
            // SAFETY: so many vectors begin in y, so many columns are left, and `c` has the coefficients of every strip.
            let done = unsafe {
                match (vectors - k, left) {
                    (1, 24..) if is_odd => sums::<_, 1, 6>(c, rows, vectors, y, from, far),
                    (_, 24..) if is_odd => sums::<_, 2, 6>(c, rows, vectors, y, from, far),
                    (1, 16..) => sums::<_, 1, 4>(c, rows, vectors, y, from, far),
                    (1, _) => sums::<_, 1, 2>(c, rows, vectors, y, from, far),
                    (2 | 4, 16..) => sums::<_, 2, 4>(c, rows, vectors, y, from, far),
                    (2 | 4, _) => sums::<_, 2, 2>(c, rows, vectors, y, from, far),
                    (_, 16..) => sums::<_, 3, 4>(c, rows, vectors, y, from, far),
                    _ => sums::<_, 3, 2>(c, rows, vectors, y, from, far),
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
unsafe fn sums<P: Places, const K: usize, const N: usize>(
    c: &[[f64; STRIP]],
    rows: P,
    vectors: usize,
    y: &mut [f64],
    from: usize,
    far: Option<*const f64>,
) -> [usize; 2] {
    // SAFETY: as promised by the caller.
    unsafe {
        match far {
            Some(far) => asking_sums::<P, K, N, true>(c, rows, vectors, y, from, far),
            None => asking_sums::<P, K, N, false>(c, rows, vectors, y, from, c.as_ptr().cast()),
        }
    }
    [K, N * 4]
}

/// # Safety
/// As [`sums`].
#[inline(never)] // several of these in one function: the compiler runs out of registers
#[target_feature(enable = "avx2,fma")]
unsafe fn asking_sums<P: Places, const K: usize, const N: usize, const ASKS: bool>(
    c: &[[f64; STRIP]],
    rows: P,
    vectors: usize,
    y: &mut [f64],
    from: usize,
    mut far: *const f64,
) {
    let mut sums = [[_mm256_setzero_pd(); N]; K];
    let stride = rows.stride();
    // SAFETY: as promised by the caller; the coefficients of the next strip are `vectors` further on.
    unsafe {
        let (y, mut c) = (y.as_mut_ptr().add(from), c.as_ptr().cast::<f64>());
        for (k, sums) in sums.iter_mut().enumerate() {
            for (n, sum) in sums.iter_mut().enumerate() {
                *sum = _mm256_loadu_pd(y.add(k * stride + n * 4));
            }
        }
        for first in (0..rows.count()).step_by(STRIP) {
            for (r, row) in rows.places(first, STRIP).enumerate() {
                if ASKS {
                    ask(far, N.div_ceil(4));
                    far = far.wrapping_add(N * 2);
                }
                let row = row.add(from);
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
