//! Eight numbers at a time: plain arrays, which say what is computed, and registers of AVX-512.

use super::{Coefficients, Curve, GROUP, GROUPS, Lanes, Row, Rule, Totals, advance_by, evaluate_by, survey_by};

/// Eight numbers.
pub(super) trait Eight: Copy {
    type Words: Copy;
    type Mask: Copy;
    fn all(x: f64) -> Self;
    fn load(x: &[f64; GROUP]) -> Self;
    fn store(self, x: &mut [f64; GROUP]);
    fn add(self, other: Self) -> Self;
    fn less(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    fn over(self, other: Self) -> Self;
    /// `self * factor + term`, rounded once.
    fn fused(self, factor: Self, term: Self) -> Self;
    fn least(self, other: Self) -> Self;
    fn most(self, other: Self) -> Self;
    fn size(self) -> Self;
    /// Its sign, 0 of 0.
    fn unit(self) -> Self;
    fn is_below(self, other: Self) -> Self::Mask;
    fn choose(mask: Self::Mask, yes: Self, no: Self) -> Self;
    fn words(x: &[u64; GROUP]) -> Self::Words;
    fn store_words(words: Self::Words, x: &mut [u64; GROUP]);
    /// The next bits of xoshiro256++.
    fn bits(state: &mut [Self::Words; 4]) -> Self::Words;
    fn reach(bits: Self::Words, threshold: u64) -> Self::Mask;
}

pub(super) mod plain {
    use super::*;
    use crate::random::Generator;
    use multiversion::multiversion;

    #[multiversion(targets("x86_64+avx2+fma"))]
    pub(in super::super) fn advance(
        rule: &Rule,
        coefficients: &[Coefficients],
        lanes: &mut [Lanes; GROUPS],
        tile: &mut [Row],
    ) {
        advance_by::<[f64; GROUP]>(rule, coefficients, lanes, tile);
    }

    #[multiversion(targets("x86_64+avx2+fma"))]
    pub(in super::super) fn survey(curve: &Curve, [base, kept]: [f64; 2], rows: &[Row], group: usize) -> Totals {
        survey_by::<[f64; GROUP]>(curve, [base, kept], rows, group)
    }

    #[multiversion(targets("x86_64+avx2+fma"))]
    pub(in super::super) fn evaluate(curve: &Curve, base: f64, x: &[f64; GROUP]) -> [[f64; GROUP]; 2] {
        evaluate_by::<[f64; GROUP]>(curve, base, x)
    }

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
        fn all(x: f64) -> Self {
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
        fn less(self, other: Self) -> Self {
            each(|l| self[l] - other[l])
        }
        #[inline(always)]
        fn times(self, other: Self) -> Self {
            each(|l| self[l] * other[l])
        }
        #[inline(always)]
        fn over(self, other: Self) -> Self {
            each(|l| self[l] / other[l])
        }
        #[inline(always)]
        fn fused(self, factor: Self, term: Self) -> Self {
            each(|l| self[l].mul_add(factor[l], term[l]))
        }
        #[inline(always)]
        fn least(self, other: Self) -> Self {
            each(|l| if self[l] < other[l] { self[l] } else { other[l] })
        }
        #[inline(always)]
        fn most(self, other: Self) -> Self {
            each(|l| if self[l] > other[l] { self[l] } else { other[l] })
        }
        #[inline(always)]
        fn size(self) -> Self {
            each(|l| self[l].abs())
        }
        #[inline(always)]
        fn unit(self) -> Self {
            each(|l| if self[l] == 0.0 { 0.0 } else { 1f64.copysign(self[l]) })
        }
        #[inline(always)]
        fn is_below(self, other: Self) -> Self::Mask {
            std::array::from_fn(|l| self[l] < other[l])
        }
        #[inline(always)]
        fn choose(mask: Self::Mask, yes: Self, no: Self) -> Self {
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
                let mut generator = Generator { words: [0, 1, 2, 3].map(|k: usize| state[k][l]) };
                *bits = generator.bits();
                state.iter_mut().zip(generator.words).for_each(|(words, word)| words[l] = word);
            }
            bits
        }
        #[inline(always)]
        fn reach(bits: Self::Words, threshold: u64) -> Self::Mask {
            std::array::from_fn(|l| threshold <= bits[l])
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
pub(super) mod x86 {
    use super::*;
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx512f")]
    pub(in super::super) fn advance(
        rule: &Rule,
        coefficients: &[Coefficients],
        lanes: &mut [Lanes; GROUPS],
        tile: &mut [Row],
    ) {
        advance_by::<Register>(rule, coefficients, lanes, tile);
    }

    #[target_feature(enable = "avx512f")]
    pub(in super::super) fn survey(curve: &Curve, [base, kept]: [f64; 2], rows: &[Row], group: usize) -> Totals {
        survey_by::<Register>(curve, [base, kept], rows, group)
    }

    #[target_feature(enable = "avx512f")]
    pub(in super::super) fn evaluate(curve: &Curve, base: f64, x: &[f64; GROUP]) -> [[f64; GROUP]; 2] {
        evaluate_by::<Register>(curve, base, x)
    }

    /// Used by the functions above alone.
    #[derive(Clone, Copy)]
    struct Register(__m512d);

    // SAFETY, of every block below: the functions above, which alone make registers, run on processors with AVX-512F only; loads
    // and stores are of references to eight numbers.
    impl Eight for Register {
        type Words = __m512i;
        type Mask = __mmask8;
        #[inline(always)]
        fn all(x: f64) -> Self {
            Self(unsafe { _mm512_set1_pd(x) })
        }
        #[inline(always)]
        fn load(x: &[f64; GROUP]) -> Self {
            Self(unsafe { _mm512_loadu_pd(x.as_ptr()) })
        }
        #[inline(always)]
        fn store(self, x: &mut [f64; GROUP]) {
            unsafe { _mm512_storeu_pd(x.as_mut_ptr(), self.0) }
        }
        #[inline(always)]
        fn add(self, other: Self) -> Self {
            Self(unsafe { _mm512_add_pd(self.0, other.0) })
        }
        #[inline(always)]
        fn less(self, other: Self) -> Self {
            Self(unsafe { _mm512_sub_pd(self.0, other.0) })
        }
        #[inline(always)]
        fn times(self, other: Self) -> Self {
            Self(unsafe { _mm512_mul_pd(self.0, other.0) })
        }
        #[inline(always)]
        fn over(self, other: Self) -> Self {
            Self(unsafe { _mm512_div_pd(self.0, other.0) })
        }
        #[inline(always)]
        fn fused(self, factor: Self, term: Self) -> Self {
            Self(unsafe { _mm512_fmadd_pd(self.0, factor.0, term.0) })
        }
        #[inline(always)]
        fn least(self, other: Self) -> Self {
            Self(unsafe { _mm512_min_pd(self.0, other.0) })
        }
        #[inline(always)]
        fn most(self, other: Self) -> Self {
            Self(unsafe { _mm512_max_pd(self.0, other.0) })
        }
        #[inline(always)]
        fn size(self) -> Self {
            Self(unsafe { _mm512_abs_pd(self.0) })
        }
        #[inline(always)]
        fn unit(self) -> Self {
            Self(unsafe {
                let sign = _mm512_and_si512(_mm512_castpd_si512(self.0), _mm512_set1_epi64(i64::MIN));
                let signed = _mm512_or_si512(sign, _mm512_castpd_si512(_mm512_set1_pd(1.0)));
                let moves = _mm512_cmp_pd_mask::<_CMP_NEQ_UQ>(self.0, _mm512_setzero_pd());
                _mm512_maskz_mov_pd(moves, _mm512_castsi512_pd(signed))
            })
        }
        #[inline(always)]
        fn is_below(self, other: Self) -> Self::Mask {
            unsafe { _mm512_cmp_pd_mask::<_CMP_LT_OQ>(self.0, other.0) }
        }
        #[inline(always)]
        fn choose(mask: Self::Mask, yes: Self, no: Self) -> Self {
            Self(unsafe { _mm512_mask_blend_pd(mask, no.0, yes.0) })
        }
        #[inline(always)]
        fn words(x: &[u64; GROUP]) -> Self::Words {
            unsafe { _mm512_loadu_si512(x.as_ptr().cast()) }
        }
        #[inline(always)]
        fn store_words(words: Self::Words, x: &mut [u64; GROUP]) {
            unsafe { _mm512_storeu_si512(x.as_mut_ptr().cast(), words) }
        }
        #[inline(always)]
        fn bits(s: &mut [Self::Words; 4]) -> Self::Words {
            unsafe {
                let bits = _mm512_add_epi64(_mm512_rol_epi64::<23>(_mm512_add_epi64(s[0], s[3])), s[0]);
                let t = _mm512_slli_epi64::<17>(s[1]);
                s[2] = _mm512_xor_si512(s[2], s[0]);
                s[3] = _mm512_xor_si512(s[3], s[1]);
                s[1] = _mm512_xor_si512(s[1], s[2]);
                s[0] = _mm512_xor_si512(s[0], s[3]);
                s[2] = _mm512_xor_si512(s[2], t);
                s[3] = _mm512_rol_epi64::<45>(s[3]);
                bits
            }
        }
        #[inline(always)]
        fn reach(bits: Self::Words, threshold: u64) -> Self::Mask {
            unsafe { _mm512_cmple_epu64_mask(_mm512_set1_epi64(threshold as i64), bits) }
        }
    }
}
