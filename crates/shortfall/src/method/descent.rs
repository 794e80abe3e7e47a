//! How the point moves.

/// The second half of a step.
pub trait Descent: Send + Sync {
    /// Numbers of memory a lane carries for dimension `d`; all zero at the start.
    fn memory(&self, d: usize) -> usize {
        let _ = d;
        0
    }

    /// Moves `x` by the gradient `h` taken at the perturbed point, at step `t` (from 0) with step size `eta`.
    fn step(&self, t: u64, eta: f64, h: &[f64], x: &mut [f64], memory: &mut [f64]);

    /// Whether it is `x - eta h`: the one rule statements are about.
    fn is_gradient_descent(&self) -> bool {
        false
    }
}

/// `x+ = x - eta h`.
pub struct GradientDescent;

impl Descent for GradientDescent {
    fn step(&self, _: u64, eta: f64, h: &[f64], x: &mut [f64], _: &mut [f64]) {
        for (x, h) in x.iter_mut().zip(h) {
            *x = (-eta).mul_add(*h, *x);
        }
    }

    fn is_gradient_descent(&self) -> bool {
        true
    }
}
