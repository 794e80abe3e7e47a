//! The arithmetic of bounds: a real number enclosed between two doubles, carrying the weakest provenance it used.

use super::directed::{add_down, add_up, div_down, div_up, mul_down, mul_up, sqrt_down, sqrt_up};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// How a value is known. Ordered: the largest of several is the weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provenance {
    /// Proved for this instance, floating point included.
    Certified,
    /// The user's word.
    Assumed,
    /// Computed without a proof: a sample, an iteration, a fit.
    Estimated,
}

impl Provenance {
    /// The word used in output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Certified => "certified",
            Self::Assumed => "assumed",
            Self::Estimated => "estimated",
        }
    }
}

/// A real number between `low` and `high`. All operations round outward, so the exact result of a formula on exact
/// operands always lies inside; its provenance is the weakest of its operands'.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// A double not above the number.
    pub low: f64,
    /// A double not below the number.
    pub high: f64,
    /// The weakest provenance of what the number was made of.
    pub provenance: Provenance,
}

impl Number {
    /// Exactly this double.
    pub const fn exact(value: f64) -> Self {
        Self { low: value, high: value, provenance: Provenance::Certified }
    }

    /// Nothing is known: `[-inf, inf]`.
    pub const fn unknown() -> Self {
        Self { low: f64::NEG_INFINITY, high: f64::INFINITY, provenance: Provenance::Estimated }
    }

    /// Between two doubles.
    pub const fn between(low: f64, high: f64) -> Self {
        Self { low, high, provenance: Provenance::Certified }
    }

    /// The same enclosure with another provenance.
    pub const fn with(self, provenance: Provenance) -> Self {
        Self { provenance, ..self }
    }

    /// pi.
    pub fn pi() -> Self {
        // The double nearest to pi lies below it.
        Self::between(std::f64::consts::PI, std::f64::consts::PI.next_up())
    }

    fn weakest(self, other: Self) -> Provenance {
        self.provenance.max(other.provenance)
    }

    /// Whether every double that enters is proved.
    pub fn is_certified(self) -> bool {
        self.provenance == Provenance::Certified
    }

    /// The double nearest to the middle.
    pub fn middle(self) -> f64 {
        if self.low == self.high { self.low } else { self.low + (self.high - self.low) / 2.0 }
    }

    /// `sqrt(max(self, 0))`.
    pub fn sqrt(self) -> Self {
        Self { low: sqrt_down(self.low.max(0.0)), high: sqrt_up(self.high.max(0.0)), ..self }
    }

    /// `self * self`, never negative.
    pub fn square(self) -> Self {
        let product = self * self;
        let low = if self.low <= 0.0 && self.high >= 0.0 { 0.0 } else { product.low.max(0.0) };
        Self { low, ..product }
    }

    /// `e^self`. The library's exponential is correctly rounded; one step outward makes it an enclosure.
    pub fn exp(self) -> Self {
        Self { low: core_math::exp(self.low).next_down().max(0.0), high: core_math::exp(self.high).next_up(), ..self }
    }

    /// Natural logarithm of a positive number; `-inf` below.
    pub fn ln(self) -> Self {
        let low = if self.low > 0.0 { core_math::log(self.low).next_down() } else { f64::NEG_INFINITY };
        let high = if self.high > 0.0 { core_math::log(self.high).next_up() } else { f64::NEG_INFINITY };
        Self { low, high, ..self }
    }

    /// The cube root of a number that is not negative.
    pub fn cbrt(self) -> Self {
        let root = |x: f64| core_math::cbrt(x.max(0.0));
        let (low, high) = (root(self.low).next_down().max(0.0), root(self.high));
        Self { low, high: if high == 0.0 { 0.0 } else { high.next_up() }, ..self }
    }

    /// `(1 - self)^steps` for `self` clipped to `[0, 1]`; 1 for `steps = 0`.
    pub fn one_minus_to_power(self, steps: u64) -> Self {
        if steps == 0 {
            return Self::exact(1.0).with(self.provenance);
        }
        // An exponent of more than 2^53 is not a double: its neighbours enclose it.
        let exponent = steps as f64;
        let exponent = if steps < 1 << 53 {
            Self::exact(exponent)
        } else {
            Self::between(exponent.next_down(), exponent.next_up())
        };
        let clip = |x: f64| x.clamp(0.0, 1.0);
        let log = |x: f64| if x >= 1.0 { f64::NEG_INFINITY } else { core_math::log1p(-x) };
        let (high, low) = (log(clip(self.low)), log(clip(self.high)));
        let outward = Self::between(
            if low == 0.0 { 0.0 } else { low.next_down() },
            if high == 0.0 { 0.0 } else { high.next_up().min(0.0) },
        );
        let mut power = (outward * exponent).exp();
        power.high = power.high.min(1.0);
        if clip(self.high) == 0.0 {
            power.low = 1.0;
        }
        power.with(self.provenance)
    }

    /// The larger of two.
    pub fn max(self, other: Self) -> Self {
        Self { low: self.low.max(other.low), high: self.high.max(other.high), provenance: self.weakest(other) }
    }

    /// The smaller of two.
    pub fn min(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.min(other.high), provenance: self.weakest(other) }
    }

    /// `max(self, 0)`.
    pub fn positive_part(self) -> Self {
        self.max(Self::exact(0.0))
    }

    /// `self - a b`, for exact factors rounded once: what is left where they cancel.
    pub fn minus_product(self, a: impl Into<Self>, b: impl Into<Self>) -> Self {
        let (a, b): (Self, Self) = (a.into(), b.into());
        let by_parts = self - a * b;
        let is_exact = [self, a, b].iter().all(|number| number.low == number.high);
        let fused = (-a.low).mul_add(b.low, self.low);
        // A double with its neighbours encloses what is nearest to it, above the range of underflow.
        if !is_exact || by_parts.low == by_parts.high || !(1e-290..f64::INFINITY).contains(&fused.abs()) {
            return by_parts;
        }
        Self { low: fused.next_down().max(by_parts.low), high: fused.next_up().min(by_parts.high), ..by_parts }
    }

    /// Certainly below `limit`.
    pub fn is_below(self, limit: f64) -> bool {
        self.high < limit
    }

    /// Certainly at most `limit`.
    pub fn is_at_most(self, limit: f64) -> bool {
        self.high <= limit
    }

    /// Certainly above `limit`.
    pub fn is_above(self, limit: f64) -> bool {
        self.low > limit
    }

    /// Whether the value lies inside.
    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self::exact(value)
    }
}

impl Neg for Number {
    type Output = Self;
    fn neg(self) -> Self {
        Self { low: -self.high, high: -self.low, ..self }
    }
}

impl<N: Into<Number>> Add<N> for Number {
    type Output = Self;
    fn add(self, other: N) -> Self {
        let other = other.into();
        Self {
            low: add_down(self.low, other.low),
            high: add_up(self.high, other.high),
            provenance: self.weakest(other),
        }
    }
}

impl<N: Into<Number>> Sub<N> for Number {
    type Output = Self;
    fn sub(self, other: N) -> Self {
        self + -other.into()
    }
}

impl<N: Into<Number>> Mul<N> for Number {
    type Output = Self;
    fn mul(self, other: N) -> Self {
        let other = other.into();
        let all = [(self.low, other.low), (self.low, other.high), (self.high, other.low), (self.high, other.high)];
        let pairs = if self.low == self.high && other.low == other.high { &all[..1] } else { &all };
        let mut low = f64::INFINITY;
        let mut high = f64::NEG_INFINITY;
        for &(a, b) in pairs {
            low = low.min(mul_down(a, b));
            high = high.max(mul_up(a, b));
        }
        // Where the product underflows it is still not negative.
        let low = if self.low >= 0.0 && other.low >= 0.0 { low.max(0.0) } else { low };
        Self { low, high, provenance: self.weakest(other) }
    }
}

impl<N: Into<Number>> Div<N> for Number {
    type Output = Self;
    /// A divisor that may be zero gives `[-inf, inf]`, or `[0, inf]` for a quotient that cannot be negative.
    fn div(self, other: N) -> Self {
        let other = other.into();
        let provenance = self.weakest(other);
        if other.low <= 0.0 && other.high >= 0.0 {
            let low = if self.low >= 0.0 && other.low >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
            return Self { low, high: f64::INFINITY, provenance };
        }
        let pairs = [(self.low, other.low), (self.low, other.high), (self.high, other.low), (self.high, other.high)];
        let mut low = f64::INFINITY;
        let mut high = f64::NEG_INFINITY;
        for (a, b) in pairs {
            low = low.min(div_down(a, b));
            high = high.max(div_up(a, b));
        }
        // Where both overflow, too, it is not negative.
        let low = if self.low >= 0.0 && other.low > 0.0 { low.max(0.0) } else { low };
        Self { low, high, provenance }
    }
}

impl Add<Number> for f64 {
    type Output = Number;
    fn add(self, other: Number) -> Number {
        Number::exact(self) + other
    }
}

impl Sub<Number> for f64 {
    type Output = Number;
    fn sub(self, other: Number) -> Number {
        Number::exact(self) - other
    }
}

impl Mul<Number> for f64 {
    type Output = Number;
    fn mul(self, other: Number) -> Number {
        Number::exact(self) * other
    }
}

impl Div<Number> for f64 {
    type Output = Number;
    fn div(self, other: Number) -> Number {
        Number::exact(self) / other
    }
}

impl std::iter::Sum for Number {
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        numbers.fold(Self::exact(0.0), |sum, number| sum + number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_enclose_the_exact_rational() {
        // (1 - 0.25)^3 = 0.421875, (1 - 0.5)^10 = 2^-10.
        assert!(Number::exact(0.25).one_minus_to_power(3).contains(0.421875));
        let power = Number::exact(0.5).one_minus_to_power(10);
        assert!(power.contains(0.0009765625));
        assert!((power.high - power.low) / power.low < 1e-14);
        assert_eq!(Number::exact(1.0).one_minus_to_power(7).low, 0.0);
        assert!(Number::exact(1.0).one_minus_to_power(7).high < 1e-300);
        assert_eq!(Number::exact(0.0).one_minus_to_power(7), Number::exact(1.0));
        assert_eq!(Number::exact(0.3).one_minus_to_power(0), Number::exact(1.0));
    }

    #[test]
    fn what_a_product_leaves_keeps_its_digits() {
        // 3 * fl(1/3) = 1 - 2^-54.
        let left = Number::exact(1.0).minus_product(3.0, 1.0 / 3.0);
        assert!(left.contains(2f64.powi(-54)) && left.high - left.low < 1e-31, "{left:?}");
        assert_eq!(Number::exact(2.0).minus_product(0.25, 8.0), Number::exact(0.0));
        let wide = Number::exact(2.0).minus_product(Number::between(0.5, 1.0), 1.0);
        assert_eq!((wide.low, wide.high), (1.0, 1.5));
        assert_eq!(Number::exact(0.0).minus_product(1e200, 1e200).low, f64::NEG_INFINITY);
    }

    #[test]
    fn quotients_of_what_overflows_are_not_negative() {
        let huge = Number::exact(1e200).square();
        assert_eq!(((huge / huge).low, (huge / huge).high), (0.0, f64::INFINITY));
    }

    #[test]
    fn cube_roots_enclose() {
        let root = Number::between(0.125, 27.0).cbrt();
        assert!(root.low <= 0.5 && root.low > 0.5 - 1e-15 && root.high >= 3.0 && root.high < 3.0 + 1e-14);
        assert_eq!(Number::exact(0.0).cbrt(), Number::exact(0.0));
    }

    #[test]
    fn provenance_is_the_weakest() {
        let sum = Number::exact(1.0) + Number::exact(2.0).with(Provenance::Assumed) * 3.0;
        assert_eq!(sum.provenance, Provenance::Assumed);
        assert!(!sum.is_certified());
        assert_eq!(sum.high, 7.0);
    }

    #[test]
    fn division_by_what_may_vanish_is_unbounded() {
        let quotient = Number::exact(1.0) / Number::between(0.0, 1.0);
        assert_eq!((quotient.low, quotient.high), (0.0, f64::INFINITY));
        assert_eq!((Number::exact(1.0) / Number::between(-1.0, 1.0)).low, f64::NEG_INFINITY);
    }
}
