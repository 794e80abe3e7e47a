//! `sto-cvx-fval-n`: the average suboptimality of n-SAM on a convex function.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::Symbol;
use crate::method::{SampleReuse, Schedule};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-cvx-fval-n",
    source: "THEORY.md section 9",
    setting: "n-SAM (independent samples for the two gradients); f convex, beta-smooth, with a minimiser, gradient \
              variance at most sigma2; 0 < q = beta*eta <= 1; T >= 1.",
    statement: "avg_{t<T} E F_t <= D2/(2*eta*T) + beta*rho^2/2 + eta*sigma2/2. Tuned: eta = min(1/beta, \
                sqrt(D2/(sigma2*T))) gives beta*D2/(2*T) + sqrt(D2*sigma2/T) + beta*rho^2/2",
    meaning: "With independent samples the perturbation costs no more than beta*rho^2/2 of loss on average, as \
              without noise, and the noise comes on top in proportion to the step.",
    tightness: "The floor beta*rho^2/2 cannot be improved.",
    example: "shortfall bound 'trap{beta=8.0}' 'stochastic-sam{eta=0.05,rho=1.0,sampling=\"independent\"}' --steps \
              1000",
    forms: &[
        Form::new(Kind::Upper, Mode::Expectation, |_| Quantity::suboptimality(Over::Mean), requires, bound).witnessed(
            &[Witness {
                problem: "additive-noise{p=0.005,noise=1.3}",
                method: "stochastic-sam{eta=0.00003,rho=1.0,sampling=\"independent\"}",
                start: Some("[1.05]"),
                steps: 5_000_000,
                seeds: Some(8),
                assume: &[],
            }],
        ),
        Form::new(Kind::Upper, Mode::Expectation, |_| Quantity::suboptimality(Over::Mean), requires_tuned, bound_tuned)
            .named("tuned")
            .made_for(step),
    ],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.stochastic_sam_with(SampleReuse::Independent),
        inputs.known(Symbol::Beta),
        inputs.convex(),
        inputs.known(Symbol::Sigma2),
        inputs.known(Symbol::D2),
        inputs.at_most("beta*eta", inputs.q(), 1.0),
        inputs.at_least_one_step(),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let transient = inputs.d2() / (2.0 * inputs.eta() * inputs.horizon());
    let noise = inputs.eta() * inputs.sigma2() / 2.0;
    Bound::sum(transient, noise, inputs.beta() * inputs.rho().square() / 2.0)
}

fn requires_tuned(inputs: &Inputs) -> Vec<Requirement> {
    let mut requirements = requires(inputs);
    requirements.push(inputs.made_for("sto-cvx-fval-n", step(inputs)));
    requirements
}

fn step(inputs: &Inputs) -> Option<Schedule> {
    let largest = 1.0 / inputs.beta();
    if inputs.sigma2().is_at_most(0.0) {
        return inputs.constant_step(largest);
    }
    inputs.constant_step(largest.min((inputs.d2() / (inputs.sigma2() * inputs.horizon())).sqrt()))
}

fn bound_tuned(inputs: &Inputs) -> Bound {
    let transient = inputs.beta() * inputs.d2() / (2.0 * inputs.horizon());
    let noise = (inputs.d2() * inputs.sigma2() / inputs.horizon()).sqrt();
    Bound::sum(transient, noise, inputs.beta() * inputs.rho().square() / 2.0).for_a_rounded_step()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near, assert_rounded};

    fn example(reuse: SampleReuse, eta: f64, steps: u64) -> Example {
        let example = Example::stochastic(reuse, eta, 0.5, steps).betas(4.0, 5.0, 6.0, 8.0).convex();
        example.set(Symbol::Sigma2, 3.0).set(Symbol::D2, 12.0)
    }

    #[test]
    fn number_worked_by_hand() {
        // 12/(2*(1/8)*48) = 1; (1/8)*3/2 = 3/16; 4*(1/4)/2 = 1/2.
        let bound = example(SampleReuse::Independent, 0.125, 48).bound(&THEOREM, None);
        assert_near(bound.transient, 1.0);
        assert_near(bound.noise, 0.1875);
        assert_near(bound.floor, 0.5);
        assert_near(bound.total, 1.6875);
    }

    #[test]
    fn tuned_number_and_edges() {
        let tuned = |symbol, value, steps| {
            let example = example(SampleReuse::Independent, 1.0, steps).set(symbol, value);
            example.tuned(&THEOREM, Some("tuned"))
        };
        // sqrt(12/(3*100)) = 1/5 is below 1/4: 4*12/200 = 0.24, sqrt(12*3/100) = 0.6, 1/2.
        let long = tuned(Symbol::D2, 12.0, 100);
        assert!((long.eta().first() * 5.0 - 1.0).abs() < 1e-15);
        assert_near(long.bound(&THEOREM, Some("tuned")).noise, 0.6);
        assert_rounded(long.bound(&THEOREM, Some("tuned")).total, 1.34);
        assert!(long.bound(&THEOREM, None).total.high <= 1.34);
        // No noise: the largest step, even at the minimiser.
        let quiet = tuned(Symbol::Sigma2, 0.0, 100);
        assert_eq!(quiet.eta().first(), 0.25);
        assert_rounded(quiet.bound(&THEOREM, Some("tuned")).total, 0.74);
        let still = tuned(Symbol::Sigma2, 0.0, 100).set(Symbol::D2, 0.0);
        assert_rounded(still.bound(&THEOREM, Some("tuned")).total, 0.5);
        let noisy = example(SampleReuse::Independent, 0.125, 48).set(Symbol::D2, 0.0);
        assert!(noisy.refusals(&THEOREM, Some("tuned"))[0].contains("cannot be computed"));
        assert!(!example(SampleReuse::Independent, 0.125, 48).applies(&THEOREM, Some("tuned")));
    }

    #[test]
    fn for_n_sam_and_sgd_up_to_one_over_beta() {
        assert!(example(SampleReuse::Independent, 0.25, 48).applies(&THEOREM, None));
        assert!(!example(SampleReuse::Independent, 0.25f64.next_up(), 48).applies(&THEOREM, None));
        assert!(!example(SampleReuse::Independent, 0.125, 0).applies(&THEOREM, None));
        assert!(!example(SampleReuse::Same, 0.125, 48).applies(&THEOREM, None));
        assert!(example(SampleReuse::Same, 0.125, 48).unperturbed().applies(&THEOREM, None));
    }
}
