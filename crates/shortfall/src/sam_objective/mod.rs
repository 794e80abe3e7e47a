//! The objective that SAM is derived from: `f^SAM(x) = max over |e| <= rho of f(x + e)`.
//!
//! It is neither `f(x + rho u(x))`, where SAM takes its gradient, nor the virtual loss J, which SAM descends: the first equals it
//! only for functions that are linear on the ball, the second is no value of f at all.

mod ascent;
mod interval;
mod trust_region;

use crate::constants::{Constants, Number, Provenance, Symbol};
use crate::kernel::norm;
use crate::problem::Problem;

/// `f^SAM(x)`, enclosed.
#[derive(Clone, Debug)]
pub struct SamObjective {
    /// It is not below this: the value at `x + e`, less its rounding.
    pub low: f64,
    /// It is not above this; infinite where nothing bounds it.
    pub high: f64,
    /// e, of length at most rho.
    pub perturbation: Vec<f64>,
    /// How the upper bound is known.
    pub provenance: Provenance,
    /// How both are found.
    pub how: String,
}

/// Encloses `f^SAM(x)`: on the line by branch and bound, for quadratics by the secular equation of the trust region,
/// else between projected ascent and `f + min(rho |grad f| + beta rho^2/2, L rho)`.
pub fn sam_objective(problem: &dyn Problem, constants: &Constants, x: &[f64], rho: f64) -> SamObjective {
    if let Some(found) = problem.line().and_then(|line| interval::maximum(line.as_ref(), x[0], rho)) {
        return found;
    }
    if let Some(found) = problem.spectrum().and_then(|spectrum| trust_region::maximum(problem, spectrum, x, rho)) {
        return found;
    }
    let hessian = problem.hessian().filter(|_| x.len() <= trust_region::LARGEST).and_then(|hessian| hessian.constant());
    if let Some(found) =
        hessian.and_then(|(matrix, error)| trust_region::maximum_of_matrix(problem, (&matrix, error), x, rho))
    {
        return found;
    }
    let (perturbation, low) = ascent::climb(problem, x, rho);
    let (high, provenance, bound) = upper_bound(problem, constants, x, rho);
    let how = format!("from below by projected ascent, from above {bound}");
    SamObjective { low, high, perturbation, provenance, how }
}

fn upper_bound(problem: &dyn Problem, constants: &Constants, x: &[f64], rho: f64) -> (f64, Provenance, &'static str) {
    let mut gradient = vec![0.0; x.len()];
    let value = problem.value_gradient(x, &mut gradient);
    let at_x = Number::exact(value) + Number::between(0.0, problem.value_error(x, value));
    let size = Number::exact(norm(&gradient)) * (1.0 + 1e-12) + problem.gradient_error(x, value, &gradient);
    let radius = Number::exact(rho);
    let smooth = constants.get(Symbol::Beta).number().map(|beta| size * radius + beta * radius.square() / 2.0);
    let steep = constants.get(Symbol::L).number().map(|lipschitz| lipschitz * radius);
    let rises = [(smooth, "f + rho |grad f| + beta rho^2/2"), (steep, "f + L rho")];
    let least =
        rises.into_iter().filter_map(|(rise, how)| Some((rise?, how))).min_by(|a, b| a.0.high.total_cmp(&b.0.high));
    match least {
        Some((rise, how)) => ((at_x + rise).high, rise.provenance, how),
        None => (f64::INFINITY, Provenance::Certified, "by nothing: neither beta nor L is known"),
    }
}

/// The value at a point from below, its rounding taken off, and that of the point itself.
fn value_from_below(problem: &dyn Problem, y: &[f64]) -> f64 {
    let mut gradient = vec![0.0; y.len()];
    let value = problem.value_gradient(y, &mut gradient);
    let moved = f64::EPSILON * norm(y) * norm(&gradient) * (1.0 + 1e-9);
    (Number::exact(value) - problem.value_error(y, value) - moved).low
}

#[cfg(test)]
mod tests;
