//! `det-floor-local`: where deterministic SAM stops on a smooth strongly convex function, for small rho.

use super::quad_global::settled_after;
use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::Number;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-floor-local",
    source: "THEORY.md section 14",
    setting: "Deterministic SAM, small rho > 0; f convex with mu > 0 and four times differentiable near its \
              minimiser x*; l the largest eigenvalue of the Hessian at x*, simple, 0 < eta*l < 2.",
    statement: "lim (mean of F over an even number of steps) = eta^2*l^3*rho^2/(2*(2-eta*l)^2)*(1 + O(rho^2))",
    meaning: "Close to its minimum every smooth function is a quadratic, so SAM ends up hopping across the valley as \
              on one, at a height set by the curvature at the minimum and not by the global smoothness.",
    tightness: "A prediction, asymptotic in rho: on logistic regression it was off by 0.7 percent at rho = 0.003 and \
                by 26 percent at 0.05, where the two points of the hop differ by more than a factor 2.",
    example: "shortfall run logistic 'sam{eta=\"0.3/beta\",rho=0.003}' --steps 30000",
    forms: &[Form::new(Kind::Prediction, Mode::Pathwise, |_| Quantity::suboptimality(Over::Limit), requires, bound)],
};

fn top(inputs: &Inputs) -> Number {
    inputs.problem.curvature.as_ref().map_or(Number::unknown(), |curvature| curvature.top)
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let curvature = inputs.problem.curvature.as_ref();
    let known = match curvature {
        Some(curvature) => format!("l = {:.6}", curvature.top.middle()),
        None => "the Hessian at a minimiser is not known".to_owned(),
    };
    let second = curvature.and_then(|curvature| curvature.second);
    let simple = curvature.is_some() && second.is_none_or(|second| second.high < top(inputs).low);
    let gap = match (curvature, second) {
        (None, _) => "the Hessian at a minimiser is not known".to_owned(),
        (_, None) => "one dimension".to_owned(),
        (_, Some(second)) if simple => format!("the second eigenvalue is {:.6}", second.middle()),
        (_, Some(second)) => format!("the second eigenvalue, {:.6}, is not certainly below", second.middle()),
    };
    // Of a quadratic the components of the start are known: without a top component it is outside the basin.
    let moves = inputs.problem.spectrum.as_ref().is_none_or(|spectrum| {
        spectrum.iter().any(|(eigenvalue, component)| top(inputs).contains(*eigenvalue) && *component != 0.0)
    });
    let basin = if moves { "the start is not known to be outside" } else { "the start has no top component" };
    vec![
        inputs.deterministic_sam(),
        Requirement::new("the Hessian at x*", curvature.is_some(), known),
        inputs.convex(),
        inputs.strongly_convex(),
        inputs.perturbed(),
        Requirement::new("its largest eigenvalue l is simple", simple, gap),
        inputs.above("l", top(inputs), 0.0),
        inputs.below("eta*l", inputs.eta() * top(inputs), 2.0),
        Requirement::new("x0 in the basin of the cycle", moves, basin),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let floor = inputs.cycle_suboptimality(top(inputs));
    // A quadratic's way to its cycle is known; elsewhere (1 - eta mu)^(2T) Delta has to be well below the floor.
    let settled = match inputs.problem.eigenspaces() {
        Some(spaces) => settled_after(inputs, spaces),
        None => inputs.descent_time(floor, inputs.mu().middle()),
    };
    Bound::floor(floor).settled_after(settled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constants::Symbol;
    use crate::theorem::CurvatureAtMinimum;
    use crate::theorem::example::{Example, assert_near};

    fn example(eta: f64, second: Option<f64>) -> Example {
        let mut example = Example::deterministic(eta, 0.75, 9).beta(32.0).convex().set(Symbol::Mu, 0.5);
        let curvature = CurvatureAtMinimum { top: Number::exact(4.0), second: second.map(Number::exact) };
        example.problem.curvature = Some(curvature);
        example
    }

    #[test]
    fn number_worked_by_hand() {
        // l = 4 (beta = 32 does not matter), eta = 1/8, rho = 3/4: r = (1/2)*(3/4)/(3/2) = 1/4, F = 4/16/2 = 1/8.
        let bound = example(0.125, Some(2.0)).bound(&THEOREM, None);
        assert_near(bound.total, 0.125);
        assert_near(example(0.125, None).bound(&THEOREM, None).total, 0.125);
    }

    #[test]
    fn hypotheses() {
        assert!(example(0.5f64.next_down(), Some(2.0)).applies(&THEOREM, None));
        assert!(!example(0.5, Some(2.0)).applies(&THEOREM, None));
        assert!(example(0.125, Some(4.0f64.next_down())).applies(&THEOREM, None));
        assert!(!example(0.125, Some(4.0)).applies(&THEOREM, None));
        assert!(!example(0.125, Some(2.0)).set(Symbol::Mu, 0.0).applies(&THEOREM, None));
        assert!(!Example::deterministic(0.125, 0.75, 9).convex().set(Symbol::Mu, 0.5).applies(&THEOREM, None));
        let unperturbed = example(0.125, Some(2.0)).unperturbed();
        assert_eq!(unperturbed.refusals(&THEOREM, None), ["rho = 0: without a perturbation there is no floor"]);
    }
}
