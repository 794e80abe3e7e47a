//! `sto-lip-upper`: stochastic SAM on Lipschitz functions, for any step size, in the metric of the paper.

use super::{Bound, Form, Inputs, Kind, Measure, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::{Number, Symbol};
use crate::method::Schedule;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-lip-upper",
    source: "Si & Yun, NeurIPS 2023 (their stochastic nonconvex row, with 5*beta^2*rho^2); constant 1: THEORY.md \
             section 10",
    setting: "Stochastic SAM, any eta > 0; f beta-smooth, L-Lipschitz, bounded below, gradient variance at most \
              sigma2; T >= 1. m-SAM: components beta_xi-smooth.",
    statement: "avg_{t<T} E (|grad f(x_t)| - b*rho)^2 <= 2*Delta/(eta*T) + beta*eta*M2 + b^2*rho^2; n-SAM: b = beta, \
                M2 = L^2+sigma2; m-SAM: b = beta_bar, M2 = (sqrt(L^2+sigma2)+beta_rms*rho)^2. \
                Tuned: eta = sqrt(2*Delta/(beta*M2*T)) gives 2*sqrt(2*beta*Delta*M2/T) + b^2*rho^2",
    meaning: "Whatever the step size, gradients end up within a few b*rho of b*rho in length; this says nothing \
              about whether they vanish.",
    tightness: "No smaller floor is possible in this metric, which is b^2*rho^2 at every stationary point; where \
                sto-grad-upper applies it is stronger and simpler.",
    example: "shortfall bound 'mixture{components=[{breakpoints=[-1.0,1.0],slopes=[0.0,1.0,0.0],gradient_at_zero=0.5},\
              {breakpoints=[-1.0,1.0],slopes=[0.0,1.0,0.0],gradient_at_zero=-0.5}],probabilities=[0.5,0.5]}' \
              'stochastic-sam{eta=0.05,rho=0.25}' --steps 10000 --start '[3.0]'",
    forms: &[
        Form::new(Kind::Upper, Mode::Expectation, quantity, requires, bound),
        Form::new(Kind::Upper, Mode::Expectation, quantity, requires_tuned, bound_tuned).named("tuned").made_for(step),
    ],
};

/// b, the same in the measured quantity and the bound.
fn smoothness(inputs: &Inputs) -> Number {
    if inputs.uses_same_sample_form() { inputs.beta_bar() } else { inputs.beta() }
}

fn quantity(inputs: &Inputs) -> Quantity {
    let threshold = (smoothness(inputs) * inputs.rho()).middle();
    // Without b there is no bound to compare with.
    let threshold = if threshold.is_finite() { threshold } else { 0.0 };
    Quantity { measure: Measure::GradientExcess { threshold }, over: Over::Mean }
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let mut requirements = vec![
        inputs.stochastic_sam(),
        inputs.known(Symbol::Beta),
        inputs.known(Symbol::L),
        inputs.known(Symbol::Sigma2),
        inputs.known(Symbol::Delta),
    ];
    if inputs.uses_same_sample_form() {
        requirements.extend([inputs.known(Symbol::BetaBar), inputs.known(Symbol::BetaRms)]);
    }
    requirements.push(inputs.at_least_one_step());
    requirements
}

fn bound(inputs: &Inputs) -> Bound {
    let transient = 2.0 * inputs.delta() / (inputs.eta() * inputs.horizon());
    let floor = (smoothness(inputs) * inputs.rho()).square();
    choosing(inputs, Bound::sum(transient, inputs.q() * second_moment(inputs), floor))
}

/// M2.
fn second_moment(inputs: &Inputs) -> Number {
    let moment = inputs.constant(Symbol::L).square() + inputs.sigma2();
    if !inputs.uses_same_sample_form() {
        return moment;
    }
    (moment.sqrt() + inputs.beta_rms() * inputs.rho()).square()
}

fn choosing(inputs: &Inputs, bound: Bound) -> Bound {
    if inputs.uses_same_sample_form() { bound.choosing("b=beta_bar") } else { bound }
}

fn requires_tuned(inputs: &Inputs) -> Vec<Requirement> {
    let mut requirements = requires(inputs);
    requirements.push(inputs.made_for("sto-lip-upper", step(inputs)));
    requirements
}

fn step(inputs: &Inputs) -> Option<Schedule> {
    let square = 2.0 * inputs.delta() / (inputs.beta() * second_moment(inputs) * inputs.horizon());
    inputs.constant_step(square.sqrt())
}

fn bound_tuned(inputs: &Inputs) -> Bound {
    let root = (2.0 * inputs.beta() * inputs.delta() * second_moment(inputs) / inputs.horizon()).sqrt();
    // The step makes the first two terms equal; both vanish as T grows.
    let bound = Bound::sum(2.0 * root, Number::exact(0.0), (smoothness(inputs) * inputs.rho()).square());
    choosing(inputs, bound.for_a_rounded_step())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::SampleReuse;
    use crate::theorem::example::{Example, assert_near, assert_rounded};

    fn example(reuse: SampleReuse, steps: u64) -> Example {
        let example = Example::stochastic(reuse, 0.5, 0.25, steps).betas(4.0, 6.0, 8.0, 10.0);
        example.set(Symbol::L, 2.0).set(Symbol::Sigma2, 5.0).set(Symbol::Delta, 9.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // 2*9/(12/2) = 3; q = 2. n: M2 = 4 + 5 = 9, b*rho = 1. m: M2 = (3 + 8/4)^2 = 25, b*rho = 6/4.
        let n = example(SampleReuse::Independent, 12);
        let bound = n.bound(&THEOREM, None);
        assert_near(bound.transient, 3.0);
        assert_near(bound.noise, 18.0);
        assert_near(bound.total, 22.0);
        assert_eq!(n.quantity(&THEOREM, None).measure, Measure::GradientExcess { threshold: 1.0 });
        let m = example(SampleReuse::Same, 12);
        let bound = m.bound(&THEOREM, None);
        assert_near(bound.noise, 50.0);
        assert_near(bound.total, 55.25);
        assert_eq!(bound.chosen, Some("b=beta_bar"));
        assert_eq!(m.quantity(&THEOREM, None).measure, Measure::GradientExcess { threshold: 1.5 });
    }

    #[test]
    fn tuned_number_and_edges() {
        let tuned = |reuse, steps| example(reuse, steps).tuned(&THEOREM, Some("tuned"));
        // n: M2 = 9, sqrt(2*9/(4*9*8)) = 1/4; 2*sqrt(2*4*9*9/8) = 18, 1. m: M2 = 25, 2*sqrt(2*4*9*25/8) = 30, 2.25.
        let n = tuned(SampleReuse::Independent, 8);
        assert!((n.eta().first() * 4.0 - 1.0).abs() < 1e-15);
        assert_rounded(n.bound(&THEOREM, Some("tuned")).total, 19.0);
        assert_near(n.bound(&THEOREM, Some("tuned")).floor, 1.0);
        assert_rounded(tuned(SampleReuse::Same, 8).bound(&THEOREM, Some("tuned")).total, 32.25);
        for steps in [1, 2, 9, 1000] {
            let m = tuned(SampleReuse::Same, steps);
            let best = m.bound(&THEOREM, Some("tuned")).total.high;
            assert!(m.bound(&THEOREM, None).total.high <= best * (1.0 + 1e-13));
        }
        assert!(!example(SampleReuse::Same, 8).applies(&THEOREM, Some("tuned")));
        // No noise: M2 = L^2; at the minimiser, or with L = 0 too, there is no such step.
        let quiet = example(SampleReuse::Independent, 8).set(Symbol::Sigma2, 0.0);
        assert_rounded(quiet.tuned(&THEOREM, Some("tuned")).bound(&THEOREM, Some("tuned")).total, 13.0);
        let quiet = example(SampleReuse::Independent, 8).set(Symbol::Sigma2, 0.0).set(Symbol::L, 0.0);
        assert!(!quiet.applies(&THEOREM, Some("tuned")));
        assert!(!example(SampleReuse::Same, 8).set(Symbol::Delta, 0.0).applies(&THEOREM, Some("tuned")));
    }

    #[test]
    fn what_it_needs() {
        assert!(!example(SampleReuse::Same, 0).applies(&THEOREM, None));
        let bare = |reuse| {
            let example = Example::stochastic(reuse, 0.5, 0.25, 12).beta(4.0).set(Symbol::L, 2.0);
            example.set(Symbol::Sigma2, 5.0).set(Symbol::Delta, 9.0)
        };
        assert!(bare(SampleReuse::Independent).applies(&THEOREM, None));
        assert!(!bare(SampleReuse::Same).applies(&THEOREM, None));
        let sgd = bare(SampleReuse::Same).unperturbed();
        assert_near(sgd.bound(&THEOREM, None).total, 21.0);
        assert_eq!(sgd.quantity(&THEOREM, None).measure, Measure::GradientExcess { threshold: 0.0 });
        // Nothing known: not applicable, and no NaN in the quantity.
        let nothing = Example::stochastic(SampleReuse::Same, 0.5, 0.25, 12);
        assert_eq!(nothing.quantity(&THEOREM, None).measure, Measure::GradientExcess { threshold: 0.0 });
    }
}
