//! The 2-cycles of SAM on quadratics (THEORY.md section 4), for the statements that need them.

use super::Inputs;
use crate::constants::Number;

/// An eigenvalue and the length of the start's component in its eigenspace.
pub type Eigenspace = (f64, Number);

/// The eigenspaces by increasing eigenvalue; equal eigenvalues are one.
pub fn eigenspaces(spectrum: &[(f64, f64)]) -> Vec<Eigenspace> {
    let mut pairs = spectrum.to_vec();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    pairs.chunk_by(|a, b| a.0 == b.0).map(|group| (group[0].0, length(group.iter().map(|pair| pair.1)))).collect()
}

/// Euclidean length.
pub fn length(components: impl Iterator<Item = impl Into<Number>>) -> Number {
    components.map(|component| component.into().square()).sum::<Number>().sqrt()
}

/// How a small displacement along eigenvalue `other` is multiplied in one step on the cycle of `eigenvalue`:
/// `1 - eta l' - (l'/l)^2 (2 - eta l)`. For estimates of how long things take, so in plain doubles.
pub fn multiplier(eta: f64, eigenvalue: f64, other: f64) -> f64 {
    1.0 - eta * other - (other / eigenvalue).powi(2) * (2.0 - eta * eigenvalue)
}

impl Inputs<'_> {
    /// `r = eta l rho/(2 - eta l)`: half the distance of the two points of the cycle along eigenvalue `l`.
    pub fn cycle_radius(&self, eigenvalue: Number) -> Number {
        let q = self.eta() * eigenvalue;
        q * self.rho() / (2.0 - q)
    }

    /// `F = eta^2 l^3 rho^2/(2 (2 - eta l)^2)` on the cycle.
    pub fn cycle_suboptimality(&self, eigenvalue: Number) -> Number {
        eigenvalue * self.cycle_radius(eigenvalue).square() / 2.0
    }

    /// `|grad f|^2 = (eta l^2 rho/(2 - eta l))^2` on the cycle.
    pub fn cycle_squared_gradient(&self, eigenvalue: Number) -> Number {
        (eigenvalue * self.cycle_radius(eigenvalue)).square()
    }
}
