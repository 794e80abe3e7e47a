//! `quad-cycle`: on a quadratic SAM can hop between two points for ever, at a suboptimality known exactly.

use super::cycle::{Eigenspace, length};
use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::Number;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "quad-cycle",
    source: "THEORY.md section 4; the cycle along the top eigenvector is also in Bartlett, Long & Bousquet, arXiv \
             2210.01513",
    setting: "Deterministic SAM, rho > 0; f = (x-x*)'A(x-x*)/2 with A > 0; the start is x* +- r*v, v a unit \
              eigenvector of an eigenvalue l with 0 < eta*l < 2 and r = eta*l*rho/(2-eta*l).",
    statement: "F_t = eta^2*l^3*rho^2/(2*(2-eta*l)^2) for every t; the cycle is stable iff l is the largest eigenvalue",
    meaning: "SAM steps from one side of the minimum to the mirror image on the other and back, and its loss never \
              changes again.",
    tightness: "An equality. On a cycle of a smaller eigenvalue rounding errors grow, so it is judged over its first \
                steps only.",
    example: "shortfall run 'quadratic{eigenvalues=[4.0,1.0]}' 'sam{eta=0.125,rho=0.75}' --start '[0.25,0.0]' \
              --steps 400",
    forms: &[Form::new(Kind::Exact, Mode::Pathwise, quantity, requires, bound).witnessed(&[
        // q = 0.5: r = 0.5*0.75/1.5.
        Witness {
            problem: "quadratic{eigenvalues=[4.0,1.0]}",
            method: "sam{eta=0.125,rho=0.75}",
            start: Some("[0.25,0.0]"),
            steps: 400,
            seeds: None,
            assume: &[],
        },
        // The lower eigenvalue 2, q = 0.5, the same r: unstable.
        Witness {
            problem: "quadratic{eigenvalues=[4.0,2.0]}",
            method: "sam{eta=0.25,rho=0.75}",
            start: Some("[0.0,-0.25]"),
            steps: 40,
            seeds: None,
            assume: &[],
        },
    ])],
};

/// Deviation from the cycle, relative to its radius, that a start may have.
const ON_CYCLE: f64 = 1e-9;
/// Deviation up to which F on an unstable cycle is still that of the cycle.
const STILL_ON_CYCLE: f64 = 1e-7;
/// Most steps an unstable cycle is judged over.
const MOST_STEPS: f64 = 25.0;

/// The cycle the start lies on.
struct Cycle {
    eigenvalue: f64,
    /// Largest deviation of the start, relative to the radius.
    deviation: f64,
    /// Steps it is judged over; `None`: it is stable.
    steps: Option<f64>,
}

fn cycle(inputs: &Inputs) -> Option<Cycle> {
    let spaces = inputs.problem.eigenspaces()?;
    let top = spaces.last()?.0;
    let (index, &(eigenvalue, inside)) = spaces.iter().enumerate().max_by(|a, b| a.1.1.high.total_cmp(&b.1.1.high))?;
    let step = inputs.plain_step(Number::exact(eigenvalue));
    let push = inputs.method.rho.first() * inputs.lambda().low;
    if eigenvalue <= 0.0 || !step.is_below(2.0) || push <= 0.0 {
        return None;
    }
    let radius = inputs.cycle_radius(Number::exact(eigenvalue));
    let excess = inside / radius - 1.0;
    let on_cycle = |deviation: Number| deviation.is_at_most(ON_CYCLE) && (-deviation).is_at_most(ON_CYCLE);
    if !on_cycle(excess) {
        return None;
    }
    let others = |(other, space): (usize, &Eigenspace)| (other != index).then_some(space.1);
    let outside = length(spaces.iter().enumerate().filter_map(others)) / radius;
    if !on_cycle(outside) {
        return None;
    }
    let deviation = outside.high.max(excess.high.abs()).max(excess.low.abs());
    let steps = (eigenvalue < top).then(|| {
        let growth = spaces.iter().map(|space| inputs.cycle_multiplier(eigenvalue, space.0).abs());
        let growth = growth.fold(1.0, f64::max);
        // An infinite quotient where nothing grows.
        ((STILL_ON_CYCLE / deviation.max(4e-16)).ln() / growth.ln()).floor().clamp(0.0, MOST_STEPS)
    });
    Some(Cycle { eigenvalue, deviation, steps })
}

pub(super) fn quantity(inputs: &Inputs) -> Quantity {
    let steps = cycle(inputs).and_then(|cycle| cycle.steps).map(|steps| steps as u64);
    Quantity::suboptimality(Over::EveryStep { steps })
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    on_cycle(inputs, inputs.deterministic_sam(), "x0 = x* +- r v, r = eta l rho/(2 - eta l), 0 < eta l < 2")
}

/// What the statements about cycles ask of a method and a start.
pub(super) fn on_cycle(inputs: &Inputs, method: Requirement, place: &str) -> Vec<Requirement> {
    let spectrum = inputs.problem.spectrum.as_deref();
    let least = spectrum.and_then(|spectrum| spectrum.iter().map(|pair| pair.0).min_by(f64::total_cmp));
    let unknown = "no exact eigenvalues of f are known".to_owned();
    let eigenvalues = least.map_or(unknown, |least| format!("the smallest eigenvalue is {least}"));
    let definite = least.is_some_and(|least| least > 0.0);
    let cycle = cycle(inputs);
    let (met, detail) = match &cycle {
        Some(cycle) => {
            (true, format!("the start is on the cycle of l = {}, up to {:.1e}", cycle.eigenvalue, cycle.deviation))
        }
        None => (false, "the start is not on a 2-cycle".to_owned()),
    };
    let mut requirements = vec![
        method,
        Requirement::new("f is a quadratic with A > 0", definite, eigenvalues),
        inputs.perturbed(),
        Requirement::new(place, met, detail),
    ];
    if let Some(steps) = cycle.and_then(|cycle| cycle.steps) {
        let detail = format!("rounding errors leave this unstable cycle after about {steps} steps");
        requirements.push(Requirement::new("the orbit survives rounding for a step", steps >= 1.0, detail));
    }
    requirements
}

pub(super) fn bound(inputs: &Inputs) -> Bound {
    let Some(cycle) = cycle(inputs) else { return Bound::floor(Number::unknown()) };
    let bound = Bound::floor(inputs.cycle_suboptimality(Number::exact(cycle.eigenvalue)));
    match cycle.steps {
        Some(steps) => bound.noting(format!("an unstable cycle: judged over its first {steps} steps only")),
        None => bound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    fn steps(example: &Example) -> Option<u64> {
        match example.quantity(&THEOREM, None).over {
            Over::EveryStep { steps } => steps,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn number_worked_by_hand() {
        // l = 4, eta = 1/8, rho = 3/4: q = 1/2, r = (3/8)/(3/2) = 1/4, F = 4*(1/16)/2 = 1/8 = 64*(9/16)/64/(2*(9/4)).
        let example = Example::deterministic(0.125, 0.75, 9).quadratic(&[(1.0, 0.0), (4.0, -0.25)]);
        assert_near(example.bound(&THEOREM, None).total, 0.125);
        assert_eq!(steps(&example), None);
    }

    #[test]
    fn a_lower_cycle_is_judged_over_few_steps() {
        // l = 2, eta = 1/4: q = 1/2, r = 1/4, F = 1/16; m(4) = 1 - 1 - 4*1.5 = -6: floor(19.34/1.79) = 10 steps.
        let at = |off| Example::deterministic(0.25, 0.75, 9).quadratic(&[(2.0, 0.25), (4.0, off)]);
        assert_near(at(0.0).bound(&THEOREM, None).total, 0.0625);
        assert_eq!(steps(&at(0.0)), Some(10));
        // 2e-10 off, relative 8e-10: floor(4.83/1.79) = 2 steps; m = -60 and more leave none.
        assert_eq!(steps(&at(2e-10)), Some(2));
        let far = Example::deterministic(0.25, 0.75, 9).quadratic(&[(2.0, 0.25), (40.0, 2e-10)]);
        assert!(!far.applies(&THEOREM, None));
    }

    #[test]
    fn the_start_and_the_perturbation_decide() {
        let on = |component| Example::deterministic(0.125, 0.75, 9).quadratic(&[(4.0, component), (4.0, 0.0)]);
        assert!(on(0.25 * (1.0 + 9e-10)).applies(&THEOREM, None));
        assert!(!on(0.25 * (1.0 + 2e-9)).applies(&THEOREM, None));
        // One eigenspace: the direction inside it is free.
        let turned = Example::deterministic(0.125, 0.75, 9).quadratic(&[(4.0, 0.15), (4.0, 0.2)]);
        assert!(turned.applies(&THEOREM, None));
        let unperturbed = on(0.25).unperturbed();
        assert!(unperturbed.refusals(&THEOREM, None)[0].contains("without a perturbation there is no floor"));
        // eta*l = 2 is outside.
        assert!(!Example::deterministic(0.5, 0.75, 9).quadratic(&[(4.0, 0.25)]).applies(&THEOREM, None));
    }
}
