//! What is minimised: a function with a gradient, and what is known of it.
//!
//! What goes beyond value and gradient is a capability, absent by default, so a user's own problem is two methods
//! and grows as far as its author likes.

mod batch;
mod closure;
mod double_ridge;
mod double_well;
mod expression;
mod facts;
mod labels;
mod line;
mod linear_model;
mod logistic;
mod matrix_quadratic;
mod mixture;
mod mlp;
mod noisy_quadratic;
mod piecewise;
mod piecewise_linear;
mod presets;
mod quadratic;
mod registry;
mod regression;
mod rippled;
mod sine;
mod softmax;

pub use batch::draw_batch;
pub use closure::Closure;
pub use double_ridge::DoubleRidge;
pub use double_well::DoubleWell;
pub use expression::Expression;
pub use facts::facts;
pub use line::{Line, Parabola, Ranges};
pub use logistic::Logistic;
pub use matrix_quadratic::MatrixQuadratic;
pub use mixture::Mixture;
pub use mlp::Mlp;
pub use noisy_quadratic::NoisyQuadratic;
pub use piecewise::Piecewise;
pub use piecewise_linear::PiecewiseLinear;
pub use quadratic::Quadratic;
pub use registry::PROBLEMS;
pub use regression::Regression;
pub use rippled::Rippled;
pub use sine::Sine;
pub use softmax::Softmax;

use crate::constants::Constants;
use crate::constants::eigen::{Eigen, Tridiagonal};
use crate::kernel::norm;
use crate::method::{Ascent, Sampling};
use crate::parallel::Parallel;
use crate::random::Generator;

/// What the constants are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The start, for Delta and D2.
    pub start: &'a [f64],
    /// How samples are drawn; `None` for single samples.
    pub sampling: Option<Sampling>,
}

/// `f: R^d -> R`.
pub trait Problem: Send + Sync {
    /// d.
    fn dimension(&self) -> usize;

    /// Returns `f(x)` and writes `grad f(x)`; both slices have length d. Deterministic to the bit.
    fn value_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64;

    /// Writes `grad f(x)`: the same bits as [`Problem::value_gradient`], where the value costs extra and is not wanted.
    fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        self.value_gradient(x, gradient);
    }

    /// [`Problem::value_gradient`] on several threads, the same bits.
    fn value_gradient_on(&self, x: &[f64], gradient: &mut [f64], parallel: &dyn Parallel) -> f64 {
        let _ = parallel;
        self.value_gradient(x, gradient)
    }

    /// [`Problem::gradient`] on several threads, the same bits.
    fn gradient_on(&self, x: &[f64], gradient: &mut [f64], parallel: &dyn Parallel) {
        let _ = parallel;
        self.gradient(x, gradient);
    }

    /// Values (any number if they are not wanted) and gradients at several points, the bits of each alone: one pass over data
    /// for all of them, where [`Problem::company`] says so.
    fn values_gradients_on(
        &self,
        points: &[&[f64]],
        gradients: &mut [&mut [f64]],
        wants_values: bool,
        parallel: &dyn Parallel,
    ) -> Vec<f64> {
        let at = |(x, gradient): (&&[f64], &mut &mut [f64])| {
            if wants_values {
                return self.value_gradient_on(x, gradient, parallel);
            }
            self.gradient_on(x, gradient, parallel);
            0.0
        };
        points.iter().zip(gradients).map(at).collect()
    }

    /// How many points are best evaluated together; 1 where that gains nothing.
    fn company(&self) -> usize {
        1
    }

    /// A bound on the rounding error of the `value` computed at `x`. The default is a guess of 64 units in the last
    /// place; problems with constants of their own prove a bound.
    fn value_error(&self, x: &[f64], value: f64) -> f64 {
        let _ = x;
        64.0 * f64::EPSILON * value.abs()
    }

    /// A bound on the rounding error of the gradient computed at `x`, in Euclidean norm; `value` and `gradient` are what
    /// was computed there. The default is a guess of 64 units in the last place of the gradient; problems with constants
    /// of their own prove a bound.
    fn gradient_error(&self, x: &[f64], value: f64, gradient: &[f64]) -> f64 {
        let _ = (x, value);
        64.0 * f64::EPSILON * norm(gradient)
    }

    /// The constants for a start and a sampling.
    fn constants(&self, ask: &Ask) -> Constants {
        let _ = ask;
        Constants::missing("this problem states no constants")
    }

    /// The minimum, where it is known.
    fn minimum(&self) -> Minimum {
        Minimum::Unknown { reason: "this problem states no minimum".to_owned() }
    }

    /// What its stochastic gradients are made of.
    fn samples(&self) -> Samples<'_> {
        Samples::None
    }

    /// Second derivatives.
    fn hessian(&self) -> Option<&dyn Hessian> {
        None
    }

    /// Eigenvalues, for quadratics.
    fn spectrum(&self) -> Option<&dyn Spectrum> {
        None
    }

    /// The matrix A in tridiagonal form and the vector b of `f = x'Ax/2 + b'x`, where runs may follow that.
    fn tridiagonal(&self, parallel: &dyn Parallel) -> Option<(&Tridiagonal, &[f64])> {
        let _ = parallel;
        None
    }

    /// The decomposed matrix A and the vector b of `f = x'Ax/2 + b'x`, where runs may follow the decomposition.
    fn decomposed(&self, parallel: &dyn Parallel) -> Option<(&Eigen, &[f64])> {
        let _ = parallel;
        None
    }

    /// Its samples, where they are functions on the line with piecewise linear derivatives.
    fn mixture(&self) -> Option<&Mixture> {
        None
    }

    /// Enclosures on intervals, for functions on the line.
    fn line(&self) -> Option<Box<dyn Line + '_>> {
        None
    }

    /// Where a run starts if nothing is said; never a stationary point.
    fn default_start(&self) -> Vec<f64> {
        vec![1.0; self.dimension()]
    }

    /// What a reader should know beside the parameters (rows of the data, which class is which); empty if nothing.
    fn about(&self) -> String {
        String::new()
    }

    /// Floating-point operations of one gradient, roughly: decides how often a run looks up from its work.
    fn work(&self) -> usize {
        4 * self.dimension()
    }
}

/// The minimum of a problem.
#[derive(Clone, Debug)]
pub enum Minimum {
    /// `|f* - value| <= error`.
    Known {
        /// `f*`, nearly.
        value: f64,
        /// Its proved error.
        error: f64,
        /// A minimiser, nearly.
        point: Vec<f64>,
        /// The closed form or the certificate.
        how: String,
    },
    /// f is not bounded below.
    Unbounded {
        /// Why.
        how: String,
    },
    /// Not known.
    Unknown {
        /// Why.
        reason: String,
    },
}

impl Minimum {
    /// `(f*, error)`, if known.
    pub fn value(&self) -> Option<(f64, f64)> {
        match self {
            Self::Known { value, error, .. } => Some((*value, *error)),
            _ => None,
        }
    }

    /// A minimiser, if known.
    pub fn point(&self) -> Option<&[f64]> {
        match self {
            Self::Known { point, .. } => Some(point),
            _ => None,
        }
    }
}

/// What stochastic gradients are made of.
#[non_exhaustive]
pub enum Samples<'a> {
    /// There are none: the problem is deterministic.
    None,
    /// A finite sum or mixture `f = E f_i`.
    Finite(&'a dyn FiniteSum),
    /// `g(x; xi) = grad f(x) + z(xi)`.
    Noise(&'a dyn Noise),
}

/// Additive noise of mean zero, the same at every point.
pub trait Noise: Send + Sync {
    /// Writes the mean of a batch of independent draws; d numbers, with a number of draws from the generator that
    /// never changes.
    fn draw(&self, batch: usize, generator: &mut Generator, z: &mut [f64]);
}

/// `f = E f_i` over finitely many samples.
pub trait FiniteSum: Send + Sync {
    /// Number of samples.
    fn count(&self) -> usize;

    /// A sample drawn with its probability.
    fn draw(&self, generator: &mut Generator) -> usize {
        generator.below(self.count() as u64) as usize
    }

    /// Probability of a sample.
    fn probability(&self, sample: usize) -> f64 {
        let _ = sample;
        1.0 / self.count() as f64
    }

    /// Whether all samples are equally likely; only then can a batch be drawn without replacement.
    fn is_uniform(&self) -> bool {
        true
    }

    /// Writes `mean_{i in batch} grad f_i(x)`.
    fn batch_gradient(&self, batch: &[usize], x: &[f64], gradient: &mut [f64]);

    /// The same bits, the work shared.
    fn batch_gradient_on(&self, batch: &[usize], x: &[f64], gradient: &mut [f64], parallel: &dyn Parallel) {
        let _ = parallel;
        self.batch_gradient(batch, x, gradient);
    }

    /// Both gradients of a step of m-SAM: writes that of a batch where an ascent rule with its radius leads from `x` along the
    /// batch's gradient at `x`. `point` is space for where that is; what it holds afterwards is not said. As
    /// [`FiniteSum::batch_gradient_on`] twice, up to rounding where a problem knows a shorter way.
    fn perturbed_gradient_on(
        &self,
        batch: &[usize],
        x: &[f64],
        ascent: (&dyn Ascent, f64),
        [point, gradient]: [&mut [f64]; 2],
        parallel: &dyn Parallel,
    ) {
        perturbed_in_two(self, batch, x, ascent, [point, gradient], parallel);
    }

    /// Writes `mean_{i in batch} hess f_i(x) v`; `false` where a Hessian does not exist.
    fn batch_hessian_product(&self, batch: &[usize], x: &[f64], v: &[f64], product: &mut [f64]) -> bool;

    /// Enclosures of `f_i` on intervals, for functions on the line.
    fn line(&self, sample: usize) -> Option<Box<dyn Line + '_>> {
        let _ = sample;
        None
    }

    /// Smoothness of a sample.
    fn smoothness(&self, sample: usize) -> f64;

    /// Whether evaluating f costs no more than a step: then every step is evaluated.
    fn evaluation_is_cheap(&self) -> bool;
}

/// [`FiniteSum::perturbed_gradient_on`] by two gradients, one after the other.
pub(crate) fn perturbed_in_two(
    sum: &(impl FiniteSum + ?Sized),
    batch: &[usize],
    x: &[f64],
    (ascent, rho): (&dyn Ascent, f64),
    [point, gradient]: [&mut [f64]; 2],
    parallel: &dyn Parallel,
) {
    sum.batch_gradient_on(batch, x, gradient, parallel);
    ascent.point_on(rho, x, gradient, point, parallel);
    sum.batch_gradient_on(batch, point, gradient, parallel);
}

/// Second derivatives.
pub trait Hessian: Send + Sync {
    /// Writes the Hessian at `x`, row-major; `false` where f is not smooth enough around `x` (C^4 is asked for).
    fn matrix_at(&self, x: &[f64], matrix: &mut [f64]) -> bool;

    /// Whether f is a quadratic.
    fn is_constant(&self) -> bool {
        false
    }

    /// The Hessian of a quadratic, row-major, and a bound on its error in spectral norm; `None` where it changes with x.
    fn constant(&self) -> Option<(Vec<f64>, f64)> {
        None
    }
}

/// `f(x) = sum_i lambda_i c_i^2 / 2` with `c` the components of `x - x*` in an orthonormal basis.
pub trait Spectrum: Send + Sync {
    /// The eigenvalues, in the order of the components.
    fn eigenvalues(&self) -> &[f64];
    /// Components in the eigenbasis.
    fn components(&self, x: &[f64]) -> Vec<f64>;
    /// The point with these components.
    fn point(&self, components: &[f64]) -> Vec<f64>;
}
