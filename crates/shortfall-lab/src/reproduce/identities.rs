//! Identities of the field and of the min-max objective, measured: THEORY.md section 12 in numbers.

use shortfall::constants::Constants;
use shortfall::method::Method;
use shortfall::problem::{Closure, Problem, Quadratic, Sine};
use shortfall::sam_objective::sam_objective;
use shortfall::simulate::Interval;
use shortfall::verdict::Verdict;
use shortfall::virtual_loss::{Field, VirtualLoss};
use std::f64::consts::PI;

/// A number that a formula gives, and as it was measured.
pub struct Identity {
    /// Its name.
    pub id: &'static str,
    /// `virtual-loss` or `min-max`.
    pub paper_row: &'static str,
    /// What is compared.
    pub says: &'static str,
    /// By the formula.
    pub predicted: f64,
    /// By the program: an enclosure, or a number with what its last refinement changed.
    pub measured: Interval,
}

/// How far a measured number may be from the formula's, which is given to five digits in one case.
const TOLERANCE: f64 = 5e-6;

impl Identity {
    /// Whether they are the same.
    pub fn verdict(&self) -> Verdict {
        let inside =
            self.measured.low - TOLERANCE <= self.predicted && self.predicted <= self.measured.high + TOLERANCE;
        if inside { Verdict::Holds } else { Verdict::Differs }
    }
}

/// All of them; a moment's work.
pub fn identities() -> Vec<Identity> {
    [
        rise_of_sine(),
        kink_of_quadratic(),
        circulation_of_quadratic(),
        circulation_without(),
        worst_of_parabola(),
        worst_of_bowl(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn around(value: f64, radius: f64) -> Interval {
    Interval { mean: value, low: value - radius, high: value + radius }
}

/// J of the paper's sine between two points of one period: the closed form.
fn rise_of_sine() -> Option<Identity> {
    let (beta, rho) = (2.0, 0.5);
    let problem = Sine::new(beta, rho, 5.0 * PI / 3.0);
    let method = Method::sam(0.1, rho);
    let line = VirtualLoss::of(&problem, &method, [-0.1, 0.1]).ok()?;
    let amplitude = 9.0 * beta * rho * rho / (25.0 * PI * PI);
    let form = |x: f64| -amplitude * (5.0 * PI / 3.0 * x / rho + PI / 6.0).cos();
    let says = "J(0.1) - J(0) of the sine, beta = 2, rho = 1/2: -9*beta*rho^2/(25*pi^2)*cos(theta + pi/6)";
    let rise = line.value(0.1) - line.value(0.0);
    Some(Identity {
        id: "virt-1d",
        paper_row: "virtual-loss",
        says,
        predicted: form(0.1) - form(0.0),
        measured: around(rise, 0.0),
    })
}

/// The one-sided slope of J at the minimiser of a parabola.
fn kink_of_quadratic() -> Option<Identity> {
    let problem = Quadratic::new(vec![3.0]);
    let method = Method::sam(0.1, 0.2);
    let line = VirtualLoss::of(&problem, &method, [-1.0, 1.0]).ok()?;
    let slope = line.kinks.first()?.right;
    let measured = Interval { mean: slope.middle(), low: slope.low, high: slope.high };
    let says = "J'(0+) of 3*x^2/2, rho = 0.2: lam*rho";
    Some(Identity { id: "virt-1d-kink", paper_row: "virtual-loss", says, predicted: 0.6, measured })
}

fn square(low: f64, high: f64) -> Vec<Vec<f64>> {
    [[low, low], [high, low], [high, high], [low, high]].map(|corner| corner.to_vec()).to_vec()
}

/// Quadratics have a virtual loss.
fn circulation_of_quadratic() -> Option<Identity> {
    let problem = Quadratic::rotated(vec![3.0, -1.0], 2);
    let method = Method::sam(0.1, 0.5);
    let found = Field::of(&problem, &method).ok()?.circulation(&square(0.5, 1.0))?;
    let says = "circulation of G around [0.5,1]^2 on an indefinite quadratic, where J = f + rho*|grad f|";
    Some(Identity {
        id: "virt-quad",
        paper_row: "virtual-loss",
        says,
        predicted: 0.0,
        measured: around(found.value, found.change),
    })
}

/// Others need not have one.
fn circulation_without() -> Option<Identity> {
    let problem = Closure::new(2, |x: &[f64], g: &mut [f64]| {
        (g[0], g[1]) = (x[0].powi(3), x[1]);
        x[0].powi(4) / 4.0 + x[1] * x[1] / 2.0
    });
    let method = Method::sam(0.1, 0.5);
    let found = Field::of(&problem, &method).ok()?.circulation(&square(0.5, 1.0))?;
    let says = "circulation of G around [0.5,1]^2 on x1^4/4 + x2^2/2, rho = 1/2: no J exists";
    Some(Identity {
        id: "virt-curl",
        paper_row: "virtual-loss",
        says,
        predicted: 0.08221,
        measured: around(found.value, found.change),
    })
}

fn worst(problem: &dyn Problem, x: &[f64], rho: f64) -> Interval {
    let found = sam_objective(problem, &Constants::missing(""), x, rho);
    Interval { mean: (found.low + found.high) / 2.0, low: found.low, high: found.high }
}

/// `max f` on an interval around a point.
fn worst_of_parabola() -> Option<Identity> {
    let measured = worst(&Quadratic::new(vec![2.0]), &[-1.5], 0.25);
    let says = "f^SAM(-1.5) of x^2, rho = 1/4: (|x| + rho)^2";
    Some(Identity { id: "min-max-line", paper_row: "min-max", says, predicted: 3.0625, measured })
}

/// The hard case of the trust region: no slope along the largest curvature.
fn worst_of_bowl() -> Option<Identity> {
    let measured = worst(&Quadratic::new(vec![3.0, 1.0]), &[0.0, 1.0], 0.5);
    // e2 = 1/(3 - 1) is the whole radius: f(0, 1.5) = 1.125.
    let says = "f^SAM(0, 1) of (3*x1^2 + x2^2)/2, rho = 1/2: the hard case, 9/8";
    Some(Identity { id: "min-max-hard-case", paper_row: "min-max", says, predicted: 1.125, measured })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_hold_and_closely() {
        let all = identities();
        assert_eq!(all.len(), 6);
        for identity in all {
            assert_eq!(identity.verdict(), Verdict::Holds, "{}: {:?}", identity.id, identity.measured);
            assert!(identity.measured.high - identity.measured.low < 1e-9, "{}: {:?}", identity.id, identity.measured);
        }
    }
}
