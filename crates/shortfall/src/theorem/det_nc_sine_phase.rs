//! `det-nc-sine-phase`: the sine waves of all phases on which SAM comes to rest away from every critical point.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, Witness, det_nc_sine};
use crate::constants::Number;
use crate::text::number;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-nc-sine-phase",
    source: "THEORY.md section 7, after the sine function of Si & Yun, NeurIPS 2023",
    setting: "Deterministic SAM on f(x) = (beta*rho^2/dl^2)*sin(dl*x/rho), pi < dl < 2*pi, which is `sine` with phase \
              dl*radius/rho; 0 < q = beta*eta <= 1; x0 not a critical point.",
    statement: "lim |f'(x_t)| = beta*rho*|sin(dl)|/dl",
    meaning: "The paper's sine wave is one of many: whatever the phase between half a period and a whole one, SAM \
              stops where the gradient one perturbation ahead is zero, on a slope.",
    tightness: "An equality; the steepest slope is that of tan(dl) = dl, dl = 4.49341, with |f'|^2 = \
                0.04719*beta^2*rho^2.",
    example: "shortfall run 'sine{phase=4.0}' 'sam{eta=0.5,rho=1.0}' --steps 2000",
    forms: &[Form::new(
        Kind::Exact,
        Mode::Pathwise,
        |_| Quantity::squared_gradient(Over::Limit),
        requires,
        |inputs| {
            let phase = turn(inputs);
            let slope = inputs.parameter("beta") * inputs.rho() / phase;
            Bound::floor((slope * sine(phase)).square()).settled_after(settled_after(inputs))
        },
    )
    .witnessed(&[Witness {
        problem: "sine{phase=4.0}",
        method: "sam{eta=0.5,rho=1.0}",
        start: None,
        steps: 2000,
        seeds: None,
        assume: &[],
    }])],
};

/// `dl`: the angle by which a perturbation moves.
fn turn(inputs: &Inputs) -> Number {
    inputs.parameter("phase") * inputs.rho() / inputs.parameter("radius")
}

/// `sin`, whose slope is at most 1.
fn sine(angle: Number) -> Number {
    let middle = angle.middle();
    let off = (angle.high - angle.low) + f64::EPSILON;
    let value = core_math::sin(middle);
    Number::between(value - off, value + off).with(angle.provenance)
}

/// How near dl may come to the ends of its range: there the rounding of angles decides where SAM goes.
const MARGIN: f64 = 1e-3;

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let (phase, pi) = (turn(inputs), Number::pi());
    let met = (phase - pi).is_above(MARGIN) && (2.0 * pi - phase).is_above(MARGIN);
    let detail = format!("dl = phase*rho/radius = {}, pi < dl < 2 pi is asked", number(phase.middle()));
    vec![
        inputs.deterministic_sam(),
        inputs.own_function("sine"),
        inputs.perturbed(),
        Requirement::new("pi < dl < 2 pi, by 0.001", met, detail),
        inputs.at_most("beta*eta", inputs.parameter("beta") * inputs.eta(), 1.0),
        det_nc_sine::not_critical(inputs),
    ]
}

/// With psi the angle between y and the zero of f' it tends to, `psi+ = psi - q sin(psi)`: |psi| falls at least by
/// the factor `1 - q sin(psi0)/psi0` a step. Thrice the steps down to rounding; an estimate, in plain doubles.
fn settled_after(inputs: &Inputs) -> f64 {
    use std::f64::consts::{FRAC_PI_2, TAU};
    let q = (inputs.parameter("beta") * inputs.eta()).middle();
    let angle = inputs.parameter("phase").middle() * (inputs.start() / inputs.parameter("radius").middle());
    // Where f' < 0 the mirror image: -angle has the same slope, and y lies on the other side.
    let falling = core_math::cos(angle) < 0.0;
    let ahead = if falling { std::f64::consts::PI - angle } else { angle } + turn(inputs).middle();
    let psi = (ahead + FRAC_PI_2 + TAU / 2.0).rem_euclid(TAU) - TAU / 2.0;
    let part = if psi.abs() < 1e-9 { 1.0 } else { core_math::sin(psi) / psi };
    let rate = 1.0 - q * part;
    if rate < 1.0 { 3.0 * 1e16f64.ln() / -rate.max(0.0).ln() } else { f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};
    use std::f64::consts::PI;

    fn example(eta: f64, phase: f64, start: f64) -> Example {
        let parameters = [("beta", 4.0), ("radius", 0.5), ("phase", phase)];
        Example::deterministic(eta, 0.5, 9).on("sine", &parameters, &[start])
    }

    #[test]
    fn number_worked_by_hand() {
        // beta = 4, rho = 1/2, dl = 3 pi/2: (2/(3 pi/2))^2 = 16/(9 pi^2); 5 pi/3 as det-nc-sine: 1.08/pi^2.
        assert_near(example(0.125, 1.5 * PI, 0.05).bound(&THEOREM, None).total, 16.0 / (9.0 * PI * PI));
        assert_near(example(0.125, 5.0 * PI / 3.0, 0.05).bound(&THEOREM, None).total, 1.08 / (PI * PI));
        // The steepest: 0.04719 beta^2 rho^2.
        let steepest = example(0.125, 4.49341, 0.05).bound(&THEOREM, None).total.middle();
        assert!((steepest / 4.0 - 0.04719).abs() < 5e-6);
        // Another radius of the function is another phase of the statement.
        let parameters = [("beta", 4.0), ("radius", 1.0), ("phase", 3.0 * PI)];
        let wide = Example::deterministic(0.125, 0.5, 9).on("sine", &parameters, &[0.05]);
        assert_near(wide.bound(&THEOREM, None).total, 16.0 / (9.0 * PI * PI));
    }

    #[test]
    fn the_orbit_is_there_when_it_should_be() {
        for eta in [0.01, 0.125, 0.25] {
            for phase in [3.2, 4.0, 4.7, 5.5, 6.2] {
                for start in [-0.3, -0.05, 0.02, 0.11, 0.2, 0.31] {
                    let example = example(eta, phase, start);
                    let bound = example.bound(&THEOREM, None);
                    let slope = |x: f64| 4.0 * 0.5 / phase * (phase * x / 0.5).cos();
                    let mut x = start;
                    for _ in 0..bound.settled_after.ceil() as u64 {
                        x -= eta * slope(x + 0.5 * slope(x).signum());
                    }
                    let ratio = slope(x).powi(2) / bound.total.middle();
                    assert!((ratio - 1.0).abs() < 1e-8, "eta = {eta}, phase = {phase}, x0 = {start}: {ratio}");
                }
            }
        }
    }

    #[test]
    fn only_its_own_function_phase_and_step() {
        assert!(example(0.25, 4.0, 0.05).applies(&THEOREM, None));
        assert!(!example(0.25f64.next_up(), 4.0, 0.05).applies(&THEOREM, None));
        assert!(!example(0.25, PI, 0.05).applies(&THEOREM, None));
        assert!(!example(0.25, 2.0 * PI, 0.05).applies(&THEOREM, None));
        // phase x/radius = pi/2.
        assert!(!example(0.25, 4.0, PI / 16.0).applies(&THEOREM, None));
        assert!(!example(0.25, 4.0, 0.05).unperturbed().applies(&THEOREM, None));
        assert!(!Example::deterministic(0.125, 0.5, 9).applies(&THEOREM, None));
    }
}
