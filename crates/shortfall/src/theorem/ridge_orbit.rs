//! The 2-cycle of SAM on the double ridge (THEORY.md section 4, `det-sc-lower-ridge`).

use crate::constants::Number;

/// A 2-cycle `(x1, x2) <-> (-x1, x2)` of SAM.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RidgeOrbit {
    /// First coordinate, above 0.
    pub x1: Number,
    /// Second coordinate.
    pub x2: Number,
    /// `f - f*` at both points.
    pub suboptimality: Number,
}

impl RidgeOrbit {
    /// Of the double ridge with parameters beta, mu and k (`ridge`), for SAM with a step and a radius. `None` unless it
    /// is certain to exist: `0 < k < (beta - mu)/2`, `eta B < 2`, and both ridges idle at the points.
    ///
    /// ```text
    /// B = b + k/2,  R = k/(2 sqrt(mu (mu+k))),  S = eta B (b/mu - 1)/2,  tan(phi) = R/(1+S)
    /// x1 = eta B rho cos(phi)/(2 - eta B),  x2 = (b/mu) tan(phi) x1
    /// F = (eta B b rho)^2/(2 (2 - eta B)^2) (cos(phi)^2/b + sin(phi)^2/mu)
    /// ```
    pub fn of(beta: Number, mu: Number, ridge: Number, eta: Number, rho: Number) -> Option<Self> {
        let along = beta - 2.0 * ridge;
        let exists = ridge.is_above(0.0) && mu.is_above(0.0) && (along - mu).is_above(0.0) && rho.is_above(0.0);
        let step = eta * (along + ridge / 2.0); // eta B
        if !(exists && step.is_above(0.0) && step.is_below(2.0)) {
            return None;
        }
        let slow = 1.0 + step * (along / mu - 1.0) / 2.0; // 1 + S
        let tangent = ridge / (2.0 * (mu * (mu + ridge)).sqrt()) / slow;
        let cosine = 1.0 / (1.0 + tangent.square()).sqrt();
        let sine = tangent * cosine;
        let x1 = step * rho * cosine / (2.0 - step);
        let x2 = along / mu * tangent * x1;
        let tilt = (mu / (mu + ridge)).sqrt();
        let idle = (tilt * (along / mu) * tangent - 1.0).low >= 0.0; // c x1 <= s x2
        let size = step * along * rho / (2.0 - step);
        let suboptimality = size.square() / 2.0 * (cosine.square() / along + sine.square() / mu);
        (idle && suboptimality.high.is_finite()).then_some(Self { x1, x2, suboptimality })
    }
}
