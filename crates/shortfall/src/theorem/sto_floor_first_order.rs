//! `sto-floor-first-order`: the bias floor of stochastic SAM to leading order in rho, with no slack of a bound.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::Number;
use crate::method::Perturbation;
use crate::text::number;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-floor-first-order",
    source: "THEORY.md section 14",
    setting: "Stochastic SAM on a finite sum, small rho > 0 and eta to 0; samples twice differentiable near the \
              minimiser x*, H > 0 the Hessian there, no sample gradient zero at x*; u_xi the direction of g(x*; xi).",
    statement: "f(x+) - f* = (rho^2/2)*v'H^{-1}v + O(rho^3) at the zero x+ of the mean field; v = E[H_xi u_xi] \
                (m-SAM) or v = H E[u_xi] (n-SAM)",
    meaning: "Each sample pushes the perturbation its own way, and what is left of those pushes on average shifts \
              the point SAM settles around; this is the loss at that point, before any noise of the steps.",
    tightness: "A prediction, to leading order; not accurate where some sample's gradient at x* is small against rho \
                times its smoothness. A run has the noise of its steps on top.",
    example: "shortfall run logistic 'stochastic-sam{eta=0.01,rho=0.003,sampling=\"same\"}' --steps 30000 --seeds 16",
    forms: &[Form::new(
        Kind::Prediction,
        Mode::Expectation,
        |_| Quantity::suboptimality(Over::FieldZero),
        requires,
        bound,
    )],
};

pub(super) fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let floor = inputs.problem.first_order_floor.as_ref();
    let detail = match floor {
        Some(floor) => format!("floor/rho^2 = {}, {}", number(floor.per_squared_radius.middle()), floor.how),
        None => "the Hessians and the samples' directions at a minimiser are not known".to_owned(),
    };
    let normalised = inputs.method.perturbation == Perturbation::Normalised;
    let name = if normalised { "the perturbation is SAM's" } else { "there is no perturbation of SAM's kind" };
    vec![
        inputs.stochastic_sam(),
        Requirement::new("normalised perturbation", normalised, name),
        inputs.perturbed(),
        Requirement::new("H, H_xi and g(x*; xi) != 0 known", floor.is_some(), detail),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let Some(floor) = &inputs.problem.first_order_floor else { return Bound::floor(Number::unknown()) };
    let reach = floor.least_gradient_radius / inputs.method.rho.first();
    Bound::floor(inputs.rho().square() * floor.per_squared_radius).noting(format!(
        "{}; min |g(x*; xi)|/(rho beta_xi) = {}: not accurate where this is not large",
        floor.how,
        number(reach)
    ))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::method::SampleReuse;
    use crate::theorem::FirstOrderFloor;
    use crate::theorem::example::{Example, assert_near};

    pub(in crate::theorem) fn example(reuse: SampleReuse) -> Example {
        let mut example = Example::stochastic(reuse, 0.125, 0.25, 9);
        example.problem.first_order_floor = Some(FirstOrderFloor {
            per_squared_radius: Number::exact(3.0),
            update_variance: Number::exact(2.5),
            least_gradient_radius: 2.0,
            how: "exact over all samples".to_owned(),
        });
        example
    }

    #[test]
    fn number_worked_by_hand() {
        // rho = 1/4: 3/16; the least gradient radius is 2/(1/4) = 8 times rho.
        let bound = example(SampleReuse::Same).bound(&THEOREM, None);
        assert_near(bound.total, 0.1875);
        let note = bound.note.expect("a note");
        assert!(note.contains("= 8.00") && note.contains("exact over all samples"), "{note}");
    }

    #[test]
    fn hypotheses() {
        assert!(example(SampleReuse::Independent).applies(&THEOREM, None));
        assert!(!example(SampleReuse::Same).unperturbed().applies(&THEOREM, None));
        assert!(!Example::stochastic(SampleReuse::Same, 0.125, 0.25, 9).applies(&THEOREM, None));
        assert_eq!(example(SampleReuse::Same).quantity(&THEOREM, None).over, Over::FieldZero);
    }
}
