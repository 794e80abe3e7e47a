//! `det-nc-sine`: a sine wave on which SAM comes to rest away from every critical point.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::Number;
use crate::text::number;

const WITNESSES: &[Witness] =
    &[Witness { problem: "sine", method: "sam{eta=0.5,rho=1.0}", start: None, steps: 2000, seeds: None, assume: &[] }];

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-nc-sine",
    source: "Si & Yun, NeurIPS 2023 (their nonconvex example); exact limit and all steps: THEORY.md section 7",
    setting: "Deterministic SAM on f(x) = (9*beta*rho^2/(25*pi^2))*sin(5*pi*x/(3*rho)), which is made for this rho; \
              0 < q = beta*eta < 2; x0 not a critical point.",
    statement: "lim |f'(x_t)|^2 = 27*beta^2*rho^2/(100*pi^2); lim F_t = 9*beta*rho^2/(50*pi^2)",
    meaning: "SAM stops on a slope, because one perturbation further along the slope the gradient is zero: that is \
              the only gradient it looks at.",
    tightness: "An equality, for every start that is not critical and every stable step; det-nc-tri has a steeper \
                slope.",
    example: "shortfall run sine 'sam{eta=0.5,rho=1.0}' --steps 2000",
    forms: &[
        Form::new(
            Kind::Exact,
            Mode::Pathwise,
            |_| Quantity::squared_gradient(Over::Limit),
            requires,
            |inputs| {
                let slope = inputs.parameter("beta") * inputs.rho() / Number::pi();
                Bound::floor(slope.square() * 27.0 / 100.0).settled_after(settled_after(inputs))
            },
        )
        .witnessed(WITNESSES),
        Form::new(
            Kind::Exact,
            Mode::Pathwise,
            |_| Quantity::suboptimality(Over::Limit),
            requires,
            |inputs| {
                let radius = inputs.rho() / Number::pi();
                let value = inputs.parameter("beta") * radius.square() * 9.0 / 50.0;
                Bound::floor(value).settled_after(settled_after(inputs))
            },
        )
        .named("value")
        .witnessed(WITNESSES),
    ],
};

/// `|cos theta|` up to which a start counts as critical.
const CRITICAL: f64 = 1e-9;

/// The start of a run on `sine` is not a critical point.
pub(super) fn not_critical(inputs: &Inputs) -> Requirement {
    // As the problem computes f', whose zeros are the critical points; the threshold is far above its rounding.
    let (phase, radius) = (inputs.parameter("phase").middle(), inputs.parameter("radius").middle());
    let slope = core_math::cos(phase * (inputs.start() / radius)).abs();
    Requirement::new("x0 not critical", slope > CRITICAL, format!("|cos(phase x0/radius)| = {}", number(slope)))
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let (phase, radius) = (inputs.parameter("phase"), inputs.parameter("radius"));
    vec![
        inputs.deterministic_sam(),
        inputs.own_function("sine"),
        inputs.perturbed(),
        inputs.equal("rho = radius", inputs.rho(), radius),
        inputs.equal("phase = 5 pi/3", phase, 5.0 * Number::pi() / 3.0),
        inputs.below("beta*eta", inputs.parameter("beta") * inputs.eta(), 2.0),
        not_critical(inputs),
    ]
}

/// The offset `psi` from the limit obeys `psi+ = psi - q sin(psi)` inside `(-pi/3, 2 pi/3)`, where `sin(psi)/psi` is
/// at least 0.41: there is no slow start, and every step contracts by the rate below. Thrice the steps down to
/// rounding; an estimate, in plain doubles.
fn settled_after(inputs: &Inputs) -> f64 {
    let q = (inputs.parameter("beta") * inputs.eta()).middle();
    let rate = (1.0 - 0.41 * q).abs().max((1.0 - q).abs());
    if rate < 1.0 { 3.0 * 1e16f64.ln() / -rate.ln() } else { f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};
    use std::f64::consts::PI;

    fn example(eta: f64, radius: f64, start: f64) -> Example {
        let parameters = [("beta", 4.0), ("radius", radius), ("phase", 5.0 * PI / 3.0)];
        Example::deterministic(eta, 0.5, 9).on("sine", &parameters, &[start])
    }

    #[test]
    fn number_worked_by_hand() {
        // beta = 4, rho = 1/2: 27*16/4/(100 pi^2) = 1.08/pi^2 and 9*4/4/(50 pi^2) = 0.18/pi^2.
        let example = example(0.125, 0.5, 0.05);
        assert_near(example.bound(&THEOREM, None).total, 1.08 / (PI * PI));
        assert_near(example.bound(&THEOREM, Some("value")).total, 0.18 / (PI * PI));
    }

    #[test]
    fn the_orbit_is_there_when_it_should_be() {
        for eta in [0.01, 0.125, 0.25, 0.45, 0.499] {
            let bound = example(eta, 0.5, 0.05).bound(&THEOREM, None);
            let slope = |x: f64| 4.0 * 0.5 / (5.0 * PI / 3.0) * (5.0 * PI / 3.0 * x / 0.5).cos();
            let mut x = 0.05;
            for _ in 0..bound.settled_after.ceil() as u64 {
                x -= eta * slope(x + 0.5 * slope(x).signum());
            }
            assert!((slope(x).powi(2) / bound.total.middle() - 1.0).abs() < 1e-9, "eta = {eta}");
        }
    }

    #[test]
    fn only_its_own_function_radius_phase_and_step() {
        assert!(example(0.5f64.next_down(), 0.5, 0.05).applies(&THEOREM, None));
        assert!(!example(0.5, 0.5, 0.05).applies(&THEOREM, None));
        assert!(example(0.125, 0.5 * (1.0 + 5e-13), 0.05).applies(&THEOREM, None));
        assert!(!example(0.125, 0.5 * (1.0 + 2e-12), 0.05).applies(&THEOREM, None));
        // theta = pi/2 at x = 3 rho/10.
        assert!(!example(0.125, 0.5, 0.15).applies(&THEOREM, None));
        assert!(!Example::deterministic(0.125, 0.5, 9).applies(&THEOREM, None));
        assert!(!example(0.125, 0.5, 0.05).unperturbed().applies(&THEOREM, Some("value")));
    }
}
