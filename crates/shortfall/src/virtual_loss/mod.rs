//! The field that SAM follows, and the function whose gradient it is, where one exists (THEORY.md section 12).
//!
//! `G(x) = grad f(x + rho u(x))`, `u = grad f/|grad f|`: SAM is gradient descent along G. A function J with `grad J = G` is
//! the virtual loss. It exists on the line and for quadratics; elsewhere the curl of G says how far from it G is.

mod field;
mod line;
mod signs;

pub use field::{Field, Integral};
pub use line::{Behaviour, Kink, Stationary, VirtualLoss};
pub use signs::{Change, Sign, Signs};
