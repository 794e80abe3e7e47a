//! `det-cvx-lower`: no constant step brings the smallest gradient of SAM below order T^(-2/3) on every convex function.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::{Number, Symbol};

/// The class of the witnesses.
const CLASS: &[(&str, f64)] = &[("beta", 8.0), ("Delta", 3.0)];

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-cvx-lower",
    source: "THEORY.md section 5",
    setting: "Deterministic SAM, any step size eta > 0; the class of convex, beta-smooth functions with F_0 <= Delta; \
              T >= 1.",
    statement: "for every eta some f of the class has min_{t<T} |grad f(x_t)|^2 >= \
                min((beta^2*rho*Delta/(2*T))^(2/3)/4, beta*Delta/2, Delta^2/rho^2)",
    meaning: "A tiny step leaves a flat function unfinished after T steps and a larger one makes a steep function \
              oscillate, so with rho > 0 no step size chosen beforehand gives a rate better than T^(-2/3).",
    tightness: "The rate is attained: det-cvx-min with the tuned step, up to a constant. The functions are parabolas.",
    example: "shortfall run 'quadratic{eigenvalues=[8.0]}' 'sam{eta=0.0625,rho=0.25}' --start \
              '[0.08333333333333333]' --steps 40 --assume beta=8 --assume Delta=3",
    forms: &[Form::new(
        Kind::Lower,
        Mode::Pathwise,
        |_| Quantity::squared_gradient(Over::MinimumBefore),
        requires,
        bound,
    )
    .of_a_class()
    .witnessed(&[
        // A small step: nu x^2/2 with nu = min(8, 1/(4*0.025*40), 2*3/0.25^2) = 0.25 from sqrt(2*3/0.25).
        Witness {
            problem: "quadratic{eigenvalues=[0.25]}",
            method: "sam{eta=0.025,rho=0.25}",
            start: Some("[4.898979485566356]"),
            steps: 40,
            seeds: None,
            assume: CLASS,
        },
        // A larger one: beta x^2/2 from the cycle, 0.5*0.25/1.5 = 1/12.
        Witness {
            problem: "quadratic{eigenvalues=[8.0]}",
            method: "sam{eta=0.0625,rho=0.25}",
            start: Some("[0.08333333333333333]"),
            steps: 40,
            seeds: None,
            assume: CLASS,
        },
        // eta >= 2/beta: beta x^2/2 from sqrt(2*3/8).
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
    vec![
        inputs.deterministic_sam(),
        inputs.known(Symbol::Beta),
        inputs.known(Symbol::Delta),
        inputs.at_least_one_step(),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let (beta, delta, rho) = (inputs.beta(), inputs.delta(), inputs.rho());
    let rate = (beta.square() * rho * delta / (2.0 * inputs.horizon())).cbrt().square() / 4.0;
    let total = rate.min(beta * delta / 2.0);
    let total = if rho.is_above(0.0) { total.min((delta / rho).square()) } else { total };
    // All of it vanishes as T grows.
    Bound::of(total, total, Number::exact(0.0), Number::exact(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    fn class(rho: f64, steps: u64) -> Example {
        Example::deterministic(0.0625, rho, steps).beta(8.0).set(Symbol::Delta, 3.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // (64*0.25*3/80)^(2/3)/4 = 0.6^(2/3)/4; 8*3/2 = 12; 9*16 = 144.
        assert_near(class(0.25, 40).bound(&THEOREM, None).total, 0.6f64.powf(2.0 / 3.0) / 4.0);
        // rho = 9, T = 4: (64*9*3/8)^(2/3)/4 = 216^(2/3)/4 = 9 and 12 against (3/9)^2.
        assert_near(class(9.0, 4).bound(&THEOREM, None).total, 1.0 / 9.0);
        // rho = 18/64, T = 1: 27^(2/3)/4.
        assert_near(class(0.28125, 1).bound(&THEOREM, None).total, 2.25);
        // Delta = 1/16, rho = 1/8: (64/256)^(2/3)/4 is below 8/32 and (1/2)^2.
        let tiny = class(0.125, 1).set(Symbol::Delta, 0.0625).bound(&THEOREM, None);
        assert_near(tiny.total, 0.25f64.powf(2.0 / 3.0) / 4.0);
    }

    #[test]
    fn witnesses_stay_above_the_bound() {
        let bound = class(0.25, 40).bound(&THEOREM, None).total.high;
        for (l, eta, start) in [(0.25, 0.025, 24f64.sqrt()), (8.0, 0.0625, 1.0 / 12.0), (8.0, 0.25, 0.75f64.sqrt())] {
            let mut x: f64 = start;
            assert!(0.5 * l * x * x <= 3.0 * (1.0 + 1e-15));
            for _ in 0..40 {
                assert!((l * x).powi(2) >= bound, "l = {l}, eta = {eta}: x = {x}");
                x -= eta * l * (x + 0.25 * x.signum());
            }
        }
    }

    #[test]
    fn for_every_step_one_of_the_two_parabolas_stays_above() {
        for rho in [0.001, 0.25, 2.0, 40.0] {
            for steps in [1, 7, 40, 1000] {
                let bound = class(rho, steps).bound(&THEOREM, None).total.high * (1.0 - 1e-9);
                for k in -60..30 {
                    let eta = 1.3f64.powi(k);
                    let least = |l: f64, start: f64| {
                        let (mut x, mut least) = (start, f64::INFINITY);
                        for _ in 0..steps {
                            least = least.min((l * x).powi(2));
                            x -= eta * l * (x + rho * x.signum());
                        }
                        least
                    };
                    let nu = (0.25 / (eta * steps as f64)).min(8.0).min(6.0 / (rho * rho));
                    let q = 8.0 * eta;
                    let cycle = if q < 2.0 { q * rho / (2.0 - q) } else { f64::INFINITY };
                    let best = least(nu, (6.0 / nu).sqrt()).max(least(8.0, cycle.min(0.75f64.sqrt())));
                    assert!(best >= bound, "rho = {rho}, T = {steps}, eta = {eta}: {best} < {bound}");
                }
            }
        }
    }

    #[test]
    fn edges() {
        assert!(!class(0.25, 0).applies(&THEOREM, None));
        assert_eq!(class(0.25, 40).unperturbed().bound(&THEOREM, None).total.low, 0.0);
        assert_eq!(class(0.25, 40).set(Symbol::Delta, 0.0).bound(&THEOREM, None).total.low, 0.0);
    }
}
