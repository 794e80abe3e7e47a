//! `det-nc-upper`: on any smooth function the average squared gradient of SAM is at most `beta^2 rho^2` in the end.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::{Number, Symbol};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-nc-upper",
    source: "Si & Yun, NeurIPS 2023 (their deterministic nonconvex row, here with constant 1); THEORY.md section 6",
    setting: "Deterministic SAM; f beta-smooth, bounded below, convex or not; 0 < q = beta*eta <= 1; T >= 1.",
    statement: "avg_{t<T} |grad f(x_t)|^2 <= 2*Delta/(eta*T) + beta^2*rho^2",
    meaning: "SAM makes gradients as short as beta*rho on average, and without convexity no step size makes that \
              floor smaller.",
    tightness: "The factor 1 of beta^2*rho^2 cannot be improved: det-nc-tri comes as close as one likes for every \
                such step.",
    example: "shortfall run triangle 'sam{eta=0.5,rho=1.0}' --start '[4.0]' --steps 3000",
    forms: &[Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::squared_gradient(Over::Mean), requires, bound)
        // At rest on the tooth of det-nc-tri.
        .witnessed(&[Witness {
            problem: "triangle{eps=0.01}",
            method: "sam{eta=0.5,rho=1.0}",
            start: Some("[-1.0]"),
            steps: 100_000,
            seeds: None,
            assume: &[],
        }])],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.deterministic_sam(),
        inputs.known(Symbol::Beta),
        inputs.known(Symbol::Delta),
        inputs.at_most("beta*eta", inputs.q(), 1.0),
        inputs.at_least_one_step(),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let transient = 2.0 * inputs.delta() / (inputs.eta() * inputs.horizon());
    let floor = (inputs.beta() * inputs.rho()).square();
    Bound::sum(transient, Number::exact(0.0), floor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    fn example(eta: f64, steps: u64) -> Example {
        Example::deterministic(eta, 0.75, steps).beta(4.0).set(Symbol::Delta, 9.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // 2*9/((1/8)*48) = 3; 16*(9/16) = 9.
        let bound = example(0.125, 48).bound(&THEOREM, None);
        assert_near(bound.transient, 3.0);
        assert_near(bound.floor, 9.0);
        assert_near(bound.total, 12.0);
    }

    #[test]
    fn the_range_is_closed_and_a_step_is_needed() {
        assert!(example(0.25, 48).applies(&THEOREM, None));
        assert!(!example(0.25f64.next_up(), 48).applies(&THEOREM, None));
        assert!(!example(0.125, 0).applies(&THEOREM, None));
    }
}
