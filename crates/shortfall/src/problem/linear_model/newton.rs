//! The minimum by Newton's method, certified by the gradient: `f(w) - f* <= |grad f(w)|^2/(2 mu)`.

use super::super::Minimum;
use super::LinearModel;
use crate::constants::Number;
use crate::constants::eigen::{gamma, solve_positive_definite};
use crate::kernel::{dot, norm};

/// Where Newton's method ended.
#[derive(Debug)]
pub(crate) struct Optimum {
    pub(crate) point: Vec<f64>,
    pub(crate) value: f64,
    /// Upper bound of the exact `|grad f(point)|`.
    pub(crate) gradient: f64,
    /// Too many unknowns: Newton's method was not tried.
    unsolved: bool,
}

/// Largest dimension whose Hessian is stored.
pub(crate) const LARGEST_DENSE: usize = 2000;

const MAX_ITERATIONS: usize = 200;

/// Damped Newton from zero until the gradient stops shrinking, which on a well-posed problem is machine precision.
fn solve(problem: &dyn LinearModel) -> Optimum {
    let d = problem.dimension();
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
    let error = problem.data_gradient_error(&point, value) + 4.0 * f64::EPSILON * problem.ridge() * norm(&point);
    let gradient = norm(&gradient) * (1.0 + gamma(d + 4)) + error;
    Optimum { point, value, gradient, unsolved: false }
}

type Step = (Vec<f64>, f64, Vec<f64>);

/// Halves the step until the value falls enough, or, within rounding of the value, the gradient shrinks.
fn line_search(
    problem: &dyn LinearModel,
    point: &[f64],
    value: f64,
    gradient: &[f64],
    direction: &[f64],
) -> Option<Step> {
    let slope = dot(gradient, direction);
    let mut length = 1.0;
    for _ in 0..60 {
        let next: Vec<f64> = point.iter().zip(direction).map(|(x, step)| x - length * step).collect();
        let mut next_gradient = vec![0.0; point.len()];
        let next_value = problem.value_gradient(&next, &mut next_gradient);
        let falls = next_value <= value - 1e-4 * length * slope;
        let level = next_value <= value + problem.value_error(point, value) && norm(&next_gradient) < norm(gradient);
        if next_value.is_finite() && (falls || level) {
            return Some((next, next_value, next_gradient));
        }
        length /= 2.0;
    }
    None
}

impl Optimum {
    /// For problems too large for Newton's method: nothing is known.
    pub(crate) fn unsolved(d: usize) -> Self {
        Self { point: vec![0.0; d], value: f64::NAN, gradient: f64::INFINITY, unsolved: true }
    }

    /// By Newton's method.
    pub(crate) fn of(problem: &dyn LinearModel) -> Self {
        solve(problem)
    }

    /// Whether the certificate says anything: mu > 0 and a gradient that is small beside the value.
    fn certificate(&self, problem: &dyn LinearModel) -> Option<Number> {
        if problem.strong_convexity() <= 0.0 || !self.value.is_finite() {
            return None;
        }
        let gap = Number::exact(self.gradient).square() / (2.0 * Number::exact(problem.strong_convexity()));
        gap.high.is_finite().then_some(gap)
    }

    /// `|point - x*| <= |grad f(point)|/mu`.
    pub(crate) fn distance(&self, problem: &dyn LinearModel) -> Option<Number> {
        self.certificate(problem)?;
        let reach = Number::exact(self.gradient) / problem.strong_convexity();
        Some(Number::between(-reach.high, reach.high))
    }

    /// A number certainly not above f*.
    pub(crate) fn lower_bound(&self, problem: &dyn LinearModel) -> Option<f64> {
        let gap = self.certificate(problem)?;
        let low = Number::exact(self.value) - problem.value_error(&self.point, self.value) - gap.high;
        Some(low.low.max(0.0))
    }

    /// Upper bound of `sqrt(mean |g_i(point)|^2)`: the computed value plus the rounding of the sample gradients, whose
    /// weights are off by that of their margins.
    pub(crate) fn root_mean_square_of_samples(&self, problem: &dyn LinearModel) -> Number {
        let n = problem.count();
        let mut g = vec![0.0; problem.dimension()];
        let squares: Vec<f64> = (0..n)
            .map(|i| {
                problem.batch_gradient(&[i], &self.point, &mut g);
                dot(&g, &g)
            })
            .collect();
        let mean = Number::exact(crate::kernel::sum(&squares)) / n as f64 * (1.0 + gamma(n + problem.dimension() + 2));
        mean.sqrt() + problem.sample_gradient_error(&self.point, self.value)
    }

    pub(crate) fn minimum(&self, problem: &dyn LinearModel) -> Minimum {
        match self.certificate(problem) {
            Some(gap) => Minimum::Known {
                value: self.value,
                error: (gap + problem.value_error(&self.point, self.value)).high,
                point: self.point.clone(),
                how: format!("Newton, |grad f| <= {:.1e}, certified by |grad f|^2/(2 mu)", self.gradient),
            },
            None => Minimum::Unknown { reason: self.reason(problem).to_owned() },
        }
    }

    fn reason(&self, problem: &dyn LinearModel) -> &'static str {
        if self.unsolved {
            "more than 2000 unknowns: Newton's method was not tried"
        } else if problem.strong_convexity() > 0.0 {
            "Newton's method did not end at a finite point"
        } else if problem.loss().least_curved > 0.0 {
            "ridge = 0 and X'X/n is singular, or too near it to tell: no certificate"
        } else {
            "ridge = 0: a minimiser need not exist, none is claimed"
        }
    }
}
