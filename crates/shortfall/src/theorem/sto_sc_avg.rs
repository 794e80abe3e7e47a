//! `sto-sc-avg`: averaged with growing weights, n-SAM on strongly convex functions has a floor without kappa.

use super::{Bound, Form, Inputs, Kind, Measure, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::{Number, Symbol};
use crate::method::SampleReuse;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-sc-avg",
    source: "THEORY.md section 8",
    setting: "n-SAM (independent samples for the two gradients); f beta-smooth, mu-strongly convex, gradient variance \
              at most sigma2; 0 < q = beta*eta <= 1; al = eta*th*mu, here th = 1/2; T >= 1 for the average.",
    statement: "sum w_t*E F_t/sum w_t <= D2*th*mu*(1-al)^T/(2*(1-th)*(1-(1-al)^T)) + \
                (beta*rho^2+eta*sigma2)/(2*(1-th)), w_t = (1-al)^-(t+1), t < T; also E |x_T-x*|^2 <= \
                (1-eta*mu)^T*D2 + (beta*rho^2+eta*sigma2)/mu",
    meaning: "The late iterates of n-SAM lie on average within beta*rho^2 plus the noise of the optimum, however \
              badly conditioned the function: the last iterate's bound, larger by kappa, is pessimistic.",
    tightness: "Proven; the order beta*rho^2 cannot be improved (sto-cvx-fval-n).",
    example: "shortfall bound logistic 'stochastic-sam{eta=\"0.3/beta\",rho=0.02,batch=64,sampling=\"independent\"}' \
              --steps 30000",
    forms: &[
        Form::new(
            Kind::Upper,
            Mode::Expectation,
            |inputs| Quantity::suboptimality(Over::WeightedMean { decay: decay(inputs).unwrap_or(0.0) }),
            requires_average,
            bound_average,
        ),
        Form::new(
            Kind::Upper,
            Mode::Expectation,
            |_| Quantity { measure: Measure::SquaredDistance, over: Over::Final },
            requires,
            bound,
        )
        .named("distance"),
    ],
};

/// mu, or beta where rounding has made that the smaller: any smaller mu is one too.
fn convexity(inputs: &Inputs) -> Number {
    inputs.mu().min(inputs.beta())
}

/// `al`: the double nearest to `eta mu/2`, so th is nearly 1/2, if that is a number above 0.
fn decay(inputs: &Inputs) -> Option<f64> {
    let decay = inputs.method.eta.first() * (0.5 * convexity(inputs).middle());
    (decay > 0.0 && decay < 1.0).then_some(decay)
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.stochastic_sam_with(SampleReuse::Independent),
        inputs.known(Symbol::Beta),
        inputs.strongly_convex(),
        inputs.known(Symbol::Sigma2),
        inputs.known(Symbol::D2),
        inputs.at_most("beta*eta", inputs.q(), 1.0),
    ]
}

fn requires_average(inputs: &Inputs) -> Vec<Requirement> {
    let mut requirements = requires(inputs);
    let detail = decay(inputs).map_or("eta*mu/2 is not a double above 0".to_owned(), |al| format!("al = {al}"));
    requirements.extend([inputs.at_least_one_step(), Requirement::new("0 < al < 1", decay(inputs).is_some(), detail)]);
    requirements
}

/// `1 - (1-al)^T`; where that cancels, at least `s (1 - s/2)` with `s = al T`.
fn gone(al: Number, inputs: &Inputs) -> Number {
    let gone = 1.0 - al.one_minus_to_power(inputs.steps);
    let small = al * inputs.horizon();
    Number { low: gone.low.max((small * (1.0 - small / 2.0)).low), high: gone.high.min(small.high), ..gone }
}

fn bound_average(inputs: &Inputs) -> Bound {
    let al = Number::exact(decay(inputs).unwrap_or(0.0));
    // th as the weights have it.
    let th = al / (inputs.eta() * convexity(inputs));
    let rest = 2.0 * (1.0 - th);
    let left = al.one_minus_to_power(inputs.steps) / gone(al, inputs);
    let transient = inputs.d2() * al / inputs.eta() * left / rest;
    Bound::sum(transient, inputs.eta() * inputs.sigma2() / rest, inputs.beta() * inputs.rho().square() / rest)
}

fn bound(inputs: &Inputs) -> Bound {
    let mu = convexity(inputs);
    let transient = (inputs.eta() * mu).one_minus_to_power(inputs.steps) * inputs.d2();
    Bound::sum(transient, inputs.eta() * inputs.sigma2() / mu, inputs.beta() * inputs.rho().square() / mu)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    fn example(reuse: SampleReuse, eta: f64, steps: u64) -> Example {
        let example = Example::stochastic(reuse, eta, 0.5, steps).betas(4.0, 5.0, 6.0, 8.0).set(Symbol::Mu, 2.0);
        example.set(Symbol::Sigma2, 3.0).set(Symbol::D2, 12.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // al = (1/4)*(1/2)*2 = 1/4, T = 2: (3/4)^2 = 9/16, 12*(1/2)*2*(9/16)/(2*(1/2)*(7/16)) = 12*9/7; 4/4; 3/4.
        let bound = example(SampleReuse::Independent, 0.25, 2).bound(&THEOREM, None);
        assert_near(bound.transient, 108.0 / 7.0);
        assert_near(bound.floor, 1.0);
        assert_near(bound.noise, 0.75);
        let quantity = example(SampleReuse::Independent, 0.25, 2).quantity(&THEOREM, None);
        assert_eq!(quantity, Quantity::suboptimality(Over::WeightedMean { decay: 0.25 }));
        // (1 - 1/2)^2*12 = 3; 4*(1/4)/2 = 1/2; (3/4)/2.
        let bound = example(SampleReuse::Independent, 0.25, 2).bound(&THEOREM, Some("distance"));
        assert_near(bound.total, 3.875);
    }

    #[test]
    fn ranges_and_methods() {
        for form in [None, Some("distance")] {
            assert!(!example(SampleReuse::Independent, 0.25f64.next_up(), 2).applies(&THEOREM, form));
            assert!(!example(SampleReuse::Same, 0.25, 2).applies(&THEOREM, form));
            assert!(example(SampleReuse::Same, 0.25, 2).unperturbed().applies(&THEOREM, form));
            assert!(!example(SampleReuse::Independent, 0.25, 2).set(Symbol::Mu, 0.0).applies(&THEOREM, form));
        }
        assert!(!example(SampleReuse::Independent, 0.25, 0).applies(&THEOREM, None));
        // Without a step the distance is the start's.
        let start = example(SampleReuse::Independent, 0.25, 0).set(Symbol::Sigma2, 0.0).unperturbed();
        assert_near(start.bound(&THEOREM, Some("distance")).total, 12.0);
    }

    #[test]
    fn edges() {
        // A slow decay: th*mu*D2/(1 - (1-al)^T) tends to D2/(eta T).
        let slow = example(SampleReuse::Independent, 0.25, 2).set(Symbol::Mu, 1e-30).bound(&THEOREM, None);
        assert!((slow.transient.high / 24.0 - 1.0).abs() < 1e-14, "{slow:?}");
        let long = example(SampleReuse::Independent, 0.25, u64::MAX).bound(&THEOREM, None);
        assert!(long.transient.high < 1e-300 && long.total.high.is_finite());
        // Nothing known, or a product that underflows: not applicable, and no NaN in the quantity.
        let nothing = Example::stochastic(SampleReuse::Independent, 0.25, 0.5, 2);
        let quantity = nothing.quantity(&THEOREM, None);
        assert_eq!(quantity, Quantity::suboptimality(Over::WeightedMean { decay: 0.0 }));
        let faint = example(SampleReuse::Independent, 1e-10, 2).set(Symbol::Mu, f64::from_bits(1));
        assert!(!faint.applies(&THEOREM, None));
        // mu above beta by rounding: kappa = 1.
        let sharp = example(SampleReuse::Independent, 0.25, 2).set(Symbol::Mu, 4.0f64.next_up());
        assert_near(sharp.bound(&THEOREM, Some("distance")).floor, 0.25);
        assert_near(sharp.bound(&THEOREM, None).floor, 1.0);
    }
}
