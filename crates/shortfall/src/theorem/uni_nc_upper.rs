//! `uni-nc-upper`: between SAM and USAM the floor shrinks with the normalised part, on any smooth function.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::{Number, Symbol};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "uni-nc-upper",
    source: "THEORY.md section 14; the interpolation is Oikonomou & Loizou's, ICLR 2025",
    setting: "Deterministic unified SAM, y = x + rho*((1-lambda) + lambda/|g|)*g with g = grad f(x), 0 <= lambda <= 1; f beta-smooth, \
              bounded below, convex or not; s = (1-lambda)*beta*rho < 1, q = beta*eta <= 1; T >= 1.",
    statement: "avg_{t<T} |grad f(x_t)|^2 <= 2*Delta/(eta*(1-s)*T) + (lambda*beta*rho/(1-s))^2",
    meaning: "Only the normalised part of the perturbation leaves a floor, and mixing it with the other part shrinks the floor like \
              lambda^2.",
    tightness: "At lambda = 1 it is det-nc-upper, whose floor is sharp; at lambda = 0 usam-nc is better.",
    example: "shortfall run triangle 'unified-sam{eta=0.5,rho=0.5,lambda=0.5}' --start '[4.0]' --steps 3000",
    forms: &[Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::squared_gradient(Over::Mean), requires, bound)],
};

fn plain_part(inputs: &Inputs) -> Number {
    (1.0 - inputs.lambda()) * inputs.beta() * inputs.rho()
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.unified_sam(),
        inputs.known(Symbol::Beta),
        inputs.known(Symbol::Delta),
        inputs.below("(1-lambda)*beta*rho", plain_part(inputs), 1.0),
        inputs.at_most("beta*eta", inputs.q(), 1.0),
        inputs.at_least_one_step(),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let kept = 1.0 - plain_part(inputs);
    let transient = 2.0 * inputs.delta() / (inputs.eta() * kept * inputs.horizon());
    let floor = (inputs.lambda() * inputs.beta() * inputs.rho() / kept).square();
    Bound::sum(transient, Number::exact(0.0), floor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Perturbation;
    use crate::theorem::example::{Example, assert_near};
    use crate::theorem::{det_nc_upper, usam_nc};

    fn example(perturbation: Perturbation, eta: f64, rho: f64, steps: u64) -> Example {
        let example = Example::deterministic(eta, rho, steps).perturbed_by(perturbation);
        example.beta(4.0).set(Symbol::Delta, 9.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // beta rho = 2, lambda = 3/4: s = 1/2; 18/((1/8)*(1/2)*96) = 3 and (1.5/0.5)^2 = 9.
        let bound = example(Perturbation::Unified { lambda: 0.75 }, 0.125, 0.5, 96).bound(&THEOREM, None);
        assert_near(bound.transient, 3.0);
        assert_near(bound.floor, 9.0);
        assert_near(bound.total, 12.0);
    }

    #[test]
    fn its_ends() {
        let sam = example(Perturbation::Normalised, 0.25, 0.5, 96);
        assert_eq!(sam.bound(&THEOREM, None).total, sam.bound(&det_nc_upper::THEOREM, None).total);
        // USAM: no floor, but 1/(1 - beta rho) where usam-nc has 1/(1 - beta^2 rho^2).
        let usam = example(Perturbation::Unnormalised, 0.125, 0.125, 96);
        assert_near(usam.bound(&THEOREM, None).total, 3.0);
        assert_near(usam.bound(&usam_nc::THEOREM, None).total, 2.0);
        assert_near(usam.unperturbed().bound(&THEOREM, None).total, 1.5);
    }

    #[test]
    fn ranges() {
        let half = Perturbation::Unified { lambda: 0.5 };
        assert!(example(half, 0.25, 0.5f64.next_down(), 1).applies(&THEOREM, None));
        assert!(!example(half, 0.25, 0.5, 1).applies(&THEOREM, None));
        assert!(!example(half, 0.25f64.next_up(), 0.25, 1).applies(&THEOREM, None));
        assert!(!example(half, 0.25, 0.25, 0).applies(&THEOREM, None));
        assert!(!example(Perturbation::Other, 0.25, 0.25, 1).applies(&THEOREM, None));
    }
}
