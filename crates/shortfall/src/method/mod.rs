//! A method is ascent x descent x schedules x sampling.
//!
//! One step, with `g` a gradient or the mean gradient of a batch:
//!
//! ```text
//! y  = ascent(x, g(x; xi))            where the gradient is taken
//! x+ = descent(x, g(y; xi~))          how the point moves
//! ```

mod ascent;
mod descent;
mod registry;
mod sampling;
mod schedule;

pub use ascent::{Ascent, NoAscent, Normalised, Perturbation};
pub use descent::{Descent, GradientDescent};
pub use registry::{METHODS, MethodRecipe};
pub use sampling::{SampleReuse, Sampling};
pub use schedule::StepSize;

/// A method with its numbers resolved.
pub struct Method {
    /// Where the gradient is taken.
    pub ascent: Box<dyn Ascent>,
    /// How the point moves.
    pub descent: Box<dyn Descent>,
    /// Step size, `> 0`.
    pub eta: f64,
    /// Perturbation radius, `>= 0`.
    pub rho: f64,
    /// How samples are drawn; `None` for a deterministic method.
    pub sampling: Option<Sampling>,
}

impl Method {
    /// Deterministic SAM.
    pub fn sam(eta: f64, rho: f64) -> Self {
        Self { ascent: Box::new(Normalised), descent: Box::new(GradientDescent), eta, rho, sampling: None }
    }

    /// Gradient descent.
    pub fn gd(eta: f64) -> Self {
        Self { ascent: Box::new(NoAscent), descent: Box::new(GradientDescent), eta, rho: 0.0, sampling: None }
    }

    /// Stochastic SAM.
    pub fn stochastic_sam(eta: f64, rho: f64, sampling: Sampling) -> Self {
        Self { sampling: Some(sampling), ..Self::sam(eta, rho) }
    }

    /// Stochastic gradient descent.
    pub fn sgd(eta: f64, sampling: Sampling) -> Self {
        Self { sampling: Some(sampling), ..Self::gd(eta) }
    }

    /// Whether the step needs a second gradient: with rho = 0 the perturbed point is x itself, and so is its gradient.
    pub(crate) fn perturbs(&self) -> bool {
        self.ascent.perturbation() != Perturbation::None && self.rho != 0.0
    }
}
