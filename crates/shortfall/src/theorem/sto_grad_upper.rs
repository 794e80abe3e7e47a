//! `sto-grad-upper`: the average squared gradient of stochastic SAM on any smooth function.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::{Number, Symbol};
use crate::method::{SampleReuse, Schedule};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-grad-upper",
    source: "Si & Yun, NeurIPS 2023 (their stochastic convex row, with a tuned step); without convexity: THEORY.md \
             section 9",
    setting: "Stochastic SAM; f beta-smooth, bounded below, convex or not, gradient variance at most sigma2; T >= 1. \
              n-SAM: q = beta*eta <= 1. m-SAM: components beta_xi-smooth, q < 1.",
    statement: "avg_{t<T} E |grad f(x_t)|^2 <= 2*Delta/(eta*T) + b^2*rho^2 + q*sigma2*cv; n-SAM: b = beta, cv = 1; \
                m-SAM: b = beta_rms, cv = 1/(1-q). Alternative for m-SAM, q <= 1/2: b^2 = beta_bar^2 + \
                2*q*(beta_rms^2-beta_bar^2), cv = 2. \
                Tuned: eta = min(1/(c*beta), sqrt(2*Delta/(c*beta*sigma2*T))), c = 1 (n-SAM) or 2 (m-SAM), gives \
                2*c*beta*Delta/T + 2*sqrt(2*c*beta*Delta*sigma2/T) + b^2*rho^2",
    meaning: "Time removes the first term and a small step the last one; the middle one, the price of perturbing \
              every gradient by rho, stays.",
    tightness: "The floor b^2*rho^2 cannot be improved for either method, even for convex f.",
    example: "shortfall run mixture 'stochastic-sam{eta=0.01,rho=0.1}' --start '[6.0]' --steps 3000",
    forms: &[
        Form::new(Kind::Upper, Mode::Expectation, |_| Quantity::squared_gradient(Over::Mean), requires, bound)
            // m-SAM at rest on the mixture of sto-m-sharp, n-SAM on the noise of sto-add-noise.
            .witnessed(&[
                Witness {
                    problem: "sharp-trap",
                    method: "stochastic-sam{eta=0.0002,rho=1.0}",
                    start: Some("[4.5]"),
                    steps: 500_000,
                    seeds: Some(8),
                    assume: &[],
                },
                Witness {
                    problem: "additive-noise{p=0.005,noise=1.3}",
                    method: "stochastic-sam{eta=0.00003,rho=1.0,sampling=\"independent\"}",
                    start: Some("[1.05]"),
                    steps: 5_000_000,
                    seeds: Some(8),
                    assume: &[],
                },
            ]),
        Form::new(
            Kind::Upper,
            Mode::Expectation,
            |_| Quantity::squared_gradient(Over::Mean),
            requires_alternative,
            bound_alternative,
        )
        .named("alternative"),
        Form::new(
            Kind::Upper,
            Mode::Expectation,
            |_| Quantity::squared_gradient(Over::Mean),
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

fn requires_tuned(inputs: &Inputs) -> Vec<Requirement> {
    let mut requirements = requires(inputs);
    requirements.push(inputs.made_for("sto-grad-upper", step(inputs)));
    requirements
}

fn step(inputs: &Inputs) -> Option<Schedule> {
    inputs.constant_step(tuned_step(inputs, inputs.sigma2()))
}

fn bound_tuned(inputs: &Inputs) -> Bound {
    tuned_bound(inputs, inputs.sigma2(), (inputs.bias_smoothness() * inputs.rho()).square())
}

/// The largest allowed step, or the one that balances transient and noise: sigma2 or its part above the bias.
pub(super) fn tuned_step(inputs: &Inputs, noise: Number) -> Number {
    let largest = inputs.largest_stochastic_step();
    if noise.is_at_most(0.0) {
        return largest;
    }
    let factor = 2.0 / inputs.slide_noise_factor();
    largest.min((factor * inputs.delta() / (inputs.beta() * noise * inputs.horizon())).sqrt())
}

/// The bound at this step.
pub(super) fn tuned_bound(inputs: &Inputs, noise: Number, bias: Number) -> Bound {
    let factor = inputs.slide_noise_factor();
    let each = 2.0 * inputs.beta() * inputs.delta() * factor / inputs.horizon();
    Bound::sum(each, 2.0 * (each * noise).sqrt(), bias).for_a_rounded_step()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near, assert_rounded};

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
    fn tuned_number_and_edges() {
        let tuned = |reuse, sigma2, delta, steps| {
            let example = Example::stochastic(reuse, 1.0, 0.5, steps).betas(4.0, 5.0, 6.0, 8.0);
            example.set(Symbol::Sigma2, sigma2).set(Symbol::Delta, delta).tuned(&THEOREM, Some("tuned"))
        };
        // T = 150. n: sqrt(18/(12*150)) = 1/10: 72/150 = 0.48, 2*sqrt(2*4*9*3/150) = 2.4, 4.
        let n = tuned(SampleReuse::Independent, 3.0, 9.0, 150);
        assert!((n.eta().first() * 10.0 - 1.0).abs() < 1e-15);
        assert_rounded(n.bound(&THEOREM, Some("tuned")).total, 6.88);
        // T = 300. m: sqrt(9/(12*300)) = 1/20: 16*9/300 = 0.48, 4*sqrt(4*9*3/300) = 2.4, 9.
        let m = tuned(SampleReuse::Same, 3.0, 9.0, 300);
        assert!((m.eta().first() * 20.0 - 1.0).abs() < 1e-15);
        assert_rounded(m.bound(&THEOREM, Some("tuned")).total, 11.88);
        for reuse in [SampleReuse::Same, SampleReuse::Independent] {
            for sigma2 in [0.0, 1e-200, 3.0, 1e9] {
                for steps in [1, 2, 150, 1_000_000] {
                    let example = tuned(reuse, sigma2, 9.0, steps);
                    let best = example.bound(&THEOREM, Some("tuned")).total.high;
                    assert!(example.bound(&THEOREM, None).total.high <= best * (1.0 + 1e-13) && best.is_finite());
                }
            }
        }
        // No noise: the largest step, even at a minimiser; with noise there is no such step there.
        assert_eq!(tuned(SampleReuse::Same, 0.0, 9.0, 300).eta().first(), 0.125);
        assert_rounded(tuned(SampleReuse::Same, 0.0, 0.0, 300).bound(&THEOREM, Some("tuned")).total, 9.0);
        let still = example(SampleReuse::Independent, 0.1, 48).set(Symbol::Delta, 0.0);
        assert!(!still.applies(&THEOREM, Some("tuned")));
        assert!(!example(SampleReuse::Independent, 0.1, 48).applies(&THEOREM, Some("tuned")));
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
