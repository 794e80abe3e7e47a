//! `sto-sc-slide`: the form of the stochastic strongly convex row in which rho hides noise.

use super::sto_sc_upper::{tuned_bound, tuned_step};
use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::method::Schedule;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-sc-slide",
    source: "Si & Yun, NeurIPS 2023 (their stochastic strongly convex row, here with a smaller constant); THEORY.md section 8",
    setting: "Stochastic SAM; f beta-smooth with mu > 0, gradient variance at most sigma2; n-SAM: q = beta*eta <= 1, bb = beta; m-SAM: components smooth, q <= 1/2, bb = max(beta, beta_rms).",
    statement: "E F_T <= (1-eta*mu)^T*Delta + q*[sigma2 - bb^2*rho^2]_+*c/(2*mu) + bb^2*rho^2/mu, c = 1 (n-SAM) or 2 (m-SAM). Tuned: the step and bound of sto-sc-upper with [sigma2 - bb^2*rho^2]_+ for sigma2 and bb^2*rho^2/mu for the last term",
    meaning: "Noise below bb*rho does not count: the perturbation already costs as much.",
    tightness: "Proven; sto-sc-upper is never worse and has half the floor.",
    example: "shortfall run trap 'stochastic-sam{eta=0.01,rho=0.2}' --start '[6.0]' --steps 2000",
    forms: &[
        Form::new(Kind::Upper, Mode::Expectation, |_| Quantity::suboptimality(Over::Final), requires, bound),
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
    let mut requirements = inputs.slide_requirements();
    requirements.push(inputs.strongly_convex());
    requirements
}

fn bound(inputs: &Inputs) -> Bound {
    let bias = (inputs.slide_smoothness() * inputs.rho()).square();
    let noise =
        inputs.q() * (inputs.sigma2() - bias).positive_part() * inputs.slide_noise_factor() / (2.0 * inputs.mu());
    Bound::sum(inputs.stochastic_contraction() * inputs.delta(), noise, bias / inputs.mu())
}

fn requires_tuned(inputs: &Inputs) -> Vec<Requirement> {
    let mut requirements = requires(inputs);
    requirements.extend([inputs.at_least_one_step(), inputs.made_for("sto-sc-slide", step(inputs))]);
    requirements
}

fn step(inputs: &Inputs) -> Option<Schedule> {
    inputs.constant_step(tuned_step(inputs, inputs.slide_noise()))
}

fn bound_tuned(inputs: &Inputs) -> Bound {
    let bias = (inputs.slide_smoothness() * inputs.rho()).square() / inputs.mu();
    tuned_bound(inputs, inputs.slide_noise(), bias)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constants::Symbol;
    use crate::method::SampleReuse;
    use crate::theorem::example::{Example, assert_near, assert_rounded};

    fn example(reuse: SampleReuse, eta: f64) -> Example {
        let example = Example::stochastic(reuse, eta, 0.25, 2).beta(2.0).set(Symbol::Mu, 0.5).set(Symbol::Delta, 8.0);
        example.set(Symbol::Sigma2, 5.0).set(Symbol::BetaRms, 4.0)
    }

    #[test]
    fn numbers_worked_by_hand() {
        // m: bb = 4, bias 1: (1 - 1/8)^2*8 = 6.125; q = 1/2: 0.5*(5-1)*2/(2*0.5) = 4; 1/0.5 = 2.
        let bound = example(SampleReuse::Same, 0.25).bound(&THEOREM, None);
        assert_near(bound.transient, 6.125);
        assert_near(bound.noise, 4.0);
        assert_near(bound.floor, 2.0);
        // n: bb = 2, bias 1/4: 0.5*(5-0.25)/(2*0.5) = 2.375; 0.25/0.5 = 0.5.
        let bound = example(SampleReuse::Independent, 0.25).bound(&THEOREM, None);
        assert_near(bound.noise, 2.375);
        assert_near(bound.floor, 0.5);
    }

    #[test]
    fn tuned_numbers_and_edges() {
        let tuned = |reuse, sigma2| {
            let example = Example::stochastic(reuse, 1.0, 0.25, 40).beta(2.0).set(Symbol::Mu, 0.5);
            let example = example.set(Symbol::Delta, 8.0).set(Symbol::Sigma2, sigma2).set(Symbol::BetaRms, 4.0);
            example.tuned(&THEOREM, Some("tuned"))
        };
        // m: bias 1, noise 5-1 = 4, Lam = ln(0.25*8*40/(2*4)) = ln 10: exp(-0.5*40/4)*8, 8*(1+Lam)/(0.25*40), 2.
        let m = tuned(SampleReuse::Same, 5.0);
        let expected = 8.0 * (-5f64).exp() + 0.8 * (1.0 + 10f64.ln()) + 2.0;
        assert_rounded(m.bound(&THEOREM, Some("tuned")).total, expected);
        assert!((m.eta().first() / (10f64.ln() / 20.0) - 1.0).abs() < 1e-14);
        assert!(m.bound(&THEOREM, None).total.high <= expected);
        // n: bias 1/4, noise 4.25-0.25 = 4, Lam = ln 20: exp(-10)*8, 8*(1+Lam)/(2*0.25*40), 0.5.
        let n = tuned(SampleReuse::Independent, 4.25);
        let expected = 8.0 * (-10f64).exp() + 0.4 * (1.0 + 20f64.ln()) + 0.5;
        assert_rounded(n.bound(&THEOREM, Some("tuned")).total, expected);
        // Noise below the bias: the largest step.
        for sigma2 in [0.0, 1.0] {
            assert_eq!(tuned(SampleReuse::Same, sigma2).eta().first(), 0.25);
            let bound = tuned(SampleReuse::Same, sigma2).bound(&THEOREM, Some("tuned"));
            assert_rounded(bound.total, 8.0 * (-5f64).exp() + 2.0);
        }
        assert!(!example(SampleReuse::Same, 0.2).applies(&THEOREM, Some("tuned")));
    }

    #[test]
    fn ranges() {
        assert!(example(SampleReuse::Independent, 0.5).applies(&THEOREM, None));
        assert!(!example(SampleReuse::Same, 0.25f64.next_up()).applies(&THEOREM, None));
    }
}
