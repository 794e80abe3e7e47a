//! exp, log and tanh of our own: branch-free, so that whole blocks vectorise, and the same bits everywhere.

use multiversion::multiversion;

pub(super) const LN2_HIGH: f64 = 6.931_471_803_691_238e-1; // the first 32 bits of ln 2, so that k * LN2_HIGH is exact
pub(super) const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Adding and subtracting 1.5 * 2^52 rounds to the nearest integer.
pub(super) const ROUND: f64 = 6_755_399_441_055_744.0;
/// Less than this is taken for this: k = -1023 then, and what stands for 2^k is 0.
pub(super) const SMALLEST: f64 = -709.0;

/// Of `e^r` at |r| <= ln(2)/2, from r^11 down: those of r and 1 given, the others so that the largest error is least (Remez's
/// algorithm). Relative to `e^r` the remainder is below 8e-18, that of the 12 first terms of Taylor's series 9e-15.
pub(super) const EXP: [f64; 12] = [
    2.517_225_774_699_086e-8,
    2.763_165_970_126_346e-7,
    2.755_716_714_451_420_3e-6,
    2.480_149_048_237_772_7e-5,
    1.984_126_980_623_551_5e-4,
    1.388_888_894_462_274_4e-3,
    8.333_333_333_454_958e-3,
    4.166_666_666_653_25e-2,
    1.666_666_666_666_626_6e-1,
    5.000_000_000_000_01e-1,
    1.0,
    1.0,
];

/// `1/n!`, n = 13 down to 2; the remainder of `(e^r - 1 - r)/r^2` at |r| <= ln(2)/2 is below 5e-17.
pub(super) const INVERSE_FACTORIALS: [f64; 12] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
];

/// `e^x` for `x <= 0`; relative error below 5e-16, 0 for `x < -708.75`.
///
/// In units u = 2^-53: the reduced argument r, |r| <= 0.35, is rounded once (0.35 u of the result); Horner's last step
/// rounds once (1 u) and the one before enters with a factor |r|/p < 0.5, and so on (below 1 u together); the constants
/// and the remainder add below 0.2 u. Scaling by a power of two is exact: below 2.6 u = 2.9e-16; but for x < -708.3, where the
/// result has one bit less: below 4.1 u = 4.6e-16.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    let clamped = if x < SMALLEST { SMALLEST } else { x };
    let shifted = clamped.mul_add(std::f64::consts::LOG2_E, ROUND);
    let k = shifted - ROUND;
    let r = (-k).mul_add(LN2_LOW, (-k).mul_add(LN2_HIGH, clamped));
    let mut p = EXP[0];
    for c in &EXP[1..] {
        p = p.mul_add(r, *c);
    }
    // The low bits of `shifted` hold k; moved to the exponent they are 2^k.
    let power = f64::from_bits((shifted.to_bits().wrapping_add(1023)) << 52);
    p * power
}

/// `tanh x` is 1 to the last bit where `e^{-2|x|}` is below this power of e.
pub(super) const LAST_SEEN: f64 = -80.0;

/// `tanh x`, odd to the bit; relative error below 6e-16.
///
/// `-m/(2 + m)` with `m = e^y - 1`, `y = -2|x| = k ln 2 + r`, `|r| <= 0.35`, and `m = 2^k q + (2^k - 1)`, `q = e^r - 1 =
/// r + r^2 (1/2 + r/6 + ...)`. In units u = 2^-53, relative: for k = 0, r is exact, q is rounded once, and its second term,
/// below 0.19 of it, is off by 2.3: m is off by 1.5. For k = -1, |m| >= 0.29, errors of q (below 0.42 absolutely) and r
/// (0.35) are halved, m is rounded (0.25): by 2.2. For k < -1, |m| >= 0.64: by 1.1, near |m| = 1 by 0.5. That enters with a
/// factor 2/(2 + m), 1.2 and 1.5 and at most 2: by 2.6 at most; 2 + m and the quotient are rounded: below 5 u = 5.6e-16.
#[cfg(test)]
pub fn tanh(x: f64) -> f64 {
    let doubled = -2.0 * x.abs();
    let y = if doubled < LAST_SEEN { LAST_SEEN } else { doubled };
    let shifted = y.mul_add(std::f64::consts::LOG2_E, ROUND);
    let k = shifted - ROUND;
    let r = (-k).mul_add(LN2_LOW, (-k).mul_add(LN2_HIGH, y));
    let mut p = INVERSE_FACTORIALS[0];
    for c in &INVERSE_FACTORIALS[1..] {
        p = p.mul_add(r, *c);
    }
    let q = (r * r).mul_add(p, r);
    let power = f64::from_bits((shifted.to_bits().wrapping_add(1023)) << 52);
    let m = power.mul_add(q, power - 1.0);
    (-m / (2.0 + m)).copysign(x)
}

/// `1/(2k+1)`, k = 17 down to 0, for `atanh`.
pub(super) const ODD_RECIPROCALS: [f64; 18] = [
    1.0 / 35.0,
    1.0 / 33.0,
    1.0 / 31.0,
    1.0 / 29.0,
    1.0 / 27.0,
    1.0 / 25.0,
    1.0 / 23.0,
    1.0 / 21.0,
    1.0 / 19.0,
    1.0 / 17.0,
    1.0 / 15.0,
    1.0 / 13.0,
    1.0 / 11.0,
    1.0 / 9.0,
    1.0 / 7.0,
    1.0 / 5.0,
    1.0 / 3.0,
    1.0,
];

/// `log(1 + u)` for `0 <= u <= 1`, as `2 atanh(u/(2+u))`; relative error below 8e-16.
///
/// In units 2^-53: s is rounded twice (2), s p once (1), the last step of p once (1); the square, 5 units off, moves
/// p = 1 + s^2/3 + ... by a twenty-fifth of that, and the remainder is below 2e-19: below 4.5 units = 5e-16.
#[inline(always)]
pub fn log1p_unit(u: f64) -> f64 {
    let s = u / (2.0 + u);
    let square = s * s;
    let mut p = ODD_RECIPROCALS[0];
    for c in &ODD_RECIPROCALS[1..] {
        p = p.mul_add(square, *c);
    }
    2.0 * s * p
}

/// `log(1 + u)` for `u >= 0`; relative error below 1.2e-15.
///
/// Above 1, `1 + u = 2^k m` with `m` in [1, 2): `1 + u` is rounded once, which moves the logarithm, at least ln 2, by
/// 1.5 units of itself; `k ln 2` and the sum are rounded (3), `log m` is 4.5 units off: below 9 units = 1e-15.
#[inline(always)]
pub fn log1p(u: f64) -> f64 {
    if u <= 1.0 || u == f64::INFINITY {
        return if u <= 1.0 { log1p_unit(u) } else { u };
    }
    let bits = (1.0 + u).to_bits();
    let k = (bits >> 52) as f64 - 1023.0;
    let mantissa = f64::from_bits(bits & 0x000f_ffff_ffff_ffff | 1.0f64.to_bits());
    if u.is_nan() { u } else { k * std::f64::consts::LN_2 + log1p_unit(mantissa - 1.0) }
}

#[inline(always)]
fn weight(margin: f64, e: f64) -> f64 {
    -(if margin < 0.0 { 1.0 } else { e }) / (1.0 + e)
}

/// From margins `m = y x'w`: the derivatives `-1/(1 + e^m)` of the losses `log(1 + e^-m)`, in their place.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma"))]
pub fn logistic_weights(margins: &mut [f64]) {
    margins.iter_mut().for_each(|m| *m = weight(*m, exp(-m.abs())));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Coefficients less `1/k!`, and the rest of the series; rounding leaves relative errors of 1e-13 in the differences.
    #[test]
    fn the_polynomial_is_near_the_exponential() {
        let factorial = |k: i32| (1..=k).map(f64::from).product::<f64>();
        let worst = (-10_000..=10_000).map(|i| {
            let r = f64::from(i) * 1e-4 * 0.3466;
            let terms =
                EXP.iter().rev().zip(0..).map(|(c, k)| c.mul_add(factorial(k), -1.0) / factorial(k) * r.powi(k));
            let rest: f64 = (12..25).map(|k| r.powi(k) / factorial(k)).sum();
            ((terms.sum::<f64>() - rest) * (-r).exp()).abs()
        });
        let worst = worst.fold(0.0, f64::max);
        assert!(worst < 8e-18 && 0.3466 > std::f64::consts::LN_2 / 2.0, "{worst:e}");
    }

    #[test]
    fn small_exponentials_end_in_zero() {
        for i in 0..10_000 {
            let x = -708.74 + f64::from(i) * 1e-4;
            let exact = core_math::exp(x);
            assert!(((exp(x) - exact) / exact).abs() < 5e-16, "{x}");
        }
        assert!([-708.75, -708.9, -709.0, -709.1, -745.0, -1e9].map(exp) == [0.0; 6] && exp(f64::NAN).is_nan());
    }

    #[test]
    fn against_correctly_rounded_functions() {
        let mut worst = [0.0f64; 2];
        for i in 0..200_000 {
            let x = -(i as f64) * 0.003_141_59;
            if x > -708.3 {
                let exact = core_math::exp(x);
                worst[0] = worst[0].max(((exp(x) - exact) / exact).abs());
            }
            let u = i as f64 / 200_000.0;
            if u > 0.0 {
                let exact = core_math::log1p(u);
                worst[1] = worst[1].max(((log1p_unit(u) - exact) / exact).abs());
            }
        }
        assert!(worst[0] < 4e-16, "exp: {:e}", worst[0]);
        assert!(worst[1] < 8e-16, "log1p: {:e}", worst[1]);
        let mut worst = 0.0f64;
        for i in 1..200_000 {
            let u = (i as f64 * 1e-4).powi(3);
            let exact = core_math::log1p(u);
            worst = worst.max(((log1p(u) - exact) / exact).abs());
        }
        assert!(worst < 1.2e-15, "log1p: {worst:e}");
        assert!(log1p(f64::NAN).is_nan() && log1p(f64::INFINITY) == f64::INFINITY);
        assert_eq!((exp(0.0), exp(-1e300), exp(f64::NEG_INFINITY)), (1.0, 0.0, 0.0));
        assert_eq!((log1p_unit(0.0), log1p_unit(1e-300)), (0.0, 1e-300));
    }

    #[test]
    fn tanh_against_the_correctly_rounded_one() {
        let mut worst = 0.0f64;
        let mut check = |x: f64| {
            let exact = core_math::tanh(x);
            assert_eq!(tanh(-x).to_bits(), (-tanh(x)).to_bits(), "odd: {x:e}");
            assert!(tanh(x) <= 1.0);
            worst = worst.max(((tanh(x) - exact) / exact).abs());
        };
        (1..400_000).for_each(|i| check(i as f64 * 5.03e-5)); // up to 20
        (1..100_000).for_each(|i| check((i as f64 * 1e-3 - 100.0).exp2())); // down to 2^-100
        // The ends of the reductions: odd multiples of ln(2)/4.
        for k in 0..60 {
            let end = (2 * k + 1) as f64 * std::f64::consts::LN_2 / 4.0;
            (-1000..1000).for_each(|i| check(end * (1.0 + i as f64 * 1e-13)));
        }
        assert!(worst < 6e-16, "{worst:e}");
    }

    #[test]
    fn tanh_at_both_ends() {
        for x in [0.0, 5e-324, 2.5e-310, f64::MIN_POSITIVE, 1e-300, 1e-20] {
            assert_eq!((tanh(x).to_bits(), tanh(-x).to_bits()), (x.to_bits(), (-x).to_bits()), "{x:e}");
        }
        for x in [20.0, 40.0, 40.1, 1e3, 1e308, f64::INFINITY] {
            assert_eq!((tanh(x), tanh(-x)), (1.0, -1.0), "{x:e}");
        }
        assert!(tanh(f64::NAN).is_nan() && tanh(-f64::NAN).is_nan());
    }
}
