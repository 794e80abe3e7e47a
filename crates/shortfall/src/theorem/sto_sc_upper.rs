//! `sto-sc-upper`: the last iterate of stochastic SAM on a strongly convex function, up to a bias and a noise floor.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::{Number, Symbol};
use crate::method::{SampleReuse, Schedule};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-sc-upper",
    source: "Si & Yun, NeurIPS 2023 (their stochastic strongly convex row, with a tuned step); THEORY.md section 8",
    setting: "Stochastic SAM; f beta-smooth with mu > 0 (the Polyak-Lojasiewicz constant is enough), gradient \
              variance at most sigma2. n-SAM: q = beta*eta <= 1. m-SAM: components beta_xi-smooth, q < 1.",
    statement: "E F_T <= (1-eta*mu)^T*Delta + b^2*rho^2/(2*mu) + q*sigma2*cv/(2*mu); n-SAM: b = beta, cv = 1; m-SAM: \
                b = beta_rms, cv = 1/(1-q). Alternative for m-SAM, q <= 1/2: b^2 = beta_bar^2 + \
                2*q*(beta_rms^2-beta_bar^2), cv = 2. \
                Tuned: eta = min(1/(c*beta), Lam/(mu*T)), Lam = max(1, ln(2*mu^2*Delta*T/(c*beta*sigma2))), c = 1 \
                (n-SAM) or 2 (m-SAM), gives exp(-mu*T/(c*beta))*Delta + c*beta*sigma2*(1+Lam)/(2*mu^2*T) + \
                b^2*rho^2/(2*mu)",
    meaning: "A small step removes the noise but not the bias of the perturbation: the bound stays at \
              b^2*rho^2/(2*mu) however long and slowly one trains, unless rho is made smaller.",
    tightness: "For m-SAM the floor is attained by a mixture of two one-dimensional functions, and beta_rms cannot \
                be replaced by the smoothness of f; for n-SAM on a convex f the true floor is of order beta*rho^2.",
    example: "shortfall run trap 'stochastic-sam{eta=0.01,rho=0.2}' --start '[6.0]' --steps 2000",
    forms: &[
        Form::new(Kind::Upper, Mode::Expectation, |_| Quantity::suboptimality(Over::Final), requires, bound)
            // m-SAM at rest on the mixture of sto-m-sharp: the floor is beta_c^2*rho^2/(2*mu).
            .witnessed(&[Witness {
                problem: "sharp-trap",
                method: "stochastic-sam{eta=0.0002,rho=1.0}",
                start: Some("[6.0]"),
                steps: 50_000,
                seeds: Some(400),
                assume: &[],
            }]),
        Form::new(
            Kind::Upper,
            Mode::Expectation,
            |_| Quantity::suboptimality(Over::Final),
            requires_alternative,
            bound_alternative,
        )
        .named("alternative"),
        Form::new(
            Kind::Upper,
            Mode::Expectation,
            |_| Quantity::suboptimality(Over::Final),
            requires_tuned,
            bound_tuned,
        )
        .named("tuned")
        .made_for(step),
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

fn requires_tuned(inputs: &Inputs) -> Vec<Requirement> {
    let mut requirements = requires(inputs);
    requirements.extend([inputs.at_least_one_step(), inputs.made_for("sto-sc-upper", step(inputs))]);
    requirements
}

fn step(inputs: &Inputs) -> Option<Schedule> {
    inputs.constant_step(tuned_step(inputs, inputs.sigma2()))
}

fn bound_tuned(inputs: &Inputs) -> Bound {
    let bias = (inputs.bias_smoothness() * inputs.rho()).square() / (2.0 * inputs.mu());
    tuned_bound(inputs, inputs.sigma2(), bias)
}

/// `Lam` for `noise > 0`.
fn logarithm(inputs: &Inputs, noise: Number) -> Number {
    let signal = 2.0 * inputs.mu().ln() + inputs.delta().ln() + inputs.horizon().ln();
    let factor = (2.0 / inputs.slide_noise_factor()).ln();
    (signal + factor - inputs.beta().ln() - noise.ln()).max(Number::exact(1.0))
}

/// The largest allowed step, or `Lam/(mu T)`, with this noise: sigma2 or its part above the bias.
pub(super) fn tuned_step(inputs: &Inputs, noise: Number) -> Number {
    let largest = inputs.largest_stochastic_step();
    if noise.is_at_most(0.0) {
        return largest;
    }
    largest.min(logarithm(inputs, noise) / (inputs.mu() * inputs.horizon()))
}

/// The bound at this step.
pub(super) fn tuned_bound(inputs: &Inputs, noise: Number, bias: Number) -> Bound {
    let (mu, steps) = (inputs.mu(), inputs.horizon());
    let transient = (-(mu * steps * inputs.largest_stochastic_step())).exp() * inputs.delta();
    let rest = if noise.is_at_most(0.0) {
        Number::exact(0.0)
    } else {
        let scale = inputs.beta() * noise * inputs.slide_noise_factor() / (2.0 * mu.square() * steps);
        scale * (1.0 + logarithm(inputs, noise))
    };
    Bound::sum(transient, rest, bias).for_a_rounded_step()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near, assert_rounded};

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

    fn tuned(reuse: SampleReuse, sigma2: f64, delta: f64, steps: u64) -> Example {
        let example = Example::stochastic(reuse, 1.0, 0.5, steps).betas(4.0, 5.0, 6.0, 8.0).set(Symbol::Mu, 2.0);
        example.set(Symbol::Sigma2, sigma2).set(Symbol::Delta, delta).tuned(&THEOREM, Some("tuned"))
    }

    #[test]
    fn tuned_number_worked_by_hand() {
        let bound = |reuse, steps| tuned(reuse, 3.0, 64.0, steps).bound(&THEOREM, Some("tuned"));
        // T = 30. n: Lam = ln(2*4*64*30/12) = ln 1280, eta = Lam/60; exp(-15)*64, 12*(1+Lam)/(8*30), 1.
        let log = 1280f64.ln();
        let n = bound(SampleReuse::Independent, 30);
        assert_near(n.noise, (1.0 + log) / 20.0);
        assert_rounded(n.total, 64.0 * (-15f64).exp() + (1.0 + log) / 20.0 + 1.0);
        let eta = tuned(SampleReuse::Independent, 3.0, 64.0, 30).eta().first();
        assert!((eta * 60.0 / log - 1.0).abs() < 1e-14);
        // m: Lam = ln 640; exp(-7.5)*64, 12*(1+Lam)/(4*30), 36/4/4.
        let log = 640f64.ln();
        let m = bound(SampleReuse::Same, 30);
        assert_rounded(m.total, 64.0 * (-7.5f64).exp() + (1.0 + log) / 10.0 + 2.25);
        // Short: the largest steps.
        assert_eq!(tuned(SampleReuse::Independent, 3.0, 64.0, 3).eta().first(), 0.25);
        assert_eq!(tuned(SampleReuse::Same, 3.0, 64.0, 3).eta().first(), 0.125);
    }

    #[test]
    fn tuned_edges() {
        // No noise is decided first: the largest step; then Delta = 0: Lam = 1.
        let quiet = tuned(SampleReuse::Same, 0.0, 64.0, 30);
        assert_eq!(quiet.eta().first(), 0.125);
        assert_rounded(quiet.bound(&THEOREM, Some("tuned")).total, 64.0 * (-7.5f64).exp() + 2.25);
        let both = tuned(SampleReuse::Independent, 0.0, 0.0, 30);
        assert_rounded(both.bound(&THEOREM, Some("tuned")).total, 1.0);
        let still = tuned(SampleReuse::Independent, 3.0, 0.0, 30);
        assert_rounded(still.bound(&THEOREM, Some("tuned")).total, 1.1);
        for reuse in [SampleReuse::Same, SampleReuse::Independent] {
            assert!(!example(reuse, 0.1).applies(&THEOREM, Some("tuned")));
            for (sigma2, delta) in [(0.0, 64.0), (1e-200, 64.0), (3.0, 64.0), (1e9, 64.0), (3.0, 0.0), (3.0, 1e-30)] {
                for steps in [1, 2, 30, 1000, 1_000_000] {
                    let example = tuned(reuse, sigma2, delta, steps);
                    let best = example.bound(&THEOREM, Some("tuned")).total.high;
                    let base = example.bound(&THEOREM, None).total.high;
                    assert!(best.is_finite() && base <= best * (1.0 + 1e-13), "{reuse:?} {sigma2} {delta} {steps}");
                }
            }
        }
        let none = Example::stochastic(SampleReuse::Independent, 0.1, 0.5, 0).beta(4.0).set(Symbol::Mu, 2.0);
        assert!(!none.set(Symbol::Sigma2, 3.0).set(Symbol::Delta, 64.0).applies(&THEOREM, Some("tuned")));
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
