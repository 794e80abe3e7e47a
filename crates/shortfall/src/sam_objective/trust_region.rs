//! For quadratics with known eigenvectors: the largest value on a ball, by the secular equation of the trust region.
//!
//! With c the components of x, e is a maximiser if and only if `(nu I - Lambda) e = Lambda c`, `nu >= max(lambda)`, `nu >= 0` and
//! `nu (|e| - rho) = 0`. Whatever `nu` of that kind is put in, weak duality bounds the maximum:
//! `f^SAM <= f(x) + sum_i (lambda_i c_i)^2/(2 (nu - lambda_i)) + nu rho^2/2`.

use super::{SamObjective, value_from_below};
use crate::constants::{Number, Provenance};
use crate::kernel::{max_abs, norm};
use crate::problem::{Problem, Spectrum};

/// Halvings of the interval of nu.
const HALVINGS: usize = 200;

pub(super) fn maximum(problem: &dyn Problem, spectrum: &dyn Spectrum, x: &[f64], rho: f64) -> Option<SamObjective> {
    let (lambda, c) = (spectrum.eigenvalues(), spectrum.components(x));
    let top = lambda.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = top.max(0.0);
    let slope: Vec<f64> = lambda.iter().zip(&c).map(|(lambda, c)| lambda * c).collect();
    let solution = |nu: f64| -> Vec<f64> {
        // Where both are 0 the component is free: 0 here.
        let entry = |(lambda, slope): (&f64, &f64)| if *slope == 0.0 { 0.0 } else { slope / (nu - lambda) };
        lambda.iter().zip(&slope).map(entry).collect()
    };
    let (mut low, mut high) = (least, least + norm(&slope) / rho + max_abs(lambda));
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
    } else if top >= 0.0 && rho > 0.0 {
        // The hard case: what is missing goes along an eigenvector of the largest eigenvalue.
        let along = lambda.iter().position(|lambda| *lambda == top)?;
        let length = norm(&e);
        e[along] += ((rho - length) * (rho + length)).max(0.0).sqrt();
    }
    let length = norm(&e);
    // Inside the ball whatever the rounding.
    let shrink =
        if length > 0.0 { (rho / length).min(1.0) * (1.0 - 1e-14 * (1.0 + lambda.len() as f64).sqrt()) } else { 1.0 };
    e.iter_mut().for_each(|e| *e *= shrink);
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
    let (low, high) = (value_from_below(problem, &y), bound.high);
    if !(low.is_finite() && high.is_finite()) {
        return None;
    }
    // In a rotated basis the components are rounded.
    let provenance = if c == x { Provenance::Certified } else { Provenance::Estimated };
    let how = "the secular equation of the trust region, and its dual".to_owned();
    Some(SamObjective { low, high, perturbation, provenance, how })
}

fn sum(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}
