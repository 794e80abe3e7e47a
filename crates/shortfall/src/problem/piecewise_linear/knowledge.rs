//! What is known of the integral: its constants, its minimum; and how one is read from arguments.

use super::super::Minimum;
use super::{Ends, PiecewiseLinear};
use crate::arguments::{Arguments, BadInput};
use crate::constants::{Constant, Constants, Number, Symbol};

impl PiecewiseLinear {
    /// beta, mu, omega, L, Delta and D2 of the integral; the rest missing for want of samples.
    pub fn constants(&self, start: f64) -> Constants {
        let mut constants = Constants::missing("").without_samples();
        let least = self.least_slope();
        constants.set(Symbol::Beta, Constant::enclosed(Symbol::Beta, self.steepest(), "largest |slope| of f'"));
        constants.set(
            Symbol::Mu,
            if least.low > 0.0 {
                Constant::enclosed(Symbol::Mu, least, "smallest slope of f'")
            } else {
                Constant::missing("the smallest slope of f' is not above 0")
            },
        );
        let omega = (-least).positive_part();
        constants.set(Symbol::Omega, Constant::enclosed(Symbol::Omega, omega, "-(smallest slope of f'), at least 0"));
        let flat = [self.slopes[0], self.slopes[self.slopes.len() - 1]];
        let bounded = flat == [Number::exact(0.0); 2];
        constants.set(
            Symbol::L,
            if bounded {
                let largest = self.values.iter().map(|v| v.max(-*v)).reduce(Number::max).unwrap_or(Number::exact(0.0));
                Constant::enclosed(Symbol::L, largest, "largest |f'| at a breakpoint")
            } else {
                Constant::missing("f' is not bounded")
            },
        );
        // Of several that rounding cannot tell apart the farthest: one of them is a minimiser.
        let distance = self
            .minimisers()
            .iter()
            .map(|(low, high)| (Number::exact(*low) - start).max(Number::exact(start) - *high).positive_part())
            .reduce(Number::max);
        let Some(distance) = distance else {
            let reason = self.why_no_minimum();
            constants.set(Symbol::Delta, Constant::missing(reason));
            constants.set(Symbol::D2, Constant::missing(reason));
            return constants;
        };
        let value = self.integral(start);
        let error = self.integral_error(start) + self.minimum_error();
        let delta = if value == 0.0 && error == 0.0 {
            Number::exact(0.0)
        } else {
            (Number::exact(value) + Number::between(-error, error)).positive_part()
        };
        constants.set(Symbol::Delta, Constant::enclosed(Symbol::Delta, delta, "f(x0) - f*"));
        let distance = distance + Number::between(0.0, self.minimiser_radius());
        constants.set(Symbol::D2, Constant::enclosed(Symbol::D2, distance.square(), "squared distance to a minimiser"));
        constants
    }

    /// How far the true minimum of the integral may lie from 0.
    pub(super) fn minimum_error(&self) -> f64 {
        // With one zero there is nothing to confuse it with, and its own integral is 0.
        let zeros = self.pieces.iter().filter(|piece| piece.value == 0.0 && piece.slope >= 0.0);
        1e-13 * zeros.map(|piece| piece.carried).fold(0.0, f64::max)
    }

    fn why_no_minimum(&self) -> &'static str {
        match self.towards_the_ends() {
            Ends::UnboundedBelow => "f is not bounded below: f' keeps its sign towards an end of the line",
            _ => "f' is too near 0 towards an end of the line to tell whether f has a minimum",
        }
    }

    /// The minimum of the integral.
    pub fn minimum(&self) -> Minimum {
        match self.minimisers().first() {
            None if self.towards_the_ends() == Ends::UnboundedBelow => {
                Minimum::Unbounded { how: self.why_no_minimum().to_owned() }
            }
            None => Minimum::Unknown { reason: self.why_no_minimum().to_owned() },
            Some((low, high)) => {
                let point = if low.is_finite() {
                    *low
                } else if high.is_finite() {
                    *high
                } else {
                    0.0
                };
                let how = "closed form: f is 0 at its minimiser by definition".to_owned();
                Minimum::Known { value: 0.0, error: self.minimum_error(), point: vec![point], how }
            }
        }
    }

    /// Reads `breakpoints`, `slopes` and `gradient_at_zero`.
    pub(in crate::problem) fn parse(arguments: &Arguments) -> Result<Self, BadInput> {
        let breakpoints = arguments.numbers("breakpoints")?;
        let slopes = arguments.numbers("slopes")?;
        let at_zero = arguments.number("gradient_at_zero")?;
        if let Some(i) = breakpoints.windows(2).position(|pair| pair[0] >= pair[1]) {
            let message = format!("must increase, but {} is followed by {}", breakpoints[i], breakpoints[i + 1]);
            return Err(arguments.bad("breakpoints", message));
        }
        if slopes.len() != breakpoints.len() + 1 {
            return Err(arguments.bad(
                "slopes",
                format_args!("must be one more than breakpoints: {}, not {}", breakpoints.len() + 1, slopes.len()),
            ));
        }
        let line =
            Self::from_value_at_zero(breakpoints, slopes.into_iter().map(Number::exact).collect(), at_zero.into());
        if line.values.iter().any(|value| !(value.low.is_finite() && value.high.is_finite())) {
            return Err(arguments.bad("slopes", "make f' overflow at a breakpoint"));
        }
        Ok(line)
    }
}
