//! Expressions that are polynomials: what they do far out.

use super::tape::{Algebra, Fixed, Function, Tape};
use crate::constants::Number;

/// Largest degree that is looked at.
const LARGEST_DEGREE: usize = 16;

/// Coefficients by power; `None`: not a polynomial, or of too high a degree.
#[derive(Clone, Copy)]
struct Polynomial(Option<[Number; LARGEST_DEGREE + 1]>);

/// What a polynomial does far out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FarOut {
    /// Falls towards `-radius` from the left and rises from `radius` on.
    Rises { radius: f64 },
    /// Not bounded below.
    Falls,
}

const ZERO: Number = Number::exact(0.0);

impl Polynomial {
    fn degree(coefficients: &[Number]) -> usize {
        coefficients.iter().rposition(|c| *c != ZERO).unwrap_or(0)
    }

    fn constant(self) -> Option<Number> {
        self.0.filter(|coefficients| Self::degree(coefficients) == 0).map(|coefficients| coefficients[0])
    }

    fn zip(self, other: Self, of: fn(Number, Number) -> Number) -> Self {
        let (Some(a), Some(b)) = (self.0, other.0) else { return Self(None) };
        Self(Some(std::array::from_fn(|k| of(a[k], b[k]))))
    }
}

impl Algebra for Polynomial {
    fn fixed(constant: Fixed) -> Self {
        let mut coefficients = [ZERO; LARGEST_DEGREE + 1];
        coefficients[0] = constant.enclosure;
        Self(Some(coefficients))
    }

    fn negate(self) -> Self {
        Self(self.0.map(|coefficients| coefficients.map(|c| -c)))
    }

    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    fn subtract(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    fn multiply(self, other: Self) -> Self {
        let (Some(a), Some(b)) = (self.0, other.0) else { return Self(None) };
        let (m, n) = (Self::degree(&a), Self::degree(&b));
        if m + n > LARGEST_DEGREE {
            return Self(None);
        }
        let mut product = [ZERO; LARGEST_DEGREE + 1];
        for i in 0..=m {
            for j in 0..=n {
                product[i + j] = product[i + j] + a[i] * b[j];
            }
        }
        Self(Some(product))
    }

    fn divide(self, other: Self) -> Option<Self> {
        let divisor = other.constant()?;
        Some(Self(Some(self.0?.map(|c| if c == ZERO { c } else { c / divisor }))))
    }

    fn whole(self, power: i32) -> Option<Self> {
        let one = Self::fixed(Fixed::exact(1.0));
        (0..=LARGEST_DEGREE as i32).contains(&power).then(|| (0..power).fold(one, |product, _| product.multiply(self)))
    }

    fn real(self, _: Fixed) -> Option<Self> {
        None
    }

    fn apply(self, _: Function) -> Option<Self> {
        None
    }

    fn sign(self) -> Option<Self> {
        None
    }
}

/// `None` where the expression is not seen to be a polynomial of degree 1 to 16.
pub fn far_out(tape: &Tape) -> Option<FarOut> {
    let mut x = [ZERO; LARGEST_DEGREE + 1];
    x[1] = Number::exact(1.0);
    let coefficients = tape.run(Polynomial(Some(x)))?.0?;
    let degree = Polynomial::degree(&coefficients);
    let leading = coefficients[degree];
    let known = coefficients.iter().all(|c| c.low.is_finite() && c.high.is_finite());
    if degree == 0 || !known || (leading.low <= 0.0 && leading.high >= 0.0) {
        return None;
    }
    if degree % 2 == 1 || leading.high < 0.0 {
        return Some(FarOut::Falls);
    }
    // Cauchy: every zero of f' lies within 1 + max |a_k|/|a_n|.
    let slope = |k: usize| coefficients[k] * k as f64;
    let largest = (1..degree).map(|k| slope(k).max(-slope(k))).fold(ZERO, Number::max);
    Some(FarOut::Rises { radius: (largest / slope(degree) + 1.0).high })
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    #[test]
    fn shapes() {
        let of = |text: &str| far_out(&parse(text).expect("good"));
        assert_eq!(of("x^4-x^2"), Some(FarOut::Rises { radius: 1.5 })); // f' = 4x^3 - 2x
        assert_eq!(of("(x-1)*(x+2)/2"), Some(FarOut::Rises { radius: 1.5 })); // f' = x + 1/2
        assert_eq!(of("x^3"), Some(FarOut::Falls));
        assert_eq!(of("-x^2+x"), Some(FarOut::Falls));
        assert_eq!(of("x^4-x^4+x^2"), Some(FarOut::Rises { radius: 1.0 }));
        for text in ["cos(x)", "x-x", "x^20", "1/x", "x^2.5", "2^x"] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
