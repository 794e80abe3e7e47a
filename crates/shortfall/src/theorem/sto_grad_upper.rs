//! `sto-grad-upper`: the average squared gradient of stochastic SAM on any smooth function.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Scope, Theorem};
use crate::constants::{Number, Symbol};
use crate::method::SampleReuse;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-grad-upper",
    source: "Si & Yun, NeurIPS 2023 (their stochastic convex row, with a tuned step); without convexity: THEORY.md \
             section 9",
    setting: "Stochastic SAM; f beta-smooth, bounded below, convex or not, gradient variance at most sigma2; T >= 1. \
              n-SAM: q = beta*eta <= 1. m-SAM: components beta_xi-smooth, q < 1.",
    statement: "avg_{t<T} E |grad f(x_t)|^2 <= 2*Delta/(eta*T) + b^2*rho^2 + q*sigma2*cv; n-SAM: b = beta, cv = 1; \
                m-SAM: b = beta_rms, cv = 1/(1-q). Alternative for m-SAM, q <= 1/2: b^2 = beta_bar^2 + \
                2*q*(beta_rms^2-beta_bar^2), cv = 2",
    meaning: "Time removes the first term and a small step the last one; the middle one, the price of perturbing \
              every gradient by rho, stays.",
    tightness: "The floor b^2*rho^2 cannot be improved for either method, even for convex f.",
    example: "shortfall bound 'trap{beta=8.0}' 'stochastic-sam{eta=0.05,rho=1.0,sampling=\"same\"}' --steps 1000",
    forms: &[
        Form {
            name: None,
            kind: Kind::Upper,
            scope: Scope::Instance,
            mode: Mode::Expectation,
            quantity: |_| Quantity::squared_gradient(Over::Mean),
            requires,
            bound,
            step: None,
            witnesses: &[],
        },
        Form {
            name: Some("alternative"),
            kind: Kind::Upper,
            scope: Scope::Instance,
            mode: Mode::Expectation,
            quantity: |_| Quantity::squared_gradient(Over::Mean),
            requires: requires_alternative,
            bound: bound_alternative,
            step: None,
            witnesses: &[],
        },
    ],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let mut requirements = vec![
        inputs.stochastic_sam(),
        inputs.known(Symbol::Beta),
        inputs.known(Symbol::Sigma2),
        inputs.known(Symbol::Delta),
    ];
    if inputs.uses_same_sample_form() {
        requirements.push(inputs.known(Symbol::BetaRms));
    }
    requirements.extend([inputs.stochastic_step(), inputs.at_least_one_step()]);
    requirements
}

fn requires_alternative(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.stochastic_sam_with(SampleReuse::Same),
        inputs.known(Symbol::Beta),
        inputs.known(Symbol::Sigma2),
        inputs.known(Symbol::Delta),
        inputs.known(Symbol::BetaBar),
        inputs.known(Symbol::BetaRms),
        inputs.at_most("beta*eta", inputs.q(), 0.5),
        inputs.at_least_one_step(),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let bias = (inputs.bias_smoothness() * inputs.rho()).square();
    assemble(inputs, bias, inputs.noise_factor())
}

fn bound_alternative(inputs: &Inputs) -> Bound {
    assemble(inputs, inputs.alternative_bias(), Number::exact(2.0))
}

fn assemble(inputs: &Inputs, bias: Number, factor: Number) -> Bound {
    let transient = 2.0 * inputs.delta() / (inputs.eta() * inputs.horizon());
    Bound::sum(transient, inputs.q() * inputs.sigma2() * factor, bias)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    fn example(reuse: SampleReuse, eta: f64, steps: u64) -> Example {
        let example = Example::stochastic(reuse, eta, 0.5, steps).betas(4.0, 5.0, 6.0, 8.0);
        example.set(Symbol::Sigma2, 3.0).set(Symbol::Delta, 9.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // 2*9/((1/8)*48) = 3; q = 1/2. n: 16/4 = 4, noise 3/2. m: 36/4 = 9, noise 3.
        let bound = example(SampleReuse::Independent, 0.125, 48).bound(&THEOREM, None);
        assert_near(bound.transient, 3.0);
        assert_near(bound.noise, 1.5);
        assert_near(bound.total, 8.5);
        let bound = example(SampleReuse::Same, 0.125, 48).bound(&THEOREM, None);
        assert_near(bound.floor, 9.0);
        assert_near(bound.total, 15.0);
        // eta = 1/16, q = 1/4: 2*9/(48/16) = 6; (25 + (1/2)*11)/4 = 7.625; (1/4)*3*2 = 1.5.
        let bound = example(SampleReuse::Same, 0.0625, 48).bound(&THEOREM, Some("alternative"));
        assert_near(bound.floor, 7.625);
        assert_near(bound.total, 15.125);
    }

    #[test]
    fn ranges() {
        let applies = |reuse, eta, form| example(reuse, eta, 48).applies(&THEOREM, form);
        assert!(applies(SampleReuse::Independent, 0.25, None));
        assert!(!applies(SampleReuse::Same, 0.25, None));
        assert!(applies(SampleReuse::Same, 0.125, Some("alternative")));
        assert!(!applies(SampleReuse::Same, 0.125f64.next_up(), Some("alternative")));
        assert!(!example(SampleReuse::Independent, 0.125, 0).applies(&THEOREM, None));
        assert!(!example(SampleReuse::Same, 0.125, 0).applies(&THEOREM, Some("alternative")));
        // SGD with q = 1: the n-SAM form.
        assert_near(example(SampleReuse::Same, 0.25, 24).unperturbed().bound(&THEOREM, None).total, 6.0);
    }
}
