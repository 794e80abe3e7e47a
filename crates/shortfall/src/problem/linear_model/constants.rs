//! Certified constants: THEORY.md section 15.

use super::super::Ask;
use super::super::mixture::set_smoothness_of_batches;
use super::LinearModel;
use crate::constants::{Constant, Constants, Number, Symbol};
use crate::text::number;

/// Why least squares has neither L nor sigma2.
const UNBOUNDED: &str = "unbounded on all of R^d: the residuals are";

/// The constants for a start and a sampling.
pub(crate) fn constants(problem: &dyn LinearModel, ask: &Ask) -> Constants {
    let (base, loss) = (problem.base(), problem.loss());
    let (data, ridge, ends) = (&base.moments, base.ridge, base.ends());
    let mut constants = Constants::missing("");
    constants.components_convex = true;
    let mut set = |symbol, constant| constants.set(symbol, constant);
    set(
        Symbol::Beta,
        match ends.top {
            Some(top) => Constant::bound(
                Symbol::Beta,
                (Number::exact(top) * loss.most_curved + ridge).high,
                match (ends.loose, ends.estimate) {
                    ("", _) => format!("{} + ridge, eigenvalues with proved error", loss.beta),
                    (why, None) => format!("{} + ridge; {why}: a bound that may be loose", loss.beta),
                    (why, Some(estimate)) => format!(
                        "{} + ridge; {why}: a bound that may be loose, power iteration finds {}",
                        loss.beta,
                        number(loss.most_curved * estimate + ridge)
                    ),
                },
            ),
            None => Constant::missing("X'X/n overflows: standardize=true would scale the columns"),
        },
    );
    set(Symbol::Mu, strong_convexity(problem));
    set(Symbol::Omega, Constant::exact(0.0, "f is convex"));
    set(
        Symbol::L,
        match loss.steepest {
            _ if ridge > 0.0 => Constant::missing("ridge > 0: the gradient is not bounded"),
            Some(slope) => Constant::bound(Symbol::L, (data.mean_norm * slope).high, loss.lipschitz),
            None => Constant::missing(UNBOUNDED),
        },
    );
    let factor = ask.sampling.map_or(Number::exact(1.0), |sampling| sampling.variance_factor(data.rows));
    set(
        Symbol::Sigma2,
        match loss.steepest_square {
            Some(square) => Constant::bound(
                Symbol::Sigma2,
                (data.mean_square * square * factor).high,
                format!("{}, over b", loss.sigma2),
            ),
            None => Constant::missing(UNBOUNDED),
        },
    );
    let optimum = problem.base().optimum(problem);
    let reach = optimum.distance(problem);
    let curved = loss.most_curved;
    let mean_square = data.mean_fourth * (curved * curved)
        + data.mean_square * (2.0 * curved) * ridge
        + Number::exact(ridge).square();
    match &reach {
        Some(reach) => {
            // With cocoercivity mean |g_i(w) - g_i(w*)|^2 <= 2 beta_max (f(w) - f*) <= (beta_max/mu)|grad f(w)|^2.
            let largest = data.largest_square * curved + ridge;
            let away = (mean_square.sqrt() * *reach).high;
            let near = ((largest / problem.polyak_lojasiewicz()).sqrt() * optimum.gradient).high;
            let star = (optimum.root_mean_square_of_samples(problem) + away.min(near)).square() * factor;
            // The mean gradient at w* is 0, so that its variance is all there is.
            let everywhere = loss.steepest_square.map(|square| (data.mean_square * square * factor).high);
            let (star, how) = match everywhere {
                Some(sigma2) if sigma2 < star.high => (sigma2, "sigma2, which holds everywhere"),
                _ => (star.high, "E|g_i(w*)|^2 near Newton's point, over b"),
            };
            set(Symbol::Sigma2Star, Constant::bound(Symbol::Sigma2Star, star, how));
        }
        None => set(Symbol::Sigma2Star, Constant::missing("no minimiser is claimed")),
    }
    let per_sample = |n: Number| n * curved + ridge;
    let (mean, largest) = (per_sample(data.mean_square), per_sample(data.largest_square));
    set(Symbol::Delta, delta(problem, ask));
    set(
        Symbol::D2,
        match reach {
            Some(reach) => {
                let away: Number =
                    ask.start.iter().zip(&optimum.point).map(|(a, b)| (Number::exact(*a) - *b).square()).sum();
                let distance = (away.sqrt() + reach).square().high;
                let by_delta = delta(problem, ask).value().map(|delta| Number::exact(delta) * 2.0);
                let by_delta = by_delta.map(|twice| (twice / problem.polyak_lojasiewicz()).high);
                match by_delta.filter(|by_delta| *by_delta < distance) {
                    Some(by_delta) => Constant::bound(Symbol::D2, by_delta, "2 Delta/mu"),
                    None => Constant::bound(Symbol::D2, distance, "(|w0 - w^| + |grad f(w^)|/mu)^2, w^ from Newton"),
                }
            }
            None => Constant::missing("no minimiser is claimed"),
        },
    );
    set_smoothness_of_batches(&mut constants, mean, mean_square, largest, ask.sampling);
    constants
}

/// `f(w0) - f*`: from the certified minimum, or `f(w0)` since losses are not negative.
fn delta(problem: &dyn LinearModel, ask: &Ask) -> Constant {
    let mut scratch = vec![0.0; problem.dimension()];
    let value = problem.value_gradient(ask.start, &mut scratch);
    let start = Number::exact(value) + problem.value_error(ask.start, value);
    match problem.base().optimum(problem).lower_bound(problem) {
        Some(lower) if lower > 0.0 => {
            Constant::bound(Symbol::Delta, (start - lower).positive_part().high, "f(w0) - f* from Newton's certificate")
        }
        _ => Constant::bound(Symbol::Delta, start.high, "f(w0), since losses are not negative"),
    }
}

fn strong_convexity(problem: &dyn LinearModel) -> Constant {
    let (mu, least) = (problem.strong_convexity(), problem.loss().least_curved);
    if least == 0.0 {
        return if mu > 0.0 {
            Constant::bound(Symbol::Mu, mu, "ridge")
        } else {
            Constant::missing("ridge = 0: the Hessian can vanish")
        };
    }
    if mu > 0.0 {
        let how = match problem.base().ends().untried {
            Some(reason) => format!("ridge; {reason}"),
            None => "lambda_min(X'X/n) + ridge, eigenvalues with proved error".to_owned(),
        };
        Constant::bound(Symbol::Mu, mu, how)
    } else {
        Constant::missing(match problem.base().ends().untried {
            Some(reason) => format!("ridge = 0 and {reason}"),
            None => "ridge = 0 and X'X/n is singular, or too near it to tell".to_owned(),
        })
    }
}
