//! `det-sc-upper`: on a strongly convex function the best iterate of SAM gets within a floor of order `eta^2 rho^2`.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::Symbol;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-sc-upper",
    source: "Si & Yun, NeurIPS 2023 (their deterministic strongly convex row, without a constant); THEORY.md section 3",
    setting: "Deterministic SAM; f convex, beta-smooth, with mu > 0 (the Polyak-Lojasiewicz constant is enough); q = \
              beta*eta < 1.",
    statement: "min_{t<=T} F_t <= max((1 - mu*eta*(2-q))^T*Delta, tau^2/(2*mu)), tau = beta^2*eta*rho/(2*(1-q)); \
                also min_{t<=T} |grad f(x_t)|^2 <= max(2*beta*(1 - mu*eta*(2-q))^T*Delta, tau^2)",
    meaning: "SAM descends as fast as gradient descent while the gradient is longer than tau, and nothing is \
              promised below: with a constant step the best iterate stops at a floor that shrinks with eta^2 rho^2.",
    tightness: "The floor's factor 1/8 is sharp in the limit of small steps and large condition numbers \
                (ridge-shaped functions in two dimensions); on quadratics the true floor is smaller by about the \
                condition number.",
    example: "shortfall bound quadratic 'sam{eta=\"0.3/beta\",rho=0.05}' --steps 1000",
    forms: &[
        Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::suboptimality(Over::MinimumTo), requires, bound),
        Form::new(
            Kind::Upper,
            Mode::Pathwise,
            |_| Quantity::squared_gradient(Over::MinimumTo),
            requires,
            gradient_bound,
        )
        .named("gradient"),
    ],
};

pub(super) fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.deterministic_sam(),
        inputs.known(Symbol::Beta),
        inputs.convex(),
        inputs.strongly_convex(),
        inputs.known(Symbol::Delta),
        inputs.below("beta*eta", inputs.q(), 1.0),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let floor = inputs.gradient_threshold().square() / (2.0 * inputs.mu());
    Bound::max(inputs.contraction() * inputs.delta(), floor)
}

fn gradient_bound(inputs: &Inputs) -> Bound {
    let transient = 2.0 * inputs.beta() * inputs.contraction() * inputs.delta();
    Bound::max(transient, inputs.gradient_threshold().square())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    fn example(eta: f64, steps: u64) -> Example {
        let example = Example::deterministic(eta, 3.0, steps).beta(4.0).convex();
        example.set(Symbol::Mu, 2.0).set(Symbol::Delta, 40.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // beta = 4, mu = 2, eta = 1/8: q = 1/2, mu*eta*(2-q) = 3/8, (5/8)^3*40 = 9.765625;
        // tau = 16*(1/8)*3/(2*(1/2)) = 6, tau^2/(2*2) = 9.
        let bound = example(0.125, 3).bound(&THEOREM, None);
        assert_near(bound.transient, 9.765625);
        assert_near(bound.floor, 9.0);
        assert_near(bound.total, 9.765625);
        assert_near(example(0.125, 4).bound(&THEOREM, None).total, 9.0);
        // The gradient: 2*4*9.765625 = 78.125 against tau^2 = 36.
        let bound = example(0.125, 3).bound(&THEOREM, Some("gradient"));
        assert_near(bound.total, 78.125);
        assert_near(bound.floor, 36.0);
    }

    #[test]
    fn the_range_is_open_and_no_step_is_a_step_too() {
        assert!(example(0.25f64.next_down(), 3).applies(&THEOREM, None));
        assert!(!example(0.25, 3).applies(&THEOREM, None));
        assert_near(example(0.125, 0).bound(&THEOREM, None).total, 40.0);
        assert_near(example(0.125, 3).unperturbed().bound(&THEOREM, None).floor, 0.0);
        assert!(!example(0.125, 3).set(Symbol::Mu, 0.0).applies(&THEOREM, Some("gradient")));
    }
}
