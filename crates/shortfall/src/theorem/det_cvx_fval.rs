//! `det-cvx-fval`: on a convex function the average suboptimality of SAM ends at `beta rho^2/2`.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::{Number, Symbol};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-cvx-fval",
    source: "THEORY.md section 5",
    setting: "Deterministic SAM; f convex, beta-smooth, with a minimiser; 0 < beta*eta <= 1; T >= 1.",
    statement: "avg_{t<T} F_t <= D2/(2*eta*T) + beta*rho^2/2",
    meaning: "The average loss comes down like 1/T until it is within beta*rho^2/2 of the optimum, whatever the condition number.",
    tightness: "Proven; holds for any perturbation of length at most rho, so it is loose for SAM's own direction.",
    example: "shortfall bound logistic 'sam{eta=\"0.3/beta\",rho=0.02}' --steps 30000",
    forms: &[Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::suboptimality(Over::Mean), requires, bound)],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.deterministic_sam(),
        inputs.known(Symbol::Beta),
        inputs.convex(),
        inputs.known(Symbol::D2),
        inputs.at_most("beta*eta", inputs.q(), 1.0),
        inputs.at_least_one_step(),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let transient = inputs.d2() / (2.0 * inputs.eta() * inputs.horizon());
    let floor = inputs.beta() * inputs.rho().square() / 2.0;
    Bound::sum(transient, Number::exact(0.0), floor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    #[test]
    fn number_worked_by_hand() {
        // D2 = 12, eta = 0.125, T = 48: 12/(2*0.125*48) = 1; beta = 4, rho = 0.5: 4*0.25/2 = 0.5.
        let example = Example::deterministic(0.125, 0.5, 48).beta(4.0).convex().set(Symbol::D2, 12.0);
        let bound = example.bound(&THEOREM, None);
        assert_near(bound.transient, 1.0);
        assert_near(bound.floor, 0.5);
        assert_near(bound.total, 1.5);
    }

    #[test]
    fn the_step_may_be_one_over_beta_but_not_more() {
        let at = |eta| Example::deterministic(eta, 0.5, 48).beta(4.0).convex().set(Symbol::D2, 12.0);
        assert!(at(0.25).applies(&THEOREM, None));
        assert!(!at(0.25f64.next_up()).applies(&THEOREM, None));
    }
}
