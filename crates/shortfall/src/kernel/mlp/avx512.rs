//! The products of a network in registers of AVX-512: one tile for all.
#![allow(unsafe_code)]

use super::{Begin, STRIP};
use std::arch::x86_64::*;

/// Chains, and strips of each, that are summed together: with what they read they fill the registers, and six broadcasts and four
/// loads serve 24 sums.
const CHAINS: usize = 6;
const STRIPS: usize = 4;
/// Terms of a sum before the next tile takes its turn: what four strips read of them stays in the first cache.
const DEPTH: usize = 128;

/// Coefficients `c_nt` of chains and terms: that of chain n and term `8 b + r` at `n * chain + b * block + r * step`.
#[derive(Clone, Copy)]
pub(super) struct Coefficients<'a> {
    pub(super) entries: &'a [f64],
    pub(super) chain: usize,
    pub(super) block: usize,
    pub(super) step: usize,
}

impl Coefficients<'_> {
    fn at(&self, chain: usize, term: usize) -> usize {
        chain * self.chain + term / STRIP * self.block + term % STRIP * self.step
    }
}

/// `y_sn += c_n0 x_s0`, then `c_n1 x_s1`, and so on, from what there is or from zero, for so many chains n and the parts s that
/// x has, `terms` strips each; `y_sn` is at `s * part + n * chain` in y.
///
/// # Safety
/// The processor has AVX-512F.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn add_products(
    c: Coefficients,
    x: &[[f64; STRIP]],
    terms: usize,
    y: &mut [[f64; STRIP]],
    [part, chain, chains]: [usize; 3],
    begin: Begin,
) {
    if terms == 0 || x.len() < terms || chains == 0 {
        return;
    }
    let strips = x.len() / terms;
    let last_block = (0..STRIP.min(terms)).map(|back| c.at(chains - 1, terms - 1 - back)).max();
    assert!(y.len() > (strips - 1) * part + (chains - 1) * chain && last_block < Some(c.entries.len()));
    // So cut that the last have not a few alone, which would take as long as many to begin and to end.
    let depth = terms.div_ceil(terms.div_ceil(DEPTH)).next_multiple_of(STRIP);
    for from in (0..terms).step_by(depth) {
        let count = depth.min(terms - from);
        let mut s = 0;
        while s < strips {
            let together = if strips - s >= STRIPS { STRIPS } else { 1 };
            let mut n = 0;
            while n < chains {
                let c = Coefficients { entries: &c.entries[c.at(n, from)..], ..c };
                let (x, y) = (&x[s * terms + from..], &mut y[s * part + n * chain..]);
                let sizes = [count, terms, part, chain];
                let begin = if from == 0 { begin } else { Begin::There };
                // SAFETY: strips s.. and chains n.. are there, and the last coefficient of each chain, as was asserted above.
                n += unsafe {
                    match (together, chains - n) {
                        (STRIPS, CHAINS..) => tile::<CHAINS, STRIPS>(c, x, y, sizes, begin),
                        (STRIPS, 4..) => tile::<4, STRIPS>(c, x, y, sizes, begin),
                        (STRIPS, 2..) => tile::<2, STRIPS>(c, x, y, sizes, begin),
                        (STRIPS, _) => tile::<1, STRIPS>(c, x, y, sizes, begin),
                        (_, CHAINS..) => tile::<CHAINS, 1>(c, x, y, sizes, begin),
                        (_, 2..) => tile::<2, 1>(c, x, y, sizes, begin),
                        _ => tile::<1, 1>(c, x, y, sizes, begin),
                    }
                };
            }
            s += together;
        }
    }
}

/// # Safety
/// N chains of `count` terms begin in `c`, S parts in x, `terms` apart, with `count` strips each, and in y are the sums of N chains of
/// S parts.
#[inline(never)] // several of these in one function: the compiler runs out of registers
#[target_feature(enable = "avx512f")]
unsafe fn tile<const N: usize, const S: usize>(
    c: Coefficients,
    x: &[[f64; STRIP]],
    y: &mut [[f64; STRIP]],
    [count, terms, part, chain]: [usize; 4],
    begin: Begin,
) -> usize {
    let (x, y) = (x.as_ptr().cast::<f64>(), y.as_mut_ptr().cast::<f64>());
    let mut sums = [[_mm512_setzero_pd(); S]; N];
    // SAFETY: as promised by the caller.
    unsafe {
        if begin == Begin::There {
            for (n, sums) in sums.iter_mut().enumerate() {
                for (s, sum) in sums.iter_mut().enumerate() {
                    *sum = _mm512_loadu_pd(y.add((s * part + n * chain) * STRIP));
                }
            }
        }
        for from in (0..count).step_by(STRIP) {
            let (mut c_t, mut x_t) = (c.entries.as_ptr().add(from / STRIP * c.block), x.add(from * STRIP));
            for n in N..2 * N {
                // For the next tile. No access: any address will do.
                _mm_prefetch::<_MM_HINT_T0>(c_t.wrapping_add(n * c.chain).cast());
            }
            for _ in from..count.min(from + STRIP) {
                let mut all = [_mm512_setzero_pd(); S];
                for (s, x) in all.iter_mut().enumerate() {
                    *x = _mm512_loadu_pd(x_t.add(s * terms * STRIP));
                }
                for (n, sums) in sums.iter_mut().enumerate() {
                    let c = _mm512_set1_pd(*c_t.add(n * c.chain));
                    for (sum, x) in sums.iter_mut().zip(all) {
                        *sum = _mm512_fmadd_pd(c, x, *sum);
                    }
                }
                (c_t, x_t) = (c_t.wrapping_add(c.step), x_t.add(STRIP));
            }
        }
        for (n, sums) in sums.iter().enumerate() {
            for (s, sum) in sums.iter().enumerate() {
                _mm512_storeu_pd(y.add((s * part + n * chain) * STRIP), *sum);
            }
        }
    }
    N
}
