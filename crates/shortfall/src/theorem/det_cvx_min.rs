//! `det-cvx-min`: on a convex function the smallest gradient of SAM gets below a threshold linear in `eta rho`.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Scope, Theorem};
use crate::constants::Symbol;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-cvx-min",
    source: "THEORY.md section 5",
    setting: "Deterministic SAM; f convex, beta-smooth, bounded below; 0 < q = beta*eta < 1; T >= 1.",
    statement: "min_{t<T} |grad f(x_t)|^2 <= max(tau^2, 2*Delta/(eta*(2-q)*T)), tau = beta^2*eta*rho/(2*(1-q))",
    meaning: "Either SAM descends like gradient descent all the time, or at some iterate the gradient is shorter \
              than tau: the best iterate is better than the average one.",
    tightness: "With the best step it gives the rate T^(-2/3), and no constant step has a better one on the class.",
    example: "shortfall bound logistic 'sam{eta=\"0.3/beta\",rho=0.02}' --steps 30000",
    forms: &[Form {
        name: None,
        kind: Kind::Upper,
        scope: Scope::Instance,
        mode: Mode::Pathwise,
        quantity: |_| Quantity::squared_gradient(Over::MinimumBefore),
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
        inputs.below("beta*eta", inputs.q(), 1.0),
        inputs.at_least_one_step(),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let transient = 2.0 * inputs.delta() / (inputs.eta() * (2.0 - inputs.q()) * inputs.horizon());
    Bound::max(transient, inputs.gradient_threshold().square())
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
        // q = 1/2: 2*9/((3/16)*32) = 3; tau = 16*(1/8)*(3/4)/(2*(1/2)) = 3/2, tau^2 = 9/4.
        let bound = example(0.125, 32).bound(&THEOREM, None);
        assert_near(bound.transient, 3.0);
        assert_near(bound.floor, 2.25);
        assert_near(bound.total, 3.0);
        assert_near(example(0.125, 64).bound(&THEOREM, None).total, 2.25);
    }

    #[test]
    fn the_range_is_open_and_a_step_is_needed() {
        assert!(example(0.25f64.next_down(), 32).applies(&THEOREM, None));
        assert!(!example(0.25, 32).applies(&THEOREM, None));
        assert!(!example(0.125, 0).applies(&THEOREM, None));
        assert_eq!(example(0.125, 32).quantity(&THEOREM, None), Quantity::squared_gradient(Over::MinimumBefore));
    }
}
