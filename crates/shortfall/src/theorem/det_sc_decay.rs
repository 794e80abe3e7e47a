//! `det-sc-decay`: with steps that decay like 1/t SAM converges on strongly convex functions, at the rate 1/T^2.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::{Number, Symbol};
use crate::method::Schedule;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-sc-decay",
    source: "THEORY.md section 3",
    setting: "Deterministic SAM with eta_t = 2/(mu*(t+4*kappa)), kappa = beta/mu, and constant rho; f convex, \
              beta-smooth, with mu > 0 (the Polyak-Lojasiewicz constant is enough).",
    statement: "F_T <= max(16*kappa^2*Delta, 6.25*beta^4*rho^2/mu^3)/(T+4*kappa)^2",
    meaning: "The floor of SAM belongs to the constant step: with a decaying one the same rho leads all the way to \
              the optimum, and nothing needs to be known of T.",
    tightness: "The order rho^2/T^2 is that of the lower bound det-sc-lower-quad for constant steps, without a \
                logarithm; the power of kappa is the right one in two and more dimensions.",
    example: "shortfall run quadratic 'sam{eta=\"det-sc-decay\",rho=0.05}' --steps 1000",
    forms: &[Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::suboptimality(Over::Final), requires, bound)
        .made_for(step)],
};

/// beta, or mu where rounding has made that the larger: any larger smoothness constant is one too, and kappa >= 1.
fn smoothness(inputs: &Inputs) -> Number {
    inputs.beta().max(inputs.mu())
}

fn step(inputs: &Inputs) -> Option<Schedule> {
    inputs.hyperbolic_step(4.0, smoothness(inputs))
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.scheduled_sam(),
        inputs.known(Symbol::Beta),
        inputs.convex(),
        inputs.strongly_convex(),
        inputs.known(Symbol::Delta),
        inputs.made_for("det-sc-decay", step(inputs)),
        inputs.constant_rho(),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let (beta, mu) = (smoothness(inputs), inputs.mu());
    let kappa = beta / mu;
    let time = inputs.horizon() + 4.0 * kappa;
    let transient = (4.0 * kappa / time).square() * inputs.delta();
    let floor = (2.5 * beta.square() * inputs.rho() / (mu * time)).square() / mu;
    Bound::max(transient, floor).for_a_rounded_step()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near, assert_rounded};

    fn example(rho: f64, steps: u64) -> Example {
        let example = Example::deterministic(0.1, rho, steps).beta(4.0).convex();
        example.set(Symbol::Mu, 2.0).set(Symbol::Delta, 10.0)
    }

    fn tuned(rho: f64, steps: u64) -> Example {
        example(rho, steps).tuned(&THEOREM, None)
    }

    #[test]
    fn number_worked_by_hand() {
        // kappa = 2, T + 8 = 16: 64*10/256 = 2.5; 6.25*256*9/8/256 = 7.03125.
        let bound = tuned(3.0, 8).bound(&THEOREM, None);
        assert_near(bound.transient, 2.5);
        assert_near(bound.floor, 7.03125);
        assert_rounded(bound.total, 7.03125);
        let eta = tuned(3.0, 8).eta();
        // 2/(2*0 + 4*4) = 1/(2 beta), then 2/(2*4 + 16).
        assert!((eta.at(0) / 0.125 - 1.0).abs() < 1e-15 && eta.at(0) <= 0.125);
        assert!((eta.at(4) * 12.0 - 1.0).abs() < 1e-15);
    }

    #[test]
    fn only_for_its_own_schedule() {
        assert!(!example(3.0, 8).applies(&THEOREM, None));
        assert!(!tuned(3.0, 8).beta(4.0f64.next_up()).applies(&THEOREM, None));
        let decaying = tuned(3.0, 8);
        let eta = decaying.eta();
        assert!(!decaying.schedules(eta, Schedule::InverseSquareRoot(3.0)).applies(&THEOREM, None));
        assert!(!example(3.0, 8).set(Symbol::Mu, 0.0).applies(&THEOREM, None));
    }

    #[test]
    fn edges() {
        assert_near(tuned(0.0, 8).bound(&THEOREM, None).floor, 0.0);
        assert_eq!(tuned(0.0, 8).set(Symbol::Delta, 0.0).bound(&THEOREM, None).total, Number::exact(0.0));
        // No step: F_0 = Delta.
        assert_near(tuned(0.5, 0).bound(&THEOREM, None).transient, 10.0);
        // mu above beta by rounding: kappa = 1.
        let mu = 4.0f64.next_up();
        let sharp = example(0.5, 4).set(Symbol::Mu, mu).tuned(&THEOREM, None);
        assert_near(sharp.bound(&THEOREM, None).transient, 16.0 / 64.0 * 10.0);
        assert!(tuned(3.0, u64::MAX).bound(&THEOREM, None).total.high < 1e-30);
    }
}
