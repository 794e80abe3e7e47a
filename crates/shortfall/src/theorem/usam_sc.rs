//! `usam-sc`: without normalisation SAM converges linearly on strongly convex functions, all the way.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::{Number, Symbol};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "usam-sc",
    source: "THEORY.md section 13",
    setting: "Deterministic USAM (y = x + rho*grad f(x), so rho has units 1/beta), any rho >= 0; f convex, beta-smooth, with mu > 0 \
              (the Polyak-Lojasiewicz constant is enough); eta <= 2/(beta*(2+beta*rho)).",
    statement: "F_T <= (1 - mu*eta*(2-q))^T*Delta, q = beta*eta",
    meaning: "A perturbation that shrinks with the gradient leaves no floor: USAM reaches the minimum as fast as the bound for \
              gradient descent says, only its step has to be a little smaller.",
    tightness: "The factor is that of gradient descent; a fixed number for rho means something else here than for SAM.",
    example: "shortfall run quadratic 'usam{eta=\"0.3/beta\",rho=0.05}' --steps 100",
    forms: &[Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::suboptimality(Over::Final), requires, bound)],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.usam(),
        inputs.known(Symbol::Beta),
        inputs.convex(),
        inputs.strongly_convex(),
        inputs.known(Symbol::Delta),
        step_range(inputs),
    ]
}

/// `eta <= 2/(beta (2 + beta rho))`: the step range of USAM on convex functions.
pub(super) fn step_range(inputs: &Inputs) -> Requirement {
    inputs.at_most("beta*eta*(2+beta*rho)", inputs.q() * (2.0 + inputs.beta() * inputs.rho()), 2.0)
}

fn bound(inputs: &Inputs) -> Bound {
    Bound::sum(inputs.contraction() * inputs.delta(), Number::exact(0.0), Number::exact(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Perturbation;
    use crate::theorem::example::{Example, assert_near};

    fn example(eta: f64, rho: f64, steps: u64) -> Example {
        let example = Example::deterministic(eta, rho, steps).perturbed_by(Perturbation::Unnormalised);
        example.beta(4.0).convex().set(Symbol::Mu, 2.0).set(Symbol::Delta, 40.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // q = 1/2, mu eta (2 - q) = (1/4)*(3/2) = 3/8: (5/8)^3*40 = 9.765625, whatever rho.
        let bound = example(0.125, 0.5, 3).bound(&THEOREM, None);
        assert_near(bound.total, 9.765625);
        assert_eq!(bound.floor, Number::exact(0.0));
        // T = 0: Delta.
        assert_near(example(0.125, 0.5, 0).bound(&THEOREM, None).total, 40.0);
    }

    #[test]
    fn the_range_is_closed_and_shrinks_with_rho() {
        // beta rho = 2: eta <= 2/(4*4) = 1/8.
        assert!(example(0.125, 0.5, 3).applies(&THEOREM, None));
        assert!(!example(0.125f64.next_up(), 0.5, 3).applies(&THEOREM, None));
        // rho = 0 is gradient descent: eta <= 1/beta, and at kappa = 1 one step is enough.
        let descent = example(0.25, 0.0, 1).unperturbed().set(Symbol::Mu, 4.0);
        assert!(descent.bound(&THEOREM, None).total.high < 1e-300);
        assert!(!example(0.125, 0.5, 3).set(Symbol::Omega, 0.5).applies(&THEOREM, None));
        assert!(!example(0.125, 0.5, 3).perturbed_by(Perturbation::Normalised).applies(&THEOREM, None));
    }
}
