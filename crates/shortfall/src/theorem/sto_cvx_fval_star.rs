//! `sto-cvx-fval-star`: n-SAM on convex samples, with the variance at the minimiser alone.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::{Number, Symbol};
use crate::method::SampleReuse;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-cvx-fval-star",
    source: "THEORY.md section 9",
    setting: "n-SAM (independent samples); every sample convex and beta_max-smooth, f with a minimiser x*, sigma2_star = E |g(x*; xi)|^2; th = 2*beta_max*eta < 1; T >= 1.",
    statement: "avg_{t<T} E F_t <= D2/(2*(1-th)*eta*T) + beta*rho^2/(2*(1-th)) + eta*sigma2_star/(1-th)",
    meaning: "Only the noise at the minimum matters, so the bound holds where the noise elsewhere has no limit.",
    tightness: "Proven; th is the smallest the step allows, which makes the bound smallest.",
    example: "shortfall bound logistic 'stochastic-sam{eta=0.002,rho=0.02,sampling=\"independent\"}' --steps 30000",
    forms: &[Form::new(Kind::Upper, Mode::Expectation, |_| Quantity::suboptimality(Over::Mean), requires, bound)],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.stochastic_sam_with(SampleReuse::Independent),
        inputs.known(Symbol::Beta),
        inputs.known(Symbol::BetaMax),
        inputs.components_convex(),
        inputs.known(Symbol::D2),
        inputs.known(Symbol::Sigma2Star),
        inputs.below("2*beta_max*eta", 2.0 * inputs.beta_max() * inputs.eta(), 1.0),
        inputs.at_least_one_step(),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let rest: Number = 1.0 - 2.0 * inputs.beta_max() * inputs.eta();
    let transient = inputs.d2() / (2.0 * rest * inputs.eta() * inputs.horizon());
    let noise = inputs.eta() * inputs.constant(Symbol::Sigma2Star) / rest;
    Bound::sum(transient, noise, inputs.beta() * inputs.rho().square() / (2.0 * rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    fn example(eta: f64) -> Example {
        let example = Example::stochastic(SampleReuse::Independent, eta, 0.5, 16).beta(2.0).components_convex();
        example.set(Symbol::BetaMax, 8.0).set(Symbol::D2, 3.0).set(Symbol::Sigma2Star, 4.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // eta = 1/32: th = 1/2: 3/(2*0.5*0.5) = 6; 2*0.25/(2*0.5) = 0.5; (4/32)/0.5 = 0.25.
        let bound = example(0.03125).bound(&THEOREM, None);
        assert_near(bound.transient, 6.0);
        assert_near(bound.floor, 0.5);
        assert_near(bound.noise, 0.25);
    }

    #[test]
    fn the_range_is_open() {
        assert!(example(0.0625f64.next_down()).applies(&THEOREM, None));
        assert!(!example(0.0625).applies(&THEOREM, None));
    }
}
