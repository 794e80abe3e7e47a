//! `sto-floor-small-eta`: the floor of a run of stochastic SAM, its noise included, for small rho and eta.

use super::sto_floor_first_order::requires;
use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Theorem};
use crate::constants::Number;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-floor-small-eta",
    source: "THEORY.md section 14 (heuristic)",
    setting: "As sto-floor-first-order, and eta small but not vanishing.",
    statement: "long-run E F ~ (rho^2/2)*v'H^{-1}v + (eta/4)*tr C, C the covariance of the update direction g(y; xi~) at \
                x+ = x* - rho*H^{-1}v",
    meaning: "A run settles around the point the perturbations push it to and jitters there like SGD, so its floor is the \
              sum of a part a smaller rho removes and a part a smaller step removes.",
    tightness: "A heuristic, relative error of order rho + eta; within 15 percent on logistic regression.",
    example: "shortfall run logistic 'stochastic-sam{eta=0.01,rho=0.003,sampling=\"same\"}' --steps 30000 --seeds 16",
    forms: &[Form::new(
        Kind::Prediction,
        Mode::Expectation,
        |_| Quantity::suboptimality(Over::Stationary),
        requires,
        bound,
    )],
};

fn bound(inputs: &Inputs) -> Bound {
    let Some(floor) = &inputs.problem.first_order_floor else { return Bound::floor(Number::unknown()) };
    let noise = inputs.eta() * floor.update_variance / 4.0;
    let bound = Bound::sum(Number::exact(0.0), noise, inputs.rho().square() * floor.per_squared_radius);
    let time = inputs.descent_time(bound.total, inputs.mu().middle());
    bound.settled_after(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::SampleReuse;
    use crate::theorem::example::assert_near;
    use crate::theorem::sto_floor_first_order::tests::example;

    #[test]
    fn number_worked_by_hand() {
        // rho = 1/4: 3/16; eta = 1/8, tr C = 2.5: 2.5/32.
        let bound = example(SampleReuse::Same).bound(&THEOREM, None);
        assert_near(bound.floor, 0.1875);
        assert_near(bound.noise, 0.078125);
        assert_near(bound.total, 0.265625);
    }

    #[test]
    fn hypotheses() {
        assert!(example(SampleReuse::Independent).applies(&THEOREM, None));
        assert!(!example(SampleReuse::Same).unperturbed().applies(&THEOREM, None));
        assert_eq!(example(SampleReuse::Same).quantity(&THEOREM, None).over, Over::Stationary);
    }
}
