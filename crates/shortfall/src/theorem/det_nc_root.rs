//! `det-nc-root`: the root mean square gradient, for every step up to `2/beta`.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::{Number, Symbol};

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-nc-root",
    source: "THEORY.md section 6",
    setting: "Deterministic SAM; f beta-smooth, bounded below (omega-weakly convex); 0 < q = beta*eta < 2; T >= 1.",
    statement: "sqrt(avg_{t<T} |grad f(x_t)|^2) <= (Bc + sqrt(Bc^2 + 4*A*(Delta/T + C)))/(2*A), A = eta*(1-q/2), C = beta^3*eta^2*rho^2/2, Bc = eta*(1-q)*omega*rho if q <= 1, else eta*(q-1)*beta*rho",
    meaning: "Steps beyond 1/beta still leave a floor of order beta*rho, only larger: beta*rho*q/(2-q).",
    tightness: "Proven; the floor is attained for q <= 1 by the triangle and for q >= 1 by the 2-cycle of a parabola.",
    example: "shortfall bound triangle 'sam{eta=0.5,rho=1.0}' --start '[4.0]' --steps 1000",
    forms: &[Form::new(Kind::Upper, Mode::Pathwise, |_| Quantity::squared_gradient(Over::RootMean), requires, bound)
        // beta*eta <= 1: at rest on the tooth of det-nc-tri; above: the cycle of a parabola, 0.5*1.5/(2-1.5) = 1.5.
        .witnessed(&[
            Witness {
                problem: "triangle{eps=0.01}",
                method: "sam{eta=0.5,rho=1.0}",
                start: Some("[-1.0]"),
                steps: 100_000,
                seeds: None,
                assume: &[],
            },
            Witness {
                problem: "quadratic{eigenvalues=[1.0]}",
                method: "sam{eta=1.5,rho=0.5}",
                start: Some("[1.5]"),
                steps: 100_000,
                seeds: None,
                assume: &[],
            },
        ])],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.deterministic_sam(),
        inputs.known(Symbol::Beta),
        inputs.known(Symbol::Delta),
        inputs.below("beta*eta", inputs.q(), 2.0),
        inputs.at_least_one_step(),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    inputs.root_bound(inputs.omega(), Number::exact(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::Example;

    fn example(eta: f64, omega: f64) -> Example {
        Example::deterministic(eta, 0.75, 48).beta(4.0).set(Symbol::Omega, omega).set(Symbol::Delta, 9.0)
    }

    #[test]
    fn numbers_worked_by_hand() {
        // q = 1/2, omega = 2: A = 3/32, Bc = (1/8)(1/2)(2)(3/4) = 3/32, C = 64/64*(9/16)/2 = 9/32, Delta/T = 3/16.
        let (a, b, c) = (3.0 / 32.0, 3.0 / 32.0, 9.0 / 32.0);
        let bound = example(0.125, 2.0).bound(&THEOREM, None);
        assert!((bound.total.high - (b + f64::sqrt(b * b + 4.0 * a * (3.0 / 16.0 + c))) / (2.0 * a)).abs() < 1e-13);
        // q = 3/2: the floor is beta rho q/(2-q) = 3*3 = 9.
        let beyond = example(0.375, 2.0).bound(&THEOREM, None);
        assert!((beyond.floor.high - 9.0).abs() < 1e-12, "{:?}", beyond.floor);
        // q = 1/2, omega = beta: the floor is beta rho = 3.
        assert!((example(0.125, 4.0).bound(&THEOREM, None).floor.high - 3.0).abs() < 1e-12);
    }

    #[test]
    fn the_range_is_open_at_two() {
        assert!(example(0.5f64.next_down(), 2.0).applies(&THEOREM, None));
        assert!(!example(0.5, 2.0).applies(&THEOREM, None));
        assert!(example(0.25, 2.0).bound(&THEOREM, None).total.high.is_finite());
    }
}
