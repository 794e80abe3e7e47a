//! `decay-rho-sc`: with a radius that decays SAM converges under the Polyak-Lojasiewicz condition.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::{Number, Symbol};
use crate::method::Schedule;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "decay-rho-sc",
    source: "THEORY.md section 13",
    setting: "Deterministic SAM with any rho_t fixed in advance and constant eta; f beta-smooth with mu > 0 (the \
              Polyak-Lojasiewicz constant is enough, f need not be convex); 0 < q = beta*eta <= 1. Explicit: rho_t = \
              rho0/sqrt(t+1), T >= 1.",
    statement: "F_T <= (1-eta*mu)^T*Delta + (eta/2)*beta^2*sum_{t<T} (1-eta*mu)^(T-1-t)*rho_t^2; explicit: <= \
                (1-eta*mu)^T*Delta + beta^2*rho0^2/(mu*T) + (eta/2)*beta^2*rho0^2*(1-eta*mu)^floor(T/2)*(1+ln T)",
    meaning: "The last iterate forgets old radii exponentially fast, so it comes as close as the recent ones allow: \
              within order 1/T for rho0/sqrt(t+1).",
    tightness: "Proven; for convex f det-sc-recursion is better.",
    example: "shortfall bound quadratic 'sam{eta=\"0.3/beta\",rho=\"0.05/sqrt(t+1)\"}' --steps 1000",
    forms: &[
        Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::suboptimality(Over::Final), requires, bound),
        Form::new(
            Kind::Upper,
            Mode::Pathwise,
            |_| Quantity::suboptimality(Over::Final),
            requires_explicit,
            bound_explicit,
        )
        .named("explicit"),
    ],
};

fn requires_any(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.scheduled_sam(),
        inputs.constant_eta(),
        inputs.known(Symbol::Beta),
        inputs.strongly_convex(),
        inputs.known(Symbol::Delta),
        inputs.at_most("beta*eta", inputs.q(), 1.0),
    ]
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let mut requirements = requires_any(inputs);
    requirements.push(inputs.few_enough_steps(inputs.method.rho.is_constant()));
    requirements
}

fn requires_explicit(inputs: &Inputs) -> Vec<Requirement> {
    let mut requirements = requires_any(inputs);
    requirements.extend([inputs.radius_decays(), inputs.at_least_one_step()]);
    requirements
}

/// `sum_{t<T} (1 - eta mu)^(T-1-t) rho_t^2`
fn forgotten_squares(inputs: &Inputs) -> Number {
    let rate = inputs.eta() * inputs.mu();
    if let Schedule::Constant(rho) = inputs.method.rho {
        // At most T terms, none above rho^2: where T is small the quotient may cancel.
        let terms = (1.0 - inputs.stochastic_contraction()) / rate;
        return Number::exact(rho).square() * terms.min(inputs.horizon());
    }
    let factor = (1.0 - rate).positive_part();
    (0..inputs.steps).fold(Number::exact(0.0), |sum, t| factor * sum + inputs.radius(t).square())
}

fn bound(inputs: &Inputs) -> Bound {
    let floor = inputs.q() * inputs.beta() * forgotten_squares(inputs) / 2.0;
    Bound::sum(inputs.stochastic_contraction() * inputs.delta(), Number::exact(0.0), floor)
}

fn bound_explicit(inputs: &Inputs) -> Bound {
    let rate = inputs.eta() * inputs.mu();
    // The two radii are the same number; the slack covers the rounding of every rho_t.
    let recent = (inputs.beta() * inputs.rho()).square() / (inputs.mu() * inputs.horizon());
    let old = inputs.q() * inputs.beta() * inputs.decaying_squares() * rate.one_minus_to_power(inputs.steps / 2) / 2.0;
    let transient = inputs.stochastic_contraction() * inputs.delta();
    Bound::sum(transient, Number::exact(0.0), recent * Number::between(1.0 - 1e-15, 1.0 + 1e-15) + old)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    fn example(eta: f64, rho: impl Into<Schedule>, steps: u64) -> Example {
        let example = Example::deterministic(eta, 0.5, steps).beta(4.0).set(Symbol::Mu, 2.0);
        example.set(Symbol::Delta, 64.0).schedules(eta, rho)
    }

    const DECAYING: Schedule = Schedule::InverseSquareRoot(0.75);

    #[test]
    fn number_worked_by_hand() {
        // eta*mu = 1/4: (3/4)^3*64 = 27; squares (9/16)*(9/16 + (3/4)/2 + 1/3), times (1/16)*16.
        let bound = example(0.125, DECAYING, 3).bound(&THEOREM, None);
        assert_near(bound.transient, 27.0);
        assert!((bound.floor.middle() / (0.5625 * (0.5625 + 0.375 + 1.0 / 3.0)) - 1.0).abs() < 1e-14);
        // Explicit: 16*(9/16)/(2*3) = 1.5 and (9/16)*(3/4)*(1+ln 3).
        let explicit = example(0.125, DECAYING, 3).bound(&THEOREM, Some("explicit")).floor;
        assert!((explicit.middle() / (1.5 + 0.421875 * (1.0 + 3f64.ln())) - 1.0).abs() < 1e-14);
        // Constant rho = 1/2, T = 2: (1/4)*(1 + 3/4).
        assert_near(example(0.125, 0.5, 2).bound(&THEOREM, None).floor, 0.4375);
        let falling = Schedule::Hyperbolic { numerator: 1.0, slope: 1.0, offset: 2.0 };
        assert_near(example(0.125, falling, 2).bound(&THEOREM, None).floor, 0.25 * 0.75 + 1.0 / 9.0);
    }

    #[test]
    fn the_explicit_form_is_no_smaller() {
        for eta in [1e-6, 0.01, 0.125, 0.25] {
            for steps in [1, 2, 3, 40, 1000, 100_000] {
                let at = |form| example(eta, DECAYING, steps).bound(&THEOREM, form).total.high;
                assert!(at(None) <= at(Some("explicit")), "eta = {eta}, T = {steps}");
            }
        }
    }

    #[test]
    fn edges() {
        assert!(example(0.25, DECAYING, 3).applies(&THEOREM, None));
        assert!(!example(0.25f64.next_up(), DECAYING, 3).applies(&THEOREM, None));
        assert!(!example(0.125, DECAYING, 1_000_001).applies(&THEOREM, None));
        assert!(example(0.125, DECAYING, 1_000_001).applies(&THEOREM, Some("explicit")));
        assert!(example(0.125, 0.5, 1_000_001).applies(&THEOREM, None));
        assert!(!example(0.125, DECAYING, 0).applies(&THEOREM, Some("explicit")));
        assert_near(example(0.125, DECAYING, 0).bound(&THEOREM, None).total, 64.0);
        assert_near(example(0.125, 0.5, 0).bound(&THEOREM, None).total, 64.0);
        let still = example(0.125, Schedule::InverseSquareRoot(0.0), 5).set(Symbol::Delta, 0.0);
        assert_eq!(still.bound(&THEOREM, None).total, Number::exact(0.0));
        // eta*mu = 1, and mu above beta by rounding.
        let sharp = example(0.25, DECAYING, 5).set(Symbol::Mu, 4.0f64.next_up()).bound(&THEOREM, None);
        assert!((sharp.total.high / (2.0 * 0.5625 / 5.0) - 1.0).abs() < 1e-13, "{:?}", sharp.total);
        assert!(example(1e-300, 0.5, 3).bound(&THEOREM, None).total.high.is_finite());
    }
}
