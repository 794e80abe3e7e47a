//! Eight numbers in a register of AVX-512.
#![allow(unsafe_code)]

mod short_rows;

use super::super::simd::avx512::eight_vectors;
use super::*;
pub(in super::super) use short_rows::add_weighed;
use std::arch::x86_64::*;

entries!(Register, "avx512f,avx512dq");

/// What takes the place of a number, four bits a class, from the last: itself for NaN, quiet and signalling; 0 for zero; 1 for 1;
/// -1, 1 for the infinite; -1, 1 for negative and positive ones.
const SIGNS: i64 = 0xa9a9_a811;
/// Exclusive or of three.
const XOR: i32 = 0x96;

/// Private to this module and its files, where only functions with these target features make and use one.
#[derive(Clone, Copy)]
struct Register(__m512d);

// SAFETY, of every block below: those functions run on processors with AVX-512F and DQ only; loads
// and stores are of references to eight numbers.
impl Eight for Register {
    type Words = __m512i;
    type Mask = __mmask8;
    #[inline(always)]
    fn splat(x: f64) -> Self {
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
    fn sub(self, other: Self) -> Self {
        Self(unsafe { _mm512_sub_pd(self.0, other.0) })
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(unsafe { _mm512_mul_pd(self.0, other.0) })
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Self(unsafe { _mm512_div_pd(self.0, other.0) })
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        Self(unsafe { _mm512_fmadd_pd(self.0, factor.0, term.0) })
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(unsafe { _mm512_min_pd(self.0, other.0) })
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(unsafe { _mm512_max_pd(self.0, other.0) })
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Self(unsafe { _mm512_abs_pd(self.0) })
    }
    #[inline(always)]
    fn copysign(self, other: Self) -> Self {
        Self(unsafe { _mm512_or_pd(_mm512_abs_pd(self.0), _mm512_and_pd(other.0, _mm512_set1_pd(-0.0))) })
    }
    #[inline(always)]
    fn mul_sign(self, other: Self) -> Self {
        Self(unsafe { _mm512_xor_pd(self.0, _mm512_and_pd(other.0, _mm512_set1_pd(-0.0))) })
    }
    #[inline(always)]
    fn neg_abs(self) -> Self {
        Self(unsafe { _mm512_or_pd(self.0, _mm512_set1_pd(-0.0)) })
    }
    #[inline(always)]
    fn signum(self) -> Self {
        Self(unsafe { _mm512_fixupimm_pd::<0>(self.0, self.0, _mm512_set1_epi64(SIGNS)) })
    }
    #[inline(always)]
    fn is_sign_negative(self) -> __mmask8 {
        unsafe { _mm512_movepi64_mask(_mm512_castpd_si512(self.0)) }
    }
    #[inline(always)]
    fn lt(self, other: Self) -> Self::Mask {
        unsafe { _mm512_cmp_pd_mask::<_CMP_LT_OQ>(self.0, other.0) }
    }
    #[inline(always)]
    fn eq(self, other: Self) -> Self::Mask {
        unsafe { _mm512_cmp_pd_mask::<_CMP_EQ_OQ>(self.0, other.0) }
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
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
            let [a, b, c, d] = *s;
            s[0] = _mm512_ternarylogic_epi64::<XOR>(a, b, d);
            s[1] = _mm512_ternarylogic_epi64::<XOR>(a, b, c);
            s[2] = _mm512_ternarylogic_epi64::<XOR>(a, c, _mm512_slli_epi64::<17>(b));
            s[3] = _mm512_rol_epi64::<45>(_mm512_xor_si512(b, d));
            bits
        }
    }
    #[inline(always)]
    fn reach(bits: Self::Words, threshold: u64) -> Self::Mask {
        unsafe { _mm512_cmple_epu64_mask(_mm512_set1_epi64(threshold as i64), bits) }
    }
    #[inline(always)]
    fn and(a: Self::Words, b: Self::Words) -> Self::Words {
        unsafe { _mm512_and_si512(a, b) }
    }
    #[inline(always)]
    fn or(a: Self::Words, b: Self::Words) -> Self::Words {
        unsafe { _mm512_or_si512(a, b) }
    }
    #[inline(always)]
    fn without(a: Self::Words, b: Self::Words) -> Self::Words {
        unsafe { _mm512_andnot_si512(b, a) }
    }
    #[inline(always)]
    fn are_zero(words: Self::Words) -> bool {
        unsafe { _mm512_test_epi64_mask(words, words) == 0 }
    }
    #[inline(always)]
    fn top(words: Self::Words) -> Self::Mask {
        unsafe { _mm512_movepi64_mask(words) }
    }
    #[inline(always)]
    fn shifted(words: Self::Words, by: u64) -> Self::Words {
        unsafe { _mm512_sll_epi64(words, _mm_cvtsi64_si128(by as i64)) }
    }
    #[inline(always)]
    fn power_of_two(self) -> Self {
        Self(unsafe {
            let exponent = _mm512_add_epi64(_mm512_castpd_si512(self.0), _mm512_set1_epi64(1023));
            _mm512_castsi512_pd(_mm512_slli_epi64::<52>(exponent))
        })
    }
    const NEAR_ROWS: usize = 32;
    #[inline(always)]
    fn products_with_eights<const G: usize>(
        rows: &Run,
        w: &[&[[f64; GROUP]]; G],
        out: &mut [&mut [[f64; GROUP]]; G],
        ahead: &mut Ahead,
    ) {
        unsafe { eight_vectors::products_with_eights(rows, w, out, ahead) }
    }
    #[inline(always)]
    fn add_to_eights<const G: usize>(
        c: &[&[[f64; GROUP]]; G],
        rows: &Run,
        y: &mut [&mut [[f64; GROUP]]; G],
        ahead: &mut Ahead,
    ) {
        unsafe { eight_vectors::add_to_eights(c, rows, y, ahead) }
    }
}
