//! `sto-m-trap`: a strongly convex mixture on which m-SAM surely never gets near the minimiser.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::Number;
use crate::method::SampleReuse;

// beta = 8, mu = 1, theta = 1/2: xB = 3/8, D = 3/2, eta_max = 0.375/(0.375 + 5) = 0.0697.
const WITNESSES: &[Witness] = &[Witness {
    problem: "trap",
    method: "stochastic-sam{eta=0.0625,rho=1.0,sampling=\"same\"}",
    start: None,
    steps: 4000,
    seeds: None,
    assume: &[],
}];

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-m-trap",
    source: "THEORY.md section 11",
    setting: "m-SAM with batches of one on a mixture of two functions (problem `trap`, made for this rho): \
              components beta_c-smooth, f(x) = mu*(x+D)^2/2, D = theta*(beta_c-2*mu)*rho/(2*mu), beta_c > 2*mu, 0 < \
              theta < 1; x0 >= 0, x0 != rho; 0 < eta <= eta_max = xB/(mu*xB + 2*mu*(rho+D)), xB = \
              (1-theta)*(beta_c-2*mu)*rho/beta_c.",
    statement: "with probability 1, for every t: x_t >= 0, so F_t >= theta^2*(beta_c-2*mu)^2*rho^2/(8*mu) and \
                |f'(x_t)|^2 >= theta^2*(beta_c-2*mu)^2*rho^2/4; for small eta E F_t tends to (mu/2)*(D+xB)^2",
    meaning: "Because m-SAM perturbs with the very sample it then descends on, two opposing samples can hold it at a \
              wrong point for ever, even though f itself is a plain parabola.",
    tightness: "The two lower bounds hold on every single run; the limit is the virtual loss's minimum, right within \
                about 2 percent for small steps.",
    example: "shortfall run trap 'stochastic-sam{eta=0.0625,rho=1.0,sampling=\"same\"}' --steps 4000 --seeds 16",
    forms: &[
        Form::new(
            Kind::Lower,
            Mode::AlmostSure,
            |_| Quantity::suboptimality(Over::EveryStep { steps: None }),
            requires,
            |inputs| Bound::floor(inputs.parameter("mu") * trap(inputs).depth.square() / 2.0),
        )
        .named("value")
        .witnessed(WITNESSES),
        Form::new(
            Kind::Lower,
            Mode::AlmostSure,
            |_| Quantity::squared_gradient(Over::EveryStep { steps: None }),
            requires,
            |inputs| Bound::floor((inputs.parameter("mu") * trap(inputs).depth).square()),
        )
        .named("gradient")
        .witnessed(WITNESSES),
        Form::new(Kind::Prediction, Mode::Expectation, |_| Quantity::suboptimality(Over::Limit), requires, limit)
            .named("limit")
            .witnessed(WITNESSES),
    ],
};

struct Trap {
    /// D: the distance of the minimiser from 0.
    depth: Number,
    /// xB: where the iterates gather.
    kink: Number,
    /// The largest step that never leaves.
    largest_step: Number,
}

fn trap(inputs: &Inputs) -> Trap {
    let (beta, mu, radius) = (inputs.parameter("beta"), inputs.parameter("mu"), inputs.parameter("radius"));
    let theta = inputs.parameter("theta");
    let excess = (beta - 2.0 * mu) * radius;
    let depth = theta * excess / (2.0 * mu);
    let kink = (1.0 - theta) * excess / beta;
    Trap { depth, kink, largest_step: kink / (mu * kink + 2.0 * mu * (radius + depth)) }
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let (beta, mu, theta) = (inputs.parameter("beta"), inputs.parameter("mu"), inputs.parameter("theta"));
    let radius = inputs.parameter("radius");
    let start = inputs.start();
    let largest = trap(inputs).largest_step;
    let steps = format!("eta = {}, eta_max = {:.6}", inputs.method.eta.first(), largest.middle());
    let numbers = |known: Number, text: String| if known.high.is_finite() { text } else { "not a trap".to_owned() };
    vec![
        inputs.stochastic_sam_with(SampleReuse::Same),
        inputs.single_samples(),
        inputs.own_function("trap"),
        inputs.perturbed(),
        inputs.own_radius(),
        Requirement::new(
            "beta_c > 2 mu > 0",
            mu.is_above(0.0) && (beta - 2.0 * mu).is_above(0.0),
            numbers(beta + mu, format!("beta_c = {}, mu = {}", beta.middle(), mu.middle())),
        ),
        Requirement::new(
            "0 < theta < 1",
            theta.is_above(0.0) && theta.is_below(1.0),
            numbers(theta, format!("theta = {}", theta.middle())),
        ),
        Requirement::new("x0 >= 0", start >= 0.0, format!("x0 = {start}")),
        Requirement::new(
            "x0 != radius",
            !radius.contains(start),
            format!("x0 = {start}, a fixed point is at the radius"),
        ),
        Requirement::new("eta <= eta_max", (inputs.eta() - largest).is_at_most(0.0), numbers(largest, steps)),
    ]
}

fn limit(inputs: &Inputs) -> Bound {
    let Trap { depth, kink, .. } = trap(inputs);
    let steepest = inputs.parameter("beta") + inputs.parameter("mu");
    Bound::floor(inputs.parameter("mu") * (depth + kink).square() / 2.0)
        .settled_after(10.0 / (inputs.method.eta.first() * inputs.parameter("mu").middle()))
        .leaving_out(inputs.eta() * (steepest * inputs.rho()).square())
        .noting("the limit of small steps: right up to terms of order eta".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    const PARAMETERS: [(&str, f64); 4] = [("beta", 16.0), ("mu", 2.0), ("theta", 0.25), ("radius", 0.5)];

    fn example(reuse: SampleReuse, eta: f64, start: f64) -> Example {
        Example::stochastic(reuse, eta, 0.5, 9).on("trap", &PARAMETERS, &[start])
    }

    #[test]
    fn numbers_worked_by_hand() {
        // (16-4)/2 = 6: D = 6/4/4 = 3/8, F >= 2*(9/64)/2 = 9/64, |f'|^2 >= (3/4)^2 = 9/16;
        // xB = (3/4)*6/16 = 9/32, the limit (2/2)*(21/32)^2 = 441/1024.
        let example = example(SampleReuse::Same, 0.0625, 0.25);
        assert_near(example.bound(&THEOREM, Some("value")).total, 9.0 / 64.0);
        assert_near(example.bound(&THEOREM, Some("gradient")).total, 9.0 / 16.0);
        assert_near(example.bound(&THEOREM, Some("limit")).total, 441.0 / 1024.0);
    }

    #[test]
    fn hypotheses() {
        let applies = |eta, start| example(SampleReuse::Same, eta, start).applies(&THEOREM, Some("value"));
        // eta_max = (9/32)/(18/32 + 4*(7/8)) = 9/130.
        assert!(applies(9.0 / 130.0 - 1e-15, 0.0));
        assert!(!applies(9.0 / 130.0 + 1e-15, 0.0));
        assert!(!applies(0.0625, 0.5));
        assert!(!applies(0.0625, -1e-300));
        let value = Some("value");
        assert!(!example(SampleReuse::Independent, 0.0625, 0.25).applies(&THEOREM, value));
        assert!(!example(SampleReuse::Same, 0.0625, 0.25).batch(2).applies(&THEOREM, value));
        let unperturbed = example(SampleReuse::Same, 0.0625, 0.25).unperturbed();
        assert!(unperturbed.refusals(&THEOREM, value)[0].contains("no floor"));
        let elsewhere = Example::stochastic(SampleReuse::Same, 0.0625, 0.5, 9);
        assert!(!elsewhere.applies(&THEOREM, Some("limit")));
    }
}
