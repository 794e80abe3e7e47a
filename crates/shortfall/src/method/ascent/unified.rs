//! Between SAM and USAM.

use super::{Ascent, Perturbation};
use crate::kernel;

/// Unified SAM (Oikonomou and Loizou, ICLR 2025): `y = x + rho ((1 - lambda) + lambda/|g|) g`; SAM at lambda = 1, USAM
/// at lambda = 0, bit for bit.
pub struct Unified {
    /// Weight of the normalised part, from 0 to 1.
    pub lambda: f64,
}

impl Ascent for Unified {
    fn point(&self, rho: f64, x: &[f64], g: &[f64], y: &mut [f64]) {
        let (normalised, plain) = (rho * self.lambda, rho * (1.0 - self.lambda));
        kernel::add_unit_vector(normalised, x, g, y);
        // Not 0 times an infinite gradient.
        if plain != 0.0 {
            kernel::add_scaled(plain, g, y);
        }
    }

    fn perturbation(&self) -> Perturbation {
        match self.lambda {
            1.0 => Perturbation::Normalised,
            0.0 => Perturbation::Unnormalised,
            lambda => Perturbation::Unified { lambda },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::{Normalised, Unnormalised};

    fn point(rule: &dyn Ascent, g: &[f64; 3]) -> [f64; 3] {
        let mut y = [0.0; 3];
        rule.point(0.3, &[1.0, -2.0, 0.7], g, &mut y);
        y
    }

    #[test]
    fn its_ends_are_sam_and_usam_to_the_bit() {
        for g in [[0.3, -4.0, 1.7], [0.0; 3], [1e-300, 2e-300, 0.0], [1e200, 0.0, -3e199]] {
            assert_eq!(point(&Unified { lambda: 1.0 }, &g), point(&Normalised, &g));
            assert_eq!(point(&Unified { lambda: 0.0 }, &g), point(&Unnormalised, &g));
        }
    }

    #[test]
    fn a_mixture_worked_by_hand() {
        // |g| = 5, rho = 0.3, lambda = 1/4: the factor is 0.3 (3/4 + 1/20) = 0.24.
        let y = point(&Unified { lambda: 0.25 }, &[3.0, -4.0, 0.0]);
        for (y, exact) in y.iter().zip([1.72, -2.96, 0.7]) {
            assert!((y - exact).abs() < 1e-15);
        }
    }
}
