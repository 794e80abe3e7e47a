//! The mean field of a stochastic method on the line, from both sides of a point.

use crate::method::{Method, SampleReuse};
use crate::problem::{Problem, Samples};

/// Distance at which the sign of a sample's gradient is taken, relative to rho.
const NEAR: f64 = 1e-8;

/// `G(x-)` and `G(x+)` of `G = E g(x + rho u_xi; xi)` (m-SAM) or `E f'(x + rho u_xi)` (n-SAM), THEORY.md section 12, for
/// single samples in one dimension: `u_xi` is the direction on that side of x. `None` elsewhere.
pub(super) fn one_sided(problem: &dyn Problem, method: &Method, x: f64) -> Option<[f64; 2]> {
    let sampling = method.sampling.filter(|sampling| sampling.batch == 1)?;
    let Samples::Finite(sum) = problem.samples() else { return None };
    if problem.dimension() != 1 {
        return None;
    }
    let rho = method.rho.first();
    let side = |offset: f64| {
        (0..sum.count())
            .map(|sample| {
                let (mut beside, mut y, mut g) = ([0.0], [0.0], [0.0]);
                sum.batch_gradient(&[sample], &[x + offset], &mut beside);
                method.ascent.point(rho, &[x], &beside, &mut y);
                match sampling.reuse {
                    SampleReuse::Same => sum.batch_gradient(&[sample], &y, &mut g),
                    SampleReuse::Independent => problem.gradient(&y, &mut g),
                }
                sum.probability(sample) * g[0]
            })
            .sum()
    };
    Some([side(-NEAR * rho), side(NEAR * rho)])
}
