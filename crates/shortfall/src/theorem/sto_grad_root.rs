//! `sto-grad-root`: the root mean square gradient of n-SAM, for every step up to `2/beta`.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem};
use crate::constants::Symbol;
use crate::method::SampleReuse;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-grad-root",
    source: "THEORY.md section 9",
    setting: "n-SAM (independent samples); f beta-smooth, bounded below, gradient variance at most sigma2; 0 < q = beta*eta < 2; T >= 1.",
    statement: "sqrt(avg_{t<T} E |grad f(x_t)|^2) <= (Bc + sqrt(Bc^2 + 4*A*(Delta/T + C)))/(2*A), A = eta*(1-q/2), C = beta^3*eta^2*rho^2/2 + beta*eta^2*sigma2/2, Bc = eta*|1-q|*beta*rho",
    meaning: "As det-nc-root, with the noise added where the curvature acts.",
    tightness: "Proven; for small steps the floor tends to beta*rho, which is attained.",
    example: "shortfall bound logistic 'stochastic-sam{eta=\"0.3/beta\",rho=0.02,batch=64,sampling=\"independent\"}' --steps 30000",
    forms: &[Form::new(
        Kind::Upper,
        Mode::Expectation,
        |_| Quantity::squared_gradient(Over::RootMean),
        requires,
        bound,
    )],
};

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    vec![
        inputs.stochastic_sam_with(SampleReuse::Independent),
        inputs.known(Symbol::Beta),
        inputs.known(Symbol::Delta),
        inputs.known(Symbol::Sigma2),
        inputs.below("beta*eta", inputs.q(), 2.0),
        inputs.at_least_one_step(),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    // The perturbation follows a sample, so weak convexity does not help: omega = beta.
    inputs.root_bound(inputs.beta(), inputs.beta() * inputs.eta().square() * inputs.sigma2() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::Example;

    fn example(eta: f64, sigma2: f64) -> Example {
        let example = Example::stochastic(SampleReuse::Independent, eta, 0.75, 48).beta(4.0);
        example.set(Symbol::Delta, 9.0).set(Symbol::Sigma2, sigma2)
    }

    #[test]
    fn number_worked_by_hand() {
        // q = 1/2: A = 3/32, Bc = 3/16, C = 9/32 + 4*2/(64*2) = 9/32 + 1/16, Delta/T = 3/16.
        let (a, b, c) = (3.0 / 32.0, 3.0 / 16.0, 9.0 / 32.0 + 1.0 / 16.0);
        let bound = example(0.125, 2.0).bound(&THEOREM, None);
        let exact = (b + f64::sqrt(b * b + 4.0 * a * (3.0 / 16.0 + c))) / (2.0 * a);
        assert!((bound.total.high - exact).abs() < 1e-12, "{:?} {exact}", bound.total);
        assert!(bound.noise.high > 0.0);
        // Without noise it is det-nc-root with omega = beta.
        let quiet = example(0.125, 0.0).bound(&THEOREM, None);
        let c = 9.0 / 32.0;
        let exact = (b + f64::sqrt(b * b + 4.0 * a * (3.0 / 16.0 + c))) / (2.0 * a);
        assert!((quiet.total.high - exact).abs() < 1e-12 && quiet.noise.high < 1e-12, "{quiet:?} {exact}");
    }

    #[test]
    fn only_independent_samples_below_two() {
        assert!(example(0.5f64.next_down(), 2.0).applies(&THEOREM, None));
        assert!(!example(0.5, 2.0).applies(&THEOREM, None));
    }
}
