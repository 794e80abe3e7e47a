//! `f(x) = x'Qx/2 + b'x` for a symmetric matrix Q and a vector b as given.

use super::{Ask, Hessian, Minimum, Problem};
use crate::arguments::{Arguments, BadInput};
use crate::constants::directed::add_up;
use crate::constants::eigen::{
    Cholesky, Eigen, Ends, Tridiagonal, UNIT, gamma, seconds_of_symmetric, seconds_of_tridiagonal,
};
use crate::constants::{Constant, Constants, Number, Symbol};
use crate::kernel::{dot, norm};
use crate::parallel::{Parallel, for_parts};
use crate::source::{Budget, DataSource, Unlimited};
use std::sync::{Arc, OnceLock};

/// Largest matrix that is decomposed.
const LARGEST_DECOMPOSED: usize = 2000;
/// Largest matrix that is taken: 512 MB.
const LARGEST: usize = 8192;

/// Rows of a product that are one task, and products worth sharing among threads.
const TASK: usize = 64;
const WORTH_SHARING: usize = 1 << 18;

const OVERFLOW: &str = "f* = -b'Q^-1 b/2, or what bounds its error, is beyond the largest double";

/// A quadratic from its matrix.
pub struct MatrixQuadratic {
    /// Q, row-major.
    matrix: Vec<f64>,
    /// b.
    linear: Vec<f64>,
    /// `|Q|_F`, from above.
    size: f64,
    budget: Arc<dyn Budget>,
    tridiagonal: OnceLock<Option<Tridiagonal>>,
    eigen: OnceLock<Option<Eigen>>,
    range: OnceLock<Range>,
    optimum: OnceLock<Result<Optimum, &'static str>>,
}

/// All eigenvalues lie between these.
struct Range {
    low: f64,
    high: f64,
    how: &'static str,
}

struct Optimum {
    point: Vec<f64>,
    value: f64,
    /// Upper bound of the exact gradient's length there.
    gradient: f64,
}

impl MatrixQuadratic {
    /// From Q, d x d, row-major and exactly symmetric, and b, d entries. Panics if the lengths do not fit.
    pub fn new(matrix: Vec<f64>, linear: Vec<f64>) -> Self {
        assert_eq!(matrix.len(), linear.len() * linear.len(), "a square matrix and a vector of its size");
        let size = norm(&matrix) * (1.0 + gamma(matrix.len() + 4));
        let budget = Arc::new(Unlimited);
        Self {
            matrix,
            linear,
            size,
            budget,
            tridiagonal: OnceLock::new(),
            eigen: OnceLock::new(),
            range: OnceLock::new(),
            optimum: OnceLock::new(),
        }
    }

    pub(super) fn build(arguments: &Arguments, source: &dyn DataSource) -> Result<Self, BadInput> {
        for other in ["eigenvalues", "rotation"] {
            if arguments.get(other).is_some() {
                return Err(arguments.bad(other, "cannot stand beside `matrix`: one or the other defines f"));
            }
        }
        let path = arguments.text("matrix")?;
        let matrix = source.matrix(path)?;
        let bad = |name: &str, message: String| Err(arguments.bad(name, format_args!("{path:?}: {message}")));
        let d = matrix.rows;
        if d != matrix.columns || d == 0 {
            return bad("matrix", format!("a matrix of {d} x {}, a square one is expected", matrix.columns));
        }
        if d > LARGEST {
            return bad("matrix", format!("{d} rows are more than the {LARGEST} that are taken"));
        }
        let entry = |i: usize, j: usize| matrix.entries[i * d + j];
        let differs = (0..d).flat_map(|i| (0..i).map(move |j| (i, j))).find(|&(i, j)| entry(i, j) != entry(j, i));
        if let Some((i, j)) = differs {
            return bad(
                "matrix",
                format!(
                    "not symmetric: {:?} in row {i}, column {j}, but {:?} in row {j}, column {i} (from 0); (Q + Q')/2 is, and \
                     gives the same f",
                    entry(i, j),
                    entry(j, i)
                ),
            );
        }
        let linear = match arguments.get("linear") {
            None => vec![0.0; d],
            Some(_) => {
                let path = arguments.text("linear")?;
                let linear = source.matrix(path)?;
                if linear.entries.len() != d || (linear.rows != 1 && linear.columns != 1) {
                    let message = format!("{} x {} entries, a vector of {d} is expected", linear.rows, linear.columns);
                    return Err(arguments.bad("linear", format_args!("{path:?}: {message}")));
                }
                linear.entries
            }
        };
        Ok(Self { budget: source.budget(), ..Self::new(matrix.entries, linear) })
    }

    fn row(&self, i: usize) -> &[f64] {
        let d = self.linear.len();
        &self.matrix[i * d..][..d]
    }

    /// `Qx` into `product`, then the gradient in its place; returns f.
    fn evaluate(&self, x: &[f64], product: &mut [f64], parallel: Option<&dyn Parallel>) -> f64 {
        match parallel.filter(|_| self.matrix.len() >= WORTH_SHARING) {
            None => product.iter_mut().enumerate().for_each(|(i, p)| *p = dot(self.row(i), x)),
            Some(parallel) => {
                for_parts(parallel, product, TASK, |from, part| {
                    part.iter_mut().enumerate().for_each(|(i, p)| *p = dot(self.row(from + i), x));
                });
            }
        }
        self.add_linear(x, product)
    }

    /// To a product Qx; returns f.
    fn add_linear(&self, x: &[f64], product: &mut [f64]) -> f64 {
        let value = 0.5f64.mul_add(dot(x, product), dot(&self.linear, x));
        product.iter_mut().zip(&self.linear).for_each(|(p, b)| *p += b);
        value
    }

    /// `gamma` of a product or of f: 32 partial sums twice.
    fn relative(&self) -> f64 {
        gamma(self.linear.len() / 16 + 20)
    }

    fn range(&self) -> &Range {
        self.range.get_or_init(|| match self.ends() {
            Some(([low, high], radius)) => {
                let circles = self.gershgorin();
                Range {
                    low: (-add_up(-low, radius)).max(circles.low),
                    high: add_up(high, radius).min(circles.high),
                    how: "eigenvalues with proved error",
                }
            }
            None => self.gershgorin(),
        })
    }

    fn ends(&self) -> Option<Ends> {
        let (d, parallel) = (self.linear.len(), self.budget.parallel());
        let affordable = || seconds_of_symmetric(d) <= self.budget.left();
        Some(self.tridiagonal(parallel)?.ends(|| affordable().then(|| self.eigen(parallel))?.map(Eigen::ends)))
    }

    /// Of matrices that are not too large for the time allowed.
    fn tridiagonal(&self, parallel: &dyn Parallel) -> Option<&Tridiagonal> {
        let find = || {
            let d = self.linear.len();
            let affordable = d <= LARGEST_DECOMPOSED && seconds_of_tridiagonal(d) <= self.budget.left();
            (affordable && self.budget.goes_on("eigenvalues", None))
                .then(|| Tridiagonal::of(&self.matrix, d, parallel))
                .flatten()
        };
        self.tridiagonal.get_or_init(find).as_ref()
    }

    /// The time left is not asked: whether a run goes on along them must not depend on it.
    fn eigen(&self, parallel: &dyn Parallel) -> Option<&Eigen> {
        let tridiagonal = self.tridiagonal(parallel)?;
        self.eigen.get_or_init(|| tridiagonal.eigen(&self.matrix, parallel)).as_ref()
    }

    /// Every eigenvalue lies within `sum_{j != i} |q_ij|` of some `q_ii`.
    fn gershgorin(&self) -> Range {
        let d = self.linear.len();
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for i in 0..d {
            let off: f64 = self.row(i).iter().enumerate().filter(|(j, _)| *j != i).map(|(_, q)| q.abs()).sum();
            let off = off * (1.0 + gamma(d + 2)) + f64::MIN_POSITIVE;
            let centre = self.row(i)[i];
            (low, high) = (low.min(-add_up(-centre, off)), high.max(add_up(centre, off)));
        }
        Range { low, high, how: "Gershgorin's circles: a loose bound" }
    }

    /// By Cholesky's method and two corrections, or why there is none.
    fn optimum(&self) -> Result<&Optimum, &'static str> {
        let find = || {
            let d = self.linear.len();
            if self.range().low <= 0.0 {
                return Err("the smallest eigenvalue of Q is not certainly above 0");
            }
            if !self.budget.goes_on("the minimiser", None) {
                return Err("the time allowed is over");
            }
            let mut point = vec![0.0; d];
            let mut gradient = self.linear.clone();
            let mut value = 0.0;
            if gradient.iter().any(|g| *g != 0.0) {
                let lost = "Q is too near to singular for Cholesky's method";
                let factor = Cholesky::of(&self.matrix, d).ok_or(lost)?;
                for _ in 0..3 {
                    let correction = factor.solve(&gradient).ok_or(OVERFLOW)?;
                    point.iter_mut().zip(&correction).for_each(|(x, step)| *x -= step);
                    value = self.evaluate(&point, &mut gradient, None);
                }
            }
            let gradient = norm(&gradient) * (1.0 + gamma(d + 4)) + self.gradient_error(&point, value, &gradient);
            let optimum = Optimum { point, value, gradient };
            if optimum.value.is_finite() && self.gap(&optimum).high.is_finite() { Ok(optimum) } else { Err(OVERFLOW) }
        };
        self.optimum.get_or_init(find).as_ref().map_err(|reason| *reason)
    }

    /// `f(point) - f*`, at most.
    fn gap(&self, optimum: &Optimum) -> Number {
        Number::exact(optimum.gradient).square() / (Number::exact(self.range().low) * 2.0)
            + self.value_error(&optimum.point, optimum.value)
    }
}

impl Problem for MatrixQuadratic {
    fn dimension(&self) -> usize {
        self.linear.len()
    }

    fn value_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.evaluate(x, gradient, None)
    }

    fn value_gradient_on(&self, x: &[f64], gradient: &mut [f64], parallel: &dyn Parallel) -> f64 {
        self.evaluate(x, gradient, Some(parallel))
    }

    fn gradient_on(&self, x: &[f64], gradient: &mut [f64], parallel: &dyn Parallel) {
        self.evaluate(x, gradient, Some(parallel));
    }

    /// Each row is read once for all points.
    fn values_gradients_on(
        &self,
        points: &[&[f64]],
        gradients: &mut [&mut [f64]],
        _: bool,
        parallel: &dyn Parallel,
    ) -> Vec<f64> {
        let count = points.len().max(1);
        let mut products = vec![0.0; self.linear.len() * count];
        for_parts(parallel, &mut products, TASK * count, |from, part| {
            for (i, products) in part.chunks_exact_mut(count).enumerate() {
                let row = self.row(from / count + i);
                products.iter_mut().zip(points).for_each(|(p, x)| *p = dot(row, x));
            }
        });
        let at = |(k, (x, gradient)): (usize, (&&[f64], &mut &mut [f64]))| {
            gradient.iter_mut().zip(products.chunks_exact(count)).for_each(|(g, products)| *g = products[k]);
            self.add_linear(x, gradient)
        };
        points.iter().zip(gradients).enumerate().map(at).collect()
    }

    fn value_error(&self, x: &[f64], _: f64) -> f64 {
        let length = norm(x);
        self.relative() * length * (self.size * length + norm(&self.linear)) * (1.0 + 1e-9)
            + if length > 0.0 { f64::MIN_POSITIVE } else { 0.0 }
    }

    fn gradient_error(&self, x: &[f64], _: f64, gradient: &[f64]) -> f64 {
        (self.relative() * self.size * norm(x) + 2.0 * UNIT * norm(gradient)) * (1.0 + 1e-9)
    }

    fn constants(&self, ask: &Ask) -> Constants {
        let Range { low, high, how } = *self.range();
        let mut constants = Constants::missing("").without_samples();
        let mut set = |symbol, constant| constants.set(symbol, constant);
        set(Symbol::Beta, Constant::bound(Symbol::Beta, high.max(-low), format!("largest |eigenvalue|, {how}")));
        set(
            Symbol::Mu,
            if low > 0.0 {
                Constant::bound(Symbol::Mu, low, format!("smallest eigenvalue, {how}"))
            } else {
                Constant::missing("the smallest eigenvalue is not above 0, or too near it to tell")
            },
        );
        set(Symbol::Omega, Constant::bound(Symbol::Omega, (-low).max(0.0), format!("-(smallest eigenvalue), {how}")));
        set(Symbol::L, Constant::missing("the gradient of a quadratic is not bounded"));
        let (delta, distance) = match self.optimum() {
            Ok(optimum) => {
                let mut scratch = vec![0.0; self.dimension()];
                let value = self.value_gradient(ask.start, &mut scratch);
                let least = Number::exact(optimum.value) - self.gap(optimum).high;
                let delta = Number::exact(value) + self.value_error(ask.start, value) - least.low;
                let reach = Number::exact(optimum.gradient) / low;
                let away: Number =
                    ask.start.iter().zip(&optimum.point).map(|(a, b)| (Number::exact(*a) - *b).square()).sum();
                let distance = (away.sqrt() + reach.high).square();
                (
                    Constant::bound(Symbol::Delta, delta.positive_part().high, "f(x0) - f*, f* with certificate"),
                    Constant::bound(Symbol::D2, distance.high, "(|x0 - x^| + |grad f(x^)|/mu)^2"),
                )
            }
            Err(reason) => {
                let reason = format!("no minimiser is known: {reason}");
                (Constant::missing(reason.clone()), Constant::missing(reason))
            }
        };
        set(Symbol::Delta, delta);
        set(Symbol::D2, distance);
        constants
    }

    fn minimum(&self) -> Minimum {
        let found = self.optimum();
        if let Ok(optimum) = found {
            let how = format!("Cholesky, |grad f| <= {:.1e}, certified by |grad f|^2/(2 mu)", optimum.gradient);
            let error = self.gap(optimum).high;
            return Minimum::Known { value: optimum.value, error, point: optimum.point.clone(), how };
        }
        // x'Qx < 0 for some x: the least entry of the diagonal is not below the smallest eigenvalue.
        let indefinite = (0..self.dimension()).any(|i| self.row(i)[i] < 0.0);
        if self.range().high < 0.0 || indefinite {
            return Minimum::Unbounded { how: "a negative eigenvalue".to_owned() };
        }
        Minimum::Unknown { reason: found.err().unwrap_or_default().to_owned() }
    }

    fn hessian(&self) -> Option<&dyn Hessian> {
        Some(self)
    }

    fn tridiagonal(&self, parallel: &dyn Parallel) -> Option<(&Tridiagonal, &[f64])> {
        Some((self.tridiagonal(parallel)?, &self.linear))
    }

    fn decomposed(&self, parallel: &dyn Parallel) -> Option<(&Eigen, &[f64])> {
        Some((self.eigen(parallel)?, &self.linear))
    }

    fn default_start(&self) -> Vec<f64> {
        let d = self.dimension();
        let mut gradient = vec![0.0; d];
        let starts = [vec![1.0; d], (0..d).map(|i| 1.0 + i as f64).collect(), vec![0.0; d]];
        let moves = |start: &&Vec<f64>| {
            self.value_gradient(start, &mut gradient);
            gradient.iter().any(|g| *g != 0.0)
        };
        starts.iter().find(moves).unwrap_or(&starts[0]).clone()
    }

    fn about(&self) -> String {
        let linear = self.linear.iter().any(|b| *b != 0.0);
        (if linear { "f = x'Qx/2 + b'x, Q and b as given" } else { "f = x'Qx/2, Q as given" }).to_owned()
    }

    fn work(&self) -> usize {
        2 * self.matrix.len()
    }
}

impl Hessian for MatrixQuadratic {
    fn matrix_at(&self, _: &[f64], matrix: &mut [f64]) -> bool {
        matrix.copy_from_slice(&self.matrix);
        true
    }

    fn is_constant(&self) -> bool {
        true
    }

    fn constant(&self) -> Option<(Vec<f64>, f64)> {
        Some((self.matrix.clone(), 0.0))
    }
}

#[cfg(test)]
mod tests;
