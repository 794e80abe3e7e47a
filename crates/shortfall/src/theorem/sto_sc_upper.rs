//! `sto-sc-upper`: the last iterate of stochastic SAM on a strongly convex function, up to a bias and a noise floor.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Scope, Theorem};
use crate::constants::{Number, Symbol};
use crate::method::SampleReuse;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-sc-upper",
    source: "Si & Yun, NeurIPS 2023 (their stochastic strongly convex row, with a tuned step); THEORY.md section 8",
    setting: "Stochastic SAM; f beta-smooth with mu > 0 (the Polyak-Lojasiewicz constant is enough), gradient \
              variance at most sigma2. n-SAM: q = beta*eta <= 1. m-SAM: components beta_xi-smooth, q < 1.",
    statement: "E F_T <= (1-eta*mu)^T*Delta + b^2*rho^2/(2*mu) + q*sigma2*cv/(2*mu); n-SAM: b = beta, cv = 1; m-SAM: \
                b = beta_rms, cv = 1/(1-q). Alternative for m-SAM, q <= 1/2: b^2 = beta_bar^2 + \
                2*q*(beta_rms^2-beta_bar^2), cv = 2",
    meaning: "A small step removes the noise but not the bias of the perturbation: the bound stays at \
              b^2*rho^2/(2*mu) however long and slowly one trains, unless rho is made smaller.",
    tightness: "For m-SAM the floor is attained by a mixture of two one-dimensional functions, and beta_rms cannot \
                be replaced by the smoothness of f; for n-SAM on a convex f the true floor is of order beta*rho^2.",
    example: "shortfall bound 'trap{beta=8.0}' 'stochastic-sam{eta=0.05,rho=1.0,sampling=\"same\"}' --steps 1000",
    forms: &[
        Form {
            name: None,
            kind: Kind::Upper,
            scope: Scope::Instance,
            mode: Mode::Expectation,
            quantity: |_| Quantity::suboptimality(Over::Final),
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
            quantity: |_| Quantity::suboptimality(Over::Final),
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
        inputs.strongly_convex(),
        inputs.known(Symbol::Sigma2),
        inputs.known(Symbol::Delta),
    ];
    if inputs.uses_same_sample_form() {
        requirements.push(inputs.known(Symbol::BetaRms));
    }
    requirements.push(inputs.stochastic_step());
    requirements
}

fn requires_alternative(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.stochastic_sam_with(SampleReuse::Same),
        inputs.known(Symbol::Beta),
        inputs.strongly_convex(),
        inputs.known(Symbol::Sigma2),
        inputs.known(Symbol::Delta),
        inputs.known(Symbol::BetaBar),
        inputs.known(Symbol::BetaRms),
        inputs.at_most("beta*eta", inputs.q(), 0.5),
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
    let transient = inputs.stochastic_contraction() * inputs.delta();
    let noise = inputs.q() * inputs.sigma2() * factor / (2.0 * inputs.mu());
    Bound::sum(transient, noise, bias / (2.0 * inputs.mu()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    fn example(reuse: SampleReuse, eta: f64) -> Example {
        let example = Example::stochastic(reuse, eta, 0.5, 3).betas(4.0, 5.0, 6.0, 8.0);
        example.set(Symbol::Mu, 2.0).set(Symbol::Sigma2, 3.0).set(Symbol::Delta, 64.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // eta = 1/8, mu = 2: (3/4)^3*64 = 27; q = 1/2.
        // n: 16/4/4 = 1 and (1/2)*3/4 = 3/8. m: 36/4/4 = 9/4 and cv = 2: 3/4.
        let bound = example(SampleReuse::Independent, 0.125).bound(&THEOREM, None);
        assert_near(bound.floor, 1.0);
        assert_near(bound.noise, 0.375);
        assert_near(bound.total, 28.375);
        let bound = example(SampleReuse::Same, 0.125).bound(&THEOREM, None);
        assert_near(bound.floor, 2.25);
        assert_near(bound.noise, 0.75);
        assert_near(bound.total, 30.0);
        // eta = 1/16, q = 1/4: the alternative's bias (25 + (1/2)*11)/4/4 = 61/32, noise (1/4)*3*2/4 = 3/8.
        let bound = example(SampleReuse::Same, 0.0625).bound(&THEOREM, Some("alternative"));
        assert_near(bound.floor, 61.0 / 32.0);
        assert_near(bound.noise, 0.375);
        assert_near(bound.transient, 64.0 * 343.0 / 512.0);
    }

    #[test]
    fn ranges() {
        let applies = |reuse, eta, form| example(reuse, eta).applies(&THEOREM, form);
        assert!(applies(SampleReuse::Independent, 0.25, None));
        assert!(!applies(SampleReuse::Independent, 0.25f64.next_up(), None));
        assert!(applies(SampleReuse::Same, 0.25f64.next_down(), None));
        assert!(!applies(SampleReuse::Same, 0.25, None));
        assert!(applies(SampleReuse::Same, 0.125, Some("alternative")));
        assert!(!applies(SampleReuse::Same, 0.125f64.next_up(), Some("alternative")));
        assert!(!applies(SampleReuse::Independent, 0.125, Some("alternative")));
    }

    #[test]
    fn sgd_needs_no_constants_of_the_samples() {
        let sgd = Example::stochastic(SampleReuse::Same, 0.25, 0.5, 3).beta(4.0).unperturbed();
        let sgd = sgd.set(Symbol::Mu, 2.0).set(Symbol::Sigma2, 3.0).set(Symbol::Delta, 64.0);
        // (1/2)^3*64 = 8 and 1*3/4.
        assert_near(sgd.bound(&THEOREM, None).total, 8.75);
        let sam = Example::stochastic(SampleReuse::Same, 0.125, 0.5, 3).beta(4.0);
        let sam = sam.set(Symbol::Mu, 2.0).set(Symbol::Sigma2, 3.0).set(Symbol::Delta, 64.0);
        assert!(!sam.applies(&THEOREM, None));
    }
}
