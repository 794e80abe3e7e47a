//! `sto-sc-decay`: decaying steps remove the noise of stochastic SAM on strongly convex functions, but not the bias.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::{Number, Symbol};
use crate::method::Schedule;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-sc-decay",
    source: "THEORY.md section 8",
    setting: "Stochastic SAM with eta_t = 2/(mu*(t+off*kappa)), kappa = beta/mu, off = 2 (n-SAM) or 4 (m-SAM), and \
              constant rho; f beta-smooth with mu > 0 (the Polyak-Lojasiewicz constant is enough), gradient variance \
              at most sigma2; m-SAM: components beta_xi-smooth.",
    statement: "E F_T <= b^2*rho^2/(2*mu) + off*max(kappa*Delta, beta*sigma2/mu^2)/(T+off*kappa); n-SAM: b = beta; \
                m-SAM: b = beta_rms",
    meaning: "A decaying step makes the noise vanish like 1/T without knowing T, but the bias stays whatever the \
              schedule: that needs a smaller rho, unlike for deterministic SAM (det-sc-decay).",
    tightness: "For m-SAM the bias is attained, as in sto-sc-upper; the rate 1/T is that of SGD.",
    example: "shortfall run trap 'stochastic-sam{eta=\"sto-sc-decay\",rho=0.2}' --start '[6.0]' --steps 2000",
    forms: &[Form::new(Kind::Upper, Mode::Expectation, |_| Quantity::suboptimality(Over::Final), requires, bound)
        .made_for(step)],
};

/// beta, or mu where rounding has made that the larger: any larger smoothness constant is one too, and kappa >= 1.
fn smoothness(inputs: &Inputs) -> Number {
    inputs.beta().max(inputs.mu())
}

/// `off`: the first step is the largest allowed one.
fn offset(inputs: &Inputs) -> f64 {
    if inputs.uses_same_sample_form() { 4.0 } else { 2.0 }
}

fn step(inputs: &Inputs) -> Option<Schedule> {
    inputs.hyperbolic_step(offset(inputs), smoothness(inputs))
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let mut requirements = vec![
        inputs.scheduled_stochastic_sam(),
        inputs.known(Symbol::Beta),
        inputs.strongly_convex(),
        inputs.known(Symbol::Sigma2),
        inputs.known(Symbol::Delta),
    ];
    if inputs.uses_same_sample_form() {
        requirements.push(inputs.known(Symbol::BetaRms));
    }
    requirements.extend([inputs.made_for("sto-sc-decay", step(inputs)), inputs.constant_rho()]);
    requirements
}

fn bound(inputs: &Inputs) -> Bound {
    let (beta, mu, off) = (smoothness(inputs), inputs.mu(), offset(inputs));
    let kappa = beta / mu;
    let time = inputs.horizon() + off * kappa;
    let transient = off * kappa / time * inputs.delta();
    let noise = off * beta * inputs.sigma2() / (mu.square() * time);
    let bias = (inputs.bias_smoothness() * inputs.rho()).square() / (2.0 * mu);
    Bound::of(transient.max(noise) + bias, transient, noise, bias).for_a_rounded_step()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::SampleReuse;
    use crate::theorem::example::{Example, assert_near, assert_rounded};

    fn example(reuse: SampleReuse, sigma2: f64, steps: u64) -> Example {
        let example = Example::stochastic(reuse, 0.1, 0.5, steps).betas(4.0, 5.0, 6.0, 8.0);
        example.set(Symbol::Mu, 2.0).set(Symbol::Sigma2, sigma2).set(Symbol::Delta, 5.0)
    }

    fn tuned(reuse: SampleReuse, sigma2: f64, steps: u64) -> Example {
        example(reuse, sigma2, steps).tuned(&THEOREM, None)
    }

    #[test]
    fn number_worked_by_hand() {
        // kappa = 2. n: T + 4 = 16: 2*2*5/16 = 1.25, 2*4*12/4/16 = 1.5, 16/4/4 = 1.
        let n = tuned(SampleReuse::Independent, 12.0, 12).bound(&THEOREM, None);
        assert_near(n.transient, 1.25);
        assert_near(n.noise, 1.5);
        assert_rounded(n.total, 2.5);
        // m: T + 8 = 16: 4*2*5/16 = 2.5, 4*4*3/4/16 = 0.75, 36/4/4 = 2.25.
        let m = tuned(SampleReuse::Same, 3.0, 8).bound(&THEOREM, None);
        assert_near(m.noise, 0.75);
        assert_rounded(m.total, 4.75);
        let eta = tuned(SampleReuse::Independent, 12.0, 12).eta();
        assert!(eta.at(0) <= 0.25 && (eta.at(0) * 4.0 - 1.0).abs() < 1e-15 && (eta.at(4) * 8.0 - 1.0).abs() < 1e-15);
        assert!(tuned(SampleReuse::Same, 12.0, 12).eta().at(0) <= 0.125);
    }

    #[test]
    fn the_first_step_is_in_range_whatever_the_rounding() {
        for k in 1..2000 {
            let beta = 1.0 + (k as f64 * 0.618).fract() * 7.0;
            let example = Example::stochastic(SampleReuse::Independent, 0.1, 0.5, 3).beta(beta).set(Symbol::Mu, 0.7);
            let eta = example.tuned(&THEOREM, None).eta().first();
            assert!((Number::exact(eta) * beta).is_at_most(1.0));
        }
    }

    #[test]
    fn edges() {
        assert!(!example(SampleReuse::Same, 3.0, 8).applies(&THEOREM, None));
        assert!(!tuned(SampleReuse::Same, 3.0, 8).set(Symbol::Mu, 1.0).applies(&THEOREM, None));
        let n = tuned(SampleReuse::Independent, 12.0, 12);
        let eta = n.eta();
        assert!(!n.schedules(eta, Schedule::InverseSquareRoot(0.5)).applies(&THEOREM, None));
        // SGD: the schedule of n-SAM, and no bias; without noise and at the minimiser nothing is left.
        let sgd = example(SampleReuse::Same, 12.0, 12).unperturbed().tuned(&THEOREM, None);
        assert_eq!(sgd.eta(), eta);
        assert_rounded(sgd.bound(&THEOREM, None).total, 1.5);
        let still = example(SampleReuse::Same, 0.0, 12).unperturbed().set(Symbol::Delta, 0.0).tuned(&THEOREM, None);
        assert_eq!(still.bound(&THEOREM, None).total, Number::exact(0.0));
        // T = 0: at least Delta.
        assert!(tuned(SampleReuse::Same, 3.0, 0).bound(&THEOREM, None).total.low >= 5.0);
    }
}
