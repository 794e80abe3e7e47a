//! `det-wc-upper`: of the floor of `det-nc-upper` only the part from negative curvature survives small steps.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::{Number, Symbol};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-wc-upper",
    source: "THEORY.md section 6",
    setting: "Deterministic SAM; f beta-smooth, omega-weakly convex, bounded below; 0 < q = beta*eta <= 1; T >= 1.",
    statement: "avg_{t<T} |grad f(x_t)|^2 <= 2*Delta/(eta*T) + (1-q)*omega^2*rho^2 + eta*beta^3*rho^2",
    meaning: "The part of the floor that small steps cannot remove is omega^2*rho^2: negative curvature decides, not \
              curvature.",
    tightness: "Proven; at omega = beta it is det-nc-upper.",
    example: "shortfall run triangle 'sam{eta=0.5,rho=1.0}' --start '[4.0]' --steps 3000",
    forms: &[Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::squared_gradient(Over::Mean), requires, bound)],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.deterministic_sam(),
        inputs.known(Symbol::Beta),
        inputs.known(Symbol::Omega),
        inputs.known(Symbol::Delta),
        inputs.at_most("beta*eta", inputs.q(), 1.0),
        inputs.at_least_one_step(),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let transient = 2.0 * inputs.delta() / (inputs.eta() * inputs.horizon());
    let weak = (inputs.omega() * inputs.rho()).square();
    let smooth = (inputs.beta() * inputs.rho()).square();
    let floor = (1.0 - inputs.q()) * weak + inputs.q() * smooth;
    Bound::sum(transient, Number::exact(0.0), floor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    fn example(eta: f64, omega: f64, steps: u64) -> Example {
        Example::deterministic(eta, 0.75, steps).beta(4.0).set(Symbol::Omega, omega).set(Symbol::Delta, 9.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // q = 1/2: 2*9/((1/8)*48) = 3; (1/2)*4*(9/16) + (1/8)*64*(9/16) = 1.125 + 4.5.
        let bound = example(0.125, 2.0, 48).bound(&THEOREM, None);
        assert_near(bound.transient, 3.0);
        assert_near(bound.floor, 5.625);
        assert_near(bound.total, 8.625);
    }

    #[test]
    fn it_meets_det_nc_upper_where_omega_is_beta() {
        let (one, other) = (example(0.125, 4.0, 48), example(0.125, 4.0, 48));
        let bound = one.bound(&THEOREM, None);
        assert_near(bound.total, other.bound(&crate::theorem::det_nc_upper::THEOREM, None).total.middle());
    }

    #[test]
    fn the_range_is_closed_and_a_step_is_needed() {
        assert!(example(0.25, 2.0, 48).applies(&THEOREM, None));
        assert!(!example(0.25f64.next_up(), 2.0, 48).applies(&THEOREM, None));
        assert!(!example(0.125, 2.0, 0).applies(&THEOREM, None));
        assert!(!Example::deterministic(0.125, 0.75, 48).beta(4.0).set(Symbol::Delta, 9.0).applies(&THEOREM, None));
    }
}
