//! USAM's perturbation.

use super::{Ascent, Perturbation};
use crate::kernel;
use crate::parallel::{Parallel, for_vector};

/// USAM (Andriushchenko and Flammarion, ICML 2022): `y = x + rho g`. rho has units 1/beta: the same number means
/// something else for SAM.
pub struct Unnormalised;

impl Ascent for Unnormalised {
    fn point(&self, rho: f64, x: &[f64], g: &[f64], y: &mut [f64]) {
        kernel::add_multiple(rho, x, g, y);
    }

    fn point_on(&self, rho: f64, x: &[f64], g: &[f64], y: &mut [f64], parallel: &dyn Parallel) {
        for_vector(parallel, y, |from, y| self.point(rho, &x[from..], &g[from..], y));
    }

    fn perturbation(&self) -> Perturbation {
        Perturbation::Unnormalised
    }
}
