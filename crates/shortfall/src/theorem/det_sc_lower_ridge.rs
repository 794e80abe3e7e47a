//! `det-sc-lower-ridge`: in two and more dimensions the floor of SAM is of order `beta^4 eta^2 rho^2/mu`.

use super::ridge_orbit::RidgeOrbit;
use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::{Number, Symbol};
use crate::text::number;

/// The class of the witnesses: kappa = 50, rho = 1/2, T = 40, 1/(4 mu T) = 0.3125.
const CLASS: &[(&str, f64)] = &[("beta", 1.0), ("mu", 0.02), ("Delta", 1.0)];

// On the cycle for eta = 1/2, rho = 1/2, k = 1/4, to the last digit.
const ON_ORBIT: &str = "[0.08717151924177757,0.7804303444647683]";

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-sc-lower-ridge",
    source: "THEORY.md section 4",
    setting: "Deterministic SAM, any step size eta > 0; the class of mu-strongly convex, beta-smooth functions in two or \
              more dimensions with F_0 <= Delta, kappa >= 20, Delta >= beta*rho^2; T >= 1. orbit: problem \
              `double-ridge` with 0 < k < (beta-mu)/2, b = beta-2*k, B = b+k/2, eta*B < 2, started on its 2-cycle.",
    statement: "for every eta some f of the class has min_{t<=T} F_t >= min(beta^4*rho^2/(6560*mu^3*T^2), \
                beta*rho^2/193); orbit: F_t = (eta*B*b*rho)^2/(2*(2-eta*B)^2)*(cos(phi)^2/b+sin(phi)^2/mu) for all t",
    meaning: "Hopping between two ridges SAM never feels the flat direction it should descend along, so the floor grows \
              with the condition number: kappa^3 instead of kappa^2.",
    tightness: "With det-sc-upper and det-sc-fval it settles the order of the floor for constant steps; as k/beta goes \
                to 0 and kappa to infinity the orbit attains the constant 1/8 of det-sc-upper.",
    example: "shortfall run double-ridge 'sam{eta=0.5,rho=0.5}' --start '[0.08717151924177757,0.7804303444647683]' \
              --steps 25",
    forms: &[
        Form::new(Kind::Lower, Mode::Pathwise, |_| Quantity::suboptimality(Over::MinimumTo), requires, bound)
            .of_a_class()
            .witnessed(&[
                // eta <= 1/(4 mu T): down the flat direction from sqrt(2 Delta/mu) = 10.
                Witness {
                    problem: "double-ridge",
                    method: "sam{eta=0.25,rho=0.5}",
                    start: Some("[0.0,10.0]"),
                    steps: 40,
                    seeds: None,
                    assume: CLASS,
                },
                // Up to 1/beta: the same f, from its cycle.
                Witness {
                    problem: "double-ridge",
                    method: "sam{eta=0.5,rho=0.5}",
                    start: Some(ON_ORBIT),
                    steps: 40,
                    seeds: None,
                    assume: CLASS,
                },
                // Beyond: the parabola of curvature beta from min(eta rho/(2-eta), sqrt(2)) = sqrt(2), rounded down.
                Witness {
                    problem: "quadratic{eigenvalues=[1.0,0.02]}",
                    method: "sam{eta=1.5,rho=0.5}",
                    start: Some("[1.414213562373095,0.0]"),
                    steps: 40,
                    seeds: None,
                    assume: CLASS,
                },
            ]),
        Form::new(
            Kind::Exact,
            Mode::Pathwise,
            |inputs| Quantity::suboptimality(Over::EveryStep { steps: Some(survives(inputs)) }),
            requires_orbit,
            |inputs| match orbit(inputs) {
                Some(orbit) => Bound::floor(orbit.suboptimality).noting(format!(
                    "the orbit may be unstable: judged over its first {} steps only",
                    survives(inputs)
                )),
                None => Bound::floor(Number::unknown()),
            },
        )
        .named("orbit")
        .witnessed(&[Witness {
            problem: "double-ridge",
            method: "sam{eta=0.5,rho=0.5}",
            start: Some(ON_ORBIT),
            steps: MOST_STEPS,
            seeds: None,
            assume: &[],
        }]),
    ],
};

/// Most steps of an orbit that may be unstable (THEORY.md 17.4).
const MOST_STEPS: u64 = 25;
/// Relative deviation up to which a point is still on it.
const STILL_ON_CYCLE: f64 = 1e-8;
/// Largest deviation of the start from the orbit, relative to its size.
const ON_CYCLE: f64 = 1e-12;

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let (mu, beta) = (inputs.mu(), inputs.beta());
    let dimension = inputs.problem.dimension;
    let conditioned = (20.0 * mu - beta).is_at_most(0.0);
    vec![
        inputs.deterministic_sam(),
        Requirement::new("d >= 2", dimension >= 2, format!("d = {dimension}")),
        inputs.known(Symbol::Beta),
        inputs.strongly_convex(),
        Requirement::new("kappa >= 20", conditioned, format!("kappa = {}", number((beta / mu).middle()))),
        inputs.known(Symbol::Delta),
        inputs.at_most("beta*rho^2 - Delta", beta * inputs.rho().square() - inputs.delta(), 0.0),
        inputs.at_least_one_step(),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let (beta, mu, rho) = (inputs.beta(), inputs.mu(), inputs.rho());
    let orbit = (beta.square() * rho / (mu * inputs.horizon())).square() / (6560.0 * mu);
    let total = orbit.min(beta * rho.square() / 193.0);
    // All of it vanishes as T grows.
    Bound::of(total, total, Number::exact(0.0), Number::exact(0.0))
}

fn orbit(inputs: &Inputs) -> Option<RidgeOrbit> {
    let [beta, mu, ridge] = ["beta", "mu", "ridge"].map(|name| inputs.parameter(name));
    RidgeOrbit::of(beta, mu, ridge, inputs.eta(), inputs.rho())
}

/// Steps that rounding leaves on the orbit: deviations grow by no more than the norm of the linearised step,
/// `I - eta H_y (I + (rho/|g|) P H_x)`. An estimate, in plain doubles.
fn survives(inputs: &Inputs) -> u64 {
    let Some(orbit) = orbit(inputs) else { return MOST_STEPS };
    let [beta, mu, k] = ["beta", "mu", "ridge"].map(|name| inputs.parameter(name).middle());
    let (eta, rho, b) = (inputs.method.eta.first(), inputs.method.rho.first(), beta - 2.0 * k);
    let g = [b * orbit.x1.middle(), mu * orbit.x2.middle()];
    let length = g[0].hypot(g[1]);
    let u = g.map(|g| g / length);
    // The ridge along p = (c, -s) is the active one at y.
    let t = (mu / (mu + k)).sqrt();
    let c = 1.0 / (1.0 + t * t).sqrt();
    let p = [c, -t * c];
    let curved = |i: usize, j: usize| k * p[i] * p[j] + if i == j { [b, mu][i] } else { 0.0 };
    let turned = |i: usize, j: usize| {
        let unit = f64::from(u8::from(i == j));
        unit + rho / length * (unit - u[i] * u[j]) * [b, mu][j]
    };
    let step = |i: usize, j: usize| {
        f64::from(u8::from(i == j)) - eta * (curved(i, 0) * turned(0, j) + curved(i, 1) * turned(1, j))
    };
    let norm = [(0, 0), (0, 1), (1, 0), (1, 1)].iter().map(|&(i, j)| step(i, j).powi(2)).sum::<f64>().sqrt();
    let deviation = deviation(&orbit, &inputs.problem.start).unwrap_or(f64::INFINITY).max(4e-16);
    // An infinite quotient where nothing grows.
    ((STILL_ON_CYCLE / deviation).ln() / norm.max(1.0).ln()).floor().clamp(0.0, MOST_STEPS as f64) as u64
}

/// How far the start is off the orbit, relative to its size.
fn deviation(orbit: &RidgeOrbit, start: &[f64]) -> Option<f64> {
    let &[x1, x2] = start else { return None };
    let off = |x: f64, exact: Number| {
        let off = Number::exact(x) - exact;
        off.max(-off).high
    };
    Some(off(x1.abs(), orbit.x1).max(off(x2.abs(), orbit.x2)) / orbit.x1.high.max(orbit.x2.high))
}

fn requires_orbit(inputs: &Inputs) -> Vec<Requirement> {
    let (on_orbit, place) = match orbit(inputs) {
        None => (false, "there is no such cycle for these parameters, eta and rho".to_owned()),
        Some(orbit) => {
            let on = deviation(&orbit, &inputs.problem.start).is_some_and(|deviation| deviation <= ON_CYCLE);
            (on, format!("the cycle is at ({}, {})", orbit.x1.middle(), orbit.x2.middle()))
        }
    };
    let steps = survives(inputs);
    vec![
        inputs.deterministic_sam(),
        inputs.own_function("double-ridge"),
        inputs.perturbed(),
        Requirement::new("x0 on the 2-cycle, both ridges idle there, eta*B < 2", on_orbit, place),
        Requirement::new(
            "the orbit survives rounding for a step",
            steps >= 1,
            format!("rounding errors leave this orbit after about {steps} steps"),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    fn class(rho: f64, steps: u64) -> Example {
        let example = Example::deterministic(0.25, rho, steps);
        example.beta(64.0).set(Symbol::Mu, 2.0).set(Symbol::Delta, 100.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // beta^4 rho^2 = 2^24/4 = 2^22 over 6560*8*1600; beta rho^2/193 = 16/193 is smaller.
        assert_near(class(0.5, 40).bound(&THEOREM, None).total, 4_194_304.0 / (6560.0 * 8.0 * 1600.0));
        assert_near(class(0.5, 1).bound(&THEOREM, None).total, 16.0 / 193.0);
    }

    #[test]
    fn the_orbit_worked_by_hand() {
        // beta = 16, mu = 1, k = 3: b = 10, B = 11.5, R = 3/(2*2) = 3/4; eta = 2/23: eta B = 1, S = 9/2,
        // tan(phi) = (3/4)/(11/2) = 3/22; idle: 3/22*10 = 30/22 >= c/s = sqrt(4): not. eta = 1/46: eta B = 1/4,
        // S = 9/8, tan = (3/4)/(17/8) = 6/17, 60/17 > 2: cos^2 = 289/325, sin^2 = 36/325.
        let parameters = [("beta", 16.0), ("mu", 1.0), ("ridge", 3.0)];
        let rho = 7.0;
        let cosine = (289.0f64 / 325.0).sqrt();
        let x1 = 0.25 * rho * cosine / 1.75;
        let start = [x1, 10.0 * (6.0 / 17.0) * x1];
        let at = |eta, start: &[f64]| Example::deterministic(eta, rho, 9).on("double-ridge", &parameters, start);
        let orbit = at(1.0 / 46.0, &start).bound(&THEOREM, Some("orbit"));
        assert!(
            (orbit.total.middle() / ((0.25f64 * 70.0 / 1.75).powi(2) / 2.0 * (28.9 + 36.0) / 325.0) - 1.0).abs()
                < 1e-13
        );
        let mirrored = [-start[0], start[1]];
        assert!(at(1.0 / 46.0, &mirrored).applies(&THEOREM, Some("orbit")));
        assert!(!at(1.0 / 46.0, &[start[0], start[1] * (1.0 + 1e-9)]).applies(&THEOREM, Some("orbit")));
        assert!(!at(2.0 / 23.0, &start).applies(&THEOREM, Some("orbit")));
    }

    #[test]
    fn edges() {
        assert!(class(0.5, 40).applies(&THEOREM, None));
        assert!(!class(0.5, 0).applies(&THEOREM, None));
        assert!(!class(0.5, 40).set(Symbol::Mu, 3.3).applies(&THEOREM, None));
        assert!(class(0.5, 40).set(Symbol::Mu, 3.125).applies(&THEOREM, None));
        assert!(!class(0.5, 40).set(Symbol::Delta, 15.9).applies(&THEOREM, None));
        assert!(!class(0.5, 40).on("quadratic", &[], &[1.0]).applies(&THEOREM, None));
        assert_eq!(class(0.5, 40).unperturbed().bound(&THEOREM, None).total.low, 0.0);
    }
}
