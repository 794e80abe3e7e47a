//! Strongly convex mixtures on which m-SAM does not reach the minimiser: THEORY.md section 11.

use super::{extreme, mixture, parabola};
use crate::arguments::{Arguments, BadInput};
use crate::constants::Number;
use crate::problem::Problem;
use crate::problem::mixture::Mixture;
use crate::problem::piecewise_linear::PiecewiseLinear;
use crate::source::DataSource;

/// `sto-m-trap`: two equally likely components around `f = mu (x + D)^2/2`.
pub(in crate::problem) fn trap(arguments: &Arguments, _: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
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
pub(in crate::problem) fn make_trap(beta: f64, mu: f64, theta: f64, radius: f64) -> Mixture {
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
    Mixture::with_mean(vec![a, b], vec![0.5, 0.5], parabola(mu, left), 0.5 * radius)
}

/// `sto-m-sharp`: components A (probability `p = (beta - mu)/(2 beta)`) and B around `f = mu x^2/2`,
///
/// ```text
/// gA = mu x + h(x)/p,  gB = mu x - h(x)/(1-p),  h = q0 - p (beta + mu) clip(x, -W, Wr),
/// W = xd = beta radius/mu,  q0 = (beta + mu)/2 (xd + radius),  Wr = q0/(p beta) + 2 radius
/// ```
///
/// p, W and Wr are rounded first and then taken as they are: f is the same for any of them.
pub(in crate::problem) fn sharp_trap(arguments: &Arguments, _: &dyn DataSource) -> Result<Box<dyn Problem>, BadInput> {
    let (beta, mu, radius) = (arguments.positive("beta")?, arguments.positive("mu")?, arguments.positive("radius")?);
    if beta < 2.0 * mu {
        return Err(arguments.bad(
            "beta",
            format_args!("must be at least 2 mu = {} (it is the components' smoothness), not {beta}", 2.0 * mu),
        ));
    }
    let p = 0.5 * ((beta - mu) / beta);
    let (share, rest) = (Number::exact(p), 1.0 - Number::exact(p));
    let sum = Number::exact(beta) + mu;
    let middle = Number::exact(beta) * radius / mu; // xd
    let height = sum / 2.0 * (middle + radius); // q0
    let (left, right) = (-middle.middle(), (height / (share * beta) + 2.0 * radius).middle());
    if !(left.is_finite() && right.is_finite() && left < 0.0 && right > 0.0) {
        return Err(extreme(arguments));
    }
    let h = |x: f64| height - share * sum * x;
    let a = PiecewiseLinear::new(
        vec![left, right],
        [left, right].map(|x| mu * Number::exact(x) + h(x) / share).to_vec(),
        [mu, -beta, mu].map(Number::exact).to_vec(),
    );
    let b = PiecewiseLinear::new(
        vec![left, right],
        [left, right].map(|x| mu * Number::exact(x) - h(x) / rest).to_vec(),
        vec![Number::exact(mu), mu + share * sum / rest, Number::exact(mu)],
    );
    let mean = parabola(mu, Number::exact(0.0));
    mixture(arguments, vec![a, b], [p, 1.0 - p], mean, middle.middle())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_unbiased, built, constant, gradient, sample_gradient};
    use crate::constants::Symbol;

    const PARAMETERS: [(&str, f64); 3] = [("beta", 6.0), ("mu", 1.5), ("radius", 0.5)];

    #[test]
    fn components_follow_the_formulas() {
        let (beta, mu, rho) = (6.0, 1.5, 0.5);
        let trap = built("sharp-trap", &PARAMETERS).expect("good");
        let p = (beta - mu) / (2.0 * beta);
        let (r, xd) = (p * (beta + mu), beta * rho / mu);
        let q0 = (beta + mu) / 2.0 * (xd + rho);
        let right = q0 / (p * beta) + 2.0 * rho;
        for i in -60..120 {
            let x: f64 = 0.113 * i as f64;
            let h = q0 - r * x.clamp(-xd, right);
            assert!((sample_gradient(trap.as_ref(), 0, x) - (mu * x + h / p)).abs() < 1e-12, "{x}");
            assert!((sample_gradient(trap.as_ref(), 1, x) - (mu * x - h / (1.0 - p))).abs() < 1e-12, "{x}");
        }
        assert_unbiased(trap.as_ref());
        assert_eq!(trap.default_start(), [2.0]);
    }

    #[test]
    fn constants_are_those_of_the_statement() {
        let trap = built("sharp-trap", &PARAMETERS).expect("good");
        let value = |symbol| constant(trap.as_ref(), symbol, 2.0);
        assert_eq!((value(Symbol::Beta), value(Symbol::Mu), value(Symbol::Omega)), (1.5, 1.5, 0.0));
        for symbol in [Symbol::BetaBar, Symbol::BetaRms, Symbol::BetaMax] {
            assert!((6.0..6.0 + 1e-13).contains(&value(symbol)));
        }
        assert!((3.0..3.0 + 1e-14).contains(&value(Symbol::Delta)));
        // h(-W) = q0 + r W = 9.375 + 2.8125*2 = 15, h(Wr) is smaller in size; p (1-p) = 15/64.
        let sigma2 = 225.0 * 64.0 / 15.0;
        assert!((sigma2 * (1.0 - 1e-15)..sigma2 * (1.0 + 1e-13)).contains(&value(Symbol::Sigma2)));
        assert!(built("sharp-trap", &[("beta", 2.9), ("mu", 1.5), ("radius", 0.5)]).is_err());
        assert!(built("sharp-trap", &[("beta", 3.0), ("mu", 1.5), ("radius", 0.5)]).is_ok());
    }

    /// The mean virtual gradient is `mu x - beta rho` around xd.
    #[test]
    fn the_virtual_gradient_vanishes_at_the_start() {
        let trap = built("sharp-trap", &PARAMETERS).expect("good");
        let p = 0.375;
        let virtual_gradient = |x: f64| {
            let at = |k: usize| {
                let g = sample_gradient(trap.as_ref(), k, x);
                sample_gradient(trap.as_ref(), k, x + 0.5 * g.signum())
            };
            p * at(0) + (1.0 - p) * at(1)
        };
        for x in [1.6, 1.9, 2.0, 2.2, 2.4] {
            assert!((virtual_gradient(x) - (1.5 * x - 3.0)).abs() < 1e-12, "{x}: {}", virtual_gradient(x));
        }
        assert_eq!(gradient(trap.as_ref(), 2.0), 3.0); // beta rho
    }
}
