//! `det-cvx-min`: on a convex function the smallest gradient of SAM gets below a threshold linear in `eta rho`.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::Symbol;
use crate::method::Schedule;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-cvx-min",
    source: "THEORY.md section 5",
    setting: "Deterministic SAM; f convex, beta-smooth, bounded below; 0 < q = beta*eta < 1; T >= 1.",
    statement: "min_{t<T} |grad f(x_t)|^2 <= max(tau^2, 2*Delta/(eta*(2-q)*T)), tau = beta^2*eta*rho/(2*(1-q)). \
                Tuned: eta = min(1/(2*beta), (4*Delta/(3*beta^4*rho^2*T))^(1/3)) gives max(8*beta*Delta/(3*T), \
                (4*beta^2*rho*Delta/(3*T))^(2/3))",
    meaning: "Either SAM descends like gradient descent all the time, or at some iterate the gradient is shorter \
              than tau: the best iterate is better than the average one.",
    tightness: "With the best step it gives the rate T^(-2/3), and no constant step has a better one on the class.",
    example: "shortfall bound logistic 'sam{eta=\"0.3/beta\",rho=0.02}' --steps 30000",
    forms: &[
        Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::squared_gradient(Over::MinimumBefore), requires, bound),
        Form::new(
            Kind::Upper,
            Mode::Pathwise,
            |_| Quantity::squared_gradient(Over::MinimumBefore),
            requires_tuned,
            bound_tuned,
        )
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
        inputs.below("beta*eta", inputs.q(), 1.0),
        inputs.at_least_one_step(),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let transient = 2.0 * inputs.delta() / (inputs.eta() * (2.0 - inputs.q()) * inputs.horizon());
    Bound::max(transient, inputs.gradient_threshold().square())
}

fn requires_tuned(inputs: &Inputs) -> Vec<Requirement> {
    let mut requirements = requires(inputs);
    requirements.push(inputs.made_for("det-cvx-min", step(inputs)));
    requirements
}

fn step(inputs: &Inputs) -> Option<Schedule> {
    let largest = 1.0 / (2.0 * inputs.beta());
    if inputs.rho().is_at_most(0.0) {
        return inputs.constant_step(largest);
    }
    // Taken apart, so that a tiny rho does not underflow.
    let root = (4.0 * inputs.delta() / (3.0 * inputs.beta() * inputs.horizon())).cbrt();
    inputs.constant_step(largest.min(root / (inputs.beta() * inputs.rho().cbrt().square())))
}

fn bound_tuned(inputs: &Inputs) -> Bound {
    let each = 4.0 * inputs.beta() * inputs.delta() / (3.0 * inputs.horizon());
    let floor = (each * inputs.beta() * inputs.rho()).cbrt().square();
    Bound::max(2.0 * each, floor).for_a_rounded_step()
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
        // q = 1/2: 2*9/((3/16)*32) = 3; tau = 16*(1/8)*(3/4)/(2*(1/2)) = 3/2, tau^2 = 9/4.
        let bound = example(0.125, 32).bound(&THEOREM, None);
        assert_near(bound.transient, 3.0);
        assert_near(bound.floor, 2.25);
        assert_near(bound.total, 3.0);
        assert_near(example(0.125, 64).bound(&THEOREM, None).total, 2.25);
    }

    fn tuned(rho: f64, steps: u64) -> Example {
        let example = Example::deterministic(1.0, rho, steps).beta(4.0).convex().set(Symbol::Delta, 9.0);
        example.tuned(&THEOREM, Some("tuned"))
    }

    #[test]
    fn tuned_number_worked_by_hand() {
        // T = 48: 4*9/(3*48) = 1/4; (1/4)/(256*(9/16)) = 1/576, its cube root 0.1202 is below 1/8.
        // 8*4*9/(3*48) = 2 and ((1/4)*16*(3/4))^(2/3) = 3^(2/3).
        let bound = tuned(0.75, 48).bound(&THEOREM, Some("tuned"));
        assert!((tuned(0.75, 48).eta().first() / (1.0f64 / 576.0).cbrt() - 1.0).abs() < 1e-14);
        assert_near(bound.transient, 2.0);
        assert_rounded(bound.total, 3f64.powf(2.0 / 3.0));
        for rho in [0.0, 1e-200, 0.01, 0.75, 1e5] {
            for steps in [1, 3, 200, 1_000_000] {
                let (base, best) = (tuned(rho, steps).bound(&THEOREM, None), tuned(rho, steps));
                assert!(base.total.high <= best.bound(&THEOREM, Some("tuned")).total.high * (1.0 + 1e-13));
            }
        }
    }

    #[test]
    fn tuned_edges() {
        assert_eq!(tuned(0.0, 48).eta().first(), 0.125);
        assert_rounded(tuned(0.0, 48).bound(&THEOREM, Some("tuned")).total, 2.0);
        assert!(!example(0.125, 48).applies(&THEOREM, Some("tuned")));
        assert!(!example(0.125, 48).set(Symbol::Delta, 0.0).applies(&THEOREM, Some("tuned")));
        assert!(!example(0.125, 0).applies(&THEOREM, Some("tuned")));
    }

    #[test]
    fn the_range_is_open_and_a_step_is_needed() {
        assert!(example(0.25f64.next_down(), 32).applies(&THEOREM, None));
        assert!(!example(0.25, 32).applies(&THEOREM, None));
        assert!(!example(0.125, 0).applies(&THEOREM, None));
        assert_eq!(example(0.125, 32).quantity(&THEOREM, None), Quantity::squared_gradient(Over::MinimumBefore));
    }
}
