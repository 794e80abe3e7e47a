//! Value, first and second derivative carried along: forward automatic differentiation.

use super::tape::{Algebra, Fixed, Function};

/// `(f, f', f'')` with respect to x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jet<A> {
    pub value: A,
    pub slope: A,
    pub curvature: A,
}

impl<A: Algebra> Jet<A> {
    /// x itself.
    pub fn variable(x: A) -> Self {
        Self { value: x, slope: A::small(1), curvature: A::small(0) }
    }

    /// `g(u)` from g and its two derivatives at u.
    fn chain(self, value: A, first: A, second: A) -> Self {
        Self {
            value,
            slope: first.multiply(self.slope),
            curvature: second
                .multiply(self.slope.whole(2).unwrap_or(self.slope.multiply(self.slope)))
                .add(first.multiply(self.curvature)),
        }
    }
}

fn half<A: Algebra>() -> A {
    A::fixed(Fixed::exact(0.5))
}

impl<A: Algebra> Algebra for Jet<A> {
    fn fixed(constant: Fixed) -> Self {
        Self { value: A::fixed(constant), slope: A::small(0), curvature: A::small(0) }
    }

    fn negate(self) -> Self {
        Self { value: self.value.negate(), slope: self.slope.negate(), curvature: self.curvature.negate() }
    }

    fn add(self, other: Self) -> Self {
        Self {
            value: self.value.add(other.value),
            slope: self.slope.add(other.slope),
            curvature: self.curvature.add(other.curvature),
        }
    }

    fn subtract(self, other: Self) -> Self {
        self.add(other.negate())
    }

    fn multiply(self, other: Self) -> Self {
        let cross = self.slope.multiply(other.slope);
        Self {
            value: self.value.multiply(other.value),
            slope: self.slope.multiply(other.value).add(self.value.multiply(other.slope)),
            curvature: self
                .curvature
                .multiply(other.value)
                .add(A::small(2).multiply(cross))
                .add(self.value.multiply(other.curvature)),
        }
    }

    fn divide(self, other: Self) -> Option<Self> {
        // q v = u, differentiated twice.
        let value = self.value.divide(other.value)?;
        let slope = self.slope.subtract(value.multiply(other.slope)).divide(other.value)?;
        let bent = self
            .curvature
            .subtract(A::small(2).multiply(slope).multiply(other.slope))
            .subtract(value.multiply(other.curvature));
        Some(Self { value, slope, curvature: bent.divide(other.value)? })
    }

    fn whole(self, power: i32) -> Option<Self> {
        let n = f64::from(power);
        let times = |factor: f64, power: i32| -> Option<A> {
            if factor == 0.0 {
                return Some(A::small(0));
            }
            Some(A::fixed(Fixed::exact(factor)).multiply(self.value.whole(power)?))
        };
        let (first, second) = (times(n, power.checked_sub(1)?)?, times(n * (n - 1.0), power.checked_sub(2)?)?);
        Some(self.chain(self.value.whole(power)?, first, second))
    }

    fn real(self, power: Fixed) -> Option<Self> {
        let lowered = |by: f64| Fixed { value: power.value - by, enclosure: power.enclosure - by };
        let p = A::fixed(power);
        let first = p.multiply(self.value.real(lowered(1.0))?);
        let second = p.multiply(A::fixed(lowered(1.0))).multiply(self.value.real(lowered(2.0))?);
        Some(self.chain(self.value.real(power)?, first, second))
    }

    fn apply(self, function: Function) -> Option<Self> {
        let (u, one) = (self.value, A::small(1));
        let value = u.apply(function)?;
        let (first, second) = match function {
            Function::Sin => (u.apply(Function::Cos)?, value.negate()),
            Function::Cos => (u.apply(Function::Sin)?.negate(), value.negate()),
            Function::Tan => {
                let first = one.add(value.whole(2)?);
                (first, A::small(2).multiply(value).multiply(first))
            }
            Function::Exp => (value, value),
            Function::Log => {
                let first = one.divide(u)?;
                (first, first.whole(2)?.negate())
            }
            Function::Sqrt => {
                let first = half::<A>().divide(value)?;
                (first, half::<A>().multiply(first).divide(u)?.negate())
            }
            Function::Tanh => {
                let first = one.divide(u.apply(Function::Cosh)?.whole(2)?)?;
                (first, A::small(-2).multiply(value).multiply(first))
            }
            Function::Abs => (u.sign()?, A::small(0)),
            Function::Atan => {
                let first = one.divide(one.add(u.whole(2)?))?;
                (first, A::small(-2).multiply(u).multiply(first.whole(2)?))
            }
            Function::Cosh => return None, // only a derivative
        };
        Some(self.chain(value, first, second))
    }

    fn sign(self) -> Option<Self> {
        Some(Self { value: self.value.sign()?, slope: A::small(0), curvature: A::small(0) })
    }
}
