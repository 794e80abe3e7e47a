//! The 2-cycles of SAM and unified SAM on quadratics (THEORY.md sections 4 and 14), for the statements that need them.

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

impl Inputs<'_> {
    /// `p = eta l (1 + (1-lambda) rho l)`: without the normalised part of the perturbation a step multiplies by `1 - p`.
    /// `eta l` for SAM.
    pub fn plain_step(&self, eigenvalue: Number) -> Number {
        self.eta() * self.curvature_met(eigenvalue)
    }

    /// `p/eta`
    fn curvature_met(&self, eigenvalue: Number) -> Number {
        eigenvalue * (1.0 + (1.0 - self.lambda()) * self.rho() * eigenvalue)
    }

    /// How a small displacement along eigenvalue `other` is multiplied in one step on the cycle of `eigenvalue`:
    /// `1 - p(l') - (l'/l)^2 (2 - p(l))`. For estimates of how long things take, so in plain doubles.
    pub fn cycle_multiplier(&self, eigenvalue: f64, other: f64) -> f64 {
        let (eta, rest) = (self.method.eta.first(), (1.0 - self.lambda().middle()) * self.method.rho.first());
        let step = |l: f64| eta * l * (1.0 + rest * l);
        1.0 - step(other) - (other / eigenvalue).powi(2) * (2.0 - step(eigenvalue))
    }

    /// `r = lambda eta l rho/(2 - p)`: half the distance of the two points of the cycle along eigenvalue `l`.
    pub fn cycle_radius(&self, eigenvalue: Number) -> Number {
        let rest = Number::exact(2.0).minus_product(self.eta(), self.curvature_met(eigenvalue));
        self.lambda() * self.eta() * eigenvalue * self.rho() / rest
    }

    /// `F = l r^2/2` on the cycle; for SAM `eta^2 l^3 rho^2/(2 (2 - eta l)^2)`.
    pub fn cycle_suboptimality(&self, eigenvalue: Number) -> Number {
        // In this order a radius whose square underflows keeps its digits.
        let radius = self.cycle_radius(eigenvalue);
        eigenvalue * radius * radius / 2.0
    }

    /// `|grad f|^2 = (l r)^2` on the cycle.
    pub fn cycle_squared_gradient(&self, eigenvalue: Number) -> Number {
        (eigenvalue * self.cycle_radius(eigenvalue)).square()
    }
}
