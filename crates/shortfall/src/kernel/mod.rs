//! Sums, norms and functions with one order of operations, so that every processor gives the same bits.
//!
//! Dot products and sums keep 32 partial sums by index modulo 32 and add them by one fixed tree; what works on eight numbers at a
//! time keeps 8. Multiply-adds are
//! fused where the code says `mul_add`. The functions are compiled a second time for AVX2 with FMA and chosen at run
//! time; the arithmetic is the same, so the results are.

mod blocks;
mod cache_lines;
mod eigenbasis;
mod eight;
mod functions;
mod lanes;
mod linear;
mod logistic;
mod mlp;
mod pages;
mod panel;
mod rows;
mod scales;
mod secular;
mod side_by_side;
mod simd;
mod softmax;
mod stored;
mod symmetric;
mod tridiagonal;

pub(crate) use blocks::Blocks;
pub(crate) use cache_lines::{CACHE_LINE, CacheLines, before_cache_line};
pub(crate) use eigenbasis::{Components, GONE, spectral_step};
pub(crate) use functions::logistic_weights;
pub(crate) use lanes::{
    Coefficients, Curve, GROUP, GROUPS, Generators, LARGEST_BATCH, Lanes, Leap, Row, Rule, Three, Totals, advance,
    evaluate, survey, travel,
};
pub(crate) use linear::{MOST_VECTORS, logistic_batch, residual_batch};
pub(crate) use linear::{logistic_blocks, residual_blocks};
pub(crate) use mlp::{
    add_backward, add_combination, add_forward, add_outer, backward, combination, forward, gram, outer,
};
pub(crate) use pages::use_large_pages;
pub(crate) use panel::{PANEL, Panel, STRIP, Turned, apply_tanh, softmax_panel};
pub(crate) use rows::{DenseRows, Rows};
pub(crate) use scales::Scales;
pub(crate) use secular::{NO_POLE, secular_quotients, secular_sums, secular_vector};
pub(crate) use side_by_side::{are_side_by_side, lay_apart, lay_side_by_side};
pub(crate) use softmax::{Strips, softmax_batch, softmax_block, softmax_weights};
pub(crate) use stored::StoredDense;
#[cfg(test)]
pub(crate) use stored::tests::Elsewhere;
pub(crate) use symmetric::{Columns, PAIRS, Pairs, add_symmetric_product, update_and_add_symmetric_product};
pub(crate) use tridiagonal::{Place, TridiagonalQuadratic};

use multiversion::multiversion;

/// Of dot products and sums, by index modulo this.
const PARTIAL_SUMS: usize = 32;

/// Adds the upper half to the lower, until one is left.
#[inline(always)]
fn tree<const N: usize>(mut partial: [f64; N]) -> f64 {
    let mut half = N / 2;
    while half > 0 {
        for i in 0..half {
            partial[i] += partial[i + half];
        }
        half /= 2;
    }
    partial[0]
}

/// `sum a_i b_i`
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    dot_inline(a, b)
}

#[inline(always)]
pub(crate) fn dot_inline(a: &[f64], b: &[f64]) -> f64 {
    let mut partial = [0.0; PARTIAL_SUMS];
    let (a_chunks, a_rest) = a.as_chunks::<PARTIAL_SUMS>();
    let (b_chunks, b_rest) = b.as_chunks::<PARTIAL_SUMS>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for i in 0..PARTIAL_SUMS {
            partial[i] = a[i].mul_add(b[i], partial[i]);
        }
    }
    for (i, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
        partial[i] = a.mul_add(*b, partial[i]);
    }
    tree(partial)
}

/// `sum a_i`
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn sum(a: &[f64]) -> f64 {
    let mut partial = [0.0; PARTIAL_SUMS];
    let (chunks, rest) = a.as_chunks::<PARTIAL_SUMS>();
    for chunk in chunks {
        for i in 0..PARTIAL_SUMS {
            partial[i] += chunk[i];
        }
    }
    for (partial, a) in partial.iter_mut().zip(rest) {
        *partial += a;
    }
    tree(partial)
}

/// [`sum`] of numbers that come one after the other.
#[derive(Debug, Default)]
pub(crate) struct RunningSum {
    partial: [f64; PARTIAL_SUMS],
    count: usize,
}

impl RunningSum {
    /// One number more.
    #[inline]
    pub(crate) fn add(&mut self, number: f64) {
        self.partial[self.count % PARTIAL_SUMS] += number;
        self.count += 1;
    }

    /// How many there were.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Their sum.
    pub(crate) fn total(&self) -> f64 {
        tree(self.partial)
    }
}

/// `y += c x`
#[inline(always)]
pub(crate) fn add_scaled_inline(c: f64, x: &[f64], y: &mut [f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = c.mul_add(*x, *y);
    }
}

/// `y += c x`
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn add_scaled(c: f64, x: &[f64], y: &mut [f64]) {
    add_scaled_inline(c, x, y);
}

/// `y = x + c g`
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn add_multiple(c: f64, x: &[f64], g: &[f64], y: &mut [f64]) {
    for ((y, x), g) in y.iter_mut().zip(x).zip(g) {
        *y = c.mul_add(*g, *x);
    }
}

/// `y = c y + x`
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn scale_and_add(c: f64, x: &[f64], y: &mut [f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = c.mul_add(*y, *x);
    }
}

/// `out = sums/count + ridge v`.
pub fn mean_with_ridge(sums: &[f64], count: f64, ridge: f64, v: &[f64], out: &mut [f64]) {
    // Batches mostly have a power of two, whose reciprocal is exact: the same bits, without the divisions.
    let is_power_of_two = count.to_bits().trailing_zeros() >= f64::MANTISSA_DIGITS - 1;
    if is_power_of_two && ridge == 0.0 {
        // Long vectors lie further away than their sums: v is not read for nothing.
        scaled(sums, 1.0 / count, out);
    } else if is_power_of_two {
        scaled_with_ridge(sums, 1.0 / count, ridge, v, out);
    } else {
        divided_with_ridge(sums, count, ridge, v, out);
    }
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn divided_with_ridge(sums: &[f64], count: f64, ridge: f64, v: &[f64], out: &mut [f64]) {
    for ((out, v), sum) in out.iter_mut().zip(v).zip(sums) {
        *out = ridge.mul_add(*v, sum / count);
    }
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn scaled(sums: &[f64], scale: f64, out: &mut [f64]) {
    out.iter_mut().zip(sums).for_each(|(out, sum)| *out = sum * scale);
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn scaled_with_ridge(sums: &[f64], scale: f64, ridge: f64, v: &[f64], out: &mut [f64]) {
    for ((out, v), sum) in out.iter_mut().zip(v).zip(sums) {
        *out = ridge.mul_add(*v, sum * scale);
    }
}

/// `y /= c`
#[multiversion(targets("x86_64+avx2+fma"))]
fn divide(y: &mut [f64], c: f64) {
    y.iter_mut().for_each(|y| *y /= c);
}

/// Largest absolute entry; NaN entries are passed over.
pub fn max_abs(a: &[f64]) -> f64 {
    a.iter().fold(0.0, |max: f64, x| max.max(x.abs()))
}

/// Squares between these limits neither overflow nor lose bits.
const SAFE_NORM: std::ops::Range<f64> = 1e-140..1e140;

/// The power of two that brings entries of this size near 1.
pub(crate) fn rescaling(largest: f64) -> f64 {
    // Two steps, so that the scale itself stays a normal number for subnormal entries.
    2f64.powi((-largest.log2().floor() as i32).clamp(-1000, 1000))
}

/// Euclidean norm; does not overflow or underflow where the norm itself does not.
pub fn norm(a: &[f64]) -> f64 {
    if let [single] = a {
        return single.abs();
    }
    let plain = dot(a, a).sqrt();
    if SAFE_NORM.contains(&plain) || plain.is_nan() {
        return plain;
    }
    let largest = max_abs(a);
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let scale = rescaling(largest);
    let scaled: Vec<f64> = a.iter().map(|x| x * scale).collect();
    dot(&scaled, &scaled).sqrt() / scale
}

/// `|a - b|`
pub fn distance(a: &[f64], b: &[f64]) -> f64 {
    if let ([a], [b]) = (a, b) {
        return (a - b).abs();
    }
    norm(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>())
}

/// `u = g/|g|`, or `u = 0` where `g = 0`. Exact signs in one dimension; correct for entries of any magnitude.
pub fn unit_vector(g: &[f64], u: &mut [f64]) {
    u.copy_from_slice(g);
    normalise(u);
}

/// [`unit_vector`] in place.
pub fn normalise(u: &mut [f64]) {
    if let [u] = u {
        *u = if *u == 0.0 { 0.0 } else { u.signum() };
        return;
    }
    let plain = dot(u, u).sqrt();
    if SAFE_NORM.contains(&plain) {
        divide(u, plain);
        return;
    }
    let largest = max_abs(u);
    if largest == 0.0 {
        u.fill(0.0);
        return;
    }
    let scale = rescaling(largest);
    u.iter_mut().for_each(|u| *u *= scale);
    let norm = dot(u, u).sqrt();
    divide(u, norm);
}

/// `y = x + rho g/|g|`, and `y = x` where `g = 0`: `rho/|g|` is rounded, then one multiply-add; in one dimension, and where the
/// factor would lose bits, by [`unit_vector`].
pub fn add_unit_vector(rho: f64, x: &[f64], g: &[f64], y: &mut [f64]) {
    if let ([x], [_], [y]) = (x, g, &mut *y) {
        unit_vector(g, std::slice::from_mut(y));
        *y = rho.mul_add(*y, *x);
        return;
    }
    match unit_factor(rho, g) {
        Some(factor) => add_multiple(factor, x, g, y),
        None => {
            unit_vector(g, y);
            scale_and_add(rho, x, y);
        }
    }
}

/// `rho/|g|`, rounded, unless it or the norm would lose bits.
pub(crate) fn unit_factor(rho: f64, g: &[f64]) -> Option<f64> {
    let plain = dot(g, g).sqrt();
    let factor = rho / plain;
    (SAFE_NORM.contains(&plain) && SAFE_NORM.contains(&factor.abs())).then_some(factor)
}

/// Whether `|x_i| <= limit` for all i; not so where one is not a number.
#[multiversion(targets("x86_64+avx2+fma"))]
pub(crate) fn all_within(x: &[f64], limit: f64) -> bool {
    // Without a way out for each entry, which would be one at a time.
    x.chunks(64).all(|some| some.iter().fold(true, |all, x| all & (x.abs() <= limit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_sum_has_the_bits_of_a_sum() {
        for count in [0, 1, 31, 32, 33, 1000] {
            let numbers: Vec<f64> = (0..count).map(|i| (f64::from(i) * 0.731).sin() * 1e3).collect();
            let mut running = RunningSum::default();
            numbers.iter().for_each(|number| running.add(*number));
            assert_eq!((running.total().to_bits(), running.count()), (sum(&numbers).to_bits(), numbers.len()));
        }
    }

    #[test]
    fn norms_survive_extreme_entries() {
        assert!((norm(&[3e200, 4e200]) / 5e200 - 1.0).abs() < 1e-15);
        assert!((norm(&[3e-200, 4e-200]) / 5e-200 - 1.0).abs() < 1e-15);
        assert_eq!(norm(&[0.0, -0.0]), 0.0);
        assert_eq!(norm(&[f64::INFINITY, 1.0]), f64::INFINITY);
        assert!(norm(&[5e-324, 0.0]) > 0.0);
    }

    #[test]
    fn a_step_along_a_gradient_of_any_size() {
        for (scale, rho) in
            [(0.0, 0.3), (1e-310, 0.3), (1e-200, 0.3), (1.0, 1e-200), (1.0, -0.3), (1e-130, 1e30), (1e200, 0.3)]
        {
            for d in [1, 2, 77] {
                let g: Vec<f64> = (0..d).map(|i| scale * (i as f64 * 0.37 - 1.0).sin()).collect();
                let x: Vec<f64> = (0..d).map(|i| rho * (i as f64 * 0.11).cos()).collect();
                let (mut y, mut u) = (vec![9.0; d], vec![9.0; d]);
                add_unit_vector(rho, &x, &g, &mut y);
                unit_vector(&g, &mut u);
                for ((y, x), u) in y.iter().zip(&x).zip(&u) {
                    assert!((y - rho.mul_add(*u, *x)).abs() <= 4.0 * f64::EPSILON * rho.abs(), "{scale} {rho} {d}");
                }
            }
        }
    }

    #[test]
    fn means_over_powers_of_two_are_quotients() {
        let sums: Vec<f64> = (0..77).map(|i| (i as f64 * 0.37).sin() * 10f64.powi(8 * (i - 38))).collect();
        let v: Vec<f64> = (0..77).map(|i| (i as f64 * 0.11).cos()).collect();
        for count in [1.0, 2.0, 3.0, 128.0, 1797.0] {
            for ridge in [0.0, 1e-3] {
                let mut mean = vec![9.0; 77];
                mean_with_ridge(&sums, count, ridge, &v, &mut mean);
                for ((mean, v), sum) in mean.iter().zip(&v).zip(&sums) {
                    assert_eq!(mean.to_bits(), f64::mul_add(ridge, *v, sum / count).to_bits());
                }
            }
        }
    }

    #[test]
    fn every_entry_is_within_or_not() {
        for d in [0, 1, 64, 65, 200] {
            assert!(all_within(&vec![-2.0; d], 2.0));
            for (i, far) in (0..d).flat_map(|i| [(i, 2.5), (i, f64::NAN), (i, f64::NEG_INFINITY)]) {
                let mut x = vec![1.0; d];
                x[i] = far;
                assert!(!all_within(&x, 2.0));
            }
        }
    }

    #[test]
    fn dot_has_the_stated_order() {
        let a: Vec<f64> = (0..77).map(|i| (i as f64 * 0.37).sin() * 1e3).collect();
        let b: Vec<f64> = (0..77).map(|i| (i as f64 * 0.11).cos()).collect();
        let mut partial = [0.0f64; 32];
        for i in 0..77 {
            partial[i % 32] = a[i].mul_add(b[i], partial[i % 32]);
        }
        for half in [16, 8, 4, 2, 1] {
            for i in 0..half {
                partial[i] += partial[i + half];
            }
        }
        assert_eq!(dot(&a, &b).to_bits(), partial[0].to_bits());
    }
}
