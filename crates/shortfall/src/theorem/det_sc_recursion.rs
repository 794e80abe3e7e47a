//! `det-sc-recursion`: the last iterate of SAM on a strongly convex function for any steps and radii fixed in advance.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, det_sc_last};
use crate::constants::{Number, Symbol};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-sc-recursion",
    source: "THEORY.md section 3",
    setting: "Deterministic SAM with any eta_t, rho_t fixed in advance; f convex, beta-smooth, with mu > 0 (the \
              Polyak-Lojasiewicz constant is enough); q_t = beta*eta_t < 1 at every step.",
    statement: "F_T <= B_T: B_0 = Delta, B_{t+1} = max((1 - mu*eta_t*(2-q_t))*B_t, tau_t^2/(2*mu) + \
                beta^3*eta_t^2*rho_t^2/2), tau_t = beta^2*eta_t*rho_t/(2*(1-q_t))",
    meaning: "Every step of SAM either contracts like gradient descent or ends below a floor that its own eta and \
              rho set, so whatever makes eta*rho vanish slowly enough makes SAM converge.",
    tightness: "Proven; for constant eta and rho it is det-sc-last.",
    example: "shortfall bound quadratic 'sam{eta=\"0.3/beta\",rho=\"0.05/sqrt(t+1)\"}' --steps 1000",
    forms: &[Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::suboptimality(Over::Final), requires, bound)],
};

fn is_constant(inputs: &Inputs) -> bool {
    inputs.method.eta.is_constant() && inputs.method.rho.is_constant()
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.scheduled_sam(),
        inputs.known(Symbol::Beta),
        inputs.convex(),
        inputs.strongly_convex(),
        inputs.known(Symbol::Delta),
        // No schedule rises: the first step is the largest.
        inputs.below("beta*eta_0", inputs.q(), 1.0),
        inputs.few_enough_steps(is_constant(inputs)),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    if is_constant(inputs) {
        return det_sc_last::bound(inputs);
    }
    let (beta, mu) = (inputs.beta(), inputs.mu());
    let (mut transient, mut floor) = (inputs.delta(), Number::exact(0.0));
    for t in 0..inputs.steps {
        let eta = Number::exact(inputs.method.eta.at(t));
        let q = beta * eta;
        let factor = (1.0 - mu * eta * (2.0 - q)).positive_part();
        let slack = 2.0 * (1.0 - q);
        // tau^2/(2 mu) + beta^3 eta^2 rho^2/2
        let rest = beta * (q * inputs.radius(t)).square() / 2.0 * (beta / (mu * slack.square()) + 1.0);
        transient = factor * transient;
        floor = (factor * floor).max(rest);
    }
    Bound::max(transient, floor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Schedule;
    use crate::theorem::example::{Example, assert_near};

    fn example(steps: u64) -> Example {
        let example = Example::deterministic(0.125, 3.0, steps).beta(4.0).convex();
        example.set(Symbol::Mu, 2.0).set(Symbol::Delta, 40.0)
    }

    const HALVING: Schedule = Schedule::Hyperbolic { numerator: 1.0, slope: 8.0, offset: 8.0 };

    #[test]
    fn number_worked_by_hand() {
        // eta = 1/8, 1/16: q = 1/2, 1/4; factors 1 - 2*(1/8)*(3/2) = 5/8, 1 - 2*(1/16)*(7/4) = 25/32.
        // rho = 3: rests tau = 6, 36/4 + 64/64*9/2 = 13.5; tau = 16/16*3/(3/2) = 2, 4/4 + 64/256*9/2 = 2.125.
        let bound = example(2).schedules(HALVING, 3.0).bound(&THEOREM, None);
        assert_near(bound.transient, 40.0 * 5.0 / 8.0 * 25.0 / 32.0);
        assert_near(bound.floor, 13.5 * 25.0 / 32.0);
        assert_near(example(1).schedules(HALVING, 3.0).bound(&THEOREM, None).floor, 13.5);
        // Constant eta, rho = 6, 3: 4*13.5 and 13.5 against (5/8)*54 = 33.75.
        let rho = Schedule::Hyperbolic { numerator: 6.0, slope: 1.0, offset: 1.0 };
        assert_near(example(2).schedules(0.125, rho).bound(&THEOREM, None).floor, 33.75);
    }

    #[test]
    fn the_loop_and_the_closed_form_agree() {
        // A schedule that hardly moves against det-sc-last.
        let still = Schedule::Hyperbolic { numerator: 1.0, slope: f64::MIN_POSITIVE, offset: 8.0 };
        for steps in [0, 1, 3, 50] {
            let looped = example(steps).schedules(still, 3.0).bound(&THEOREM, None);
            let closed = example(steps).bound(&det_sc_last::THEOREM, None);
            assert!((looped.total.high / closed.total.high - 1.0).abs() < 1e-13);
            assert_eq!(example(steps).bound(&THEOREM, None).total, closed.total);
        }
    }

    #[test]
    fn edges() {
        assert!(!example(3).schedules(0.25, Schedule::InverseSquareRoot(1.0)).applies(&THEOREM, None));
        assert!(example(u64::MAX).applies(&THEOREM, None));
        let long = example(1_000_001).schedules(HALVING, 3.0);
        assert!(long.refusals(&THEOREM, None)[0].contains("up to 1000000 steps"));
        let still = example(7).schedules(HALVING, 0.0).set(Symbol::Delta, 0.0);
        assert_eq!(still.bound(&THEOREM, None).total, Number::exact(0.0));
        assert!(!example(3).schedules(HALVING, 3.0).applies(&det_sc_last::THEOREM, None));
        // mu above beta by rounding: the factor is clipped at 0.
        let sharp = example(2).schedules(HALVING, 3.0).set(Symbol::Mu, 40.0).bound(&THEOREM, None);
        assert_eq!(sharp.transient, Number::exact(0.0));
    }
}
