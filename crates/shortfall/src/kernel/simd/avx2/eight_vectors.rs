//! Eight vectors side by side: the first entries of all, then the second, and so on. Each number of a register belongs to another
//! vector, so that sums are never added up across a register.

use super::super::super::cache_lines::Aligned;
use super::super::{Ahead, PARTS, Places, Run, STRIP};
use std::arch::asm;
use std::arch::x86_64::*;

/// Rows whose products are formed together.
const THREE: usize = 3;
/// Columns whose sums are formed together.
const SIX: usize = 6;
/// Registers that eight numbers take.
const HALVES: usize = 2;

type Eight = [__m256d; HALVES];

/// Adds a column's products to two sums of each row: where it lies in a row, and in the vectors.
macro_rules! products_of_column {
    ([$x:expr, $w:expr] $($row:ident => [$a:ident, $b:ident]),*) => {
        concat!(
            "vmovupd {u}, [{i} + ", $w, "]\n",
            "vmovupd {v}, [{i} + ", $w, " + 32]\n",
            $(
                "vbroadcastsd {x}, [{", stringify!($row), "} + {at} + ", $x, "]\n",
                "vfmadd231pd {", stringify!($a), "}, {x}, {u}\n",
                "vfmadd231pd {", stringify!($b), "}, {x}, {v}\n",
            )*
        )
    };
}

/// Sums of the products over the columns that are f modulo 8, and over those 4 further on, which are added to them: `[f]`, 8f and 64f.
macro_rules! two_parts {
    ([$x:literal, $w:literal] $($row:ident => [$a:ident, $b:ident, $c:ident, $d:ident]),*) => {
        concat!(
            "mov {i}, {w}\n",
            "xor {at:e}, {at:e}\n",
            $("vxorpd {", stringify!($a), ":x}, {", stringify!($a), ":x}, {", stringify!($a), ":x}\n",)*
            $("vxorpd {", stringify!($b), ":x}, {", stringify!($b), ":x}, {", stringify!($b), ":x}\n",)*
            $("vxorpd {", stringify!($c), ":x}, {", stringify!($c), ":x}, {", stringify!($c), ":x}\n",)*
            $("vxorpd {", stringify!($d), ":x}, {", stringify!($d), ":x}, {", stringify!($d), ":x}\n",)*
            "prefetcht1 [{far}]\n",
            "prefetcht1 [{far} + 64]\n",
            "prefetcht1 [{far} + 128]\n",
            "add {far}, 192\n",
            ".p2align 5\n",
            "2:\n",
            products_of_column!([$x, $w] $($row => [$a, $b]),*),
            products_of_column!([concat!($x, " + 32"), concat!($w, " + 256")] $($row => [$c, $d]),*),
            "add {i}, 512\n",
            "add {at}, 64\n",
            "cmp {at}, {end}\n",
            "jb 2b\n",
            "test {rest}, {rest}\n",
            "jz 3f\n",
            products_of_column!([$x, $w] $($row => [$a, $b]),*),
            "3:\n",
        )
    };
}

/// Adds up both sums of each row, and what memory holds, and keeps them there: a store after each, since many at once hold up what
/// comes next.
macro_rules! keep {
    ($to:literal, $from:tt, $($place:literal => [$a:ident, $b:ident, $c:ident, $d:ident]),*) => {
        concat!($(keep!($to, $from, $place, "0", $a, $c), keep!($to, $from, $place, "32", $b, $d)),*)
    };
    ($to:literal, [$($from:literal),*], $place:literal, $half:literal, $sum:ident, $other:ident) => {
        concat!(
            "vaddpd {", stringify!($sum), "}, {", stringify!($sum), "}, {", stringify!($other), "}\n",
            $("vaddpd {", stringify!($sum), "}, {", stringify!($sum), "}, [", $from, " + ", $place, " + ", $half, "]\n",)*
            "vmovupd [", $to, " + ", $place, " + ", $half, "], {", stringify!($sum), "}\n",
        )
    };
}

/// Writes the products of some rows with eight vectors, in assembly: the compiler keeps more sums in memory than these. Each row with the
/// place of its products in bytes, and with its four sums.
macro_rules! some_products {
    (
        $w:expr, $out:expr, $kept:expr, $far:expr,
        $($row:ident, $place:literal = $first:expr => [$a:ident, $b:ident, $c:ident, $d:ident]),*
    ) => {{
        let (w, mut far): (&[[f64; STRIP]], *const f64) = ($w, $far);
        // SAFETY: of the caller.
        unsafe {
            asm!(
                two_parts!(["0", "0"] $($row => [$a, $b, $c, $d]),*),
                keep!("{kept}", [], $($place => [$a, $b, $c, $d]),*),
                two_parts!(["16", "128"] $($row => [$a, $b, $c, $d]),*),
                keep!("{kept}", ["{kept}"], $($place => [$a, $b, $c, $d]),*),
                two_parts!(["8", "64"] $($row => [$a, $b, $c, $d]),*),
                keep!("{out}", [], $($place => [$a, $b, $c, $d]),*),
                two_parts!(["24", "192"] $($row => [$a, $b, $c, $d]),*),
                keep!("{out}", ["{out}", "{kept}"], $($place => [$a, $b, $c, $d]),*),
                w = in(reg) w.as_ptr(),
                out = in(reg) $out.as_mut_ptr(),
                kept = in(reg) $kept.as_mut_ptr(),
                far = inout(reg) far,
                i = out(reg) _,
                at = out(reg) _,
                end = in(reg) w.len() / PARTS * size_of::<[f64; PARTS]>(),
                rest = in(reg) w.len() % PARTS,
                u = out(ymm_reg) _,
                v = out(ymm_reg) _,
                x = out(ymm_reg) _,
                $(
                    $row = in(reg) $first,
                    $a = out(ymm_reg) _,
                    $b = out(ymm_reg) _,
                    $c = out(ymm_reg) _,
                    $d = out(ymm_reg) _,
                )*
                options(nostack)
            );
        }
        far
    }};
}

/// The products of rows with eight vectors side by side, in some groups of eight, as [`products`](super::products) forms them; columns
/// beyond those of w, a multiple of four and at least eight, are zeros.
#[target_feature(enable = "avx2,fma")]
pub(in super::super::super) fn products_with_eights<const G: usize>(
    rows: &Run,
    w: &[&[[f64; STRIP]]; G],
    out: &mut [&mut [[f64; STRIP]]; G],
    ahead: &mut Ahead,
) {
    let (stride, count) = (rows.stride(), rows.count());
    for (w, out) in w.iter().zip(&*out) {
        assert!(out.len() == count && w.len().is_multiple_of(4) && (PARTS..=stride).contains(&w.len()));
    }
    let Aligned(kept) = &mut Aligned([[0.0; STRIP]; THREE]);
    for start in (0..count).step_by(THREE) {
        let [p, q, r] = [0, 1, 2].map(|k| rows.place(start).wrapping_add(k * stride));
        for (w, out) in w.iter().zip(&mut *out) {
            let (out, far) = (&mut out[start..], ahead.at);
            // SAFETY, of each: as many rows as products are left, up to three, and they are at least as long as w.
            let far = match out.len() {
                1 => some_products!(w, out, kept, far, p, "0" = p => [a, b, c, d]),
                2 => some_products!(w, out, kept, far, p, "0" = p => [a, b, c, d], q, "64" = q => [e, f, g, h]),
                _ => some_products!(
                    w, out, kept, far,
                    p, "0" = p => [a, b, c, d],
                    q, "64" = q => [e, f, g, h],
                    r, "128" = r => [j, k, l, m]
                ),
            };
            ahead.move_on(far);
        }
    }
}

/// Adds the rows with their weights to eight vectors of sums side by side, in some groups of eight, as [`add_rows`](super::add_rows)
/// does.
#[target_feature(enable = "avx2,fma")]
pub(in super::super::super) fn add_to_eights<const G: usize>(
    c: &[&[[f64; STRIP]]; G],
    rows: &Run,
    y: &mut [&mut [[f64; STRIP]]; G],
    ahead: &mut Ahead,
) {
    let columns = y.iter().map(|y| y.len()).min().unwrap_or(0);
    assert!(columns <= rows.stride() && c.iter().all(|c| c.len() == rows.count()));
    let portion = ahead.portion(G * columns.div_ceil(SIX).max(1));
    let mut from = 0;
    while from < columns {
        let left = columns - from;
        // Two portions as even as can be at the end: few sums would wait for each other.
        let width = if left >= 2 * SIX || left <= SIX { left.min(SIX) } else { left.div_ceil(2) };
        for (c, y) in c.iter().zip(&mut *y) {
            ahead.ask(portion);
            let (first, y) = (rows.place(0).wrapping_add(from), &mut y[from..]);
            // SAFETY: there are as many weights as rows, and so many columns and sums are left.
            unsafe {
                match width {
                    1 => some_sums::<1>(first, rows.stride(), c, y),
                    2 => some_sums::<2>(first, rows.stride(), c, y),
                    3 => some_sums::<3>(first, rows.stride(), c, y),
                    4 => some_sums::<4>(first, rows.stride(), c, y),
                    5 => some_sums::<5>(first, rows.stride(), c, y),
                    _ => some_sums::<SIX>(first, rows.stride(), c, y),
                }
            }
        }
        from += width;
    }
}

/// # Safety
/// There are as many rows as weights, `stride` apart, with C columns from the first on, and sums of so many.
#[inline(never)] // several of these in one function: the compiler runs out of registers
#[target_feature(enable = "avx2,fma")]
unsafe fn some_sums<const C: usize>(mut x: *const f64, stride: usize, c: &[[f64; STRIP]], y: &mut [[f64; STRIP]]) {
    let mut sums = [[_mm256_setzero_pd(); HALVES]; C];
    for (sums, y) in sums.iter_mut().zip(&*y) {
        *sums = load(y);
    }
    for c in c {
        let c = load(c);
        for (j, sums) in sums.iter_mut().enumerate() {
            // SAFETY: of the caller.
            let x = _mm256_set1_pd(unsafe { *x.add(j) });
            for h in 0..HALVES {
                sums[h] = _mm256_fmadd_pd(c[h], x, sums[h]);
            }
        }
        x = x.wrapping_add(stride);
    }
    for (sums, y) in sums.iter().zip(y) {
        store(sums, y);
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(eight: &[f64; STRIP]) -> Eight {
    // SAFETY: eight numbers are read.
    unsafe { [_mm256_loadu_pd(eight.as_ptr()), _mm256_loadu_pd(eight.as_ptr().add(4))] }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(sums: &Eight, eight: &mut [f64; STRIP]) {
    // SAFETY: eight numbers are written.
    unsafe {
        _mm256_storeu_pd(eight.as_mut_ptr(), sums[0]);
        _mm256_storeu_pd(eight.as_mut_ptr().add(4), sums[1]);
    }
}
