//! What statements need of a problem beyond its constants.

mod first_order_floor;
mod hallucinated;

use super::linear_model::LARGEST_DENSE;
use super::{Problem, Samples};
use crate::arguments::Arguments;
use crate::constants::eigen::{Tridiagonal, gamma, seconds_of_tridiagonal};
use crate::constants::{Number, Provenance};
use crate::kernel::norm;
use crate::method::{Method, Perturbation};
use crate::parallel::Parallel;
use crate::source::Budget;
use crate::theorem::{CurvatureAtMinimum, ProblemFacts, length};
use first_order_floor::first_order_floor;
use hallucinated::hallucinated;
use std::sync::OnceLock;

/// Most operations to form the Hessian at the minimiser: some ten seconds.
const MOST_WORK: usize = 1 << 40;
/// Operations a second at which it is formed.
const SPEED: f64 = 1e10;

/// The facts for a start and a method. `arguments` name the problem for statements about their own function; facts that
/// need more time than the budget has left are not known.
pub fn facts(
    problem: &dyn Problem,
    arguments: &Arguments,
    start: &[f64],
    method: &Method,
    budget: &dyn Budget,
) -> ProblemFacts {
    let spectrum = problem
        .spectrum()
        .map(|spectrum| spectrum.eigenvalues().iter().copied().zip(spectrum.components(start)).collect());
    let hessian = hessian_at_minimum(problem, budget);
    let first_order_floor = match (method.sampling, problem.samples(), &hessian) {
        (Some(sampling), Samples::Finite(sum), Some((point, matrix)))
            if method.ascent.perturbation() == Perturbation::Normalised =>
        {
            first_order_floor(sum, sampling, method.rho.first(), point, matrix)
        }
        _ => None,
    };
    ProblemFacts {
        name: arguments.owner.clone(),
        parameters: arguments.entries.clone(),
        dimension: problem.dimension(),
        start: start.to_vec(),
        curvature: hessian.and_then(|(point, matrix)| curvature(problem, &matrix, point.len(), budget.parallel())),
        quadratic_gradient: quadratic_gradient(problem, start, spectrum.as_deref()),
        spectrum,
        first_order_floor,
        hallucinated: hallucinated(problem, method, start),
        eigenspaces: OnceLock::new(),
    }
}

/// `|grad f(x0)|` of a quadratic: from its eigenvalues, whose components are rounded, or as it is computed with its error.
fn quadratic_gradient(problem: &dyn Problem, start: &[f64], spectrum: Option<&[(f64, f64)]>) -> Option<Number> {
    if let Some(spectrum) = spectrum {
        let gradient = length(spectrum.iter().map(|(eigenvalue, component)| Number::exact(*eigenvalue) * *component));
        return Some(gradient * (1.0 + 1e-9));
    }
    problem.hessian().filter(|hessian| hessian.is_constant())?;
    let mut gradient = vec![0.0; start.len()];
    let value = problem.value_gradient(start, &mut gradient);
    let error = problem.gradient_error(start, value, &gradient);
    Some(Number::exact(norm(&gradient)) * (1.0 + gamma(start.len() + 4)) + error)
}

fn hessian_at_minimum(problem: &dyn Problem, budget: &dyn Budget) -> Option<(Vec<f64>, Vec<f64>)> {
    let d = problem.dimension();
    let work = problem.work().saturating_mul(d);
    if d > LARGEST_DENSE || work > MOST_WORK || work as f64 / SPEED + seconds_of_tridiagonal(d) > budget.left() {
        return None;
    }
    let point = problem.minimum().point().filter(|point| point.len() == d)?.to_vec();
    let mut matrix = vec![0.0; d * d];
    (problem.hessian()?.matrix_at(&point, &mut matrix) && matrix.iter().all(|h| h.is_finite()))
        .then_some((point, matrix))
}

fn curvature(problem: &dyn Problem, matrix: &[f64], d: usize, parallel: &dyn Parallel) -> Option<CurvatureAtMinimum> {
    if let Some(spectrum) = problem.spectrum() {
        let mut values = spectrum.eigenvalues().to_vec();
        values.sort_by(f64::total_cmp);
        let top = Number::exact(*values.last()?);
        return Some(CurvatureAtMinimum { top, second: d.checked_sub(2).map(|k| Number::exact(values[k])) });
    }
    let found;
    // Of a quadratic the Hessian is the matrix.
    let form = match problem.tridiagonal(parallel) {
        Some((form, _)) => form,
        None => {
            found = Tridiagonal::of(matrix, d, parallel)?;
            &found
        }
    };
    let around = |value: f64| Number::between(value - form.radius, value + form.radius).with(Provenance::Estimated);
    let eigenvalue = |k: usize| around(form.eigenvalue(k));
    Some(CurvatureAtMinimum { top: eigenvalue(d - 1), second: d.checked_sub(2).map(eigenvalue) })
}
