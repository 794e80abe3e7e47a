//! Coordinates in which the matrix is tridiagonal: found in less than half of the time of eigenvectors, for steps of twice the work.

use super::{Basis, Found};
use crate::constants::eigen::{Tridiagonal, UNIT};
use crate::kernel::{Place, TridiagonalQuadratic, norm};

/// See the module.
pub(super) struct TridiagonalBasis<'a> {
    form: &'a Tridiagonal,
    quadratic: TridiagonalQuadratic,
}

impl<'a> TridiagonalBasis<'a> {
    /// Of `f = x'Ax/2 + b'x` for the matrix A in tridiagonal form.
    pub(super) fn of((form, linear): (&'a Tridiagonal, &[f64])) -> Self {
        let mut linear = linear.to_vec();
        form.turn(&mut linear);
        Self { form, quadratic: TridiagonalQuadratic::new(&form.diagonal(), &form.off_diagonal(), &linear) }
    }
}

impl Basis for TridiagonalBasis<'_> {
    type Place = Place;

    fn of(&self, x: &[f64]) -> Vec<f64> {
        let mut z = x.to_vec();
        self.form.turn(&mut z);
        z
    }

    fn points(&self, z: &[f64]) -> Vec<f64> {
        let mut x = z.to_vec();
        self.form.turn_back(&mut x);
        x
    }

    fn place(&self, z: &[f64]) -> (Place, Found) {
        let mut place = Place::new(z);
        let found = self.step([0.0; 2], &mut place);
        (place, found)
    }

    fn coordinates<'p>(&self, place: &'p Place) -> &'p [f64] {
        place.point()
    }

    fn step(&self, coefficients: [f64; 2], place: &mut Place) -> Found {
        Found::of(self.quadratic.step(coefficients, place), 0.0)
    }

    fn long_norm(&self, place: &Place) -> f64 {
        norm(place.gradient())
    }

    fn centre(&self) -> f64 {
        0.0
    }

    fn radius(&self) -> f64 {
        self.form.radius
    }

    /// Of a step: two products of three terms each, of a matrix whose entries in absolute values are one of at most twice the size.
    fn rounding(&self) -> [f64; 2] {
        [32.0 * UNIT, 2.0 * self.form.turning_error()]
    }
}
