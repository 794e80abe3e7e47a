//! The minimum by Newton's method, certified by the gradient: `f(w) - f* <= |grad f(w)|^2/(2 mu)`.

use super::super::{FiniteSum, Hessian, Minimum, Problem};
use super::Logistic;
use crate::constants::Number;
use crate::constants::eigen::{gamma, solve_positive_definite};
use crate::kernel::{dot, norm};

/// Where Newton's method ended.
#[derive(Debug)]
pub(super) struct Optimum {
    pub(super) point: Vec<f64>,
    value: f64,
    /// Upper bound of the exact `|grad f(point)|`.
    gradient: f64,
}

const MAX_ITERATIONS: usize = 200;

/// Damped Newton from zero until the gradient stops shrinking, which on a well-posed problem is machine precision.
pub(super) fn solve(problem: &Logistic) -> Optimum {
    let d = problem.dimension;
    let mut point = vec![0.0; d];
    let mut gradient = vec![0.0; d];
    let mut matrix = vec![0.0; d * d];
    let mut value = problem.value_gradient(&point, &mut gradient);
    let mut stalled = 0;
    for _ in 0..MAX_ITERATIONS {
        let size = norm(&gradient);
        if !(size > 0.0 && size.is_finite()) || stalled == 3 {
            break;
        }
        problem.matrix_at(&point, &mut matrix);
        let Some(direction) = solve_positive_definite(&matrix, &gradient) else { break };
        let Some((next, next_value, next_gradient)) = line_search(problem, &point, value, &gradient, &direction) else {
            break;
        };
        // Near the optimum the value no longer tells; the gradient does.
        let shrinks = norm(&next_gradient) < size;
        if next_value >= value && !shrinks {
            break;
        }
        stalled = if norm(&next_gradient) < 0.9 * size { 0 } else { stalled + 1 };
        (point, value, gradient) = (next, next_value, next_gradient);
    }
    let error = problem.data.gradient_error(&point) + 4.0 * f64::EPSILON * problem.ridge * norm(&point);
    let gradient = norm(&gradient) * (1.0 + gamma(d + 4)) + error;
    Optimum { point, value, gradient }
}

type Step = (Vec<f64>, f64, Vec<f64>);

/// Halves the step until the value falls enough, or, within rounding of the value, the gradient shrinks.
fn line_search(problem: &Logistic, point: &[f64], value: f64, gradient: &[f64], direction: &[f64]) -> Option<Step> {
    let slope = dot(gradient, direction);
    let mut length = 1.0;
    for _ in 0..60 {
        let next: Vec<f64> = point.iter().zip(direction).map(|(x, step)| x - length * step).collect();
        let mut next_gradient = vec![0.0; point.len()];
        let next_value = problem.value_gradient(&next, &mut next_gradient);
        let falls = next_value <= value - 1e-4 * length * slope;
        let level =
            next_value <= value + problem.data.value_error(point, value) && norm(&next_gradient) < norm(gradient);
        if next_value.is_finite() && (falls || level) {
            return Some((next, next_value, next_gradient));
        }
        length /= 2.0;
    }
    None
}

impl Optimum {
    /// Whether the certificate says anything: mu > 0 and a gradient that is small beside the value.
    fn certificate(&self, problem: &Logistic) -> Option<Number> {
        if problem.ridge <= 0.0 || !self.value.is_finite() {
            return None;
        }
        let gap = Number::exact(self.gradient).square() / (2.0 * Number::exact(problem.ridge));
        gap.high.is_finite().then_some(gap)
    }

    /// `|point - x*| <= |grad f(point)|/mu`.
    pub(super) fn distance(&self, problem: &Logistic) -> Option<Number> {
        self.certificate(problem)?;
        let reach = Number::exact(self.gradient) / problem.ridge;
        Some(Number::between(-reach.high, reach.high))
    }

    /// A number certainly not above f*.
    pub(super) fn lower_bound(&self, problem: &Logistic) -> Option<f64> {
        let gap = self.certificate(problem)?;
        let low = Number::exact(self.value) - problem.data.value_error(&self.point, self.value) - gap.high;
        Some(low.low.max(0.0))
    }

    /// Upper bound of `sqrt(mean |g_i(point)|^2)`: the computed value plus the rounding of the sample gradients, whose
    /// weights are off by that of their margins.
    pub(super) fn root_mean_square_of_samples(&self, problem: &Logistic) -> Number {
        let n = problem.rows.count();
        let mut g = vec![0.0; problem.dimension];
        let squares: Vec<f64> = (0..n)
            .map(|i| {
                problem.batch_gradient(&[i], &self.point, &mut g);
                dot(&g, &g)
            })
            .collect();
        let mean = Number::exact(crate::kernel::sum(&squares)) / n as f64 * (1.0 + gamma(n + problem.dimension + 2));
        mean.sqrt() + problem.data.sample_gradient_error(&self.point, problem.ridge)
    }

    pub(super) fn minimum(&self, problem: &Logistic) -> Minimum {
        match self.certificate(problem) {
            Some(gap) => Minimum::Known {
                value: self.value,
                error: (gap + problem.data.value_error(&self.point, self.value)).high,
                point: self.point.clone(),
                how: format!("Newton, |grad f| <= {:.1e}, certified by |grad f|^2/(2 mu)", self.gradient),
            },
            None => Minimum::Unknown {
                reason: if problem.ridge > 0.0 {
                    "Newton's method did not end at a finite point".to_owned()
                } else {
                    "ridge = 0: a minimiser need not exist, none is claimed".to_owned()
                },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::small;
    use super::*;

    #[test]
    fn ends_at_machine_precision_with_a_certificate() {
        let problem = small(0.07);
        let optimum = problem.optimum();
        assert!(optimum.gradient < 1e-12, "{:e}", optimum.gradient);
        let Minimum::Known { value, error, .. } = problem.minimum() else { panic!("a ridge gives a minimum") };
        assert!(error < 1e-13, "{error:e}");
        // No nearby point is lower by more than the error.
        let mut g = [0.0; 5];
        for j in 0..5 {
            for by in [-1e-6, 1e-6] {
                let mut x = optimum.point.clone();
                x[j] += by;
                assert!(problem.value_gradient(&x, &mut g) >= value - error);
            }
        }
    }

    #[test]
    fn without_a_ridge_newton_ends_and_claims_nothing() {
        let separable = Logistic::new(1, &[1.0, -2.0, 3.0], &[1.0, -1.0, 1.0], 0.0);
        assert!(matches!(separable.minimum(), Minimum::Unknown { .. }));
        let optimum = separable.optimum();
        assert!(optimum.value < 1e-3 && optimum.lower_bound(&separable).is_none());
    }
}
