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

pub use ascent::{Adaptive, Ascent, NoAscent, Normalised, Perturbation, Unified, Unnormalised};
pub use descent::{Adam, Descent, GradientDescent, HeavyBall, Nesterov};
pub use registry::{METHODS, MethodRecipe};
pub use sampling::{SampleReuse, Sampling};
pub use schedule::{Schedule, StepSize, over_beta};

/// A method with its numbers resolved.
pub struct Method {
    /// Where the gradient is taken.
    pub ascent: Box<dyn Ascent>,
    /// How the point moves.
    pub descent: Box<dyn Descent>,
    /// Step size, `> 0`.
    pub eta: Schedule,
    /// Perturbation radius, `>= 0`.
    pub rho: Schedule,
    /// How samples are drawn; `None` for a deterministic method.
    pub sampling: Option<Sampling>,
}

impl Method {
    /// Deterministic SAM.
    pub fn sam(eta: impl Into<Schedule>, rho: impl Into<Schedule>) -> Self {
        Self {
            ascent: Box::new(Normalised),
            descent: Box::new(GradientDescent),
            eta: eta.into(),
            rho: rho.into(),
            sampling: None,
        }
    }

    /// Gradient descent.
    pub fn gd(eta: impl Into<Schedule>) -> Self {
        Self {
            ascent: Box::new(NoAscent),
            descent: Box::new(GradientDescent),
            eta: eta.into(),
            rho: 0.0.into(),
            sampling: None,
        }
    }

    /// USAM: the perturbation is not normalised.
    pub fn usam(eta: impl Into<Schedule>, rho: impl Into<Schedule>) -> Self {
        Self { ascent: Box::new(Unnormalised), ..Self::sam(eta, rho) }
    }

    /// Unified SAM: SAM at lambda = 1, USAM at lambda = 0.
    pub fn unified_sam(lambda: f64, eta: impl Into<Schedule>, rho: impl Into<Schedule>) -> Self {
        Self { ascent: Box::new(Unified { lambda }), ..Self::sam(eta, rho) }
    }

    /// Stochastic SAM.
    pub fn stochastic_sam(eta: impl Into<Schedule>, rho: impl Into<Schedule>, sampling: Sampling) -> Self {
        Self { sampling: Some(sampling), ..Self::sam(eta, rho) }
    }

    /// Stochastic gradient descent.
    pub fn sgd(eta: impl Into<Schedule>, sampling: Sampling) -> Self {
        Self { sampling: Some(sampling), ..Self::gd(eta) }
    }

    /// Whether the step needs a second gradient: with rho = 0 the perturbed point is x itself, and so is its gradient.
    pub(crate) fn perturbs(&self) -> bool {
        self.ascent.perturbation() != Perturbation::None && self.rho.first() != 0.0
    }
}
