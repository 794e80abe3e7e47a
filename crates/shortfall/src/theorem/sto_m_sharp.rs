//! `sto-m-sharp`: a strongly convex mixture on which m-SAM stays at the floor of the general bound.

use super::{Bound, Form, Inputs, Kind, Measure, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::Number;
use crate::method::SampleReuse;
use crate::text::number;

const WITNESSES: &[Witness] = &[Witness {
    problem: "sharp-trap",
    method: "stochastic-sam{eta=0.001,rho=1.0,sampling=\"same\"}",
    start: None,
    steps: 20_000,
    seeds: None,
    assume: &[],
}];

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-m-sharp",
    source: "THEORY.md section 11",
    setting: "m-SAM with batches of one on a mixture of two functions (problem `sharp-trap`, made for this rho): \
              components beta_c-smooth, beta_c >= 2*mu, one of them not convex, f = mu*x^2/2; 0 < eta*mu < 1/10; xd = \
              beta_c*rho/mu, V = 4*mu^2*(xd+rho)^2 + 2*sigma2.",
    statement: "limsup E (x_t-xd)^2 <= eta*V/(2*mu/5-4*eta*mu^2), so E F_t tends to beta_c^2*rho^2/(2*mu) as t goes to \
                infinity and then eta to 0",
    meaning: "The floor b^2*rho^2/(2*mu) of the general bound for m-SAM is reached, and with the smoothness of the \
              samples in it: f itself is a parabola of curvature mu.",
    tightness: "It attains the floor of sto-sc-upper and of sto-grad-upper exactly in the limit; the constant 2/5 of the \
                moment bound is loose (1 was observed).",
    example: "shortfall run sharp-trap 'stochastic-sam{eta=0.001,rho=1.0,sampling=\"same\"}' --steps 20000 --seeds 16",
    forms: &[
        Form::new(
            Kind::Upper,
            Mode::Expectation,
            |inputs| {
                let center = stall(inputs).middle();
                let center = if center.is_finite() { center } else { 0.0 };
                Quantity { measure: Measure::SquaredDistanceTo { center }, over: Over::Limit }
            },
            requires,
            moment,
        )
        .named("moment")
        .witnessed(WITNESSES),
        Form::new(Kind::Prediction, Mode::Expectation, |_| Quantity::suboptimality(Over::Limit), requires, limit)
            .named("limit")
            .witnessed(WITNESSES),
    ],
};

/// `xd = beta_c rho/mu`
fn stall(inputs: &Inputs) -> Number {
    inputs.parameter("beta") * inputs.parameter("radius") / inputs.parameter("mu")
}

/// `V = 4 mu^2 (xd + rho)^2 + 2 max(qq^2)/(p (1-p))`
fn second_moment(inputs: &Inputs) -> Number {
    let (beta, mu, rho) = (inputs.parameter("beta"), inputs.parameter("mu"), inputs.parameter("radius"));
    let xd = stall(inputs);
    let p = (beta - mu) / (2.0 * beta);
    let r = p * (beta + mu);
    let q0 = (beta + mu) / 2.0 * (xd + rho);
    let right = q0 / (p * beta) + 2.0 * rho;
    let largest = (q0 + r * xd).square().max((q0 - r * right).square());
    4.0 * (mu * (xd + rho)).square() + 2.0 * largest / (p * (1.0 - p))
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let (beta, mu) = (inputs.parameter("beta"), inputs.parameter("mu"));
    let fits = mu.is_above(0.0) && (2.0 * mu - beta).is_at_most(0.0);
    vec![
        inputs.stochastic_sam_with(SampleReuse::Same),
        inputs.single_samples(),
        inputs.own_function("sharp-trap"),
        inputs.perturbed(),
        inputs.own_radius(),
        Requirement::new(
            "beta_c >= 2 mu > 0",
            fits,
            format!("beta_c = {}, mu = {}", number(beta.middle()), number(mu.middle())),
        ),
        inputs.below("eta*mu", inputs.eta() * mu, 0.1),
    ]
}

/// The transient is that of the first step of the floor's window, `1 - 2 eta mu/5 + 4 eta^2 mu^2` a step.
fn moment(inputs: &Inputs) -> Bound {
    let (mu, eta) = (inputs.parameter("mu"), inputs.eta());
    let contraction =
        (2.0 * eta * mu / 5.0 - 4.0 * (eta * mu).square()).one_minus_to_power(inputs.steps - inputs.steps / 10);
    let transient = contraction * (inputs.start() - stall(inputs)).square();
    let noise = eta * second_moment(inputs) / (2.0 * mu / 5.0 - 4.0 * eta * mu.square());
    Bound::sum(transient, noise, Number::exact(0.0))
}

fn limit(inputs: &Inputs) -> Bound {
    let mu = inputs.parameter("mu");
    Bound::floor(mu * stall(inputs).square() / 2.0)
        .settled_after(10.0 / (inputs.method.eta.first() * mu.middle()))
        .leaving_out(inputs.eta() * second_moment(inputs) / 2.0)
        .noting("the limit of small steps: right up to terms of order eta".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    const PARAMETERS: [(&str, f64); 3] = [("beta", 8.0), ("mu", 2.0), ("radius", 0.5)];

    fn example(reuse: SampleReuse, eta: f64, steps: u64) -> Example {
        Example::stochastic(reuse, eta, 0.5, steps).on("sharp-trap", &PARAMETERS, &[2.0])
    }

    #[test]
    fn numbers_worked_by_hand() {
        // xd = 2, p = 6/16 = 3/8, r = 15/4, q0 = 5*2.5 = 12.5; Wr = 12.5/3 + 1 = 31/6: q0 - r Wr = -6.875,
        // q0 + r xd = 20, 400/(15/64) = 5120/3. V = 4*4*6.25 + 10240/3 = 10540/3. eta = 1/32:
        // 2/32... noise = V/32/(4/5 - 1/2) = V/9.6; start on xd: no transient. F = 2*4/2 = 4.
        let at = example(SampleReuse::Same, 0.03125, 100);
        assert_near(at.bound(&THEOREM, Some("moment")).total, 10540.0 / 3.0 / 9.6);
        assert_near(at.bound(&THEOREM, Some("limit")).total, 4.0);
        let quantity = at.quantity(&THEOREM, Some("moment"));
        assert_eq!(quantity.measure, Measure::SquaredDistanceTo { center: 2.0 });
    }

    #[test]
    fn hypotheses() {
        let limit = Some("limit");
        assert!(!example(SampleReuse::Same, 0.05, 9).applies(&THEOREM, limit));
        assert!(example(SampleReuse::Same, 0.05f64.next_down(), 9).applies(&THEOREM, limit));
        assert!(!example(SampleReuse::Independent, 0.01, 9).applies(&THEOREM, limit));
        assert!(!example(SampleReuse::Same, 0.01, 9).batch(2).applies(&THEOREM, limit));
        let elsewhere = Example::stochastic(SampleReuse::Same, 0.01, 0.25, 9).on("sharp-trap", &PARAMETERS, &[2.0]);
        assert!(!elsewhere.applies(&THEOREM, limit));
        // Nothing known: not applicable, and no NaN in the quantity.
        let nothing = Example::stochastic(SampleReuse::Same, 0.01, 0.25, 9);
        assert_eq!(nothing.quantity(&THEOREM, Some("moment")).measure, Measure::SquaredDistanceTo { center: 0.0 });
    }
}
