//! Where the gradient is taken.

mod adaptive;
mod normalised;
mod unified;
mod unnormalised;

pub use adaptive::Adaptive;
pub use normalised::Normalised;
pub use unified::Unified;
pub use unnormalised::Unnormalised;

use crate::parallel::Parallel;

/// What statements and fast steps may know of an ascent rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Perturbation {
    /// `y = x`.
    None,
    /// `y = x + rho g/|g|`, `|g|` over all coordinates: SAM's.
    Normalised,
    /// `y = x + rho g`: USAM's; here rho has units 1/beta.
    Unnormalised,
    /// `y = x + rho ((1 - lambda) + lambda/|g|) g` with lambda neither 0 nor 1.
    Unified {
        /// Weight of the normalised part.
        lambda: f64,
    },
    /// Any other; no registered statement is about it.
    Other,
}

impl Perturbation {
    /// The weight of the normalised part: 1 for SAM, 0 for USAM; `None` for a rule that is no mixture of the two.
    pub fn lambda(self) -> Option<f64> {
        match self {
            Self::Normalised => Some(1.0),
            Self::Unnormalised => Some(0.0),
            Self::Unified { lambda } => Some(lambda),
            Self::None | Self::Other => None,
        }
    }

    /// How many times the gradient, of norm `norm > 0`, is added with the radius `rho`: `rho ((1 - lambda) + lambda/|g|)`; `None` for
    /// a rule that is no mixture of the two.
    pub fn factor(self, rho: f64, norm: f64) -> Option<f64> {
        self.lambda().map(|lambda| rho * ((1.0 - lambda) + lambda / norm))
    }
}

/// The first half of a step: the point `y` at which the gradient of the descent is taken.
pub trait Ascent: Send + Sync {
    /// Writes `y` from the radius, the point and the gradient there. All slices have the problem's dimension. If `g`
    /// is exactly zero the rule must leave `y = x`.
    fn point(&self, rho: f64, x: &[f64], g: &[f64], y: &mut [f64]);

    /// [`Ascent::point`] on several threads, the same bits; on one, unless a rule says how.
    fn point_on(&self, rho: f64, x: &[f64], g: &[f64], y: &mut [f64], parallel: &dyn Parallel) {
        let _ = parallel;
        self.point(rho, x, g, y);
    }

    /// What statements may know of it. A rule that is said to be a mixture of SAM and USAM is taken at its word: fast steps use
    /// [`Perturbation::factor`] in place of [`Ascent::point`].
    fn perturbation(&self) -> Perturbation {
        Perturbation::Other
    }
}

/// `y = x`.
pub struct NoAscent;

impl Ascent for NoAscent {
    fn point(&self, _: f64, x: &[f64], _: &[f64], y: &mut [f64]) {
        y.copy_from_slice(x);
    }

    fn perturbation(&self) -> Perturbation {
        Perturbation::None
    }
}
