//! `det-cvx-upper`: on a convex function the average squared gradient of SAM ends at a floor of order `eta rho^2`.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Scope, Theorem};
use crate::constants::{Number, Symbol};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-cvx-upper",
    source: "Si & Yun, NeurIPS 2023 (their deterministic convex row, with a tuned step); THEORY.md section 5",
    setting: "Deterministic SAM; f convex, beta-smooth, bounded below; 0 < q = beta*eta <= 1; T >= 1.",
    statement: "avg_{t<T} |grad f(x_t)|^2 <= 2*Delta/(eta*(2-q)*T) + beta^3*eta*rho^2/(2-q)",
    meaning: "On a convex function a smaller step makes the floor of the gradients smaller too: SAM converges to any \
              accuracy if only the step is small enough.",
    tightness: "Proven; whether the floor must be linear in eta is open (known examples show eta^2 only).",
    example: "shortfall bound logistic 'sam{eta=\"0.3/beta\",rho=0.02}' --steps 30000",
    forms: &[Form {
        name: None,
        kind: Kind::Upper,
        scope: Scope::Instance,
        mode: Mode::Pathwise,
        quantity: |_| Quantity::squared_gradient(Over::Mean),
        requires,
        bound,
        step: None,
        witnesses: &[],
    }],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.deterministic_sam(),
        inputs.known(Symbol::Beta),
        inputs.convex(),
        inputs.known(Symbol::Delta),
        inputs.at_most("beta*eta", inputs.q(), 1.0),
        inputs.at_least_one_step(),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let slack = 2.0 - inputs.q();
    let transient = 2.0 * inputs.delta() / (inputs.eta() * slack * inputs.horizon());
    let floor = inputs.q() * (inputs.beta() * inputs.rho()).square() / slack;
    Bound::sum(transient, Number::exact(0.0), floor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    fn example(eta: f64, steps: u64) -> Example {
        Example::deterministic(eta, 0.75, steps).beta(4.0).convex().set(Symbol::Delta, 9.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // beta = 4, eta = 1/8: q = 1/2, 2-q = 3/2; 2*9/((3/16)*48) = 2; 64*(1/8)*(9/16)/(3/2) = 3.
        let bound = example(0.125, 48).bound(&THEOREM, None);
        assert_near(bound.transient, 2.0);
        assert_near(bound.floor, 3.0);
        assert_near(bound.total, 5.0);
    }

    #[test]
    fn the_range_is_closed_and_a_step_is_needed() {
        assert!(example(0.25, 48).applies(&THEOREM, None));
        assert!(!example(0.25f64.next_up(), 48).applies(&THEOREM, None));
        assert!(!example(0.125, 0).applies(&THEOREM, None));
        assert!(!example(0.125, 48).set(Symbol::Omega, 0.5).applies(&THEOREM, None));
    }
}
