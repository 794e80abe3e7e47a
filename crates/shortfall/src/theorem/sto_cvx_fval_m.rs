//! `sto-cvx-fval-m`: the average suboptimality of m-SAM where every sample's loss is convex.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::{Number, Symbol};
use crate::method::SampleReuse;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-cvx-fval-m",
    source: "THEORY.md section 9",
    setting: "m-SAM (one sample for both gradients); every sample's loss convex and beta_xi-smooth, f with a \
              minimiser x*, sigma2_star = E |g(x*; xi)|^2; 0 < beta_max*eta < 1; T >= 1.",
    statement: "avg_{t<T} E F_t <= D2/(2*eta*T) + beta_bar*rho^2/2 + eta*sigma2_star/(2*(1-beta_max*eta))",
    meaning: "Where all samples are convex, m-SAM loses at most beta_bar*rho^2/2 to its perturbation, and only the \
              noise at the minimiser matters.",
    tightness: "The floor beta_bar*rho^2/2 cannot be improved; no bound on the variance away from the minimiser is \
                needed.",
    example: "shortfall run mixture 'stochastic-sam{eta=0.01,rho=0.1}' --start '[6.0]' --steps 3000",
    forms: &[Form::new(Kind::Upper, Mode::Expectation, |_| Quantity::suboptimality(Over::Mean), requires, bound)
        .witnessed(&[Witness {
            problem: "additive-noise{p=0.005,noise=1.3}",
            method: "stochastic-sam{eta=0.00003,rho=1.0,sampling=\"same\"}",
            start: Some("[1.05]"),
            steps: 5_000_000,
            seeds: Some(8),
            assume: &[],
        }])],
};

fn reach(inputs: &Inputs) -> Number {
    inputs.beta_max() * inputs.eta()
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.stochastic_sam_with(SampleReuse::Same),
        inputs.known(Symbol::BetaBar),
        inputs.known(Symbol::BetaMax),
        inputs.components_convex(),
        inputs.known(Symbol::Sigma2Star),
        inputs.known(Symbol::D2),
        inputs.below("beta_max*eta", reach(inputs), 1.0),
        inputs.at_least_one_step(),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let transient = inputs.d2() / (2.0 * inputs.eta() * inputs.horizon());
    let noise = inputs.eta() * inputs.constant(Symbol::Sigma2Star) / (2.0 * (1.0 - reach(inputs)));
    Bound::sum(transient, noise, inputs.beta_bar() * inputs.rho().square() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    fn example(reuse: SampleReuse, eta: f64, steps: u64) -> Example {
        let example = Example::stochastic(reuse, eta, 0.5, steps).betas(3.0, 5.0, 6.0, 8.0).components_convex();
        example.set(Symbol::Sigma2Star, 7.0).set(Symbol::Sigma2, 11.0).set(Symbol::D2, 12.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // eta = 1/16: 12/(2*(1/16)*48) = 2; (7/16)/(2*(1 - 8/16)) = 7/16; 5*(1/4)/2 = 5/8.
        let bound = example(SampleReuse::Same, 0.0625, 48).bound(&THEOREM, None);
        assert_near(bound.transient, 2.0);
        assert_near(bound.noise, 0.4375);
        assert_near(bound.floor, 0.625);
        assert_near(bound.total, 3.0625);
    }

    #[test]
    fn for_m_sam_below_one_over_beta_max() {
        assert!(example(SampleReuse::Same, 0.125f64.next_down(), 48).applies(&THEOREM, None));
        assert!(!example(SampleReuse::Same, 0.125, 48).applies(&THEOREM, None));
        assert!(!example(SampleReuse::Same, 0.0625, 0).applies(&THEOREM, None));
        assert!(!example(SampleReuse::Independent, 0.0625, 48).applies(&THEOREM, None));
        let not_convex = Example::stochastic(SampleReuse::Same, 0.0625, 0.5, 48).betas(3.0, 5.0, 6.0, 8.0);
        let not_convex = not_convex.convex().set(Symbol::Sigma2Star, 7.0).set(Symbol::D2, 12.0);
        assert_eq!(not_convex.refusals(&THEOREM, None), ["the samples' losses are not all convex"]);
    }
}
