//! `det-sc-1d-last`: on the line the last iterate of SAM is within `beta eta rho` of the minimiser.

use super::det_sc_1d::{requires, transient};
use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Theorem};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-sc-1d-last",
    source: "THEORY.md section 3",
    setting: "Deterministic SAM; d = 1, f beta-smooth, mu-strongly convex; 0 < q = beta*eta <= 1.",
    statement: "F_T <= beta/2*max((1-eta*mu)^T*|x0-x*|, q*rho)^2",
    meaning: "In one dimension SAM can overshoot the minimiser by at most beta*eta*rho, so the last iterate is as good as that.",
    tightness: "Proven; within a factor 4 of the floor of the best iterate.",
    example: "shortfall run 'piecewise{breakpoints=[0.0],slopes=[1.0,4.0],gradient_at_zero=0.0}' 'sam{eta=0.2,rho=0.1}' --steps 200",
    forms: &[Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::suboptimality(Over::Final), requires, bound)],
};

fn bound(inputs: &Inputs) -> Bound {
    let overshoot = (inputs.q() * inputs.rho()).square();
    Bound::max(transient(inputs), inputs.beta() / 2.0 * overshoot)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constants::Symbol;
    use crate::theorem::example::{Example, assert_near};

    fn example(eta: f64) -> Example {
        let mut example =
            Example::deterministic(eta, 0.75, 2).beta(4.0).convex().set(Symbol::Mu, 0.5).set(Symbol::D2, 9.0);
        example.problem.dimension = 1;
        example
    }

    #[test]
    fn number_worked_by_hand() {
        // q = 1/2: 2*(0.5*0.75)^2 = 0.28125.
        let bound = example(0.125).bound(&THEOREM, None);
        assert_near(bound.transient, 18.0 * 0.9375f64.powi(4));
        assert_near(bound.floor, 0.28125);
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
