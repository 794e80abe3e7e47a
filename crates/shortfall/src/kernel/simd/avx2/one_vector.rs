//! One vector: rows from the memory are to be read as fast as it delivers them.

use super::super::ask;
use super::{FOUR, PARTS, Places, STRIP, four, four_sums};
use std::arch::asm;
use std::arch::x86_64::*;

/// Cache lines of the next rows that are asked for before the weights are formed of the products.
const ASKED_FIRST: usize = 24;

/// [`products`](super::products) with one vector, row after row as they lie: the processor sees that, and reads ahead by itself. Of the
/// next rows only the first lines are asked for, since it forgets where it was while rows are added.
///
/// # Safety
/// As [`products`](super::products).
#[target_feature(enable = "avx2,fma")]
pub(in super::super::super) unsafe fn products_with_one(rows: impl Places, w: &[f64], out: &mut [f64]) {
    let fours = out.as_chunks_mut::<FOUR>().0;
    for (number, products) in fours.iter_mut().enumerate().take(rows.count().div_ceil(FOUR)) {
        // SAFETY: the rows are as long as w, and four products are written.
        unsafe {
            let [a, b, c, d] = four(rows, number);
            let sums = [parts(a, w), parts(b, w), parts(c, w), parts(d, w)];
            _mm256_storeu_pd(products.as_mut_ptr(), four_sums(sums));
        }
    }
    if !rows.next().is_empty() {
        ask(rows.next().as_ptr(), ASKED_FIRST);
    }
}

/// Products of four rows with one vector, read side by side.
///
/// # Safety
/// The rows are as long as w.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub(in super::super::super) unsafe fn products_side_by_side(rows: [*const f64; FOUR], w: &[f64]) -> __m256d {
    let [mut low, mut high] = [[_mm256_setzero_pd(); FOUR]; 2];
    for (j, w) in (0..).step_by(PARTS).zip(w.as_chunks::<PARTS>().0) {
        // SAFETY: rows are as long as w.
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

/// Four sums of the product of a row with a vector: those of columns modulo 8 and their counterparts 4 on. As assembly: the compiler
/// interleaves rows, and makes two loops for odd and even numbers of eights.
///
/// # Safety
/// The row is as long as w, a multiple of 8 that is not 0.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn parts(row: *const f64, w: &[f64]) -> __m256d {
    let [mut low, mut high] = [_mm256_setzero_pd(); 2];
    // SAFETY: both are read from their first to their last entry, of which there are some.
    unsafe {
        asm!(
            "2:",
            "vmovupd {x}, [{w} + {at}]",
            "vmovupd {y}, [{w} + {at} + 32]",
            "vfmadd231pd {low}, {x}, [{row} + {at}]",
            "vfmadd231pd {high}, {y}, [{row} + {at} + 32]",
            "add {at}, 64",
            "cmp {at}, {end}",
            "jb 2b",
            row = in(reg) row,
            w = in(reg) w.as_ptr(),
            at = inout(reg) 0usize => _,
            end = in(reg) size_of_val(w),
            x = out(ymm_reg) _,
            y = out(ymm_reg) _,
            low = inout(ymm_reg) low,
            high = inout(ymm_reg) high,
            options(pure, readonly, nostack)
        );
    }
    _mm256_add_pd(low, high)
}

/// Cache lines of the next rows that are asked for while a portion of a row is added.
const ASKED_WITH_A_ROW: usize = 2;

/// Calls a function for so many eights of columns as there are, at most seven.
macro_rules! with_eights {
    ($eights:expr, $portion:ident $arguments:tt) => {
        match $eights {
            1 => $portion::<1> $arguments,
            2 => $portion::<2> $arguments,
            3 => $portion::<3> $arguments,
            4 => $portion::<4> $arguments,
            5 => $portion::<5> $arguments,
            6 => $portion::<6> $arguments,
            _ => $portion::<7> $arguments,
        }
    };
}

/// [`add_rows`](super::add_rows) to one vector, in portions of at most seven eights of columns: so many sums there are registers for.
///
/// # Safety
/// As [`add_rows`](super::add_rows).
#[target_feature(enable = "avx2,fma")]
pub(in super::super::super) unsafe fn add_to_one(c: &[f64], rows: impl Places, y: &mut [f64]) {
    let mut far = (!rows.next().is_empty()).then(|| rows.next().as_ptr().wrapping_add(ASKED_FIRST * PARTS));
    let mut left = y.as_chunks_mut::<PARTS>().0;
    for portions in (1..=left.len().div_ceil(7)).rev() {
        let (y, rest) = left.split_at_mut(left.len().div_ceil(portions));
        let from = rows.stride() - (y.len() + rest.len()) * PARTS;
        left = rest;
        // SAFETY: the columns of y from `from` on are left of every row, and there is a coefficient for each.
        unsafe { with_eights!(y.len(), portion(c, rows, y, from, far)) };
        far = far.map(|far| far.wrapping_add(ASKED_WITH_A_ROW * PARTS * rows.count()));
    }
}

/// # Safety
/// y has N eights of columns, which every row has from `from` on, and there is a coefficient for each row.
#[inline(never)]
#[target_feature(enable = "avx2,fma")]
unsafe fn portion<const N: usize>(
    c: &[f64],
    rows: impl Places,
    y: &mut [[f64; PARTS]],
    from: usize,
    far: Option<*const f64>,
) {
    let ([mut low, mut high], mut far) = ([[_mm256_setzero_pd(); N]; 2], far);
    // SAFETY: as promised by the caller.
    unsafe {
        let y = y.as_mut_ptr().cast::<f64>();
        for n in 0..N {
            (low[n], high[n]) = (_mm256_loadu_pd(y.add(n * PARTS)), _mm256_loadu_pd(y.add(n * PARTS + 4)));
        }
        for (row, c) in rows.places(0, rows.count()).zip(c) {
            if let Some(far) = &mut far {
                ask(*far, ASKED_WITH_A_ROW);
                *far = far.wrapping_add(ASKED_WITH_A_ROW * PARTS);
            }
            let (row, c) = (row.add(from), _mm256_set1_pd(*c));
            for n in 0..N {
                low[n] = _mm256_fmadd_pd(c, _mm256_loadu_pd(row.add(n * PARTS)), low[n]);
                high[n] = _mm256_fmadd_pd(c, _mm256_loadu_pd(row.add(n * PARTS + 4)), high[n]);
            }
        }
        for n in 0..N {
            _mm256_storeu_pd(y.add(n * PARTS), low[n]);
            _mm256_storeu_pd(y.add(n * PARTS + 4), high[n]);
        }
    }
}

/// `y + sum_r c_r x_r` of eight rows that follow each other, the first of which begins at `row`, in portions of at most seven eights of
/// columns. What follows `far` is asked for.
///
/// # Safety
/// The rows are as long as y.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub(in super::super::super) unsafe fn add_eight_to_one(
    c: &[f64; STRIP],
    row: *const f64,
    y: &mut [f64],
    far: *const f64,
) {
    let stride = y.len();
    let mut left = y.as_chunks_mut::<PARTS>().0;
    let (mut row, mut far) = (row, far);
    for portions in (1..=left.len().div_ceil(7)).rev() {
        let (y, rest) = left.split_at_mut(left.len().div_ceil(portions));
        left = rest;
        let eights = y.len();
        // SAFETY: so many columns are left of every row.
        unsafe { with_eights!(eights, eight_portions(c, row, stride, y, far)) };
        row = row.wrapping_add(eights * PARTS);
        far = far.wrapping_add(ASKED_WITH_A_ROW * PARTS * STRIP);
    }
}

/// # Safety
/// y has N eights of columns, which eight rows have from `row` on.
#[inline(never)]
#[target_feature(enable = "avx2,fma")]
unsafe fn eight_portions<const N: usize>(
    c: &[f64; STRIP],
    row: *const f64,
    stride: usize,
    y: &mut [[f64; PARTS]],
    far: *const f64,
) {
    let [mut low, mut high] = [[_mm256_setzero_pd(); N]; 2];
    let (mut row, mut far) = (row, far);
    // SAFETY: as promised by the caller.
    unsafe {
        let y = y.as_mut_ptr().cast::<f64>();
        for n in 0..N {
            (low[n], high[n]) = (_mm256_loadu_pd(y.add(n * PARTS)), _mm256_loadu_pd(y.add(n * PARTS + 4)));
        }
        for c in c {
            ask(far, ASKED_WITH_A_ROW);
            let c = _mm256_set1_pd(*c);
            for n in 0..N {
                low[n] = _mm256_fmadd_pd(c, _mm256_loadu_pd(row.add(n * PARTS)), low[n]);
                high[n] = _mm256_fmadd_pd(c, _mm256_loadu_pd(row.add(n * PARTS + 4)), high[n]);
            }
            (row, far) = (row.wrapping_add(stride), far.wrapping_add(ASKED_WITH_A_ROW * PARTS));
        }
        for n in 0..N {
            _mm256_storeu_pd(y.add(n * PARTS), low[n]);
            _mm256_storeu_pd(y.add(n * PARTS + 4), high[n]);
        }
    }
}
