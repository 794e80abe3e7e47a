//! Products of rows with a vector and sums of rows, by hand for AVX-512 and AVX2, beside the plain code that says what they
//! compute: the same operations in the same order, so the same bits.
//!
//! Left to itself the compiler turns the plain loops into pairs of numbers and shuffles: 2 to 4 times slower.

/// Rows taken at a time.
pub(super) const ROWS: usize = 32;
/// Partial sums of the product of a row, and of one longer than [`SHORT`].
pub(super) const FEW: usize = 8;
pub(super) const MANY: usize = 32;
/// Where adding 32 sums together would cost more than the products.
pub(super) const SHORT: usize = 64;

/// `x_i'w` for up to [`ROWS`] rows as long as w, a multiple of 8: 8 or 32 partial sums by column, added by halves.
pub(super) fn products(rows: &[&[f64]], w: &[f64], out: &mut [f64]) {
    assert!(w.len().is_multiple_of(FEW) && rows.len() == out.len() && rows.iter().all(|row| row.len() == w.len()));
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512F, and the lengths were checked.
            #[allow(unsafe_code)]
            return unsafe { x86::products_512(rows, w, out) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has AVX2 and FMA, and the lengths were checked.
            #[allow(unsafe_code)]
            return unsafe { x86::products_256(rows, w, out) };
        }
    }
    plain::products(rows, w, out);
}

/// `y += c_0 x_0`, then `c_1 x_1`, and so on, each entry by fused multiply-adds in that order; rows as long as y.
pub(super) fn add_rows(c: &[f64], rows: &[&[f64]], y: &mut [f64]) {
    assert!(y.len().is_multiple_of(FEW) && rows.len() == c.len() && rows.iter().all(|row| row.len() == y.len()));
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512F, and the lengths were checked.
            #[allow(unsafe_code)]
            return unsafe { x86::add_rows_512(c, rows, y) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has AVX2 and FMA, and the lengths were checked.
            #[allow(unsafe_code)]
            return unsafe { x86::add_rows_256(c, rows, y) };
        }
    }
    plain::add_rows(c, rows, y);
}

pub(super) mod plain {
    use super::{FEW, MANY, SHORT};

    pub(in super::super) fn products(rows: &[&[f64]], w: &[f64], out: &mut [f64]) {
        let product = if w.len() <= SHORT { in_parts::<FEW> } else { in_parts::<MANY> };
        out.iter_mut().zip(rows).for_each(|(out, row)| *out = product(row, w));
    }

    pub(in super::super) fn add_rows(c: &[f64], rows: &[&[f64]], y: &mut [f64]) {
        for (c, row) in c.iter().zip(rows) {
            y.iter_mut().zip(*row).for_each(|(y, x)| *y = c.mul_add(*x, *y));
        }
    }

    fn in_parts<const N: usize>(x: &[f64], w: &[f64]) -> f64 {
        let mut partial = [0.0; N];
        for (j, (x, w)) in x.iter().zip(w).enumerate() {
            partial[j % N] = x.mul_add(*w, partial[j % N]);
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
    use super::{FEW, MANY, SHORT};
    use std::arch::x86_64::*;

    /// Eight sums of each of four rows to one of each: `((p0+p4)+(p2+p6)) + ((p1+p5)+(p3+p7))`, given the sums of halves.
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

    /// # Safety
    /// All rows are as long as w, a multiple of 8; one entry of `out` a row.
    #[target_feature(enable = "avx512f,avx2,fma")]
    pub(super) unsafe fn products_512(rows: &[&[f64]], w: &[f64], out: &mut [f64]) {
        let mut groups = rows.chunks_exact(4);
        let mut outs = out.chunks_exact_mut(4);
        for (rows, out) in (&mut groups).zip(&mut outs) {
            // SAFETY: as promised by the caller; four rows, four entries.
            unsafe {
                let sums = [0, 1, 2, 3].map(|k: usize| rows[k].as_ptr());
                let parts = if w.len() <= SHORT { short_512(sums, w) } else { long_512(sums, w) };
                _mm256_storeu_pd(out.as_mut_ptr(), four_sums(parts));
            }
        }
        for (row, out) in groups.remainder().iter().zip(outs.into_remainder()) {
            // SAFETY: as promised by the caller; the row stands for four.
            unsafe {
                let same = [row.as_ptr(); 4];
                let parts = if w.len() <= SHORT { short_512(same, w) } else { long_512(same, w) };
                *out = _mm256_cvtsd_f64(four_sums(parts));
            }
        }
    }

    #[target_feature(enable = "avx512f,avx2,fma")]
    unsafe fn short_512(rows: [*const f64; 4], w: &[f64]) -> [__m256d; 4] {
        let mut sums = [_mm512_setzero_pd(); 4];
        for j in (0..w.len()).step_by(FEW) {
            // SAFETY: j + 8 is at most the length of w and of each row.
            unsafe {
                let w = _mm512_loadu_pd(w.as_ptr().add(j));
                for (sum, row) in sums.iter_mut().zip(rows) {
                    *sum = _mm512_fmadd_pd(_mm512_loadu_pd(row.add(j)), w, *sum);
                }
            }
        }
        [halved(sums[0]), halved(sums[1]), halved(sums[2]), halved(sums[3])]
    }

    #[target_feature(enable = "avx512f,avx2,fma")]
    unsafe fn long_512(rows: [*const f64; 4], w: &[f64]) -> [__m256d; 4] {
        let mut sums = [[_mm512_setzero_pd(); MANY / FEW]; 4];
        let whole = w.len() / MANY * MANY;
        for j in (0..whole).step_by(MANY) {
            for part in 0..MANY / FEW {
                // SAFETY: j + 32 is at most the length of w and of each row.
                unsafe {
                    let at = j + part * FEW;
                    let w = _mm512_loadu_pd(w.as_ptr().add(at));
                    for (sums, row) in sums.iter_mut().zip(rows) {
                        sums[part] = _mm512_fmadd_pd(_mm512_loadu_pd(row.add(at)), w, sums[part]);
                    }
                }
            }
        }
        for (part, at) in (whole..w.len()).step_by(FEW).enumerate() {
            // SAFETY: at + 8 is at most the length of w and of each row.
            unsafe {
                let w = _mm512_loadu_pd(w.as_ptr().add(at));
                for (sums, row) in sums.iter_mut().zip(rows) {
                    sums[part] = _mm512_fmadd_pd(_mm512_loadu_pd(row.add(at)), w, sums[part]);
                }
            }
        }
        sums.map(|[a, b, c, d]| halved(_mm512_add_pd(_mm512_add_pd(a, c), _mm512_add_pd(b, d))))
    }

    /// # Safety
    /// As [`products_512`].
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn products_256(rows: &[&[f64]], w: &[f64], out: &mut [f64]) {
        let mut groups = rows.chunks_exact(4);
        let mut outs = out.chunks_exact_mut(4);
        for (rows, out) in (&mut groups).zip(&mut outs) {
            // SAFETY: as promised by the caller; four rows, four entries.
            unsafe {
                let rows = [0, 1, 2, 3].map(|k: usize| rows[k].as_ptr());
                let parts = if w.len() <= SHORT { short_256(rows, w) } else { rows.map(|row| long_256(row, w)) };
                _mm256_storeu_pd(out.as_mut_ptr(), four_sums(parts));
            }
        }
        for (row, out) in groups.remainder().iter().zip(outs.into_remainder()) {
            // SAFETY: as promised by the caller; the row stands for four.
            unsafe {
                let row = row.as_ptr();
                let parts = if w.len() <= SHORT { short_256([row; 4], w) } else { [long_256(row, w); 4] };
                *out = _mm256_cvtsd_f64(four_sums(parts));
            }
        }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn short_256(rows: [*const f64; 4], w: &[f64]) -> [__m256d; 4] {
        let (mut low, mut high) = ([_mm256_setzero_pd(); 4], [_mm256_setzero_pd(); 4]);
        for j in (0..w.len()).step_by(FEW) {
            // SAFETY: j + 8 is at most the length of w and of each row.
            unsafe {
                let [a, b] = [_mm256_loadu_pd(w.as_ptr().add(j)), _mm256_loadu_pd(w.as_ptr().add(j + 4))];
                for (k, row) in rows.into_iter().enumerate() {
                    low[k] = _mm256_fmadd_pd(_mm256_loadu_pd(row.add(j)), a, low[k]);
                    high[k] = _mm256_fmadd_pd(_mm256_loadu_pd(row.add(j + 4)), b, high[k]);
                }
            }
        }
        [0, 1, 2, 3].map(|k: usize| _mm256_add_pd(low[k], high[k]))
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn long_256(row: *const f64, w: &[f64]) -> __m256d {
        let mut sums = [_mm256_setzero_pd(); MANY / 4];
        let whole = w.len() / MANY * MANY;
        for j in (0..whole).step_by(MANY) {
            for (part, sum) in sums.iter_mut().enumerate() {
                // SAFETY: j + 32 is at most the length of w and of the row.
                unsafe {
                    let at = j + part * 4;
                    *sum = _mm256_fmadd_pd(_mm256_loadu_pd(row.add(at)), _mm256_loadu_pd(w.as_ptr().add(at)), *sum);
                }
            }
        }
        for (part, at) in (whole..w.len()).step_by(4).enumerate() {
            // SAFETY: at + 4 is at most the length of w and of the row.
            unsafe {
                let x = _mm256_loadu_pd(row.add(at));
                sums[part] = _mm256_fmadd_pd(x, _mm256_loadu_pd(w.as_ptr().add(at)), sums[part]);
            }
        }
        let [a, b, c, d, e, f, g, h] = sums;
        let sixteen = [_mm256_add_pd(a, e), _mm256_add_pd(b, f), _mm256_add_pd(c, g), _mm256_add_pd(d, h)];
        let eight = [_mm256_add_pd(sixteen[0], sixteen[2]), _mm256_add_pd(sixteen[1], sixteen[3])];
        _mm256_add_pd(eight[0], eight[1])
    }

    /// # Safety
    /// All rows are as long as y, a multiple of 8; one entry of `c` a row.
    #[target_feature(enable = "avx512f,avx2,fma")]
    pub(super) unsafe fn add_rows_512(c: &[f64], rows: &[&[f64]], y: &mut [f64]) {
        let mut from = 0;
        while from < y.len() {
            // SAFETY: the blocks end with y, as every row does.
            unsafe {
                from += match y.len() - from {
                    64.. => block_512::<8>(c, rows, y, from),
                    32.. => block_512::<4>(c, rows, y, from),
                    16.. => block_512::<2>(c, rows, y, from),
                    _ => block_512::<1>(c, rows, y, from),
                };
            }
        }
    }

    #[target_feature(enable = "avx512f,avx2,fma")]
    unsafe fn block_512<const N: usize>(c: &[f64], rows: &[&[f64]], y: &mut [f64], from: usize) -> usize {
        let mut sums = [_mm512_setzero_pd(); N];
        // SAFETY: from + 8 N is at most the length of y and of each row.
        unsafe {
            let y = y.as_mut_ptr().add(from);
            for (k, sum) in sums.iter_mut().enumerate() {
                *sum = _mm512_loadu_pd(y.add(k * 8));
            }
            for (c, row) in c.iter().zip(rows) {
                let (c, row) = (_mm512_set1_pd(*c), row.as_ptr().add(from));
                for (k, sum) in sums.iter_mut().enumerate() {
                    *sum = _mm512_fmadd_pd(c, _mm512_loadu_pd(row.add(k * 8)), *sum);
                }
            }
            for (k, sum) in sums.iter().enumerate() {
                _mm512_storeu_pd(y.add(k * 8), *sum);
            }
        }
        N * 8
    }

    /// # Safety
    /// As [`add_rows_512`].
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn add_rows_256(c: &[f64], rows: &[&[f64]], y: &mut [f64]) {
        let mut from = 0;
        while from < y.len() {
            // SAFETY: the blocks end with y, as every row does.
            unsafe {
                from += match y.len() - from {
                    32.. => block_256::<8>(c, rows, y, from),
                    16.. => block_256::<4>(c, rows, y, from),
                    _ => block_256::<2>(c, rows, y, from),
                };
            }
        }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn block_256<const N: usize>(c: &[f64], rows: &[&[f64]], y: &mut [f64], from: usize) -> usize {
        let mut sums = [_mm256_setzero_pd(); N];
        // SAFETY: from + 4 N is at most the length of y and of each row.
        unsafe {
            let y = y.as_mut_ptr().add(from);
            for (k, sum) in sums.iter_mut().enumerate() {
                *sum = _mm256_loadu_pd(y.add(k * 4));
            }
            for (c, row) in c.iter().zip(rows) {
                let (c, row) = (_mm256_set1_pd(*c), row.as_ptr().add(from));
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

    /// What the processor offers against the plain code, at every remainder of rows and columns.
    #[test]
    fn every_path_gives_the_same_bits() {
        for columns in [8, 16, 24, 32, 56, 64, 72, 104, 128, 136, 1000] {
            for count in 0..ROWS {
                let entries: Vec<f64> = (0..count * columns).map(|i| (i as f64 * 0.731).sin() * 3.0).collect();
                let rows: Vec<&[f64]> = entries.chunks_exact(columns).collect();
                let w: Vec<f64> = (0..columns).map(|j| (j as f64 * 0.37).cos() * 1e3).collect();
                let c: Vec<f64> = (0..count).map(|i| (i as f64 * 1.3).cos()).collect();
                let (mut out, mut expected) = (vec![0.0; count], vec![0.0; count]);
                products(&rows, &w, &mut out);
                plain::products(&rows, &w, &mut expected);
                assert_eq!(bits(&out), bits(&expected), "{columns} {count}");
                let (mut y, mut slow) = (w.clone(), w.clone());
                add_rows(&c, &rows, &mut y);
                plain::add_rows(&c, &rows, &mut slow);
                assert_eq!(bits(&y), bits(&slow), "{columns} {count}");
                #[cfg(target_arch = "x86_64")]
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    let mut y = w.clone();
                    // SAFETY: AVX2 and FMA are there; the lengths fit.
                    #[allow(unsafe_code)]
                    unsafe {
                        x86::products_256(&rows, &w, &mut out);
                        x86::add_rows_256(&c, &rows, &mut y);
                    }
                    assert_eq!((bits(&out), bits(&y)), (bits(&expected), bits(&slow)), "{columns} {count}");
                }
            }
        }
    }
}
