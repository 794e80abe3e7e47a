//! `halluc-nec`: where deterministic SAM rests with a gradient, that gradient is short, and there is none on convex f.

use super::{Bound, Form, Inputs, Kind, Measure, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::Symbol;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "halluc-nec",
    source: "THEORY.md section 14; the name hallucinated minimiser is from arXiv 2509.21818",
    setting: "Deterministic SAM, rho > 0; f omega-weakly convex; x+ a point where it rests: grad f(x+ + rho*u) = 0, u the \
              direction of grad f(x+).",
    statement: "|grad f(x+)| <= omega*rho; in particular SAM rests at no point with a gradient if f is convex",
    meaning: "SAM can take a point on a slope for a minimum if a minimum lies exactly rho uphill of it, past a stretch of \
              negative curvature strong enough to turn the gradient off.",
    tightness: "Proven; an equality where the curvature is -omega all along the perturbation.",
    example: "shortfall run sine 'sam{eta=0.5,rho=0.9}' --start '[-1.1999]' --steps 400",
    forms: &[Form::new(
        Kind::Upper,
        Mode::Pathwise,
        |_| Quantity { measure: Measure::GradientAtRest, over: Over::Limit },
        requires,
        bound,
    )],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let symbol = if inputs.constants.get(Symbol::Omega).value().is_some() { Symbol::Omega } else { Symbol::Beta };
    vec![inputs.deterministic_sam(), inputs.known(symbol), inputs.perturbed()]
}

fn bound(inputs: &Inputs) -> Bound {
    Bound::floor(inputs.omega() * inputs.rho())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    #[test]
    fn number_worked_by_hand() {
        let example = Example::deterministic(0.125, 0.5, 9).beta(4.0);
        assert_near(example.bound(&THEOREM, None).total, 2.0);
        assert_near(example.set(Symbol::Omega, 3.0).bound(&THEOREM, None).total, 1.5);
        assert_near(Example::deterministic(0.125, 0.5, 9).convex().beta(4.0).bound(&THEOREM, None).total, 0.0);
    }

    #[test]
    fn hypotheses() {
        assert!(!Example::deterministic(0.125, 0.5, 9).applies(&THEOREM, None));
        assert!(!Example::deterministic(0.125, 0.5, 9).beta(4.0).unperturbed().applies(&THEOREM, None));
    }
}
