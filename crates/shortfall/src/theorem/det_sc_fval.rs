//! `det-sc-fval`: a floor for strongly convex functions that knows nothing of the condition number.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::{Number, Symbol};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-sc-fval",
    source: "THEORY.md section 3",
    setting: "Deterministic SAM; f beta-smooth, mu-strongly convex; 0 < q = beta*eta <= 1; any 0 < th < 1, here the best.",
    statement: "min_{t<=T} F_t <= max(beta*rho^2/(2*(1-th)), kappa*(1 - eta*th*mu)^T*Delta)",
    meaning: "However badly conditioned the function, the best iterate comes within about beta*rho^2/2 of the optimum.",
    tightness: "Proven; the order is attained. It beats det-sc-upper where beta*eta is above about 2.8/sqrt(kappa).",
    example: "shortfall bound logistic 'sam{eta=\"0.9/beta\",rho=0.02}' --steps 30000",
    forms: &[Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::suboptimality(Over::MinimumTo), requires, bound)],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.deterministic_sam(),
        inputs.known(Symbol::Beta),
        inputs.strongly_convex(),
        inputs.known(Symbol::Delta),
        inputs.at_most("beta*eta", inputs.q(), 1.0),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    // Any th in (0, 1) is valid: the entries fall and rise in it, so the best makes them equal.
    let (mut low, mut high) = (0.0f64, 1.0f64);
    for _ in 0..60 {
        let th = f64::midpoint(low, high);
        let [transient, floor] = entries(inputs, th);
        if transient.high > floor.high { low = th } else { high = th }
    }
    let best = [low, high, 0.5].into_iter().filter(|th| *th > 0.0 && *th < 1.0);
    let bounds = best.map(|th| entries(inputs, th)).map(|[transient, floor]| Bound::max(transient, floor));
    let least = bounds.min_by(|a, b| a.total.high.total_cmp(&b.total.high));
    least.unwrap_or(Bound::floor(Number::unknown())).choosing("best th")
}

/// The two entries of the maximum.
fn entries(inputs: &Inputs, th: f64) -> [Number; 2] {
    let kappa = (inputs.beta() / inputs.mu()).max(Number::exact(1.0));
    let transient = kappa * (inputs.eta() * th * inputs.mu()).one_minus_to_power(inputs.steps) * inputs.delta();
    [transient, inputs.beta() * inputs.rho().square() / (2.0 * (1.0 - Number::exact(th)))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    fn example(eta: f64, rho: f64, steps: u64) -> Example {
        Example::deterministic(eta, rho, steps).beta(8.0).convex().set(Symbol::Mu, 0.5).set(Symbol::Delta, 3.0)
    }

    #[test]
    fn entries_worked_by_hand_and_balanced() {
        // kappa = 16, th = 1/2: 16 (1 - 0.125*0.5*0.5)^2 * 3 = 48*(0.96875)^2; 8*0.0625/(2*0.5) = 0.5.
        let bound = example(0.125, 0.25, 2).bound(&THEOREM, None);
        assert!(bound.total.high <= 48.0 * 0.96875f64.powi(2));
        let long = example(0.125, 0.25, 100_000).bound(&THEOREM, None);
        assert!((long.total.high / 0.25 - 1.0).abs() < 0.01, "beta rho^2/2 = 0.25: {:?}", long.total);
        assert!(long.total.high >= 0.25);
        assert!(long.transient.high <= long.total.high * 1.0001);
    }

    #[test]
    fn the_range_is_closed() {
        assert!(example(0.125, 0.25, 2).applies(&THEOREM, None));
        assert!(!example(0.125f64.next_up(), 0.25, 2).applies(&THEOREM, None));
        assert_near(example(0.125, 0.0, 2).bound(&THEOREM, None).floor, 0.0);
    }
}
