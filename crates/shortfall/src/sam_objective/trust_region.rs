//! For quadratics: the largest value on a ball, by the secular equation of the trust region.
//!
//! With g the gradient at x and A the Hessian, e is a maximiser if and only if `(nu I - A) e = g`, `nu >= lambda_max(A)`,
//! `nu >= 0` and `nu (|e| - rho) = 0`. Whatever `nu` of that kind is put in, weak duality bounds the maximum:
//! `f^SAM <= f(x) + g'(nu I - A)^-1 g/2 + nu rho^2/2`.

use super::{SamObjective, value_from_below};
use crate::constants::eigen::{Eigen, gamma, symmetric};
use crate::constants::{Number, Provenance};
use crate::kernel::{dot, max_abs, norm};
use crate::parallel::Sequential;
use crate::problem::{Problem, Spectrum};

/// Halvings of the interval of nu.
const HALVINGS: usize = 200;
/// Largest matrix that is decomposed for one value.
pub(super) const LARGEST: usize = 1000;

/// With eigenvectors known from construction; there A is diagonal, and `g = Lambda c` for components c of x.
pub(super) fn maximum(problem: &dyn Problem, spectrum: &dyn Spectrum, x: &[f64], rho: f64) -> Option<SamObjective> {
    let (lambda, c) = (spectrum.eigenvalues(), spectrum.components(x));
    let slope: Vec<f64> = lambda.iter().zip(&c).map(|(lambda, c)| lambda * c).collect();
    let (nu, e) = secular(lambda, &slope, rho)?;
    let perturbation = difference(&spectrum.point(&e), &spectrum.point(&vec![0.0; e.len()]));
    let y = sum(x, &perturbation);
    let mut bound = Number::exact(nu) * Number::exact(rho).square() / 2.0;
    for (lambda, c) in lambda.iter().zip(&c) {
        let (lambda, c) = (Number::exact(*lambda), Number::exact(*c));
        bound = bound + lambda * c.square() / 2.0;
        let slope = lambda * c;
        if slope != Number::exact(0.0) {
            bound = bound + slope.square() / (2.0 * (nu - lambda));
        }
    }
    // In a rotated basis the components are rounded.
    let provenance = if c == x { Provenance::Certified } else { Provenance::Estimated };
    enclosure(value_from_below(problem, &y), bound.high, perturbation, provenance)
}

/// With a Hessian A that is the same everywhere, as computed and with the error of that in spectral norm.
///
/// For any y, `r = g - (nu I - A) y` and `m <= nu - lambda_max(A)`, `g'(nu I - A)^-1 g <= y'g + y'r + |r|^2/m`: the
/// decomposition finds nu and y, and is trusted for nothing.
pub(super) fn maximum_of_matrix(
    problem: &dyn Problem,
    (matrix, error): (&[f64], f64),
    x: &[f64],
    rho: f64,
) -> Option<SamObjective> {
    let d = x.len();
    let Eigen { values, vectors, radius } = symmetric(matrix, d, &Sequential)?;
    let mut g = vec![0.0; d];
    let value = problem.value_gradient(x, &mut g);
    let vector = |k: usize| &vectors[k * d..][..d];
    let slope: Vec<f64> = (0..d).map(|k| dot(vector(k), &g)).collect();
    let (nu, components) = secular(&values, &slope, rho)?;
    let back = |components: &[f64]| -> Vec<f64> {
        (0..d).map(|i| (0..d).map(|k| components[k] * vectors[k * d + i]).sum()).collect()
    };
    let mut perturbation = back(&components);
    let length = norm(&perturbation);
    if length > rho {
        let by = rho / length * (1.0 - 1e-14 * (1.0 + d as f64).sqrt());
        perturbation.iter_mut().for_each(|e| *e *= by);
    }
    let y = sum(x, &perturbation);

    let top = Number::exact(values[d - 1]) + radius + error;
    let (largest, reach) = (max_abs(&values), top.high.max(0.0));
    // At nu = lambda_max nothing is left to divide by.
    let nu = Number::exact(nu.max(reach + 1e-13 * largest).next_up());
    let trial: Vec<f64> = back(&slope.iter().zip(&values).map(|(s, l)| s / (nu.low - l)).collect::<Vec<_>>());
    let product: Vec<f64> = (0..d).map(|i| dot(&matrix[i * d..][..d], &trial)).collect();
    let residual: Vec<Number> = (0..d).map(|i| Number::exact(g[i]) - nu * trial[i] + product[i]).collect();
    let at_trial: Number = trial.iter().zip(&g).map(|(y, g)| Number::exact(*y) * *g).sum();
    let at_residual: Number = residual.iter().zip(&trial).map(|(r, y)| *r * *y).sum();
    let size = residual.iter().map(|r| r.square()).sum::<Number>().sqrt();
    let trial_size = Number::exact(norm(&trial)) * (1.0 + gamma(d + 8));
    // What the gradient, the product and the matrix itself are off by.
    let frobenius = norm(matrix) * (1.0 + gamma(d * d));
    let off = trial_size * (Number::exact(frobenius) * gamma(d + 8) + error)
        + problem.gradient_error(x, value, &g)
        + d as f64 * f64::MIN_POSITIVE;
    let whole = at_trial + at_residual + trial_size * off * 2.0 + (size + off).square() / (nu - top);
    let at_x = Number::exact(value) + problem.value_error(x, value);
    let bound = at_x + whole / 2.0 + nu * Number::exact(rho).square() / 2.0;
    enclosure(value_from_below(problem, &y), bound.high, perturbation, Provenance::Certified)
}

fn enclosure(low: f64, high: f64, perturbation: Vec<f64>, provenance: Provenance) -> Option<SamObjective> {
    let how = "the secular equation of the trust region, and its dual".to_owned();
    (low.is_finite() && high.is_finite()).then_some(SamObjective { low, high, perturbation, provenance, how })
}

/// nu, and e within the ball in the eigenbasis; `slope` is the gradient there.
fn secular(lambda: &[f64], slope: &[f64], rho: f64) -> Option<(f64, Vec<f64>)> {
    let top = lambda.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = top.max(0.0);
    let solution = |nu: f64| -> Vec<f64> {
        // Where both are 0 the component is free: 0 here.
        let entry = |(lambda, slope): (&f64, &f64)| if *slope == 0.0 { 0.0 } else { slope / (nu - lambda) };
        lambda.iter().zip(slope).map(entry).collect()
    };
    let (mut low, mut high) = (least, least + norm(slope) / rho + max_abs(lambda));
    let mut e = solution(low);
    let mut nu = least;
    if norm(&e) > rho || e.iter().any(|e| !e.is_finite()) {
        for _ in 0..HALVINGS {
            nu = low + (high - low) / 2.0;
            if !(low < nu && nu < high) {
                break;
            }
            if norm(&solution(nu)) > rho { low = nu } else { high = nu }
        }
        nu = high;
        e = solution(nu);
    }
    // The hard case, exactly or nearly: what is missing goes along an eigenvector of the largest eigenvalue.
    if top >= 0.0 && rho > 0.0 {
        let along = lambda.iter().position(|lambda| *lambda == top)?;
        let missing = (rho - norm(&e)) * (rho + norm(&e));
        let own = e[along];
        e[along] = own.signum() * own.mul_add(own, missing.max(0.0)).sqrt();
    }
    let length = norm(&e);
    // Inside the ball whatever the rounding.
    let shrink =
        if length > 0.0 { (rho / length).min(1.0) * (1.0 - 1e-14 * (1.0 + lambda.len() as f64).sqrt()) } else { 1.0 };
    e.iter_mut().for_each(|e| *e *= shrink);
    Some((nu, e))
}

fn sum(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}
