//! `uni-sc-upper`: the best iterate of unified SAM on a strongly convex function.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::{Number, Symbol};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "uni-sc-upper",
    source: "THEORY.md section 14; the interpolation is Oikonomou & Loizou's, ICLR 2025",
    setting: "Deterministic unified SAM, 0 <= lambda <= 1; f convex, beta-smooth, with mu > 0 (the Polyak-Lojasiewicz constant is \
              enough); q = beta*eta < 1; den = 2*(1-q) - (1-lambda)*beta^2*eta*rho > 0.",
    statement: "min_{t<=T} F_t <= max((1 - mu*eta*(2-q))^T*Delta, tau^2/(2*mu)), tau = lambda*beta^2*eta*rho/den",
    meaning: "As for SAM the loss falls at the speed of gradient descent down to a floor, here smaller by about lambda^2.",
    tightness: "At lambda = 1 it is det-sc-upper, whose floor is sharp for large condition numbers.",
    example: "shortfall run quadratic 'unified-sam{eta=\"0.3/beta\",rho=0.05,lambda=0.5}' --steps 1000",
    forms: &[Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::suboptimality(Over::MinimumTo), requires, bound)],
};

/// `den = 2 (1 - q) - (1 - lambda) beta^2 eta rho`
fn denominator(inputs: &Inputs) -> Number {
    2.0 * (1.0 - inputs.q()) - (1.0 - inputs.lambda()) * inputs.beta() * inputs.q() * inputs.rho()
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.unified_sam(),
        inputs.known(Symbol::Beta),
        inputs.convex(),
        inputs.strongly_convex(),
        inputs.known(Symbol::Delta),
        inputs.below("beta*eta", inputs.q(), 1.0),
        inputs.above("2*(1-beta*eta) - (1-lambda)*beta^2*eta*rho", denominator(inputs), 0.0),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let tau = inputs.lambda() * inputs.beta() * inputs.q() * inputs.rho() / denominator(inputs);
    Bound::max(inputs.contraction() * inputs.delta(), tau.square() / (2.0 * inputs.mu()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Perturbation;
    use crate::theorem::det_sc_upper;
    use crate::theorem::example::{Example, assert_near};

    fn example(perturbation: Perturbation, eta: f64, rho: f64, steps: u64) -> Example {
        let example = Example::deterministic(eta, rho, steps).perturbed_by(perturbation);
        example.beta(4.0).convex().set(Symbol::Mu, 2.0).set(Symbol::Delta, 40.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // q = 1/2, beta q rho = 1: lambda = 3/4: den = 1 - 1/4 = 3/4, tau = (3/4)/(3/4) = 1, floor 1/4;
        // (5/8)^3*40 = 9.765625.
        let bound = example(Perturbation::Unified { lambda: 0.75 }, 0.125, 0.5, 3).bound(&THEOREM, None);
        assert_near(bound.floor, 0.25);
        assert_near(bound.total, 9.765625);
        assert_near(example(Perturbation::Unified { lambda: 0.75 }, 0.125, 0.5, 0).bound(&THEOREM, None).total, 40.0);
    }

    #[test]
    fn its_ends() {
        let sam = example(Perturbation::Normalised, 0.125, 0.5, 3);
        assert_eq!(sam.bound(&THEOREM, None).floor, sam.bound(&det_sc_upper::THEOREM, None).floor);
        let usam = example(Perturbation::Unnormalised, 0.125, 0.25, 3).bound(&THEOREM, None);
        assert_eq!((usam.floor.low, usam.floor.high), (0.0, 0.0));
        assert!(example(Perturbation::Normalised, 0.125, 0.5, 3).unperturbed().applies(&THEOREM, None));
    }

    #[test]
    fn ranges() {
        // USAM with beta rho = 2: den = 2 (1 - q) - 2 q > 0 iff q < 1/2.
        assert!(example(Perturbation::Unnormalised, 0.125f64.next_down(), 0.5, 3).applies(&THEOREM, None));
        assert!(!example(Perturbation::Unnormalised, 0.125, 0.5, 3).applies(&THEOREM, None));
        assert!(!example(Perturbation::Normalised, 0.25, 0.5, 3).applies(&THEOREM, None));
        assert!(!example(Perturbation::Normalised, 0.125, 0.5, 3).set(Symbol::Omega, 1.0).applies(&THEOREM, None));
    }
}
