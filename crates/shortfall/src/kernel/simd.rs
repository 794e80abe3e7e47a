//! Products of rows with vectors and sums of rows, by hand for AVX-512 and AVX2, beside the plain code that says what they
//! compute: the same operations in the same order, so the same bits.
//!
//! Left to itself the compiler turns the plain loops into pairs of numbers and shuffles: 2 to 4 times slower. Several vectors at a
//! time share the loads of a row, so that arithmetic bounds them and not the caches.

use super::panel::STRIP;

/// Rows taken at a time.
pub(super) const ROWS: usize = 32;
/// Partial sums of the product of a row, by column.
pub(super) const PARTS: usize = 8;

/// Rows that are asked of the memory ahead of those at work.
#[cfg(target_arch = "x86_64")]
const AHEAD: usize = 4;

/// Strips of 8 rows that so many rows take.
pub(super) fn strips(rows: usize) -> usize {
    rows.div_ceil(STRIP)
}

/// `x_i'w_k` for up to [`ROWS`] rows and every vector `w_k` of w, as long as a row, a multiple of 8: 8 partial sums by column, added
/// by halves. `out` holds strips of 8 rows, in each strip one after the other the products with each vector; the rows missing in the
/// last strip are left alone.
pub(super) fn products(rows: &[&[f64]], w: &[f64], out: &mut [[f64; STRIP]]) {
    let vectors = check(rows, w.len(), out);
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
            // SAFETY: the processor has AVX-512F and VL, and the lengths were checked.
            #[allow(unsafe_code)]
            return unsafe { x86::products_512(rows, w, vectors, out) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has AVX2 and FMA, and the lengths were checked.
            #[allow(unsafe_code)]
            return unsafe { x86::products_256(rows, w, vectors, out) };
        }
    }
    plain::products(rows, w, vectors, out);
}

/// `y_k += c_0k x_0`, then `c_1k x_1`, and so on, for every vector `y_k` of y, as long as a row, each entry by fused
/// multiply-adds in that order. Coefficients as [`products`] leaves them.
pub(super) fn add_rows(c: &[[f64; STRIP]], rows: &[&[f64]], y: &mut [f64]) {
    let vectors = check(rows, y.len(), c);
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
            // SAFETY: the processor has AVX-512F and VL, and the lengths were checked.
            #[allow(unsafe_code)]
            return unsafe { x86::add_rows_512(c, rows, vectors, y) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has AVX2 and FMA, and the lengths were checked.
            #[allow(unsafe_code)]
            return unsafe { x86::add_rows_256(c, rows, vectors, y) };
        }
    }
    plain::add_rows(c, rows, vectors, y);
}

/// The number of vectors.
fn check(rows: &[&[f64]], length: usize, strips_of_rows: &[[f64; STRIP]]) -> usize {
    let Some(stride) = rows.first().map(|row| row.len()) else { return 0 };
    assert!(stride > 0 && stride.is_multiple_of(PARTS) && length.is_multiple_of(stride) && rows.len() <= ROWS);
    assert!(rows.iter().all(|row| row.len() == stride));
    let vectors = length / stride;
    assert!(strips_of_rows.len() == strips(rows.len()) * vectors);
    vectors
}

pub(super) mod plain {
    use super::{PARTS, STRIP};

    pub(in super::super) fn products(rows: &[&[f64]], w: &[f64], vectors: usize, out: &mut [[f64; STRIP]]) {
        for (r, row) in rows.iter().enumerate() {
            for (k, w) in w.chunks_exact(row.len()).enumerate() {
                out[r / STRIP * vectors + k][r % STRIP] = product(row, w);
            }
        }
    }

    pub(in super::super) fn add_rows(c: &[[f64; STRIP]], rows: &[&[f64]], vectors: usize, y: &mut [f64]) {
        for (r, row) in rows.iter().enumerate() {
            for (k, y) in y.chunks_exact_mut(row.len()).enumerate() {
                let c = c[r / STRIP * vectors + k][r % STRIP];
                y.iter_mut().zip(*row).for_each(|(y, x)| *y = c.mul_add(*x, *y));
            }
        }
    }

    fn product(x: &[f64], w: &[f64]) -> f64 {
        let mut partial = [0.0; PARTS];
        for (j, (x, w)) in x.iter().zip(w).enumerate() {
            partial[j % PARTS] = x.mul_add(*w, partial[j % PARTS]);
        }
        halves(partial)
    }

    /// Adds the upper half to the lower, until one is left.
    pub(in super::super) fn halves<const N: usize>(mut partial: [f64; N]) -> f64 {
        let mut half = N / 2;
        while half > 0 {
            for i in 0..half {
                partial[i] += partial[i + half];
            }
            half /= 2;
        }
        partial[0]
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod x86 {
    use super::{AHEAD, PARTS, STRIP};
    use std::arch::x86_64::*;

    /// Four sums of each of four rows to one of each: `((p0+p4)+(p2+p6)) + ((p1+p5)+(p3+p7))`, given the sums of halves.
    #[target_feature(enable = "avx2")]
    fn four_sums([a, b, c, d]: [__m256d; 4]) -> __m256d {
        let pair = |a, b| _mm256_add_pd(_mm256_permute2f128_pd::<0x20>(a, b), _mm256_permute2f128_pd::<0x31>(a, b));
        // [a0, a1, c0, c1] and [b0, b1, d0, d1]; sums of neighbours: a, b, c, d.
        _mm256_hadd_pd(pair(a, c), pair(b, d))
    }

    #[target_feature(enable = "avx512f")]
    fn halved(sums: __m512d) -> __m256d {
        _mm256_add_pd(_mm512_castpd512_pd256(sums), _mm512_extractf64x4_pd::<1>(sums))
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
    #[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
    pub(super) unsafe fn products_512(rows: &[&[f64]], w: &[f64], vectors: usize, out: &mut [[f64; STRIP]]) {
        let Some(stride) = rows.first().map(|row| row.len()) else { return };
        if vectors == 1 {
            for r in (0..rows.len()).step_by(4) {
                let (four, count) = four(rows, r);
                // SAFETY: four rows, one vector; r % 8 + count is at most 8.
                unsafe { tile_512::<1>(four, w, [stride, 0], &mut out[r / STRIP..], r % STRIP, count) };
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
                        _ => tile_512::<1>(four, w, [stride, ahead], out, at, count),
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
                unsafe { tile_512::<$k>(rows, w, lengths, out, at, count) }
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
    unsafe fn tile_512<const K: usize>(
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
    /// As [`products_512`].
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn products_256(rows: &[&[f64]], w: &[f64], vectors: usize, out: &mut [[f64; STRIP]]) {
        for r in (0..rows.len()).step_by(4) {
            let (four, count) = four(rows, r);
            for (k, w) in w.chunks_exact(rows[0].len()).enumerate() {
                let (mut low, mut high) = ([_mm256_setzero_pd(); 4], [_mm256_setzero_pd(); 4]);
                for j in (0..w.len()).step_by(PARTS) {
                    // SAFETY: j + 8 is at most the length of w and of each row.
                    unsafe {
                        let [a, b] = [_mm256_loadu_pd(w.as_ptr().add(j)), _mm256_loadu_pd(w.as_ptr().add(j + 4))];
                        for (k, row) in four.into_iter().enumerate() {
                            low[k] = _mm256_fmadd_pd(_mm256_loadu_pd(row.add(j)), a, low[k]);
                            high[k] = _mm256_fmadd_pd(_mm256_loadu_pd(row.add(j + 4)), b, high[k]);
                        }
                    }
                }
                let sums = four_sums([0, 1, 2, 3].map(|k: usize| _mm256_add_pd(low[k], high[k])));
                // SAFETY: r % 8 + count is at most 8.
                unsafe { keep(sums, &mut out[r / STRIP * vectors + k], r % STRIP, count) };
            }
        }
    }

    /// # Safety
    /// All rows have one length, a multiple of 8; y holds so many vectors of that length, and `c` as many entries for each strip.
    #[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
    pub(super) unsafe fn add_rows_512(c: &[[f64; STRIP]], rows: &[&[f64]], vectors: usize, y: &mut [f64]) {
        let Some(stride) = rows.first().map(|row| row.len()) else { return };
        let mut k = 0;
        while k < vectors {
            let some = (vectors - k).min(4);
            let mut from = 0;
            while from < stride {
                let wide = if stride - from >= 32 && some > 1 { 4 } else { (stride - from) / PARTS };
                let (c, y) = (&c[k..], &mut y[k * stride..]);
                // SAFETY: so many vectors begin in y, so many columns are left, and `c` has the coefficients of every strip.
                from += unsafe {
                    match (some, wide) {
                        (4, 4..) => sums_512::<4, 4>(c, rows, vectors, y, from),
                        (4, _) => sums_512::<4, 1>(c, rows, vectors, y, from),
                        (3, 4..) => sums_512::<3, 4>(c, rows, vectors, y, from),
                        (3, _) => sums_512::<3, 1>(c, rows, vectors, y, from),
                        (2, 4..) => sums_512::<2, 4>(c, rows, vectors, y, from),
                        (2, _) => sums_512::<2, 1>(c, rows, vectors, y, from),
                        (_, 8..) => sums_512::<1, 8>(c, rows, vectors, y, from),
                        (_, 4..) => sums_512::<1, 4>(c, rows, vectors, y, from),
                        (_, 2..) => sums_512::<1, 2>(c, rows, vectors, y, from),
                        _ => sums_512::<1, 1>(c, rows, vectors, y, from),
                    }
                };
            }
            k += some;
        }
    }

    #[inline(never)] // several of these in one function: the compiler runs out of registers
    #[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
    unsafe fn sums_512<const K: usize, const N: usize>(
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

    /// # Safety
    /// As [`add_rows_512`].
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn add_rows_256(c: &[[f64; STRIP]], rows: &[&[f64]], vectors: usize, y: &mut [f64]) {
        let Some(stride) = rows.first().map(|row| row.len()) else { return };
        for (k, y) in y.chunks_exact_mut(stride).enumerate() {
            let mut from = 0;
            while from < stride {
                let c = &c[k..];
                // SAFETY: the blocks end with y, as every row does, and `c` has the coefficients of every strip.
                unsafe {
                    from += match stride - from {
                        32.. => block_256::<8>(c, rows, vectors, y, from),
                        16.. => block_256::<4>(c, rows, vectors, y, from),
                        _ => block_256::<2>(c, rows, vectors, y, from),
                    };
                }
            }
        }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn block_256<const N: usize>(
        c: &[[f64; STRIP]],
        rows: &[&[f64]],
        vectors: usize,
        y: &mut [f64],
        from: usize,
    ) -> usize {
        let mut sums = [_mm256_setzero_pd(); N];
        // SAFETY: from + 4 N is at most the length of y and of each row; row r has its coefficient in strip r / 8.
        unsafe {
            let y = y.as_mut_ptr().add(from);
            for (k, sum) in sums.iter_mut().enumerate() {
                *sum = _mm256_loadu_pd(y.add(k * 4));
            }
            for (r, row) in rows.iter().enumerate() {
                let c = *c.as_ptr().add(r / STRIP * vectors).cast::<f64>().add(r % STRIP);
                let (c, row) = (_mm256_set1_pd(c), row.as_ptr().add(from));
                for (k, sum) in sums.iter_mut().enumerate() {
                    *sum = _mm256_fmadd_pd(c, _mm256_loadu_pd(row.add(k * 4)), *sum);
                }
            }
            for (k, sum) in sums.iter().enumerate() {
                _mm256_storeu_pd(y.add(k * 4), *sum);
            }
        }
        N * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    /// What the processor offers against the plain code, at every remainder of rows, columns and vectors.
    #[test]
    fn every_path_gives_the_same_bits() {
        for (columns, vectors) in
            [(8, 1), (16, 2), (24, 3), (32, 4), (56, 5), (64, 10), (72, 16), (104, 1), (104, 7), (1000, 2)]
        {
            for count in 0..=ROWS {
                let entries: Vec<f64> = (0..count * columns).map(|i| (i as f64 * 0.731).sin() * 3.0).collect();
                let rows: Vec<&[f64]> = entries.chunks_exact(columns).collect();
                let w: Vec<f64> = (0..columns * vectors).map(|j| (j as f64 * 0.37).cos() * 1e3).collect();
                let of_strips = |f: &dyn Fn(usize) -> f64| -> Vec<[f64; STRIP]> {
                    (0..strips(count) * vectors).map(|s| std::array::from_fn(|r| f(s * STRIP + r))).collect()
                };
                let c = of_strips(&|i| (i as f64 * 1.3).cos());
                let (mut out, mut y) = (of_strips(&|_| 7.0), w.clone());
                let (mut expected, mut slow) = (out.clone(), w.clone());
                products(&rows, &w, &mut out);
                plain::products(&rows, &w, vectors, &mut expected);
                assert_eq!(bits(out.as_flattened()), bits(expected.as_flattened()), "{columns} {count} {vectors}");
                add_rows(&c, &rows, &mut y);
                plain::add_rows(&c, &rows, vectors, &mut slow);
                assert_eq!(bits(&y), bits(&slow), "{columns} {count} {vectors}");
                #[cfg(target_arch = "x86_64")]
                if count > 0 && is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    let (mut out, mut y) = (of_strips(&|_| 7.0), w.clone());
                    // SAFETY: AVX2 and FMA are there; the lengths fit.
                    #[allow(unsafe_code)]
                    unsafe {
                        x86::products_256(&rows, &w, vectors, &mut out);
                        x86::add_rows_256(&c, &rows, vectors, &mut y);
                    }
                    assert_eq!(bits(out.as_flattened()), bits(expected.as_flattened()), "{columns} {count} {vectors}");
                    assert_eq!(bits(&y), bits(&slow), "{columns} {count} {vectors}");
                }
            }
        }
    }
}
