//! `det-nc-tri`: a function on which SAM stops where the slope is as good as `beta rho`, the largest possible.

use super::{Bound, Form, Inputs, Kind, Mode, Over, Quantity, Requirement, Theorem, Witness};
use crate::text::number;

/// See [`Theorem::statement`].
pub static THEOREM: Theorem = Theorem {
    id: "det-nc-tri",
    source: "THEORY.md section 7",
    setting: "Deterministic SAM on a function whose derivative is piecewise linear with a tooth (problem `triangle`, \
              made for this rho); 0 < eps < 1/2, a = eps*rho/2; 0 < q = beta*eta <= 1; x0 in (-rho-2a, -2a).",
    statement: "lim |f'(x_t)|^2 = (1-eps)^2*beta^2*rho^2, at the top of the tooth, x = -rho",
    meaning: "SAM can come to rest where the gradient is almost as long as beta*rho, so the floor of the general \
              bound for nonconvex functions is real and not an artefact of its proof.",
    tightness: "An equality; as eps goes to 0 it meets the upper bound of det-nc-upper.",
    example: "shortfall run 'triangle{eps=0.1}' 'sam{eta=0.5,rho=1.0}' --steps 2000",
    forms: &[Form::new(Kind::Exact, Mode::Pathwise, |_| Quantity::squared_gradient(Over::Limit), requires, bound)
        .witnessed(&[Witness {
            problem: "triangle",
            method: "sam{eta=0.5,rho=1.0}",
            start: None,
            steps: 2000,
            seeds: None,
            assume: &[],
        }])],
};

/// Margin of the start inside its basin, relative to rho.
const MARGIN: f64 = 1e-9;

fn requires(inputs: &Inputs) -> Vec<Requirement> {
    let (radius, eps) = (inputs.parameter("radius"), inputs.parameter("eps"));
    let start = inputs.start();
    let width = eps * radius; // 2a
    let margin = MARGIN * radius;
    let inside = (start + radius + width - margin).is_above(0.0) && (-start - width - margin).is_above(0.0);
    let ends = (-(radius + width).middle(), -width.middle());
    let eps_fits = eps.is_above(0.0) && eps.is_below(0.5);
    vec![
        inputs.deterministic_sam(),
        inputs.own_function("triangle"),
        inputs.perturbed(),
        inputs.equal("rho = radius", inputs.rho(), radius),
        Requirement::new("0 < eps < 1/2", eps_fits, format!("eps = {}", number(eps.middle()))),
        inputs.at_most("beta*eta", inputs.parameter("beta") * inputs.eta(), 1.0),
        Requirement::new(
            "x0 in (-rho-2a, -2a)",
            inside,
            format!("x0 = {}, the basin is ({}, {})", number(start), number(ends.0), number(ends.1)),
        ),
    ]
}

fn bound(inputs: &Inputs) -> Bound {
    let slope = (1.0 - inputs.parameter("eps")) * inputs.parameter("beta") * inputs.rho();
    Bound::floor(slope.square()).settled_after(settled_after(inputs))
}

/// With `w = x + rho`: below `-a` the offset `w + 2a` grows by `1 + q` a step, above it `w` shrinks by `1 - q`.
/// Thrice the steps down to rounding; an estimate, in plain doubles.
fn settled_after(inputs: &Inputs) -> f64 {
    let q = (inputs.parameter("beta") * inputs.eta()).middle();
    let (rho, eps) = (inputs.method.rho.first(), inputs.parameter("eps").middle());
    let start = inputs.start();
    let offset = (start + rho + eps * rho).max(MARGIN * rho);
    let escape = (0.5 * eps * rho / offset).ln().max(0.0) / q.ln_1p();
    let rate = 1.0 - q;
    let settling = if rate < 1.0 { 1e16f64.ln() / -rate.max(0.0).ln() } else { f64::INFINITY };
    3.0 * (1.0 + escape + settling)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theorem::example::{Example, assert_near};

    fn example(eta: f64, start: f64) -> Example {
        let parameters = [("beta", 4.0), ("radius", 0.5), ("eps", 0.25)];
        Example::deterministic(eta, 0.5, 9).on("triangle", &parameters, &[start])
    }

    #[test]
    fn number_worked_by_hand() {
        // beta = 4, rho = 1/2, eps = 1/4: (3/4)^2*16/4 = 9/4.
        assert_near(example(0.125, -0.3).bound(&THEOREM, None).total, 2.25);
    }

    #[test]
    fn the_orbit_is_there_when_it_should_be() {
        // a = 1/16: f' = 4(x + 7/8), then -4(x + 1/8) from -1/2, then 4x from -1/16.
        let slope = |x: f64| {
            4.0 * if x <= -0.5 {
                x + 0.875
            } else if x <= -0.0625 {
                -x - 0.125
            } else {
                x
            }
        };
        for (eta, start) in [(0.01, -0.62499), (0.125, -0.3), (0.25, -0.126), (0.2, -0.624999)] {
            let bound = example(eta, start).bound(&THEOREM, None);
            let mut x: f64 = start;
            for _ in 0..bound.settled_after.ceil() as u64 {
                x -= eta * slope(x + 0.5 * slope(x).signum());
            }
            assert!((slope(x).powi(2) / bound.total.middle() - 1.0).abs() < 1e-9, "eta = {eta}: x = {x}");
        }
    }

    #[test]
    fn only_inside_the_basin_and_up_to_one_over_beta() {
        // The basin is (-5/8, -1/8).
        assert!(example(0.25, -0.625 + 1e-9).applies(&THEOREM, None));
        assert!(!example(0.25, -0.625 + 1e-10).applies(&THEOREM, None));
        assert!(example(0.25, -0.125 - 1e-9).applies(&THEOREM, None));
        assert!(!example(0.25, -0.125).applies(&THEOREM, None));
        assert!(!example(0.25f64.next_up(), -0.3).applies(&THEOREM, None));
        assert!(!example(0.125, -0.3).unperturbed().applies(&THEOREM, None));
    }
}
