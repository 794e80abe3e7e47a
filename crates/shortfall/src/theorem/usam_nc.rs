//! `usam-nc`: the gradients of USAM vanish on every smooth function, if `beta rho < 1`.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::{Number, Symbol};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "usam-nc",
    source: "THEORY.md section 13",
    setting: "Deterministic USAM, beta*rho < 1 (rho has units 1/beta); f beta-smooth, bounded below, convex or not; q = beta*eta <= \
              1; T >= 1.",
    statement: "avg_{t<T} |grad f(x_t)|^2 <= 2*Delta/(eta*(1-beta^2*rho^2)*T)",
    meaning: "While the perturbed gradient cannot turn against the gradient itself, USAM loses only a factor against gradient \
              descent; SAM with a constant step has no such range of rho.",
    tightness: "The range beta*rho < 1 is sharp: above it USAM can rest at a point whose gradient is not zero (usam-halluc).",
    example: "shortfall run sine 'usam{eta=0.5,rho=0.5}' --steps 1000",
    forms: &[Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::squared_gradient(Over::Mean), requires, bound)],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.usam(),
        inputs.known(Symbol::Beta),
        inputs.known(Symbol::Delta),
        inputs.below("beta*rho", inputs.beta() * inputs.rho(), 1.0),
        inputs.at_most("beta*eta", inputs.q(), 1.0),
        inputs.at_least_one_step(),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let kept = 1.0 - (inputs.beta() * inputs.rho()).square();
    let transient = 2.0 * inputs.delta() / (inputs.eta() * kept * inputs.horizon());
    Bound::sum(transient, Number::exact(0.0), Number::exact(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Perturbation;
    use crate::theorem::example::{Example, assert_near};

    fn example(eta: f64, rho: f64, steps: u64) -> Example {
        let example = Example::deterministic(eta, rho, steps).perturbed_by(Perturbation::Unnormalised);
        example.beta(4.0).set(Symbol::Delta, 9.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // beta rho = 1/2: 18/((1/8)*(3/4)*96) = 18/9 = 2.
        let bound = example(0.125, 0.125, 96).bound(&THEOREM, None);
        assert_near(bound.total, 2.0);
        assert_eq!(bound.floor, Number::exact(0.0));
    }

    #[test]
    fn ranges() {
        assert!(example(0.25, 0.25f64.next_down(), 96).applies(&THEOREM, None));
        assert!(!example(0.25, 0.25, 96).applies(&THEOREM, None));
        assert!(!example(0.25f64.next_up(), 0.125, 96).applies(&THEOREM, None));
        assert!(!example(0.25, 0.125, 0).applies(&THEOREM, None));
        // Gradient descent: 18/((1/4)*72) = 1.
        assert_near(example(0.25, 0.0, 72).unperturbed().bound(&THEOREM, None).total, 1.0);
    }
}
