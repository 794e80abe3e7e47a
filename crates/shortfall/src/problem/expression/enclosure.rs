//! Ranges of expressions: interval arithmetic with outward rounding, on intervals that may reach to infinity.
//!
//! `None` where the operation is not certainly defined on the whole interval. The library's functions are correctly
//! rounded, so one unit outward encloses the exact value at an end.

use super::tape::{Algebra, Fixed, Function};
use crate::constants::Number;

/// Of a function that increases.
fn increasing(u: Number, function: fn(f64) -> f64) -> Number {
    Number { low: function(u.low).next_down(), high: function(u.high).next_up(), ..u }
}

fn clipped(u: Number, low: f64, high: f64) -> Number {
    Number { low: u.low.clamp(low, high), high: u.high.clamp(low, high), ..u }
}

fn magnitude(u: Number) -> Number {
    let low = if u.low <= 0.0 && u.high >= 0.0 { 0.0 } else { u.low.abs().min(u.high.abs()) };
    Number { low, high: u.low.abs().max(u.high.abs()), ..u }
}

/// `u^p` for `u >= 0`, `p > 0`.
fn power(u: Number, p: f64) -> Number {
    let end = |x: f64| core_math::pow(x, p);
    Number { low: end(u.low).next_down().max(0.0), high: end(u.high).next_up(), ..u }
}

impl Algebra for Number {
    fn fixed(constant: Fixed) -> Self {
        constant.enclosure
    }

    fn negate(self) -> Self {
        -self
    }

    fn add(self, other: Self) -> Self {
        self + other
    }

    fn subtract(self, other: Self) -> Self {
        self - other
    }

    fn multiply(self, other: Self) -> Self {
        self * other
    }

    fn divide(self, other: Self) -> Option<Self> {
        (other.low > 0.0 || other.high < 0.0).then(|| self / other)
    }

    fn whole(self, exponent: i32) -> Option<Self> {
        match exponent {
            0 => Some(Self::exact(1.0)),
            1 => Some(self),
            2 => Some(self.square()),
            _ if exponent < 0 => Self::exact(1.0).divide(self.whole(exponent.checked_neg()?)?),
            _ if exponent % 2 == 0 => Some(power(magnitude(self), f64::from(exponent))),
            _ => {
                let end = |x: f64| core_math::pow(x, f64::from(exponent));
                Some(Self { low: end(self.low).next_down(), high: end(self.high).next_up(), ..self })
            }
        }
    }

    fn real(self, exponent: Fixed) -> Option<Self> {
        let exact = exponent.enclosure.low == exponent.enclosure.high;
        match exponent.value {
            p if exact && p > 0.0 => (self.low >= 0.0).then(|| power(self, p)),
            p if exact && p < 0.0 => Self::exact(1.0).divide((self.low > 0.0).then(|| power(self, -p))?),
            _ => (self.apply(Function::Log)? * exponent.enclosure).apply(Function::Exp),
        }
    }

    fn apply(self, function: Function) -> Option<Self> {
        Some(match function {
            Function::Sin => self.sin(),
            Function::Cos => self.cos(),
            Function::Tan => {
                if self.may_contain_angle(0.5, 1.0) {
                    return None;
                }
                increasing(self, core_math::tan)
            }
            Function::Exp => self.exp(),
            Function::Log if self.low > 0.0 => self.ln(),
            Function::Sqrt if self.low >= 0.0 => self.sqrt(),
            Function::Log | Function::Sqrt => return None,
            Function::Tanh => clipped(increasing(self, core_math::tanh), -1.0, 1.0),
            Function::Abs => magnitude(self),
            Function::Atan => increasing(self, core_math::atan),
            Function::Cosh => {
                let cosh = increasing(magnitude(self), core_math::cosh);
                Self { low: cosh.low.max(1.0), ..cosh }
            }
        })
    }

    fn sign(self) -> Option<Self> {
        match () {
            () if self.low > 0.0 => Some(Self::exact(1.0)),
            () if self.high < 0.0 => Some(Self::exact(-1.0)),
            () => None,
        }
    }
}
