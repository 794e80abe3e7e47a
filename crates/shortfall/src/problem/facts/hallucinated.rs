//! Points that deterministic SAM takes for minimisers: the perturbed point is stationary, the point itself is not.

use crate::constants::eigen::{solve, spectral_radius};
use crate::kernel::{norm, unit_vector};
use crate::method::{Method, Perturbation};
use crate::problem::{Hessian, Problem};
use crate::theorem::Hallucinated;

/// Largest dimension in which they are looked for.
const LARGEST: usize = 200;
/// How near the start has to lie, as a part of rho, and how near it must not.
const NEAR: f64 = 1e-3;
const AT: f64 = 1e-9;
/// Steps of Newton's method.
const MOST_STEPS: usize = 50;

/// The hallucinated point near the start, where there is one: `y+` by Newton's method on `grad f` from `y0`, then `x+` on
/// `x + rho u(x) = y+` from `x0`.
pub(super) fn hallucinated(problem: &dyn Problem, method: &Method, start: &[f64]) -> Option<Hallucinated> {
    let (d, rho) = (start.len(), method.rho.first());
    let sam = method.sampling.is_none() && method.ascent.perturbation() == Perturbation::Normalised;
    if !sam || rho <= 0.0 || d > LARGEST {
        return None;
    }
    let map = Map { hessian: problem.hessian()?, problem, rho, d };
    let (g0, y0) = map.perturbed(start)?;
    let mut gradient = vec![0.0; d];
    problem.value_gradient(&y0, &mut gradient);
    // Uphill the gradient of a convex function grows.
    if norm(&gradient) >= norm(&g0) {
        return None;
    }
    let y = newton(&y0, 0.1 * rho, |y| {
        let mut gradient = vec![0.0; d];
        problem.value_gradient(y, &mut gradient);
        Some((gradient, map.hessian_at(y)?))
    })?;
    let x = newton(start, 2.0 * NEAR * rho, |x| {
        let (_, perturbed) = map.perturbed(x)?;
        Some((difference(&perturbed, &y), map.jacobian(x)?))
    })?;
    let distance = norm(&difference(&x, start));
    if !(AT * rho..=NEAR * rho).contains(&distance) {
        return None;
    }
    let curvature = map.hessian_at(&y)?;
    let turned = map.jacobian(&x)?;
    let eta = method.eta.first();
    let mut step = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..d {
            let product: f64 = (0..d).map(|k| curvature[i * d + k] * turned[k * d + j]).sum();
            step[i * d + j] = f64::from(u8::from(i == j)) - eta * product;
        }
    }
    Some(Hallucinated {
        distance,
        gradient_norm: norm(&map.perturbed(&x)?.0),
        curvature: curvature[0],
        spectral_radius: spectral_radius(&step, d)?,
    })
}

/// `x -> y = x + rho u(x)` and its derivative.
struct Map<'a> {
    problem: &'a dyn Problem,
    hessian: &'a dyn Hessian,
    rho: f64,
    d: usize,
}

impl Map<'_> {
    /// `grad f(x)` and `y`; `None` where the gradient is 0.
    fn perturbed(&self, x: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
        let (mut g, mut u) = (vec![0.0; self.d], vec![0.0; self.d]);
        self.problem.value_gradient(x, &mut g);
        unit_vector(&g, &mut u);
        let size = norm(&g);
        let y = x.iter().zip(&u).map(|(x, u)| self.rho.mul_add(*u, *x)).collect();
        (size > 0.0 && size.is_finite()).then_some((g, y))
    }

    fn hessian_at(&self, x: &[f64]) -> Option<Vec<f64>> {
        let mut matrix = vec![0.0; self.d * self.d];
        self.hessian.matrix_at(x, &mut matrix).then_some(matrix)
    }

    /// `I + (rho/|g|) P H_x` with `P = I - u u'`.
    fn jacobian(&self, x: &[f64]) -> Option<Vec<f64>> {
        let d = self.d;
        let (g, _) = self.perturbed(x)?;
        let h = self.hessian_at(x)?;
        let size = norm(&g);
        let along: Vec<f64> = (0..d).map(|j| (0..d).map(|i| g[i] / size * h[i * d + j]).sum()).collect();
        let entry = |i: usize, j: usize| {
            f64::from(u8::from(i == j)) + self.rho / size * (h[i * d + j] - g[i] / size * along[j])
        };
        Some((0..d * d).map(|k| entry(k / d, k % d)).collect())
    }
}

/// Newton's method from a point; `None` if it leaves the ball of this radius or does not settle.
fn newton(
    from: &[f64],
    radius: f64,
    mut system: impl FnMut(&[f64]) -> Option<(Vec<f64>, Vec<f64>)>,
) -> Option<Vec<f64>> {
    let mut x = from.to_vec();
    for _ in 0..MOST_STEPS {
        let (residual, jacobian) = system(&x)?;
        let step = solve(&jacobian, &residual)?;
        x.iter_mut().zip(&step).for_each(|(x, step)| *x -= step);
        if norm(&difference(&x, from)) > radius {
            return None;
        }
        // Far below the distances that matter, and reached in spite of rounding.
        if norm(&step) <= 1e-6 * AT * radius + 8.0 * f64::EPSILON * norm(&x) {
            return Some(x);
        }
    }
    None
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Logistic, Sine};
    use std::f64::consts::PI;

    #[test]
    fn beside_a_minimum_of_the_sine() {
        // beta = 2, radius = 1, phase = 2 pi: minima at -1/4; at rho = 3/4 the point -1 has the angle -2 pi: f' > 0, largest.
        let sine = Sine::new(2.0, 1.0, 2.0 * PI);
        let at = |x0: f64, eta: f64| hallucinated(&sine, &Method::sam(eta, 0.75), &[x0]);
        let found = at(-1.0 + 1e-4, 0.25).expect("near");
        assert!((found.distance / 1e-4 - 1.0).abs() < 1e-9, "{found:?}");
        assert!((found.gradient_norm - 1.0 / PI).abs() < 1e-12 && (found.curvature - 2.0).abs() < 1e-12, "{found:?}");
        // 1 - eta f'' = 1/2.
        assert!((found.spectral_radius - 0.5).abs() < 1e-12, "{found:?}");
        assert!((at(-1.0 + 1e-4, 1.5).expect("near").spectral_radius - 2.0).abs() < 1e-12);
        // On it, too far from it, at a minimum, and for other methods.
        for x0 in [-1.0, -1.0 + 2e-3, -0.25] {
            assert!(at(x0, 0.25).is_none(), "{x0}");
        }
        assert!(hallucinated(&sine, &Method::usam(0.25, 0.75), &[-1.0 + 1e-4]).is_none());
    }

    #[test]
    fn convex_functions_have_none() {
        let logistic = Logistic::new(2, &[1.0, 0.3, -0.4, 1.2, 0.7, -0.9], &[1.0, -1.0, 1.0], 0.1);
        for x0 in [[0.0, 0.0], [1.0, -2.0], [-0.3, 0.2]] {
            assert!(hallucinated(&logistic, &Method::sam(0.25, 0.75), &x0).is_none());
        }
    }
}
