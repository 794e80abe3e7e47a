//! `det-sc-lower-quad`: no constant step brings SAM below order `rho^2/T^2` on every strongly convex function.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::{Number, Symbol};
use crate::text::number;

/// The class of the witnesses.
const CLASS: &[(&str, f64)] = &[("beta", 8.0), ("mu", 0.5), ("Delta", 3.0)];

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-sc-lower-quad",
    source: "Si & Yun, NeurIPS 2023 (their lower bound for strongly convex functions); constants: THEORY.md section 4",
    setting: "Deterministic SAM, any step size eta > 0; the class of mu-strongly convex, beta-smooth functions with \
              F_0 <= Delta; T >= 1.",
    statement: "for every eta some f of the class has min_{t<=T} F_t >= min(Delta/4, \
                beta^3/(128*mu^2*T^2)*min(rho^2, 2*Delta/mu))",
    meaning: "A tiny step leaves a flat function unfinished after T steps and a larger one makes a steep function \
              oscillate, so no step size chosen beforehand beats rho^2/T^2 on both.",
    tightness: "Attained up to constants in one dimension and on quadratics, by parabolas; in two and more \
                dimensions the true order is larger by the condition number.",
    example: "shortfall run 'quadratic{eigenvalues=[8.0]}' 'sam{eta=0.015625,rho=0.25}' --start \
              '[0.016666666666666666]' --steps 40 --assume beta=8 --assume mu=0.5 --assume Delta=3",
    forms: &[Form::new(Kind::Lower, Mode::Pathwise, |_| Quantity::suboptimality(Over::MinimumTo), requires, bound)
        .of_a_class()
        // eta0 = min(1, sqrt(2*3/0.5)/0.25)/(4*0.5*40) = 0.0125; 2/beta = 0.25.
        .witnessed(&[
            // eta <= eta0: mu x^2/2 from sqrt(2 Delta/mu) = sqrt(12).
            Witness {
                problem: "quadratic{eigenvalues=[0.5]}",
                method: "sam{eta=0.0125,rho=0.25}",
                start: Some("[3.464101615137754]"),
                steps: 40,
                seeds: None,
                assume: CLASS,
            },
            // Between: beta x^2/2 from the cycle, 0.125*0.25/1.875 = 1/60.
            Witness {
                problem: "quadratic{eigenvalues=[8.0]}",
                method: "sam{eta=0.015625,rho=0.25}",
                start: Some("[0.016666666666666666]"),
                steps: 40,
                seeds: None,
                assume: CLASS,
            },
            // eta >= 2/beta: beta x^2/2 from sqrt(2 Delta/beta) = sqrt(0.75).
            Witness {
                problem: "quadratic{eigenvalues=[8.0]}",
                method: "sam{eta=0.25,rho=0.25}",
                start: Some("[0.8660254037844386]"),
                steps: 40,
                seeds: None,
                assume: CLASS,
            },
        ])],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let (mu, beta) = (inputs.mu(), inputs.beta());
    let nonempty = (mu - beta).is_at_most(0.0);
    vec![
        inputs.deterministic_sam(),
        inputs.known(Symbol::Beta),
        inputs.strongly_convex(),
        Requirement::new(
            "mu <= beta",
            nonempty,
            format!("mu = {}, beta = {}", number(mu.middle()), number(beta.middle())),
        ),
        inputs.known(Symbol::Delta),
        inputs.at_least_one_step(),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let (beta, mu, delta) = (inputs.beta(), inputs.mu(), inputs.delta());
    let reach = inputs.rho().square().min(2.0 * delta / mu);
    let cycle = beta * (beta / (mu * inputs.horizon())).square() / 128.0 * reach;
    let total = (delta / 4.0).min(cycle);
    // All of it vanishes as T grows.
    Bound::of(total, total, Number::exact(0.0), Number::exact(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    fn class(rho: f64, steps: u64) -> Example {
        let example = Example::deterministic(0.015625, rho, steps);
        example.beta(8.0).set(Symbol::Mu, 0.5).set(Symbol::Delta, 3.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // 8^3/(128*(1/4)*1600) = 512/51200 = 1/100, times min(1/16, 12): 1/1600; Delta/4 = 3/4 is larger.
        assert_near(class(0.25, 40).bound(&THEOREM, None).total, 1.0 / 1600.0);
        // rho = 100: min(10^4, 12) = 12, 12/100.
        assert_near(class(100.0, 40).bound(&THEOREM, None).total, 0.12);
        // T = 1: 16*12 is above Delta/4.
        assert_near(class(100.0, 1).bound(&THEOREM, None).total, 0.75);
    }

    #[test]
    fn witnesses_stay_above_the_bound() {
        let bound = 1.0 / 1600.0;
        for (l, eta, start) in
            [(0.5, 0.0125, 3.464101615137754), (8.0, 0.015625, 1.0 / 60.0), (8.0, 0.25, 0.75f64.sqrt())]
        {
            let mut x: f64 = start;
            for _ in 0..=40 {
                assert!(0.5 * l * x * x >= bound, "l = {l}, eta = {eta}: x = {x}");
                x -= eta * l * (x + 0.25 * x.signum());
            }
        }
    }

    #[test]
    fn edges() {
        assert!(!class(0.25, 0).applies(&THEOREM, None));
        assert_eq!(class(0.25, 40).unperturbed().bound(&THEOREM, None).total.low, 0.0);
        assert!(!class(0.25, 40).set(Symbol::Mu, 8.5).applies(&THEOREM, None));
    }
}
