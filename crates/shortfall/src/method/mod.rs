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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::Sequential;

    /// Vectors that several threads share, and shorter ones, with gradients of any size.
    #[test]
    fn parts_have_the_bits_of_the_whole() {
        let ascents: [Box<dyn Ascent>; 4] =
            [Box::new(Normalised), Box::new(Unnormalised), Box::new(Unified { lambda: 0.3 }), Box::new(Adaptive)];
        let descents: [Box<dyn Descent>; 2] = [Box::new(GradientDescent), Box::new(HeavyBall { momentum: 0.9 })];
        for (d, scale) in [(1, 1.0), (2, 1e-200), (70_001, 1.0), (70_001, 0.0), (70_001, 1e-200), (70_001, 1e200)] {
            let x: Vec<f64> = (0..d).map(|i| (i as f64 * 0.11).cos()).collect();
            let g: Vec<f64> = (0..d).map(|i| scale * (i as f64 * 0.37 - 1.0).sin()).collect();
            let bits = |x: &[f64]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            for ascent in &ascents {
                let (mut whole, mut parts) = (vec![9.0; d], vec![7.0; d]);
                ascent.point(0.3, &x, &g, &mut whole);
                ascent.point_on(0.3, &x, &g, &mut parts, &Sequential);
                assert_eq!(bits(&whole), bits(&parts), "{d} {scale:e}");
            }
            for descent in &descents {
                let (mut whole, mut parts) = (x.clone(), x.clone());
                let mut memory = vec![0.5; descent.memory(d)];
                let mut memory_of_parts = memory.clone();
                descent.step(3, 0.1, &g, &mut whole, &mut memory);
                descent.step_on(3, 0.1, &g, &mut parts, &mut memory_of_parts, &Sequential);
                assert_eq!((bits(&whole), bits(&memory)), (bits(&parts), bits(&memory_of_parts)), "{d} {scale:e}");
            }
        }
    }
}
