//! Whether a run repeats itself for ever.

use crate::method::Method;
use crate::parallel::Parallel;
use crate::problem::Problem;

/// Longest period looked for.
const LONGEST: u64 = 4096;

/// After how many steps the state is the same again, bit for bit, if it is: then all that follows is known. Looked for in a
/// tenth of the steps made, on methods whose step depends on the point alone.
pub(super) fn period(
    problem: &dyn Problem,
    method: &Method,
    last: &[f64],
    steps: u64,
    parallel: &dyn Parallel,
) -> Option<u64> {
    let same_step = method.eta.is_constant() && method.rho.is_constant() && method.descent.is_gradient_descent();
    if method.sampling.is_some() || !same_step {
        return None;
    }
    let (eta, rho, d) = (method.eta.first(), method.rho.first(), last.len());
    let (mut x, mut g, mut y, mut h) = (last.to_vec(), vec![0.0; d], vec![0.0; d], vec![0.0; d]);
    let repeats = |x: &[f64]| x.iter().zip(last).all(|(a, b)| a.to_bits() == b.to_bits());
    (1..=(steps / 10).min(LONGEST)).find(|_| {
        problem.gradient_on(&x, &mut g, parallel);
        let direction = if method.perturbs() {
            method.ascent.point(rho, &x, &g, &mut y);
            problem.gradient_on(&y, &mut h, parallel);
            &h
        } else {
            &g
        };
        method.descent.step(0, eta, direction, &mut x, &mut []);
        repeats(&x)
    })
}
