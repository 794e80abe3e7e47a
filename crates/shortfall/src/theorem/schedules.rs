//! Steps and radii that change with t: what statements ask of them, and sums over them.

use super::{Inputs, Requirement};
use crate::constants::Number;
use crate::method::Schedule;

/// Steps up to which a recursion is carried out.
const MOST_STEPS: u64 = 1_000_000;

/// The relative rounding of the square of a radius `c/sqrt(t+1)`: a root and a quotient, squared.
const ROUNDED: Number = Number::between(1.0 - 1e-15, 1.0 + 1e-15);

/// `1 + 1/2 + ... + 1/T`: summed, or between `ln T + gamma + 1/(2T) - 1/(12T^2)` and `ln T + gamma + 1/(2T)`.
fn harmonic(steps: u64) -> Number {
    if steps <= 1000 {
        return (1..=steps).map(|k| 1.0 / Number::exact(k as f64)).sum();
    }
    // The Euler-Mascheroni constant lies between these two neighbours.
    let gamma = Number::between(0.577_215_664_901_532_8, 0.577_215_664_901_532_9);
    let steps = super::inputs::count(steps);
    let above = steps.ln() + gamma + 1.0 / (2.0 * steps);
    let below = above - 1.0 / (12.0 * steps.square());
    Number::between(below.low, above.high)
}

impl Inputs<'_> {
    /// The step size does not change.
    pub fn constant_eta(&self) -> Requirement {
        let met = self.method.eta.is_constant();
        Requirement::new("eta constant", met, if met { "eta is constant" } else { "eta changes with t" })
    }

    /// The radius does not change.
    pub fn constant_rho(&self) -> Requirement {
        let met = self.method.rho.is_constant();
        Requirement::new("rho constant", met, if met { "rho is constant" } else { "rho changes with t" })
    }

    /// `rho_t = c/sqrt(t+1)`.
    pub fn radius_decays(&self) -> Requirement {
        let met = matches!(self.method.rho, Schedule::InverseSquareRoot(_));
        let detail = if met { "rho decays like that" } else { "rho is not \"c/sqrt(t+1)\"" };
        Requirement::new("rho_t = rho0/sqrt(t+1)", met, detail)
    }

    /// A recursion over the steps is short enough to be carried out, or has a closed form.
    pub fn few_enough_steps(&self, closed_form: bool) -> Requirement {
        let met = closed_form || self.steps <= MOST_STEPS;
        let detail = if met {
            format!("T = {}", self.steps)
        } else {
            format!("T = {}: the bound is a recursion, which is carried out for up to {MOST_STEPS} steps", self.steps)
        };
        Requirement::new(format!("T <= {MOST_STEPS} where eta or rho changes with t"), met, detail)
    }

    /// Whether [`Inputs::mean_squared_radius`] has a closed form.
    pub fn mean_squared_radius_is_closed(&self) -> bool {
        matches!(self.method.rho, Schedule::Constant(_) | Schedule::InverseSquareRoot(_))
    }

    /// `(1/T) sum_{t<T} rho_t^2`, for `T >= 1`.
    pub fn mean_squared_radius(&self) -> Number {
        match self.method.rho {
            Schedule::Constant(rho) => Number::exact(rho).square(),
            Schedule::InverseSquareRoot(factor) => {
                Number::exact(factor).square() * harmonic(self.steps) * ROUNDED / self.horizon()
            }
            Schedule::Hyperbolic { .. } => {
                (0..self.steps).map(|t| self.radius(t).square()).sum::<Number>() / self.horizon()
            }
        }
    }

    /// `rho0^2 (1 + ln T)`, no less than the sum of the squares of `rho0/sqrt(t+1)`, for `T >= 1`.
    pub fn decaying_squares(&self) -> Number {
        self.rho().square() * (1.0 + self.horizon().ln()) * ROUNDED
    }

    /// The radius of a step.
    pub fn radius(&self, t: u64) -> Number {
        Number::exact(self.method.rho.at(t))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmonic_numbers() {
        // H_4 = 25/12; H_1001 in both ways.
        assert!(harmonic(4).contains(25.0 / 12.0) && harmonic(1).contains(1.0));
        let summed = harmonic(1000) + 1.0 / Number::exact(1001.0);
        let closed = harmonic(1001);
        assert!(closed.low <= summed.high && closed.high >= summed.low);
        assert!(closed.high - closed.low < 1e-6);
        // H_{10^6} = 14.392726722865723...
        assert!(harmonic(1_000_000).contains(14.392_726_722_865_724));
    }
}
