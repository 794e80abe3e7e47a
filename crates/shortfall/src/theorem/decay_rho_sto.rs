//! `decay-rho-sto`: with a radius that decays stochastic SAM has the guarantee of SGD on any smooth function.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::Symbol;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "decay-rho-sto",
    source: "THEORY.md section 13",
    setting: "Stochastic SAM with any rho_t fixed in advance and constant eta; f beta-smooth, bounded below, gradient \
              variance at most sigma2; T >= 1. n-SAM: q = beta*eta <= 1. m-SAM: components beta_xi-smooth, q < 1.",
    statement: "avg_{t<T} E |grad f(x_t)|^2 <= 2*Delta/(eta*T) + b^2*(sum_{t<T} rho_t^2)/T + q*sigma2*cv; n-SAM: b = \
                beta, cv = 1; m-SAM: b = beta_rms, cv = 1/(1-q)",
    meaning: "What a constant radius adds for ever, a decaying one adds only while it is large: in the end stochastic \
              SAM is as good as SGD with the same step.",
    tightness: "Proven; for constant rho it is sto-grad-upper, whose floor is sharp.",
    example: "shortfall bound 'trap{beta=8.0}' 'stochastic-sam{eta=0.05,rho=\"1.0/sqrt(t+1)\",sampling=\"same\"}' \
              --steps 10000",
    forms: &[Form::new(Kind::Upper, Mode::Expectation, |_| Quantity::squared_gradient(Over::Mean), requires, bound)],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let mut requirements = vec![
        inputs.scheduled_stochastic_sam(),
        inputs.constant_eta(),
        inputs.known(Symbol::Beta),
        inputs.known(Symbol::Sigma2),
        inputs.known(Symbol::Delta),
    ];
    if inputs.uses_same_sample_form() {
        requirements.push(inputs.known(Symbol::BetaRms));
    }
    requirements.extend([
        inputs.stochastic_step(),
        inputs.at_least_one_step(),
        inputs.few_enough_steps(inputs.mean_squared_radius_is_closed()),
    ]);
    requirements
}

fn bound(inputs: &Inputs) -> Bound {
    let transient = 2.0 * inputs.delta() / (inputs.eta() * inputs.horizon());
    let noise = inputs.q() * inputs.sigma2() * inputs.noise_factor();
    Bound::sum(transient, noise, inputs.bias_smoothness().square() * inputs.mean_squared_radius())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::{SampleReuse, Schedule};
    use crate::theorem::example::{Example, assert_near};
    use crate::theorem::sto_grad_upper;

    fn example(reuse: SampleReuse, eta: f64, rho: impl Into<Schedule>, steps: u64) -> Example {
        let example = Example::stochastic(reuse, eta, 0.5, steps).betas(4.0, 5.0, 6.0, 8.0);
        example.set(Symbol::Sigma2, 3.0).set(Symbol::Delta, 9.0).schedules(eta, rho)
    }

    const DECAYING: Schedule = Schedule::InverseSquareRoot(0.75);

    #[test]
    fn number_worked_by_hand() {
        // T = 4: 18/((1/8)*4) = 36; q = 1/2; mean (9/16)*(25/12)/4 = 75/256. n: 16*, 3/2. m: 36*, 3.
        let bound = example(SampleReuse::Independent, 0.125, DECAYING, 4).bound(&THEOREM, None);
        assert_near(bound.transient, 36.0);
        assert_near(bound.noise, 1.5);
        assert!((bound.floor.middle() / 4.6875 - 1.0).abs() < 1e-15 && bound.floor.contains(4.6875));
        let bound = example(SampleReuse::Same, 0.125, DECAYING, 4).bound(&THEOREM, None);
        assert_near(bound.noise, 3.0);
        assert!(bound.floor.contains(36.0 * 75.0 / 256.0));
    }

    #[test]
    fn ranges_and_edges() {
        for reuse in [SampleReuse::Same, SampleReuse::Independent] {
            let (decaying, constant) = (example(reuse, 0.125, 0.5, 9), example(reuse, 0.125, 0.5, 9));
            let constant = constant.bound(&sto_grad_upper::THEOREM, None).total.high;
            assert!((decaying.bound(&THEOREM, None).total.high / constant - 1.0).abs() < 1e-15);
            assert!(!example(reuse, 0.125, DECAYING, 0).applies(&THEOREM, None));
            assert!(!example(reuse, 0.125, DECAYING, 4).schedules(DECAYING, 0.5).applies(&THEOREM, None));
        }
        assert!(example(SampleReuse::Independent, 0.25, DECAYING, 4).applies(&THEOREM, None));
        assert!(!example(SampleReuse::Same, 0.25, DECAYING, 4).applies(&THEOREM, None));
        let sgd = example(SampleReuse::Same, 0.25, DECAYING, 4).unperturbed();
        assert_near(sgd.bound(&THEOREM, None).total, 21.0);
    }
}
