//! The minimum by Newton's method, certified by the gradient: `f(w) - f* <= |grad f(w)|^2/(2 mu)`.

use super::super::Minimum;
use super::LinearModel;
use super::pass::block_of;
use super::spectrum::LARGEST_DENSE;
use crate::constants::Number;
use crate::constants::eigen::{Cholesky, gamma};
use crate::kernel::{RunningSum, add_scaled, dot, norm};

/// Where Newton's method ended.
#[derive(Debug)]
pub(crate) struct Optimum {
    pub(crate) point: Vec<f64>,
    pub(crate) value: f64,
    /// Upper bound of the exact `|grad f(point)|`.
    pub(crate) gradient: f64,
    method: &'static str,
    /// The time allowed was over before the gradient stopped shrinking.
    stopped: bool,
}

/// Multiply-adds of a Hessian up to which it is formed: about a second.
const MOST_PRODUCTS: usize = 1 << 33;

const MAX_ITERATIONS: usize = 200;
/// What Newton's method with the Hessian needs at least to be worth beginning.
const FEW_ITERATIONS: f64 = 6.0;

/// Steps of one conjugate gradient solve.
const MAX_INNER: usize = 1000;

/// Damped Newton from zero until the gradient stops shrinking, which on a well-posed problem is machine precision.
fn solve(problem: &dyn LinearModel, dense: bool) -> Optimum {
    let (d, base) = (problem.dimension(), problem.base());
    let mut point = vec![0.0; d];
    let mut gradient = vec![0.0; d];
    let mut value = problem.value_gradient(&point, &mut gradient);
    let (mut stalled, mut stopped) = (0, false);
    let mut matrix = if dense { vec![0.0; d * d] } else { Vec::new() };
    // A Hessian serves as long as steps with it gain a digit, and where the gradient is within its rounding.
    let is_constant = problem.loss().least_curved == problem.loss().most_curved;
    let (mut factor, mut anew) = (None, dense);
    let scale = preconditioner(problem);
    for _ in 0..MAX_ITERATIONS {
        let size = norm(&gradient);
        if !(size > 0.0 && size.is_finite()) || stalled == 3 {
            break;
        }
        if !base.budget.goes_on(&format!("Newton, |grad f| = {size:.0e}"), None) {
            stopped = true;
            break;
        }
        if anew {
            problem.matrix_at(&point, &mut matrix);
            factor = Cholesky::of(&matrix, d);
        }
        let is_best = anew || is_constant || !dense;
        // A singular Hessian has directions of descent all the same.
        let direction = factor.as_ref().and_then(|factor: &Cholesky| factor.solve(&gradient));
        let direction = direction.or_else(|| conjugate_gradient(problem, &point, &gradient, &scale));
        let step = direction.and_then(|direction| line_search(problem, &point, value, &gradient, &direction));
        // Near the optimum the value no longer tells; the gradient does.
        let gains = |(_, next_value, next_gradient): &Step| *next_value < value || norm(next_gradient) < size;
        let Some((next, next_value, next_gradient)) = step.filter(gains) else {
            if is_best {
                break;
            }
            anew = true;
            continue;
        };
        let falls = next_value < value - problem.value_error(&point, value);
        stalled = if falls || norm(&next_gradient) < 0.9 * size { 0 } else { stalled + 1 };
        let left = norm(&next_gradient);
        anew = dense && !is_constant && left > 0.1 * size && left > problem.data_gradient_error(&next, next_value);
        (point, value, gradient) = (next, next_value, next_gradient);
    }
    let error = problem.data_gradient_error(&point, value) + 4.0 * f64::EPSILON * base.ridge * norm(&point);
    let gradient = norm(&gradient) * (1.0 + gamma(d + 4)) + error;
    Optimum { point, value, gradient, method: if dense { "Newton" } else { "Newton-CG" }, stopped }
}

/// The diagonal of the largest the Hessian can be.
fn preconditioner(problem: &dyn LinearModel) -> Vec<f64> {
    let (base, curved) = (problem.base(), problem.loss().most_curved);
    let squares = base.design.column_squares();
    let parts = problem.dimension() / squares.len();
    let entry = |square: &f64| {
        let entry = curved * square + base.ridge;
        if entry > 0.0 { entry } else { 1.0 }
    };
    squares.iter().map(entry).collect::<Vec<_>>().repeat(parts)
}

/// Solves `H(point) p = g` by preconditioned conjugate gradients, the better the smaller g is; `None` if nothing was
/// gained.
fn conjugate_gradient(problem: &dyn LinearModel, point: &[f64], g: &[f64], scale: &[f64]) -> Option<Vec<f64>> {
    let d = g.len();
    let size = norm(g);
    let wanted = size * size.sqrt().clamp(1e-12, 0.1);
    let divided = |r: &[f64]| r.iter().zip(scale).map(|(r, s)| r / s).collect::<Vec<f64>>();
    let (mut p, mut r) = (vec![0.0; d], g.to_vec());
    let mut z = divided(&r);
    let mut direction = z.clone();
    let mut along = dot(&r, &z);
    let mut product = vec![0.0; d];
    for step in 0..MAX_INNER.min(2 * d) {
        hessian_product(problem, point, &direction, &mut product);
        let curvature = dot(&direction, &product);
        if !(curvature > 0.0 && curvature.is_finite()) {
            return (step > 0).then_some(p);
        }
        let length = along / curvature;
        add_scaled(length, &direction, &mut p);
        add_scaled(-length, &product, &mut r);
        let left = norm(&r);
        if left <= wanted || !problem.base().budget.goes_on(&format!("Newton-CG, |grad f| = {size:.0e}"), None) {
            break;
        }
        z = divided(&r);
        let next = dot(&r, &z);
        let ratio = next / along;
        direction.iter_mut().zip(&z).for_each(|(direction, z)| *direction = ratio.mul_add(*direction, *z));
        along = next;
    }
    Some(p)
}

/// `H(point) v`, block after block.
fn hessian_product(problem: &dyn LinearModel, point: &[f64], v: &[f64], product: &mut [f64]) {
    let n = problem.count();
    let block = block_of(n, problem.base().design.columns());
    let mut partial = vec![0.0; v.len()];
    product.fill(0.0);
    for from in (0..n).step_by(block) {
        let batch: Vec<usize> = (from..(from + block).min(n)).collect();
        problem.batch_hessian_product(&batch, point, v, &mut partial);
        add_scaled(batch.len() as f64 / n as f64, &partial, product);
    }
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
    /// By Newton's method, with the Hessian or, where that is too large, with its products.
    pub(crate) fn of(problem: &dyn LinearModel) -> Self {
        let d = problem.dimension();
        let products = problem.count().saturating_mul(d).saturating_mul(d);
        let quick = products as f64 / MOST_PRODUCTS as f64 * FEW_ITERATIONS < problem.base().budget.left();
        solve(problem, d <= LARGEST_DENSE && products <= MOST_PRODUCTS && quick)
    }

    /// Whether the certificate says anything: mu > 0 and a gradient that is small beside the value.
    fn certificate(&self, problem: &dyn LinearModel) -> Option<Number> {
        if problem.polyak_lojasiewicz() <= 0.0 || !self.value.is_finite() {
            return None;
        }
        let gap = Number::exact(self.gradient).square() / (2.0 * Number::exact(problem.polyak_lojasiewicz()));
        gap.high.is_finite().then_some(gap)
    }

    /// `|point - x*| <= |grad f(point)|/mu`, x* the nearest minimiser; so too with the constant of Polyak and Lojasiewicz
    /// (Karimi, Nutini, Schmidt, "Linear convergence of gradient and proximal-gradient methods", 2016, theorem 2).
    pub(crate) fn distance(&self, problem: &dyn LinearModel) -> Option<Number> {
        self.certificate(problem)?;
        let reach = Number::exact(self.gradient) / problem.polyak_lojasiewicz();
        Some(Number::between(-reach.high, reach.high))
    }

    /// A number certainly not above f*.
    pub(crate) fn lower_bound(&self, problem: &dyn LinearModel) -> Option<f64> {
        let gap = self.certificate(problem)?;
        let low = Number::exact(self.value) - problem.value_error(&self.point, self.value) - gap.high;
        Some(low.low.max(0.0))
    }

    /// Upper bound of `sqrt(mean |g_i(point)|^2)`. With `s_i = |h_i'|` and the ridge l, since the data part of the mean
    /// gradient is `grad f - l w`: `mean |g_i|^2 = mean s_i^2 |x_i|^2 + 2 l w'(grad f - l w) + l^2 |w|^2`, at most
    /// `mean s_i^2 |x_i|^2 - l^2 |w|^2 + 2 l |w||grad f|`.
    pub(crate) fn root_mean_square_of_samples(&self, problem: &dyn LinearModel) -> Number {
        let (base, moments) = (problem.base(), &problem.base().moments);
        let n = moments.rows;
        let mut sum = RunningSum::default();
        problem.each_squared_slope(&self.point, &mut |slope| {
            sum.add(slope * base.design.square(sum.count()).most());
        });
        let mean = Number::exact(sum.total()) / n as f64 * (1.0 + gamma(n + moments.columns + 16));
        let length = Number::exact(norm(&self.point)) * Number::between(1.0 - 1e-12, 1.0 + 1e-12) * base.ridge;
        let square = mean - length.square() + length * self.gradient * 2.0;
        let square = Number::between(0.0, square.high.max(0.0));
        square.sqrt() + problem.sample_gradient_error(&self.point, self.value)
    }

    pub(crate) fn minimum(&self, problem: &dyn LinearModel) -> Minimum {
        match self.certificate(problem) {
            Some(gap) => Minimum::Known {
                value: self.value,
                // Losses are not negative: f* is not below 0.
                error: (Number::exact(gap.high.min(self.value.max(0.0)))
                    + problem.value_error(&self.point, self.value))
                .high,
                point: self.point.clone(),
                how: format!(
                    "{}{}, |grad f| <= {:.1e}, certified by |grad f|^2/(2 {})",
                    self.method,
                    if self.stopped { ", stopped early" } else { "" },
                    self.gradient,
                    if problem.strong_convexity() > 0.0 { "mu" } else { "lambda_min(XX'/n)" }
                ),
            },
            None => Minimum::Unknown { reason: self.reason(problem).to_owned() },
        }
    }

    fn reason(&self, problem: &dyn LinearModel) -> &'static str {
        if problem.polyak_lojasiewicz() > 0.0 {
            "Newton's method did not end at a finite point"
        } else if problem.loss().least_curved > 0.0 {
            "ridge = 0 and X'X/n is singular, or too near it to tell: no certificate; with ridge > 0 there is one"
        } else {
            "ridge = 0: a minimiser need not exist, none is claimed; set ridge > 0"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Spent, problems};
    use super::*;

    #[test]
    fn products_find_the_minimum_that_the_matrix_finds() {
        for problem in problems() {
            let [a, b] = [true, false].map(|dense| solve(problem.as_ref(), dense));
            assert_eq!((a.method, b.method), ("Newton", "Newton-CG"));
            assert!(a.gradient < 1e-12 && b.gradient < 1e-12, "{a:?} {b:?}");
            let bound = |optimum: &Optimum| optimum.minimum(problem.as_ref()).value().expect("certified");
            let (a, b) = (bound(&a), bound(&b));
            assert!((a.0 - b.0).abs() <= a.1 + b.1 && a.1 < 1e-12 && b.1 < 1e-12, "{a:?} {b:?}");
        }
    }

    #[test]
    fn more_columns_than_rows_leave_no_residual() {
        // n = 6, d = 11, no ridge: the Hessian is singular, f* = 0.
        let features: Vec<f64> = (0..66).map(|i| f64::from(i * i * 7919 % 101) / 50.0 - 1.0).collect();
        let targets: Vec<f64> = (0..6).map(|i| 1.0 + f64::from(i)).collect();
        let problem = crate::problem::Regression::least_squares(11, &features, &targets, 0.0);
        let (ridged, minimum) = (problem.strong_convexity(), problem.base().optimum(&problem).minimum(&problem));
        let Minimum::Known { value, error, how, .. } = minimum else { panic!("independent rows") };
        assert!(ridged == 0.0 && value.abs() <= error && error < 1e-12, "{value:e} {error:e}");
        assert!(how.contains("lambda_min(XX'/n)"), "{how}");
        let twice = [&features[..], &features[..]].concat();
        let dependent = crate::problem::Regression::least_squares(11, &twice, &[&targets[..], &targets].concat(), 0.0);
        assert!(matches!(dependent.base().optimum(&dependent).minimum(&dependent), Minimum::Unknown { .. }));
    }

    #[test]
    fn without_time_the_certificate_is_wide_and_true() {
        for problem in problems() {
            let (value, error) = solve(problem.as_ref(), true).minimum(problem.as_ref()).value().expect("certified");
            let spent = problem.with_budget(Spent);
            let Minimum::Known { value: early, error: wide, how, .. } =
                Optimum::of(spent.as_ref()).minimum(spent.as_ref())
            else {
                panic!("mu > 0")
            };
            assert!(how.contains("stopped early") && wide > 1e-6, "{how} {wide}");
            assert!((early - value).abs() <= wide + error);
        }
    }

    #[test]
    fn the_squares_of_sample_gradients_need_no_samples() {
        for problem in problems() {
            let optimum = solve(problem.as_ref(), true);
            let (n, mut g) = (problem.count(), vec![0.0; problem.dimension()]);
            let square = |i: usize| {
                problem.batch_gradient(&[i], &optimum.point, &mut g);
                dot(&g, &g)
            };
            let plain = ((0..n).map(square).sum::<f64>() / n as f64).sqrt();
            let bound = optimum.root_mean_square_of_samples(problem.as_ref()).high;
            assert!(bound >= plain * (1.0 - 1e-14) && bound <= plain * (1.0 + 1e-10) + 1e-12, "{bound} {plain}");
        }
    }
}
