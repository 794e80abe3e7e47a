//! `usam-cvx`: on convex functions the gradients of USAM vanish, for every rho.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, usam_sc};
use crate::constants::{Number, Symbol};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "usam-cvx",
    source: "THEORY.md section 13",
    setting: "Deterministic USAM, any rho >= 0 (units 1/beta); f convex, beta-smooth, bounded below; eta <= 2/(beta*(2+beta*rho)); \
              T >= 1.",
    statement: "avg_{t<T} |grad f(x_t)|^2 <= 2*Delta/(eta*(2-q)*T), q = beta*eta",
    meaning: "On convex functions USAM is gradient descent as far as this bound goes: the average squared gradient falls like 1/T \
              and nothing stays.",
    tightness: "Proven; SAM's bound det-cvx-upper has beta^3*eta*rho^2/(2-q) on top.",
    example: "shortfall run huber 'usam{eta=\"0.3/beta\",rho=0.5}' --start '[20.0]' --steps 1000",
    forms: &[Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::squared_gradient(Over::Mean), requires, bound)],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.usam(),
        inputs.known(Symbol::Beta),
        inputs.convex(),
        inputs.known(Symbol::Delta),
        usam_sc::step_range(inputs),
        inputs.at_least_one_step(),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let transient = 2.0 * inputs.delta() / (inputs.eta() * (2.0 - inputs.q()) * inputs.horizon());
    Bound::sum(transient, Number::exact(0.0), Number::exact(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Perturbation;
    use crate::theorem::example::{Example, assert_near};

    fn example(eta: f64, rho: f64, steps: u64) -> Example {
        let example = Example::deterministic(eta, rho, steps).perturbed_by(Perturbation::Unnormalised);
        example.beta(4.0).convex().set(Symbol::Delta, 9.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // q = 1/2: 18/((1/8)*(3/2)*48) = 18/9 = 2.
        let bound = example(0.125, 0.5, 48).bound(&THEOREM, None);
        assert_near(bound.total, 2.0);
        assert_eq!(bound.floor, Number::exact(0.0));
    }

    #[test]
    fn ranges() {
        assert!(!example(0.125f64.next_up(), 0.5, 48).applies(&THEOREM, None));
        assert!(!example(0.125, 0.5, 0).applies(&THEOREM, None));
        assert!(!example(0.125, 0.5, 48).set(Symbol::Omega, 1.0).applies(&THEOREM, None));
        // Gradient descent at q = 1: 18/((1/4)*72) = 1.
        assert_near(example(0.25, 0.0, 72).unperturbed().bound(&THEOREM, None).total, 1.0);
    }
}
