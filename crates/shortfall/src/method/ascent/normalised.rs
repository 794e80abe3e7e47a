//! SAM's perturbation.

use super::{Ascent, Perturbation};
use crate::kernel;
use crate::parallel::{Parallel, for_vector};

/// SAM: `y = x + rho g/|g|`, the Euclidean norm over all coordinates; `y = x` where `g = 0`.
pub struct Normalised;

impl Ascent for Normalised {
    fn point(&self, rho: f64, x: &[f64], g: &[f64], y: &mut [f64]) {
        kernel::add_unit_vector(rho, x, g, y);
    }

    fn point_on(&self, rho: f64, x: &[f64], g: &[f64], y: &mut [f64], parallel: &dyn Parallel) {
        let factor = if g.len() > 1 { kernel::unit_factor(rho, g) } else { None };
        match factor {
            Some(factor) => for_vector(parallel, y, |from, y| {
                kernel::add_multiple(factor, &x[from..], &g[from..], y);
            }),
            None => self.point(rho, x, g, y),
        }
    }

    fn perturbation(&self) -> Perturbation {
        Perturbation::Normalised
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_gradient_means_no_perturbation() {
        let mut y = [9.0; 2];
        Normalised.point(0.5, &[1.0, -2.0], &[0.0, -0.0], &mut y);
        assert_eq!(y, [1.0, -2.0]);
    }

    #[test]
    fn the_radius_is_kept_for_tiny_and_huge_gradients() {
        for scale in [1e-320, 1e-300, 1e-170, 1.0, 1e170, 1e305] {
            let mut y = [0.0; 2];
            Normalised.point(0.5, &[0.0, 0.0], &[3.0 * scale, -4.0 * scale], &mut y);
            let tolerance = if scale < 1e-310 { 1e-3 } else { 1e-15 };
            assert!((y[0] - 0.3).abs() < tolerance && (y[1] + 0.4).abs() < tolerance, "{scale:e}: {y:?}");
        }
    }

    #[test]
    fn in_one_dimension_the_direction_is_exactly_a_sign() {
        for g in [1e-310, 0.1, 3.7, -5e200] {
            let mut y = [0.0];
            Normalised.point(0.7, &[0.25], &[g], &mut y);
            assert_eq!(y[0], 0.25 + 0.7 * g.signum());
        }
    }
}
