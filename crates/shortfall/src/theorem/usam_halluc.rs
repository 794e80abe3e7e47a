//! `usam-halluc`: beyond `beta rho = 1` unnormalised SAM can rest where the gradient is not zero.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::Number;
use crate::text::number;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "usam-halluc",
    source: "THEORY.md section 13",
    setting: "Deterministic USAM on the tooth of det-nc-tri cut off at g0 = `cap` (problem `capped-wave`, radius \
              rho_tri), rho = rho_tri/g0, so beta*rho > 1; 0 < beta*eta <= 1; x0 on the flat part, within a = \
              eps*rho_tri/2 of -rho_tri.",
    statement: "lim |f'(x_t)|^2 = g0^2, at x = -rho_tri",
    meaning: "Without normalisation the perturbation is as long as the gradient says, and if rho is above 1/beta it can \
              be long enough to reach a minimum from a slope, where SAM then believes to be done.",
    tightness: "An equality; it shows that beta*rho < 1 cannot be dropped from usam-nc.",
    example: "shortfall run capped-wave 'usam{eta=0.5,rho=2.0}' --steps 500",
    forms: &[Form::new(
        Kind::Exact,
        Mode::Pathwise,
        |_| Quantity::squared_gradient(Over::Limit),
        requires,
        |inputs| Bound::floor(inputs.parameter("cap").square()),
    )
    .witnessed(&[Witness {
        problem: "capped-wave",
        method: "usam{eta=0.5,rho=2.0}",
        start: None,
        steps: 500,
        seeds: None,
        assume: &[],
    }])],
};

/// Margin of the start inside its range, relative to the radius.
const MARGIN: f64 = 1e-9;

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let (beta, radius, cap) = (inputs.parameter("beta"), inputs.parameter("radius"), inputs.parameter("cap"));
    let a = inputs.parameter("eps") * radius / 2.0;
    let half = radius - 2.0 * a - cap / beta;
    let range = a.min(half) - MARGIN * radius;
    let away = Number::exact(inputs.start()) + radius;
    let distance = away.max(-away);
    vec![
        inputs.usam(),
        inputs.own_function("capped-wave"),
        inputs.perturbed(),
        inputs.equal("rho*cap = radius", inputs.rho() * cap, radius),
        inputs.above("beta*rho", beta * inputs.rho(), 1.0),
        inputs.at_most("beta*eta", beta * inputs.eta(), 1.0),
        Requirement::new(
            "x0 on the flat part, within a of -radius",
            (distance - range).is_below(0.0),
            format!("|x0+radius| = {}, the range is {}", number(distance.middle()), number(range.middle())),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Perturbation;
    use crate::theorem::example::{Example, assert_near};

    fn example(eta: f64, rho: f64, start: f64) -> Example {
        let parameters = [("beta", 2.0), ("radius", 3.0), ("eps", 0.25), ("cap", 1.5)];
        Example::deterministic(eta, rho, 9).perturbed_by(Perturbation::Unnormalised).on(
            "capped-wave",
            &parameters,
            &[start],
        )
    }

    #[test]
    fn number_worked_by_hand() {
        assert_near(example(0.25, 2.0, -3.1).bound(&THEOREM, None).total, 2.25);
    }

    #[test]
    fn ranges() {
        // a = 3/8; the flat part reaches 3 - 3/4 - 3/4 = 3/2 to either side.
        assert!(example(0.5, 2.0, -3.37).applies(&THEOREM, None));
        assert!(!example(0.5, 2.0, -3.38).applies(&THEOREM, None));
        assert!(!example(0.5, 2.0, -2.62).applies(&THEOREM, None));
        assert!(!example(0.5f64.next_up(), 2.0, -3.0).applies(&THEOREM, None));
        assert!(!example(0.25, 2.0 + 1e-9, -3.0).applies(&THEOREM, None));
        assert!(!example(0.25, 2.0, -3.0).unperturbed().applies(&THEOREM, None));
    }
}
