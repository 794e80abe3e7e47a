//! `decay-rho-nc`: with a radius that decays SAM's gradients vanish on any smooth function.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::{Number, Symbol};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "decay-rho-nc",
    source: "THEORY.md section 13",
    setting: "Deterministic SAM with any rho_t fixed in advance and constant eta; f beta-smooth, bounded below; 0 < q \
              = beta*eta <= 1; T >= 1. Explicit: rho_t = rho0/sqrt(t+1).",
    statement: "avg_{t<T} |grad f(x_t)|^2 <= 2*Delta/(eta*T) + beta^2*(sum_{t<T} rho_t^2)/T; explicit: <= \
                2*Delta/(eta*T) + beta^2*rho0^2*(1+ln T)/T",
    meaning: "It is the constant radius that keeps SAM from critical points: if rho_t vanishes, so do the gradients, \
              and rho0/sqrt(t+1) costs a logarithm only.",
    tightness: "Proven; for constant rho it is det-nc-upper, whose floor is sharp.",
    example: "shortfall run sine 'sam{eta=0.5,rho=\"1.0/sqrt(t+1)\"}' --steps 2000",
    forms: &[
        Form::new(
            Kind::Upper,
            Mode::Pathwise,
            |_| Quantity::squared_gradient(Over::Mean),
            requires,
            |inputs| assemble(inputs, inputs.mean_squared_radius()),
        ),
        Form::new(
            Kind::Upper,
            Mode::Pathwise,
            |_| Quantity::squared_gradient(Over::Mean),
            requires_explicit,
            |inputs| assemble(inputs, inputs.decaying_squares() / inputs.horizon()),
        )
        .named("explicit"),
    ],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.scheduled_sam(),
        inputs.constant_eta(),
        inputs.known(Symbol::Beta),
        inputs.known(Symbol::Delta),
        inputs.at_most("beta*eta", inputs.q(), 1.0),
        inputs.at_least_one_step(),
        inputs.few_enough_steps(inputs.mean_squared_radius_is_closed()),
    ]
}

fn requires_explicit(inputs: &Inputs) -> Vec<Requirement> {
    let mut requirements = requires(inputs);
    requirements.push(inputs.radius_decays());
    requirements
}

fn assemble(inputs: &Inputs, mean: Number) -> Bound {
    let transient = 2.0 * inputs.delta() / (inputs.eta() * inputs.horizon());
    Bound::sum(transient, Number::exact(0.0), inputs.beta().square() * mean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Schedule;
    use crate::theorem::det_nc_upper;
    use crate::theorem::example::{Example, assert_near};

    fn example(eta: f64, rho: impl Into<Schedule>, steps: u64) -> Example {
        let example = Example::deterministic(eta, 0.5, steps).beta(4.0).set(Symbol::Delta, 9.0);
        example.schedules(eta, rho)
    }

    const DECAYING: Schedule = Schedule::InverseSquareRoot(0.75);

    #[test]
    fn number_worked_by_hand() {
        // T = 4: 18/((1/8)*4) = 36; 16*(9/16)*(25/12)/4 = 4.6875; explicit 16*(9/16)*(1+ln 4)/4.
        let bound = example(0.125, DECAYING, 4).bound(&THEOREM, None);
        assert_near(bound.transient, 36.0);
        assert!((bound.floor.high / 4.6875 - 1.0).abs() < 3e-15 && bound.floor.low <= 4.6875);
        let explicit = example(0.125, DECAYING, 4).bound(&THEOREM, Some("explicit"));
        assert!((explicit.floor.high / (2.25 * (1.0 + 4f64.ln())) - 1.0).abs() < 3e-15);
        // T = 1: the first radius.
        assert!(example(0.125, DECAYING, 1).bound(&THEOREM, Some("explicit")).floor.contains(9.0));
    }

    #[test]
    fn other_radii() {
        // Constant: det-nc-upper. 3/(2t+4) at t = 0, 1: 9/16 and 1/4.
        let constant = example(0.125, 0.5, 7).bound(&THEOREM, None).total;
        assert_eq!(constant, example(0.125, 0.5, 7).bound(&det_nc_upper::THEOREM, None).total);
        let falling = Schedule::Hyperbolic { numerator: 3.0, slope: 2.0, offset: 4.0 };
        assert_near(example(0.125, falling, 2).bound(&THEOREM, None).floor, 16.0 * 0.8125 / 2.0);
        assert!(!example(0.125, falling, 2_000_000).applies(&THEOREM, None));
        assert!(example(0.125, DECAYING, u64::MAX).applies(&THEOREM, None));
        assert!(!example(0.125, 0.5, 7).applies(&THEOREM, Some("explicit")));
    }

    #[test]
    fn the_explicit_form_is_no_smaller() {
        for steps in [1, 2, 999, 1000, 1001, 123_456, 1 << 60] {
            let at = |form| example(0.125, DECAYING, steps).bound(&THEOREM, form).total.high;
            assert!(at(None) <= at(Some("explicit")) && at(None).is_finite());
        }
    }

    #[test]
    fn edges() {
        assert!(example(0.25, DECAYING, 4).applies(&THEOREM, None));
        assert!(!example(0.25f64.next_up(), DECAYING, 4).applies(&THEOREM, None));
        assert!(!example(0.125, DECAYING, 0).applies(&THEOREM, None));
        assert!(!example(0.125, DECAYING, 4).schedules(Schedule::InverseSquareRoot(0.1), 0.5).applies(&THEOREM, None));
        let still = example(0.125, Schedule::InverseSquareRoot(0.0), 4).set(Symbol::Delta, 0.0);
        assert_eq!(still.bound(&THEOREM, Some("explicit")).total.high, 0.0);
    }
}
