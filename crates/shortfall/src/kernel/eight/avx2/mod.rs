//! Eight numbers in two registers of AVX2.
#![allow(unsafe_code)]

mod long_rows;
mod short_rows;

use super::super::simd::avx2::eight_vectors;
use super::*;
pub(in super::super) use long_rows::{add_weighed_run, add_weighed_runs};
pub(in super::super) use short_rows::add_weighed;
use std::arch::asm;
use std::arch::x86_64::*;

entries!(Pair, "avx2,fma");

/// Private to this module and its files, where only functions with these target features make and use one.
#[derive(Clone, Copy)]
struct Pair([__m256d; 2]);

// SAFETY, of every block below: those functions run on processors with AVX2 and FMA only; loads
// and stores are of references to eight numbers.
impl Eight for Pair {
    type Words = [__m256i; 2];
    type Mask = [__m256d; 2];
    #[inline(always)]
    fn splat(x: f64) -> Self {
        Self([unsafe { _mm256_set1_pd(x) }; 2])
    }
    #[inline(always)]
    fn load(x: &[f64; GROUP]) -> Self {
        Self(unsafe { [_mm256_loadu_pd(x.as_ptr()), _mm256_loadu_pd(x.as_ptr().add(4))] })
    }
    #[inline(always)]
    fn store(self, x: &mut [f64; GROUP]) {
        unsafe {
            _mm256_storeu_pd(x.as_mut_ptr(), self.0[0]);
            _mm256_storeu_pd(x.as_mut_ptr().add(4), self.0[1]);
        }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(unsafe { [_mm256_add_pd(self.0[0], other.0[0]), _mm256_add_pd(self.0[1], other.0[1])] })
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(unsafe { [_mm256_sub_pd(self.0[0], other.0[0]), _mm256_sub_pd(self.0[1], other.0[1])] })
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(unsafe { [_mm256_mul_pd(self.0[0], other.0[0]), _mm256_mul_pd(self.0[1], other.0[1])] })
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Self(unsafe { [_mm256_div_pd(self.0[0], other.0[0]), _mm256_div_pd(self.0[1], other.0[1])] })
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        let ([a, b], [c, d], [e, f]) = (self.0, factor.0, term.0);
        Self(unsafe { [_mm256_fmadd_pd(a, c, e), _mm256_fmadd_pd(b, d, f)] })
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(unsafe { [_mm256_min_pd(self.0[0], other.0[0]), _mm256_min_pd(self.0[1], other.0[1])] })
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(unsafe { [_mm256_max_pd(self.0[0], other.0[0]), _mm256_max_pd(self.0[1], other.0[1])] })
    }
    #[inline(always)]
    fn abs(self) -> Self {
        let [a, b] = self.0;
        let sign = Self::splat(-0.0).0[0];
        Self(unsafe { [_mm256_andnot_pd(sign, a), _mm256_andnot_pd(sign, b)] })
    }
    #[inline(always)]
    fn copysign(self, other: Self) -> Self {
        let ([a, b], [x, y], sign) = (self.abs().0, other.0, Self::splat(-0.0).0[0]);
        Self(unsafe { [_mm256_or_pd(a, _mm256_and_pd(x, sign)), _mm256_or_pd(b, _mm256_and_pd(y, sign))] })
    }
    #[inline(always)]
    fn mul_sign(self, other: Self) -> Self {
        let ([a, b], [x, y], sign) = (self.0, other.0, Self::splat(-0.0).0[0]);
        Self(unsafe { [_mm256_xor_pd(a, _mm256_and_pd(x, sign)), _mm256_xor_pd(b, _mm256_and_pd(y, sign))] })
    }
    #[inline(always)]
    fn neg_abs(self) -> Self {
        let sign = Self::splat(-0.0).0[0];
        Self(unsafe { [_mm256_or_pd(self.0[0], sign), _mm256_or_pd(self.0[1], sign)] })
    }
    #[inline(always)]
    fn signum(self) -> Self {
        Self([signum(self.0[0]), signum(self.0[1])])
    }
    #[inline(always)]
    fn step_on_parabola(
        self,
        coins: &Self::Words,
        used: u64,
        centres: &[Self; 2],
        ways: &[Self; 2],
        factor: Self,
    ) -> Self {
        unsafe {
            let used = _mm_cvtsi64_si128(used as i64);
            Self([
                step_on_parabola(self.0[0], &coins[0], used, centres, ways, factor.0[0]),
                step_on_parabola(self.0[1], &coins[1], used, centres, ways, factor.0[0]),
            ])
        }
    }
    #[inline(always)]
    fn is_sign_negative(self) -> Self::Mask {
        self.0
    }
    #[inline(always)]
    fn lt(self, other: Self) -> Self::Mask {
        unsafe {
            [_mm256_cmp_pd::<_CMP_LT_OQ>(self.0[0], other.0[0]), _mm256_cmp_pd::<_CMP_LT_OQ>(self.0[1], other.0[1])]
        }
    }
    #[inline(always)]
    fn eq(self, other: Self) -> Self::Mask {
        unsafe {
            [_mm256_cmp_pd::<_CMP_EQ_OQ>(self.0[0], other.0[0]), _mm256_cmp_pd::<_CMP_EQ_OQ>(self.0[1], other.0[1])]
        }
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        let ([m, n], [a, b], [c, d]) = (mask, yes.0, no.0);
        Self(unsafe { [_mm256_blendv_pd(c, a, m), _mm256_blendv_pd(d, b, n)] })
    }
    #[inline(always)]
    fn words(x: &[u64; GROUP]) -> Self::Words {
        unsafe { [_mm256_loadu_si256(x.as_ptr().cast()), _mm256_loadu_si256(x.as_ptr().add(4).cast())] }
    }
    #[inline(always)]
    fn store_words(words: Self::Words, x: &mut [u64; GROUP]) {
        unsafe {
            _mm256_storeu_si256(x.as_mut_ptr().cast(), words[0]);
            _mm256_storeu_si256(x.as_mut_ptr().add(4).cast(), words[1]);
        }
    }
    #[inline(always)]
    fn bits(state: &mut [Self::Words; 4]) -> Self::Words {
        let [[a, e], [b, f], [c, g], [d, h]] = *state;
        let (low, [a, b, c, d]) = next([a, b, c, d]);
        let (high, [e, f, g, h]) = next([e, f, g, h]);
        *state = [[a, e], [b, f], [c, g], [d, h]];
        [low, high]
    }
    #[inline(always)]
    fn reach(bits: Self::Words, threshold: u64) -> Self::Mask {
        [reach(bits[0], threshold), reach(bits[1], threshold)]
    }
    #[inline(always)]
    fn and(a: Self::Words, b: Self::Words) -> Self::Words {
        unsafe { [_mm256_and_si256(a[0], b[0]), _mm256_and_si256(a[1], b[1])] }
    }
    #[inline(always)]
    fn or(a: Self::Words, b: Self::Words) -> Self::Words {
        unsafe { [_mm256_or_si256(a[0], b[0]), _mm256_or_si256(a[1], b[1])] }
    }
    #[inline(always)]
    fn without(a: Self::Words, b: Self::Words) -> Self::Words {
        unsafe { [_mm256_andnot_si256(b[0], a[0]), _mm256_andnot_si256(b[1], a[1])] }
    }
    #[inline(always)]
    fn are_zero(words: Self::Words) -> bool {
        unsafe {
            let any = _mm256_or_si256(words[0], words[1]);
            _mm256_testz_si256(any, any) == 1
        }
    }
    /// As sign bits, which is what registers are blended by.
    #[inline(always)]
    fn top(words: Self::Words) -> Self::Mask {
        unsafe { [_mm256_castsi256_pd(words[0]), _mm256_castsi256_pd(words[1])] }
    }
    #[inline(always)]
    fn shifted(words: Self::Words, by: u64) -> Self::Words {
        unsafe {
            let by = _mm_cvtsi64_si128(by as i64);
            [_mm256_sll_epi64(words[0], by), _mm256_sll_epi64(words[1], by)]
        }
    }
    #[inline(always)]
    fn power_of_two(self) -> Self {
        Self([power_of_two(self.0[0]), power_of_two(self.0[1])])
    }
    const NEAR_ROWS: usize = 64;
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

#[inline(always)]
fn signum(x: __m256d) -> __m256d {
    unsafe {
        let signed = _mm256_or_pd(_mm256_and_pd(x, _mm256_set1_pd(-0.0)), _mm256_set1_pd(1.0));
        _mm256_and_pd(_mm256_cmp_pd::<_CMP_NEQ_UQ>(x, _mm256_setzero_pd()), signed)
    }
}

/// As assembly: the compiler interleaves such steps until their intermediate results fill the registers and the places of the lanes
/// go through memory, for which the next step waits.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn step_on_parabola(
    mut x: __m256d,
    coins: &__m256i,
    used: __m128i,
    centres: &[Pair; 2],
    ways: &[Pair; 2],
    factor: __m256d,
) -> __m256d {
    // SAFETY: three references are read, and registers that are named are written.
    unsafe {
        asm!(
            "vmovdqu {t}, [{coins}]",
            "vpsllq {t}, {t}, {used}",
            "vblendvpd {c}, {first}, [{second}], {t}",
            "vsubpd {h}, {x}, {c}",
            "vblendvpd {t}, {ahead}, [{back}], {h}",
            "vaddpd {t}, {x}, {t}",
            "vsubpd {t}, {t}, {c}",
            "vxorpd {c}, {c}, {c}",
            "vcmppd {h}, {h}, {c}, 4", // not equal, or NaN
            "vandpd {t}, {t}, {h}",
            "vfmadd231pd {x}, {t}, {factor}",
            x = inout(ymm_reg) x,
            coins = in(reg) coins,
            used = in(xmm_reg) used,
            first = in(ymm_reg) centres[0].0[0],
            second = in(reg) &centres[1].0[0],
            ahead = in(ymm_reg) ways[0].0[0],
            back = in(reg) &ways[1].0[0],
            factor = in(ymm_reg) factor,
            t = out(ymm_reg) _,
            c = out(ymm_reg) _,
            h = out(ymm_reg) _,
            options(pure, readonly, nostack)
        );
    }
    x
}

#[inline(always)]
fn power_of_two(x: __m256d) -> __m256d {
    unsafe {
        let exponent = _mm256_add_epi64(_mm256_castpd_si256(x), _mm256_set1_epi64x(1023));
        _mm256_castsi256_pd(_mm256_slli_epi64::<52>(exponent))
    }
}

/// There are comparisons of signed numbers only, and none that includes equality.
#[inline(always)]
fn reach(bits: __m256i, threshold: u64) -> __m256d {
    unsafe {
        let bits = _mm256_xor_si256(bits, _mm256_set1_epi64x(i64::MIN));
        let below = _mm256_cmpgt_epi64(_mm256_set1_epi64x((threshold ^ (1 << 63)) as i64), bits);
        _mm256_castsi256_pd(_mm256_xor_si256(below, _mm256_set1_epi64x(-1)))
    }
}

/// The next bits, and the state after them.
#[inline(always)]
fn next([mut a, mut b, mut c, mut d]: [__m256i; 4]) -> (__m256i, [__m256i; 4]) {
    unsafe {
        let bits = _mm256_add_epi64(rotated::<23, 41>(_mm256_add_epi64(a, d)), a);
        let t = _mm256_slli_epi64::<17>(b);
        c = _mm256_xor_si256(c, a);
        d = _mm256_xor_si256(d, b);
        b = _mm256_xor_si256(b, c);
        a = _mm256_xor_si256(a, d);
        c = _mm256_xor_si256(c, t);
        (bits, [a, b, c, rotated::<45, 19>(d)])
    }
}

/// To the left; the numbers of bits add up to 64.
#[inline(always)]
fn rotated<const LEFT: i32, const RIGHT: i32>(words: __m256i) -> __m256i {
    unsafe { _mm256_or_si256(_mm256_slli_epi64::<LEFT>(words), _mm256_srli_epi64::<RIGHT>(words)) }
}
