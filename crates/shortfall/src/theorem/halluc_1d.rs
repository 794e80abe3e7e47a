//! `halluc-1d`: in one dimension a minimum seen from rho away attracts SAM exactly for `eta f'' < 2`.

use super::{Bound, Form, Inputs, Kind, Measure, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::{Number, Provenance};
use crate::text::number;
use crate::theorem::Hallucinated;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "halluc-1d",
    source: "THEORY.md section 14; the name hallucinated minimiser is from arXiv 2509.21818",
    setting: "Deterministic SAM in one dimension, rho > 0; m a minimum with f''(m) > 0; the start within rho/1000 of x+ = \
              m-rho with f'(x+) > 0, or of x+ = m+rho with f'(x+) < 0.",
    statement: "x+ attracts if eta*f''(m) < 2 and repels if eta*f''(m) > 2",
    meaning: "From x+ one perturbation leads exactly to the minimum, whose gradient is zero, so SAM stays where it is, and \
              comes back after a small push if the step is not too long.",
    tightness: "An equivalence up to the threshold itself. m is found by Newton's method, so the numbers are estimates.",
    example: "shortfall run sine 'sam{eta=0.5,rho=0.9}' --start '[-1.1999]' --steps 400",
    forms: &[Form::new(Kind::Exact, Mode::Pathwise, quantity, requires, bound)
        // rho - 1 = 1/2, where f'' = 2 at the minimiser -1: attracts below eta = 1.
        .witnessed(&[
            Witness {
                problem: "double-well",
                method: "sam{eta=0.9,rho=1.5}",
                start: Some("[0.5005]"),
                steps: 400,
                seeds: None,
                assume: &[],
            },
            Witness {
                problem: "double-well",
                method: "sam{eta=1.1,rho=1.5}",
                start: Some("[0.5005]"),
                steps: 400,
                seeds: None,
                assume: &[],
            },
        ])],
};

/// A multiplier this close to 1 decides nothing.
const UNCLEAR: f64 = 1e-6;

pub(super) fn quantity(inputs: &Inputs) -> Quantity {
    let distance = inputs.problem.hallucinated.map_or(f64::NAN, |point| point.distance);
    Quantity { measure: Measure::Rest { within: 3.0 * distance }, over: Over::Limit }
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let dimension = inputs.problem.dimension;
    let one = Requirement::new("d = 1", dimension == 1, format!("d = {dimension}"));
    let mut requirements = near_one(inputs, one);
    if let (Some(point), 1) = (inputs.problem.hallucinated, dimension) {
        let detail = format!("f''(m) = {}", number(point.curvature));
        requirements.push(Requirement::new("f''(m) > 0", point.curvature > 0.0, detail));
    }
    requirements
}

/// What both statements about hallucinated points ask.
pub(super) fn near_one(inputs: &Inputs, dimension: Requirement) -> Vec<Requirement> {
    let mut requirements = vec![inputs.deterministic_sam(), inputs.perturbed(), dimension];
    let point = inputs.problem.hallucinated;
    let detail = match point {
        Some(Hallucinated { distance, gradient_norm, .. }) => {
            format!("x+ is {} away, with |grad f(x+)| = {}", number(distance), number(gradient_norm))
        }
        None => "no hallucinated point is known to lie close to the start".to_owned(),
    };
    requirements.push(Requirement::new("x0 close to a hallucinated point, but not on it", point.is_some(), detail));
    if let Some(Hallucinated { spectral_radius, .. }) = point {
        let clear = (spectral_radius - 1.0).abs() > UNCLEAR;
        let detail = format!("the step multiplies small pushes by {spectral_radius}");
        requirements.push(Requirement::new("the largest multiplier clearly below or above 1", clear, detail));
    }
    requirements
}

pub(super) fn bound(inputs: &Inputs) -> Bound {
    let Some(Hallucinated { spectral_radius, .. }) = inputs.problem.hallucinated else {
        return Bound::floor(Number::unknown());
    };
    // Thrice the steps that shrink a push, or let it grow, by the factor that counts as rest.
    let steps = 3.0 * 1e9f64.ln() / spectral_radius.ln().abs();
    let known = Number::exact(spectral_radius).with(Provenance::Estimated);
    Bound::criterion(spectral_radius < 1.0, known).settled_after(steps)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::theorem::example::Example;

    pub(in crate::theorem) fn example(dimension: usize, curvature: f64, spectral_radius: f64) -> Example {
        let mut example = Example::deterministic(0.125, 0.5, 9);
        example.problem.dimension = dimension;
        example.problem.hallucinated =
            Some(Hallucinated { distance: 1e-4, gradient_norm: 0.25, curvature, spectral_radius });
        example
    }

    #[test]
    fn both_sides_worked_by_hand() {
        // eta = 1/8: f'' = 4: 1 - 1/2; f'' = 24: |1 - 3| = 2. 3 ln(1e9)/ln(2) = 89.7.
        for (curvature, radius, rests) in [(4.0, 0.5, true), (24.0, 2.0, false)] {
            let bound = example(1, curvature, radius).bound(&THEOREM, None);
            assert_eq!(bound.rests, Some(rests));
            assert!((bound.settled_after - 89.7).abs() < 0.1, "{}", bound.settled_after);
            assert_eq!(bound.total.provenance, Provenance::Estimated);
        }
        let within = Measure::Rest { within: 3.0 * 1e-4 };
        assert_eq!(example(1, 4.0, 0.5).quantity(&THEOREM, None).measure, within);
    }

    #[test]
    fn hypotheses() {
        assert!(!example(2, 4.0, 0.5).applies(&THEOREM, None));
        assert!(!example(1, 16.0, 1.0).applies(&THEOREM, None));
        assert!(!example(1, -4.0, 1.5).applies(&THEOREM, None));
        assert!(!example(1, 4.0, 0.5).unperturbed().applies(&THEOREM, None));
        assert!(!Example::deterministic(0.125, 0.5, 9).on("x", &[], &[1.0]).applies(&THEOREM, None));
    }
}
