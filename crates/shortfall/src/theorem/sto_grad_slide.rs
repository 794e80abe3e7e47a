//! `sto-grad-slide`: the form of the stochastic gradient row in which rho hides noise.

use super::sto_grad_upper::{tuned_bound, tuned_step};
use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::method::Schedule;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-grad-slide",
    source: "Si & Yun, NeurIPS 2023 (their stochastic convex row, here with a smaller constant, and without convexity); THEORY.md section 9",
    setting: "Stochastic SAM; f beta-smooth, bounded below, gradient variance at most sigma2; n-SAM: q = beta*eta <= 1, bb = beta; m-SAM: components smooth, q <= 1/2, bb = max(beta, beta_rms); T >= 1.",
    statement: "avg_{t<T} E |grad f(x_t)|^2 <= 2*Delta/(eta*T) + q*[sigma2 - bb^2*rho^2]_+*c + 2*bb^2*rho^2, c = 1 (n-SAM) or 2 (m-SAM). Tuned: the step and bound of sto-grad-upper with [sigma2 - bb^2*rho^2]_+ for sigma2 and 2*bb^2*rho^2 for the last term",
    meaning: "Noise below bb*rho does not count: the perturbation already costs as much.",
    tightness: "Proven; sto-grad-upper has half the floor.",
    example: "shortfall bound logistic 'stochastic-sam{eta=\"0.3/beta\",rho=0.02,batch=64}' --steps 30000",
    forms: &[
        Form::new(Kind::Upper, Mode::Expectation, |_| Quantity::squared_gradient(Over::Mean), requires, bound),
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
    let mut requirements = inputs.slide_requirements();
    requirements.push(inputs.at_least_one_step());
    requirements
}

fn bound(inputs: &Inputs) -> Bound {
    let bias = (inputs.slide_smoothness() * inputs.rho()).square();
    let noise = inputs.q() * (inputs.sigma2() - bias).positive_part() * inputs.slide_noise_factor();
    Bound::sum(2.0 * inputs.delta() / (inputs.eta() * inputs.horizon()), noise, 2.0 * bias)
}

fn requires_tuned(inputs: &Inputs) -> Vec<Requirement> {
    let mut requirements = requires(inputs);
    requirements.push(inputs.made_for("sto-grad-slide", step(inputs)));
    requirements
}

fn step(inputs: &Inputs) -> Option<Schedule> {
    inputs.constant_step(tuned_step(inputs, inputs.slide_noise()))
}

fn bound_tuned(inputs: &Inputs) -> Bound {
    tuned_bound(inputs, inputs.slide_noise(), 2.0 * (inputs.slide_smoothness() * inputs.rho()).square())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constants::Symbol;
    use crate::method::SampleReuse;
    use crate::theorem::example::{Example, assert_near, assert_rounded};

    fn example(reuse: SampleReuse, eta: f64) -> Example {
        let example = Example::stochastic(reuse, eta, 0.25, 16).beta(2.0).set(Symbol::Delta, 8.0);
        example.set(Symbol::Sigma2, 5.0).set(Symbol::BetaRms, 4.0)
    }

    #[test]
    fn numbers_worked_by_hand() {
        // 16/(0.25*16) = 4; m: bb = 4, bias 1: 0.5*4*2 = 4, 2; n: bias 1/4: 0.5*4.75 = 2.375, 0.5.
        let bound = example(SampleReuse::Same, 0.25).bound(&THEOREM, None);
        assert_near(bound.transient, 4.0);
        assert_near(bound.noise, 4.0);
        assert_near(bound.floor, 2.0);
        let bound = example(SampleReuse::Independent, 0.25).bound(&THEOREM, None);
        assert_near(bound.noise, 2.375);
        assert_near(bound.floor, 0.5);
    }

    #[test]
    fn tuned_numbers_and_edges() {
        let tuned = |reuse, sigma2| {
            let example = Example::stochastic(reuse, 1.0, 0.25, 64).beta(2.0).set(Symbol::Delta, 8.0);
            let example = example.set(Symbol::Sigma2, sigma2).set(Symbol::BetaRms, 4.0);
            example.tuned(&THEOREM, Some("tuned"))
        };
        // m: bias 1, noise 4, sqrt(8/(2*4*64)) = 1/8: 4*2*8/64 = 1, 4*sqrt(2*8*4/64) = 4, 2.
        let m = tuned(SampleReuse::Same, 5.0);
        assert!((m.eta().first() * 8.0 - 1.0).abs() < 1e-15);
        assert_rounded(m.bound(&THEOREM, Some("tuned")).total, 7.0);
        assert!(m.bound(&THEOREM, None).total.high <= 7.0);
        // n: bias 1/4, noise 2.25-0.25 = 2: 2*2*8/64 = 0.5, 2*sqrt(2*2*8*2/64) = 2, 0.5.
        assert_rounded(tuned(SampleReuse::Independent, 2.25).bound(&THEOREM, Some("tuned")).total, 3.0);
        // Noise below the bias: the largest step.
        assert_eq!(tuned(SampleReuse::Same, 1.0).eta().first(), 0.25);
        assert_rounded(tuned(SampleReuse::Same, 0.5).bound(&THEOREM, Some("tuned")).total, 3.0);
        assert!(!example(SampleReuse::Same, 0.2).applies(&THEOREM, Some("tuned")));
    }

    #[test]
    fn ranges() {
        assert!(example(SampleReuse::Independent, 0.5).applies(&THEOREM, None));
        assert!(!example(SampleReuse::Same, 0.25f64.next_up()).applies(&THEOREM, None));
    }
}
