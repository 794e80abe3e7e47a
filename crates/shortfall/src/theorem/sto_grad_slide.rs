//! `sto-grad-slide`: the form of the stochastic gradient row in which rho hides noise.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Scope, Theorem};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-grad-slide",
    source: "Si & Yun, NeurIPS 2023 (their stochastic convex row, here with a smaller constant, and without convexity); THEORY.md section 9",
    setting: "Stochastic SAM; f beta-smooth, bounded below, gradient variance at most sigma2; n-SAM: q = beta*eta <= 1, bb = beta; m-SAM: components smooth, q <= 1/2, bb = max(beta, beta_rms); T >= 1.",
    statement: "avg_{t<T} E |grad f(x_t)|^2 <= 2*Delta/(eta*T) + q*[sigma2 - bb^2*rho^2]_+*c + 2*bb^2*rho^2, c = 1 (n-SAM) or 2 (m-SAM)",
    meaning: "Noise below bb*rho does not count: the perturbation already costs as much.",
    tightness: "Proven; sto-grad-upper has half the floor.",
    example: "shortfall bound logistic 'stochastic-sam{eta=\"0.3/beta\",rho=0.02,batch=64}' --steps 30000",
    forms: &[Form {
        name: None,
        kind: Kind::Upper,
        scope: Scope::Instance,
        mode: Mode::Expectation,
        quantity: |_| Quantity::squared_gradient(Over::Mean),
        requires,
        bound,
        step: None,
        witnesses: &[],
    }],
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constants::Symbol;
    use crate::method::SampleReuse;
    use crate::theorem::example::{Example, assert_near};

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
    fn ranges() {
        assert!(example(SampleReuse::Independent, 0.5).applies(&THEOREM, None));
        assert!(!example(SampleReuse::Same, 0.25f64.next_up()).applies(&THEOREM, None));
    }
}
