//! Step sizes and radii over the steps, and as a user writes them.

use crate::arguments::{Arguments, BadInput, Value};
use crate::constants::directed::div_down;
use crate::constants::{Constant, Constants, Symbol};

/// A number for every step `t = 0, 1, ...`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Schedule {
    /// The same at every step.
    Constant(f64),
    /// `c/sqrt(t+1)`
    InverseSquareRoot(f64),
    /// `numerator/(slope t + offset)`: the decaying steps of strongly convex functions, `2/(mu t + 4 beta)`.
    Hyperbolic {
        /// Above 0.
        numerator: f64,
        /// Above 0.
        slope: f64,
        /// Above 0.
        offset: f64,
    },
}

impl Schedule {
    /// At step `t`.
    #[inline]
    pub fn at(&self, t: u64) -> f64 {
        match *self {
            Self::Constant(value) => value,
            Self::InverseSquareRoot(value) => value / (t as f64 + 1.0).sqrt(),
            Self::Hyperbolic { numerator, slope, offset } => numerator / slope.mul_add(t as f64, offset),
        }
    }

    /// At the first step.
    pub fn first(&self) -> f64 {
        self.at(0)
    }

    /// Whether it is the same at every step.
    pub fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }

    /// Reads a radius: a number not below 0, or text `"c/sqrt(t+1)"`.
    pub(super) fn parse_radius(arguments: &Arguments) -> Result<Self, BadInput> {
        let Some(Value::Text(text)) = arguments.get("rho") else {
            return Ok(Self::Constant(arguments.non_negative("rho")?));
        };
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        match compact.strip_suffix("/sqrt(t+1)").and_then(|factor| factor.parse::<f64>().ok()) {
            Some(factor) if factor.is_finite() && factor >= 0.0 => Ok(Self::InverseSquareRoot(factor)),
            _ => Err(arguments.bad(
                "rho",
                format_args!("must be a number of at least 0 or \"c/sqrt(t+1)\" with c at least 0, not {text:?}"),
            )),
        }
    }
}

impl From<f64> for Schedule {
    fn from(value: f64) -> Self {
        Self::Constant(value)
    }
}

/// A step size as a user writes it.
#[derive(Clone, Debug, PartialEq)]
pub enum StepSize {
    /// `eta` itself.
    Fixed(f64),
    /// `c` of `"c/beta"`.
    OverBeta(f64),
    /// The step size or schedule a statement is made for, by its id.
    Theorem(String),
}

impl StepSize {
    /// From the argument `eta`: a positive number, text `"c/beta"` with positive c, or the id of a theorem.
    pub fn parse(arguments: &Arguments) -> Result<Self, BadInput> {
        let Some(Value::Text(text)) = arguments.get("eta") else {
            return Ok(Self::Fixed(arguments.positive("eta")?));
        };
        let looks_like_an_id = text.contains('-') && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if looks_like_an_id && text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Ok(Self::Theorem(text.clone()));
        }
        let wanted = || {
            arguments.bad(
                "eta",
                format_args!(
                    "must be a number above 0, \"c/beta\" with c above 0, or the id of a theorem with a step size, not {text:?}"
                ),
            )
        };
        let factor = text.split_once('/').filter(|(_, symbol)| symbol.trim() == "beta").ok_or_else(wanted)?.0;
        match factor.trim().parse::<f64>() {
            Ok(factor) if factor.is_finite() && factor > 0.0 => Ok(Self::OverBeta(factor)),
            _ => Err(wanted()),
        }
    }
}

/// `factor/beta`, rounded down, so that `beta eta <= factor` holds exactly.
pub fn over_beta(factor: f64, constants: &Constants) -> Result<f64, BadInput> {
    match constants.get(Symbol::Beta) {
        // A step is a number: where beta is known on an interval only, it is in units of that one.
        Constant::Known { value, .. } | Constant::OnInterval { value, .. } => {
            let eta = div_down(factor, *value);
            if *value > 0.0 && eta.is_finite() && eta > 0.0 && eta < f64::MAX {
                Ok(eta)
            } else {
                Err(BadInput::new(format!(
                    "`eta` = {factor}/beta is not a positive number for beta = {}; give eta as a number",
                    crate::text::number(*value)
                )))
            }
        }
        unknown => Err(BadInput::new(format!(
            "`eta` is given in units of 1/beta, but beta is not known: {}",
            unknown.reason()
        ))),
    }
}
