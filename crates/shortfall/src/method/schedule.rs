//! Step sizes as a user writes them, resolved to numbers once the constants are known.

use crate::arguments::{Arguments, BadInput, Value};
use crate::constants::directed::div_down;
use crate::constants::{Constant, Constants, Symbol};

/// A constant step size: a number, or a multiple of `1/beta`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StepSize {
    /// `eta` itself.
    Fixed(f64),
    /// `c` of `"c/beta"`.
    OverBeta(f64),
}

impl StepSize {
    /// From the argument `eta`: a positive number, or text `"c/beta"` with positive c.
    pub fn parse(arguments: &Arguments) -> Result<Self, BadInput> {
        let Some(Value::Text(text)) = arguments.get("eta") else {
            return Ok(Self::Fixed(arguments.positive("eta")?));
        };
        let wanted = || {
            arguments.bad("eta", format_args!("must be a number above 0 or \"c/beta\" with c above 0, not {text:?}"))
        };
        let factor = text.split_once('/').filter(|(_, symbol)| symbol.trim() == "beta").ok_or_else(wanted)?.0;
        match factor.trim().parse::<f64>() {
            Ok(factor) if factor.is_finite() && factor > 0.0 => Ok(Self::OverBeta(factor)),
            _ => Err(wanted()),
        }
    }

    /// The number. `c/beta` is rounded down, so that `beta eta <= c` holds exactly.
    pub fn resolve(&self, constants: &Constants) -> Result<f64, BadInput> {
        match *self {
            Self::Fixed(eta) => Ok(eta),
            Self::OverBeta(factor) => match constants.get(Symbol::Beta) {
                Constant::Missing { reason } => {
                    Err(BadInput::new(format!("`eta` is given in units of 1/beta, but beta is not known: {reason}")))
                }
                Constant::Known { value, .. } => {
                    let eta = div_down(factor, *value);
                    if *value > 0.0 && eta.is_finite() && eta > 0.0 && eta < f64::MAX {
                        Ok(eta)
                    } else {
                        Err(BadInput::new(format!(
                            "`eta` = {factor}/beta is not a positive number for beta = {value}; give eta as a number"
                        )))
                    }
                }
            },
        }
    }
}
