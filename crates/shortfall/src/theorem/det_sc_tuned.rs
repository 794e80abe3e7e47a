//! `det-sc-tuned`: the best constant step for a horizon T gives 1/T^2 up to a logarithm on strongly convex functions.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::{Number, Symbol};
use crate::method::Schedule;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-sc-tuned",
    source: "Si & Yun, NeurIPS 2023 (their deterministic strongly convex row); THEORY.md section 3",
    setting: "Deterministic SAM with eta = min(1/(2*beta), 2*Lam/(3*mu*T)), Lam = max(1, \
              ln(mu^3*Delta*T^2/(beta^4*rho^2))); f convex, beta-smooth, with mu > 0 (the Polyak-Lojasiewicz \
              constant is enough); T >= 1.",
    statement: "min_{t<=T} F_t <= max(Delta*exp(-3*mu*T/(4*beta)), beta^4*rho^2/(mu^3*T^2)*max(1, 2*Lam^2/9))",
    meaning: "Knowing T one can choose a constant step that is long enough to arrive and short enough for a low \
              floor: the best iterate is within order rho^2/T^2, up to a squared logarithm.",
    tightness: "The rate is that of the lower bounds up to the logarithm, which det-sc-decay removes with a \
                schedule.",
    example: "shortfall run quadratic 'sam{eta=\"det-sc-tuned\",rho=0.05}' --steps 1000",
    forms: &[Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::suboptimality(Over::MinimumTo), requires, bound)
        .named("tuned")
        .made_for(step)],
};

/// `Lam`; infinite for rho = 0, which the callers treat first.
fn logarithm(inputs: &Inputs) -> Number {
    let (beta, mu) = (inputs.beta().ln(), inputs.mu().ln());
    let numerator = 3.0 * mu + inputs.delta().ln() + 2.0 * inputs.horizon().ln();
    (numerator - 4.0 * beta - 2.0 * inputs.rho().ln()).max(Number::exact(1.0))
}

fn step(inputs: &Inputs) -> Option<Schedule> {
    let largest = 1.0 / (2.0 * inputs.beta());
    if inputs.rho().is_at_most(0.0) {
        return inputs.constant_step(largest);
    }
    inputs.constant_step(largest.min(2.0 * logarithm(inputs) / (3.0 * inputs.mu() * inputs.horizon())))
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.deterministic_sam(),
        inputs.known(Symbol::Beta),
        inputs.convex(),
        inputs.strongly_convex(),
        inputs.known(Symbol::Delta),
        inputs.at_least_one_step(),
        inputs.made_for("det-sc-tuned", step(inputs)),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let (beta, mu, steps) = (inputs.beta(), inputs.mu(), inputs.horizon());
    let transient = inputs.delta() * (-(3.0 * mu * steps) / (4.0 * beta)).exp();
    let floor = if inputs.rho().is_at_most(0.0) {
        Number::exact(0.0)
    } else {
        let scale = (beta.square() * inputs.rho() / (mu * steps)).square() / mu;
        scale * (2.0 * logarithm(inputs).square() / 9.0).max(Number::exact(1.0))
    };
    Bound::max(transient, floor).for_a_rounded_step()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::det_sc_upper;
    use crate::theorem::example::{Example, assert_near, assert_rounded};

    fn example(rho: f64, steps: u64) -> Example {
        let example = Example::deterministic(1.0, rho, steps).beta(4.0).convex();
        example.set(Symbol::Mu, 2.0).set(Symbol::Delta, 10.0)
    }

    fn tuned(rho: f64, steps: u64) -> Example {
        example(rho, steps).tuned(&THEOREM, Some("tuned"))
    }

    #[test]
    fn number_worked_by_hand() {
        // mu^3 Delta T^2/(beta^4 rho^2) = 8*10*16/(256*9) < e: Lam = 1; 2/(3*2*4) = 1/12 is below 1/8.
        // 10*exp(-3*2*4/16) = 10*exp(-1.5); 256*9/(8*16) = 18.
        let bound = tuned(3.0, 4).bound(&THEOREM, Some("tuned"));
        assert_near(bound.transient, 10.0 * (-1.5f64).exp());
        assert_rounded(bound.total, 18.0);
        assert!((tuned(3.0, 4).eta().first() * 12.0 - 1.0).abs() < 1e-15);
        // rho = 1/64, T = 400: Lam = ln(80*160000/(256/4096)) = ln(204800000); 2 Lam^2/9 > 1.
        let log = 204_800_000f64.ln();
        let bound = tuned(1.0 / 64.0, 400).bound(&THEOREM, Some("tuned"));
        assert_rounded(bound.total, 256.0 / 4096.0 / (8.0 * 160_000.0) * 2.0 * log * log / 9.0);
        assert!((tuned(1.0 / 64.0, 400).eta().first() / (2.0 * log / 2400.0) - 1.0).abs() < 1e-14);
    }

    #[test]
    fn the_base_row_at_the_tuned_step_is_no_larger() {
        for rho in [0.0, 1e-150, 1e-6, 0.1, 3.0, 1e8] {
            for steps in [1, 2, 7, 50, 1000, 1_000_000] {
                let tuned = tuned(rho, steps);
                let base = tuned.bound(&det_sc_upper::THEOREM, None).total;
                let total = tuned.bound(&THEOREM, Some("tuned")).total;
                assert!(base.high <= total.high * (1.0 + 1e-13), "rho = {rho}, T = {steps}: {base:?} {total:?}");
            }
        }
    }

    #[test]
    fn edges() {
        // rho = 0: the largest step, and no floor.
        let descent = example(0.0, 4).unperturbed().tuned(&THEOREM, Some("tuned"));
        assert_eq!(descent.eta().first(), 0.125);
        assert_rounded(descent.bound(&THEOREM, Some("tuned")).total, 10.0 * (-1.5f64).exp());
        // Delta = 0: Lam = 1.
        let still = example(3.0, 4).set(Symbol::Delta, 0.0).tuned(&THEOREM, Some("tuned"));
        assert_rounded(still.bound(&THEOREM, Some("tuned")).total, 18.0);
        assert!(!example(3.0, 0).applies(&THEOREM, Some("tuned")));
        assert!(!example(3.0, 4).applies(&THEOREM, Some("tuned")));
        assert!(!example(3.0, 4).set(Symbol::Mu, 0.0).applies(&THEOREM, Some("tuned")));
    }
}
