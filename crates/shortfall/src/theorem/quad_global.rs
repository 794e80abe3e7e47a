//! `quad-global`: where SAM ends up on a quadratic, exactly, from almost every start.

use super::cycle::{Eigenspace, length};
use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::Number;
use crate::text::number;

const WITNESSES: &[Witness] = &[Witness {
    problem: "quadratic{eigenvalues=[4.0,1.0]}",
    method: "sam{eta=0.125,rho=0.75}",
    start: Some("[1.5,-2.0]"),
    steps: 4000,
    seeds: None,
    assume: &[],
}];

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "quad-global",
    source: "THEORY.md section 4; convergence to the top cycle is also in Bartlett, Long & Bousquet, arXiv 2210.01513",
    setting: "Deterministic SAM, rho > 0; f = (x-x*)'A(x-x*)/2 with A >= 0 and largest eigenvalue l, 0 < eta*l < 2; \
              almost every start (the top component must not vanish along the way).",
    statement: "lim F_t = eta^2*l^3*rho^2/(2*(2-eta*l)^2); lim |grad f(x_t)|^2 = (eta*l^2*rho/(2-eta*l))^2",
    meaning: "On a quadratic SAM always ends up bouncing across the valley along its sharpest direction, at a height \
              that depends on eta, rho and the largest eigenvalue alone.",
    tightness: "An equality. The approach is slow where the two largest eigenvalues are close.",
    example: "shortfall run 'quadratic{eigenvalues=[4.0,1.0]}' 'sam{eta=0.125,rho=0.75}' --start '[1.5,-2.0]' \
              --steps 4000",
    forms: &[
        Form::new(
            Kind::Exact,
            Mode::Pathwise,
            |_| Quantity::suboptimality(Over::Limit),
            requires,
            |inputs| limit(inputs, |top| inputs.cycle_suboptimality(top)),
        )
        .witnessed(WITNESSES),
        Form::new(
            Kind::Exact,
            Mode::Pathwise,
            |_| Quantity::squared_gradient(Over::Limit),
            requires,
            |inputs| limit(inputs, |top| inputs.cycle_squared_gradient(top)),
        )
        .named("gradient")
        .witnessed(WITNESSES),
    ],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let spaces = inputs.problem.eigenspaces().unwrap_or_default();
    let mut requirements = vec![inputs.deterministic_sam()];
    let (Some(&(least, _)), Some(&(top, component))) = (spaces.first(), spaces.last()) else {
        let reason = "no exact eigenvalues of f are known";
        requirements.push(Requirement::new("f is a quadratic with A >= 0", false, reason));
        return requirements;
    };
    let range = format!("the eigenvalues lie in [{least}, {top}]");
    // Along a zero eigenvalue nothing moves: the nearest minimiser is measured.
    let distance = length(spaces.iter().filter(|space| space.0 > 0.0).map(|space| space.1));
    let met = (component - 1e-12 * distance).is_above(0.0);
    let detail = format!("|x0 - x*| = {}, its top component {}", number(distance.middle()), number(component.middle()));
    requirements.extend([
        Requirement::new("f is a quadratic with A >= 0, A != 0", least >= 0.0 && top > 0.0, range),
        inputs.below("eta*lambda_max", inputs.eta() * top, 2.0),
        inputs.perturbed(),
        Requirement::new(
            "x0 not a minimiser",
            distance.is_above(0.0),
            format!("|x0 - x*| = {}", number(distance.middle())),
        ),
        Requirement::new("x0 has a component along the top eigenspace, above 1e-12 |x0 - x*|", met, detail),
    ]);
    requirements
}

fn limit(inputs: &Inputs, value: impl Fn(Number) -> Number) -> Bound {
    let spaces = inputs.problem.eigenspaces().unwrap_or_default();
    let Some(&(top, _)) = spaces.last() else { return Bound::floor(Number::unknown()) };
    Bound::floor(value(Number::exact(top))).settled_after(settled_after(inputs, spaces))
}

/// Thrice the steps the linearised map needs, one stage after the other: into the region of the cycles, away from
/// each cycle of a lower eigenvalue in turn, and onto the top cycle. An estimate, in plain doubles.
pub(super) fn settled_after(inputs: &Inputs, spaces: &[Eigenspace]) -> f64 {
    let (eta, rho) = (inputs.method.eta.first(), inputs.method.rho.first());
    let positive: Vec<&Eigenspace> = spaces.iter().filter(|space| space.0 > 0.0).collect();
    let Some(((top, component), lower)) = positive.split_last() else { return f64::INFINITY };
    let gradient = length(positive.iter().map(|(eigenvalue, part)| *eigenvalue * *part)).high;
    let slowest = lower.first().map_or(*top, |space| space.0);
    let approach = (gradient / (eta * rho * top * top)).ln_1p() / (eta * slowest);
    // On the way the top component shrinks by about |1 - eta l| a step: where it would leave the range of doubles,
    // the run is stuck on a lower cycle, the excluded start made by rounding.
    let lost = -(1.0 - eta * top).abs().max(f64::MIN_POSITIVE).ln() * approach;
    if !lower.is_empty() && lost > component.low.ln() + 600.0 {
        return f64::INFINITY;
    }
    let radius = inputs.cycle_radius(Number::exact(*top)).high;
    let escape = |space: &&Eigenspace| {
        let growth = inputs.cycle_multiplier(space.0, *top).abs();
        let distance = 1e16f64.ln() + (radius / component.low).ln_1p();
        if growth > 1.0 { distance / growth.ln() } else { f64::INFINITY }
    };
    let escapes: f64 = lower.iter().map(escape).sum();
    let rates = lower.iter().map(|space| inputs.cycle_multiplier(*top, space.0).abs());
    let rate = rates.fold((1.0 - eta * top).abs(), f64::max);
    let settling = if rate < 1.0 { 1e9f64.ln() / -rate.ln() } else { f64::INFINITY };
    3.0 * (approach + escapes + settling)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    fn example(eta: f64, spectrum: &[(f64, f64)]) -> Example {
        Example::deterministic(eta, 0.75, 9).quadratic(spectrum)
    }

    #[test]
    fn number_worked_by_hand() {
        // l = 4, eta = 1/8, rho = 3/4: r = 1/4, F = 4*(1/16)/2 = 1/8, |grad f|^2 = (4/4)^2 = 1.
        let example = example(0.125, &[(4.0, 1.5), (0.5, -2.0), (0.0, 0.0)]);
        assert_near(example.bound(&THEOREM, None).total, 0.125);
        let bound = example.bound(&THEOREM, Some("gradient"));
        assert_near(bound.total, 1.0);
        assert!(bound.settled_after > 100.0 && bound.settled_after < 1e4, "{}", bound.settled_after);
    }

    #[test]
    fn close_eigenvalues_need_long() {
        let after = |second| example(0.125, &[(4.0, 1.5), (second, -2.0)]).bound(&THEOREM, None).settled_after;
        assert!(after(3.99) > 10.0 * after(3.0));
        assert!(after(4.0f64.next_down()) > 1e12);
        assert!(after(4.0) < after(3.0));
    }

    #[test]
    fn excluded_settings() {
        assert!(!example(0.5, &[(4.0, 1.5)]).applies(&THEOREM, None));
        assert!(example(0.5f64.next_down(), &[(4.0, 1.5)]).applies(&THEOREM, None));
        assert!(!example(0.125, &[(4.0, 0.9e-12), (2.0, 1.0)]).applies(&THEOREM, None));
        assert!(example(0.125, &[(4.0, 1.1e-12), (2.0, 1.0)]).applies(&THEOREM, None));
        assert!(!example(0.125, &[(4.0, 0.0), (2.0, 0.0)]).applies(&THEOREM, None));
        assert!(!example(0.125, &[(4.0, 1.5), (-1.0, 1.0)]).applies(&THEOREM, None));
        assert!(!Example::deterministic(0.125, 0.75, 9).applies(&THEOREM, None));
        let unperturbed = example(0.125, &[(4.0, 1.5)]).unperturbed();
        assert_eq!(unperturbed.refusals(&THEOREM, None), ["rho = 0: without a perturbation there is no floor"]);
    }
}
