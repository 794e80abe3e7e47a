//! What statements need of a problem beyond its constants.

use super::{FiniteSum, Problem, Samples};
use crate::arguments::Arguments;
use crate::constants::eigen::{solve_positive_definite, symmetric};
use crate::constants::{Number, Provenance};
use crate::kernel::{dot, norm, unit_vector};
use crate::method::{Method, Perturbation, SampleReuse, Sampling};
use crate::random::{Generator, Role};
use crate::theorem::{CurvatureAtMinimum, FirstOrderFloor, ProblemFacts};

/// Largest dimension whose Hessian at the minimiser is decomposed.
const LARGEST_DENSE: usize = 2000;
/// Minibatches sampled for `sto-floor-first-order` where samples are batches.
const SAMPLED_BATCHES: usize = 4096;

/// The facts for a start and a method. `arguments` name the problem for statements about their own function.
pub fn facts(problem: &dyn Problem, arguments: &Arguments, start: &[f64], method: &Method) -> ProblemFacts {
    let spectrum = problem
        .spectrum()
        .map(|spectrum| spectrum.eigenvalues().iter().copied().zip(spectrum.components(start)).collect());
    let hessian = hessian_at_minimum(problem);
    let first_order_floor = match (method.sampling, problem.samples(), &hessian) {
        (Some(sampling), Samples::Finite(sum), Some((point, matrix)))
            if method.ascent.perturbation() == Perturbation::Normalised =>
        {
            first_order_floor(sum, sampling, point, matrix)
        }
        _ => None,
    };
    ProblemFacts {
        name: arguments.owner.clone(),
        parameters: arguments.entries.clone(),
        dimension: problem.dimension(),
        start: start.to_vec(),
        curvature: hessian.and_then(|(point, matrix)| curvature(problem, &matrix, point.len())),
        spectrum,
        first_order_floor,
    }
}

fn hessian_at_minimum(problem: &dyn Problem) -> Option<(Vec<f64>, Vec<f64>)> {
    let d = problem.dimension();
    if d > LARGEST_DENSE {
        return None;
    }
    let point = problem.minimum().point().filter(|point| point.len() == d)?.to_vec();
    let mut matrix = vec![0.0; d * d];
    (problem.hessian()?.matrix_at(&point, &mut matrix) && matrix.iter().all(|h| h.is_finite()))
        .then_some((point, matrix))
}

fn curvature(problem: &dyn Problem, matrix: &[f64], d: usize) -> Option<CurvatureAtMinimum> {
    if let Some(spectrum) = problem.spectrum() {
        let mut values = spectrum.eigenvalues().to_vec();
        values.sort_by(f64::total_cmp);
        let top = Number::exact(*values.last()?);
        return Some(CurvatureAtMinimum { top, second: d.checked_sub(2).map(|k| Number::exact(values[k])) });
    }
    let eigen = symmetric(matrix, d)?;
    let around = |value: f64| Number::between(value - eigen.radius, value + eigen.radius).with(Provenance::Estimated);
    Some(CurvatureAtMinimum {
        top: around(eigen.values[d - 1]),
        second: d.checked_sub(2).map(|k| around(eigen.values[k])),
    })
}

/// One sample (or batch) at the minimiser: its gradient's direction and `H_xi u_xi`.
struct AtMinimum {
    direction: Vec<f64>,
    curved: Vec<f64>,
}

fn at_minimum(sum: &dyn FiniteSum, batch: &[usize], point: &[f64]) -> Option<(AtMinimum, f64)> {
    let d = point.len();
    let (mut gradient, mut direction, mut curved) = (vec![0.0; d], vec![0.0; d], vec![0.0; d]);
    sum.batch_gradient(batch, point, &mut gradient);
    unit_vector(&gradient, &mut direction);
    let smooth = sum.batch_hessian_product(batch, point, &direction, &mut curved);
    let smoothness = batch.iter().map(|i| sum.smoothness(*i)).sum::<f64>() / batch.len() as f64;
    let size = norm(&gradient);
    // A gradient that is only the rounding of 0 has no direction.
    let rounding = 1e-10 * smoothness * norm(point).max(f64::MIN_POSITIVE);
    (smooth && size > rounding).then_some((AtMinimum { direction, curved }, size / smoothness))
}

/// `(1/2) v' H^{-1} v`, `v = E[H_xi u_xi]` (m-SAM) or `H E[u_xi]` (n-SAM); THEORY.md section 14. Exact for single
/// samples; for batches from a seeded sample of them, without the bias that squaring a mean would bring.
fn first_order_floor(
    sum: &dyn FiniteSum,
    sampling: Sampling,
    point: &[f64],
    hessian: &[f64],
) -> Option<FirstOrderFloor> {
    let d = point.len();
    solve_positive_definite(hessian, point)?; // H > 0
    if !sampling.replacement && sampling.batch == sum.count() {
        return None; // the full batch: its gradient at x* is 0
    }
    let exact = sampling.batch == 1;
    let same = sampling.reuse == SampleReuse::Same;
    let mut generator = Generator::new(0x5eed, 0, Role::Other);
    let batches = if exact { sum.count() } else { SAMPLED_BATCHES };
    let mut batch = vec![0; sampling.batch];
    let mut scratch = Vec::new();
    let (mut mean, mut least, mut squares) = (vec![0.0; d], f64::INFINITY, 0.0);
    for i in 0..batches {
        if exact {
            batch[0] = i;
        } else {
            super::draw_batch(sum, &sampling, &mut generator, &mut batch, &mut scratch);
        }
        let (at, radius) = at_minimum(sum, &batch, point)?;
        let probability = if exact { sum.probability(i) } else { 1.0 / batches as f64 };
        let vector = if same { at.curved } else { at.direction };
        if !exact {
            squares += form(hessian, &vector, same)? * probability * probability;
        }
        mean.iter_mut().zip(&vector).for_each(|(m, v)| *m += probability * v);
        least = least.min(radius);
    }
    let mut value = form(hessian, &mean, same)?;
    if !exact {
        // E of the off-diagonal pairs only: unbiased, so it may come out below zero when there is no bias to see.
        value = ((value - squares) / (1.0 - 1.0 / batches as f64)).max(0.0);
    }
    let how = if exact {
        "exact over all samples".to_owned()
    } else {
        format!("estimated from {batches} seeded minibatches")
    };
    let provenance = Provenance::Estimated;
    Some(FirstOrderFloor {
        // Not -0.
        per_squared_radius: Number::exact((value / 2.0).max(0.0) + 0.0).with(provenance),
        least_gradient_radius: least,
        how,
    })
}

/// `v' H^{-1} v`, or `v' H v`.
fn form(hessian: &[f64], v: &[f64], inverse: bool) -> Option<f64> {
    if inverse {
        return solve_positive_definite(hessian, v).map(|solution| dot(&solution, v));
    }
    let d = v.len();
    Some((0..d).map(|i| v[i] * dot(&hessian[i * d..][..d], v)).sum())
}
