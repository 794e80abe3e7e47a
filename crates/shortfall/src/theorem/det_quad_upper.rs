//! `det-quad-upper`: on quadratics the floor of SAM has a smaller power of the condition number.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::{Number, Symbol};
use crate::text::number;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-quad-upper",
    source: "THEORY.md section 3",
    setting: "Deterministic SAM, rho > 0; f quadratic with spectrum in [mu, beta], mu > 0; q = beta*eta <= 1/2; z0 = \
              |grad f(x0)|; T >= T0+T1+T2 with T0 = ceil(max(0, ln(z0/(eta*rho*beta^2)))/(eta*mu)), T1 = \
              ceil(4*ln(kappa)/(eta*mu)), T2 = ceil(28/(3*eta*beta)).",
    statement: "min_{t<=T} F_t <= 1.21*beta^3*eta^2*rho^2",
    meaning: "On quadratics, however badly conditioned, the best iterate comes as low as the cycle along the sharpest \
              direction up to a constant: the condition number only costs time.",
    tightness: "The order is attained by the cycle of the largest eigenvalue; the constant is loose (about 0.18 of \
                the bound was seen at most).",
    example: "shortfall bound 'quadratic{eigenvalues=[4.0,1.0]}' 'sam{eta=0.125,rho=0.75}' --start '[1.5,-2.0]' \
              --steps 4000",
    forms: &[Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::suboptimality(Over::MinimumTo), requires, bound)],
};

/// T0, T1, T2, none too small.
fn phases(inputs: &Inputs, gradient: Number) -> [f64; 3] {
    let (beta, mu) = (inputs.beta(), inputs.mu());
    let rate = inputs.eta() * mu;
    let far = (gradient / (inputs.q() * inputs.rho() * beta)).ln().positive_part();
    let kappa = (beta / mu).max(Number::exact(1.0));
    [far / rate, 4.0 * kappa.ln() / rate, 28.0 / (3.0 * inputs.q())].map(|phase| phase.high.ceil())
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let mut requirements = vec![
        inputs.deterministic_sam(),
        inputs.known(Symbol::Beta),
        inputs.strongly_convex(),
        inputs.perturbed(),
        inputs.at_most("beta*eta", inputs.q(), 0.5),
    ];
    let Some(gradient) = inputs.problem.quadratic_gradient else {
        requirements.push(Requirement::new("f quadratic", false, "f is not known to be a quadratic"));
        return requirements;
    };
    let [far, slow, last] = phases(inputs, gradient);
    let needed = far + slow + last;
    let detail = format!("T = {}, T0 = {}, T1 = {}, T2 = {}", inputs.steps, number(far), number(slow), number(last));
    requirements.extend([
        Requirement::new("f quadratic", true, format!("|grad f(x0)| = {}", number(gradient.high))),
        Requirement::new("T >= T0 + T1 + T2", inputs.horizon().low >= needed, detail),
    ]);
    requirements
}

fn bound(inputs: &Inputs) -> Bound {
    Bound::floor(inputs.beta() * (inputs.q() * inputs.rho()).square() * 121.0 / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    fn example(eta: f64, start: f64, steps: u64) -> Example {
        let example = Example::deterministic(eta, 0.75, steps).quadratic(&[(4.0, start), (1.0, 0.0)]);
        example.beta(4.0).set(Symbol::Mu, 1.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // q = 1/2: 1.21*4*(3/8)^2 = 0.680625; z0 = 4*1.5 = 6, eta*rho*beta^2 = 1.5: T0 = ceil(8 ln 4) = 12,
        // T1 = ceil(32 ln 4) = 45, T2 = ceil(28/1.5) = 19.
        assert_near(example(0.125, 1.5, 76).bound(&THEOREM, None).total, 0.680625);
        assert!(!example(0.125, 1.5, 75).applies(&THEOREM, None));
        let details = example(0.125, 1.5, 75).refusals(&THEOREM, None);
        assert_eq!(details, ["T = 75, T0 = 12.0, T1 = 45.0, T2 = 19.0"]);
    }

    #[test]
    fn edges() {
        // At the minimiser T0 = 0; at the threshold of the gradient as well, up to its slack.
        assert!(example(0.125, 0.0, 64).applies(&THEOREM, None));
        assert!(!example(0.125, 0.0, 63).applies(&THEOREM, None));
        assert!(!example(0.125f64.next_up(), 0.0, 1000).applies(&THEOREM, None));
        assert!(!example(0.125, 1.5, 1000).unperturbed().applies(&THEOREM, None));
        assert!(!example(0.125, 1.5, 1000).set(Symbol::Mu, 0.0).applies(&THEOREM, None));
        let other = Example::deterministic(0.125, 0.75, 1000).beta(4.0).set(Symbol::Mu, 1.0);
        assert_eq!(other.refusals(&THEOREM, None), ["f is not known to be a quadratic"]);
        // kappa = 1: ln 1 is enclosed, so T1 is 1 instead of 0.
        let round = Example::deterministic(0.125, 0.75, 20).quadratic(&[(4.0, 0.0)]).beta(4.0).set(Symbol::Mu, 4.0);
        assert!(round.applies(&THEOREM, None));
    }

    #[test]
    fn the_orbit_stays_below() {
        let (mut x, mut y, mut least) = (1.5f64, -2.0f64, f64::INFINITY);
        for _ in 0..=80 {
            least = least.min(2.0 * x * x + 0.5 * y * y);
            let norm = (16.0 * x * x + y * y).sqrt();
            let (along, across) = (x + 0.75 * 4.0 * x / norm, y + 0.75 * y / norm);
            (x, y) = (x - 0.5 * along, y - 0.125 * across);
        }
        assert!(least <= 0.680625, "{least}");
    }
}
