//! `usam-sto`: stochastic USAM keeps a floor only through the noise of its gradients.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::Symbol;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "usam-sto",
    source: "THEORY.md section 13",
    setting: "USAM with independent samples, beta*rho < 1 (rho has units 1/beta); f beta-smooth, bounded below, gradient variance at \
              most sigma2 in either batch; q = beta*eta <= 1; T >= 1.",
    statement: "avg_{t<T} E |grad f(x_t)|^2 <= 2*Delta/(eta*(1-r2)*T) + (r2+q)*sigma2/(1-r2), r2 = (beta*rho)^2",
    meaning: "A small step removes the noise of the descent, but the noise of the perturbation stays, in proportion to the variance; \
              without noise there is no floor at all.",
    tightness: "Proven; whether the floor r2*sigma2/(1-r2) is attained is open.",
    example: "shortfall bound mixture 'stochastic-usam{eta=0.1,rho=0.2,sampling=\"independent\"}' --start '[3.0]' --steps 1000",
    forms: &[Form::new(Kind::Upper, Mode::Expectation, |_| Quantity::squared_gradient(Over::Mean), requires, bound)],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.stochastic_usam(),
        inputs.known(Symbol::Beta),
        inputs.known(Symbol::Sigma2),
        inputs.known(Symbol::Delta),
        inputs.below("beta*rho", inputs.beta() * inputs.rho(), 1.0),
        inputs.at_most("beta*eta", inputs.q(), 1.0),
        inputs.at_least_one_step(),
    ]
}

/// `r2 sigma2` is the perturbation batch, `q sigma2` the descent batch; the two are of equal size.
fn bound(inputs: &Inputs) -> Bound {
    let turned = (inputs.beta() * inputs.rho()).square();
    let kept = 1.0 - turned;
    let transient = 2.0 * inputs.delta() / (inputs.eta() * kept * inputs.horizon());
    Bound::sum(transient, inputs.q() * inputs.sigma2() / kept, turned * inputs.sigma2() / kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::{Perturbation, SampleReuse};
    use crate::theorem::example::{Example, assert_near};

    fn example(reuse: SampleReuse, eta: f64, rho: f64, steps: u64) -> Example {
        let example = Example::stochastic(reuse, eta, rho, steps).perturbed_by(Perturbation::Unnormalised);
        example.beta(4.0).set(Symbol::Delta, 9.0).set(Symbol::Sigma2, 6.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // r2 = 1/4, q = 1/2: 18/((1/8)*(3/4)*96) = 2, noise (1/2)*6/(3/4) = 4, floor (1/4)*6/(3/4) = 2.
        let bound = example(SampleReuse::Independent, 0.125, 0.125, 96).bound(&THEOREM, None);
        assert_near(bound.transient, 2.0);
        assert_near(bound.noise, 4.0);
        assert_near(bound.floor, 2.0);
        assert_near(bound.total, 8.0);
    }

    #[test]
    fn ranges() {
        use SampleReuse::{Independent, Same};
        assert!(example(Independent, 0.25, 0.25f64.next_down(), 96).applies(&THEOREM, None));
        assert!(!example(Independent, 0.25, 0.25, 96).applies(&THEOREM, None));
        assert!(!example(Independent, 0.25f64.next_up(), 0.125, 96).applies(&THEOREM, None));
        assert!(!example(Independent, 0.25, 0.125, 0).applies(&THEOREM, None));
        assert!(!example(Same, 0.25, 0.125, 96).applies(&THEOREM, None));
        // SGD of either sampling: 18/((1/4)*72) + 6.
        assert_near(example(Same, 0.25, 0.0, 72).unperturbed().bound(&THEOREM, None).total, 7.0);
        // Without noise USAM converges.
        let quiet = example(Independent, 0.125, 0.125, 96).set(Symbol::Sigma2, 0.0);
        assert_near(quiet.bound(&THEOREM, None).total, 2.0);
    }
}
