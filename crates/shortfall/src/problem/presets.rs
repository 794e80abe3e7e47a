//! Named one-dimensional functions: presets of `piecewise` and `mixture`.

use super::Problem;
use super::mixture::Mixture;
use super::piecewise::Piecewise;
use super::piecewise_linear::PiecewiseLinear;
use crate::arguments::{Arguments, BadInput, DataSource};
use crate::constants::Number;

/// THEORY.md section 7, `det-nc-tri`: with `a = eps radius/2`,
/// `f' = beta (x + 2 radius - 2a)` up to `-radius`, `beta (-x - 2a)` up to `-a`, `beta x` beyond.
pub(super) fn triangle(arguments: &Arguments, _: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
    let (beta, radius, eps) = (arguments.positive("beta")?, arguments.positive("radius")?, arguments.positive("eps")?);
    if eps >= 0.5 {
        return Err(arguments.bad("eps", format_args!("must lie between 0 and 1/2, not {eps}")));
    }
    let a = Number::exact(eps) * radius / 2.0;
    let values = vec![beta * (radius - 2.0 * a), -(beta * a)];
    let slopes = [beta, -beta, beta].map(Number::exact).to_vec();
    let gradient = PiecewiseLinear::new(vec![-radius, -a.middle()], values, slopes);
    // The middle of the basin (-radius - 2a, -2a).
    let start = -0.5 * radius - eps * radius;
    finite(arguments, gradient, start)
}

/// Huber's function: `f' = clip(beta x, -L, L)`.
pub(super) fn huber(arguments: &Arguments, _: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
    let (beta, lipschitz) = (arguments.positive("beta")?, arguments.positive("lipschitz")?);
    let corner = lipschitz / beta;
    let values = vec![Number::exact(-lipschitz), Number::exact(lipschitz)];
    let slopes = [0.0, beta, 0.0].map(Number::exact).to_vec();
    let gradient = PiecewiseLinear::new(vec![-corner, corner], values, slopes);
    finite(arguments, gradient, 2.0 * corner)
}

fn finite(arguments: &Arguments, gradient: PiecewiseLinear, start: f64) -> Result<Box<dyn Problem>, BadInput> {
    let increasing = gradient.breakpoints().windows(2).all(|pair| pair[0] < pair[1]);
    let fine =
        increasing && start.is_finite() && gradient.at(start).is_finite() && gradient.integral(start).is_finite();
    if !fine || gradient.at(start) == 0.0 {
        return Err(BadInput::new(format!("{}: the parameters overflow or underflow together", arguments.owner)));
    }
    Ok(Box::new(Piecewise::new(gradient, start)))
}

/// THEORY.md section 11, `sto-m-trap`: two equally likely components around `f = mu (x + D)^2/2`.
pub(super) fn trap(arguments: &Arguments, _: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
    let (beta, mu, theta, radius) = (
        arguments.positive("beta")?,
        arguments.positive("mu")?,
        arguments.positive("theta")?,
        arguments.positive("radius")?,
    );
    if theta >= 1.0 {
        return Err(arguments.bad("theta", format_args!("must lie between 0 and 1, not {theta}")));
    }
    if beta <= 2.0 * mu {
        return Err(arguments.bad(
            "beta",
            format_args!("must be above 2 mu = {} (it is the components' smoothness), not {beta}", 2.0 * mu),
        ));
    }
    Ok(Box::new(make_trap(beta, mu, theta, radius)))
}

/// The mixture behind `trap`.
pub(super) fn make_trap(beta: f64, mu: f64, theta: f64, radius: f64) -> Mixture {
    let excess = (Number::exact(beta) - 2.0 * mu) * radius;
    let depth = excess * theta / (2.0 * mu); // D
    let pull = excess - mu * depth; // Q
    let (left, right) = (mu * depth, mu * (depth + radius));
    let ramp = Number::exact(beta) - mu;
    // On [0, radius] the gradients differ from f' by +-(Q - (beta - mu) x); A's vanishes at radius exactly.
    let a = PiecewiseLinear::new(
        vec![0.0, radius],
        vec![left + pull, Number::exact(0.0)],
        vec![Number::exact(mu), Number::exact(mu) - ramp, Number::exact(mu)],
    );
    let b = PiecewiseLinear::new(
        vec![0.0, radius],
        vec![left - pull, 2.0 * right],
        vec![Number::exact(mu), Number::exact(beta), Number::exact(mu)],
    );
    let mean = PiecewiseLinear::new(Vec::new(), vec![left], vec![Number::exact(mu)]);
    Mixture::with_mean(vec![a, b], vec![0.5, 0.5], mean, 0.5 * radius)
}
