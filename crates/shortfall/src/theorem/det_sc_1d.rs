//! `det-sc-1d`: on the line the floor of the best iterate is exactly that of the steepest parabola.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::{Number, Symbol};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-sc-1d",
    source: "THEORY.md section 3",
    setting: "Deterministic SAM; d = 1, f beta-smooth, mu-strongly convex; 0 < q = beta*eta <= 1.",
    statement: "min_{t<=T} F_t <= max(beta/2*((1-eta*mu)^T*|x0-x*|)^2, eta^2*beta^3*rho^2/(2*(2-q)^2))",
    meaning: "In one dimension the condition number does not enter the floor: no function does worse than the parabola of curvature beta.",
    tightness: "Proven, exactly sharp: the 2-cycle of the parabola of curvature beta has this value.",
    example: "shortfall run 'piecewise{breakpoints=[0.0],slopes=[1.0,4.0],gradient_at_zero=0.0}' 'sam{eta=0.2,rho=0.1}' --steps 200",
    forms: &[Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::suboptimality(Over::MinimumTo), requires, bound)
        // On the cycle, 0.25*2*0.5/(2-0.5) = 1/6.
        .witnessed(&[Witness {
            problem: "quadratic{eigenvalues=[2.0]}",
            method: "sam{eta=0.25,rho=0.5}",
            start: Some("[0.16666666666666666]"),
            steps: 200,
            seeds: None,
            assume: &[],
        }])],
};

/// Shared with `det-sc-1d-last`.
pub(super) fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let one = inputs.problem.dimension == 1;
    vec![
        inputs.deterministic_sam(),
        Requirement::new("d = 1", one, format!("the dimension is {}", inputs.problem.dimension)),
        inputs.known(Symbol::Beta),
        inputs.strongly_convex(),
        inputs.known(Symbol::D2),
        inputs.at_most("beta*eta", inputs.q(), 1.0),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let radius = inputs.eta() * inputs.beta() * inputs.rho() / (2.0 - inputs.q());
    Bound::max(transient(inputs), inputs.beta() / 2.0 * radius.square())
}

/// `beta/2 ((1 - eta mu)^T |x0 - x*|)^2`, shared with `det-sc-1d-last`.
pub(super) fn transient(inputs: &Inputs) -> Number {
    let shrunk = (inputs.eta() * inputs.mu()).one_minus_to_power(inputs.steps).square() * inputs.d2();
    inputs.beta() / 2.0 * shrunk
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    fn example(eta: f64) -> Example {
        let mut example =
            Example::deterministic(eta, 0.75, 2).beta(4.0).convex().set(Symbol::Mu, 0.5).set(Symbol::D2, 9.0);
        example.problem.dimension = 1;
        example
    }

    #[test]
    fn number_worked_by_hand() {
        // eta = 1/8: (1 - 1/16)^4 * 9 * 2 = 0.7724761962890625*18; q = 1/2: radius 0.5*0.75/1.5 = 1/4, 2/16.
        let bound = example(0.125).bound(&THEOREM, None);
        assert_near(bound.transient, 18.0 * 0.9375f64.powi(4));
        assert_near(bound.floor, 0.125);
    }

    #[test]
    fn one_dimension_and_a_closed_range() {
        assert!(example(0.25).applies(&THEOREM, None));
        assert!(!example(0.25f64.next_up()).applies(&THEOREM, None));
        let mut plane = example(0.25);
        plane.problem.dimension = 2;
        assert!(!plane.applies(&THEOREM, None));
    }
}
