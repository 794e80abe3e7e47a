//! `gauss-var`: the long-run variance of stochastic SAM on a line with Gaussian noise, as if the iterates were Gaussian.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::{Number, Provenance};
use crate::text::number;
use std::f64::consts::PI;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "gauss-var",
    source: "THEORY.md section 14 (heuristic); E[X sign Y] = sqrt(2/pi) Cov(X,Y)/sd(Y) for jointly Gaussian X, Y",
    setting: "Stochastic SAM on f = lam*x^2/2 (d = 1) with gradients lam*x + z, z ~ N(0, sig^2), sig > 0; sig^2/b for \
              batches of b; 0 < el = eta*lam <= 1.",
    statement: "long-run E F ~ lam*v/2, v*(1-(1-el)^2) + 2*(1-el)*el*rho*k*lam*v/s = eta^2*(lam^2*rho^2 + sig^2 + [m-SAM \
                only] 2*lam*rho*k*sig^2/s), s = sqrt(lam^2*v+sig^2), k = sqrt(2/pi)",
    meaning: "The noise is symmetric, so no floor of order rho^2 is left by a small step: the perturbation adds to the noise \
              of each step and, by pulling towards the minimum, takes some of it away.",
    tightness: "A heuristic, exact for rho = 0. Observed: off by about 1 percent for el = 0.3 and sig >= lam*rho/2, by 3 \
                percent for sig = lam*rho/4; for el = 0.9 m-SAM by 3 percent at sig = lam*rho and 12 at sig = lam*rho/4.",
    example: "shortfall run noisy-quadratic 'stochastic-sam{eta=0.3,rho=0.5,sampling=\"same\"}' --steps 2000 --seeds 64",
    forms: &[Form::new(
        Kind::Prediction,
        Mode::Expectation,
        |_| Quantity::suboptimality(Over::Stationary),
        requires,
        bound,
    )
    .witnessed(&[Witness {
        problem: "noisy-quadratic",
        method: "stochastic-sam{eta=0.3,rho=0.5}",
        start: None,
        steps: 20_000,
        seeds: None,
        assume: &[],
    }])],
};

/// `lam`; NaN in more dimensions than one.
fn curvature(inputs: &Inputs) -> f64 {
    match inputs.problem.spectrum.as_deref() {
        Some([(eigenvalue, _)]) => *eigenvalue,
        _ => f64::NAN,
    }
}

/// Standard deviation of the noise of a batch.
fn deviation(inputs: &Inputs) -> f64 {
    let batch = inputs.method.sampling.map_or(1, |sampling| sampling.batch);
    inputs.problem.number("sigma").unwrap_or(f64::NAN) / (batch as f64).sqrt()
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let (dimension, sigma) = (inputs.problem.dimension, deviation(inputs));
    let mut requirements = vec![
        inputs.stochastic_sam(),
        inputs.own_function("noisy-quadratic"),
        Requirement::new("d = 1", dimension == 1, format!("d = {dimension}")),
    ];
    if requirements.iter().all(|requirement| requirement.met) {
        let step = inputs.eta() * curvature(inputs);
        requirements.extend([
            Requirement::new("sig > 0", sigma > 0.0, format!("sig = {}", number(sigma))),
            inputs.above("eta*lam", step, 0.0),
            inputs.at_most("eta*lam", step, 1.0),
        ]);
    }
    requirements
}

/// The left side of the equation less the right one, which increases with the variance. In plain doubles.
fn excess(inputs: &Inputs, variance: f64) -> f64 {
    let (lam, sig, k) = (curvature(inputs), deviation(inputs), (2.0 / PI).sqrt());
    let (eta, rho) = (inputs.method.eta.first(), inputs.method.rho.first());
    let el = eta * lam;
    let s = (lam * lam * variance + sig * sig).sqrt();
    let pull = 2.0 * (1.0 - el) * el * rho * k * lam * variance / s;
    let both = if inputs.uses_same_sample_form() { 2.0 * lam * rho * k * sig * sig / s } else { 0.0 };
    variance * el * (2.0 - el) + pull - eta * eta * (lam * lam * rho * rho + sig * sig + both)
}

/// The stationary variance by bisection.
fn variance(inputs: &Inputs) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while excess(inputs, high) < 0.0 {
        (low, high) = (high, 2.0 * high);
    }
    for _ in 0..2000 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if excess(inputs, middle) < 0.0 { low = middle } else { high = middle }
    }
    high
}

fn bound(inputs: &Inputs) -> Bound {
    let predicted = Number::exact(0.5 * curvature(inputs) * variance(inputs)).with(Provenance::Estimated);
    let reach = deviation(inputs) / (curvature(inputs) * inputs.method.rho.first());
    let bound = Bound::sum(Number::exact(0.0), predicted, Number::exact(0.0));
    let bound = bound.settled_after(inputs.descent_time(predicted, curvature(inputs)));
    bound.noting(format!("sig/(lam rho) = {}: not accurate where this is small", number(reach)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::SampleReuse;
    use crate::theorem::example::Example;

    fn example(reuse: SampleReuse, lam: f64, sigma: f64, eta: f64, rho: f64) -> Example {
        let example = Example::stochastic(reuse, eta, rho, 9).quadratic(&[(lam, 1.0)]);
        example.on("noisy-quadratic", &[("sigma", sigma)], &[1.0])
    }

    fn predicted(example: &Example) -> f64 {
        example.bound(&THEOREM, None).total.middle()
    }

    #[test]
    fn numbers_worked_by_hand() {
        use SampleReuse::{Independent, Same};
        // lam = 2, eta = 1/4, el = 1/2, rho = 0: v*3/4 = sig^2/16; sig^2 = 9: v = 3/4, E F = 3/4. Batches of 4: a quarter.
        let sgd = example(Independent, 2.0, 3.0, 0.25, 0.0);
        assert!((predicted(&sgd) - 0.75).abs() < 1e-15);
        assert!((predicted(&sgd.batch(4)) - 0.1875).abs() < 1e-15);
        // el = 1: v = eta^2*(lam^2 rho^2 + sig^2 + ...): n: (4*(1/4) + 9)/4 = 2.5.
        assert!((predicted(&example(Independent, 2.0, 3.0, 0.5, 0.5)) - 2.5).abs() < 1e-14);
        // m, el = 1: v = (10 + 18 k/s)/4 with s = sqrt(4 v + 9): at v = 3.23.., s = 4.68..
        let v = predicted(&example(Same, 2.0, 3.0, 0.5, 0.5));
        let s = (4.0 * v + 9.0f64).sqrt();
        assert!((4.0 * v - 10.0 - 18.0 * (2.0 / PI).sqrt() / s).abs() < 1e-12 && v > 3.2 && v < 3.3, "{v}");
        // eta -> 0: v ~ eta*(sig^2 + lam^2 rho^2)/(2 lam (1 + k rho lam/sig)), sig = 3, rho = 1.5: 18 eta/(4*1.79788).
        let small = predicted(&example(Independent, 2.0, 3.0, 1e-6, 1.5));
        assert!((small / (18e-6 / (4.0 * (1.0 + (2.0 / PI).sqrt()))) - 1.0).abs() < 1e-5, "{small}");
    }

    #[test]
    fn hypotheses() {
        let reuse = SampleReuse::Same;
        assert!(example(reuse, 2.0, 3.0, 0.5, 0.5).applies(&THEOREM, None));
        assert!(!example(reuse, 2.0, 3.0, 0.5f64.next_up(), 0.5).applies(&THEOREM, None));
        assert!(!example(reuse, -2.0, 3.0, 0.5, 0.5).applies(&THEOREM, None));
        assert!(!example(reuse, 2.0, 0.0, 0.5, 0.5).applies(&THEOREM, None));
        let plane = Example::stochastic(reuse, 0.25, 0.5, 9).quadratic(&[(2.0, 1.0), (1.0, 1.0)]);
        assert!(!plane.on("noisy-quadratic", &[("sigma", 3.0)], &[1.0, 1.0]).applies(&THEOREM, None));
        assert!(!Example::stochastic(reuse, 0.25, 0.5, 9).quadratic(&[(2.0, 1.0)]).applies(&THEOREM, None));
    }
}
