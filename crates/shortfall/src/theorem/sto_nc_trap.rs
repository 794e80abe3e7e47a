//! `sto-nc-trap`: bounded noise does not free stochastic SAM from the tooth of `det-nc-tri`.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::constants::Number;
use crate::text::number;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "sto-nc-trap",
    source: "THEORY.md section 11",
    setting: "Stochastic SAM of either kind on the tooth of det-nc-tri with noise of mean zero and at most c (problem \
              `triangle` with `noise`, made for this rho), a = eps*rho/2; c <= beta*a, c < beta*(rho-2a)/2, 0 < \
              beta*eta <= 1, |x0+rho| <= c/beta.",
    statement: "with probability 1, for every t: |x_t+rho| <= c/beta, so |f'(x_t)|^2 >= (beta*(rho-2a)-c)^2",
    meaning: "Noise that never turns the sign of the gradient leaves every perturbation as it is, so SAM keeps resting \
              where the slope is almost beta*rho.",
    tightness: "As eps and c go to 0 the gradient tends to beta*rho, the largest the general bound allows.",
    example: "shortfall run 'triangle{eps=0.2,noise=0.1}' 'stochastic-sam{eta=0.5,rho=1.0}' --start '[-1.0]' --steps 2000",
    forms: &[Form::new(
        Kind::Lower,
        Mode::AlmostSure,
        |_| Quantity::squared_gradient(Over::EveryStep { steps: None }),
        requires,
        |inputs| Bound::floor((slope(inputs) - inputs.parameter("noise")).square()),
    )
    .witnessed(&[Witness {
        problem: "triangle{eps=0.02,noise=0.01}",
        method: "stochastic-sam{eta=0.5,rho=1.0}",
        start: Some("[-1.0]"),
        steps: 2000,
        seeds: None,
        assume: &[],
    }])],
};

/// `beta (rho - 2a)`
fn slope(inputs: &Inputs) -> Number {
    inputs.parameter("beta") * (1.0 - inputs.parameter("eps")) * inputs.parameter("radius")
}

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let (beta, noise, radius) = (inputs.parameter("beta"), inputs.parameter("noise"), inputs.parameter("radius"));
    let a = inputs.parameter("eps") * radius / 2.0;
    let away = Number::exact(inputs.start()) + radius;
    let distance = away.max(-away);
    let range = noise / beta;
    vec![
        inputs.stochastic_sam(),
        inputs.own_function("triangle"),
        inputs.perturbed(),
        inputs.own_radius(),
        inputs.above("c", noise, 0.0),
        inputs.at_most("c - beta*a", noise - beta * a, 0.0),
        inputs.below("c - beta*(rho-2a)/2", noise - slope(inputs) / 2.0, 0.0),
        inputs.at_most("beta*eta", beta * inputs.eta(), 1.0),
        Requirement::new(
            "|x0+rho| <= c/beta",
            (distance - range).is_at_most(0.0),
            format!("|x0+rho| = {}, c/beta = {}", number(distance.middle()), number(range.middle())),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::SampleReuse;
    use crate::theorem::example::{Example, assert_near};

    fn example(reuse: SampleReuse, eta: f64, noise: f64, start: f64) -> Example {
        let parameters = [("beta", 4.0), ("radius", 0.5), ("eps", 0.25), ("noise", noise)];
        Example::stochastic(reuse, eta, 0.5, 9).on("triangle", &parameters, &[start])
    }

    #[test]
    fn number_worked_by_hand() {
        // beta (1 - eps) rho = 3/2; a = 1/16, beta a = 1/4; c = 1/8: (11/8)^2.
        for reuse in [SampleReuse::Same, SampleReuse::Independent] {
            assert_near(example(reuse, 0.125, 0.125, -0.5).bound(&THEOREM, None).total, 121.0 / 64.0);
        }
    }

    #[test]
    fn ranges() {
        let applies = |eta, noise, start| example(SampleReuse::Same, eta, noise, start).applies(&THEOREM, None);
        assert!(applies(0.25, 0.25, -0.5625) && applies(0.25, 0.25, -0.4375));
        assert!(!applies(0.25, 0.25f64.next_up(), -0.5));
        assert!(!applies(0.25f64.next_up(), 0.25, -0.5));
        assert!(!applies(0.25, 0.25, -0.4375f64.next_down().abs()));
        assert!(!applies(0.25, 0.25, (-0.4375f64).next_up()));
        assert!(!applies(0.25, 0.0, -0.5));
    }
}
