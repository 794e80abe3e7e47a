//! Directed rounding without touching the processor's rounding mode.
//!
//! Each function returns the double nearest to the exact result from the named side: `add_up(a, b)` is the smallest
//! double `>= a + b`. The rounding error of the nearest result is recovered exactly (TwoSum for sums, a fused
//! multiply-add for products, quotients and roots), so an exactly representable result is returned unchanged. Where
//! the error term itself could underflow (results below 1e-290) the result is moved outward by one unit instead.

/// Below this magnitude the error of a product, quotient or root may not be representable.
const SMALL: f64 = 1e-290;

fn sum_error(a: f64, b: f64, sum: f64) -> f64 {
    let b_part = sum - a;
    let a_part = sum - b_part;
    (a - a_part) + (b - b_part)
}

/// Smallest double `>= a + b`; `+inf` if that is not a number.
pub fn add_up(a: f64, b: f64) -> f64 {
    let sum = a + b;
    if sum.is_nan() {
        return f64::INFINITY;
    }
    if sum.is_infinite() {
        return if sum < 0.0 && a.is_finite() && b.is_finite() { f64::MIN } else { sum };
    }
    if sum_error(a, b, sum) > 0.0 { sum.next_up() } else { sum }
}

/// Largest double `<= a + b`; `-inf` if that is not a number.
pub fn add_down(a: f64, b: f64) -> f64 {
    -add_up(-a, -b)
}

/// Smallest double `>= a * b`, with `0 * inf = 0`.
pub fn mul_up(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 {
        return 0.0;
    }
    let product = a * b;
    if product.is_nan() {
        return f64::INFINITY;
    }
    if product.is_infinite() {
        return if product < 0.0 && a.is_finite() && b.is_finite() { f64::MIN } else { product };
    }
    if product.abs() < SMALL {
        return product.next_up();
    }
    if a.mul_add(b, -product) > 0.0 { product.next_up() } else { product }
}

/// Largest double `<= a * b`, with `0 * inf = 0`.
pub fn mul_down(a: f64, b: f64) -> f64 {
    -mul_up(-a, b)
}

/// Smallest double `>= a / b`; `+inf` where the quotient is undefined.
pub fn div_up(a: f64, b: f64) -> f64 {
    let quotient = a / b;
    if quotient.is_nan() {
        return f64::INFINITY;
    }
    if quotient.is_infinite() || b.is_infinite() {
        let overflow = quotient < 0.0 && b != 0.0 && a.is_finite();
        return if quotient.is_infinite() {
            if overflow { f64::MIN } else { quotient }
        } else if a == 0.0 || (a > 0.0) != (b > 0.0) {
            0.0
        } else {
            f64::from_bits(1)
        };
    }
    if a == 0.0 {
        return 0.0;
    }
    if quotient.abs() < SMALL || a.abs() < SMALL {
        return quotient.next_up();
    }
    let remainder = (-quotient).mul_add(b, a);
    if (remainder > 0.0 && b > 0.0) || (remainder < 0.0 && b < 0.0) { quotient.next_up() } else { quotient }
}

/// Largest double `<= a / b`; `-inf` where the quotient is undefined.
pub fn div_down(a: f64, b: f64) -> f64 {
    -div_up(-a, b)
}

/// Smallest double `>= sqrt(a)` for `a >= 0`; `+inf` for a negative or undefined argument.
pub fn sqrt_up(a: f64) -> f64 {
    let root = a.sqrt();
    if root.is_nan() {
        return f64::INFINITY;
    }
    if root.is_infinite() || a == 0.0 {
        return root;
    }
    if a < SMALL || (-root).mul_add(root, a) > 0.0 { root.next_up() } else { root }
}

/// Largest double `<= sqrt(a)`; 0 for a negative or undefined argument.
pub fn sqrt_down(a: f64) -> f64 {
    let root = a.sqrt();
    if root.is_nan() {
        return 0.0;
    }
    if root.is_infinite() || a == 0.0 {
        return root;
    }
    if a < SMALL || (-root).mul_add(root, a) < 0.0 { root.next_down() } else { root }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn exact_results_are_kept() {
        assert_eq!(add_up(0.5, 0.25), 0.75);
        assert_eq!(mul_down(3.0, 0.125), 0.375);
        assert_eq!(div_up(1.0, 4.0), 0.25);
        assert_eq!(sqrt_up(2.25), 1.5);
        assert_eq!(sqrt_down(2.25), 1.5);
    }

    #[test]
    fn inexact_results_enclose_by_one_unit() {
        assert_eq!(add_up(1.0, 1e-30), 1.0f64.next_up());
        assert_eq!(add_down(1.0, 1e-30), 1.0);
        assert_eq!(div_up(1.0, 3.0), div_down(1.0, 3.0).next_up());
        assert_eq!(sqrt_up(2.0), sqrt_down(2.0).next_up());
        assert_eq!(mul_up(0.1, 0.1), mul_down(0.1, 0.1).next_up());
    }

    #[test]
    fn overflow_and_undefined_stay_on_the_safe_side() {
        assert_eq!(add_up(f64::MAX, f64::MAX), f64::INFINITY);
        assert_eq!(add_down(f64::MAX, f64::MAX), f64::MAX);
        assert_eq!(mul_down(1e200, 1e200), f64::MAX);
        assert_eq!(div_up(0.0, 0.0), f64::INFINITY);
        assert_eq!(div_down(0.0, 0.0), f64::NEG_INFINITY);
        assert!(mul_up(1e-200, 1e-200) > 0.0);
        assert_eq!(mul_up(0.0, f64::INFINITY), 0.0);
    }

    proptest! {
        /// Integers below 2^26 multiply and add exactly, so the exact answer is known from 128-bit arithmetic.
        #[test]
        fn against_integers(a in -(1i64 << 60)..(1i64 << 60), b in -(1i64 << 60)..(1i64 << 60)) {
            let (x, y) = (a as f64, b as f64);
            let (p, q) = (x as i128, y as i128);
            prop_assert!(add_up(x, y) as i128 >= p + q);
            prop_assert!(add_down(x, y) as i128 <= p + q);
            prop_assert!(mul_up(x, y) as i128 >= p * q);
            prop_assert!(mul_down(x, y) as i128 <= p * q);
            prop_assert!(mul_up(x, y) <= mul_down(x, y).next_up());
            if q > 0 && p > 0 {
                // quotient enclosed: down * y <= x <= up * y, judged by the directed products themselves
                prop_assert!(mul_up(div_up(x, y), y) >= x);
                prop_assert!(mul_down(div_down(x, y), y) <= x);
                prop_assert!(mul_up(sqrt_up(x), sqrt_up(x)) >= x);
                prop_assert!(mul_down(sqrt_down(x), sqrt_down(x)) <= x);
            }
        }
    }
}
