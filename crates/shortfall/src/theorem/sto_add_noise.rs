//! `sto-add-noise`: skewed additive noise on a parabola, for which the floors `beta rho^2/2` and `beta^2 rho^2` are real.

use super::{Bound, Form, Inputs, Kind, Measure, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::Number;

const LONG: &[Witness] = &[Witness {
    problem: "additive-noise{p=0.01,noise=1.5}",
    method: "stochastic-sam{eta=0.00005,rho=1.0,sampling=\"same\"}",
    start: Some("[0.98]"),
    steps: 200_000,
    seeds: None,
    assume: &[],
}];

// Few steps: every path is followed.
const SHORT: &[Witness] = &[Witness {
    problem: "additive-noise{noise=1000.0}",
    method: "stochastic-sam{eta=0.5,rho=1.0,sampling=\"same\"}",
    start: Some("[0.5]"),
    steps: 14,
    seeds: None,
    assume: &[],
}];

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-add-noise",
    source: "THEORY.md section 11",
    setting: "Stochastic SAM of either kind with batches of one on f = lam*x^2/2 with the noise z = -c (probability \
              1-p) or c*(1-p)/p (probability p), 0 < p < 1/2, c > lam*rho (problem `additive-noise`); m = (1-2p)*rho, \
              sigma2 = c^2*(1-p)/p. mean, value: 0 < eta*lam < 1, eta*c > p*rho, x0 = m, N0 = \
              log(min(eta*c/p, c/lam)/rho)/log(1/(1-eta*lam)), P = (1-p)^ceil(N0). moment, limit: 0 < eta*lam <= 1.",
    statement: "E x_t >= rho*(1-2p-2*(1-p)*P) for all t, so E F_t >= (lam/2)*(that)^2; E (x_T-m)^2 <= \
                (1-eta*lam)^(2T)*(x0-m)^2 + 2*eta*(4*lam^2*rho^2+sigma2)/(lam*(2-eta*lam)), so E F_t tends to \
                lam*m^2/2 as t goes to infinity and then eta to 0",
    meaning: "Where rare samples pull hard one way, most perturbations point the other, and SAM of either kind settles \
              beside the minimum of a plain parabola, at the height the bounds allow as p vanishes.",
    tightness: "As p goes to 0 it attains the floors of sto-cvx-fval-n, sto-cvx-fval-m and, for n-SAM, of \
                sto-grad-upper.",
    example: "shortfall run 'additive-noise{noise=1000.0}' 'stochastic-sam{eta=0.5,rho=1.0}' --start '[0.5]' --steps 14",
    forms: &[
        Form::new(
            Kind::Lower,
            Mode::Expectation,
            |_| Quantity { measure: Measure::Displacement, over: Over::EveryStep { steps: None } },
            requires_at_once,
            |inputs| Bound::floor(mean(inputs)),
        )
        .named("mean")
        .witnessed(SHORT),
        Form::new(
            Kind::Lower,
            Mode::Expectation,
            |_| Quantity::suboptimality(Over::EveryStep { steps: None }),
            requires_at_once,
            |inputs| Bound::floor(inputs.parameter("lambda") * mean(inputs).positive_part().square() / 2.0),
        )
        .named("value")
        .witnessed(SHORT),
        Form::new(
            Kind::Upper,
            Mode::Expectation,
            |inputs| {
                let center = shift(inputs).middle();
                let center = if center.is_finite() { center } else { 0.0 };
                Quantity { measure: Measure::SquaredDistanceTo { center }, over: Over::Final }
            },
            requires,
            moment,
        )
        .named("moment")
        .witnessed(SHORT),
        Form::new(
            Kind::Prediction,
            Mode::Expectation,
            |_| Quantity::suboptimality(Over::Limit),
            |inputs| requires(inputs).into_iter().chain([inputs.perturbed()]).collect(),
            limit,
        )
        .named("limit")
        .witnessed(LONG),
    ],
};

/// `m = (1 - 2p) rho`
fn shift(inputs: &Inputs) -> Number {
    (1.0 - 2.0 * inputs.parameter("p")) * inputs.rho()
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let (lambda, noise, p) = (inputs.parameter("lambda"), inputs.parameter("noise"), inputs.parameter("p"));
    vec![
        inputs.stochastic_sam(),
        inputs.single_samples(),
        inputs.own_function("additive-noise"),
        inputs.above("p", p, 0.0),
        inputs.below("p", p, 0.5),
        inputs.above("c - lam*rho", noise - lambda * inputs.rho(), 0.0),
        inputs.at_most("eta*lam", inputs.eta() * lambda, 1.0),
    ]
}

fn requires_at_once(inputs: &Inputs) -> Vec<Requirement> {
    let kick = inputs.eta() * inputs.parameter("noise") - inputs.parameter("p") * inputs.rho();
    let mut requirements = requires(inputs);
    requirements.extend([
        inputs.perturbed(),
        inputs.below("eta*lam", inputs.eta() * inputs.parameter("lambda"), 1.0),
        inputs.above("eta*c - p*rho", kick, 0.0),
        inputs.equal("x0 = (1-2p)*rho", Number::exact(inputs.start()), shift(inputs)),
    ]);
    requirements
}

/// `rho (1 - 2p - 2 (1-p) P)`, less what the start's tolerance may cost.
fn mean(inputs: &Inputs) -> Number {
    let (lambda, noise, p) = (inputs.parameter("lambda"), inputs.parameter("noise"), inputs.parameter("p"));
    let reach = (inputs.eta() * noise / p).min(noise / lambda) / inputs.rho();
    let forget = -(1.0 - inputs.eta() * lambda).ln();
    // Fewer draws make P larger and the bound smaller.
    let draws = (reach.ln() / forget).low.ceil().clamp(0.0, 1e15);
    let all_minus = if draws.is_nan() { Number::exact(1.0) } else { p.one_minus_to_power(draws as u64) };
    inputs.rho() * (1.0 - 2.0 * p - 2.0 * (1.0 - p) * all_minus - Number::between(0.0, 1e-12))
}

fn moment(inputs: &Inputs) -> Bound {
    let lambda = inputs.parameter("lambda");
    let transient =
        (inputs.eta() * lambda).one_minus_to_power(inputs.steps).square() * (inputs.start() - shift(inputs)).square();
    Bound::sum(transient, spread(inputs), Number::exact(0.0))
}

/// `2 eta (4 lam^2 rho^2 + sigma2)/(lam (2 - eta lam))`, what stays of `E (x - m)^2` at most.
fn spread(inputs: &Inputs) -> Number {
    let (lambda, noise, p) = (inputs.parameter("lambda"), inputs.parameter("noise"), inputs.parameter("p"));
    let variance = noise.square() * (1.0 - p) / p;
    let kicks = 4.0 * (lambda * inputs.rho()).square() + variance;
    2.0 * inputs.eta() * kicks / (lambda * (2.0 - inputs.eta() * lambda))
}

fn limit(inputs: &Inputs) -> Bound {
    let lambda = inputs.parameter("lambda");
    Bound::floor(lambda * shift(inputs).square() / 2.0)
        .settled_after(5.0 / (inputs.method.eta.first() * lambda.middle()))
        .leaving_out(lambda * spread(inputs) / 2.0)
        .noting("the limit of small steps: a run has the noise part, about eta*sigma2/4, on top".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::SampleReuse;
    use crate::theorem::example::{Example, assert_near};

    fn example(eta: f64, noise: f64, start: f64) -> Example {
        let parameters = [("lambda", 0.5), ("noise", noise), ("p", 0.25)];
        Example::stochastic(SampleReuse::Independent, eta, 4.0, 3).on("additive-noise", &parameters, &[start])
    }

    #[test]
    fn numbers_worked_by_hand() {
        // rho = 4, m = 2; c = 16, eta = 1: eta c/p = 64, c/lam = 32, over rho: 8; log 8/log 2 = 3, P = 27/64:
        // 4 (1/2 - (3/2)(27/64)) = -17/32: nothing. c = 2^20: over rho 2^19, P = (3/4)^19.
        let bound = |noise, form| example(1.0, noise, 2.0).bound(&THEOREM, Some(form)).total;
        assert!((bound(16.0, "mean").middle() + 17.0 / 32.0).abs() < 1e-11 || bound(16.0, "mean").middle() < -0.5);
        let exact = 4.0 * (0.5 - 1.5 * 0.75f64.powi(19));
        assert!((bound(1_048_576.0, "mean").low - exact).abs() < 1e-10, "{:?}", bound(1_048_576.0, "mean"));
        assert!((bound(1_048_576.0, "value").low - 0.25 * exact * exact).abs() < 1e-10);
        // Moment, eta = 1/2, x0 = 6, T = 3: (3/4)^6 16 + (4*4 + 3*256)/(0.5*1.75); limit 0.5*4/2.
        let moment = example(0.5, 16.0, 6.0).bound(&THEOREM, Some("moment"));
        assert_near(moment.transient, 0.75f64.powi(6) * 16.0);
        assert_near(moment.noise, 784.0 / 0.875);
        assert_near(example(0.5, 16.0, 6.0).bound(&THEOREM, Some("limit")).total, 1.0);
    }

    #[test]
    fn hypotheses() {
        let applies = |eta, noise, start, form| example(eta, noise, start).applies(&THEOREM, Some(form));
        assert!(applies(1.0, 16.0, 2.0, "mean"));
        assert!(!applies(1.0, 16.0, 2.0 + 1e-9, "mean"));
        assert!(applies(1.0, 16.0, 2.0 + 1e-9, "moment"));
        assert!(!applies(1.0, 2.0, 2.0, "moment")); // c > lam rho = 2
        assert!(!applies(0.25, 4.0, 2.0, "mean")); // eta c > p rho = 1
        assert!(applies(0.25, 4.0, 2.0, "moment"));
        assert!(applies(2.0, 16.0, 2.0, "moment"));
        assert!(!applies(2.0, 16.0, 2.0, "mean"));
        assert!(!example(1.0, 16.0, 2.0).batch(2).applies(&THEOREM, Some("moment")));
    }
}
