//! Eight numbers at a time: plain arrays, which say what is computed, and registers of AVX-512 and AVX2.

#[cfg(target_arch = "x86_64")]
pub(super) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(super) mod avx512;

use super::eigenbasis::{Components, spectral_step_by};
use super::lanes::{
    Coefficients, Curve, GROUP, GROUPS, Lanes, Row, Rule, Totals, advance_by, evaluate_by, survey_by, travel_by,
};
use super::logistic::{weigh_by, weigh_with_losses_by};
use super::panel::{powers_below_largest_by, shares_by, tanh_strips_by};
use super::secular::{secular_quotients_by, secular_sums_by, secular_vector_by};
use super::side_by_side::{Weigh, add_eights_by};
use super::simd::{Ahead, Run, plain as plain_rows};
use super::symmetric::{Columns, Pairs, add_symmetric_product_by, update_and_add_symmetric_product_by};
use super::tridiagonal::{Place, TridiagonalQuadratic, tridiagonal_step_by};
use std::ops::Range;

/// Eight numbers.
pub(super) trait Eight: Copy {
    type Words: Copy;
    type Mask: Copy;
    fn splat(x: f64) -> Self;
    fn load(x: &[f64; GROUP]) -> Self;
    fn store(self, x: &mut [f64; GROUP]);
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    /// `self * factor + term`, rounded once.
    fn mul_add(self, factor: Self, term: Self) -> Self;
    /// The other where one of them is NaN; so is the larger.
    fn min(self, other: Self) -> Self;
    fn max(self, other: Self) -> Self;
    fn abs(self) -> Self;
    /// Of the size of this and the sign of the other.
    fn copysign(self, other: Self) -> Self;
    /// With its sign changed where the other is negative; the other is 1 or -1.
    fn mul_sign(self, other: Self) -> Self;
    /// `-|x|`
    fn neg_abs(self) -> Self;
    /// Its sign, 0 of 0; of NaN a sign or NaN.
    fn signum(self) -> Self;
    /// `self + factor (y - c)` with `y = self + ways[0] signum(self - c)`, where c is the second centre if the coin after those used is
    /// one. The second of the ways is the negative of the first.
    #[inline(always)]
    fn step_on_parabola(
        self,
        coins: &Self::Words,
        used: u64,
        centres: &[Self; 2],
        ways: &[Self; 2],
        factor: Self,
    ) -> Self {
        let c = Self::select(Self::top(Self::shifted(*coins, used)), centres[1], centres[0]);
        let y = ways[0].mul_add(self.sub(c).signum(), self);
        factor.mul_add(y.sub(c), self)
    }
    fn lt(self, other: Self) -> Self::Mask;
    /// Whether it is negative or -0.
    fn is_sign_negative(self) -> Self::Mask;
    fn eq(self, other: Self) -> Self::Mask;
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    fn words(x: &[u64; GROUP]) -> Self::Words;
    fn store_words(words: Self::Words, x: &mut [u64; GROUP]);
    /// The next bits of xoshiro256++.
    fn bits(state: &mut [Self::Words; 4]) -> Self::Words;
    fn reach(bits: Self::Words, threshold: u64) -> Self::Mask;
    fn and(a: Self::Words, b: Self::Words) -> Self::Words;
    fn or(a: Self::Words, b: Self::Words) -> Self::Words;
    /// The bits of a that b does not have.
    fn without(a: Self::Words, b: Self::Words) -> Self::Words;
    fn are_zero(words: Self::Words) -> bool;
    /// The most significant bit of each.
    fn top(words: Self::Words) -> Self::Mask;
    /// To the left; 0 from 64 on.
    fn shifted(words: Self::Words, by: u64) -> Self::Words;
    /// `2^k` of `k + 1.5 * 2^52`, k whole, -1023 < k < 1024.
    fn power_of_two(self) -> Self;
    /// Rows that are multiplied by eight vectors side by side before they are added, a multiple of 32 and at most
    /// [`ROWS`](super::simd::ROWS).
    const NEAR_ROWS: usize;
    /// The products of rows with eight vectors side by side, in one group of eight or two: what
    /// [`products`](super::simd::products) gives of each. Columns beyond those of w, a multiple of four and at least eight, are zeros.
    fn products_with_eights<const G: usize>(
        rows: &Run,
        w: &[&[[f64; GROUP]]; G],
        out: &mut [&mut [[f64; GROUP]]; G],
        ahead: &mut Ahead,
    );
    /// Adds the rows with their weights to eight vectors of sums side by side, in one group of eight or two: what
    /// [`add_rows`](super::simd::add_rows) adds to each.
    fn add_to_eights<const G: usize>(
        c: &[&[[f64; GROUP]]; G],
        rows: &Run,
        y: &mut [&mut [[f64; GROUP]]; G],
        ahead: &mut Ahead,
    );
}

/// One number after the other.
#[inline(always)]
pub(super) fn stored<E: Eight, const N: usize>(numbers: [E; N]) -> [[f64; GROUP]; N] {
    let mut stored = [[0.0; GROUP]; N];
    for (numbers, stored) in numbers.into_iter().zip(&mut stored) {
        numbers.store(stored);
    }
    stored
}

/// The functions of [`eigenbasis`](super::eigenbasis), [`lanes`](super::lanes), [`logistic`](super::logistic),
/// [`panel`](super::panel), [`secular`](super::secular), [`side_by_side`](super::side_by_side), [`symmetric`](super::symmetric) and
/// [`tridiagonal`](super::tridiagonal) for one kind of registers.
macro_rules! entries {
    ($kind:ty $(, $features:literal)?) => {
        $(#[target_feature(enable = $features)])?
        pub(in super::super) fn spectral_step(
            values: &[f64],
            linear: Option<&[f64]>,
            coefficients: [f64; 2],
            c: &mut [f64],
            passed_over: &Range<usize>,
        ) -> Components {
            spectral_step_by::<$kind>(values, linear, coefficients, c, passed_over)
        }

        $(#[target_feature(enable = $features)])?
        pub(in super::super) fn tridiagonal_step(
            quadratic: &TridiagonalQuadratic,
            coefficients: [f64; 2],
            place: &mut Place,
        ) -> Components {
            tridiagonal_step_by::<$kind>(quadratic, coefficients, place)
        }

        $(#[target_feature(enable = $features)])?
        pub(in super::super) fn advance(
            rule: &Rule,
            coefficients: &[Coefficients],
            lanes: &mut [Lanes; GROUPS],
            tile: &mut [Row],
        ) {
            advance_by::<$kind>(rule, coefficients, lanes, tile);
        }

        $(#[target_feature(enable = $features)])?
        pub(in super::super) fn travel(rule: &Rule, coefficients: &[Coefficients], lanes: &mut [Lanes; GROUPS]) {
            travel_by::<$kind>(rule, coefficients, lanes);
        }

        $(#[target_feature(enable = $features)])?
        pub(in super::super) fn survey(curve: &Curve, [base, kept]: [f64; 2], rows: &[Row], group: usize) -> Totals {
            survey_by::<$kind>(curve, [base, kept], rows, group)
        }

        $(#[target_feature(enable = $features)])?
        pub(in super::super) fn evaluate(curve: &Curve, base: f64, x: &[f64; GROUP]) -> [[f64; GROUP]; 2] {
            evaluate_by::<$kind>(curve, base, x)
        }

        $(#[target_feature(enable = $features)])?
        pub(in super::super) fn powers_below_largest(scores: &[[f64; GROUP]], weights: &mut [[f64; GROUP]]) -> [[f64; GROUP]; 2] {
            powers_below_largest_by::<$kind>(scores, weights)
        }

        $(#[target_feature(enable = $features)])?
        pub(in super::super) fn shares(
            weights: &mut [[f64; GROUP]],
            top: &[f64; GROUP],
            label: &[f64; GROUP],
        ) -> [[f64; GROUP]; 2] {
            shares_by::<$kind>(weights, top, label)
        }

        $(#[target_feature(enable = $features)])?
        pub(in super::super) fn tanh_strips(strips: &mut [[f64; GROUP]]) {
            tanh_strips_by::<$kind>(strips);
        }

        $(#[target_feature(enable = $features)])?
        pub(in super::super) fn secular_sums(
            poles: &[[f64; GROUP]],
            weights: &[[f64; GROUP]],
            place: [f64; 2],
        ) -> [f64; 4] {
            secular_sums_by::<$kind>(poles, weights, place)
        }

        $(#[target_feature(enable = $features)])?
        pub(in super::super) fn secular_quotients(
            poles: &[[f64; GROUP]],
            origins: &[[f64; GROUP]],
            offsets: &[[f64; GROUP]],
            pole: f64,
        ) -> f64 {
            secular_quotients_by::<$kind>(poles, origins, offsets, pole)
        }

        $(#[target_feature(enable = $features)])?
        pub(in super::super) fn secular_vector(
            poles: &[[f64; GROUP]],
            z: &[[f64; GROUP]],
            place: [f64; 2],
            vector: &mut [[f64; GROUP]],
        ) -> f64 {
            secular_vector_by::<$kind>(poles, z, place, vector)
        }

        $(#[target_feature(enable = $features)])?
        pub(in super::super) fn add_symmetric_product(columns: &mut Columns, v: &[f64], product: &mut [f64]) {
            add_symmetric_product_by::<$kind>(columns, v, product);
        }

        $(#[target_feature(enable = $features)])?
        pub(in super::super) fn update_and_add_symmetric_product(
            columns: &mut Columns,
            pairs: &Pairs,
            v: &[f64],
            product: &mut [f64],
        ) {
            update_and_add_symmetric_product_by::<$kind>(columns, pairs, v, product);
        }

        $(#[target_feature(enable = $features)])?
        pub(in super::super) fn add_eights(
            rows: &Run,
            columns: usize,
            weigh: Weigh,
            w: &[f64],
            y: &mut [f64],
            losses: &mut [f64],
        ) {
            add_eights_by::<$kind>(rows, columns, weigh, w, y, losses);
        }

        $(#[target_feature(enable = $features)])?
        pub(in super::super) fn weigh(signs: &[[f64; GROUP]], strips: &mut [[f64; GROUP]]) {
            weigh_by::<$kind>(signs, strips);
        }

        $(#[target_feature(enable = $features)])?
        pub(in super::super) fn weigh_with_losses(
            signs: &[[f64; GROUP]],
            strips: &mut [[f64; GROUP]],
            losses: &mut [[f64; GROUP]],
        ) {
            weigh_with_losses_by::<$kind>(signs, strips, losses);
        }
    };
}
#[cfg(target_arch = "x86_64")]
use entries;

/// Calls a function for the widest registers there are.
macro_rules! widest {
    ($name:ident ( $($argument:expr),* )) => {{
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") {
                // SAFETY: the processor has AVX-512F and DQ.
                #[allow(unsafe_code)]
                return unsafe { $crate::kernel::eight::avx512::$name($($argument),*) };
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                // SAFETY: the processor has AVX2 and FMA.
                #[allow(unsafe_code)]
                return unsafe { $crate::kernel::eight::avx2::$name($($argument),*) };
            }
        }
        $crate::kernel::eight::plain::$name($($argument),*)
    }};
}
pub(super) use widest;

pub(super) mod plain {
    use super::*;
    use crate::random::Generator;

    entries!([f64; GROUP]);

    #[inline(always)]
    fn each(f: impl Fn(usize) -> f64) -> [f64; GROUP] {
        let mut made = [0.0; GROUP];
        for (l, made) in made.iter_mut().enumerate() {
            *made = f(l);
        }
        made
    }

    impl Eight for [f64; GROUP] {
        type Words = [u64; GROUP];
        type Mask = [bool; GROUP];
        #[inline(always)]
        fn splat(x: f64) -> Self {
            [x; GROUP]
        }
        #[inline(always)]
        fn load(x: &[f64; GROUP]) -> Self {
            *x
        }
        #[inline(always)]
        fn store(self, x: &mut [f64; GROUP]) {
            *x = self;
        }
        #[inline(always)]
        fn add(self, other: Self) -> Self {
            each(|l| self[l] + other[l])
        }
        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            each(|l| self[l] - other[l])
        }
        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            each(|l| self[l] * other[l])
        }
        #[inline(always)]
        fn div(self, other: Self) -> Self {
            each(|l| self[l] / other[l])
        }
        #[inline(always)]
        fn mul_add(self, factor: Self, term: Self) -> Self {
            each(|l| self[l].mul_add(factor[l], term[l]))
        }
        #[inline(always)]
        fn min(self, other: Self) -> Self {
            each(|l| if self[l] < other[l] { self[l] } else { other[l] })
        }
        #[inline(always)]
        fn max(self, other: Self) -> Self {
            each(|l| if self[l] > other[l] { self[l] } else { other[l] })
        }
        #[inline(always)]
        fn abs(self) -> Self {
            each(|l| self[l].abs())
        }
        #[inline(always)]
        fn mul_sign(self, other: Self) -> Self {
            each(|l| self[l] * other[l])
        }
        #[inline(always)]
        fn neg_abs(self) -> Self {
            each(|l| -self[l].abs())
        }
        #[inline(always)]
        fn copysign(self, other: Self) -> Self {
            each(|l| self[l].copysign(other[l]))
        }
        #[inline(always)]
        fn signum(self) -> Self {
            each(|l| if self[l] == 0.0 { 0.0 } else { 1f64.copysign(self[l]) })
        }
        #[inline(always)]
        fn is_sign_negative(self) -> [bool; GROUP] {
            self.map(f64::is_sign_negative)
        }
        #[inline(always)]
        fn lt(self, other: Self) -> Self::Mask {
            std::array::from_fn(|l| self[l] < other[l])
        }
        #[inline(always)]
        fn eq(self, other: Self) -> Self::Mask {
            std::array::from_fn(|l| self[l] == other[l])
        }
        #[inline(always)]
        fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
            each(|l| if mask[l] { yes[l] } else { no[l] })
        }
        #[inline(always)]
        fn words(x: &[u64; GROUP]) -> Self::Words {
            *x
        }
        #[inline(always)]
        fn store_words(words: Self::Words, x: &mut [u64; GROUP]) {
            *x = words;
        }
        #[inline(always)]
        fn bits(state: &mut [Self::Words; 4]) -> Self::Words {
            let mut bits = [0; GROUP];
            for (l, bits) in bits.iter_mut().enumerate() {
                let mut generator = Generator::from_words([0, 1, 2, 3].map(|k: usize| state[k][l]));
                *bits = generator.bits();
                state.iter_mut().zip(generator.words).for_each(|(words, word)| words[l] = word);
            }
            bits
        }
        #[inline(always)]
        fn reach(bits: Self::Words, threshold: u64) -> Self::Mask {
            std::array::from_fn(|l| threshold <= bits[l])
        }
        #[inline(always)]
        fn and(a: Self::Words, b: Self::Words) -> Self::Words {
            std::array::from_fn(|l| a[l] & b[l])
        }
        #[inline(always)]
        fn or(a: Self::Words, b: Self::Words) -> Self::Words {
            std::array::from_fn(|l| a[l] | b[l])
        }
        #[inline(always)]
        fn without(a: Self::Words, b: Self::Words) -> Self::Words {
            std::array::from_fn(|l| a[l] & !b[l])
        }
        #[inline(always)]
        fn are_zero(words: Self::Words) -> bool {
            words == [0; GROUP]
        }
        #[inline(always)]
        fn top(words: Self::Words) -> Self::Mask {
            words.map(|word| word >> 63 == 1)
        }
        #[inline(always)]
        fn shifted(words: Self::Words, by: u64) -> Self::Words {
            words.map(|word| word.checked_shl(by as u32).unwrap_or(0))
        }
        #[inline(always)]
        fn power_of_two(self) -> Self {
            each(|l| f64::from_bits(self[l].to_bits().wrapping_add(1023) << 52))
        }
        const NEAR_ROWS: usize = 32;
        fn products_with_eights<const G: usize>(
            rows: &Run,
            w: &[&[[f64; GROUP]]; G],
            out: &mut [&mut [[f64; GROUP]]; G],
            _: &mut Ahead,
        ) {
            plain_rows::products_with_eights(rows, w, out);
        }
        fn add_to_eights<const G: usize>(
            c: &[&[[f64; GROUP]]; G],
            rows: &Run,
            y: &mut [&mut [[f64; GROUP]]; G],
            _: &mut Ahead,
        ) {
            plain_rows::add_to_eights(c, rows, y);
        }
    }
}
