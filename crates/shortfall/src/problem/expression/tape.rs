//! An expression as instructions for a stack, and what they can be carried out on.

use crate::constants::Number;

/// The functions an expression may use, and `Cosh` for the derivative of `Tanh`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    Sin,
    Cos,
    Tan,
    Exp,
    Log,
    Sqrt,
    Tanh,
    Abs,
    Atan,
    Cosh,
}

impl Function {
    /// Those that can be written, by name.
    pub const NAMED: [(&'static str, Self); 9] = [
        ("sin", Self::Sin),
        ("cos", Self::Cos),
        ("tan", Self::Tan),
        ("exp", Self::Exp),
        ("log", Self::Log),
        ("sqrt", Self::Sqrt),
        ("tanh", Self::Tanh),
        ("abs", Self::Abs),
        ("atan", Self::Atan),
    ];
}

/// A constant: the double it is computed with, and an enclosure of what it means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fixed {
    pub value: f64,
    pub enclosure: Number,
}

impl Fixed {
    /// Exactly this double.
    pub fn exact(value: f64) -> Self {
        Self { value, enclosure: Number::exact(value) }
    }
}

/// One instruction: takes its operands from the stack and leaves its result there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    Fixed(Fixed),
    X,
    Negate,
    Add,
    Subtract,
    Multiply,
    Divide,
    /// To a whole power.
    Whole(i32),
    /// To a constant power.
    Real(Fixed),
    /// To a power that depends on x: `u^v = exp(v log u)`.
    Power,
    Apply(Function),
}

/// What an expression can be evaluated on. `None`: not defined, or not certain to be, for these operands.
pub trait Algebra: Copy {
    fn fixed(constant: Fixed) -> Self;
    fn negate(self) -> Self;
    fn add(self, other: Self) -> Self;
    fn subtract(self, other: Self) -> Self;
    fn multiply(self, other: Self) -> Self;
    fn divide(self, other: Self) -> Option<Self>;
    fn whole(self, power: i32) -> Option<Self>;
    fn real(self, power: Fixed) -> Option<Self>;
    fn apply(self, function: Function) -> Option<Self>;
    /// -1 or 1, where the sign is certain.
    fn sign(self) -> Option<Self>;

    /// A small whole number.
    fn small(value: i32) -> Self {
        Self::fixed(Fixed::exact(f64::from(value)))
    }
}

/// A valid sequence of instructions: each finds its operands, and one value is left.
#[derive(Clone, Debug, PartialEq)]
pub struct Tape {
    ops: Vec<Op>,
}

impl Tape {
    /// From instructions that a parser has put in order.
    pub fn new(ops: Vec<Op>) -> Self {
        Self { ops }
    }

    /// Carries them out.
    pub fn run<A: Algebra>(&self, x: A) -> Option<A> {
        let mut stack: Vec<A> = Vec::with_capacity(8);
        for op in &self.ops {
            let result = match *op {
                Op::Fixed(constant) => A::fixed(constant),
                Op::X => x,
                Op::Negate => stack.pop()?.negate(),
                Op::Whole(power) => stack.pop()?.whole(power)?,
                Op::Real(power) => stack.pop()?.real(power)?,
                Op::Apply(function) => stack.pop()?.apply(function)?,
                Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Power => {
                    let (right, left) = (stack.pop()?, stack.pop()?);
                    match op {
                        Op::Add => left.add(right),
                        Op::Subtract => left.subtract(right),
                        Op::Multiply => left.multiply(right),
                        Op::Divide => left.divide(right)?,
                        _ => left.apply(Function::Log)?.multiply(right).apply(Function::Exp)?,
                    }
                }
            };
            stack.push(result);
        }
        stack.pop()
    }

    /// How many instructions.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// How many pieces of an interval to look at, at most `most`: long expressions take longer.
    pub fn pieces(&self, most: usize) -> usize {
        (300_000 / self.len().max(1)).clamp(100, most)
    }
}

impl Algebra for f64 {
    fn fixed(constant: Fixed) -> Self {
        constant.value
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
        Some(self / other)
    }

    fn whole(self, power: i32) -> Option<Self> {
        Some(match power {
            0 => 1.0,
            1 => self,
            2 => self * self,
            _ => core_math::pow(self, f64::from(power)),
        })
    }

    fn real(self, power: Fixed) -> Option<Self> {
        Some(core_math::pow(self, power.value))
    }

    fn apply(self, function: Function) -> Option<Self> {
        Some(match function {
            Function::Sin => core_math::sin(self),
            Function::Cos => core_math::cos(self),
            Function::Tan => core_math::tan(self),
            Function::Exp => core_math::exp(self),
            Function::Log => core_math::log(self),
            Function::Sqrt => self.sqrt(),
            Function::Tanh => core_math::tanh(self),
            Function::Abs => self.abs(),
            Function::Atan => core_math::atan(self),
            Function::Cosh => core_math::cosh(self),
        })
    }

    fn sign(self) -> Option<Self> {
        Some(if self == 0.0 { 0.0 } else { self.signum() })
    }
}
