//! `uni-quad-cycle`: on a quadratic unified SAM can hop between two points for ever, at least lambda times as far as SAM.

use super::quad_cycle::{self, on_cycle, quantity};
use super::{Form, Inputs, Kind, Mode, Requirement, Theorem, Witness};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "uni-quad-cycle",
    source: "THEORY.md section 14; the interpolation is Oikonomou & Loizou's, ICLR 2025",
    setting: "Deterministic unified SAM, 0 < lambda <= 1, rho > 0; f = (x-x*)'A(x-x*)/2 with A > 0; the start is x* +- \
              r*v, v a unit eigenvector of an eigenvalue l, p = eta*l*(1+(1-lambda)*rho*l) < 2 and r = \
              lambda*eta*l*rho/(2-p).",
    statement: "F_t = l*r^2/2 for every t; the cycle is stable iff l is the largest eigenvalue",
    meaning: "However small the normalised part of the perturbation is, it keeps the iterates hopping across the minimum; \
              the height shrinks like lambda^2.",
    tightness: "An equality, quad-cycle at lambda = 1. On a cycle of a smaller eigenvalue rounding errors grow, so it is \
                judged over its first steps only.",
    example: "shortfall run 'quadratic{eigenvalues=[4.0,1.0]}' 'unified-sam{eta=0.125,rho=0.25,lambda=0.5}' --start \
              '[0.05,0.0]' --steps 400",
    forms: &[Form::new(Kind::Exact, Mode::Pathwise, quantity, requires, quad_cycle::bound).witnessed(&[
        // p = 0.5*1.5 = 0.75: r = 0.5*0.5*0.25/1.25 = 0.05.
        Witness {
            problem: "quadratic{eigenvalues=[4.0,1.0]}",
            method: "unified-sam{eta=0.125,rho=0.25,lambda=0.5}",
            start: Some("[0.05,0.0]"),
            steps: 400,
            seeds: None,
            assume: &[],
        },
        // The lower eigenvalue 2, p = 0.5*1.25 = 0.625: r = 0.5*0.5*0.25/1.375 = 1/22: unstable.
        Witness {
            problem: "quadratic{eigenvalues=[4.0,2.0]}",
            method: "unified-sam{eta=0.25,rho=0.25,lambda=0.5}",
            start: Some("[0.0,0.045454545454545456]"),
            steps: 40,
            seeds: None,
            assume: &[],
        },
    ])],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let mut requirements =
        on_cycle(inputs, inputs.unified_sam(), "x0 = x* +- r v, r = lambda eta l rho/(2 - p), 0 < p < 2");
    requirements.insert(1, inputs.above("lambda", inputs.lambda(), 0.0));
    requirements
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Perturbation;
    use crate::theorem::Over;
    use crate::theorem::example::{Example, assert_near};

    fn example(lambda: f64, eta: f64, rho: f64, spectrum: &[(f64, f64)]) -> Example {
        let perturbation = Perturbation::Unified { lambda };
        Example::deterministic(eta, rho, 9).perturbed_by(perturbation).quadratic(spectrum)
    }

    #[test]
    fn number_worked_by_hand() {
        // l = 4, eta = 1/8, rho = 1/2, lambda = 1/2: p = (1/2)*(1 + 1) = 1, r = (1/2)*(1/2)*(1/2)/1 = 1/8: F = 1/32.
        let on = example(0.5, 0.125, 0.5, &[(1.0, 0.0), (4.0, -0.125)]);
        assert_near(on.bound(&THEOREM, None).total, 0.03125);
        assert_eq!(on.quantity(&THEOREM, None).over, Over::EveryStep { steps: None });
    }

    #[test]
    fn a_lower_cycle_is_judged_over_few_steps() {
        // l = 2, eta = 1/4, rho = 1/2, lambda = 1/2: p = (1/2)*(3/2) = 3/4, r = (1/8)/(5/4) = 1/10; along l' = 4
        // p' = 2 and m = 1 - 2 - 4*(5/4) = -6: floor(19.34/1.79) = 10 steps from an exact start.
        let on = example(0.5, 0.25, 0.5, &[(2.0, 0.1), (4.0, 0.0)]);
        assert_near(on.bound(&THEOREM, None).total, 0.01);
        assert_eq!(on.quantity(&THEOREM, None).over, Over::EveryStep { steps: Some(10) });
    }

    #[test]
    fn the_normalised_part_and_the_step_decide() {
        // lambda = 1 is quad-cycle: eta = 1/8, rho = 3/4, r = 1/4.
        let sam = Example::deterministic(0.125, 0.75, 9).quadratic(&[(4.0, 0.25)]);
        assert_eq!(sam.bound(&THEOREM, None).total, sam.bound(&quad_cycle::THEOREM, None).total);
        assert!(!sam.unperturbed().applies(&THEOREM, None));
        let usam = Example::deterministic(0.125, 0.75, 9).perturbed_by(Perturbation::Unnormalised);
        assert!(!usam.quadratic(&[(4.0, 0.0)]).applies(&THEOREM, None));
        // p = 2 (1 + 1)/2 = 2 is outside: eta l = 1, rho l (1 - lambda) = 1.
        assert!(!example(0.5, 0.25, 0.5, &[(4.0, 0.1)]).applies(&THEOREM, None));
        assert!(!example(0.5, 0.125, 0.5, &[(4.0, 0.126)]).applies(&THEOREM, None));
    }
}
