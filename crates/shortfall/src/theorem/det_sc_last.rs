//! `det-sc-last`: the last iterate of SAM on a strongly convex function, at hardly more than the best one's bound.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Theorem, det_sc_upper};
use crate::constants::Number;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-sc-last",
    source: "THEORY.md section 3",
    setting: "Deterministic SAM; f convex, beta-smooth, with mu > 0 (the Polyak-Lojasiewicz constant is enough); q = \
              beta*eta < 1.",
    statement: "F_T <= max((1 - mu*eta*(2-q))^T*Delta, tau^2/(2*mu) + beta^3*eta^2*rho^2/2), tau = \
                beta^2*eta*rho/(2*(1-q))",
    meaning: "There is no need to look for the best iterate: once SAM is near its floor it can rise above it by one \
              bad step only, so the last iterate is as good up to a small addition.",
    tightness: "Proven; the addition is 4 (1-q)^2/kappa of the floor of det-sc-upper, so it matters only for small \
                condition numbers.",
    example: "shortfall bound quadratic 'sam{eta=\"0.3/beta\",rho=0.05}' --steps 1000",
    forms: &[Form::new(
        Kind::Upper,
        Mode::Pathwise,
        |_| Quantity::suboptimality(Over::Final),
        det_sc_upper::requires,
        bound,
    )],
};

pub(super) fn bound(inputs: &Inputs) -> Bound {
    let rise = inputs.beta() * inputs.q().square() * inputs.rho().square() / 2.0;
    let floor = inputs.gradient_threshold().square() / (2.0 * inputs.mu()) + rise;
    let transient: Number = inputs.contraction() * inputs.delta();
    Bound::max(transient, floor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constants::Symbol;
    use crate::theorem::example::{Example, assert_near};

    fn example(eta: f64, steps: u64) -> Example {
        let example = Example::deterministic(eta, 3.0, steps).beta(4.0).convex();
        example.set(Symbol::Mu, 2.0).set(Symbol::Delta, 40.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // As det-sc-upper: (5/8)^3*40 = 9.765625 and tau^2/(2 mu) = 9; the rise is 64*(1/64)*9/2 = 4.5.
        let bound = example(0.125, 3).bound(&THEOREM, None);
        assert_near(bound.transient, 9.765625);
        assert_near(bound.total, 13.5);
        // One step: (5/8)*40 = 25.
        assert_near(example(0.125, 1).bound(&THEOREM, None).total, 25.0);
    }

    #[test]
    fn the_range_is_open() {
        assert!(example(0.25f64.next_down(), 3).applies(&THEOREM, None));
        assert!(!example(0.25, 3).applies(&THEOREM, None));
        assert!(!example(0.125, 3).set(Symbol::Omega, 0.5).applies(&THEOREM, None));
    }
}
