//! The weights and losses of logistic regression, eight rows at a time.

use super::PARTIAL_SUMS;
use super::eight::{Eight, widest};
use super::functions::{EXP, LN2_HIGH, LN2_LOW, ODD_RECIPROCALS, ROUND, SMALLEST};
use super::panel::STRIP;
use super::simd::{Run, quotient};

/// From predictions `x'w` of rows with the signs y, strip after strip, and for each strip one w after the other:
/// `-y/(1 + e^{y x'w})`, in their place. As [`logistic_weights`](super::logistic_weights) of the margins, bit for bit.
pub(super) fn weigh(signs: &[[f64; STRIP]], strips: &mut [[f64; STRIP]]) {
    widest!(weigh(signs, strips))
}

/// [`weigh`], with the losses `log(1 + e^{-y x'w})`.
pub(super) fn weigh_with_losses(signs: &[[f64; STRIP]], strips: &mut [[f64; STRIP]], losses: &mut [[f64; STRIP]]) {
    assert!(losses.len() == strips.len());
    widest!(weigh_with_losses(signs, strips, losses))
}

/// Exponentials that are taken side by side: the steps of one wait for each other, so that others' fill the time.
pub(super) const TOGETHER: usize = 4;

#[inline(always)]
pub(super) fn weigh_by<E: Eight>(signs: &[[f64; STRIP]], strips: &mut [[f64; STRIP]]) {
    match quotient(strips.len(), signs.len()) {
        1 => {
            let (signs, last_signs) = signs.as_chunks::<TOGETHER>();
            let (strips, last) = strips.as_chunks_mut::<TOGETHER>();
            for ([a, b, c, d], strips) in signs.iter().zip(strips) {
                weigh_strips([E::load(a), E::load(b), E::load(c), E::load(d)], strips);
            }
            for (signs, strip) in last_signs.iter().zip(last) {
                weigh_strips([E::load(signs)], std::array::from_mut(strip));
            }
        }
        vectors => {
            for (signs, strips) in signs.iter().zip(strips.chunks_exact_mut(vectors.max(1))) {
                let signs = E::load(signs);
                let (strips, last) = strips.as_chunks_mut::<TOGETHER>();
                for strips in strips {
                    weigh_strips([signs; TOGETHER], strips);
                }
                for strip in last {
                    weigh_strips([signs], std::array::from_mut(strip));
                }
            }
        }
    }
}

// Not a closure: within [`weigh_by`], which has no registers of its own, it would get none.
#[inline(always)]
fn weigh_strips<E: Eight, const N: usize>(signs: [E; N], strips: &mut [[f64; STRIP]; N]) {
    let mut predictions = signs;
    for i in 0..N {
        predictions[i] = E::load(&strips[i]);
    }
    let weights = weights(signs, predictions);
    for i in 0..N {
        weights[i].store(&mut strips[i]);
    }
}

/// `-y/(1 + e^{y p})` of signs y and predictions p.
#[inline(always)]
pub(super) fn weights<E: Eight, const N: usize>(signs: [E; N], predictions: [E; N]) -> [E; N] {
    let [margins, mut e] = margins(signs, predictions);
    for i in 0..N {
        e[i] = weight(signs[i], margins[i], e[i]);
    }
    e
}

/// The margins `m = y p`, and `e^{-|m|}`.
#[inline(always)]
fn margins<E: Eight, const N: usize>(signs: [E; N], predictions: [E; N]) -> [[E; N]; 2] {
    let (mut margins, mut sizes) = (signs, signs);
    for i in 0..N {
        margins[i] = predictions[i].mul_sign(signs[i]);
        sizes[i] = predictions[i].neg_abs();
    }
    [margins, exps(sizes)]
}

/// Rows of N eights of columns.
pub(super) type ShortRows<const N: usize> = [[[f64; STRIP]; N]];

/// Sums of losses by row modulo 32.
pub(super) type LossSums = [[f64; STRIP]; PARTIAL_SUMS / STRIP];

/// Adds `c_i x_i` to `y`, row after row, with the weights `c_i` of `x_i'w`, and the losses to their sums, if they are wanted: the bits
/// of products, [`weigh`] and sums of panels. False, and nothing is done, without AVX2 and FMA.
pub(super) fn add_weighed<const N: usize, const LOSSES: bool>(
    rows: &ShortRows<N>,
    signs: &[f64],
    w: &[[f64; STRIP]; N],
    y: &mut [[f64; STRIP]; N],
    losses: &mut LossSums,
) -> bool {
    assert!(rows.len() == signs.len());
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (w, y, losses);
    #[cfg(target_arch = "x86_64")]
    {
        use super::eight::{avx2, avx512};
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") {
            // SAFETY: the processor has AVX-512F and DQ.
            #[allow(unsafe_code)]
            unsafe {
                avx512::add_weighed::<N, LOSSES>(rows, signs, w, y, losses);
            }
            return true;
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has AVX2 and FMA.
            #[allow(unsafe_code)]
            unsafe {
                avx2::add_weighed::<N, LOSSES>(rows, signs, w, y, losses);
            }
            return true;
        }
    }
    false
}

/// [`add_weighed`] of rows of any length; false, and nothing is done, without AVX2, and with AVX-512, where rows that the caches hold take
/// longer by it.
pub(super) fn add_weighed_run<const LOSSES: bool>(
    rows: &Run,
    signs: &[f64],
    w: &[f64],
    y: &mut [f64],
    losses: &mut LossSums,
) -> bool {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && !is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor has AVX2 and FMA.
        #[allow(unsafe_code)]
        unsafe {
            super::eight::avx2::add_weighed_run::<LOSSES>(rows, signs, w, y, losses);
        }
        return true;
    }
    let _ = (rows, signs, w, y, losses);
    false
}

/// Runs that [`add_weighed_runs`] takes side by side.
pub(super) const SIDE_BY_SIDE: usize = 4;

/// [`add_weighed_run`] of several, with the same number of rows, a multiple of eight; false, and nothing is done, where that does nothing.
pub(super) fn add_weighed_runs<const LOSSES: bool>(
    runs: &[Run; SIDE_BY_SIDE],
    signs: &[&[f64]; SIDE_BY_SIDE],
    w: &[f64],
    y: &mut [&mut [f64]; SIDE_BY_SIDE],
    losses: &mut [LossSums; SIDE_BY_SIDE],
) -> bool {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && !is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor has AVX2 and FMA.
        #[allow(unsafe_code)]
        unsafe {
            super::eight::avx2::add_weighed_runs::<LOSSES>(runs, signs, w, y, losses);
        }
        return true;
    }
    let _ = (runs, signs, w, y, losses);
    false
}

#[inline(always)]
pub(super) fn weigh_with_losses_by<E: Eight>(
    signs: &[[f64; STRIP]],
    strips: &mut [[f64; STRIP]],
    losses: &mut [[f64; STRIP]],
) {
    let vectors = quotient(strips.len(), signs.len());
    let sign = |strip: usize| E::load(&signs[strip / vectors]);
    let (strips, last) = strips.as_chunks_mut::<TOGETHER>();
    let (losses, last_losses) = losses.as_chunks_mut::<TOGETHER>();
    let done = strips.len() * TOGETHER;
    for (k, (strips, losses)) in strips.iter_mut().zip(losses).enumerate() {
        let [a, b, c, d] = [0, 1, 2, 3].map(|i| k * TOGETHER + i);
        weigh_strips_with_losses([sign(a), sign(b), sign(c), sign(d)], strips, losses);
    }
    for (k, (strip, loss)) in last.iter_mut().zip(last_losses).enumerate() {
        weigh_strips_with_losses([sign(done + k)], std::array::from_mut(strip), std::array::from_mut(loss));
    }
}

#[inline(always)]
fn weigh_strips_with_losses<E: Eight, const N: usize>(
    signs: [E; N],
    strips: &mut [[f64; STRIP]; N],
    losses: &mut [[f64; STRIP]; N],
) {
    let mut predictions = signs;
    for i in 0..N {
        predictions[i] = E::load(&strips[i]);
    }
    let [weights, all_losses] = weights_and_losses(signs, predictions);
    for i in 0..N {
        weights[i].store(&mut strips[i]);
        all_losses[i].store(&mut losses[i]);
    }
}

/// As [`weights`], with the losses `log(1 + e^{-y p})`.
#[inline(always)]
pub(super) fn weights_and_losses<E: Eight, const N: usize>(signs: [E; N], predictions: [E; N]) -> [[E; N]; 2] {
    let [margins, e] = margins(signs, predictions);
    let (mut weights, mut losses) = (signs, logs1p_unit(e));
    for i in 0..N {
        let zero = E::splat(0.0);
        let negative = E::select(margins[i].lt(zero), E::splat(-1.0).mul(margins[i]), zero);
        losses[i] = negative.add(losses[i]);
        weights[i] = weight(signs[i], margins[i], e[i]);
    }
    [weights, losses]
}

/// `-y/(1 + e^m)` of signs y and margins m, given `e^{-|m|}`.
#[inline(always)]
fn weight<E: Eight>(sign: E, margin: E, e: E) -> E {
    // Of the margins 0 and -0, e is 1, too.
    let top = E::select(margin.is_sign_negative(), E::splat(1.0), e);
    top.mul_sign(sign).div(E::splat(-1.0).sub(e))
}

/// [`exp`](super::exp) of eight numbers.
#[inline(always)]
pub(super) fn exp<E: Eight>(x: E) -> E {
    let [e] = exps([x]);
    e
}

/// Of N eights, side by side.
#[inline(always)]
pub(super) fn exps<E: Eight, const N: usize>(x: [E; N]) -> [E; N] {
    let [mut shifted, mut r] = [x; 2];
    for i in 0..N {
        let clamped = E::splat(SMALLEST).max(x[i]);
        shifted[i] = clamped.mul_add(E::splat(std::f64::consts::LOG2_E), E::splat(ROUND));
        let k = shifted[i].sub(E::splat(ROUND));
        r[i] = k.mul_add(E::splat(-LN2_LOW), k.mul_add(E::splat(-LN2_HIGH), clamped));
    }
    let mut p = polynomials(&EXP, r);
    for i in 0..N {
        p[i] = p[i].mul(shifted[i].power_of_two());
    }
    p
}

/// [`log1p_unit`](super::log1p_unit) of N eights, side by side.
#[inline(always)]
fn logs1p_unit<E: Eight, const N: usize>(u: [E; N]) -> [E; N] {
    let two = E::splat(2.0);
    let (mut s, mut square) = (u, u);
    for i in 0..N {
        s[i] = u[i].div(two.add(u[i]));
        square[i] = s[i].mul(s[i]);
    }
    let mut p = polynomials(&ODD_RECIPROCALS, square);
    for i in 0..N {
        p[i] = two.mul(s[i]).mul(p[i]);
    }
    p
}

/// `c_0 x^(M-1) + ... + c_(M-1)` of N eights, side by side, by Horner's rule.
#[inline(always)]
pub(super) fn polynomials<E: Eight, const N: usize, const M: usize>(coefficients: &[f64; M], x: [E; N]) -> [E; N] {
    // Read from memory when their turn comes: registers are for x and what becomes of it.
    let coefficients = if N > 1 { std::hint::black_box(coefficients) } else { coefficients };
    let mut p = [E::splat(coefficients[0]); N];
    for c in &coefficients[1..] {
        let c = E::splat(*c);
        for i in 0..N {
            p[i] = p[i].mul_add(x[i], c);
        }
    }
    p
}

#[cfg(test)]
mod tests;
