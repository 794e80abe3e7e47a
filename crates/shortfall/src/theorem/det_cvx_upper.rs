//! `det-cvx-upper`: on a convex function the average squared gradient of SAM ends at a floor of order `eta rho^2`.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::{Number, Symbol};
use crate::method::Schedule;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-cvx-upper",
    source: "Si & Yun, NeurIPS 2023 (their deterministic convex row, with a tuned step); THEORY.md section 5",
    setting: "Deterministic SAM; f convex, beta-smooth, bounded below; 0 < q = beta*eta <= 1; T >= 1.",
    statement: "avg_{t<T} |grad f(x_t)|^2 <= 2*Delta/(eta*(2-q)*T) + beta^3*eta*rho^2/(2-q). Tuned: eta = \
                min(1/(2*beta), sqrt(2*Delta/(beta^3*rho^2*T))) gives 8*beta*Delta/(3*T) + \
                (4/3)*sqrt(2*beta^3*rho^2*Delta/T)",
    meaning: "On a convex function a smaller step makes the floor of the gradients smaller too: SAM converges to any \
              accuracy if only the step is small enough.",
    tightness: "Proven; whether the floor must be linear in eta is open (known examples show eta^2 only).",
    example: "shortfall bound logistic 'sam{eta=\"0.3/beta\",rho=0.02}' --steps 30000",
    forms: &[
        Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::squared_gradient(Over::Mean), requires, bound),
        Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::squared_gradient(Over::Mean), requires_tuned, bound_tuned)
            .named("tuned")
            .made_for(step),
    ],
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

fn requires_tuned(inputs: &Inputs) -> Vec<Requirement> {
    let mut requirements = requires(inputs);
    requirements.push(inputs.made_for("det-cvx-upper", step(inputs)));
    requirements
}

fn step(inputs: &Inputs) -> Option<Schedule> {
    let largest = 1.0 / (2.0 * inputs.beta());
    if inputs.rho().is_at_most(0.0) {
        return inputs.constant_step(largest);
    }
    let root = (2.0 * inputs.delta() / (inputs.beta() * inputs.horizon())).sqrt();
    inputs.constant_step(largest.min(root / (inputs.beta() * inputs.rho())))
}

fn bound_tuned(inputs: &Inputs) -> Bound {
    let each = inputs.beta() * inputs.delta() / inputs.horizon();
    let floor = 4.0 * inputs.beta() * inputs.rho() * (2.0 * each).sqrt() / 3.0;
    Bound::sum(8.0 * each / 3.0, Number::exact(0.0), floor).for_a_rounded_step()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near, assert_rounded};

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

    fn tuned(rho: f64, steps: u64) -> Example {
        let example = Example::deterministic(1.0, rho, steps).beta(4.0).convex().set(Symbol::Delta, 9.0);
        example.tuned(&THEOREM, Some("tuned"))
    }

    #[test]
    fn tuned_number_worked_by_hand() {
        // sqrt(2*9/(64*(9/16)*200)) = 1/20 is below 1/8; 8*4*9/(3*200) = 0.48, (4/3)*sqrt(2*64*(9/16)*9/200) = 2.4.
        let bound = tuned(0.75, 200).bound(&THEOREM, Some("tuned"));
        assert!((tuned(0.75, 200).eta().first() * 20.0 - 1.0).abs() < 1e-15);
        assert_near(bound.transient, 0.48);
        assert_near(bound.floor, 2.4);
        assert_rounded(bound.total, 2.88);
        for rho in [0.0, 1e-200, 0.01, 0.75, 1e5] {
            for steps in [1, 3, 200, 1_000_000] {
                let (base, best) = (tuned(rho, steps).bound(&THEOREM, None), tuned(rho, steps));
                assert!(base.total.high <= best.bound(&THEOREM, Some("tuned")).total.high * (1.0 + 1e-13));
            }
        }
    }

    #[test]
    fn tuned_edges() {
        assert_eq!(tuned(0.0, 200).eta().first(), 0.125);
        assert_rounded(tuned(0.0, 200).bound(&THEOREM, Some("tuned")).total, 0.48);
        assert!(!example(0.125, 200).applies(&THEOREM, Some("tuned")));
        // Delta = 0: there is no such step.
        let still = example(0.125, 200).set(Symbol::Delta, 0.0);
        assert!(still.refusals(&THEOREM, Some("tuned"))[0].contains("cannot be computed"));
        assert!(!example(0.125, 0).applies(&THEOREM, Some("tuned")));
    }

    #[test]
    fn the_range_is_closed_and_a_step_is_needed() {
        assert!(example(0.25, 48).applies(&THEOREM, None));
        assert!(!example(0.25f64.next_up(), 48).applies(&THEOREM, None));
        assert!(!example(0.125, 0).applies(&THEOREM, None));
        assert!(!example(0.125, 48).set(Symbol::Omega, 0.5).applies(&THEOREM, None));
    }
}
